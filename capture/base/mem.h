/* SPDX-License-Identifier: Apache-2.0 */
/* Memory.  Allocation does not fail: it ends the program with a message.  Sizes
 * that come from a file are checked by the caller before they get here. */
#ifndef SAKER_BASE_MEM_H
#define SAKER_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* A copy of n bytes with a NUL behind it. */
char *xmemdup0(const void *p, size_t n)
	__attribute__((malloc, returns_nonnull, warn_unused_result));

/* Sum and product that end the program where they do not fit. */
size_t mem_add(size_t a, size_t b);
size_t mem_mul(size_t a, size_t b);

/* Makes room for n elements in a vector whose capacity is *cap; doubles. */
void *mem_grow(void *p, size_t *cap, size_t n, size_t size) __attribute__((warn_unused_result));

/* An arena: what is taken lives until reset or release.  Zero-initialised. */
struct arena {
	struct arena_chunk *first, *current;
	size_t used;		/* bytes handed out since the last reset */
};

void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull));	/* 16-aligned */
void *arena_zalloc(struct arena *a, size_t n) __attribute__((returns_nonnull));
/* A copy of n bytes with a NUL behind it. */
char *arena_strn(struct arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
char *arena_str(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));
void arena_reset(struct arena *a);	/* keeps the memory */
void arena_release(struct arena *a);

/* A slab: equal objects, reused after free.  n_live counts them. */
struct slab {
	size_t size, n_live;
	void *free;
	struct arena arena;
};

void *slab_take(struct slab *s) __attribute__((returns_nonnull));	/* zeroed */
void slab_give(struct slab *s, void *p);
void slab_release(struct slab *s);

#endif
