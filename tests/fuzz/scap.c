/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a .scap capture: read to the end, looking at each byte of each value. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/trace/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile unsigned sink;

static void look(const struct event *ev)
{
	unsigned sum = ev->desc->flags;

	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct value *v = &ev->v[i];

		if (v->state != VALUE_SET)
			continue;
		if (type_is_number(ev->desc->params[i].type))
			sum += (unsigned)v->u;
		else
			for (uint32_t k = 0; k < v->len; k++)
				sum += v->p[k];
	}
	sink += sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1;
	static struct event ev;
	struct source *s;
	struct input in;
	char path[64];

	if (fd < 0)
		fd = memfd_create("scap", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, len, 0) != (ssize_t)len)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (input_open(&in, path) < 0)
		return 0;
	s = scap_open_input(&in, "fuzz");
	if (!s)
		return 0;
	while (s->ops->next(s, &ev) == 0)
		look(&ev);
	s->ops->close(s);
	return 0;
}
