/* SPDX-License-Identifier: Apache-2.0 */
/* What two checks of one field say of each other.
 *
 * A check of a field with one value is a set of values: finite (=, in), all (exists), a range of
 * numbers, nets, or texts with a prefix, suffix or part.  != and not take the complement, and only
 * "not" also holds where the field is absent.  Whether a finite set lies in any other is found
 * by asking the other for each of its values, with the code that events are asked with. */
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { BUDGET = 20000000, NODE_DEPTH = 12 };

typedef __int128 wide;

enum kind { KIND_OTHER, KIND_ALL, KIND_FINITE, KIND_RANGE, KIND_TEXT, KIND_NETS };

/* A literal as a set of values, and whether absent fields are in it. */
struct set {
	const struct pred *p;
	enum kind kind;
	bool outside;			/* what is not in it */
	bool absent;
	bool many;			/* the field has several values; any counts */
};

void logic_init(struct logic *g, const struct engine *e)
{
	*g = (struct logic){ .e = e, .budget = BUDGET };
	g->ctx.scratch = &g->scratch;
	matcher_init(&g->m, e);
	g->m.ctx = &g->ctx;
}

void logic_release(struct logic *g)
{
	matcher_release(&g->m);
	arena_release(&g->scratch);
}

static bool pay(struct logic *g, uint64_t n)
{
	if (g->budget < n)
		return false;
	g->budget -= n;
	return true;
}

/* ---- one predicate ---- */

static bool is_text(const struct pred *p)
{
	return p->type == FIELD_STRING || p->type == FIELD_BYTES;
}

/* It holds in any of its nets, or for "!=" in none of them.  (Of nets that overlap, oneof holds
 * where just one is met.) */
static bool is_union(const struct pred *p)
{
	return p->n == 1 || (p->test == TEST_EQ && p->mod != MOD_ALLOF && p->mod != MOD_ONEOF) ||
	       (p->test == TEST_NE && p->mod == MOD_ALLOF);
}

static enum kind kind_of(const struct pred *p)
{
	const bool several = p->n > 1;

	if (p->right != NO_SLOT || p->all || p->never || p->varies || p->type == FIELD_DYN ||
	    (p->n == 0 && p->test != TEST_EXISTS))
		return KIND_OTHER;
	if (p->test != TEST_EXISTS && (p->type == FIELD_NET || p->type == FIELD_IP))
		return is_union(p) ? KIND_NETS : KIND_OTHER;
	switch ((enum test)p->test) {
	case TEST_EXISTS:
		return KIND_ALL;
	case TEST_EQ:
		return several && p->mod == MOD_ALLOF ? KIND_OTHER : KIND_FINITE;
	case TEST_NE:
		return several && p->mod != MOD_ALLOF ? KIND_OTHER : KIND_FINITE;
	case TEST_LT: case TEST_LE: case TEST_GT: case TEST_GE:
		return p->n != 1 || is_text(p) || p->type == FIELD_DOUBLE ?
		       KIND_OTHER : KIND_RANGE;
	case TEST_CONTAINS: case TEST_ICONTAINS: case TEST_PREFIX: case TEST_SUFFIX:
	case TEST_GLOB: case TEST_IGLOB: case TEST_REGEX:
		return several && (p->mod == MOD_ALLOF || p->mod == MOD_ONEOF) ? KIND_OTHER :
		       KIND_TEXT;
	case TEST_PMATCH:
		return KIND_TEXT;
	}
	return KIND_OTHER;
}

static struct set set_of(const struct logic *g, struct lit l)
{
	const struct pred *p = &g->e->preds[l.pred];
	struct set s = { .p = p, .kind = kind_of(p), .absent = l.not,
			 .many = p->shape != SHAPE_ONE,
			 .outside = l.not != (p->test == TEST_NE) };

	/* "!=" over several values is not the complement of "=" over them */
	if (s.many && p->test == TEST_NE)
		s.kind = KIND_OTHER;
	return s;
}

