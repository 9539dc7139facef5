/* SPDX-License-Identifier: Apache-2.0 */
/* From the graph to code.
 *
 * For each event type every condition is made smaller by what the type alone tells, and
 * many vanish.  What is left becomes tests and jumps: "and" goes on at its next part when
 * one holds and leaves when one does not; "not" swaps the two ways out.  The parts of a
 * chain are put in the order that is expected to decide soonest: nothing has side
 * effects, and an absent value makes a check false, not the whole, so any order is right.
 * A part that several conditions share is code of its own with a remembered result.
 * What takes most conditions of a type out is asked first (keys.c). */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/keys.h"
#include "rules/lang/regex.h"
#include "rules/lang/special.h"
#include "rules/lang/strindex.h"

void engine_init(struct engine *e, struct arena *a, bool strict)
{
	*e = (struct engine){ .arena = a, .strict = strict };
	intern_init(&e->slot_names, a);
	intern_init(&e->pred_names, a);
	dag_init(&e->dag, a);
}

void engine_release(struct engine *e)
{
	intern_release(&e->slot_names);
	intern_release(&e->pred_names);
	dag_release(&e->dag);
	regex_free_all(e->regexes);
	free(e->slots);
	free(e->preds);
	free(e->roots);
	free(e->root_events);
	free(e->quick);
	free(e->code);
	free(e->part_pc);
	free(e->entries);
	keys_release(&e->keys);
	free(e->same);
	*e = (struct engine){0};
}

uint32_t engine_add(struct engine *e, uint32_t root, const struct event_set *events)
{
	e->roots = mem_grow(e->roots, &e->roots_cap, e->n_roots + 1, sizeof(*e->roots));
	e->root_events = mem_grow(e->root_events, &e->events_cap, e->n_roots + 1,
				  sizeof(*e->root_events));
	e->roots[e->n_roots] = root;
	e->root_events[e->n_roots] = *events;
	return (uint32_t)e->n_roots++;
}

/* ---- order and sharing ---- */

struct gen {
	struct engine *e;
	float *chance, *cost;		/* by node: that it holds; of finding out */
	uint32_t *parents;		/* how many use it */
	uint32_t *part;			/* + 1: its number as a shared part */
	uint32_t *pc;			/* + 1: its code */
	uint32_t *todo;			/* parts whose code is still to be made */
	size_t n_todo, todo_cap;
};

static float pred_chance(const struct pred *p)
{
	switch ((enum test)p->test) {
	case TEST_EXISTS:
		return 0.8f;
	case TEST_NE:
		return 0.9f;
	case TEST_EQ:
		return p->type == FIELD_BOOL ? 0.4f : p->n > 1 ? 0.1f : 0.05f;
	case TEST_LT: case TEST_LE: case TEST_GT: case TEST_GE:
		return 0.5f;
	case TEST_PREFIX:
		return 0.1f;
	case TEST_CONTAINS: case TEST_ICONTAINS: case TEST_SUFFIX: case TEST_GLOB:
	case TEST_IGLOB: case TEST_REGEX: case TEST_PMATCH:
		return 0.05f;
	}
	return 0.5f;
}

static int by_gain(const void *a, const void *b, void *arg)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct gen *g = *(struct gen *const *)arg;
	const bool and = ((void **)arg)[1] != NULL;
	const float px = and ? 1 - g->chance[x] : g->chance[x];
	const float py = and ? 1 - g->chance[y] : g->chance[y];
	const float gx = g->cost[x] * (py + 0.001f), gy = g->cost[y] * (px + 0.001f);

	return gx < gy ? -1 : gx > gy ? 1 : (x > y) - (x < y);
}

static uint32_t *ordered(struct gen *g, const struct dag_node *n)
{
	uint32_t *kids = xmalloc(n->n * sizeof(*kids));
	void *arg[2] = { g, n->kind == DAG_AND ? g : NULL };

	memcpy(kids, n->kids, n->n * sizeof(*kids));
	qsort_r(kids, n->n, sizeof(*kids), by_gain, arg);
	return kids;
}

