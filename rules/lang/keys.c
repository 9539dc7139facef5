/* SPDX-License-Identifier: Apache-2.0 */
/* Most events meet no rule, and a few questions tell: was the file opened for writing, is
 * its name one that any rule speaks of?  These are the keys of an event type: predicates,
 * or whether a text is plain, that is, met by nothing of one of its slot's tables.  For each
 * combination of their answers a mask says which conditions can still hold; only these
 * are run.  A key whose answer makes no difference after those before it is not asked.
 *
 * Masks are found by deciding the graph with three values for all combinations at a time: bit
 * L of a node's words says that it can be true (false) where the answers are L.  Keys are
 * chosen one by one, each time the one that leaves the fewest conditions to be expected.
 *
 * Where the answers leave few conditions, these have code of their own in which what the answers
 * say is not asked again. */
#include "rules/lang/keys.h"

#include <stdlib.h>
#include <string.h>

#include "rules/lang/strindex.h"

enum {
	LEAVES = 1 << KEYS_MAX, WORDS = KEYS_WORDS,
	CANDIDATES = 20,
	LEFT_MAX = 12,			/* conditions that may have code of their own */
	ENTRIES_MIN = 2, NODES_MAX = 1 << 15,
};

static const float PLAIN_FILE = 0.9f, PLAIN_OTHER = 0.4f, WORTH = 0.1f, MENTION = 0.01f;

struct fate {
	uint64_t yes[WORDS], no[WORDS];
};

struct candidate {
	struct key key;
	uint32_t node;			/* of a key that is a test */
	uint32_t n;			/* how often it is mentioned */
	float chance;
};

/* The conditions of one type. */
struct scene {
	struct engine *e;
	key_test *test;
	leaf_code *code;
	void *arg;
	const struct entry *entries;
	uint32_t n_entries;
	uint32_t *nodes, n_nodes;	/* what they reach, kids first */
	size_t cap;
	uint32_t *at;			/* by node: place in nodes + 1 */
	struct fate *fate;		/* by place */
	size_t fate_cap;
	uint32_t *count;		/* by node, by table_count */
	struct candidate chosen[KEYS_MAX];
	unsigned n_chosen;
};

/* ---- the graph of a type ---- */

static void reach(struct scene *f, uint32_t node)
{
	const struct dag_node *n = &f->e->dag.nodes[node];

	if (f->at[node])
		return;
	f->at[node] = 1;
	for (uint32_t i = 0; n->kind >= DAG_NOT && i < n->n; i++)
		reach(f, n->kids[i]);
	f->nodes = mem_grow(f->nodes, &f->cap, f->n_nodes + 1, sizeof(*f->nodes));
	f->nodes[f->n_nodes++] = node;
	f->at[node] = f->n_nodes;
}

static void forget(struct scene *f)
{
	for (uint32_t i = 0; i < f->n_nodes; i++)
		f->at[f->nodes[i]] = 0;
	f->n_nodes = 0;
}

static bool in_tables(const struct engine *e, const struct pred *p)
{
	return p->index != NO_INDEX && p->shape == SHAPE_ONE && !p->all && !p->never &&
	       !strindex_weak(e->slots[p->slot].index[p->index], p->bit);
}

/* What a predicate of a plain text is. */
static bool plain_answer(const struct engine *e, const struct pred *p)
{
	const struct strindex *x = e->slots[p->slot].index[p->index];

	return strindex_plain_bit(x, p->bit) != p->negate;
}

/* ---- fates ---- */

/* The combinations in which answer bit is set, in word w. */
static uint64_t leaves_with(unsigned bit, unsigned w)
{
	static const uint64_t low[6] = {
		0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0,
		0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000,
	};

	return bit < 6 ? low[bit] : w >> (bit - 6) & 1 ? ~UINT64_C(0) : 0;
}

