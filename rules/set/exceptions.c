/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: rows of values that make "(condition) and not (...)". */
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/lang/ast.h"
#include "rules/set/items.h"

/* ---- reading ---- */

static bool read_one(struct reader *r, const struct yaml *v, const char **out)
{
	const unsigned depth = r->n;
	bool ok = true;

	if (v->kind == YAML_SCALAR && v->len && !memchr(v->p, 0, v->len)) {
		*out = v->p;
		return true;
	}
	reader_enter(r, "value for", "", v);
	if (v->kind == YAML_SCALAR) {	/* Falco says the last steps twice */
		reader_enter(r, "exception", "", v);
		reader_enter(r, "value for", "", v);
	}
	ok = reader_say(r, LOAD_ERR_YAML_VALIDATE, v->kind == YAML_SCALAR ?
			"Value must be non-empty" : "Value is not a scalar value");
	r->n = depth;
	return ok;
}

/* A text or a sequence of texts. */
static bool read_value(struct reader *r, const struct yaml *v, struct exc_value *out)
{
	out->list = v->kind == YAML_SEQUENCE;
	out->n = out->list ? v->n : 1;
	out->v = arena_alloc(&r->rs->arena, (out->n + 1) * sizeof(*out->v));
	if (!out->list)
		return read_one(r, v, &out->v[0]);
	for (uint32_t i = 0; i < v->n; i++)
		if (!read_one(r, v->kids[i], &out->v[i]))
			return false;
	return true;
}

static bool read_row(struct reader *r, const struct yaml *v, struct exc_row *row)
{
	row->list = v->kind == YAML_SEQUENCE;
	row->n = row->list ? v->n : 1;
	row->v = arena_zalloc(&r->rs->arena, (row->n + 1) * sizeof(*row->v));
	if (!row->list)
		return read_value(r, v, &row->v[0]);
	for (uint32_t i = 0; i < v->n; i++)
		if (!read_value(r, v->kids[i], &row->v[i]))
			return false;
	return true;
}

static bool add_rows(struct reader *r, const struct yaml *values, struct exception *e)
{
	const unsigned depth = r->n;

	if (!values || values->kind == YAML_NULL)
		return true;
	reader_enter(r, "exception values", "", values);
	if (values->kind != YAML_SEQUENCE) {
		reader_say(r, LOAD_ERR_YAML_VALIDATE, "Rule exception values must be a sequence");
		r->n = depth;
		return false;
	}
	for (uint32_t i = 0; i < values->n; i++) {
		struct exc_row row;

		reader_enter(r, "exception value", "", values->kids[i]);
		if (!read_row(r, values->kids[i], &row))
			return r->n = depth, false;
		row.at = (struct place){ r->file, values->kids[i] };
		/* the vector grows in the arena: rows of earlier items stay valid */
		if (e->n_rows == e->cap) {
			struct exc_row *more;

			e->cap = e->cap ? e->cap * 2 : 4;
			more = arena_alloc(&r->rs->arena, e->cap * sizeof(*more));
			if (e->n_rows)
				memcpy(more, e->rows, e->n_rows * sizeof(*more));
			e->rows = more;
		}
		e->rows[e->n_rows++] = row;
		r->n = depth + 1;
	}
	r->n = depth;
	return true;
}

/* ---- checking ---- */

static bool is_operator(const char *text, size_t len, bool with_modifier)
{
	for (int i = 0; i < OP__N; i++)
		if (ops[i].len == len && memcmp(ops[i].text, text, len) == 0)
			return !with_modifier || ops[i].class == CLASS_SIGN ||
			       ops[i].class == CLASS_WORD;
	return false;
}

/* Operator and modifier of a comps text; false: unknown. */
static bool split_comp(const char *text, size_t *op, bool *modifier)
{
	size_t len = strlen(text), n;

	*modifier = false;
	for (int i = MOD_ONEOF; i < MOD__N; i++) {
		n = strlen(modifier_text[i]);
		if (len > n && strcmp(text + len - n, modifier_text[i]) == 0 &&
		    text[len - n - 1] == ' ') {
			*modifier = true;
			len -= n;
			while (len && text[len - 1] == ' ')
				len--;
			break;
		}
	}
	*op = len;
	return is_operator(text, len, *modifier);
}

