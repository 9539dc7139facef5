/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of output lines: text with %fields in it.
 *
 *   %proc.name  %evt.arg.flags  %proc.aname[2]  %-20fd.name  %% (a percent sign)
 *
 * The longest name of a field is taken, what follows is text.  A width fills up on the
 * right or cuts; a negative one, which Falco does not have, fills up on the left and
 * does not cut.  A * in front asks for <NA> where a field is absent; that is done without it
 * as well, as in Falco's own outputs, unless format_stop asks for sysdig's way.  Transformers
 * are a matter of the rule language, which registers a reader for them (format_extension). */
#include <ctype.h>
#include <stdlib.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "replay/field/internal.h"

struct part {
	const char *text;	/* literal; NULL: a field */
	uint32_t len;
	int width;
	bool has_ref;
	struct field_ref ref;
	const void *extension;	/* a transformed field, by the extension's own struct */
	const struct format *whole;	/* a text of its own, in JSON only */
	const char *name;	/* in JSON */
	const char *key;	/* the name, quoted, and a colon; made by sort_names */
	uint32_t key_len;
};

struct format {
	struct part *parts;
	unsigned n;
	bool star;		/* at its beginning */
	bool stops;		/* at the first absent field */
	struct part *inner;	/* fields inside transformers: for JSON only */
	unsigned n_inner;
	struct part **by_name;	/* fields, sorted and each once */
	unsigned n_names;
};

static const struct format_extension *extension;

void format_extend(const struct format_extension *e)
{
	extension = e;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct part *const *)a)->name, (*(struct part *const *)b)->name);
}

/* Adds the fields inside a transformer; with inner NULL it only counts them. */
static unsigned add_inner(struct part *inner, const struct part *p)
{
	const struct field_ref *const *refs;
	const size_t n = extension->refs(p->extension, &refs);

	for (size_t i = 0; inner && i < n; i++)
		inner[i] = (struct part){ .has_ref = true, .ref = *refs[i], .name = refs[i]->text };
	return (unsigned)n;
}

static void make_key(struct part *p, struct arena *a)
{
	struct buf b = {0};

	buf_byte(&b, '"');
	quote_json(&b, p->name, strlen(p->name));
	buf_str(&b, "\":");
	p->key = arena_strn(a, b.p, b.len);
	p->key_len = (uint32_t)b.len;
	buf_release(&b);
}

static bool is_extension(const struct part *p)
{
	return !p->text && !p->has_ref;
}

static void sort_names(struct format *f, struct arena *a)
{
	unsigned n = 0, most = 0;

	for (unsigned i = 0; i < f->n; i++)
		most += is_extension(&f->parts[i]) ? add_inner(NULL, &f->parts[i]) : 0;
	f->inner = arena_alloc(a, (most + 1) * sizeof(*f->inner));
	for (unsigned i = 0; i < f->n; i++)
		if (is_extension(&f->parts[i]))
			f->n_inner += add_inner(f->inner + f->n_inner, &f->parts[i]);
	f->by_name = arena_alloc(a, (f->n + most + 1) * sizeof(*f->by_name));
	for (unsigned i = 0; i < f->n_inner; i++)
		f->by_name[n++] = &f->inner[i];
	for (unsigned i = 0; i < f->n; i++)
		if (f->parts[i].has_ref)
			f->by_name[n++] = &f->parts[i];
	qsort(f->by_name, n, sizeof(*f->by_name), compare_names);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || strcmp(f->by_name[i]->name, f->by_name[i - 1]->name) != 0)
			f->by_name[f->n_names++] = f->by_name[i];
	for (unsigned i = 0; i < f->n_names; i++)
		make_key(f->by_name[i], a);
}

