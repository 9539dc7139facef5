/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding predicates and running code over one event. */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/among.h"
#include "rules/lang/engine.h"
#include "rules/lang/pathset.h"
#include "rules/lang/ranges.h"
#include "rules/lang/regex.h"
#include "rules/lang/search.h"
#include "rules/lang/strindex.h"

void matcher_init(struct matcher *m, const struct engine *e)
{
	uint64_t *bits;

	*m = (struct matcher){
		.e = e,
		.memo = xcalloc(e->pred_names.n + e->n_parts + 1, sizeof(*m->memo)),
		.values = xcalloc(e->slot_names.n + 1, sizeof(*m->values)),
		.found = xcalloc(e->n_found + 1, sizeof(*m->found)),
		.found_bits = xcalloc(e->n_found_words + 1, sizeof(*m->found_bits)),
		.regex_data = e->regexes ? regex_data_new() : NULL,
	};
	bits = m->found_bits;
	for (size_t i = 0; i < e->slot_names.n * 2; i++) {
		const struct slot *s = &e->slots[i / 2];
		struct found_among *f = &m->found[s->found[i % 2]];

		if (!s->among[i % 2])
			continue;
		f->n_words = (s->n_among[i % 2] + 63) / 64;
		f->bits = bits;
		bits += f->n_words;
	}
}

void matcher_release(struct matcher *m)
{
	free(m->memo);
	free(m->values);
	free(m->found);
	free(m->found_bits);
	regex_data_free(m->regex_data);
	*m = (struct matcher){0};
}

void matcher_begin(struct matcher *m, const struct field_ctx *ctx)
{
	m->ctx = ctx;
	m->n_events++;
	m->stamp += 2;
	if (m->stamp)
		return;
	/* After 2^31 events old stamps would look new. */
	memset(m->memo, 0, (m->e->pred_names.n + m->e->n_parts) * sizeof(*m->memo));
	memset(m->values, 0, m->e->slot_names.n * sizeof(*m->values));
	for (uint32_t i = 0; i < m->e->n_found; i++)
		m->found[i].stamp = 0;
	m->stamp = 2;
}

/* What is not one value of a field. */
static __attribute__((noinline)) bool get(struct matcher *m, const struct slot *s,
					  struct slot_value *v)
{
	const struct extract *x = s->x;

	v->all = (struct fval_list){ .arena = m->ctx->scratch };
	if (x->from != FROM_FIELD)
		return transform_get(m, x, &v->v, &v->all);
	return x->ref.desc->get_all(m->ctx, &x->ref, &v->all) == FIELD_FOUND;
}

static inline struct slot_value *value(struct matcher *m, uint32_t slot)
{
	struct slot_value *v = &m->values[slot];
	const struct slot *s = &m->e->slots[slot];

	if (v->stamp == m->stamp)
		return v;
	v->stamp = m->stamp + s->varies;	/* stamps of events are even */
	v->looked = 0;
	m->n_slots++;
	v->found = s->get ? s->get(m->ctx, s->ref, &v->v) == FIELD_FOUND : get(m, s, v);
	return v;
}

const struct slot_value *matcher_slot(struct matcher *m, uint32_t slot)
{
	return value(m, slot);
}

static int order_bytes(const struct fval *v, const struct constant *c)
{
	const uint32_t n = v->len < c->len ? v->len : c->len;
	const int r = n ? memcmp(v->p, c->p, n) : 0;

	return r ? r : (v->len > c->len) - (v->len < c->len);
}

static bool same_net(const struct fval *v, const struct constant *c)
{
	const unsigned whole = c->prefix / 8, rest = c->prefix % 8;

	if (v->len != c->len || memcmp(v->p, c->p, whole) != 0)
		return false;
	return !rest || ((v->p[whole] ^ c->p[whole]) & 0xff << (8 - rest) & 0xff) == 0;
}

