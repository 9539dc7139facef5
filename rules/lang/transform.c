/* SPDX-License-Identifier: Apache-2.0 */
/* Values of transformers.  Results live in the scratch memory of the event. */
#include <string.h>

#include "rules/lang/engine.h"

static struct fval text_value(const char *p, size_t len)
{
	return (struct fval){ .p = p, .len = (uint32_t)len, .type = FIELD_STRING };
}

static struct fval fold(struct arena *a, const struct fval *v, char first, char last)
{
	char *p = arena_strn(a, v->p, v->len);

	for (uint32_t i = 0; i < v->len; i++)
		if (p[i] >= first && p[i] <= last)
			p[i] ^= 0x20;
	return text_value(p, v->len);
}

static int sextet(unsigned char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *s = c ? strchr(alphabet, c) : NULL;

	return s ? (int)(s - alphabet) : -1;
}

/* Base 64, padded or not.  False if it is none: other bytes in it, or bits left over
 * that are not zero. */
static bool decode(struct arena *a, const struct fval *v, struct fval *out)
{
	uint32_t len = v->len, bits = 0, n = 0;
	unsigned have = 0;
	char *p;

	while (len && v->len % 4 == 0 && v->len - len < 2 && v->p[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return false;
	p = arena_alloc(a, (size_t)len + 1);
	for (uint32_t i = 0; i < len; i++) {
		const int s = sextet((unsigned char)v->p[i]);

		if (s < 0)
			return false;
		bits = bits << 6 | (uint32_t)s;
		have += 6;
		if (have >= 8) {
			have -= 8;
			p[n++] = (char)(bits >> have);
		}
	}
	if (bits & ((1u << have) - 1))
		return false;
	p[n] = 0;
	*out = text_value(p, n);
	out->type = v->type;
	return true;
}

static bool one(struct arena *a, enum transform fn, const struct fval *v, struct fval *out)
{
	const char *slash;

	switch (fn) {
	case TR_TOLOWER:
		*out = fold(a, v, 'A', 'Z');
		return true;
	case TR_TOUPPER:
		*out = fold(a, v, 'a', 'z');
		return true;
	case TR_BASENAME:
		slash = memrchr(v->p, '/', v->len);
		*out = slash ? text_value(slash + 1, (size_t)(v->p + v->len - slash - 1)) : *v;
		return true;
	case TR_B64:
		return decode(a, v, out);
	default:
		return false;
	}
}

/* All values of a side, one or many. */
static bool get_all(struct matcher *m, const struct extract *x, struct fval_list *l)
{
	struct fval v;

	*l = (struct fval_list){ .arena = m->ctx->scratch };
	if (!transform_get(m, x, &v, l))
		return false;
	if (!x->list && l->n == 0)
		fval_list_add(l, &v);
	return true;
}

/* Numbers and the like as they are printed. */
static void as_texts(struct arena *a, struct fval_list *l)
{
	struct buf b = {0};

	for (unsigned i = 0; i < l->n; i++) {
		if (l->v[i].type == FIELD_STRING || l->v[i].type == FIELD_BYTES)
			continue;
		buf_reset(&b);
		fval_text(&b, &l->v[i]);
		l->v[i] = text_value(arena_strn(a, b.p, b.len), b.len);
	}
	buf_release(&b);
}

static struct fval join(struct arena *a, const struct fval *sep, struct fval_list *l)
{
	size_t len = 0, at = 0;
	char *p;

	as_texts(a, l);
	for (unsigned i = 0; i < l->n; i++)
		len += l->v[i].len + sep->len;
	p = arena_alloc(a, len + 1);
	for (unsigned i = 0; i < l->n; i++) {
		if (i && sep->len) {
			memcpy(p + at, sep->p, sep->len);
			at += sep->len;
		}
		if (l->v[i].len)
			memcpy(p + at, l->v[i].p, l->v[i].len);
		at += l->v[i].len;
	}
	p[at] = 0;
	return text_value(p, at);
}

/* 0: no such option, 1: a flag, 2: it takes a value. */
static int option_kind(const struct fval *spec, char c)
{
	if (c == ':' || c == 0)
		return 0;
	for (uint32_t i = 0; i < spec->len; i++)
		if (spec->p[i] == c)
			return i + 1 < spec->len && spec->p[i + 1] == ':' ? 2 : 1;
	return 0;
}

/* What is looked for in arguments, and what was found. */
struct options {
	const struct fval *spec;
	char want;		/* the option whose value is asked for; 0: list all */
	char takes;		/* the next argument is the value of this one */
	bool has;
	struct fval *value;
	struct fval_list *list;
};

static void option_found(struct options *o, char c, const struct fval *name,
			 const struct fval *value)
{
	if (o->want == c) {
		*o->value = value ? *value : *name;
		o->has = true;
	}
	if (o->want)
		return;
	fval_list_add(o->list, name);
	if (value)
		fval_list_add(o->list, value);
}

/* One argument "-abc". */
static void option_word(struct options *o, const struct fval *w)
{
	for (uint32_t i = 1; i < w->len; i++) {
		const int kind = option_kind(o->spec, w->p[i]);
		const struct fval name = text_value(w->p + i, 1);
		const struct fval rest = text_value(w->p + i + 1, w->len - i - 1);

		if (kind == 1)
			option_found(o, w->p[i], &name, NULL);
		if (kind < 2)
			continue;
		if (rest.len)
			option_found(o, w->p[i], &name, &rest);
		else
			o->takes = w->p[i];
		return;
	}
}

/* Options end at the first word that is none; long ones are passed over.  An option whose
 * value is missing has the empty one, and does not appear by name. */
static bool getopt_list(struct options *o, const struct fval_list *args)
{
	const struct fval none = text_value("", 0);

	for (unsigned i = 0; i < args->n; i++) {
		const struct fval *w = &args->v[i];

		if (o->takes) {
			const struct fval name = text_value(args->v[i - 1].p +
							    args->v[i - 1].len - 1, 1);

			option_found(o, o->takes, &name, w);
			o->takes = 0;
			continue;
		}
		if (w->len < 2 || w->p[0] != '-' || (w->len == 2 && w->p[1] == '-'))
			break;
		if (w->p[1] != '-')
			option_word(o, w);
	}
	if (o->takes && (!o->want || o->want == o->takes))
		option_found(o, o->takes, &none, NULL);
	return o->want ? o->has : true;
}

static bool call_many(struct matcher *m, const struct extract *x, struct fval *v,
		      struct fval_list *l)
{
	struct fval_list all[2] = {{0}}, joined;
	struct options options;
	struct fval first;

	if (x->fn == TR_CONCAT) {
		all[1].arena = m->ctx->scratch;
		for (uint32_t i = 0; i < x->n_kids; i++) {
			if (!get_all(m, x->kids[i], &joined) || !joined.n)
				return false;
			fval_list_add(&all[1], &joined.v[0]);
		}
		first = text_value("", 0);
		*v = join(m->ctx->scratch, &first, &all[1]);
		return true;
	}
	if (!get_all(m, x->kids[0], &all[0]) || !get_all(m, x->kids[1], &all[1]))
		return false;
	options = (struct options){ .spec = &all[1].v[0], .want = x->p ? *x->p : 0,
				    .value = v, .list = l };
	if (x->fn == TR_GETOPT)
		return all[1].n && getopt_list(&options, &all[0]);
	*v = join(m->ctx->scratch, &all[0].v[0], &all[1]);
	return true;
}

static bool call(struct matcher *m, const struct extract *x, struct fval *v, struct fval_list *l)
{
	struct fval_list in;
	struct fval out;

	if (x->fn == TR_JOIN || x->fn == TR_CONCAT || x->fn == TR_GETOPT)
		return call_many(m, x, v, l);
	if (!get_all(m, x->kids[0], &in))
		return false;
	if (x->fn == TR_LEN) {
		*v = (struct fval){ .u = x->kids[0]->list ? in.n : in.v[0].len,
				    .type = FIELD_UINT };
		return true;
	}
	for (unsigned i = 0; i < in.n; i++) {
		if (!one(m->ctx->scratch, (enum transform)x->fn, &in.v[i], &out))
			return false;
		if (x->list)
			fval_list_add(l, &out);
		else
			*v = out;
	}
	return true;
}

bool transform_get(struct matcher *m, const struct extract *x, struct fval *v,
		   struct fval_list *l)
{
	struct fval_list kid;

	switch ((enum source_kind)x->from) {
	case FROM_FIELD:
		if (x->list)
			return x->ref.desc->get_all(m->ctx, &x->ref, l) == FIELD_FOUND;
		return x->ref.desc->get(m->ctx, &x->ref, v) == FIELD_FOUND;
	case FROM_CONST:
		*v = text_value(x->p, x->len);
		return true;
	case FROM_LIST:
		for (uint32_t i = 0; i < x->n_kids; i++) {
			if (!get_all(m, x->kids[i], &kid) || !kid.n)
				return false;
			fval_list_add(l, &kid.v[0]);
		}
		return true;
	case FROM_CALL:
		return call(m, x, v, l);
	}
	return false;
}
