/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the state: paths, names, arguments.  Each distinct text exists once and
 * counts who uses it, so that a thousand processes with the same environment cost one.
 * Names of opened files stand alone: most descriptors are closed at once, and to look for
 * an equal text costs more than a copy.
 * Small ones come from free lists of a few sizes, large ones from malloc. */
#include <stdlib.h>

#include <xxhash.h>

#include "replay/state/internal.h"

enum { TEXTS_FIRST = 4096, TEXT_UNIT = 64 };

const char text_empty[1] = "";

static struct text_node *node_of(const char *p)
{
	return (struct text_node *)(uintptr_t)(p - offsetof(struct text_node, s));
}

static void grow(struct texts *t)
{
	const uint32_t size = t->v ? (t->mask + 1) * 2 : TEXTS_FIRST;
	struct text_node **v = xcalloc(size, sizeof(*v));

	for (uint32_t i = 0; t->v && i <= t->mask; i++) {
		for (struct text_node *n = t->v[i], *next; n; n = next) {
			next = n->next;
			n->next = v[n->hash & (size - 1)];
			v[n->hash & (size - 1)] = n;
		}
	}
	free(t->v);
	t->v = v;
	t->mask = size - 1;
}

static struct text_node *node_take(struct texts *t, size_t len)
{
	const size_t need = offsetof(struct text_node, s) + len + 1;
	struct text_node *n;
	uint8_t class = 0;

	while (class < TEXT_CLASSES && (size_t)TEXT_UNIT << class < need)
		class++;
	if (class == TEXT_CLASSES) {
		n = xmalloc(need);
	} else if (t->free[class]) {
		n = t->free[class];
		t->free[class] = *(void **)n;
	} else {
		n = arena_alloc(&t->arena, (size_t)TEXT_UNIT << class);
	}
	n->class = class;
	n->refs = 1;
	n->clean = 0;
	n->len = (uint32_t)len;
	n->s[len] = 0;
	t->bytes += need;
	t->n++;
	return n;
}

static void node_give(struct texts *t, struct text_node *n)
{
	t->bytes -= offsetof(struct text_node, s) + n->len + 1;
	t->n--;
	if (n->class == TEXT_CLASSES) {
		free(n);
	} else {
		const uint8_t class = n->class;

		*(void **)n = t->free[class];
		t->free[class] = n;
	}
}

static bool is_full(const struct state *st, size_t len)
{
	return st->texts.n >= st->max.texts || st->texts.bytes + len > TEXT_BYTES_MAX;
}

static struct text refuse(struct state *st)
{
	st->stats.refused_texts++;
	return text_none();
}

struct text text_new(struct state *st, const void *p, size_t len)
{
	struct texts *t = &st->texts;
	struct text_node *n;
	uint32_t h;

	if (len == 0)
		return text_none();
	if (!t->v || t->n > t->mask)
		grow(t);
	h = (uint32_t)XXH3_64bits(p, len);
	for (n = t->v[h & t->mask]; n; n = n->next) {
		if (n->hash == h && n->len == len && memcmp(n->s, p, len) == 0) {
			n->refs++;
			return (struct text){ n->s, n->len };
		}
	}
	if (is_full(st, len))
		return refuse(st);
	n = node_take(t, len);
	n->next = t->v[h & t->mask];
	t->v[h & t->mask] = n;
	n->hash = h;
	n->alone = false;
	memcpy(n->s, p, len);
	return (struct text){ n->s, n->len };
}

struct text text_alone(struct state *st, struct text dir, const void *p, size_t len)
{
	const size_t before = dir.len ? dir.len + 1 : 0, all = before + len;
	struct text_node *n;

	if (all == 0)
		return text_none();
	if (is_full(st, all))
		return refuse(st);
	n = node_take(&st->texts, all);
	n->alone = true;
	if (before) {
		memcpy(n->s, dir.p, dir.len);
		n->s[dir.len] = '/';
	}
	memcpy(n->s + before, p, len);
	return (struct text){ n->s, n->len };
}

bool text_is_clean(struct text t)
{
	struct text_node *n;

	if (t.len == 0 || t.p[0] != '/')	/* "<UNKNOWN>" is not counted */
		return false;
	n = node_of(t.p);
	if (!n->clean)
		n->clean = path_is_clean(n->s, n->len) ? 2 : 1;
	return n->clean == 2;
}

struct text text_ref(struct text t)
{
	if (t.len)
		node_of(t.p)->refs++;
	return t;
}

static void take_out(struct texts *t, struct text_node *n)
{
	struct text_node **where = &t->v[n->hash & t->mask];

	while (*where != n)
		where = &(*where)->next;
	*where = n->next;
}

void text_drop(struct state *st, struct text *t)
{
	struct text_node *n;

	if (t->len == 0)
		return;
	n = node_of(t->p);
	*t = text_none();
	if (--n->refs)
		return;
	if (!n->alone)
		take_out(&st->texts, n);
	node_give(&st->texts, n);
}

void text_set(struct state *st, struct text *t, const void *p, size_t len)
{
	struct text old = *t;

	if (old.len == len && (len == 0 || memcmp(old.p, p, len) == 0))
		return;
	*t = text_new(st, p, len);
	text_drop(st, &old);
}

void text_copy(struct state *st, struct text *t, struct text from)
{
	struct text old = *t;

	*t = text_ref(from);
	text_drop(st, &old);
}
