/* SPDX-License-Identifier: Apache-2.0 */
/* A text line is "TIME: Priority message".  Time and priority belong to the rule's
 * compiled format, so that output_fields of the JSON form lists the time as well.  What
 * does not change from alert to alert is put together once, when the printer is made. */
#include "analyze/alert/alert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"

const struct alert_style alert_style_default = {
	.iso = true, .with_output = true, .with_fields = true, .with_tags = true,
};

struct form {
	struct format *format;
	struct buf tail;	/* JSON between output_fields and time */
};

struct alert_printer {
	struct alert_style style;
	struct arena arena;
	struct buf head;	/* JSON before the output */
	struct form *forms;	/* by rule->id */
	size_t n;
	bool bulk;
};

static void put_quoted(struct buf *out, const char *p, size_t len)
{
	buf_byte(out, '"');
	quote_json(out, p, len);
	buf_byte(out, '"');
}

static void put_pair(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":", key);
	put_quoted(out, value, strlen(value));
}

static void make_tail(const struct alert_style *style, struct buf *out, const struct rule *r)
{
	put_pair(out, "priority", priority_name[r->priority]);
	buf_byte(out, ',');
	put_pair(out, "rule", r->name);
	buf_byte(out, ',');
	put_pair(out, "source", r->source);
	if (style->with_tags) {
		buf_str(out, ",\"tags\":[");
		for (unsigned i = 0; i < r->n_tags; i++) {
			if (i > 0)
				buf_byte(out, ',');
			put_quoted(out, r->tags[i], strlen(r->tags[i]));
		}
		buf_byte(out, ']');
	}
	buf_str(out, ",\"time\":\"");
}

static int add_fields(struct alert_printer *p, struct form *f,
		      const struct output_field *more, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct format *value = format_compile(more[i].format,
							    strlen(more[i].format), &p->arena);

		if (!value)
			return err_at("output field '%s'", more[i].key);
		format_add_field(f->format, more[i].key, value, &p->arena);
	}
	return 0;
}

static int make_form(struct alert_printer *p, const struct rule *r)
{
	struct form *f = &p->forms[r->id];
	/* A star in front asks for <NA> where a field is absent, which is what we do. */
	const char *output = r->output + (*r->output == '*');
	const char *text = arena_printf(&p->arena, "%%evt.time%s: %s %s",
					p->style.iso ? ".iso8601" : "",
					priority_name[r->priority], output);

	f->format = format_compile(text, strlen(text), &p->arena);
	if (!f->format)
		return err_at("output of rule '%s'", r->name);
	if (add_fields(p, f, r->fields, r->n_fields) < 0 ||
	    add_fields(p, f, p->style.fields, p->style.n_fields) < 0)
		return err_at("output of rule '%s'", r->name);
	if (p->style.lasting)
		format_keep_fields(f->format, field_is_lasting);
	p->bulk |= format_needs_bulk(f->format);
	make_tail(&p->style, &f->tail, r);
	return 0;
}

struct alert_printer *alert_printer_new(const struct alert_style *style,
					const struct ruleset *rules)
{
	struct alert_printer *p = xcalloc(1, sizeof(*p));
	const size_t n_rules = ruleset_count(rules);

	p->style = *style;
	for (size_t i = 0; i < n_rules; i++)
		if (ruleset_rule(rules, i)->id >= p->n)
			p->n = ruleset_rule(rules, i)->id + 1;
	p->forms = xcalloc(p->n + 1, sizeof(*p->forms));
	buf_byte(&p->head, '{');
	put_pair(&p->head, "hostname", style->hostname);
	buf_byte(&p->head, ',');
	for (size_t i = 0; i < n_rules; i++) {
		const struct rule *r = ruleset_rule(rules, i);

		if (r->enabled && r->output && make_form(p, r) < 0) {
			alert_printer_free(p);
			return NULL;
		}
	}
	return p;
}

void alert_printer_free(struct alert_printer *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		buf_release(&p->forms[i].tail);
	buf_release(&p->head);
	arena_release(&p->arena);
	free(p->forms);
	free(p);
}

bool alert_printer_needs_bulk(const struct alert_printer *p)
{
	return p->bulk;
}

/* Where the message begins in "TIME: Priority message". */
static size_t message_at(const struct rule *r, const struct buf *text)
{
	const char *colon = memmem(text->p, text->len, ": ", 2);
	const size_t at = colon ? (size_t)(colon - (const char *)text->p) + 2
		+ strlen(priority_name[r->priority]) + 1 : 0;

	return at < text->len ? at : text->len;
}

/* Line breaks and control characters of a message would forge lines in a log, so the
 * message is escaped like a JSON string, as Falco does from 0.45 on. */
static void print_text(const struct rule *r, const struct buf *text, struct buf *out)
{
	const size_t at = message_at(r, text);

	buf_put(out, text->p, at);
	quote_json(out, text->p + at, text->len - at);
}

static void print_several(const struct alert_several *s, struct buf *text)
{
	char span[TIME_TEXT_MAX];

	time_span(span, s->last_ts - s->first_ts);
	buf_str(text, " (");
	if (s->distinct)
		buf_printf(text, "%u values of %s in %s", s->count, s->distinct, span);
	else if (s->count > 1)
		buf_printf(text, "%u times in %s", s->count, span);
	else if (s->first_ts < s->last_ts)
		buf_printf(text, "in %s", span);
	if (s->absent) {
		time_span(span, s->within);
		buf_printf(text, "%snot followed in %s",
			   text->p[text->len - 1] == '(' ? "" : ", ", span);
	}
	buf_byte(text, ')');
}

static void json_several(const struct alert_several *s, struct buf *out)
{
	buf_str(out, out->p[out->len - 1] == '{' ? "" : ",");
	buf_printf(out, "\"correlate.count\":%u,\"correlate.first_time\":%" PRIu64
		   ",\"correlate.last_time\":%" PRIu64, s->count, s->first_ts, s->last_ts);
}

static void print_json(const struct alert_printer *p, const struct form *f, const struct rule *r,
		       const struct field_ctx *c, const struct alert_several *several,
		       const struct buf *text, struct buf *out)
{
	char time[TIME_TEXT_MAX];

	buf_put(out, p->head.p, p->head.len);
	if (p->style.with_message) {
		const size_t at = message_at(r, text);

		buf_str(out, "\"message\":");
		put_quoted(out, (const char *)text->p + at, text->len - at);
		buf_byte(out, ',');
	}
	if (p->style.with_output) {
		buf_str(out, "\"output\":");
		put_quoted(out, (const char *)text->p, text->len);
		buf_byte(out, ',');
	}
	if (p->style.with_fields) {
		buf_str(out, "\"output_fields\":{");
		format_json_fields(f->format, c, out);
		if (several)
			json_several(several, out);
		buf_str(out, "},");
	}
	buf_put(out, f->tail.p, f->tail.len);
	buf_put(out, time, time_date(time, c->ev->ts, 0, 'T'));
	buf_str(out, "Z\"}");
}

void alert_print(const struct alert_printer *p, const struct rule *r,
		 const struct field_ctx *c, const struct alert_several *several, struct buf *text,
		 struct buf *out)
{
	const struct form *f = &p->forms[r->id];

	buf_reset(text);
	format_text(f->format, c, text);
	if (several)
		print_several(several, text);
	if (p->style.json)
		print_json(p, f, r, c, several, text, out);
	else
		print_text(r, text, out);
}
