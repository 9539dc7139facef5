/* SPDX-License-Identifier: Apache-2.0 */
/* A situation is the type of the event, a bit for each predicate that is asked of the type,
 * and pairs of predicate and item.  Its bytes are its key: equal events are found by them. */
#include "analyze/test/situation.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/pathset.h"
#include "rules/set/correlate.h"

/* ---- the plan ---- */

struct trees {
	struct cover_tree *v;
	size_t n, cap;
};

static void add_tree(struct trees *to, const struct cover_tree *t)
{
	to->v = mem_grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = *t;
}

static void add_rule(struct trees *to, const struct ruleset *rs, const struct rule *r)
{
	struct cover_tree t = { .rule = r, .events = r->events };

	if (!ruleset_is_on(rs, r) || !ruleset_explain(rs, r, &t.x))
		return;
	add_tree(to, &t);
	for (uint32_t i = 0; ruleset_explain_step(rs, r, i, &t.x, &t.step, &t.events); i++)
		add_tree(to, &t);
}

struct cover_tree *cover_trees_new(const struct ruleset *rs, size_t *n)
{
	struct trees t = { .v = xcalloc(1, sizeof(*t.v)), .cap = 1 };

	for (size_t i = 0; i < ruleset_count(rs); i++)
		add_rule(&t, rs, ruleset_rule(rs, i));
	*n = t.n;
	return t.v;
}

void cover_trees_free(struct cover_tree *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		explain_release(&t[i].x);
	free(t);
}

/* pmatch is compiled for all items together: apart they are sets of one path. */
static const struct constant *paths_apart(struct cover_plan *p, const struct operand *list)
{
	struct constant *c = arena_zalloc(&p->arena, (list->n_kids + 1) * sizeof(*c));

	for (uint32_t i = 0; i < list->n_kids; i++) {
		const struct constant one = { .p = list->kids[i]->p, .len = list->kids[i]->len };

		c[i].paths = pathset_new(&p->arena, &one, 1);
	}
	return c;
}

static void add_list(struct cover_plan *p, uint32_t id, const struct node *n)
{
	const struct pred *d = &p->e->preds[id];
	struct cover_list l = { .pred = id, .c = d->c, .n = d->n,
		.always = d->mod == MOD_ALLOF || d->mod == MOD_ONEOF };

	if (p->list_of[id] || d->right != NO_SLOT || !n->right ||
	    n->right->kind != OPERAND_LIST)
		return;
	if (d->test == TEST_PMATCH) {
		l.c = paths_apart(p, n->right);
		l.n = n->right->n_kids;
	}
	p->lists = mem_grow(p->lists, &p->lists_cap, p->n_lists + 1, sizeof(*p->lists));
	p->lists[p->n_lists++] = l;
	p->list_of[id] = (uint32_t)p->n_lists;
}

/* The predicates below a node of the graph; seen: by node. */
static void part_preds(const struct dag *d, uint32_t node, bool *seen, bool *out)
{
	const struct dag_node *n = &d->nodes[node];

	if (seen[node] || n->kind == DAG_CONST)
		return;
	seen[node] = true;
	if (n->kind == DAG_PRED) {
		out[n->kids[0]] = true;
		return;
	}
	for (uint32_t i = 0; i < n->n; i++)
		part_preds(d, n->kids[i], seen, out);
}

/* The predicates of a tree, each once. */
struct tree_preds {
	uint32_t *v;
	size_t n, cap;
};

static void find_preds(struct cover_plan *p, const struct cover_tree *t, bool *in,
		       struct tree_preds *out)
{
	bool *seen = NULL;

	for (size_t i = 0; i < t->x.n; i++) {
		const struct explain_node *n = &t->x.v[i];

		if (n->kind == EXPLAIN_CHECK) {
			in[n->pred] = true;
			add_list(p, n->pred, n->node);
		} else if (n->kind == EXPLAIN_PART) {
			if (!seen)
				seen = xcalloc(p->e->dag.n, sizeof(*seen));
			part_preds(&p->e->dag, n->part, seen, in);
		}
	}
	free(seen);
	for (uint32_t i = 0; i < p->n_preds; i++)
		if (in[i]) {
			out->v = mem_grow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = i;
			in[i] = false;
		}
}

