/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a recording as JSON lines with every value as it stands there, for tests that
 * compare: numbers as 64 bits with a sign, bytes as a character each, null for what an event
 * does not have, false for what the recorder lost.  -a: pseudo events too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "capture/trace/source.h"

static void put_bytes(struct buf *out, const uint8_t *p, size_t len)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			buf_printf(out, "\\u%04x", p[i]);
		else
			buf_byte(out, p[i]);
	buf_byte(out, '"');
}

static void put_value(struct buf *out, enum param_type type, const struct value *v)
{
	if (v->state != VALUE_SET)
		buf_str(out, v->state == VALUE_LOST ? "false" : "null");
	else if (type_is_number(type))
		buf_i64_dec(out, v->i);
	else
		put_bytes(out, v->p, v->len);
}

static void put_event(struct buf *out, const struct event *ev)
{
	buf_printf(out,
	"{\"num\":%" PRIu64 ",\"ts\":%" PRIu64 ",\"cpu\":%u,\"tid\":%u,\"pid\":%u,"
		   "\"type\":\"%s\",\"args\":{", ev->num, ev->ts, ev->cpu, ev->tid, ev->pid,
		   ev->desc->name);
	for (unsigned i = 0; i < ev->n_params; i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", ev->desc->params[i].name);
		put_value(out, ev->desc->params[i].type, &ev->v[i]);
	}
	buf_str(out, "}}\n");
}

int main(int argc, char **argv)
{
	const bool all = argc > 2 && !strcmp(argv[1], "-a");
	static struct event ev;
	struct buf out = {0};
	struct source *s;
	int r;

	if (argc < 2 || !(s = source_open(argv[argc - 1]))) {
		err_print();
		return EXIT_FAILED;
	}
	while ((r = source_next(s, &ev)) == 0) {
		if (event_is_pseudo(&ev) && !all)
			continue;
		buf_reset(&out);
		put_event(&out, &ev);
		fwrite(out.p, 1, out.len, stdout);
	}
	if (r < 0)
		err_print();
	if (s->damage.n_places)
		fprintf(stderr, "damaged: %s\n", s->damage.first);
	r = r < 0 ? EXIT_FAILED : s->damage.n_places ? EXIT_DAMAGED : EXIT_DONE;
	source_close(s);
	buf_release(&out);
	return r;
}