static void weigh_chain(struct gen *g, uint32_t node, const struct dag_node *n)
{
	uint32_t *kids = ordered(g, n);
	const bool and = n->kind == DAG_AND;
	float reach = 1, cost = 0;

	for (uint32_t i = 0; i < n->n; i++) {
		cost += reach * g->cost[kids[i]];
		reach *= and ? g->chance[kids[i]] : 1 - g->chance[kids[i]];
	}
	free(kids);
	g->cost[node] = cost;
	g->chance[node] = and ? reach : 1 - reach;
}

/* Chance and cost bottom up: kids have smaller numbers. */
static void weigh(struct gen *g, uint32_t node)
{
	const struct dag_node *n = &g->e->dag.nodes[node];
	const struct pred *p;

	switch ((enum dag_kind)n->kind) {
	case DAG_CONST:
		break;
	case DAG_PRED:
		p = &g->e->preds[n->kids[0]];
		g->chance[node] = pred_chance(p);
		/* What others ask as well is often known already. */
		g->cost[node] = (float)(p->cost + g->e->slots[p->slot].cost) /
				(float)(g->parents[node] ? g->parents[node] : 1) + 1;
		break;
	case DAG_NOT:
		g->chance[node] = 1 - g->chance[n->kids[0]];
		g->cost[node] = g->cost[n->kids[0]];
		break;
	case DAG_AND:
	case DAG_OR:
		weigh_chain(g, node, n);
		break;
	}
}

/* ---- code ---- */

static uint32_t emit(struct engine *e, uint32_t test, uint32_t yes, uint32_t no)
{
	e->code = mem_grow(e->code, &e->code_cap, e->n_code + 1, sizeof(*e->code));
	e->code[e->n_code] = (struct insn){ .test = test, .yes = yes, .no = no };
	return (uint32_t)e->n_code++;
}

static bool shared(const struct gen *g, uint32_t node)
{
	return g->e->dag.nodes[node].kind >= DAG_AND && g->parents[node] > 1;
}

static uint32_t part_of(struct gen *g, uint32_t node)
{
	struct engine *e = g->e;

	if (!g->part[node]) {
		e->part_pc = mem_grow(e->part_pc, &e->parts_cap, e->n_parts + 1,
				      sizeof(*e->part_pc));
		g->part[node] = (uint32_t)++e->n_parts;
		g->todo = mem_grow(g->todo, &g->todo_cap, g->n_todo + 1, sizeof(*g->todo));
		g->todo[g->n_todo++] = node;
	}
	return (uint32_t)e->pred_names.n + g->part[node] - 1;
}

/* Code is made from the end to the beginning, so that jumps lead to what is there.
 * Returns where it starts. */
static uint32_t gen(struct gen *g, uint32_t node, uint32_t yes, uint32_t no, bool top)
{
	const struct dag_node *n = &g->e->dag.nodes[node];
	uint32_t *kids, pc;

	if (!top && shared(g, node))
		return emit(g->e, part_of(g, node), yes, no);
	switch ((enum dag_kind)n->kind) {
	case DAG_CONST:
		return node == DAG_TRUE ? yes : no;
	case DAG_PRED:
		return emit(g->e, n->kids[0], yes, no);
	case DAG_NOT:
		return gen(g, n->kids[0], no, yes, false);
	case DAG_AND:
	case DAG_OR:
		break;
	}
	kids = ordered(g, n);
	pc = n->kind == DAG_AND ? yes : no;
	for (uint32_t i = n->n; i-- > 0;)
		pc = n->kind == DAG_AND ? gen(g, kids[i], pc, no, false) :
					  gen(g, kids[i], yes, pc, false);
	free(kids);
	return pc;
}

