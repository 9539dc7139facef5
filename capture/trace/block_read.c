/* SPDX-License-Identifier: Apache-2.0 */
/* From block to block.  A block is good if its header and its payload match their
 * checksums.  Where one is not, the next place is searched where the magic of a block
 * stands and the header behind it holds. */
#include <inttypes.h>

#include "capture/base/err.h"
#include "capture/trace/block.h"

enum {
	SEARCH = 64 * 1024,
	WASTE_MAX = 256 << 20,	/* payloads checked in vain before searching coarsely */
};

int block_seek(struct block_reader *r, uint64_t off)
{
	r->take = 0;
	r->any_seq = true;
	r->footer = false;
	r->places = r->damage->n_places;
	return input_seek(r->in, off);
}

/* Is there a footer, or a block whose header holds, at p? */
static bool looks_good(const uint8_t *p, size_t n)
{
	struct block b;
	uint64_t off, size;

	return block_get(&b, p, n) || footer_get(&off, &size, p, n);
}

/* Bytes that were passed over, and how many of them were never written or given up. */
struct passed {
	uint64_t lost, holes;
};

static int skip_hole(struct block_reader *r, struct passed *passed)
{
	const uint64_t n = input_hole(r->in);

	passed->lost += n;
	passed->holes += n;
	return input_skip(r->in, n);
}

/* Passes over bytes until something good stands there; 1: the end was reached. */
static int resync(struct block_reader *r, uint64_t skip, struct passed *passed)
{
	const uint8_t *p, *hit;
	bool holes = true;
	size_t avail;

	*passed = (struct passed){ .lost = skip };
	if (input_skip(r->in, skip))
		return 1;
	for (;;) {
		/* Not where a byte was taken for the beginning of something. */
		int e = holes ? skip_hole(r, passed) : 0;

		if (!e)
			e = input_peek(r->in, SEARCH, &p, &avail);
		if (e)
			return e;
		if (avail < FOOTER_LEN) {
			passed->lost += avail;
			input_take(r->in, avail);
			return 1;
		}
		hit = memmem(p, avail, "\xf5Skr", 4);
		holes = !hit;
		if (!hit)
			hit = p + avail - 3;
		passed->lost += (uint64_t)(hit - p);
		input_take(r->in, (size_t)(hit - p));
		if (input_peek(r->in, BLOCK_HEADER_LEN, &p, &avail) < 0)
			return -ERR_SYSTEM;
		if (looks_good(p, avail))
			return 0;
		if (avail) {
			input_take(r->in, 1);
			passed->lost++;
		}
	}
}

static int at_footer(struct block_reader *r, uint64_t size)
{
	const uint8_t *p;
	size_t avail;

	r->footer = true;
	if (size != r->in->off + FOOTER_LEN)
		damage_add(r->damage, 0, "byte %" PRIu64 ": the footer stands at another place "
			   "than it says: bytes were added or removed", r->in->off);
	input_take(r->in, FOOTER_LEN);
	if (input_peek(r->in, 1, &p, &avail) == 0 && avail)
		damage_add(r->damage, 0, "bytes follow behind the end of the recording");
	return 1;
}

static int at_end(struct block_reader *r, size_t avail)
{
	if (r->footer || r->grows)
		return 1;
	if (!r->damage->cut)
		damage_add(r->damage, avail, avail ? "it ends in the middle of a block"
			   : "it ends without its index: cut, or the recorder was killed");
	r->damage->cut = true;
	input_take(r->in, avail);
	return 1;
}

/* The header at the current place is good, but the payload is not.  If something
 * good follows behind it then only the payload was changed; else bytes are missing or
 * were added, and the search begins right behind the header. */
static int bad_payload(struct block_reader *r, const struct block *b, uint64_t len)
{
	const uint64_t at = r->in->off;
	const uint8_t *p;
	size_t avail;
	struct passed passed = { .lost = len };
	int e = 0;

	r->wasted += len;
	if (input_peek(r->in, len + BLOCK_HEADER_LEN, &p, &avail) < 0)
		return -ERR_SYSTEM;
	if (avail == len || looks_good(p + len, avail - len) || r->wasted > WASTE_MAX) {
		input_take(r->in, len);
	} else {
		e = resync(r, BLOCK_HEADER_LEN, &passed);
	}
	damage_add(r->damage, passed.lost, "block %" PRIu32 " at byte %" PRIu64
		   ": the checksum of its contents does not hold", b->seq, at);
	return e < 0 ? e : 0;
}

