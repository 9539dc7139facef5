/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 * 1024, ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	_Alignas(ALIGN) unsigned char bytes[];
};

static void *check(void *p, size_t n)
{
	if (!p && n) {
		fprintf(stderr, "saker: out of memory (%zu bytes asked)\n", n);
		abort();
	}
	return p;
}

static void too_big(void)
{
	fputs("saker: a size does not fit in memory\n", stderr);
	abort();
}

size_t mem_add(size_t a, size_t b)
{
	size_t r;

	if (__builtin_add_overflow(a, b, &r))
		too_big();
	return r;
}

size_t mem_mul(size_t a, size_t b)
{
	size_t r;

	if (__builtin_mul_overflow(a, b, &r))
		too_big();
	return r;
}

void *xmalloc(size_t n)
{
	return check(malloc(n ? n : 1), n ? n : 1);
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1), 1);
}

void *xrealloc(void *p, size_t n)
{
	return check(realloc(p, n ? n : 1), n ? n : 1);
}

char *xstrdup(const char *s)
{
	return xmemdup0(s, strlen(s));
}

char *xmemdup0(const void *p, size_t n)
{
	char *r = xmalloc(mem_add(n, 1));

	if (n)
		memcpy(r, p, n);
	r[n] = 0;
	return r;
}

void *mem_grow(void *p, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap : 8;

	if (n <= *cap)
		return p;
	while (want < n)
		want = mem_mul(want, 2);
	*cap = want;
	return xrealloc(p, mem_mul(want, size));
}

static struct arena_chunk *chunk_new(size_t n)
{
	const size_t size = n > CHUNK ? n : CHUNK;
	struct arena_chunk *c = xmalloc(mem_add(sizeof(*c), size));

	*c = (struct arena_chunk){ .size = size };
	return c;
}

/* The next chunk that holds n bytes; one that is too small is passed over and
 * comes to use again after a reset. */
static struct arena_chunk *next_chunk(struct arena *a, size_t n)
{
	struct arena_chunk **where = a->current ? &a->current->next : &a->first;
	struct arena_chunk *c;

	while ((c = *where) && c->size < n)
		where = &c->next;
	if (!c)
		c = *where = chunk_new(n);
	c->used = 0;
	a->current = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->current;
	void *p;

	n = (mem_add(n, ALIGN - 1)) & ~(size_t)(ALIGN - 1);
	if (!c || c->size - c->used < n)
		c = next_chunk(a, n);
	p = c->bytes + c->used;
	c->used += n;
	a->used += n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *arena_strn(struct arena *a, const void *p, size_t n)
{
	char *r = arena_alloc(a, mem_add(n, 1));

	if (n)
		memcpy(r, p, n);
	r[n] = 0;
	return r;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_strn(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *r;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	r = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	va_start(ap, fmt);
	vsnprintf(r, (size_t)(n < 0 ? 0 : n) + 1, fmt, ap);
	va_end(ap);
	return r;
}

void arena_reset(struct arena *a)
{
	a->current = a->first;
	if (a->first)
		a->first->used = 0;
	a->used = 0;
}

void arena_release(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->first; c; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct arena){0};
}

void *slab_take(struct slab *s)
{
	void *p = s->free;

	if (p)
		s->free = *(void **)p;
	else
		p = arena_alloc(&s->arena, s->size);
	s->n_live++;
	return memset(p, 0, s->size);
}

void slab_give(struct slab *s, void *p)
{
	*(void **)p = s->free;
	s->free = p;
	s->n_live--;
}

void slab_release(struct slab *s)
{
	arena_release(&s->arena);
	s->free = NULL;
	s->n_live = 0;
}