static bool is_list_comp(const char *text)
{
	size_t n;
	bool modifier;

	if (!split_comp(text, &n, &modifier))
		return false;
	if (modifier)
		return true;
	for (int i = 0; i < OP__N; i++)
		if (ops[i].len == n && memcmp(ops[i].text, text, n) == 0)
			return ops[i].class == CLASS_LIST;
	return false;
}

static const char *trimmed(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	while (*text == ' ') {
		text++;
		n--;
	}
	while (n && text[n - 1] == ' ')
		n--;
	return arena_strn(a, text, n);
}

static bool check_field(struct reader *r, const char *text)
{
	const size_t len = strlen(text);
	struct arena a = {0};
	struct lang_text t;
	struct lang l;
	struct engine e;
	struct ast *ast;
	struct buf cond = {0};
	const char *near;
	bool ok;

	/* A field or transformer is what can be asked to exist. */
	lang_init(&l, &a);
	engine_init(&e, &a, false);
	l.regexes = &e.regexes;
	buf_put(&cond, text, len);
	buf_str(&cond, " exists");
	lang_text_init(&t, "field", buf_text(&cond), cond.len);
	ast = ast_parse(&l, &t);
	ok = ast && ast->root->kind == NODE_CHECK && ast->root->op == OP_EXISTS &&
	     engine_slot(&e, &l, ast, ast->root->left) != NO_SLOT;
	engine_release(&e);
	arena_release(&a);
	buf_release(&cond);
	if (ok)
		return true;
	near = field_suggest(text, len);
	return reader_say(r, LOAD_ERR_VALIDATE, "'%s' is not a supported filter field%s%s%s", text,
			  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const char *op_near(const char *text)
{
	struct near near;

	near_init(&near, text, strcspn(text, " "));
	for (int i = 0; i < OP__N; i++)
		near_try(&near, ops[i].text);
	return near_text(&near);
}

static bool check_list_form(struct reader *r, struct exception *e, bool ours)
{
	size_t n;
	bool modifier, ok = true;

	if (e->comps.n != e->fields.n || !e->comps.list)
		return reader_say(r, LOAD_ERR_VALIDATE,
				  "Fields and comps lists must have equal length");
	for (uint32_t i = 0; i < e->comps.n; i++)
		if (!split_comp(e->comps.v[i], &n, &modifier))
			ok = reader_say(r, LOAD_ERR_VALIDATE,
					"'%s' is not a supported comparison operator%s",
					e->comps.v[i], op_near(e->comps.v[i]));
	for (uint32_t i = 0; ours && i < e->fields.n; i++)
		ok &= check_field(r, e->fields.v[i]);
	for (size_t i = 0; i < e->n_rows; i++)
		if (!e->rows[i].list || e->rows[i].n != e->fields.n)
			return reader_say(r, LOAD_ERR_VALIDATE,
					  "Fields and values lists must have equal length");
	return ok;
}

static bool check_scalar_form(struct reader *r, struct exception *e, bool ours)
{
	if (e->comps.list)
		return reader_say(r, LOAD_ERR_VALIDATE, "Fields and comps must both be strings");
	if (!is_list_comp(e->comps.v[0]))
		return reader_say(r, LOAD_ERR_VALIDATE, "When fields is a single value, comps must "
				  "be one of (in, pmatch, intersects) or a modifier operator (e.g. "
				  "startswith oneof)");
	if (ours && !check_field(r, e->fields.v[0]))
		return false;
	for (size_t i = 0; i < e->n_rows; i++)
		if (e->rows[i].list)
			return reader_say(r, LOAD_ERR_VALIDATE,
					  "Expected values array to contain a list of strings");
	return true;
}

/* ours: a rule of our source, whose fields are known. */
static bool check(struct reader *r, struct exception *e, bool ours)
{
	if (!e->comps.n) {
		e->comps.list = e->fields.list;
		e->comps.n = e->fields.n;
		e->comps.v = arena_alloc(&r->rs->arena, (e->fields.n + 1) * sizeof(*e->comps.v));
		for (uint32_t i = 0; i < e->fields.n; i++)
			e->comps.v[i] = e->fields.list ? "=" : "in";
	}
	for (uint32_t i = 0; i < e->comps.n; i++)
		e->comps.v[i] = trimmed(&r->rs->arena, e->comps.v[i]);
	return e->fields.list ? check_list_form(r, e, ours) : check_scalar_form(r, e, ours);
}

/* ---- items ---- */

static struct exception *find(struct rule_def *d, const char *name)
{
	for (size_t i = 0; i < d->n_exceptions; i++)
		if (strcmp(d->exceptions[i].name, name) == 0)
			return &d->exceptions[i];
	return NULL;
}

static bool read_shape(struct reader *r, const struct yaml *v, bool append,
		       struct exception *e)
{
	const struct yaml *names = yaml_get(v, "fields"), *comps = yaml_get(v, "comps");

	if ((!names || names->kind == YAML_NULL) && append)
		return reader_say(r, LOAD_ERR_VALIDATE, "Rule exception must have fields property "
				  "with a list of fields");
	if (!names || names->kind == YAML_NULL)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE,
				  "Item has no mapping for key 'fields'");
	if (!read_value(r, names, &e->fields))
		return false;
	return !comps || comps->kind == YAML_NULL || read_value(r, comps, &e->comps);
}

/* Values added to an exception that is there. */
static bool add_values(struct reader *r, const struct yaml *v, struct exception *e,
		       bool ours)
{
	const struct yaml *values = yaml_get(v, "values");
	const size_t n_old = e->n_rows;

	if (yaml_get(v, "fields") || yaml_get(v, "comps"))
		return reader_say(r, LOAD_ERR_VALIDATE, "Can not append exception fields to "
				  "existing exception, only values");
	if (!values || values->kind == YAML_NULL || values->n + values->len == 0)
		reader_say(r, LOAD_APPEND_NO_VALUES,
			   "Overriding/appending exception with no values");
	if (add_rows(r, values, e) && check(r, e, ours))
		return true;
	e->n_rows = n_old;
	return false;
}

static bool add_exception(struct reader *r, const struct yaml *v, struct rule_def *d,
			  bool append, const char *name)
{
	struct exception e = { .name = name, .at = { .file = r->file, .node = v } };

	if (!read_shape(r, v, append, &e) || !add_rows(r, yaml_get(v, "values"), &e) ||
	    !check(r, &e, !d->unknown_source))
		return false;
	d->exceptions = mem_grow(d->exceptions, &d->exceptions_cap, d->n_exceptions + 1,
				 sizeof(*d->exceptions));
	d->exceptions[d->n_exceptions++] = e;
	return true;
}

static bool read_exception(struct reader *r, const struct yaml *v, struct rule_def *d, bool append,
			   size_t n_old)
{
	const unsigned depth = r->n;
	const char *name = NULL;
	struct exception *old;
	bool ok;

	if (v->kind != YAML_MAPPING) {
		reader_enter(r, "exceptions", "", v);
		reader_enter(r, "exception", "", v);
		ok = reader_say(r, LOAD_ERR_YAML_VALIDATE, "Rule exception must be a mapping");
		r->n = depth;
		return ok;
	}
	reader_enter(r, "exceptions", "", v);
	reader_enter(r, "exception", "", v);
	ok = decode_text(r, v, "name", false, &name, NULL);
	r->n = depth;
	if (!ok)
		return false;
	reader_enter(r, "exception", name, v);
	old = find(d, name);
	if (old && append && (size_t)(old - d->exceptions) < n_old) {
		ok = add_values(r, v, old, !d->unknown_source);
	} else {
		if (old)
			reader_say(r, LOAD_EXCEPTION_NAME_NOT_UNIQUE, "Multiple definitions of "
				   "exception '%s' in the same rule", name);
		ok = add_exception(r, v, d, append, name);
	}
	r->n = depth;
	return ok;
}

bool read_exceptions(struct reader *r, const struct yaml *item, struct rule_def *d, bool append)
{
	const struct yaml *list = yaml_get(item, "exceptions");
	const size_t n_old = d->n_exceptions;
	const unsigned depth = r->n;
	bool ok = true;

	if (!list || list->kind == YAML_NULL)
		return true;
	if (list->kind != YAML_SEQUENCE) {
		reader_enter(r, "exceptions", "", list);
		reader_say(r, LOAD_ERR_YAML_VALIDATE, "Rule exceptions must be a sequence");
		r->n = depth;
		return false;
	}
	for (uint32_t i = 0; i < list->n; i++)
		ok &= read_exception(r, list->kids[i], d, append, n_old);
	return ok;
}

/* ---- text ---- */

static void put_text(struct buf *b, const char *text)
{
	const bool quote = strchr(text, ' ') && *text != '"' && *text != '\'';

	if (quote)
		buf_byte(b, '"');
	buf_str(b, text);
	if (quote)
		buf_byte(b, '"');
}

static void put_list(struct buf *b, const struct exc_value *v)
{
	buf_byte(b, '(');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_str(b, ", ");
		put_text(b, v->v[i]);
	}
	buf_byte(b, ')');
}