/* The text of a field's place, behind the percent sign; its length, 0 on error. */
static size_t parse_field(struct part *p, const char *text, size_t len, struct arena *a)
{
	size_t n = 0, used;
	bool left = false;

	if (n < len && text[n] == '*')
		n++;
	if (n < len && text[n] == '-') {
		left = true;
		n++;
	}
	while (n < len && isdigit((unsigned char)text[n]) && p->width < 1000)
		p->width = p->width * 10 + (text[n++] - '0');
	if (left)
		p->width = -p->width;
	if (n == len || !isalpha((unsigned char)text[n])) {
		err(ERR_USAGE, "a field must follow %%; %%%% is a percent sign");
		return 0;
	}
	if (extension && extension->parse) {
		used = extension->parse(&p->extension, &p->name, text + n, len - n, a);
		if (used)
			return used == SIZE_MAX ? 0 : n + used;
	}
	used = field_parse(&p->ref, text + n, len - n, a);
	if (!used)
		return 0;
	p->has_ref = true;
	p->name = p->ref.text;
	return n + used;
}

static void add_text(struct part *p, const char *text, size_t len, struct arena *a)
{
	p->text = arena_strn(a, text, len);
	p->len = (uint32_t)len;
}

struct format *format_compile(const char *text, size_t len, struct arena *a)
{
	size_t wrong;

	return format_compile_at(text, len, a, &wrong);
}

struct format *format_compile_at(const char *text, size_t len, struct arena *a, size_t *wrong)
{
	struct format *f = arena_zalloc(a, sizeof(*f));
	const char *const begin = text, *const end = text + len;
	unsigned most = 1;

	for (size_t i = 0; i < len; i++)
		most += text[i] == '%' ? 2 : 0;
	f->parts = arena_zalloc(a, most * sizeof(*f->parts));
	f->star = len > 0 && *text == '*';
	text += f->star;
	while (text < end) {
		const char *percent = memchr(text, '%', (size_t)(end - text));
		size_t n;

		if (!percent || percent > text) {
			n = (size_t)((percent ? percent : end) - text);
			add_text(&f->parts[f->n++], text, n, a);
			text += n;
			continue;
		}
		text++;
		if (text < end && *text == '%') {
			add_text(&f->parts[f->n++], "%", 1, a);
			text++;
			continue;
		}
		n = parse_field(&f->parts[f->n++], text, (size_t)(end - text), a);
		if (!n) {
			*wrong = (size_t)(text - begin);
			return NULL;
		}
		text += n;
	}
	sort_names(f, a);
	return f;
}

void format_add_field(struct format *f, const char *key, const struct format *value,
		      struct arena *a)
{
	struct part **names = arena_alloc(a, (f->n_names + 1) * sizeof(*names));
	struct part *p = arena_zalloc(a, sizeof(*p));
	unsigned at = 0, n = 0;

	if (value->n == 1 && value->parts[0].has_ref)
		*p = value->parts[0];
	else
		p->whole = value;
	p->name = arena_str(a, key);
	make_key(p, a);
	while (at < f->n_names && strcmp(f->by_name[at]->name, key) < 0)
		names[n++] = f->by_name[at++];
	names[n++] = p;
	if (at < f->n_names && strcmp(f->by_name[at]->name, key) == 0)
		at++;
	while (at < f->n_names)
		names[n++] = f->by_name[at++];
	f->by_name = names;
	f->n_names = n;
}

void format_each_field(const struct format *f, void (*visit)(void *arg, const struct field_ref *r),
		       void *arg)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->parts[i].has_ref)
			visit(arg, &f->parts[i].ref);
}

void format_keep_fields(struct format *f, bool (*keep)(const struct field_desc *))
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n_names; i++)
		if (!f->by_name[i]->has_ref || keep(f->by_name[i]->ref.desc))
			f->by_name[n++] = f->by_name[i];
	f->n_names = n;
}

static enum field_found part_value(const struct part *p, const struct field_ctx *c,
				   struct fval *v)
{
	if (!p->has_ref)
		return extension->get(c, p->extension, v);
	if (p->ref.desc->flags & FIELD_FILTER_ONLY)
		return FIELD_ABSENT;
	return field_get_value(c, &p->ref, v);
}

