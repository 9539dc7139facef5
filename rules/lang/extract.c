/* SPDX-License-Identifier: Apache-2.0 */
/* The check pass over the sides of a condition: fields and transformers, their types. */
#include <string.h>

#include "capture/base/near.h"
#include "rules/lang/check.h"

#define FAIL(code, off, ...) (lang_fail(at->l, code, at->text, off, __VA_ARGS__), NULL)

const char *type_name(const struct extract *x)
{
	static const char *const names[] = {
		[FIELD_INT] = "INT64", [FIELD_UINT] = "UINT64", [FIELD_BOOL] = "BOOL",
		[FIELD_DOUBLE] = "DOUBLE", [FIELD_STRING] = "CHARBUF", [FIELD_BYTES] = "BYTEBUF",
		[FIELD_PORT] = "PORT", [FIELD_IP] = "IPADDR", [FIELD_NET] = "IPNET",
		[FIELD_DYN] = "DYN",
	};

	if (x->from == FROM_FIELD && x->ref.desc->falco_type)
		return x->ref.desc->falco_type;
	return names[x->type];
}

static struct extract *extract_new(const struct at *at, enum source_kind from,
				   enum field_type type)
{
	struct extract *x = arena_zalloc(at->l->arena, sizeof(*x));

	x->from = (uint8_t)from;
	x->type = (uint8_t)type;
	return x;
}

static const char *const old_params[] = {
#define OLD_PARAM(name) name,
#include "rules/lang/oldparams.def"
#undef OLD_PARAM
};

bool param_known(const struct field_ref *r)
{
	const char *name = r->key;
	size_t len;

	if (!name || (strcmp(r->desc->name, "evt.arg") != 0 &&
		      strcmp(r->desc->name, "evt.rawarg") != 0))
		return true;
	len = strlen(name);
	for (size_t i = 0; i < sizeof(old_params) / sizeof(old_params[0]); i++)
		if (strcmp(old_params[i], name) == 0)
			return true;
	for (unsigned i = 0; i < EV__N; i++)
		if (event_param_index(&catalog[i], name, len) >= 0)
			return true;
	return false;
}

static const char *param_near(const char *name)
{
	static _Thread_local struct near near;

	near_init(&near, name, strlen(name));
	for (unsigned e = 0; e < EV__N; e++)
		for (unsigned i = 0; i < catalog[e].n_params; i++)
			near_try(&near, catalog[e].params[i].name);
	return near_text(&near);
}

static struct extract *check_field(const struct at *at, const struct operand *o)
{
	struct extract *x = extract_new(at, FROM_FIELD, FIELD_STRING);
	struct buf text = {0};
	const char *near = NULL;
	size_t n;

	buf_put(&text, o->p, o->len);
	if (o->has_arg) {
		buf_byte(&text, '[');
		buf_put(&text, o->arg, o->arg_len);
		buf_byte(&text, ']');
	}
	n = field_parse(&x->ref, buf_text(&text), text.len, at->l->arena);
	if (n != text.len) {
		if (!field_find(o->p, o->len))
			near = field_suggest(o->p, o->len);
		lang_fail(at->l, LANG_UNKNOWN, at->text, o->off,
			  "filter_check called with nonexistent field %.200s%s%s%s",
			  buf_text(&text), near ? "; did you mean " : "", near ? near : "",
			  near ? "?" : "");
		buf_release(&text);
		return NULL;
	}
	buf_release(&text);
	x->type = x->ref.desc->type;
	x->list = x->ref.desc->flags & FIELD_LIST;
	if (!param_known(&x->ref))
		return FAIL(LANG_TYPE, o->off, "unknown event argument %s%s", x->ref.key,
			    param_near(x->ref.key));
	return x;
}

static bool is_text(const struct extract *x)
{
	return x->type == FIELD_STRING;
}

bool transform_takes(enum transform fn, enum field_type type, bool list)
{
	if (type == FIELD_STRING || (fn == TR_LEN && list))
		return true;
	return type == FIELD_BYTES && (fn == TR_B64 || fn == TR_LEN);
}

static struct extract *check_one(const struct at *at, const struct operand *o,
				 struct extract *x)
{
	const struct extract *k = x->kids[0];

	x->list = k->list;
	if (x->fn == TR_B64)
		x->type = k->type;
	if (x->fn == TR_LEN) {
		x->type = FIELD_UINT;
		x->list = false;
	}
	if (!transform_takes((enum transform)x->fn, (enum field_type)k->type, k->list))
		return FAIL(LANG_TYPE, o->off, "can't add field transformer: type '%s' is not "
			    "supported by '%s' transformer applied on field '%.200s'",
			    type_name(k), transforms[x->fn].name,
			    k->from == FROM_FIELD ? k->ref.text : "(a transformer)");
	return x;
}