/* What the answers say of a node. */
static void decide_key(const struct scene *f, uint32_t node, struct fate *r, unsigned words)
{
	for (unsigned k = 0; k < f->n_chosen; k++) {
		if (f->chosen[k].key.slot != NO_SLOT || f->chosen[k].node != node)
			continue;
		for (unsigned w = 0; w < words; w++) {
			r->yes[w] &= leaves_with(k, w);
			r->no[w] &= ~leaves_with(k, w);
		}
	}
}

/* Where its text is plain, the answer is known; where not, both are possible. */
static void decide_pred(const struct scene *f, uint32_t pred, struct fate *r, unsigned words)
{
	const struct pred *p = &f->e->preds[pred];
	uint64_t *not;

	if (!in_tables(f->e, p))
		return;
	not = plain_answer(f->e, p) ? r->no : r->yes;
	for (unsigned k = 0; k < f->n_chosen; k++)
		if (f->chosen[k].key.slot == p->slot && f->chosen[k].key.index == p->index)
			for (unsigned w = 0; w < words; w++)
				not[w] &= ~leaves_with(k, w);
}

static void decide_chain(const struct scene *f, const struct dag_node *n, struct fate *r,
			 unsigned words)
{
	const bool and = n->kind == DAG_AND;

	memset(and ? r->no : r->yes, 0, words * sizeof(*r->no));
	for (uint32_t i = 0; i < n->n; i++) {
		const struct fate *kid = &f->fate[f->at[n->kids[i]] - 1];

		for (unsigned w = 0; w < words; w++) {
			r->yes[w] = and ? r->yes[w] & kid->yes[w] : r->yes[w] | kid->yes[w];
			r->no[w] = and ? r->no[w] | kid->no[w] : r->no[w] & kid->no[w];
		}
	}
}

/* All nodes for the keys that are chosen. */
static void decide(struct scene *f)
{
	const unsigned words = f->n_chosen > 6 ? 1u << (f->n_chosen - 6) : 1;

	for (uint32_t i = 0; i < f->n_nodes; i++) {
		const struct dag_node *n = &f->e->dag.nodes[f->nodes[i]];
		struct fate *r = &f->fate[i];
		const struct fate *kid;

		memset(r->yes, 0xff, words * sizeof(*r->yes));
		memset(r->no, 0xff, words * sizeof(*r->no));
		switch ((enum dag_kind)n->kind) {
		case DAG_CONST:
			memset(f->nodes[i] == DAG_TRUE ? r->no : r->yes, 0,
			       words * sizeof(*r->no));
			break;
		case DAG_PRED:
			decide_pred(f, n->kids[0], r, words);
			break;
		case DAG_NOT:
			kid = &f->fate[f->at[n->kids[0]] - 1];
			memcpy(r->yes, kid->no, words * sizeof(*r->yes));
			memcpy(r->no, kid->yes, words * sizeof(*r->no));
			break;
		case DAG_AND:
		case DAG_OR:
			decide_chain(f, n, r, words);
			break;
		}
		decide_key(f, f->nodes[i], r, words);
	}
}

/* How many conditions are left, over all combinations as likely as they seem. */
static float expected(const struct scene *f)
{
	const unsigned leaves = 1u << f->n_chosen;
	uint16_t left[LEAVES] = {0};
	float sum = 0;

	for (uint32_t i = 0; i < f->n_entries; i++) {
		const uint64_t *yes = f->fate[f->at[f->entries[i].pc] - 1].yes;

		for (unsigned leaf = 0; leaf < leaves; leaf++)
			left[leaf] += (uint16_t)(yes[leaf / 64] >> leaf % 64 & 1);
	}
	for (unsigned leaf = 0; leaf < leaves; leaf++) {
		float likely = left[leaf];

		for (unsigned k = 0; likely > 0 && k < f->n_chosen; k++)
			likely *= leaf >> k & 1 ? f->chosen[k].chance : 1 - f->chosen[k].chance;
		sum += likely;
	}
	return sum;
}

/* ---- choosing ---- */

/* Where mentions of a table are counted. */
static uint32_t *table_count(struct scene *f, const struct pred *p)
{
	return &f->count[f->e->dag.n + (size_t)p->slot * 3 + p->index];
}

