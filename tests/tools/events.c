/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what a source delivers, one event a line: number, time, cpu, tid, type;
 * pseudo events with -a.  The last line on stderr counts them and tells of damage. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/source.h"

static const char *type_name(const struct event *ev)
{
	const struct syscall_desc *call;

	if (ev->type != EV_GENERIC)
		return ev->desc->name;
	call = syscall_by_nr(ARCH_X86_64, ev->nr);
	return call ? call->name : ev->desc->name;
}

int main(int argc, char **argv)
{
	const bool all = argc > 2 && !strcmp(argv[1], "-a");
	static struct event ev;
	uint64_t n = 0, n_pseudo = 0;
	struct source *s;
	int r;

	if (argc < 2 || !(s = source_open(argv[argc - 1]))) {
		err_print();
		return EXIT_FAILED;
	}
	while ((r = source_next(s, &ev)) == 0) {
		const bool pseudo = event_is_pseudo(&ev);

		n += !pseudo;
		n_pseudo += pseudo;
		if (!pseudo || all)
			printf("%" PRIu64 " %" PRIu64 " %u %d %s\n", ev.num, ev.ts,
			       ev.cpu, (int)ev.tid, type_name(&ev));
	}
	if (r < 0)
		err_print();
	fprintf(stderr, "%" PRIu64 " events, %" PRIu64 " pseudo events, %" PRIu64
		" damaged places%s%s%s\n", n, n_pseudo, s->damage.n_places,
		s->damage.cut ? ", cut" : "", *s->damage.first ? ": " : "",
		s->damage.first);
	source_close(s);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