static void value_of(const struct pred *p, const struct constant *c, struct slot_value *v)
{
	*v = (struct slot_value){ .found = true, .v = { .u = c->u, .type = p->type } };
	if (is_text(p) || p->type == FIELD_IP) {
		v->v.p = c->p;
		v->v.len = c->len;
	} else if (p->type == FIELD_DOUBLE) {
		v->v.d = c->d;
	}
}

/* Whether one value satisfies the check, "!=" taken as "=". */
static bool holds(struct logic *g, const struct pred *p, struct slot_value *v)
{
	struct pred alone = *p;

	alone.index = NO_INDEX;
	alone.shape = SHAPE_ONE;
	alone.simple = p->n == 1;
	if (p->test == TEST_NE) {
		alone.test = TEST_EQ;
		alone.mod = MOD_NONE;
	}
	return matcher_decide(&g->m, &alone, v);
}

/* How many of the constants of a lie in b: *n of them; false: too dear. */
static bool count_in(struct logic *g, const struct pred *a, const struct pred *b, uint32_t *n)
{
	struct slot_value v;

	*n = 0;
	if (!pay(g, (uint64_t)(a->n + 1) * (b->n + 1)))
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		value_of(a, &a->c[i], &v);
		*n += holds(g, b, &v);
	}
	return true;
}

/* ---- ranges ---- */

struct range {
	wide lo, hi;
};

static const wide LEAST = -((wide)1 << 100), MOST = (wide)1 << 100;

static struct range range_of(const struct pred *p)
{
	const wide x = p->type == FIELD_INT ? (wide)p->c[0].i : (wide)p->c[0].u;
	struct range r = { LEAST, MOST };

	if (p->test == TEST_LT || p->test == TEST_LE)
		r.hi = p->test == TEST_LT ? x - 1 : x;
	else
		r.lo = p->test == TEST_GT ? x + 1 : x;
	return r;
}

/* ---- texts and nets ---- */

static uint64_t cost(const struct pred *p)
{
	uint64_t n = 1;

	for (uint32_t i = 0; i < p->n; i++)
		n += p->type == FIELD_NET || p->type == FIELD_IP ? 1 : text_cost(p, i);
	return n;
}

static bool constants_within(struct logic *g, const struct pred *a, const struct pred *b,
			     bool nets)
{
	if (a->n == 0 || !pay(g, cost(a) * b->n + cost(b) * a->n))
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t k = 0;

		while (k < b->n && !(nets ? net_within(&a->c[i], &b->c[k]) :
				     text_within((enum test)a->test, &a->c[i],
						 (enum test)b->test, &b->c[k])))
			k++;
		if (k == b->n)
			return false;
	}
	return true;
}

static bool constants_apart(struct logic *g, const struct pred *a, const struct pred *b,
			    bool nets)
{
	if (!pay(g, cost(a) * b->n + cost(b) * a->n))
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		for (uint32_t k = 0; k < b->n; k++)
			if (!(nets ? net_apart(&a->c[i], &b->c[k]) :
			      text_apart((enum test)a->test, &a->c[i], (enum test)b->test,
					 &b->c[k])))
				return false;
	return a->n && b->n;
}

bool logic_constant_within(struct logic *g, const struct pred *p, uint32_t i, uint32_t k)
{
	const enum test t = (enum test)p->test;

	if (p->type == FIELD_NET)
		return t == TEST_EQ && net_within(&p->c[i], &p->c[k]);
	return pay(g, text_cost(p, i) + text_cost(p, k)) &&
	       text_within(t, &p->c[i], t, &p->c[k]);
}

/* ---- sets without complement ---- */

static bool within(struct logic *g, const struct set *a, const struct set *b)
{
	struct range x, y;
	uint32_t n;

	if (a->p == b->p || b->kind == KIND_ALL)
		return true;
	if (a->kind == KIND_FINITE)
		return count_in(g, a->p, b->p, &n) && n == a->p->n;
	if (a->kind == b->kind && (a->kind == KIND_TEXT || a->kind == KIND_NETS))
		return constants_within(g, a->p, b->p, a->kind == KIND_NETS);
	if (a->kind != KIND_RANGE || b->kind != KIND_RANGE)
		return false;
	x = range_of(a->p);
	y = range_of(b->p);
	return x.lo >= y.lo && x.hi <= y.hi;
}

