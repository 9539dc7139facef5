/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/lang/explain.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/check.h"
#include "rules/lang/macro.h"

/* ---- the tree ---- */

static struct explain_node *node_add(struct explain *x, enum explain_kind kind,
				     const struct ast *a, const struct node *n)
{
	struct explain_node *new;

	x->v = mem_grow(x->v, &x->cap, x->n + 1, sizeof(*x->v));
	new = &x->v[x->n++];
	*new = (struct explain_node){ .kind = kind, .ast = a, .node = n };
	return new;
}

static void lay_out(struct explain *x, const struct ast *a, const struct node *n)
{
	static const enum explain_kind kinds[] = {
		[NODE_AND] = EXPLAIN_AND, [NODE_OR] = EXPLAIN_OR, [NODE_NOT] = EXPLAIN_NOT,
		[NODE_CHECK] = EXPLAIN_CHECK, [NODE_MACRO] = EXPLAIN_MACRO,
	};
	const size_t at = x->n;
	struct explain_node *new = node_add(x, kinds[n->kind], a, n);

	if (n->kind == NODE_CHECK)
		new->pred = engine_pred(x->e, n);
	if (n->kind == NODE_MACRO) {
		new->name = n->macro->name;
		if (x->n < EXPLAIN_MAX) {
			lay_out(x, n->macro->ast, n->macro->ast->root);
		} else {
			new->kind = EXPLAIN_PART;
			new->part = n->macro->node;
			if (!x->known)
				x->known = xcalloc(x->e->dag.n, sizeof(*x->known));
		}
	}
	for (uint32_t i = 0; i < n->n_kids; i++)
		lay_out(x, a, n->kids[i]);
	x->v[at].end = (uint32_t)x->n;
}

void explain_init(struct explain *x, const struct engine *e, const struct ast *a)
{
	*x = (struct explain){ .e = e };
	lay_out(x, a, a->root);
}

void explain_release(struct explain *x)
{
	free(x->v);
	free(x->known);
	*x = (struct explain){0};
}

bool explain_needs_bulk(const struct explain *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].kind == EXPLAIN_PART ||
		    (x->v[i].kind == EXPLAIN_CHECK && engine_pred_bulk(x->e, x->v[i].pred)))
			return true;
	return false;
}

/* ---- an event ---- */

