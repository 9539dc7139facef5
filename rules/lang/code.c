/* SPDX-License-Identifier: Apache-2.0 */
/* From the graph to code.
 *
 * Conditions become tests and jumps: "and" goes on at its next part when one holds and leaves
 * when one does not; "not" swaps the two ways out.  The parts of a chain are put in the order
 * that is expected to decide soonest: nothing has side effects, and an absent value makes a
 * check false, not the whole, so any order is right.  A part that several conditions share is
 * code of its own with a remembered result.  What takes most conditions of a type out is asked
 * first (keys.c). */
#include "rules/lang/code.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/keys.h"

enum {
	PUT_IN_MAX = 4,			/* tests of a shared part that are repeated */
	LEAF_WORK_MAX = 1 << 17,	/* nodes looked at for leaves: bounds time and code */
};

/* ---- order and sharing ---- */

struct gen {
	struct engine *e;
	float *chance, *cost;		/* by node: that it holds; of finding out */
	uint32_t *parents;		/* how many use it */
	uint32_t *part;			/* + 1: its number as a shared part */
	uint32_t *pc;			/* + 1: its code */
	uint32_t *todo;			/* parts whose code is still to be made */
	size_t n_todo, todo_cap;
	struct arena arena;		/* of insns */
	struct intern insns;		/* equal ones are one */
	const struct leaf *leaf;	/* the answers of keys that are known; NULL: none */
	size_t leaf_work;
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

/* The kids of a chain as they are to be asked, without those that the leaf knows: they
 * cannot decide it, or it would be known itself. */
static uint32_t *ordered(struct gen *g, const struct dag_node *n, uint32_t *n_kids)
{
	uint32_t *kids = xmalloc(n->n * sizeof(*kids));
	void *arg[2] = { g, n->kind == DAG_AND ? g : NULL };

	*n_kids = 0;
	for (uint32_t i = 0; i < n->n; i++)
		if (!g->leaf || leaf_known(g->leaf, n->kids[i]) < 0)
			kids[(*n_kids)++] = n->kids[i];
	if (*n_kids > 1)
		qsort_r(kids, *n_kids, sizeof(*kids), by_gain, arg);
	return kids;
}

static void weigh_chain(struct gen *g, uint32_t node, const struct dag_node *n)
{
	uint32_t n_kids, *kids = ordered(g, n, &n_kids);
	const bool and = n->kind == DAG_AND;
	float reach = 1, cost = 0;

	for (uint32_t i = 0; i < n_kids; i++) {
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

static uint32_t emit(struct gen *g, uint32_t test, uint32_t yes, uint32_t no)
{
	const struct insn i = { .test = test, .yes = yes, .no = no };
	struct engine *e = g->e;
	bool is_new;
	uint32_t pc;

	if (yes == no)
		return yes;
	pc = intern_add(&g->insns, &i, sizeof(i), &is_new);
	if (is_new) {
		e->code = mem_grow(e->code, &e->code_cap, pc + 1, sizeof(*e->code));
		e->code[pc] = i;
		e->n_code = pc + 1;
	}
	return pc;
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

/* How many tests are left of a node where the leaf's answers are known; more than most: most
 * + 1. */
static unsigned tests_left(struct gen *g, uint32_t node, unsigned most)
{
	const struct dag_node *n = &g->e->dag.nodes[node];
	unsigned sum = 0;

	g->leaf_work += n->n;
	if (leaf_known(g->leaf, node) >= 0)
		return 0;
	if (n->kind == DAG_PRED)
		return 1;
	for (uint32_t i = 0; i < n->n && sum <= most; i++)
		sum += tests_left(g, n->kids[i], most - sum);
	return sum;
}

/* Is the shared part asked, or its tests put in? */
static bool as_part(struct gen *g, uint32_t node)
{
	return shared(g, node) && !(g->leaf && tests_left(g, node, PUT_IN_MAX) <= PUT_IN_MAX);
}

/* Code is made from the end to the beginning, so that jumps lead to what is there.
 * Returns where it starts. */
static uint32_t gen(struct gen *g, uint32_t node, uint32_t yes, uint32_t no, bool top)
{
	const struct dag_node *n = &g->e->dag.nodes[node];
	uint32_t *kids, n_kids, pc;
	int known;

	g->leaf_work += n->n;
	known = g->leaf ? leaf_known(g->leaf, node) : -1;
	if (known >= 0)
		return known ? yes : no;
	if (!top && as_part(g, node))
		return emit(g, part_of(g, node), yes, no);
	switch ((enum dag_kind)n->kind) {
	case DAG_CONST:
		return node == DAG_TRUE ? yes : no;
	case DAG_PRED:
		return emit(g, n->kids[0], yes, no);
	case DAG_NOT:
		return gen(g, n->kids[0], no, yes, false);
	case DAG_AND:
	case DAG_OR:
		break;
	}
	kids = ordered(g, n, &n_kids);
	pc = n->kind == DAG_AND ? yes : no;
	for (uint32_t i = n_kids; i-- > 0;)
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

/* What is left of a condition where the keys are answered. */
static uint32_t code_at_leaf(uint32_t node, const struct leaf *l, void *arg)
{
	struct gen *g = arg;
	uint32_t pc;

	if (g->leaf_work > LEAF_WORK_MAX)
		return CODE_NONE;
	g->leaf = l;
	pc = gen(g, node, CODE_TRUE, CODE_FALSE, true);
	g->leaf = NULL;
	return pc;
}

void code_make(struct engine *e)
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
	intern_init(&g.insns, &g.arena);
	keys_make(e, key_of, code_at_leaf, &g);
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
	intern_release(&g.insns);
	arena_release(&g.arena);
}