static bool apart(struct logic *g, const struct set *a, const struct set *b)
{
	struct range x, y;
	uint32_t n;

	if (a->kind == KIND_FINITE && b->kind != KIND_ALL)
		return count_in(g, a->p, b->p, &n) && n == 0;
	if (b->kind == KIND_FINITE && a->kind != KIND_ALL)
		return count_in(g, b->p, a->p, &n) && n == 0;
	if (a->kind == b->kind && (a->kind == KIND_TEXT || a->kind == KIND_NETS))
		return constants_apart(g, a->p, b->p, a->kind == KIND_NETS);
	if (a->kind != KIND_RANGE || b->kind != KIND_RANGE)
		return false;
	x = range_of(a->p);
	y = range_of(b->p);
	return x.hi < y.lo || y.hi < x.lo;
}

/* Together they are all values. */
static bool fill(const struct set *a, const struct set *b)
{
	struct range x, y;

	if (a->kind == KIND_ALL || b->kind == KIND_ALL)
		return true;
	if (a->p->type == FIELD_BOOL && a->kind == KIND_FINITE && b->kind == KIND_FINITE &&
	    a->p->n && b->p->n)
		return a->p->c[0].u != b->p->c[0].u;
	if (a->kind != KIND_RANGE || b->kind != KIND_RANGE)
		return false;
	x = range_of(a->p);
	y = range_of(b->p);
	return (x.lo == LEAST && y.hi == MOST && y.lo <= x.hi + 1) ||
	       (y.lo == LEAST && x.hi == MOST && x.lo <= y.hi + 1);
}

/* ---- sets ---- */

/* fd.sip and fd.snet are the same address. */
static bool same_end(const struct engine *e, uint32_t a, uint32_t b)
{
	const struct extract *x = e->slots[a].x, *y = e->slots[b].x;
	const char *one, *other;

	if (x->from != FROM_FIELD || y->from != FROM_FIELD)
		return false;
	one = x->ref.desc->name;
	other = y->ref.desc->name;
	return strlen(one) > 4 && strncmp(one, "fd.", 3) == 0 && strncmp(one, other, 4) == 0 &&
	       ((strcmp(one + 4, "ip") == 0 && strcmp(other + 4, "net") == 0) ||
		(strcmp(one + 4, "net") == 0 && strcmp(other + 4, "ip") == 0));
}

bool logic_same_value(const struct engine *e, uint32_t slot, uint32_t other)
{
	return slot == other || same_end(e, slot, other);
}

static bool known(const struct logic *g, const struct set *a, const struct set *b)
{
	return a->kind != KIND_OTHER && b->kind != KIND_OTHER &&
	       logic_same_value(g->e, a->p->slot, b->p->slot);
}

static bool set_within(struct logic *g, const struct set *a, const struct set *b)
{
	if (a->p == b->p)
		return a->outside == b->outside && a->absent <= b->absent;
	if (!known(g, a, b) || a->absent > b->absent)
		return false;
	if (!a->outside && !b->outside)
		return within(g, a, b);
	if (a->outside && b->outside)
		return within(g, b, a);
	if (a->many)
		return false;
	return a->outside ? fill(a, b) : apart(g, a, b);
}

static bool set_apart(struct logic *g, const struct set *a, const struct set *b)
{
	if (a->p == b->p)
		return a->outside != b->outside;
	if (!known(g, a, b) || (a->absent && b->absent))
		return false;
	if (!a->outside && b->outside)
		return within(g, a, b);
	if (a->outside && !b->outside)
		return within(g, b, a);
	if (a->many)
		return false;
	return a->outside ? fill(a, b) : apart(g, a, b);
}

bool logic_implies(struct logic *g, struct lit a, struct lit b)
{
	const struct set x = set_of(g, a), y = set_of(g, b);

	return set_within(g, &x, &y);
}

bool logic_excludes(struct logic *g, struct lit a, struct lit b)
{
	const struct set x = set_of(g, a), y = set_of(g, b);

	return set_apart(g, &x, &y);
}