/* -1, 0, 1; for addresses 0 or 1 (equal or not). */
static int order_value(enum field_type type, const struct fval *v, const struct constant *c)
{
	switch (type) {
	case FIELD_INT:
		return (v->i > c->i) - (v->i < c->i);
	case FIELD_UINT:
	case FIELD_BOOL:
	case FIELD_PORT:
		return (v->u > c->u) - (v->u < c->u);
	case FIELD_DOUBLE:
		return (v->d > c->d) - (v->d < c->d);
	case FIELD_STRING:
	case FIELD_BYTES:
		return order_bytes(v, c);
	case FIELD_IP:
	case FIELD_NET:
		return !same_net(v, c);
	case FIELD_DYN:
		break;
	}
	return 1;
}

static bool text_test(struct matcher *m, enum test test, const struct fval *v,
		      const struct constant *c)
{
	struct needle needle;

	switch (test) {
	case TEST_CONTAINS:
		needle = needle_once(c->p, c->len);
		return text_search(v->p, v->len, &needle);
	case TEST_ICONTAINS:
		needle = needle_once(c->p, c->len);
		return text_search_folded(v->p, v->len, &needle);
	case TEST_PREFIX:
		return v->len >= c->len && memcmp(v->p, c->p, c->len) == 0;
	case TEST_SUFFIX:
		return v->len >= c->len && memcmp(v->p + v->len - c->len, c->p, c->len) == 0;
	case TEST_GLOB:
	case TEST_IGLOB:
		return glob_match(c->p, c->len, v->p, v->len, test == TEST_IGLOB);
	case TEST_REGEX:
		return regex_match(c->regex, m->regex_data, v->p, v->len);
	case TEST_PMATCH:
		return pathset_match(c->paths, v->p, v->len);
	default:
		return false;
	}
}

static bool compare(struct matcher *m, enum test test, enum field_type type,
		    const struct fval *v, const struct constant *c)
{
	if (type == FIELD_DYN) {
		type = (enum field_type)v->type;
		if (type != FIELD_STRING && type != FIELD_BYTES && !c->number)
			return test == TEST_NE;
	}
	switch (test) {
	case TEST_EXISTS:
		return true;
	case TEST_EQ:
		return order_value(type, v, c) == 0;
	case TEST_NE:
		return order_value(type, v, c) != 0;
	case TEST_LT:
		return order_value(type, v, c) < 0;
	case TEST_LE:
		return order_value(type, v, c) <= 0;
	case TEST_GT:
		return order_value(type, v, c) > 0;
	case TEST_GE:
		return order_value(type, v, c) >= 0;
	default:
		break;
	}
	return (type == FIELD_STRING || type == FIELD_BYTES) && text_test(m, test, v, c);
}

static void constant_of(struct constant *c, const struct fval *v)
{
	*c = (struct constant){ .u = v->u, .number = true };
	if (v->type == FIELD_STRING || v->type == FIELD_BYTES || v->type == FIELD_IP ||
	    v->type == FIELD_NET) {
		c->p = v->p;
		c->len = v->len;
		c->prefix = (uint8_t)(v->len * 8);
	} else {
		c->p = "";
	}
}

/* Whether any of the values stands in the wanted relation to the constant; for "!="
 * over both ends all must. */
static bool over_values(struct matcher *m, const struct pred *p, const struct slot_value *v,
			const struct constant *c)
{
	const bool all = p->shape == SHAPE_ENDS && p->test == TEST_NE;

	if (p->shape == SHAPE_ONE)
		return compare(m, (enum test)p->test, (enum field_type)p->type, &v->v, c);
	for (unsigned i = 0; i < v->all.n; i++)
		if (compare(m, (enum test)p->test, (enum field_type)p->type, &v->all.v[i], c) !=
		    all)
			return !all;
	return all && v->all.n > 0;
}

bool matcher_constant(struct matcher *m, const struct pred *p, const struct constant *c)
{
	const struct slot_value *v = value(m, p->slot);

	return v->found && over_values(m, p, v, c);
}