static void pad(struct buf *out, size_t from, int width)
{
	const size_t len = out->len - from, want = (size_t)(width < 0 ? -width : width);

	if (len >= want) {
		out->len = width > 0 ? from + want : out->len;
		return;
	}
	buf_room(out, want - len);
	if (width > 0) {
		memset(out->p + out->len, ' ', want - len);
	} else {
		memmove(out->p + from + (want - len), out->p + from, len);
		memset(out->p + from, ' ', want - len);
	}
	out->len = from + want;
}

void format_stop(struct format *f)
{
	f->stops = !f->star;
}

bool format_text(const struct format *f, const struct field_ctx *c, struct buf *out)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct part *p = &f->parts[i];
		const size_t from = out->len;
		struct fval v;

		if (p->text) {
			buf_put(out, p->text, p->len);
			continue;
		}
		switch (part_value(p, c, &v)) {
		case FIELD_FOUND:
			fval_text(out, &v);
			break;
		case FIELD_LOST:
			buf_str(out, "<LOST>");
			break;
		case FIELD_ABSENT:
			if (f->stops)
				return false;
			buf_str(out, "<NA>");
			break;
		}
		if (p->width)
			pad(out, from, p->width);
	}
	return true;
}

static void list_json(struct buf *out, const struct field_ctx *c, const struct field_ref *r)
{
	struct fval_list l = { .arena = c->scratch };

	if (r->desc->get_all(c, r, &l) != FIELD_FOUND) {
		buf_str(out, "null");
		return;
	}
	for (unsigned i = 0; i < l.n; i++) {
		buf_byte(out, i ? ',' : '[');
		fval_json(out, &l.v[i]);
	}
	buf_byte(out, ']');
}

static void part_json(struct buf *out, const struct part *p, const struct field_ctx *c)
{
	struct buf text = {0};
	struct fval v;

	if (p->whole) {
		format_text(p->whole, c, &text);
		buf_byte(out, '"');
		quote_json(out, text.p, text.len);
		buf_byte(out, '"');
		buf_release(&text);
		return;
	}
	if (p->has_ref && p->ref.desc->flags & FIELD_LIST && p->ref.index == INT64_MIN) {
		list_json(out, c, &p->ref);
		return;
	}
	if (p->has_ref && p->ref.desc->flags & FIELD_JSON_NS) {
		buf_u64_dec(out, c->ev->ts);
		return;
	}
	switch (part_value(p, c, &v)) {
	case FIELD_FOUND:
		fval_json(out, &v);
		break;
	case FIELD_LOST:
		buf_str(out, "\"<LOST>\"");
		break;
	case FIELD_ABSENT:
		buf_str(out, "null");
		break;
	}
}

/* How many parts stand before the first field that is absent. */
static unsigned parts_until_absent(const struct format *f, const struct field_ctx *c)
{
	unsigned i = 0;
	struct fval v;

	while (i < f->n && (f->parts[i].text || part_value(&f->parts[i], c, &v) != FIELD_ABSENT))
		i++;
	return i;
}

bool format_json_fields(const struct format *f, const struct field_ctx *c, struct buf *out)
{
	const unsigned n = f->stops ? parts_until_absent(f, c) : f->n;
	bool first = true;

	for (unsigned i = 0; i < f->n_names; i++) {
		const struct part *p = f->by_name[i];

		if (p >= f->parts + n && p < f->parts + f->n)
			continue;
		if (!first)
			buf_byte(out, ',');
		first = false;
		buf_put(out, p->key, p->key_len);
		part_json(out, p, c);
	}
	return n == f->n;
}

bool format_needs_bulk(const struct format *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct part *p = &f->parts[i];

		if (p->text)
			continue;
		if (p->has_ref ? field_needs_bulk(&p->ref)
			       : extension->needs_bulk(p->extension))
			return true;
	}
	for (unsigned i = 0; i < f->n_names; i++) {
		const struct part *p = f->by_name[i];

		if (p->whole ? format_needs_bulk(p->whole) : field_needs_bulk(&p->ref))
			return true;
	}
	return false;
}