static void plan_type(struct cover_plan *p, unsigned type, const struct tree_preds *preds,
		      bool *want, bool wide)
{
	int8_t *known = p->known + type * p->n_preds;
	uint32_t n = 0;

	memset(want, 0, p->n_preds * sizeof(*want));
	for (size_t t = 0; t < p->n_trees; t++)
		for (size_t i = 0; i < preds[t].n; i++)
			want[preds[t].v[i]] |= wide || event_set_has(&p->trees[t].events, type);
	for (size_t i = 0; i < p->n_preds; i++) {
		known[i] = (int8_t)engine_pred_known(p->e, &p->e->preds[i], type);
		/* of a list it is also to be known which item was met */
		want[i] = want[i] && (known[i] < 0 || (known[i] == 1 && p->list_of[i]));
		n += want[i];
	}
	p->ask[type] = arena_alloc(&p->arena, (n + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < p->n_preds; i++)
		if (want[i])
			p->ask[type][p->n_ask[type]++] = i;
}

/* What is to be asked of events of each type. */
static void plan_types(struct cover_plan *p, bool wide)
{
	struct tree_preds *preds = xcalloc(p->n_trees + 1, sizeof(*preds));
	bool *mark = xcalloc(p->n_preds + 1, sizeof(*mark));

	for (size_t t = 0; t < p->n_trees; t++)
		find_preds(p, &p->trees[t], mark, &preds[t]);
	for (unsigned type = 0; type < EV__N; type++)
		plan_type(p, type, preds, mark, wide);
	for (size_t t = 0; t < p->n_trees; t++)
		free(preds[t].v);
	free(preds);
	free(mark);
}

/* Decided by the type of the event alone, or the same for all types. */
static enum cover_by kind_of(const struct cover_plan *p, uint32_t pred)
{
	unsigned seen = 0;
	bool some = false;

	for (unsigned t = 0; t < EV__N; t++) {
		const int known = cover_known(p, t, pred);
		/* these may be any of many calls */
		const bool open = t == EV_GENERIC || t == EV_UNKNOWN;

		if (catalog[t].flags & EF_PSEUDO)
			continue;	/* rules never see it */
		if (known < 0 && !open)
			return COVER_BY_VALUE;
		some |= known < 0;
		seen |= known < 0 ? 0 : 1U << known;
	}
	return some || seen == 3 ? COVER_BY_TYPE : COVER_FIXED;
}

struct cover_plan *cover_plan_new(const struct ruleset *rs, bool wide)
{
	struct cover_plan *p = xcalloc(1, sizeof(*p));

	p->rs = rs;
	p->e = ruleset_engine(rs);
	p->n_preds = p->e->pred_names.n;
	p->known = xcalloc(EV__N * (p->n_preds + 1), 1);
	p->ask = arena_zalloc(&p->arena, EV__N * sizeof(*p->ask));
	p->n_ask = arena_zalloc(&p->arena, EV__N * sizeof(*p->n_ask));
	p->list_of = arena_zalloc(&p->arena, (p->n_preds + 1) * sizeof(*p->list_of));
	p->trees = cover_trees_new(rs, &p->n_trees);
	plan_types(p, wide);
	p->kinds = arena_alloc(&p->arena, p->n_preds + 1);
	for (uint32_t i = 0; i < p->n_preds; i++)
		p->kinds[i] = (uint8_t)kind_of(p, i);
	return p;
}

void cover_plan_free(struct cover_plan *p)
{
	if (!p)
		return;
	cover_trees_free(p->trees, p->n_trees);
	free(p->lists);
	free(p->known);
	arena_release(&p->arena);
	free(p);
}

/* ---- the log ---- */

struct cover_log *cover_log_new(const struct cover_plan *p)
{
	struct cover_log *l = xcalloc(1, sizeof(*l));

	l->plan = p;
	l->bytes_max = COVER_BYTES_MAX;
	intern_init(&l->keys, &l->arena);
	return l;
}

void cover_log_free(struct cover_log *l)
{
	if (!l)
		return;
	intern_release(&l->keys);
	free(l->first);
	free(l->last);
	free(l->seen);
	buf_release(&l->key);
	arena_release(&l->arena);
	free(l);
}

static void put_items(struct cover_log *l, struct matcher *m, uint32_t pred)
{
	const struct cover_plan *p = l->plan;
	const struct cover_list *list = &p->lists[p->list_of[pred] - 1];

	for (uint32_t i = 0; i < list->n; i++)
		if (matcher_constant(m, &p->e->preds[pred], &list->c[i])) {
			const struct cover_item item = { pred, i };

			buf_put(&l->key, &item, sizeof(item));
		}
}

/* The type and the bits; the bits are filled up so that items are aligned. */
static size_t head_bytes(const struct cover_plan *p, unsigned type)
{
	return sizeof(uint32_t) + (p->n_ask[type] + 31) / 32 * sizeof(uint32_t);
}

static void make_key(struct cover_log *l, struct matcher *m, unsigned type)
{
	const struct cover_plan *p = l->plan;
	const size_t head = head_bytes(p, type);
	const uint32_t type32 = type;

	buf_reset(&l->key);
	memset(buf_room(&l->key, head), 0, head);
	memcpy(l->key.p, &type32, sizeof(type32));
	l->key.len = head;
	for (uint32_t i = 0; i < p->n_ask[type]; i++)
		if (matcher_pred(m, p->ask[type][i]))
			l->key.p[sizeof(uint32_t) + i / 8] |= (uint8_t)(1 << i % 8);
	for (uint32_t i = 0; i < p->n_ask[type]; i++) {
		const uint32_t pred = p->ask[type][i], list = p->list_of[pred];

		if (list && (l->key.p[sizeof(uint32_t) + i / 8] >> i % 8 & 1 ||
			     p->lists[list - 1].always))
			put_items(l, m, pred);
	}
}

static void note(struct cover_log *l, const void *key, size_t len, const struct cover_seen *seen)
{
	bool is_new = false;
	uint32_t id = intern_find(&l->keys, key, len), at;

	if (id == INTERN_NONE && l->arena.used > l->bytes_max) {
		l->n_dropped += seen->n;
		return;
	}
	if (id == INTERN_NONE)
		id = intern_add(&l->keys, key, len, &is_new);
	l->first = mem_grow(l->first, &l->first_cap, id + 1, sizeof(*l->first));
	l->last = mem_grow(l->last, &l->last_cap, id + 1, sizeof(*l->last));
	if (is_new)
		l->first[id] = l->last[id] = 0;
	at = l->last[id];
	if (at && l->seen[at - 1].test == seen->test) {
		l->seen[at - 1].n += seen->n;
		if (seen->num < l->seen[at - 1].num)
			l->seen[at - 1].num = seen->num;
		return;
	}
	l->seen = mem_grow(l->seen, &l->seen_cap, l->n_seen + 1, sizeof(*l->seen));
	l->seen[l->n_seen++] = (struct cover_seen){ seen->test, 0, seen->num, seen->n };
	if (at)
		l->seen[at - 1].next = (uint32_t)l->n_seen;
	else
		l->first[id] = (uint32_t)l->n_seen;
	l->last[id] = (uint32_t)l->n_seen;
}

void cover_log_event(struct cover_log *l, struct matcher *m, const struct event *ev,
		     uint32_t test)
{
	const unsigned type = ev->type < EV__N ? ev->type : EV_UNKNOWN;
	const struct cover_seen seen = { .test = test, .num = ev->num, .n = 1 };

	l->types[type]++;
	make_key(l, m, type);
	note(l, l->key.p, l->key.len, &seen);
}

void cover_log_add(struct cover_log *all, const struct cover_log *l)
{
	for (uint32_t i = 0; i < l->keys.n; i++)
		for (uint32_t s = l->first[i]; s; s = l->seen[s - 1].next)
			note(all, l->keys.keys[i].p, l->keys.keys[i].len, &l->seen[s - 1]);
	for (unsigned t = 0; t < EV__N; t++)
		all->types[t] += l->types[t];
	all->n_dropped += l->n_dropped;
}

/* ---- a situation ---- */

void cover_view_init(struct cover_view *v, const struct cover_plan *p)
{
	*v = (struct cover_view){ .is = xcalloc(p->n_preds + 1, sizeof(bool)) };
}

void cover_view_release(struct cover_view *v)
{
	free(v->is);
}

void cover_view_open(struct cover_view *v, const struct cover_log *l, uint32_t situation)
{
	const struct cover_plan *p = l->plan;
	const struct intern_key *key = &l->keys.keys[situation];
	const uint8_t *bytes = key->p;
	uint32_t type;
	size_t head;

	memcpy(&type, bytes, sizeof(type));
	head = head_bytes(p, type);
	v->type = type;
	for (size_t i = 0; i < p->n_preds; i++)
		v->is[i] = cover_known(p, type, (uint32_t)i) == 1;
	for (uint32_t i = 0; i < p->n_ask[type]; i++)
		v->is[p->ask[type][i]] = bytes[sizeof(uint32_t) + i / 8] >> i % 8 & 1;
	v->items = (const struct cover_item *)(bytes + head);
	v->n_items = (uint32_t)((key->len - head) / sizeof(*v->items));
	v->n = 0;
	v->test = UINT32_MAX;
	v->num = UINT64_MAX;
	for (uint32_t s = l->first[situation]; s; s = l->seen[s - 1].next) {
		const struct cover_seen *seen = &l->seen[s - 1];

		v->n += seen->n;
		if (seen->test < v->test || (seen->test == v->test && seen->num < v->num)) {
			v->test = seen->test;
			v->num = seen->num;
		}
	}
}

/* Items stand in the order in which predicates are asked, which is that of their numbers. */
bool cover_view_item(const struct cover_view *v, uint32_t pred, uint32_t item, uint32_t *n)
{
	uint32_t low = 0, high = v->n_items;
	bool met = false;

	while (low < high) {
		const uint32_t mid = (low + high) / 2;

		if (v->items[mid].pred < pred)
			low = mid + 1;
		else
			high = mid;
	}
	for (*n = 0; low < v->n_items && v->items[low].pred == pred; low++) {
		met |= v->items[low].item == item;
		++*n;
	}
	return met;
}

bool cover_without(const struct cover_plan *p, const struct cover_view *v, uint32_t pred,
		   uint32_t item)
{
	const struct pred *d = &p->e->preds[pred];
	uint32_t n;
	const bool met = cover_view_item(v, pred, item, &n);
	const struct cover_list *l = &p->lists[p->list_of[pred] - 1];

	switch ((enum modifier)d->mod) {
	case MOD_ALLOF:
		return l->n > 1 && n - met == l->n - 1;
	case MOD_ONEOF:
		return n - met == 1;
	default:
		break;
	}
	if (!v->is[pred] || !met)
		return v->is[pred];
	return !d->all && n > 1;
}
