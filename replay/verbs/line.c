/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/verbs/line.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "capture/base/strict.h"
#include "capture/base/timearg.h"
#include "rules/lang/format.h"
#include "rules/lang/lang.h"

/* What happened, in short; %evt.args has all the rest. */
static const char exec_text[] = "res=%evt.res exepath=%proc.exepath "
	"filename=%evt.arg.filename cwd=%proc.cwd parent=%proc.pname(%proc.ppid) "
	"user=%user.name(%user.uid) cmdline=%proc.cmdline";
static const char child_text[] = "res=%evt.rawres flags=%evt.arg.flags "
	"parent=%proc.pname(%proc.ppid)";

static const char json_format[] = "%evt.num %evt.rawtime %evt.cpu %proc.name %proc.pid "
	"%thread.tid %evt.type %evt.args";

static void put_padded(struct buf *b, uint64_t v, unsigned width)
{
	uint64_t limit = 10;
	unsigned digits = 1;

	for (; digits < width && v >= limit; digits++)
		limit *= 10;
	for (; digits < width; digits++)
		buf_byte(b, ' ');
	buf_u64_dec(b, v);
}

/* Text of a column: coloured, and filled up to its width, which colour does not count for. */
static void put_column(struct line *l, const char *color, unsigned width)
{
	struct buf *const b = &l->out;

	if (l->color)
		buf_str(b, color);
	buf_put(b, l->text.p, l->text.len);
	if (l->color)
		buf_str(b, "\033[0m");
	for (size_t n = l->text.len; n < width; n++)
		buf_byte(b, ' ');
	buf_reset(&l->text);
}

/* The text of a field, safe for a terminal, behind what l->text has. */
static void put_field(struct line *l, const struct field_ctx *c, const struct field_ref *ref)
{
	struct fval v;
	const enum field_found found = field_get_value(c, ref, &v);

	buf_reset(&l->raw);
	if (found == FIELD_FOUND)
		fval_text(&l->raw, &v);
	else
		buf_str(&l->raw, found == FIELD_LOST ? "<LOST>" : "<NA>");
	quote_terminal_buf(&l->text, l->raw.p, l->raw.len);
}

/* Parameters of pseudo events and of events that the catalogue does not know. */
static void put_value(struct buf *b, const struct param_desc *d, const struct value *v)
{
	if (v->state == VALUE_LOST)
		buf_str(b, "<LOST>");
	else if (!type_is_number(d->type))
		quote_terminal_buf(b, v->p, v->len);
	else if (type_is_signed(d->type))
		buf_i64_dec(b, v->i);
	else
		buf_u64_dec(b, v->u);
}

static void put_params(struct line *l, const struct event *ev)
{
	for (unsigned i = 0; i < ev->n_params; i++) {
		if (ev->v[i].state == VALUE_ABSENT)
			continue;
		if (l->text.len)
			buf_byte(&l->text, ' ');
		quote_terminal_buf(&l->text, ev->desc->params[i].name,
				   strlen(ev->desc->params[i].name));
		buf_byte(&l->text, '=');
		put_value(&l->text, &ev->desc->params[i], &ev->v[i]);
	}
}

/* The last column. */
static void put_facts(struct line *l, const struct field_ctx *c)
{
	const struct format *f = NULL;

	switch (c->ev->type) {
	case EV_EXECVE:
	case EV_EXECVEAT:
		f = l->exec;
		break;
	case EV_CLONE:
	case EV_CLONE3:
	case EV_FORK:
	case EV_VFORK:
		f = l->child;
	}
	if (c->ev->type == EV_UNKNOWN || event_is_pseudo(c->ev)) {
		put_params(l, c->ev);
	} else if (f) {
		buf_reset(&l->raw);
		format_text(f, c, &l->raw);
		quote_terminal_buf(&l->text, l->raw.p, l->raw.len);
	} else {
		put_field(l, c, &l->args);
	}
}