/* How many constants hold, as the modifier counts them. */
static bool over_constants(struct matcher *m, const struct pred *p, const struct slot_value *v)
{
	uint32_t held = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		held += over_values(m, p, v, &p->c[i]);
		if (held && (p->mod == MOD_NONE || p->mod == MOD_ANYOF))
			return true;
		if (p->mod == MOD_ALLOF && held <= i)
			return false;
	}
	return p->mod == MOD_ALLOF ? p->n > 0 : p->mod == MOD_ONEOF ? held == 1 : false;
}

/* in over a list field: each value must be among the constants. */
static bool all_in(struct matcher *m, const struct pred *p, const struct slot_value *v)
{
	for (unsigned i = 0; i < v->all.n; i++) {
		uint32_t k = 0;

		while (k < p->n && !compare(m, TEST_EQ, (enum field_type)p->type, &v->all.v[i],
					    &p->c[k]))
			k++;
		if (k == p->n)
			return false;
	}
	return true;
}

/* The same over the set of all constants. */
static bool in_ranges(const struct pred *p, const struct slot_value *v)
{
	if (p->shape == SHAPE_ONE)
		return ranges_have(p->ranges, &v->v) != (p->test == TEST_NE);
	for (unsigned i = 0; i < v->all.n; i++)
		if (ranges_have(p->ranges, &v->all.v[i]) != p->all)
			return p->test == TEST_NE ? p->all : !p->all;
	return p->all || (p->test == TEST_NE && v->all.n > 0);
}

/* Apart, so that the usual way does not pay for its copy of a predicate. */
static __attribute__((noinline)) bool against_right(struct matcher *m, const struct pred *p,
						    const struct slot_value *v)
{
	const struct slot_value *r = value(m, p->right);
	const struct slot *s = &m->e->slots[p->right];
	const unsigned n = s->shape == SHAPE_ONE ? 1 : r->all.n;
	struct pred as = *p;
	bool result;

	if (!r->found)
		return false;
	as.n = n;
	as.c = arena_alloc(m->ctx->scratch, (n + 1) * sizeof(*as.c));
	for (unsigned i = 0; i < n; i++)
		constant_of(&as.c[i], s->shape == SHAPE_ONE ? &r->v : &r->all.v[i]);
	result = p->all ? all_in(m, &as, v) : over_constants(m, &as, v);
	return result;
}

static inline void look(struct slot_value *v, const struct strindex *x, unsigned index)
{
	if (v->looked & 1 << index)
		return;
	v->looked |= (uint8_t)(1 << index);
	v->row[index] = strindex_look(x, v->v.p, v->v.len);
}

static inline bool in_table(struct slot_value *v, const struct strindex *x, unsigned index,
			    uint32_t bit)
{
	look(v, x, index);
	return strindex_bit(x, v->row[index], bit);
}

/* Any of the values, or all of them. */
static bool list_in_table(const struct pred *p, const struct strindex *x,
			  const struct slot_value *v)
{
	for (unsigned i = 0; i < v->all.n; i++)
		if (strindex_bit(x, strindex_look(x, v->all.v[i].p, v->all.v[i].len), p->bit) !=
		    p->all)
			return !p->all;
	return p->all;
}

bool matcher_decide(struct matcher *m, const struct pred *p, struct slot_value *v)
{
	if (!v->found || p->never)
		return false;
	if (p->index != NO_INDEX && p->shape != SHAPE_ONE)
		return list_in_table(p, m->e->slots[p->slot].index[p->index], v);
	if (p->index != NO_INDEX)
		return in_table(v, m->e->slots[p->slot].index[p->index], p->index, p->bit) !=
		       p->negate;
	if (p->simple)
		return compare(m, (enum test)p->test, (enum field_type)p->type, &v->v, p->c);
	if (p->test == TEST_EXISTS)
		return true;
	if (p->right != NO_SLOT)
		return against_right(m, p, v);
	if (p->ranges)
		return in_ranges(p, v);
	return p->all ? all_in(m, p, v) : over_constants(m, p, v);
}

