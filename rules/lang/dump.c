/* SPDX-License-Identifier: Apache-2.0 */
/* --dump=folded and --dump=code. */
#include "rules/lang/engine.h"

static void dump_node(const struct engine *e, uint32_t node, struct buf *out, unsigned depth)
{
	const struct dag_node *n = &e->dag.nodes[node];

	buf_printf(out, "%*s", (int)depth * 2, "");
	switch ((enum dag_kind)n->kind) {
	case DAG_CONST:
		buf_str(out, node == DAG_TRUE ? "true\n" : "false\n");
		return;
	case DAG_PRED:
		buf_printf(out, "p%u %s\n", n->kids[0], e->preds[n->kids[0]].text);
		return;
	case DAG_NOT:
		buf_str(out, "not\n");
		break;
	case DAG_AND:
		buf_str(out, "and\n");
		break;
	case DAG_OR:
		buf_str(out, "or\n");
		break;
	}
	for (uint32_t i = 0; i < n->n && out->len < 1 << 24; i++)
		dump_node(e, n->kids[i], out, depth + 1);
}

void engine_dump_node(const struct engine *e, uint32_t root, struct buf *out)
{
	dump_node(e, root, out, 0);
}

static const char *way_of(const struct pred *p)
{
	return p->index != NO_INDEX ? " table" : p->ranges ? " ranges" : p->among ? " among" : "";
}

void engine_dump_preds(const struct engine *e, struct buf *out)
{
	for (size_t i = 0; i < e->slot_names.n; i++)
		buf_printf(out, "s%zu %s\n", i, e->slots[i].text);
	for (size_t i = 0; i < e->pred_names.n; i++)
		buf_printf(out, "p%zu s%u%s %s\n", i, e->preds[i].slot,
			   way_of(&e->preds[i]), e->preds[i].text);
}

static void dump_target(struct buf *out, uint32_t pc)
{
	if (pc == CODE_TRUE)
		buf_str(out, " match");
	else if (pc == CODE_FALSE)
		buf_str(out, " fail");
	else
		buf_printf(out, " %u", pc);
}

static void dump_test(const struct engine *e, uint32_t test, struct buf *out)
{
	const uint32_t n_preds = (uint32_t)e->pred_names.n;

	if (test < n_preds)
		buf_printf(out, "p%u %s", test, e->preds[test].text);
	else
		buf_printf(out, "part %u", test - n_preds);
}

static void dump_keys(const struct engine *e, unsigned type, struct buf *out)
{
	static const char *const plain[] = { "equals none", "plain prefix", "plain suffix" };
	const struct type_keys *t = &e->keys.type[type];

	for (unsigned k = 0; k < t->n; k++) {
		const struct key *key = &e->keys.v[t->first + k];

		buf_str(out, k ? "; " : " | keys: ");
		if (key->slot != NO_SLOT)
			buf_printf(out, "s%u %s %s", key->slot, e->slots[key->slot].text,
				   plain[key->index]);
		else
			dump_test(e, key->test, out);
	}
}

void engine_dump_code(const struct engine *e, struct buf *out)
{
	for (unsigned t = 0; t < EV__N; t++) {
		if (e->first[t] == e->first[t + 1])
			continue;
		buf_printf(out, "%s:", catalog[t].name);
		for (uint32_t i = e->first[t]; i < e->first[t + 1]; i++) {
			buf_printf(out, " r%u", e->entries[i].id);
			for (uint32_t s = e->entries[i].same; s; s = e->same[s - 1].next)
				buf_printf(out, ",r%u", e->same[s - 1].id);
			buf_byte(out, '@');
			dump_target(out, e->entries[i].pc);
		}
		dump_keys(e, t, out);
		buf_byte(out, '\n');
	}
	for (size_t i = 0; i < e->n_parts; i++)
		buf_printf(out, "part %zu at %u\n", i, e->part_pc[i]);
	for (size_t i = 0; i < e->n_code; i++) {
		const struct insn *c = &e->code[i];

		buf_printf(out, "%6zu", i);
		dump_target(out, c->yes);
		dump_target(out, c->no);
		buf_str(out, "  ");
		dump_test(e, c->test, out);
		buf_byte(out, '\n');
	}
}