static int by_mentions(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->n != y->n ? x->n > y->n ? -1 : 1
	     : x->key.slot != y->key.slot ? x->key.slot > y->key.slot ? -1 : 1
	     : x->key.index != y->key.index ? x->key.index - y->key.index
	     : (x->node > y->node) - (x->node < y->node);
}

/* Parts that conditions need as they are, and tables of slots. */
static void count_mentions(struct scene *f)
{
	for (uint32_t i = 0; i < f->n_entries; i++) {
		const uint32_t *top = &f->entries[i].pc;
		const struct dag_node *n = &f->e->dag.nodes[*top];
		const uint32_t *kids = n->kind == DAG_AND ? n->kids : top;

		for (uint32_t k = 0; k < (n->kind == DAG_AND ? n->n : 1); k++) {
			const struct dag_node *kid = &f->e->dag.nodes[kids[k]];

			f->count[kid->kind == DAG_NOT ? kid->kids[0] : kids[k]]++;
		}
	}
	for (uint32_t i = 0; i < f->n_nodes; i++) {
		const struct dag_node *n = &f->e->dag.nodes[f->nodes[i]];

		if (n->kind == DAG_PRED && in_tables(f->e, &f->e->preds[n->kids[0]]))
			++*table_count(f, &f->e->preds[n->kids[0]]);
	}
}

static void add_test(struct scene *f, uint32_t node, struct candidate *c, uint32_t *n)
{
	float chance;
	uint32_t *count = &f->count[node], test;

	if (*count >= ENTRIES_MIN) {
		test = f->test(node, &chance, f->arg);
		if (test != CODE_NONE)
			c[(*n)++] = (struct candidate){ { .test = test, .slot = NO_SLOT },
							node, *count, chance };
	}
	*count = 0;
}

/* Names of processes are often ones that rules know, those of files seldom. */
static void add_table(struct scene *f, const struct pred *p, struct candidate *c, uint32_t *n)
{
	const bool file = strncmp(f->e->slots[p->slot].text, "fd.", 3) == 0;
	uint32_t *count = table_count(f, p);

	if (*count >= ENTRIES_MIN)
		c[(*n)++] = (struct candidate){ { .slot = p->slot, .index = p->index }, 0, *count,
						file ? PLAIN_FILE : PLAIN_OTHER };
	*count = 0;
}

static uint32_t candidates(struct scene *f, struct candidate **out)
{
	struct candidate *c = xcalloc(2 * (size_t)f->n_nodes + 1, sizeof(*c));
	uint32_t n = 0;

	count_mentions(f);
	for (uint32_t i = 0; i < f->n_nodes; i++) {
		const struct dag_node *node = &f->e->dag.nodes[f->nodes[i]];

		add_test(f, f->nodes[i], c, &n);
		if (node->kind == DAG_PRED && in_tables(f->e, &f->e->preds[node->kids[0]]))
			add_table(f, &f->e->preds[node->kids[0]], c, &n);
	}
	if (n)
		qsort(c, n, sizeof(*c), by_mentions);
	*out = c;
	return n < CANDIDATES ? n : CANDIDATES;
}

/* The next key; false: none is worth it. */
static bool choose(struct scene *f, struct candidate *c, uint32_t n, float *left)
{
	float best_gain = 0, best_left = *left;
	uint32_t best = n;

	f->n_chosen++;
	for (uint32_t i = 0; i < n; i++) {
		float now, gain;

		if (!c[i].n)
			continue;
		f->chosen[f->n_chosen - 1] = c[i];
		decide(f);
		now = expected(f);
		gain = *left - now + MENTION * (float)(c[i].n < 10 ? c[i].n : 10);
		if (gain > best_gain) {
			best_gain = gain;
			best_left = now;
			best = i;
		}
	}
	if (best == n || best_gain < WORTH) {
		f->n_chosen--;
		return false;
	}
	f->chosen[f->n_chosen - 1] = c[best];
	c[best].n = 0;
	*left = best_left;
	return true;
}