/* The long ways, apart so that the short ones stay short. */
static __attribute__((noinline)) bool find_out_general(struct matcher *m, uint32_t test)
{
	const struct pred *p = &m->e->preds[test];
	const bool is = matcher_decide(m, p, value(m, p->slot));

	if (!p->varies)
		m->memo[test] = m->stamp | is;
	return is;
}

static __attribute__((noinline)) bool find_out_part(struct matcher *m, uint32_t test)
{
	const bool is = matcher_run(m, m->e->quick[test].pc);

	m->memo[test] = m->stamp | is;
	return is;
}

enum { ONE_BY_ONE = 8 };		/* texts that may be looked for before it is time to walk */

/* One walk decides all predicates that look for texts in the slot. */
static void walk(struct matcher *m, const struct slot *s, unsigned kind, const struct fval *v)
{
	const struct found_among *f = &m->found[s->found[kind]];

	memset(f->bits, 0, f->n_words * sizeof(*f->bits));
	among_find(s->among[kind], v->p, v->len, f->bits);
	for (uint32_t i = 0; i < s->n_among[kind]; i++)
		m->memo[s->among_preds[kind][i]] = m->stamp | (f->bits[i / 64] >> i % 64 & 1);
}

/* A text of many that the slot is searched for.  Rules seldom ask for more than a few on one
 * event; as soon as they do, one walk answers for all. */
static __attribute__((noinline)) bool find_out_among(struct matcher *m, uint32_t test)
{
	const struct pred *p = &m->e->preds[test];
	const unsigned kind = p->test == TEST_ICONTAINS;
	const struct slot *s = &m->e->slots[p->slot];
	struct found_among *f = &m->found[s->found[kind]];
	struct slot_value *v = value(m, p->slot);

	if (f->stamp != m->stamp) {
		f->stamp = m->stamp;
		f->asked = 0;
	}
	f->asked += p->n;
	if (v->found && f->asked > ONE_BY_ONE)
		walk(m, s, kind, &v->v);
	else
		m->memo[test] = m->stamp | (v->found && matcher_decide(m, p, v));
	return m->memo[test] & 1;
}

/* What is not remembered of this event. */
bool matcher_find_out(struct matcher *m, uint32_t test)
{
	const struct quick *q = &m->e->quick[test];
	struct slot_value *v;
	bool is;

	if (q->way == WAY_PART)
		return find_out_part(m, test);
	m->n_preds++;
	if (q->way == WAY_GENERAL)
		return find_out_general(m, test);
	if (q->way == WAY_AMONG)
		return find_out_among(m, test);
	v = value(m, q->slot);
	if (!v->found)
		is = false;
	else if (q->way == WAY_RANGE)
		is = (v->v.u - q->low <= q->span) != q->negate;
	else if (q->way == WAY_SAME)
		is = (v->v.len == q->size && text_head(v->v.p, q->size) == q->head) != q->negate;
	else if (q->way == WAY_TABLE)
		is = in_table(v, q->table, q->index, q->bit) != q->negate;
	else
		is = text_search(v->v.p, v->v.len, &q->needle);
	m->memo[test] = m->stamp | is;
	return is;
}

bool matcher_plain(struct matcher *m, uint32_t slot, unsigned index)
{
	const struct strindex *x = m->e->slots[slot].index[index];
	struct slot_value *v = value(m, slot);

	if (!v->found)
		return false;
	look(v, x, index);
	return strindex_plain(x, v->row[index]);
}

bool matcher_pred(struct matcher *m, uint32_t pred)
{
	return matcher_test(m, pred);
}

bool matcher_run(struct matcher *m, uint32_t pc)
{
	const struct insn *code = m->e->code;
	const uint32_t *memo = m->memo, stamp = m->stamp;
	bool is;

	while (pc < CODE_NONE) {
		const struct insn *i = &code[pc];
		const uint32_t seen = memo[i->test];

		is = (seen ^ stamp) <= 1 ? seen & 1 : matcher_find_out(m, i->test);
		pc = is ? i->yes : i->no;
	}
	return pc == CODE_TRUE;
}
