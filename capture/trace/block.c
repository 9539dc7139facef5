/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/block.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <xxhash.h>

#include "capture/base/cursor.h"
#include "capture/base/err.h"

const char *const block_kind_name[BLOCK_KINDS] = {
	[BLOCK_DICT] = "dictionary", [BLOCK_STATE] = "state", [BLOCK_EVENTS] = "events",
	[BLOCK_LOSS] = "loss", [BLOCK_NOTE] = "note", [BLOCK_ALERT] = "alert",
	[BLOCK_SEAL] = "seal", [BLOCK_INDEX] = "index",
};

uint64_t block_sum(const void *payload, size_t n)
{
	return XXH3_64bits(payload, n);
}

static void put_sum(struct buf *out, size_t from)
{
	buf_le64(out, XXH3_64bits(out->p + from, out->len - from));
}

/* Do the n bytes end with the checksum of those before it? */
static bool sum_holds(const uint8_t *p, size_t n)
{
	struct cursor c = cursor_of(p + n - 8, 8);

	return cursor_u64(&c) == XXH3_64bits(p, n - 8);
}

void file_header_put(struct buf *out, const struct file_header *h)
{
	static const uint8_t reserved[16];
	const size_t start = out->len;

	buf_put(out, SKR_MAGIC, 8);
	buf_le16(out, FILE_HEADER_LEN);
	buf_byte(out, h->version);
	buf_byte(out, h->refuse);
	buf_byte(out, h->ignore);
	buf_byte(out, SET_WORDS);
	buf_le16(out, 0);
	buf_put(out, h->id, sizeof(h->id));
	buf_le64(out, h->created);
	buf_put(out, reserved, sizeof(reserved));
	put_sum(out, start);
}

int file_header_get(struct file_header *h, const uint8_t *p, size_t n)
{
	struct cursor c = cursor_of(p, n);
	const uint8_t *magic = cursor_bytes(&c, 8), *id;
	uint16_t len;
	uint8_t words;

	*h = (struct file_header){ .version = SKR_VERSION };
	if (!magic || memcmp(magic, SKR_MAGIC, 8))
		return err(ERR_UNSUPPORTED, "not a .skr recording");
	if (n < FILE_HEADER_LEN)
		return err(ERR_UNSUPPORTED, "cut in its file header: %zu of %d bytes", n,
			   FILE_HEADER_LEN);
	if (!sum_holds(p, FILE_HEADER_LEN))
		return err(ERR_FORMAT, "the file header is damaged");
	len = cursor_u16(&c);
	h->version = cursor_u8(&c);
	h->refuse = cursor_u8(&c);
	h->ignore = cursor_u8(&c);
	words = cursor_u8(&c);
	cursor_u16(&c);
	id = cursor_bytes(&c, sizeof(h->id));
	if (id)
		memcpy(h->id, id, sizeof(h->id));
	h->created = cursor_u64(&c);
	if (h->version > SKR_VERSION || len != FILE_HEADER_LEN || words != SET_WORDS)
		return err(ERR_UNSUPPORTED, "format version %u is newer than this program "
			   "reads (%d)", h->version, SKR_VERSION);
	if (h->refuse)
		return err(ERR_UNSUPPORTED, "uses a feature (bits 0x%02x) that this program "
			   "does not know", h->refuse);
	return 0;
}

void block_put(struct buf *out, const struct block *b)
{
	const size_t start = out->len;

	buf_put(out, BLOCK_MAGIC, 8);
	buf_byte(out, b->kind);
	buf_byte(out, b->flags);
	buf_le16(out, BLOCK_HEADER_LEN);
	buf_le32(out, b->seq);
	buf_le32(out, b->stored);
	buf_le32(out, b->raw);
	buf_le32(out, b->n_rows);
	buf_le32(out, b->n_events);
	buf_le64(out, b->first_num);
	buf_le64(out, b->first_ts);
	buf_le64(out, b->last_ts);
	buf_put(out, b->prev, DIGEST_LEN);
	buf_le64(out, b->payload_sum);
	for (unsigned i = 0; i < SET_WORDS; i++)
		buf_le64(out, b->set[i]);
	put_sum(out, start);
}

static bool bounds_hold(const struct block *b)
{
	return b->stored <= BLOCK_STORED_MAX && b->raw <= BLOCK_RAW_MAX
		&& b->n_rows <= BLOCK_ROWS_MAX && b->n_events <= b->n_rows
		&& b->first_num <= UINT64_MAX - b->n_events;
}

bool block_get(struct block *b, const uint8_t *p, size_t n)
{
	struct cursor c = cursor_of(p, n);
	const uint8_t *prev;

	*b = (struct block){0};
	if (n < BLOCK_HEADER_LEN || memcmp(p, BLOCK_MAGIC, 8))
		return false;
	cursor_bytes(&c, 8);
	b->kind = cursor_u8(&c);
	b->flags = cursor_u8(&c);
	if (cursor_u16(&c) != BLOCK_HEADER_LEN || !sum_holds(p, BLOCK_HEADER_LEN))
		return false;
	b->seq = cursor_u32(&c);
	b->stored = cursor_u32(&c);
	b->raw = cursor_u32(&c);
	b->n_rows = cursor_u32(&c);
	b->n_events = cursor_u32(&c);
	b->first_num = cursor_u64(&c);
	b->first_ts = cursor_u64(&c);
	b->last_ts = cursor_u64(&c);
	prev = cursor_bytes(&c, DIGEST_LEN);
	if (prev)
		memcpy(b->prev, prev, DIGEST_LEN);
	b->payload_sum = cursor_u64(&c);
	for (unsigned i = 0; i < SET_WORDS; i++)
		b->set[i] = cursor_u64(&c);
	return bounds_hold(b);
}

void block_digest(uint8_t digest[DIGEST_LEN], const void *header, size_t header_len,
		  const void *payload, size_t n)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, DIGEST_LEN);
	crypto_generichash_update(&st, header, header_len);
	crypto_generichash_update(&st, payload, n);
	crypto_generichash_final(&st, digest, DIGEST_LEN);
}

void footer_put(struct buf *out, uint64_t index_off, uint64_t size)
{
	const size_t start = out->len;

	buf_put(out, FOOTER_MAGIC, 8);
	buf_le64(out, index_off);
	buf_le64(out, size);
	put_sum(out, start);
}

bool footer_get(uint64_t *index_off, uint64_t *size, const uint8_t *p, size_t n)
{
	struct cursor c = cursor_of(p, n);

	if (n < FOOTER_LEN || memcmp(p, FOOTER_MAGIC, 8) || !sum_holds(p, FOOTER_LEN))
		return false;
	cursor_bytes(&c, 8);
	*index_off = cursor_u64(&c);
	*size = cursor_u64(&c);
	return true;
}

void damage_add(struct source_damage *d, uint64_t bytes, const char *fmt, ...)
{
	va_list ap;

	d->lost_bytes += bytes;
	if (d->n_places++)
		return;
	va_start(ap, fmt);
	vsnprintf(d->first, sizeof(d->first), fmt, ap);
	va_end(ap);
}
