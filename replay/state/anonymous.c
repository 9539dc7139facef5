/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/state/anonymous.h"

#include <string.h>

static const char host[] = "localhost";

/* Of a kernel's release, the part that many machines share: "6.18" of "6.18.44-cloud". */
static size_t kernel_series(const void *release, size_t len)
{
	const char *const p = release;
	size_t n = 0, dots = 0;

	for (; n < len && ((p[n] >= '0' && p[n] <= '9') || (p[n] == '.' && dots == 0)); n++)
		dots += p[n] == '.';
	return n;
}

void anonymous_info(struct source_info *info, char kernel[ANONYMOUS_KERNEL])
{
	const size_t n = info->kernel ? kernel_series(info->kernel, strlen(info->kernel)) : 0;

	snprintf(kernel, ANONYMOUS_KERNEL, "%.*s", (int)n, info->kernel ? info->kernel : "");
	info->hostname = host;
	info->kernel = kernel;
	info->memory = 0;
}

const struct event *anonymous_event(const struct event *ev, struct event *changed)
{
	struct value *const kernel = &changed->v[P(SNAP_MACHINE, kernel)];

	if (ev->type != EV_SNAP_MACHINE)
		return ev;
	*changed = *ev;
	value_bytes(&changed->v[P(SNAP_MACHINE, hostname)], host, sizeof(host) - 1);
	changed->v[P(SNAP_MACHINE, cmdline)] = (struct value){0};
	changed->v[P(SNAP_MACHINE, memory)] = (struct value){0};
	if (kernel->state == VALUE_SET)
		kernel->len = (uint32_t)kernel_series(kernel->p, kernel->len);
	return changed;
}