static void gen_parts(struct gen *g)
{
	while (g->n_todo) {
		const uint32_t node = g->todo[--g->n_todo];
		const uint32_t pc = gen(g, node, CODE_TRUE, CODE_FALSE, true);

		g->e->part_pc[g->part[node] - 1] = pc;
	}
}

static void count_parents(struct gen *g, uint32_t node)
{
	const struct dag_node *n = &g->e->dag.nodes[node];

	if (g->parents[node]++ || n->kind == DAG_PRED || n->kind == DAG_CONST)
		return;
	for (uint32_t i = 0; i < n->n; i++)
		count_parents(g, n->kids[i]);
}

/* Chances of single predicates are guesses: what rules ask for often is often so. */
static uint32_t key_of(uint32_t node, float *chance, void *arg)
{
	struct gen *g = arg;
	const struct dag_node *n = &g->e->dag.nodes[node];

	*chance = n->kind == DAG_PRED ? 0.6f : g->chance[node];
	if (n->kind == DAG_PRED)
		return g->e->preds[n->kids[0]].varies ? CODE_NONE : n->kids[0];
	return shared(g, node) ? part_of(g, node) : CODE_NONE;
}

/* Entries hold nodes until here; from here on their code. */
static void generate(struct engine *e)
{
	const size_t n = e->dag.n;
	struct gen g = {
		.e = e, .chance = xcalloc(n, sizeof(float)), .cost = xcalloc(n, sizeof(float)),
		.parents = xcalloc(n, sizeof(uint32_t)), .part = xcalloc(n, sizeof(uint32_t)),
		.pc = xcalloc(n, sizeof(uint32_t)),
	};
	bool *counted = xcalloc(n, sizeof(*counted));

	for (size_t i = 0; i < e->n_entries; i++)
		if (!counted[e->entries[i].pc]) {
			counted[e->entries[i].pc] = true;
			count_parents(&g, e->entries[i].pc);
		}
	for (uint32_t i = 0; i < n; i++)
		weigh(&g, i);
	keys_make(e, key_of, &g);
	for (size_t i = 0; i < e->n_entries; i++) {
		const uint32_t node = e->entries[i].pc;

		if (!g.pc[node])
			g.pc[node] = gen(&g, node, CODE_TRUE, CODE_FALSE, !g.part[node]) + 1;
		e->entries[i].pc = g.pc[node] - 1;
	}
	gen_parts(&g);
	free(counted);
	free(g.chance);
	free(g.cost);
	free(g.parents);
	free(g.part);
	free(g.pc);
	free(g.todo);
}

/* ---- tables of texts ---- */

static int index_kind(const struct engine *e, const struct pred *p)
{
	const struct slot *s = &e->slots[p->slot];

	if (s->type != FIELD_STRING || p->right != NO_SLOT || p->n == 0 || s->varies)
		return NO_INDEX;
	if (s->shape != SHAPE_ONE && (p->test == TEST_NE || (p->n > 1 && p->mod)))
		return NO_INDEX;
	if (p->n > 1 && p->mod == MOD_ONEOF)
		return NO_INDEX;
	if (p->test == TEST_NE)
		return p->n == 1 || p->mod == MOD_ALLOF ? INDEX_EQUAL : NO_INDEX;
	if (p->n > 1 && p->mod == MOD_ALLOF)
		return NO_INDEX;
	return p->test == TEST_EQ ? INDEX_EQUAL : p->test == TEST_PREFIX ? INDEX_PREFIX :
	       p->test == TEST_SUFFIX ? INDEX_SUFFIX : NO_INDEX;
}