static void put_check(struct buf *b, const char *field, const char *comp,
		      const struct exc_value *v)
{
	buf_printf(b, "%s %s ", field, comp);
	if (v->list)
		put_list(b, v);
	else if (is_list_comp(comp) && *v->v[0] != '(')
		put_list(b, v);
	else
		put_text(b, v->v[0]);
}

/* What was put together so far was written there. */
static void put_from(struct joined *out, struct buf *b, struct place from)
{
	joined_add(out, (const char *)b->p, b->len, from);
	b->len = 0;
}

static void put_rows(struct buf *b, const struct exception *e, struct joined *out)
{
	for (size_t i = 0; i < e->n_rows; i++) {
		buf_str(b, i ? " or (" : "(");
		for (uint32_t k = 0; k < e->fields.n; k++) {
			if (k)
				buf_str(b, " and ");
			put_check(b, e->fields.v[k], e->comps.v[k], &e->rows[i].v[k]);
		}
		buf_byte(b, ')');
		put_from(out, b, e->rows[i].at);
	}
}

static void put_scalar(struct buf *b, const struct exception *e, struct joined *out)
{
	buf_printf(b, "%s %s (", e->fields.v[0], e->comps.v[0]);
	for (size_t i = 0; i < e->n_rows; i++) {
		if (i)
			buf_str(b, ", ");
		put_from(out, b, e->at);
		put_text(b, e->rows[i].v[0].v[0]);
		put_from(out, b, e->rows[i].at);
	}
	buf_byte(b, ')');
}