/* Is this the beginning of a block or of the footer, and no more? */
static bool is_cut(const uint8_t *p, size_t n)
{
	const size_t magic = n < 8 ? n : 8;

	return n == 0 || (n < BLOCK_HEADER_LEN && !memcmp(p, BLOCK_MAGIC, magic))
		|| (n < FOOTER_LEN && !memcmp(p, FOOTER_MAGIC, magic));
}

/* Looks at what follows in the file: 0: *b with its payload peeked, or with *payload
 * NULL where it is not wanted; 1: end; 2: damage was passed over, look again. */
static int look(struct block_reader *r, struct block *b, const uint8_t **payload,
		bool (*wanted)(const struct block *, void *), void *arg)
{
	const uint64_t at = r->in->off;
	const uint8_t *p;
	uint64_t index, size;
	struct passed passed;
	size_t avail, len;
	int e = input_peek(r->in, BLOCK_HEADER_LEN, &p, &avail);

	if (e < 0)
		return e;
	if (footer_get(&index, &size, p, avail))
		return at_footer(r, size);
	if (!block_get(b, p, avail)) {
		if (is_cut(p, avail))
			return at_end(r, avail);
		e = resync(r, avail ? 1 : 0, &passed);
		damage_add(r->damage, passed.lost, "byte %" PRIu64 ": %s", at,
			   passed.holes ? "a hole: what stood there was given up, or never "
			   "reached the disk" : "no block where one must begin");
		return e < 0 ? e : 2;
	}
	b->off = at;
	len = BLOCK_HEADER_LEN + (size_t)b->stored;
	if (r->grows && (at > r->in->size || len > r->in->size - at))
		return at_end(r, avail);
	if (wanted && !wanted(b, arg)) {
		*payload = NULL;
		r->take = len;
		return 0;
	}
	if (input_peek(r->in, len, &p, &avail) < 0)
		return -ERR_SYSTEM;
	if (avail < len)
		return at_end(r, avail);
	if (block_sum(p + BLOCK_HEADER_LEN, b->stored) != b->payload_sum) {
		e = bad_payload(r, b, len);
		return e < 0 ? e : 2;
	}
	*payload = p + BLOCK_HEADER_LEN;
	r->take = len;
	return 0;
}

/* Counts what is missing before b; false: b itself is out of place. */
static bool check_order(struct block_reader *r, const struct block *b)
{
	if (!r->any_seq && b->seq < r->seq) {
		damage_add(r->damage, r->take, "block %" PRIu32 " at byte %" PRIu64
			   ": out of order, %" PRIu32 " was expected", b->seq, b->off, r->seq);
		return false;
	}
	if (!r->any_seq && b->seq > r->seq) {
		if (r->damage->n_places == r->places)
			damage_add(r->damage, 0, "block %" PRIu32 " is missing before byte %"
				   PRIu64, r->seq, b->off);
		r->damage->lost_blocks += b->seq - r->seq;
	}
	r->any_seq = false;
	r->seq = b->seq + 1;
	r->places = r->damage->n_places;
	return true;
}

static void check_chain(struct block_reader *r, const struct block *b, const uint8_t *payload,
			bool gap)
{
	if (!gap && memcmp(b->prev, r->digest, DIGEST_LEN))
		damage_add(r->damage, 0, "block %" PRIu32 " at byte %" PRIu64 ": the digest of the "
			   "block before it does not hold", b->seq, b->off);
	block_digest(r->digest, payload - BLOCK_HEADER_LEN, BLOCK_HEADER_LEN, payload, b->stored);
}

int block_next(struct block_reader *r, struct block *b, const uint8_t **payload,
	       bool (*wanted)(const struct block *, void *), void *arg)
{
	int e;

	for (;;) {
		const uint32_t seq = r->seq;

		if (r->take && input_skip(r->in, r->take))
			return at_end(r, 0);
		r->take = 0;
		e = look(r, b, payload, wanted, arg);
		if (e == 2)
			continue;
		if (e)
			return e;
		if (!check_order(r, b))
			continue;
		if (r->chain && *payload)
			check_chain(r, b, *payload, b->seq != seq);
		return 0;
	}
}
