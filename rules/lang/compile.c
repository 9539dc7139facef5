/* SPDX-License-Identifier: Apache-2.0 */
/* The engine from end to end: conditions are added, for each event type every one is made
 * smaller by what the type alone tells, and many vanish; tables of texts are built, and what is
 * left becomes code (code.c). */
#include <stdlib.h>
#include <string.h>

#include "rules/lang/among.h"
#include "rules/lang/code.h"
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

/* ---- texts that are looked for ---- */

enum { AMONG_LEAST = 12 };		/* texts */

/* Can one walk over the text of its slot decide it?  0: in its case, 1: in any. */
static int among_kind(const struct engine *e, const struct pred *p)
{
	const struct slot *s = &e->slots[p->slot];

	if (s->type != FIELD_STRING || s->shape != SHAPE_ONE || s->varies || p->never ||
	    p->right != NO_SLOT || (p->n != 1 && p->mod != MOD_ANYOF))
		return -1;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->c[i].len == 0)
			return -1;
	return p->test == TEST_CONTAINS ? 0 : p->test == TEST_ICONTAINS ? 1 : -1;
}

static void add_texts(struct engine *e, const uint32_t *n_texts)
{
	for (size_t i = 0; i < e->pred_names.n; i++) {
		struct pred *p = &e->preds[i];
		const int kind = among_kind(e, p);
		struct slot *s = &e->slots[p->slot];

		if (kind < 0 || n_texts[p->slot * 2 + (unsigned)kind] < AMONG_LEAST)
			continue;
		if (!s->among[kind])
			s->among[kind] = among_new(e->arena, kind);
		p->among = true;
		p->bit = s->n_among[kind]++;
		for (uint32_t k = 0; k < p->n; k++)
			among_add(s->among[kind], p->c[k].p, p->c[k].len, p->bit);
	}
}

static void make_among(struct engine *e)
{
	uint32_t *n_texts = xcalloc(e->slot_names.n * 2 + 1, sizeof(*n_texts));

	for (size_t i = 0; i < e->pred_names.n; i++) {
		const int kind = among_kind(e, &e->preds[i]);

		if (kind >= 0)
			n_texts[e->preds[i].slot * 2 + (unsigned)kind] += e->preds[i].n;
	}
	add_texts(e, n_texts);
	for (size_t i = 0; i < e->slot_names.n * 2; i++) {
		struct slot *s = &e->slots[i / 2];

		if (!s->among[i % 2])
			continue;
		if (!among_finish(s->among[i % 2])) {
			s->among[i % 2] = NULL;
			continue;
		}
		s->among_preds[i % 2] = arena_alloc(e->arena, s->n_among[i % 2] *
						    sizeof(*s->among_preds[0]));
		s->found[i % 2] = e->n_found++;
		e->n_found_words += (s->n_among[i % 2] + 63) / 64;
	}
	for (size_t i = 0; i < e->pred_names.n; i++) {
		const struct pred *p = &e->preds[i];
		const int kind = p->among ? among_kind(e, p) : -1;

		if (kind >= 0 && e->slots[p->slot].among[kind])
			e->slots[p->slot].among_preds[kind][p->bit] = (uint32_t)i;
	}
	free(n_texts);
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
	if (!e->indexed) {
		make_indexes(e);
		make_among(e);
	}
	e->indexed = true;
	code_make(e);
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