bool logic_covers(struct logic *g, struct lit a, struct lit b)
{
	struct set x = set_of(g, a), y = set_of(g, b);

	if (x.p == y.p)
		return x.outside != y.outside;
	x.outside = !x.outside;
	y.outside = !y.outside;
	x.absent = y.absent = false;
	return set_apart(g, &x, &y);
}

/* A net may lie partly in others. */
static int net_in(struct logic *g, const struct pred *p, const struct constant *c,
		  const struct set *s)
{
	bool apart = true;

	if (!logic_same_value(g->e, s->p->slot, p->slot) || !pay(g, s->p->n + 1))
		return -1;
	for (uint32_t i = 0; i < s->p->n; i++) {
		if (net_within(c, &s->p->c[i]))
			return !s->outside;
		apart = apart && net_apart(c, &s->p->c[i]);
	}
	return apart ? s->outside : -1;
}

int logic_constant_in(struct logic *g, const struct pred *p, uint32_t i, struct lit l)
{
	const struct set s = set_of(g, l);
	struct slot_value v;

	if (s.kind == KIND_NETS && !s.many && p->test == TEST_EQ)
		return net_in(g, p, &p->c[i], &s);
	if (s.kind == KIND_OTHER || s.many || s.p->slot != p->slot || p->test != TEST_EQ ||
	    p->type == FIELD_NET || p->type == FIELD_DYN || !pay(g, s.p->n + 1))
		return -1;
	value_of(p, &p->c[i], &v);
	return holds(g, s.p, &v) != s.outside;
}

/* ---- the graph ---- */

static bool node_implies(struct logic *g, uint32_t x, uint32_t y, unsigned depth);

static bool any_kid(struct logic *g, uint32_t x, uint32_t y, bool of_x, unsigned depth)
{
	const struct dag_node *n = &g->e->dag.nodes[of_x ? x : y];

	for (uint32_t i = 0; i < n->n; i++)
		if (node_implies(g, of_x ? n->kids[i] : x, of_x ? y : n->kids[i], depth))
			return true;
	return false;
}

static bool all_kids(struct logic *g, uint32_t x, uint32_t y, bool of_x, unsigned depth)
{
	const struct dag_node *n = &g->e->dag.nodes[of_x ? x : y];

	for (uint32_t i = 0; i < n->n; i++)
		if (!node_implies(g, of_x ? n->kids[i] : x, of_x ? y : n->kids[i], depth))
			return false;
	return true;
}

static bool is_lit(const struct dag *d, uint32_t x, struct lit *l)
{
	l->not = d->nodes[x].kind == DAG_NOT;
	if (l->not)
		x = d->nodes[x].kids[0];
	if (d->nodes[x].kind != DAG_PRED)
		return false;
	l->pred = d->nodes[x].kids[0];
	return true;
}

static bool node_implies(struct logic *g, uint32_t x, uint32_t y, unsigned depth)
{
	const struct dag *d = &g->e->dag;
	struct lit a, b;

	if (x == y || x == DAG_FALSE || y == DAG_TRUE)
		return true;
	if (x == DAG_TRUE || y == DAG_FALSE || depth == 0 || !pay(g, 1))
		return false;
	depth--;
	if (is_lit(d, x, &a) && is_lit(d, y, &b))
		return logic_implies(g, a, b);
	if (d->nodes[y].kind == DAG_AND)
		return all_kids(g, x, y, false, depth);
	if (d->nodes[x].kind == DAG_OR)
		return all_kids(g, x, y, true, depth);
	if (d->nodes[x].kind == DAG_NOT && d->nodes[y].kind == DAG_NOT)
		return node_implies(g, d->nodes[y].kids[0], d->nodes[x].kids[0], depth);
	return (d->nodes[x].kind == DAG_AND && any_kid(g, x, y, true, depth)) ||
	       (d->nodes[y].kind == DAG_OR && any_kid(g, x, y, false, depth));
}

bool logic_node_implies(struct logic *g, uint32_t x, uint32_t y)
{
	return node_implies(g, x, y, NODE_DEPTH);
}