static void make_indexes(struct engine *e)
{
	for (size_t i = 0; i < e->pred_names.n; i++) {
		struct pred *p = &e->preds[i];
		const int kind = index_kind(e, p);
		struct strindex **x;

		if (kind == NO_INDEX)
			continue;
		x = &e->slots[p->slot].index[kind];
		if (!*x)
			*x = strindex_new(e->arena, (enum strindex_kind)kind);
		if (!strindex_fits(*x, p->n))
			continue;
		p->negate = p->test == TEST_NE;
		p->bit = strindex_pred(*x);
		for (uint32_t k = 0; k < p->n; k++)
			strindex_add(*x, p->c[k].p, p->c[k].len);
		p->index = (uint8_t)kind;
	}
	for (size_t i = 0; i < e->slot_names.n; i++)
		for (int k = 0; k < 3; k++)
			if (e->slots[i].index[k])
				strindex_finish(e->slots[i].index[k]);
}

/* ---- all of it ---- */

struct entries {
	struct engine *e;
	struct special special;
	uint32_t *seen;			/* by node: the newest entry with it + 1 */
	size_t n_seen, cap;
};

/* Copies of a rule are one condition. */
static void add_entry(struct entries *m, unsigned type, uint32_t id, uint32_t node)
{
	struct engine *e = m->e;
	struct entry *first;

	m->seen = mem_grow(m->seen, &m->cap, node + 1, sizeof(*m->seen));
	for (; m->n_seen <= node; m->n_seen++)
		m->seen[m->n_seen] = 0;
	if (m->seen[node] <= e->first[type]) {
		e->entries = mem_grow(e->entries, &e->entries_cap, e->n_entries + 1,
				      sizeof(*e->entries));
		e->entries[e->n_entries++] = (struct entry){ .id = id, .pc = node };
		m->seen[node] = (uint32_t)e->n_entries;
		return;
	}
	first = &e->entries[m->seen[node] - 1];
	e->same = mem_grow(e->same, &e->same_cap, e->n_same + 1, sizeof(*e->same));
	e->same[e->n_same++] = (struct same){ .id = id, .next = first->same };
	first->same = (uint32_t)e->n_same;
}

static void add_type(struct entries *m, unsigned type, const bool *enabled)
{
	struct engine *e = m->e;

	special_type(&m->special, type);
	e->first[type] = (uint32_t)e->n_entries;
	for (uint32_t id = 0; id < e->n_roots; id++) {
		uint32_t node;

		if ((enabled && !enabled[id]) || !event_set_has(&e->root_events[id], type))
			continue;
		node = special_node(&m->special, e->roots[id]);
		if (node != DAG_FALSE)
			add_entry(m, type, id, node);
	}
}

void engine_finish(struct engine *e, const bool *enabled)
{
	struct entries m = { .e = e };

	special_init(&m.special, e);
	e->n_entries = e->n_same = e->n_code = e->n_parts = 0;
	for (unsigned type = 0; type < EV__N; type++)
		add_type(&m, type, enabled);
	e->first[EV__N] = (uint32_t)e->n_entries;
	special_release(&m.special);
	free(m.seen);
	if (!e->indexed)
		make_indexes(e);
	e->indexed = true;
	generate(e);
	engine_make_quick(e);
}

/* ---- questions ---- */

void engine_types(const struct engine *e, struct event_set *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned type = 0; type < EV__N; type++)
		if (e->first[type] < e->first[type + 1])
			event_set_add(out, type);
}

static bool extract_bulk(const struct extract *x)
{
	if (x->from == FROM_FIELD)
		return field_needs_bulk(&x->ref);
	for (uint32_t i = 0; i < x->n_kids; i++)
		if (extract_bulk(x->kids[i]))
			return true;
	return false;
}

bool engine_pred_bulk(const struct engine *e, uint32_t pred)
{
	const struct pred *p = &e->preds[pred];

	return extract_bulk(e->slots[p->slot].x) ||
	       (p->right != NO_SLOT && extract_bulk(e->slots[p->right].x));
}

bool engine_needs_bulk(const struct engine *e)
{
	for (size_t i = 0; i < e->n_code; i++)
		if (e->code[i].test < e->pred_names.n &&
		    engine_pred_bulk(e, e->code[i].test))
			return true;
	return false;
}
