/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as events of the catalogue: the state takes them, all fields are got, and
 * key frames are made of what comes out.  What an event is: see take.h. */
#include <stdint.h>
#include <stdlib.h>

#include "replay/field/field.h"
#include "tests/fuzz/take.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct format *all;
static struct arena run, scratch;
static struct buf out;

static void compile(void)
{
	struct buf b = {0};

	for (unsigned i = 0; i < n_fields; i++) {
		const struct field_desc *d = &fields[i];

		if (d->arg == ARG_KEY_REQ)
			buf_printf(&b, "%%%s[x*] ", d->name);
		else if (d->arg == ARG_DOT_REQ)
			buf_printf(&b, "%%%s.cpu ", d->name);
		else if (d->arg == ARG_INDEX_OR_DOT)
			buf_printf(&b, "%%%s[0] %%%s[1] %%%s[2] ", d->name, d->name, d->name);
		else if (!(d->flags & FIELD_FILTER_ONLY))
			buf_printf(&b, "%%%s ", d->name);
	}
	buf_str(&b, "%evt.rawarg.val %evt.rawarg.tuple %evt.rawarg.addr %proc.env[A] %proc.aname[2]"
		    " %proc.args[1] %evt.abspath.src %evt.abspath.dst");
	all = format_compile(buf_text(&b), b.len, &run);
	if (!all)
		abort();
	buf_release(&b);
}

static int feed(const struct event *ev, void *arg)
{
	state_update(arg, ev);
	return 0;
}

static struct state *again(struct state *st, uint64_t ts)
{
	struct state *new = state_new(NULL);

	state_dump(st, ts, NULL, feed, new);
	state_free(st);
	return new;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct state_limits few = { .threads = 64, .fds = 200, .texts = 300 };
	struct cursor c = cursor_of(data, len);
	struct state *st = state_new(&few);
	struct field_env env = { .hostname = "h", .source = "syscall" };
	static struct event ev;

	if (!all)
		compile();
	for (uint64_t n = 1; take_event(&c, &ev); n++) {
		struct field_ctx ctx = { &ev, st, state_current(st), &scratch, &env };

		ev.ts = ev.num = n;
		state_update(st, &ev);
		buf_reset(&out);
		if (n % 8)
			format_text(all, &ctx, &out);
		else
			format_json_fields(all, &ctx, &out);
		arena_reset(&scratch);
		if (n % 16 == 0)
			st = again(st, n);
	}
	state_free(st);
	return 0;
}