/* The condition with its exceptions; places of the added text are those of the
 * exceptions. */
void exceptions_text(const struct rule_def *d, struct joined *out)
{
	struct buf b = {0};
	bool any = false;

	out->len = out->n = 0;
	for (size_t i = 0; i < d->n_exceptions; i++)
		any |= d->exceptions[i].n_rows > 0;
	if (any)
		joined_add(out, "(", 1, d->cond.spans[0].from);
	for (size_t i = 0; i < d->cond.n; i++) {
		const size_t at = d->cond.spans[i].at;
		const size_t end = i + 1 < d->cond.n ? d->cond.spans[i + 1].at : d->cond.len;

		joined_add(out, d->cond.p + at, end - at, d->cond.spans[i].from);
	}
	if (any)
		joined_add(out, ")", 1, d->cond.spans[0].from);
	for (size_t i = 0; i < d->n_exceptions; i++) {
		const struct exception *e = &d->exceptions[i];

		if (!e->n_rows)
			continue;
		b.len = 0;
		buf_str(&b, " and not (");
		put_from(out, &b, e->at);
		if (e->fields.list)
			put_rows(&b, e, out);
		else
			put_scalar(&b, e, out);
		buf_byte(&b, ')');
		put_from(out, &b, e->at);
	}
	buf_release(&b);
}
