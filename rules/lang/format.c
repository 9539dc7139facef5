/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/format.h"

#include <ctype.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/near.h"
#include "rules/lang/check.h"

enum { REFS_MAX = 16 };

/* What stands behind a percent sign and is no plain field. */
struct made {
	struct extract *x;		/* NULL: a field for conditions only, always absent */
	const struct field_ref *refs[REFS_MAX];
	unsigned n_refs;
};

static void collect(struct made *m, const struct extract *x)
{
	if (x->from == FROM_FIELD && m->n_refs < REFS_MAX)
		m->refs[m->n_refs++] = &x->ref;
	for (uint32_t i = 0; i < x->n_kids; i++)
		collect(m, x->kids[i]);
}

/* "name(" at the start. */
static bool is_call(const char *text, size_t len)
{
	for (unsigned i = 0; i < TR__N; i++)
		if (len > transforms[i].len && text[transforms[i].len] == '(' &&
		    memcmp(text, transforms[i].name, transforms[i].len) == 0)
			return true;
	return false;
}

/* "nam(": fields have a dot in their names, so it can only be meant as a transformer. */
static bool is_no_call(const char *text, size_t len)
{
	struct near near;
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	if (n == 0 || n == len || text[n] != '(')
		return false;
	near_init(&near, text, n);
	for (unsigned i = 0; i < TR__N; i++)
		near_try(&near, transforms[i].name);
	err(ERR_RULE, "there is no transformer '%.*s'%s", (int)n, text, near_text(&near));
	return true;
}

static size_t parse_call(const struct made **made, const char **name, const char *text,
			 size_t len, struct arena *a)
{
	struct made *m = arena_zalloc(a, sizeof(*m));
	struct lang_text t;
	struct lang l;
	struct at at = { .l = &l, .text = &t };
	struct operand *o;
	struct buf b = {0};
	size_t used = 0;

	lang_init(&l, a);
	lang_text_init(&t, "format", text, len);
	o = ast_parse_call(&l, &t, &used);
	m->x = o ? extract_check(&at, o) : NULL;
	if (!m->x) {
		err(ERR_RULE, "%s", l.message);
		return SIZE_MAX;
	}
	collect(m, m->x);
	operand_print(&b, o);
	*name = arena_strn(a, b.p, b.len);
	buf_release(&b);
	*made = m;
	return used;
}

static size_t parse(const void **made, const char **name, const char *text, size_t len,
		    struct arena *a)
{
	struct field_ref r;
	size_t n;

	if (is_call(text, len))
		return parse_call((const struct made **)made, name, text, len, a);
	if (is_no_call(text, len))
		return SIZE_MAX;
	n = field_parse(&r, text, len, a);
	if (n && !param_known(&r)) {
		err(ERR_RULE, "unknown event argument %s", r.key);
		return SIZE_MAX;
	}
	if (!n || !(r.desc->flags & FIELD_FILTER_ONLY))
		return 0;
	*made = arena_zalloc(a, sizeof(struct made));
	*name = r.text;
	return n;
}

/* A list as it is printed: (a,b). */
static void list_text(const struct field_ctx *c, const struct fval_list *l, struct fval *out)
{
	struct buf b = {0};

	buf_byte(&b, '(');
	for (unsigned i = 0; i < l->n; i++) {
		if (i)
			buf_byte(&b, ',');
		fval_text(&b, &l->v[i]);
	}
	buf_byte(&b, ')');
	*out = (struct fval){ .p = arena_strn(c->scratch, b.p, b.len), .len = (uint32_t)b.len,
			      .type = FIELD_STRING };
	buf_release(&b);
}

static enum field_found get(const struct field_ctx *c, const void *made, struct fval *out)
{
	const struct made *m = made;
	struct matcher at = { .ctx = c };
	struct fval_list l = { .arena = c->scratch };

	*out = (struct fval){ .type = m->x ? m->x->type : FIELD_STRING };
	if (!m->x || !transform_get(&at, m->x, out, &l))
		return FIELD_ABSENT;
	if (m->x->list)
		list_text(c, &l, out);
	return FIELD_FOUND;
}

static bool needs_bulk(const void *made)
{
	const struct made *m = made;

	for (unsigned i = 0; i < m->n_refs; i++)
		if (field_needs_bulk(m->refs[i]))
			return true;
	return false;
}

static size_t refs(const void *made, const struct field_ref *const **out)
{
	const struct made *m = made;

	*out = m->refs;
	return m->n_refs;
}

/* Falco's outputs have nothing for len(). */
static enum field_found get_strict(const struct field_ctx *c, const void *made,
				   struct fval *out)
{
	const struct made *m = made;

	if (m->x && m->x->from == FROM_CALL && m->x->fn == TR_LEN)
		return FIELD_ABSENT;
	return get(c, made, out);
}

void lang_formats(bool strict)
{
	static const struct format_extension extensions[] = {
		{ .parse = parse, .get = get, .needs_bulk = needs_bulk, .refs = refs },
		{ .parse = parse, .get = get_strict, .needs_bulk = needs_bulk, .refs = refs },
	};

	format_extend(&extensions[strict]);
}