static uint32_t sum(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Of a chain: all kids must be so, or one of them must. */
static void decide_chain(struct explain *x, struct explain_node *n, bool and)
{
	uint32_t all = 0, one = UINT32_MAX;

	n->is = and;
	for (uint32_t k = (uint32_t)(n - x->v) + 1; k < n->end; k = x->v[k].end) {
		const struct explain_node *kid = &x->v[k];

		if (kid->is != and)
			n->is = !and;
		all = sum(all, kid->cost[and]);
		one = kid->cost[!and] < one ? kid->cost[!and] : one;
	}
	n->cost[and] = all;
	n->cost[!and] = one;
}

static void decide_leaf(struct explain_node *n, bool is)
{
	n->is = is;
	n->cost[is] = 0;
	n->cost[!is] = is ? COST_FALSE : COST_TRUE;
}

static bool ask(const struct explain *x, struct matcher *m, uint32_t pred)
{
	return m ? matcher_pred(m, pred) : x->answers[pred];
}

/* Nodes of the graph are shared, so each is looked at once: as a tree it may be
 * exponentially large. */
static bool part_holds(struct explain *x, struct matcher *m, uint32_t node)
{
	const struct dag_node *n = &x->e->dag.nodes[node];
	bool is = n->kind == DAG_AND;

	if ((x->known[node] ^ x->stamp) <= 1)
		return x->known[node] & 1;
	switch ((enum dag_kind)n->kind) {
	case DAG_CONST:
		is = node == DAG_TRUE;
		break;
	case DAG_PRED:
		is = ask(x, m, n->kids[0]);
		break;
	case DAG_NOT:
		is = !part_holds(x, m, n->kids[0]);
		break;
	case DAG_AND:
	case DAG_OR:
		for (uint32_t i = 0; i < n->n && is == (n->kind == DAG_AND); i++)
			is = part_holds(x, m, n->kids[i]);
		break;
	}
	x->known[node] = x->stamp | is;
	return is;
}

static void forget_parts(struct explain *x)
{
	x->stamp += 2;
	if (x->stamp || !x->known)
		return;
	memset(x->known, 0, x->e->dag.n * sizeof(*x->known));
	x->stamp = 2;
}

static void decide(struct explain *x, struct explain_node *n, struct matcher *m)
{
	const struct explain_node *kid = n + 1;

	switch (n->kind) {
	case EXPLAIN_CHECK:
		decide_leaf(n, ask(x, m, n->pred));
		break;
	case EXPLAIN_PART:
		decide_leaf(n, part_holds(x, m, n->part));
		break;
	case EXPLAIN_AND:
	case EXPLAIN_OR:
		decide_chain(x, n, n->kind == EXPLAIN_AND);
		break;
	case EXPLAIN_NOT:
		n->is = !kid->is;
		n->cost[0] = kid->cost[1];
		n->cost[1] = kid->cost[0];
		break;
	case EXPLAIN_MACRO:
		n->is = kid->is;
		n->cost[0] = kid->cost[0];
		n->cost[1] = kid->cost[1];
		break;
	}
}

void explain_event(struct explain *x, struct matcher *m)
{
	forget_parts(x);
	for (size_t i = x->n; i-- > 0;) {
		decide(x, &x->v[i], m);
		x->v[i].blamed = false;
	}
}

void explain_answers(struct explain *x, const bool *is)
{
	x->answers = is;
	explain_event(x, NULL);
	x->answers = NULL;
}

/* Marks what has to turn for the node to become what is wanted. */
static unsigned blame(struct explain *x, uint32_t at, bool wanted)
{
	struct explain_node *n = &x->v[at];
	const bool all = wanted == (n->kind == EXPLAIN_AND);
	unsigned checks = 0;

	if (n->is == wanted)
		return 0;
	n->blamed = true;
	if (n->kind == EXPLAIN_NOT || n->kind == EXPLAIN_MACRO)
		return blame(x, at + 1, n->kind == EXPLAIN_NOT ? !wanted : wanted);
	if (n->kind == EXPLAIN_CHECK || n->kind == EXPLAIN_PART)
		return 1;
	for (uint32_t k = at + 1; k < n->end; k = x->v[k].end) {
		if (!all && x->v[k].cost[wanted] != n->cost[wanted])
			continue;
		checks += blame(x, k, wanted);
		if (!all)
			break;
	}
	return checks;
}

unsigned explain_blame(struct explain *x)
{
	return blame(x, 0, !x->v[0].is);
}

/* ---- texts ---- */

static void list_text(const struct operand *list, size_t max, struct buf *out)
{
	buf_byte(out, '(');
	for (uint32_t i = 0; i < list->n_kids; i++) {
		if (i)
			buf_str(out, ", ");
		if (i && out->len > max) {
			buf_printf(out, "... %u more", list->n_kids - i);
			break;
		}
		operand_print(out, list->kids[i]);
	}
	buf_byte(out, ')');
}

void explain_check_text(const struct explain_node *n, size_t max, struct buf *out)
{
	const struct node *c = n->node;

	if (!c->right || c->right->kind != OPERAND_LIST) {
		check_print(out, c);
		return;
	}
	operand_print(out, c->left);
	buf_printf(out, " %s ", ops[c->op].text);
	if (c->mod)
		buf_printf(out, "%s ", modifier_text[c->mod]);
	list_text(c->right, max, out);
}

static void one_value(const struct explain *x, struct matcher *m, uint32_t id, explain_value *each,
		      void *arg)
{
	const struct slot *s = &x->e->slots[id];
	const struct slot_value *v = matcher_slot(m, id);
	struct buf text = {0};
	struct fval again;

	if (!v->found)
		buf_str(&text, s->get && s->get(m->ctx, &s->x->ref, &again) == FIELD_LOST ?
			"<LOST>" : "<NA>");
	else if (s->shape == SHAPE_ONE)
		fval_text(&text, &v->v);
	for (unsigned i = 0; v->found && s->shape != SHAPE_ONE && i < v->all.n; i++) {
		buf_str(&text, i ? ", " : "");
		fval_text(&text, &v->all.v[i]);
	}
	each(arg, s->x->from == FROM_FIELD ? s->x->ref.text : s->text, buf_text(&text), text.len);
	buf_release(&text);
}

void explain_values(const struct explain *x, const struct explain_node *n, struct matcher *m,
		    explain_value *each, void *arg)
{
	const struct pred *p;

	if (n->kind != EXPLAIN_CHECK)
		return;
	p = &x->e->preds[n->pred];
	one_value(x, m, p->slot, each, arg);
	if (p->right != NO_SLOT)
		one_value(x, m, p->right, each, arg);
}
