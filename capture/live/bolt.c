/* SPDX-License-Identifier: Apache-2.0 */
/* A file of pages.  The first two are meta pages: the one with the higher transaction holds
 * the page of the root bucket.  A bucket is a tree of pages:
 *
 *   page      u64 id, u16 flags, u16 count, u32 overflow; then count elements
 *   branch    u32 pos, u32 key size, u64 page           (pos: from the element's start)
 *   leaf      u32 flags, u32 pos, u32 key size, u32 value size; the key, then the value
 *   bucket    as the value of a leaf with flag 1: u64 page, u64 sequence; page 0: a leaf
 *             page follows in the value
 *   meta      u32 magic, u32 version, u32 page size, u32 flags, u64 root page, u64 sequence,
 *             u64 free list, u64 pages, u64 transaction, u64 checksum
 *
 * Numbers are in the machine's order, and so read here. */
#include "capture/live/bolt.h"

#include <string.h>

#include "capture/live/rootfile.h"

enum {
	MAGIC = (int)0xED0CDAED, VERSION = 2,
	PAGE_HEADER = 16, ELEMENT = 16, BUCKET_HEADER = 16,
	BRANCH = 1, LEAF = 2,
	IS_BUCKET = 1,
	DEPTH_MAX = 16, FILE_MAX = 64 << 20, VISITS_MAX = 100000,
};

struct page {
	const uint8_t *p;
	size_t len;
	uint16_t flags, count;
};

static uint16_t u16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static uint32_t u32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint64_t u64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }

static bool page_of(const uint8_t *p, size_t len, struct page *out)
{
	if (len < PAGE_HEADER)
		return false;
	*out = (struct page){ p, len, u16(p + 8), u16(p + 10) };
	return PAGE_HEADER + (size_t)out->count * ELEMENT <= len
		&& (out->flags == BRANCH || out->flags == LEAF);
}

static bool page_at(const struct bolt *b, uint64_t id, struct page *out)
{
	const uint64_t pages = b->file.len / b->page_size;
	const uint8_t *p;
	uint64_t n;

	if (id < 2 || id >= pages)
		return false;
	p = b->file.p + id * b->page_size;
	n = 1 + (uint64_t)u32(p + 12);
	return n <= pages - id && page_of(p, n * b->page_size, out);
}

struct element {
	uint32_t flags;
	uint64_t child;
	struct bolt_value key, value;
};

static bool element(const struct page *pg, unsigned i, struct element *e)
{
	const size_t at = PAGE_HEADER + (size_t)i * ELEMENT;
	const uint8_t *const p = pg->p + at;
	const bool leaf = pg->flags == LEAF;
	const uint64_t pos = at + u32(p + (leaf ? 4 : 0)), key = u32(p + (leaf ? 8 : 4)),
		       value = leaf ? u32(p + 12) : 0;

	if (pos > pg->len || key > pg->len - pos || value > pg->len - pos - key)
		return false;
	*e = (struct element){ leaf ? u32(p) : 0, leaf ? 0 : u64(p + 8),
			       { pg->p + pos, key }, { pg->p + pos + key, value } };
	return true;
}

static int compare(struct bolt_value a, const char *key, size_t len)
{
	const int c = memcmp(a.p, key, a.len < len ? a.len : len);

	return c ? c : a.len < len ? -1 : a.len > len;
}

/* How many elements of a page have keys up to this one: the last of them is the one or leads
 * to it. */
static unsigned up_to(const struct page *pg, const char *key, size_t len)
{
	unsigned low = 0, high = pg->count;
	struct element e;

	while (low < high) {
		const unsigned mid = (low + high) / 2;

		if (!element(pg, mid, &e))
			return 0;
		if (compare(e.key, key, len) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool find(const struct bolt *b, struct bolt_bucket in, const char *key,
		 struct element *e)
{
	const size_t len = strlen(key);
	struct page pg;
	bool ok = in.root ? page_at(b, in.root, &pg) : page_of(in.in_line, in.len, &pg);

	for (int depth = 0; ok && depth < DEPTH_MAX; depth++) {
		const unsigned n = up_to(&pg, key, len);

		if (pg.flags == LEAF)
			return n && element(&pg, n - 1, e) && compare(e->key, key, len) == 0;
		ok = element(&pg, n ? n - 1 : 0, e) && page_at(b, e->child, &pg);
	}
	return false;
}

bool bolt_bucket(const struct bolt *b, struct bolt_bucket in, const char *key,
		 struct bolt_bucket *out)
{
	struct element e;

	if (!find(b, in, key, &e) || !(e.flags & IS_BUCKET) || e.value.len < BUCKET_HEADER)
		return false;
	*out = (struct bolt_bucket){ u64(e.value.p), e.value.p + BUCKET_HEADER,
				     e.value.len - BUCKET_HEADER };
	return true;
}

bool bolt_value(const struct bolt *b, struct bolt_bucket in, const char *key,
		struct bolt_value *out)
{
	struct element e;

	if (!find(b, in, key, &e) || e.flags & IS_BUCKET)
		return false;
	*out = e.value;
	return true;
}

struct walk {
	const struct bolt *b;
	void (*visit)(struct bolt_value, struct bolt_value, void *);
	void *arg;
	unsigned left;
};

static void each(struct walk *w, const struct page *pg, int depth)
{
	struct element e;
	struct page child;

	for (unsigned i = 0; i < pg->count && w->left; i++) {
		if (!element(pg, i, &e))
			return;
		w->left--;
		if (pg->flags == LEAF && !(e.flags & IS_BUCKET))
			w->visit(e.key, e.value, w->arg);
		else if (pg->flags == BRANCH && depth < DEPTH_MAX && page_at(w->b, e.child, &child))
			each(w, &child, depth + 1);
	}
}

void bolt_each(const struct bolt *b, struct bolt_bucket in,
	       void (*visit)(struct bolt_value key, struct bolt_value value, void *arg), void *arg)
{
	struct walk w = { b, visit, arg, VISITS_MAX };
	struct page pg;

	if (in.root ? page_at(b, in.root, &pg) : page_of(in.in_line, in.len, &pg))
		each(&w, &pg, 0);
}

/* Takes the meta page at p, if it is one and newer than what was taken before. */
static void meta(const uint8_t *p, size_t left, struct bolt *b, uint64_t *transaction)
{
	const uint8_t *const m = p + PAGE_HEADER;
	uint32_t size;

	if (left < PAGE_HEADER + 64 || u32(m) != (uint32_t)MAGIC || u32(m + 4) != VERSION)
		return;
	size = u32(m + 8);
	if (size < 1024 || size > 65536 || (b->page_size && u64(m + 48) < *transaction))
		return;
	b->page_size = size;
	b->root = u64(m + 16);
	*transaction = u64(m + 48);
}

int bolt_open(struct bolt *b, int root, const char *path)
{
	uint64_t transaction = 0;

	*b = (struct bolt){0};
	if (rootfile_read(root, path, FILE_MAX, &b->file) == 0) {
		meta(b->file.p, b->file.len, b, &transaction);
		if (b->page_size && b->file.len > b->page_size)
			meta(b->file.p + b->page_size, b->file.len - b->page_size, b, &transaction);
	}
	if (b->page_size)
		return 0;
	bolt_close(b);
	return -1;
}

void bolt_close(struct bolt *b)
{
	buf_release(&b->file);
	*b = (struct bolt){0};
}

struct bolt_bucket bolt_root(const struct bolt *b)
{
	return (struct bolt_bucket){ .root = b->root };
}
