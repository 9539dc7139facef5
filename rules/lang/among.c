/* SPDX-License-Identifier: Apache-2.0 */
/* The automaton of Aho and Corasick, with a step for each byte and never one back.  Bytes that
 * no text has are one class, so a state takes as many words as the texts have letters. */
#include "rules/lang/among.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1 << 20 };		/* of all states: 4 MiB */

#define FOUND UINT32_C(0x80000000)

struct added {
	const char *p;
	uint32_t len, bit;
};

/* What is found in a state; next: the others of the same state + 1. */
struct out {
	uint32_t bit, next;
};

struct among {
	struct arena *arena;
	bool folded;
	struct added *added;
	size_t n_added, added_cap;
	uint8_t class[256];
	uint32_t n_classes;
	uint32_t *next;			/* state * n_classes + class → state * n_classes, and
					 * FOUND if any text ends there */
	uint32_t *out;			/* by state: + 1 */
	uint32_t *also;			/* by state: that of the longest text that it ends with; 0:
					 * none */
	struct out *outs;
	uint32_t n_states, n_outs;
};

struct among *among_new(struct arena *a, bool folded)
{
	struct among *w = arena_zalloc(a, sizeof(*w));

	w->arena = a;
	w->folded = folded;
	return w;
}

void among_add(struct among *w, const char *p, uint32_t len, uint32_t bit)
{
	w->added = mem_grow(w->added, &w->added_cap, w->n_added + 1, sizeof(*w->added));
	w->added[w->n_added++] = (struct added){ .p = p, .len = len, .bit = bit };
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Class 0 has the bytes of no text. */
static size_t classify(struct among *w)
{
	bool used[256] = {0};
	size_t bytes = 0;

	for (size_t i = 0; i < w->n_added; i++) {
		bytes += w->added[i].len;
		for (uint32_t k = 0; k < w->added[i].len; k++) {
			const uint8_t c = (uint8_t)w->added[i].p[k];

			used[w->folded ? lower(c) : c] = true;
		}
	}
	w->n_classes = 1;
	for (unsigned c = 0; c < 256; c++)
		w->class[c] = used[c] && w->n_classes < 256 ? (uint8_t)w->n_classes++ : 0;
	for (unsigned c = 'A'; w->folded && c <= 'Z'; c++)
		w->class[c] = w->class[lower((uint8_t)c)];
	return bytes;
}

/* States of one text; 0 is the beginning.  next has numbers of states here. */
static void add_states(struct among *w, const struct added *t)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < t->len; i++) {
		uint32_t *to = &w->next[at * w->n_classes + w->class[(uint8_t)t->p[i]]];

		if (!*to)
			*to = w->n_states++;
		at = *to;
	}
	w->outs[w->n_outs] = (struct out){ .bit = t->bit, .next = w->out[at] };
	w->out[at] = ++w->n_outs;
}

/* In order of length, where each state goes on after a byte that does not go on in it: there
 * where the longest end of it goes on that is a state. */
static void link_states(struct among *w)
{
	uint32_t *queue = xcalloc(w->n_states, sizeof(*queue)), n = 1;
	uint32_t *end = xcalloc(w->n_states, sizeof(*end));

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t at = queue[i];

		w->also[at] = w->out[end[at]] ? end[at] : w->also[end[at]];
		for (uint32_t c = 0; c < w->n_classes; c++) {
			uint32_t *to = &w->next[at * w->n_classes + c];
			const uint32_t other = at ? w->next[end[at] * w->n_classes + c] : 0;

			if (*to) {
				end[*to] = other;
				queue[n++] = *to;
			} else {
				*to = other;
			}
		}
	}
	free(queue);
	free(end);
}

/* From numbers of states to their places. */
static void place_states(struct among *w)
{
	for (uint32_t i = 0; i < w->n_states * w->n_classes; i++) {
		const uint32_t to = w->next[i];

		w->next[i] = to * w->n_classes | (w->out[to] || w->also[to] ? FOUND : 0);
	}
}

static void release(struct among *w)
{
	free(w->added);
	w->added = NULL;
}

bool among_finish(struct among *w)
{
	const size_t states = classify(w) + 1;

	if (states * w->n_classes > WORDS_MAX) {
		release(w);
		return false;
	}
	w->next = arena_zalloc(w->arena, states * w->n_classes * sizeof(*w->next));
	w->out = arena_zalloc(w->arena, states * sizeof(*w->out));
	w->also = arena_zalloc(w->arena, states * sizeof(*w->also));
	w->outs = arena_zalloc(w->arena, (w->n_added + 1) * sizeof(*w->outs));
	w->n_states = 1;
	for (size_t i = 0; i < w->n_added; i++)
		add_states(w, &w->added[i]);
	link_states(w);
	place_states(w);
	release(w);
	return true;
}

static void found(const struct among *w, uint32_t state, uint64_t *bits)
{
	for (; state; state = w->also[state])
		for (uint32_t o = w->out[state]; o; o = w->outs[o - 1].next)
			bits[w->outs[o - 1].bit / 64] |= UINT64_C(1) << w->outs[o - 1].bit % 64;
}

void among_find(const struct among *w, const char *p, uint32_t len, uint64_t *bits)
{
	const uint32_t n = w->n_classes;
	uint32_t at = 0;

	for (uint32_t i = 0; i < len; i++) {
		at = w->next[at + w->class[(uint8_t)p[i]]];
		if (__builtin_expect(at & FOUND, 0)) {
			at &= ~FOUND;
			found(w, at / n, bits);
		}
	}
}