static void plain_line(struct line *l, const struct field_ctx *c)
{
	struct buf *const b = &l->out;
	char t[TIME_TEXT_MAX];

	put_padded(b, c->ev->num, 7);
	buf_byte(b, ' ');
	buf_put(b, t, time_of_day(t, c->ev->ts, l->utc_offset));
	put_padded(b, c->ev->cpu, 4);
	buf_byte(b, ' ');
	put_field(l, c, &l->name);
	put_column(l, "\033[1m", 15);
	if (c->ev->tid == UINT32_MAX)
		buf_str(b, "      -1");
	else
		put_padded(b, c->ev->tid, 8);
	buf_byte(b, ' ');
	put_field(l, c, &l->type);
	put_column(l, "\033[36m", 14);
	buf_byte(b, ' ');
	put_facts(l, c);
	put_column(l, "", 0);
	buf_byte(b, '\n');
}

/* A format's text may hold tabs; whatever else controls a terminal is quoted, a line break
 * within a value too, so that one event is one line. */
static bool format_line(struct line *l, const struct field_ctx *c)
{
	const uint8_t *p, *tab;
	size_t left;

	buf_reset(&l->text);
	if (!format_text(l->format, c, &l->text))
		return false;
	p = l->text.p;
	left = l->text.len;
	while (l->has_tabs && (tab = memchr(p, '\t', left))) {
		quote_terminal_buf(&l->out, p, (size_t)(tab - p));
		buf_byte(&l->out, '\t');
		left -= (size_t)(tab - p) + 1;
		p = tab + 1;
	}
	quote_terminal_buf(&l->out, p, left);
	buf_byte(&l->out, '\n');
	return true;
}

static bool json_line(struct line *l, const struct field_ctx *c)
{
	const size_t from = l->out.len;

	buf_str(&l->out, "{\"output_fields\":{");
	if (!format_json_fields(l->format, c, &l->out)) {
		l->out.len = from;
		return false;
	}
	buf_str(&l->out, "}}\n");
	return true;
}

bool line_put(struct line *l, const struct field_ctx *c)
{
	if (l->json)
		return json_line(l, c);
	if (l->format)
		return format_line(l, c);
	plain_line(l, c);
	return true;
}

/* Lines as sysdig's by these names (-pc is -p c). */
static const struct {
	const char *name, *other, *format;
} presets[] = {
	{ "sysdig", "s", "%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir "
	  "%evt.type %evt.info" },
	{ "container", "c", "%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) "
	  "%proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info" },
	{ "kubernetes", "k", "%evt.num %evt.outputtime %evt.cpu %k8s.ns.name.%k8s.pod.name "
	  "(%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info" },
};

static const char *meant(const char *format)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(format, presets[i].name) == 0 || strcmp(format, presets[i].other) == 0)
			return presets[i].format;
	return format;
}

static int wrong_format(const char *format, size_t at)
{
	const struct lang_place where = { .column = (unsigned)at + 1, .text = format,
					  .len = strlen(format) };
	struct buf b = {0};
	int r;

	lang_snippet(&b, &where);
	r = err(ERR_USAGE, "format:1:%u: %s\n%s", where.column, err_text(), buf_text(&b));
	buf_release(&b);
	return r;
}

int line_init(struct line *l, const char *format, bool json, struct arena *mem)
{
	static const char *const texts[] = { "proc.name", "evt.type", "evt.args" };
	struct field_ref *const refs[] = { &l->name, &l->type, &l->args };
	const char *text;
	size_t at;

	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		if (!field_parse(refs[i], texts[i], strlen(texts[i]), mem))
			return -ERR_USAGE;
	l->exec = format_compile(exec_text, sizeof(exec_text) - 1, mem);
	l->child = format_compile(child_text, sizeof(child_text) - 1, mem);
	if (!l->exec || !l->child)
		return -ERR_USAGE;
	l->json = json;
	if (!format && !json)
		return 0;
	lang_formats(strict_falco);
	text = format ? meant(format) : json_format;
	l->has_tabs = strchr(text, '\t');
	l->format = format_compile_at(text, strlen(text), mem, &at);
	if (!l->format)
		return wrong_format(text, at);
	/* Presets print all events. */
	if (strict_falco && text == format)
		format_stop(l->format);
	return 0;
}

void line_release(struct line *l)
{
	buf_release(&l->out);
	buf_release(&l->text);
	buf_release(&l->raw);
}
