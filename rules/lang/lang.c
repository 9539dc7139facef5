/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/lang.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/err.h"

enum { SNIPPET = 76 };

const char lang_dir_notice[] =
	"due to the drop of enter events, 'evt.dir = <' always evaluates to true, and "
	"'evt.dir = >' always evaluates to false. The rule expression can be simplified by "
	"removing the condition on 'evt.dir'";
const char lang_latency_notice[] = "field is not available due to the drop of enter events.";

void lang_init(struct lang *l, struct arena *a)
{
	*l = (struct lang){ .arena = a };
	l->warnings_end = &l->warnings;
	l->more_end = &l->more;
}

static void add_error(struct lang *l, enum lang_code code, const struct lang_text *t,
		      size_t off, const char *message)
{
	struct lang_error *e;

	if (!l->collect || l->n_more >= LANG_ERRORS_MAX)
		return;
	e = arena_zalloc(l->arena, sizeof(*e));
	*e = (struct lang_error){ .code = code, .text = t, .off = off,
				  .message = arena_str(l->arena, message) };
	*l->more_end = e;
	l->more_end = &e->next;
	l->n_more++;
}

bool lang_fail(struct lang *l, enum lang_code code, const struct lang_text *t, size_t off,
	       const char *fmt, ...)
{
	char message[sizeof(l->message)];
	va_list ap;

	if (l->code && !l->collect)
		return false;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (l->code) {
		add_error(l, code, t, off, message);
		return false;
	}
	l->code = code;
	l->text = t;
	l->off = off;
	memcpy(l->message, message, sizeof(message));
	return false;
}

const struct lang_error *lang_error(const struct lang *l)
{
	struct lang_error *e = arena_zalloc(l->arena, sizeof(*e));

	*e = (struct lang_error){ .code = l->code, .text = l->text, .off = l->off,
				  .message = arena_str(l->arena, l->message) };
	return e;
}

void lang_warn(struct lang *l, enum lang_warning_code code, const struct lang_text *t,
	       size_t off, const char *fmt, ...)
{
	struct lang_warning *w = arena_zalloc(l->arena, sizeof(*w));
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*w = (struct lang_warning){ .code = code, .text = t, .off = off,
				    .message = arena_str(l->arena, text) };
	*l->warnings_end = w;
	l->warnings_end = &w->next;
}

static void locate_self(const struct lang_text *t, size_t off, struct lang_place *out)
{
	size_t start = 0;
	const char *end;

	out->file = t->name;
	out->line = 1;
	for (size_t i = 0; i < off; i++)
		if (t->p[i] == '\n') {
			out->line++;
			start = i + 1;
		}
	end = memchr(t->p + off, '\n', t->len - off);
	out->column = (unsigned)(off - start) + 1;
	out->text = t->p + start;
	out->len = (end ? (size_t)(end - t->p) : t->len) - start;
}

void lang_text_init(struct lang_text *t, const char *name, const char *p, size_t len)
{
	*t = (struct lang_text){ .name = name, .p = p, .len = len, .locate = locate_self };
}

void lang_locate(const struct lang_text *t, size_t off, struct lang_place *out)
{
	t->locate(t, off < t->len ? off : t->len, out);
}

void lang_snippet(struct buf *out, const struct lang_place *where)
{
	size_t caret = where->column ? where->column - 1 : 0, from = 0, n = where->len;

	if (caret > n)
		caret = n;
	if (n > SNIPPET) {
		from = caret > SNIPPET / 2 ? caret - SNIPPET / 2 : 0;
		if (from > n - SNIPPET)
			from = n - SNIPPET;
		n = SNIPPET;
	}
	buf_str(out, "  ");
	buf_put(out, where->text + from, n);
	buf_str(out, "\n  ");
	for (size_t i = from; i < caret; i++)
		if ((where->text[i] & 0xc0) != 0x80)	/* a character, not a byte of one */
			buf_byte(out, where->text[i] == '\t' ? '\t' : ' ');
	buf_byte(out, '^');
}

int lang_err(const struct lang *l)
{
	struct lang_place where = {0};
	struct buf b = {0};
	int r;

	if (!l->text)
		return err(ERR_RULE, "%s", l->message);
	lang_locate(l->text, l->off, &where);
	lang_snippet(&b, &where);
	r = err(ERR_RULE, "%s:%u:%u: %s\n%s", where.file, where.line, where.column,
		l->message, buf_text(&b));
	buf_release(&b);
	return r;
}