static void choose_all(struct scene *f)
{
	struct candidate *c;
	const uint32_t n = candidates(f, &c);
	float left = (float)f->n_entries;

	f->n_chosen = 0;
	while (f->n_chosen < KEYS_MAX && left > 0.05f && choose(f, c, n, &left))
		;
	free(c);
	decide(f);
}

/* ---- what the matcher uses ---- */

/* Do the masks depend on key k, after these answers of those before it? */
static bool matters(const uint64_t *masks, uint32_t words, unsigned n, unsigned k, size_t answers)
{
	for (size_t rest = 0; rest < (size_t)1 << (n - k - 1); rest++) {
		const size_t leaf = answers | rest << (k + 1), other = leaf | (size_t)1 << k;

		if (memcmp(masks + leaf * words, masks + other * words, words * 8) != 0)
			return true;
	}
	return false;
}

/* ---- code for one way of answers ---- */

struct leaf {
	const struct scene *scene;
	uint64_t answers[WORDS];	/* with all answers of keys that are not asked */
};

int leaf_known(const struct leaf *l, uint32_t node)
{
	const struct fate *fate = &l->scene->fate[l->scene->at[node] - 1];
	uint64_t yes = 0, no = 0;

	for (unsigned w = 0; w < WORDS; w++) {
		yes |= fate->yes[w] & l->answers[w];
		no |= fate->no[w] & l->answers[w];
	}
	return !yes ? 0 : !no ? 1 : -1;
}

/* Code for the conditions that the answers leave. */
static void code_leaf(struct scene *f, const struct type_keys *t, const struct leaf *l,
		      size_t answers)
{
	struct keys *k = &f->e->keys;
	const uint32_t words = (f->n_entries + 63) / 64;
	const uint64_t *mask = k->masks + t->masks + answers * words;
	const size_t first = k->n_pcs;
	uint32_t left = 0;

	for (uint32_t w = 0; w < words; w++)
		left += (uint32_t)__builtin_popcountll(mask[w]);
	if (left == 0 || left > LEFT_MAX)
		return;
	k->pcs = mem_grow(k->pcs, &k->pcs_cap, k->n_pcs + left, sizeof(*k->pcs));
	for (uint32_t i = 0; i < f->n_entries; i++) {
		uint32_t pc;

		if (!(mask[i / 64] >> i % 64 & 1))
			continue;
		pc = f->code(f->entries[i].pc, l, f->arg);
		if (pc == CODE_NONE) {
			k->n_pcs = first;
			return;
		}
		k->pcs[k->n_pcs++] = pc;
	}
	k->leaves[t->leaves + answers] = (uint32_t)first + 1;
}

/* What is to be asked from key i on, after these answers. */
static uint32_t ask_from(struct scene *f, const struct type_keys *t, const struct leaf *l,
			 unsigned i, size_t answers)
{
	const uint32_t words = (f->n_entries + 63) / 64;
	struct keys *k = &f->e->keys;
	uint32_t at, next[2];

	while (i < t->n && !matters(k->masks + t->masks, words, t->n, i, answers))
		i++;
	if (i == t->n) {
		code_leaf(f, t, l, answers);
		return ASK_LEAF | (uint32_t)answers;
	}
	at = (uint32_t)k->n_asks++;
	k->asks = mem_grow(k->asks, &k->asks_cap, k->n_asks, sizeof(*k->asks));
	for (unsigned yes = 0; yes < 2; yes++) {
		struct leaf as = *l;

		for (unsigned w = 0; w < WORDS; w++)
			as.answers[w] &= yes ? leaves_with(i, w) : ~leaves_with(i, w);
		next[yes] = ask_from(f, t, &as, i + 1, answers | (size_t)yes << i);
	}
	k->asks[at] = (struct ask){ f->chosen[i].key, { next[0], next[1] } };
	return at;
}

