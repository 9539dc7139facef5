/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions in the rule language, written of values that a recording has. */
#include <inttypes.h>
#include <string.h>

#include "analyze/browse/model/links_parts.h"

const char *link_take(struct buf *b, struct arena *a)
{
	const char *t = arena_strn(a, b->p, b->len);

	buf_reset(b);
	return t;
}

/* The language ends a text at the first quote with no backslash before it, so a backslash itself
 * is written as its other escape, "\ ". */
void link_constant(struct buf *out, const void *p, size_t len)
{
	const char *c = p;

	buf_byte(out, '"');
	for (size_t i = 0; i < len; i++)
		switch (c[i]) {
		case '"': buf_str(out, "\\\""); break;
		case '\\': buf_str(out, "\\ "); break;
		case '\n': buf_str(out, "\\n"); break;
		case '\r': buf_str(out, "\\r"); break;
		case '\t': buf_str(out, "\\t"); break;
		default:
			if ((uint8_t)c[i] < 0x20 || c[i] == 0x7f)
				buf_printf(out, "\\x%02x", (uint8_t)c[i]);
			else
				buf_byte(out, (uint8_t)c[i]);
		}
	buf_byte(out, '"');
}

/* No constant can hold a NUL, nor has an honest name one: then what stands around it must do. */
static void put_same(struct buf *out, const char *field, struct text t)
{
	const char *const nul = memchr(t.p, 0, t.len), *last;

	if (!nul) {
		buf_printf(out, "%s = ", field);
		link_constant(out, t.p, t.len);
		return;
	}
	last = memrchr(t.p, 0, t.len);
	buf_printf(out, "%s startswith ", field);
	link_constant(out, t.p, (size_t)(nul - t.p));
	buf_printf(out, " and %s endswith ", field);
	link_constant(out, last + 1, (size_t)(t.p + t.len - last - 1));
}

/* The language refuses to compare evt.type itself with a name that it does not know, but a
 * recording may have such types. */
void link_equals(struct buf *out, const char *field, struct text t)
{
	struct buf low = {0};

	if (strcmp(field, "evt.type") != 0 || event_name_known(t.p, t.len)) {
		put_same(out, field, t);
		return;
	}
	for (uint32_t i = 0; i < t.len; i++)
		buf_byte(&low, (uint8_t)(t.p[i] >= 'A' && t.p[i] <= 'Z' ? t.p[i] | 0x20 : t.p[i]));
	put_same(out, "tolower(evt.type)", (struct text){ buf_text(&low), t.len });
	buf_release(&low);
}

static bool comes_again(struct browse *b, int64_t pid)
{
	const struct table *t = scan_processes(b->base);
	unsigned n = 0;

	browse_lock(b);
	for (size_t i = 0; t && n < 2 && i < t->n; i++)
		n += t->rows[i]->process->pid == pid;
	browse_unlock(b);
	return n > 1;
}

void link_process(struct browse *b, struct buf *out, const struct subject *s)
{
	buf_printf(out, "proc.pid = %" PRId64, s->pid);
	if (!comes_again(b, s->pid))
		return;
	if (s->start_ts > b->info.first_ts)
		buf_printf(out, " and evt.rawtime >= %" PRIu64, s->start_ts);
	if (s->end_ts)
		buf_printf(out, " and evt.rawtime <= %" PRIu64, s->end_ts);
}

const char *link_and(const char *c, const char *filter, struct arena *a)
{
	if (!*filter)
		return c;
	return *c ? arena_printf(a, "%s and (%s)", c, filter) : filter;
}
