/* SPDX-License-Identifier: Apache-2.0 */
/* keyframes EVERY FILE...: reads each recording with two states.  One sees all events,
 * the other is made anew from a key frame (state_dump) of the first after every EVERY
 * events.  All fields of each event must come out equal.  The first difference is told
 * and makes the exit status 1. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/source.h"
#include "replay/field/field.h"

static struct format *all_fields(struct arena *a)
{
	static const char *const args[][2] = {
		{ "evt.arg", "%evt.arg[0] %evt.arg[1]" }, { "thread.cgroup", "%thread.cgroup.cpu" },
		{ "proc.env", "%proc.env[HOME]" }, { "proc.aenv", "%proc.aenv[HOME]" },
	};
	struct buf b = {0};
	struct format *f;

	for (unsigned i = 0; i < n_fields; i++) {
		const struct field_desc *d = &fields[i];
		bool done = d->flags & (FIELD_FILTER_ONLY | FIELD_TIME_VARIES)
			|| strncmp(d->name, "evt.deltatime", 13) == 0;

		for (size_t k = 0; k < sizeof(args) / sizeof(args[0]) && !done; k++) {
			if (strcmp(d->name, args[k][0]) == 0) {
				buf_printf(&b, "%s ", args[k][1]);
				done = true;
			}
		}
		if (!done && (d->arg == ARG_NONE || d->arg == ARG_INDEX_OPT
			      || d->arg == ARG_DOT_OPT))
			buf_printf(&b, "%%%s ", d->name);
	}
	buf_str(&b, "%proc.aname[1] %proc.aname[2] %proc.apid[3] %evt.abspath.src");
	f = format_compile(buf_text(&b), b.len, a);
	buf_release(&b);
	return f;
}

static int feed(const struct event *ev, void *arg)
{
	state_update(arg, ev);
	return 0;
}

struct run {
	struct state *whole, *keyed;
	struct format *f;
	struct arena arena, scratch;
	struct buf a, b;
	uint64_t n, every, first_ts;
};

static void json(struct run *r, struct state *st, const struct event *ev, struct buf *out)
{
	struct field_env env = { .hostname = "host", .source = "syscall" };
	const struct field_ctx c = { ev, st, state_current(st), &r->scratch, &env };

	buf_reset(out);
	format_json_fields(r->f, &c, out);
	arena_reset(&r->scratch);
}

/* Prints where the two begin to differ. */
static int differ(const struct run *r, const char *path, const struct event *ev)
{
	size_t i = 0, from;

	while (i < r->a.len && i < r->b.len && r->a.p[i] == r->b.p[i])
		i++;
	for (from = i; from > 0 && i - from < 80; from--)
		;
	printf("%s: event %" PRIu64 " (%s): %.*s\n  but from the key frame: %.*s\n", path, ev->num,
	       ev->desc->name, (int)(r->a.len - from < 160 ? r->a.len - from : 160),
	       (const char *)r->a.p + from,
	       (int)(r->b.len - from < 160 ? r->b.len - from : 160), (const char *)r->b.p + from);
	return 1;
}

static int one_event(struct run *r, const char *path, const struct event *ev)
{
	state_update(r->whole, ev);
	state_update(r->keyed, ev);
	if (event_is_pseudo(ev))
		return 0;
	json(r, r->whole, ev, &r->a);
	json(r, r->keyed, ev, &r->b);
	if (r->a.len != r->b.len || memcmp(r->a.p, r->b.p, r->a.len) != 0)
		return differ(r, path, ev);
	if (++r->n % r->every)
		return 0;
	state_free(r->keyed);
	r->keyed = state_new(NULL);
	state_begin(r->keyed, state_current(r->whole)->first_ts);
	return state_dump(r->whole, ev->ts, NULL, feed, r->keyed);
}

static int one_file(const char *path, uint64_t every)
{
	struct run r = { .every = every };
	struct source *s = source_open(path);
	struct event *ev = malloc(sizeof(*ev));
	struct event_set all;
	int e = 0;

	if (!s || !ev) {
		err_print();
		return 2;
	}
	event_set_fill(&all);
	source_want(s, &all, true);
	r.whole = state_new(NULL);
	r.keyed = state_new(NULL);
	r.f = all_fields(&r.arena);
	while (r.f && e == 0 && source_next(s, ev) == 0)
		e = one_event(&r, path, ev);
	if (!r.f)
		err_print();
	state_free(r.whole);
	state_free(r.keyed);
	arena_release(&r.arena);
	arena_release(&r.scratch);
	buf_release(&r.a);
	buf_release(&r.b);
	source_close(s);
	free(ev);
	return e || !r.f;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 3 || atoi(argv[1]) < 1)
		return 2;
	for (int i = 2; i < argc; i++) {
		const int e = one_file(argv[i], (uint64_t)atoi(argv[1]));

		status = e > status ? e : status;
	}
	return status;
}