static struct extract *check_join(const struct at *at, const struct operand *o,
				  struct extract *x)
{
	const struct extract *sep = x->kids[0], *list = x->kids[1];

	if (sep->list)
		return FAIL(LANG_TYPE, o->off, "join() first argument (separator) must be a "
			    "single value, not a list");
	if (!is_text(sep))
		return FAIL(LANG_TYPE, o->off,
			    "join() first argument (separator) must be a string");
	if (!list->list)
		return FAIL(LANG_TYPE, o->off, "join() second argument must be a list");
	return x;
}

static struct extract *check_concat(const struct at *at, const struct operand *o,
				    struct extract *x)
{
	for (uint32_t i = 0; i < x->n_kids; i++)
		if (!is_text(x->kids[i]) || x->kids[i]->list)
			return FAIL(LANG_TYPE, o->off, "concat() arguments must be strings");
	return x;
}

static struct extract *check_getopt(const struct at *at, const struct operand *o,
				    struct extract *x)
{
	if (!x->kids[0]->list || !is_text(x->kids[0]))
		return FAIL(LANG_TYPE, o->off, "getopt() first argument must be a list");
	if (x->kids[1]->list || !is_text(x->kids[1]))
		return FAIL(LANG_TYPE, o->off,
			    "getopt() second argument (optstring) must be a single value");
	x->list = !o->has_arg;
	if (!o->has_arg)
		return x;
	if (o->arg_len != 1)
		return FAIL(LANG_TYPE, o->off,
			    "getopt() field argument must be a single option character");
	x->p = o->arg;
	x->len = 1;
	return x;
}

static struct extract *check_call(const struct at *at, const struct operand *o)
{
	const struct transform_desc *d = &transforms[o->fn];
	struct extract *x = extract_new(at, FROM_CALL, FIELD_STRING);

	x->fn = (uint8_t)o->fn;
	x->n_kids = o->n_kids;
	x->kids = arena_alloc(at->l->arena, (o->n_kids + 1) * sizeof(*x->kids));
	for (uint32_t i = 0; i < o->n_kids; i++) {
		const struct extract *k = x->kids[i] = extract_check(at, o->kids[i]);

		if (!k)
			return NULL;
		if (k->from == FROM_FIELD && k->ref.desc->flags & FIELD_NO_TRANSFORM)
			return FAIL(LANG_TYPE, o->off, "field '%s' does not support transformers",
				    k->ref.desc->name);
	}
	if (o->n_kids < d->least)
		return FAIL(LANG_TYPE, o->off, "unknown field transformer '%s' with %u argument%s",
			    d->name, o->n_kids, o->n_kids == 1 ? "" : "s");
	if (o->n_kids > d->most)
		return FAIL(LANG_TYPE, o->off, "%s() requires exactly %u arguments", d->name,
			    d->most);
	switch ((enum transform)o->fn) {
	case TR_JOIN:
		return check_join(at, o, x);
	case TR_CONCAT:
		return check_concat(at, o, x);
	case TR_GETOPT:
		return check_getopt(at, o, x);
	case TR_TOLOWER:
	case TR_TOUPPER:
	case TR_B64:
	case TR_BASENAME:
	case TR_LEN:
	case TR__N:
		break;
	}
	return check_one(at, o, x);
}

/* A list of arguments: all of one type; one without elements is one of texts. */
static struct extract *check_list(const struct at *at, const struct operand *o)
{
	struct extract *x = extract_new(at, FROM_LIST, FIELD_STRING);

	x->list = true;
	x->n_kids = o->n_kids;
	x->kids = arena_alloc(at->l->arena, (o->n_kids + 1) * sizeof(*x->kids));
	for (uint32_t i = 0; i < o->n_kids; i++) {
		x->kids[i] = extract_check(at, o->kids[i]);
		if (!x->kids[i])
			return NULL;
		if (x->kids[i]->list)
			return FAIL(LANG_TYPE, o->off, "a list of arguments cannot hold lists");
		if (i == 0)
			x->type = x->kids[i]->type;
		else if (x->type != x->kids[i]->type)
			return FAIL(LANG_TYPE, o->off,
				    "the elements of a list of arguments must have one type");
	}
	return x;
}

static struct extract *check_text(const struct at *at, const struct operand *o)
{
	struct extract *x = extract_new(at, FROM_CONST, FIELD_STRING);

	x->p = o->p;
	x->len = o->len;
	return x;
}

struct extract *extract_check(const struct at *at, const struct operand *o)
{
	switch ((enum operand_kind)o->kind) {
	case OPERAND_FIELD:
		return check_field(at, o);
	case OPERAND_CALL:
		return check_call(at, o);
	case OPERAND_LIST:
		return check_list(at, o);
	case OPERAND_TEXT:
	case OPERAND_NUMBER:
	case OPERAND_NAME:
	case OPERAND_NONE:
		break;
	}
	return check_text(at, o);
}
