/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "capture/base/err.h"
#include "capture/trace/format.h"
#include "capture/trace/skr.h"
#include "capture/trace/unit.h"

struct verify {
	struct input *in;
	struct block_reader blocks;
	struct verify_report *out;
	struct dict *dict;
	struct unit unit;
	struct index index;	/* as the blocks are */
	struct index told;	/* as the INDEX block says */
	bool has_told;
	uint64_t next_num;
};

static int check_dict(struct verify *v, const struct block *b, const uint8_t *payload)
{
	struct dict *d;

	if (unit_open_contents(&v->unit, b, payload) < 0)
		return -ERR_FORMAT;
	d = dict_decode(v->unit.contents, v->unit.contents_len);
	if (!d)
		return -ERR_FORMAT;
	dict_free(v->dict);
	v->dict = d;
	return 0;
}

static int check_index(struct verify *v, const struct block *b, const uint8_t *payload)
{
	if (unit_open_contents(&v->unit, b, payload) < 0)
		return -ERR_FORMAT;
	memcpy(v->out->digest, b->prev, DIGEST_LEN);
	index_release(&v->told);
	if (index_decode(&v->told, v->unit.contents, v->unit.contents_len, b->off) < 0)
		return -ERR_FORMAT;
	v->has_told = true;
	return 0;
}

/* Do the header's set of types and number of events match the rows? */
static int check_types(const struct verify *v, const struct block *b)
{
	uint64_t set[SET_WORDS] = {0}, n = 0;

	for (uint32_t i = 0; i < v->unit.n_types; i++) {
		const struct unit_type *t = &v->unit.types[i];
		const size_t id = (size_t)(t->event - v->dict->event);

		set[id / 64] |= UINT64_C(1) << id % 64;
		n += t->event->desc->flags & EF_PSEUDO ? 0 : t->n_rows;
	}
	if (memcmp(set, b->set, sizeof(set)))
		return err(ERR_FORMAT, "its set of types is not that of its rows");
	if (b->kind == BLOCK_EVENTS && n != b->n_events)
		return err(ERR_FORMAT, "%" PRIu64 " events, but it says %" PRIu32, n, b->n_events);
	return 0;
}

static int check_rows(struct verify *v, const struct block *b, const uint8_t *payload)
{
	static _Thread_local struct event ev;

	if (!v->dict)
		return err(ERR_FORMAT, "no dictionary stands before it");
	if (unit_open(&v->unit, b, payload, v->dict, true) < 0 || unit_check(&v->unit) < 0
	    || check_types(v, b) < 0)
		return -ERR_FORMAT;
	while (v->unit.row < v->unit.n_rows) {
		if (unit_event(&v->unit, &ev) < 0)
			return -ERR_FORMAT;
		if (b->kind == BLOCK_EVENTS && (ev.ts < b->first_ts || ev.ts > b->last_ts))
			return err(ERR_FORMAT, "an event's time is outside of the block's");
	}
	v->out->n_rows += b->n_rows;
	return 0;
}

static int check_contents(struct verify *v, const struct block *b, const uint8_t *payload)
{
	switch (b->kind) {
	case BLOCK_DICT:
		return check_dict(v, b, payload);
	case BLOCK_INDEX:
		return check_index(v, b, payload);
	case BLOCK_STATE:
	case BLOCK_EVENTS:
	case BLOCK_LOSS:
	case BLOCK_NOTE:
	case BLOCK_ALERT:
		return check_rows(v, b, payload);
	default:
		return 0;
	}
}

static void check_block(struct verify *v, const struct block *b, const uint8_t *payload)
{
	struct verify_report *out = v->out;

	out->n_blocks++;
	if (b->kind < BLOCK_KINDS)
		out->kinds[b->kind]++;
	out->n_keys += b->kind == BLOCK_STATE && b->flags & BLOCK_FIRST;
	if (b->kind != BLOCK_INDEX) {
		index_add(&v->index, b, b->off);
		memcpy(out->digest, v->blocks.digest, DIGEST_LEN);
		if (b->first_num > v->next_num)
			out->lost_events += b->first_num - v->next_num;
		v->next_num = b->first_num;
	}
	if (check_contents(v, b, payload) < 0) {
		damage_add(&out->damage, b->stored, "block %" PRIu32 " at byte %" PRIu64 ": %s",
			   b->seq, b->off, err_text());
		return;
	}
	if (b->kind == BLOCK_EVENTS) {
		out->n_events += b->n_events;
		v->next_num = b->first_num + b->n_events;
	}
}

static void check_told(struct verify *v)
{
	struct verify_report *out = v->out;

	if (!v->has_told || out->damage.n_places)
		return;
	if (!index_equal(&v->told, &v->index))
		damage_add(&out->damage, 0, "the index does not match the blocks");
}

static int verify_all(struct verify *v, void (*progress)(void *, uint64_t, uint64_t), void *arg)
{
	struct file_header h;
	const uint8_t *payload, *p;
	struct block b;
	size_t avail;
	int e;

	if (input_peek(v->in, FILE_HEADER_LEN, &p, &avail) < 0)
		return -ERR_SYSTEM;
	e = file_header_get(&h, p, avail);
	if (e < 0 && e != -ERR_FORMAT)
		return e;
	if (e < 0)
		damage_add(&v->out->damage, FILE_HEADER_LEN, "%s", err_text());
	block_digest(v->blocks.digest, p, FILE_HEADER_LEN, "", 0);
	input_take(v->in, FILE_HEADER_LEN);
	while ((e = block_next(&v->blocks, &b, &payload, NULL, NULL)) == 0) {
		check_block(v, &b, payload);
		if (progress)
			progress(arg, b.off, v->in->size);
	}
	v->out->bytes = v->in->off;
	check_told(v);
	return e < 0 ? e : 0;
}

int skr_verify(struct input *in, struct verify_report *out,
	       void (*progress)(void *arg, uint64_t done, uint64_t size), void *arg)
{
	struct verify v = { .in = in, .out = out, .next_num = 1 };
	int e;

	*out = (struct verify_report){0};
	v.blocks = (struct block_reader){ .in = in, .damage = &out->damage, .chain = true };
	e = verify_all(&v, progress, arg);
	dict_free(v.dict);
	unit_release(&v.unit);
	index_release(&v.index);
	index_release(&v.told);
	return e;
}