static void write_asks(struct scene *f, struct type_keys *t)
{
	struct keys *k = &f->e->keys;
	const size_t n = (size_t)1 << t->n;
	struct leaf all = { .scene = f };

	for (size_t i = 0; i < n; i++)
		all.answers[i / 64] |= UINT64_C(1) << i % 64;
	t->leaves = k->n_leaves;
	k->leaves = mem_grow(k->leaves, &k->leaves_cap, k->n_leaves + n, sizeof(*k->leaves));
	memset(k->leaves + k->n_leaves, 0, n * sizeof(*k->leaves));
	k->n_leaves += n;
	t->ask = ask_from(f, t, &all, 0, 0);
}

static void write_down(struct scene *f, struct type_keys *t)
{
	struct keys *k = &f->e->keys;
	const uint32_t words = (f->n_entries + 63) / 64;
	const size_t n_masks = (size_t)words << f->n_chosen;

	*t = (struct type_keys){ .first = (uint32_t)k->n, .n = (uint8_t)f->n_chosen,
				 .masks = k->n_masks };
	k->v = mem_grow(k->v, &k->cap, k->n + f->n_chosen, sizeof(*k->v));
	for (unsigned i = 0; i < f->n_chosen; i++)
		k->v[k->n++] = f->chosen[i].key;
	k->masks = mem_grow(k->masks, &k->masks_cap, k->n_masks + n_masks, sizeof(*k->masks));
	memset(k->masks + k->n_masks, 0, n_masks * sizeof(*k->masks));
	for (uint32_t i = 0; i < f->n_entries; i++) {
		const struct fate *fate = &f->fate[f->at[f->entries[i].pc] - 1];

		for (unsigned leaf = 0; leaf < 1u << f->n_chosen; leaf++)
			if (fate->yes[leaf / 64] >> leaf % 64 & 1)
				k->masks[k->n_masks + (size_t)leaf * words + i / 64] |=
					UINT64_C(1) << i % 64;
	}
	k->n_masks += n_masks;
	write_asks(f, t);
}

static bool same_nodes(const struct engine *e, unsigned a, unsigned b)
{
	const uint32_t n = e->first[a + 1] - e->first[a];

	if (e->first[b + 1] - e->first[b] != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (e->entries[e->first[a] + i].pc != e->entries[e->first[b] + i].pc)
			return false;
	return true;
}

/* A type with the same conditions as one before has its keys. */
static bool take_over(struct engine *e, unsigned type)
{
	for (unsigned t = 0; t < type; t++)
		if (e->keys.type[t].n && same_nodes(e, t, type)) {
			e->keys.type[type] = e->keys.type[t];
			return true;
		}
	return false;
}

static void make_type(struct scene *f, unsigned type)
{
	struct engine *e = f->e;

	f->n_entries = e->first[type + 1] - e->first[type];
	if (f->n_entries < ENTRIES_MIN || take_over(e, type))
		return;
	f->entries = e->entries + e->first[type];
	for (uint32_t i = 0; i < f->n_entries; i++)
		reach(f, f->entries[i].pc);
	if (f->n_nodes <= NODES_MAX) {
		f->fate = mem_grow(f->fate, &f->fate_cap, f->n_nodes, sizeof(*f->fate));
		choose_all(f);
		if (f->n_chosen)
			write_down(f, &e->keys.type[type]);
	}
	forget(f);
}

void keys_make(struct engine *e, key_test *test, leaf_code *code, void *arg)
{
	struct scene f = { .e = e, .test = test, .code = code, .arg = arg };

	keys_release(&e->keys);
	f.at = xcalloc(e->dag.n, sizeof(*f.at));
	f.count = xcalloc(e->dag.n + e->slot_names.n * 3 + 1, sizeof(*f.count));
	for (unsigned type = 0; type < EV__N; type++)
		make_type(&f, type);
	free(f.nodes);
	free(f.at);
	free(f.fate);
	free(f.count);
}

void keys_release(struct keys *k)
{
	free(k->v);
	free(k->masks);
	free(k->asks);
	free(k->leaves);
	free(k->pcs);
	*k = (struct keys){0};
}
