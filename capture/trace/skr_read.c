/* SPDX-License-Identifier: Apache-2.0 */
/* The .skr as a source.  Blocks come one after the other; rows of LOSS, NOTE and ALERT
 * blocks wait until the row of the EVENTS block behind them comes that they stand before, or
 * until that block is over.  Key frames are passed over except the first, the one that
 * was sought, and the first behind a damaged place: that one heals the state. */
#include <inttypes.h>

#include "capture/base/err.h"
#include "capture/trace/skr_parts.h"

enum { LOSS_RECORD = 6 };
enum { ROW_WANTED = 1, ROW_NUMBERED = 2 };

/* ---- the dictionary and what is wanted of it ---- */

void skr_use_dict(struct skr *k, unsigned i)
{
	if (i >= k->n_dicts || k->dict == k->dicts[i])
		return;
	k->dict = k->dicts[i];
	k->dict_sum = k->dict_sums[i];
	k->want_stale = true;
}

int skr_take_dict(struct skr *k, const struct block *b, const uint8_t *payload)
{
	struct dict *d;

	if (k->dict && k->dict_sum == b->payload_sum)
		return 0;
	for (unsigned i = 0; i < k->n_dicts; i++)
		if (k->dict_sums[i] == b->payload_sum) {
			skr_use_dict(k, i);
			return 0;
		}
	if (k->n_dicts == DICTS_MAX)
		return err(ERR_FORMAT, "more than %d different dictionaries", DICTS_MAX);
	if (unit_open_contents(&k->unit, b, payload) < 0)
		return -ERR_FORMAT;
	d = dict_decode(k->unit.contents, k->unit.contents_len);
	if (!d)
		return -ERR_FORMAT;
	k->dicts[k->n_dicts] = d;
	k->dict_sums[k->n_dicts++] = b->payload_sum;
	skr_use_dict(k, k->n_dicts - 1);
	return 0;
}

static bool type_wanted(const struct event_set *set, const struct event_desc *d)
{
	return d->flags & EF_PSEUDO || event_set_has(set, d->id);
}

/* Of the block of events at hand. */
static const struct event_set *wanted_types(const struct skr *k)
{
	return k->pick == PICK_LEAN ? &k->s.pick.lean : &k->s.want;
}

static void refresh_want(struct skr *k)
{
	memset(k->want, 0, sizeof(k->want));
	for (unsigned i = 0; k->dict && i < 64 * SET_WORDS; i++)
		if (k->dict->event[i].desc && type_wanted(wanted_types(k), k->dict->event[i].desc))
			k->want[i / 64] |= UINT64_C(1) << i % 64;
	k->want_stale = false;
}

static void pick_block(struct skr *k, uint64_t first_num)
{
	const struct source_pick *p = &k->s.pick;
	const enum pick pick = p->ask ? p->ask(p->arg, first_num) : PICK_ALL;

	if (pick == k->pick)
		return;
	k->pick = pick;
	k->want_stale = true;
}

/* ---- rows ---- */

/* Makes a loss of n events due, up to ts; they are numbered all the same. */
static void lose(struct skr *k, uint64_t n, uint64_t ts)
{
	k->loss_due = true;
	k->loss_count = n;
	k->loss_to = ts ? ts : k->last_ts;
	k->loss_from = k->last_ts ? k->last_ts : k->loss_to;
	k->num += n;
}

/* The rest of b cannot be decoded: it is lost, and so may be the state. */
static void damaged_rows(struct skr *k, const struct block *b)
{
	const uint64_t end = b->first_num + b->n_events;

	damage_add(&k->s.damage, b->stored, "block %" PRIu32 " at byte %" PRIu64 ": %s", b->seq,
		   b->off, err_text());
	k->places = k->s.damage.n_places;
	k->need_state = true;
	if (b->kind == BLOCK_EVENTS && end > k->num + 1)
		lose(k, end - k->num - 1, b->last_ts);
}

static void start_rows(struct skr *k, bool numbered)
{
	const struct event_set *types = numbered ? wanted_types(k) : &k->s.want;

	for (unsigned i = 0; i < k->unit.n_types; i++) {
		const struct event_desc *d = k->unit.types[i].event->desc;

		k->row_flags[i] = (uint8_t)((type_wanted(types, d) ? ROW_WANTED : 0)
					    | (d->flags & EF_PSEUDO ? 0 : ROW_NUMBERED));
	}
	k->active = true;
	k->rows_numbered = numbered;
	if (numbered)
		k->num = k->b.first_num - 1;
}

/* Passes over unwanted rows up to row stop; true: the next row is to be delivered. */
static inline bool find_row(struct skr *k, uint64_t stop)
{
	const uint8_t *type_of = k->unit.type_of;
	const uint32_t n = stop < k->unit.n_rows ? (uint32_t)stop : k->unit.n_rows;
	const uint32_t start = k->unit.row;
	uint32_t row = start;
	uint64_t num = k->num;

	if (!type_of && !(k->row_flags[0] & ROW_WANTED)) {
		num += (uint64_t)(k->row_flags[0] >> 1) * (n - row);
		row = n;
	}
	for (; type_of && row < n; row++) {
		const unsigned f = k->row_flags[type_of[row]];

		if (f & ROW_WANTED)
			break;
		num += f >> 1;
	}
	k->s.n_skipped += row - start;
	k->unit.row = row;
	k->num = num;
	return row < n;
}

static inline int deliver(struct skr *k, struct unit *u, struct event *ev, bool numbered)
{
	const unsigned f = numbered ? k->row_flags[unit_type_of(u, u->row)] : 0;

	if (unit_event(u, ev) < 0)
		return -ERR_FORMAT;
	ev->num = f & ROW_NUMBERED ? ++k->num : 0;
	if (f & ROW_NUMBERED)
		k->last_ts = ev->ts;
	return 0;
}

/* ---- side blocks ---- */

static void find_side_pos(struct skr *k)
{
	k->side_pos = UINT64_MAX;
	for (unsigned i = 0; i < SIDES; i++)
		if (k->side[i].active && k->side[i].pos < k->side_pos)
			k->side_pos = k->side[i].pos;
}

static void side_advance(struct skr *k, struct side *s)
{
	if (s->unit.row >= s->unit.n_rows || unit_pos(&s->unit, &s->pos) < 0)
		s->active = false;
	find_side_pos(k);
}

static int side_open(struct skr *k, const struct block *b, const uint8_t *payload)
{
	struct side *s = &k->side[b->kind - BLOCK_LOSS];

	buf_reset(&s->payload);
	buf_put(&s->payload, payload, b->stored);
	if (unit_open(&s->unit, b, s->payload.p, k->dict, true) < 0)
		return -ERR_FORMAT;
	k->drain = false;
	s->active = true;
	side_advance(k, s);
	return 0;
}

static int side_deliver(struct skr *k, struct event *ev, uint64_t pos)
{
	for (unsigned i = 0; i < SIDES; i++) {
		struct side *s = &k->side[i];

		if (!s->active || s->pos != pos)
			continue;
		if (deliver(k, &s->unit, ev, false) < 0) {
			s->active = false;
			find_side_pos(k);
			return -ERR_FORMAT;
		}
		side_advance(k, s);
		return 0;
	}
	return -ERR_FORMAT;
}

/* ---- blocks ---- */

/* Is the key frame that begins with b to be delivered? */
static bool state_due(const struct skr *k, const struct block *b)
{
	return k->need_state || b->flags & BLOCK_FRESH;
}

/* Is anything missing or damaged before b? */
static bool is_gap(const struct skr *k, const struct block *b)
{
	return k->places != k->s.damage.n_places || b->first_num > k->num + 1
		|| (!k->blocks.any_seq && b->seq != k->blocks.seq);
}

static bool block_wanted(const struct block *b, void *arg)
{
	struct skr *k = arg;

	if (b->kind == BLOCK_STATE)
		return b->flags & BLOCK_FIRST ? state_due(k, b) || is_gap(k, b) : k->in_state;
	if (b->kind == BLOCK_SEAL || b->kind == BLOCK_INDEX || b->kind >= BLOCK_KINDS)
		return false;
	if (b->kind != BLOCK_EVENTS)
		return true;
	pick_block(k, b->first_num);
	if (k->pick == PICK_END)
		return false;
	if (!k->dict)
		return true;
	if (k->want_stale)
		refresh_want(k);
	for (unsigned i = 0; i < SET_WORDS; i++)
		if (b->set[i] & k->want[i])
			return true;
	return false;
}

/* A pseudo event for what a damaged place cost. */
static void make_loss(struct skr *k, struct event *ev)
{
	event_init(ev, EV_LOSS);
	ev->ts = k->loss_to;
	value_number(&ev->v[P(LOSS, class)], LOSS_RECORD);
	value_number(&ev->v[P(LOSS, count)], k->loss_count);
	value_number(&ev->v[P(LOSS, from)], k->loss_from);
	value_number(&ev->v[P(LOSS, to)], k->loss_to);
	k->loss_due = false;
}

/* Notes what is missing before this block. */
static void check_gap(struct skr *k, const struct block *b)
{
	const bool damage = k->places != k->s.damage.n_places;

	/* It has no time: what stands behind it tells when. */
	if (b->kind == BLOCK_DICT && !k->last_ts)
		return;
	if (b->first_num > k->num + 1) {
		lose(k, b->first_num - k->num - 1, b->first_ts);
		k->need_state = true;
	}
	if (damage) {
		k->need_state = true;
		k->in_state = false;
	}
	k->places = k->s.damage.n_places;
}

static int open_state(struct skr *k, const struct block *b, const uint8_t *payload)
{
	if (b->flags & BLOCK_FIRST)
		k->in_state = state_due(k, b) && payload;
	if (!k->in_state || !payload)
		return 0;
	if (unit_open(&k->unit, b, payload, k->dict, true) < 0) {
		k->in_state = false;
		return -ERR_FORMAT;
	}
	start_rows(k, false);
	if (b->flags & BLOCK_LAST)
		k->in_state = k->need_state = false;
	return 0;
}

static int open_events(struct skr *k, const struct block *b, const uint8_t *payload)
{
	k->drain = false;
	if (!payload) {
		k->s.n_skipped += b->n_rows;
		k->drain = true;
		k->num = b->first_num + b->n_events - 1;
		return 0;
	}
	if (unit_open(&k->unit, b, payload, k->dict,
		      k->s.want_bulk && k->pick == PICK_ALL) < 0) {
		k->drain = true;
		return -ERR_FORMAT;
	}
	start_rows(k, true);
	return 0;
}

static int open_block(struct skr *k, const struct block *b, const uint8_t *payload)
{
	if (b->kind == BLOCK_DICT)
		return skr_take_dict(k, b, payload);
	if (b->kind < BLOCK_STATE || b->kind > BLOCK_ALERT)
		return 0;
	if (!k->dict)
		return err(ERR_FORMAT, "no dictionary stands before it");
	if (b->kind == BLOCK_STATE)
		return open_state(k, b, payload);
	return b->kind == BLOCK_EVENTS ? open_events(k, b, payload) : side_open(k, b, payload);
}

/* Does b stand behind the part that is to be read? */
static bool behind_part(struct skr *k, const struct block *b)
{
	if (!k->s.stop_key)
		return false;
	if (k->stop_key != k->s.stop_key) {
		const size_t i = skr_find_key(k, k->s.stop_key);

		k->stop_key = k->s.stop_key;
		k->stop_off = i == SIZE_MAX ? UINT64_MAX : k->index.entry[i].off;
	}
	return b->off >= k->stop_off;
}

/* Do side rows wait though this is not the EVENTS block that they wait for? */
static bool sides_stranded(const struct skr *k, const struct block *b)
{
	if (k->side_pos == UINT64_MAX || b->kind == BLOCK_EVENTS)
		return false;
	return b->kind < BLOCK_LOSS || b->kind > BLOCK_ALERT
		|| k->side[b->kind - BLOCK_LOSS].active;
}

/* Goes to the next block and opens it.  1: end. */
static int advance(struct skr *k)
{
	const uint8_t *payload = k->held_payload;
	int r;

	if (k->ended)
		return 1;
	if (!k->held) {
		r = block_next(&k->blocks, &k->b, &payload, block_wanted, k);
		if (!r && (behind_part(k, &k->b)
			   || (k->b.kind == BLOCK_EVENTS && k->pick == PICK_END)))
			r = 1;
		k->ended = r == 1;
		if (r)
			return r;
	}
	k->s.bytes_done = k->b.off;
	check_gap(k, &k->b);
	/* What waits for a block which never came, is delivered before this one. */
	k->held = (k->loss_due || sides_stranded(k, &k->b)) && !k->held;
	k->held_payload = payload;
	if (k->held) {
		k->drain = true;
		return 0;
	}
	r = open_block(k, &k->b, payload);
	if (r < 0)
		damaged_rows(k, &k->b);
	return 0;
}

/* The next row among events, with nothing else to look after: nearly always this. */
static inline bool next_row(struct skr *k, struct event *ev)
{
	return k->active && k->rows_numbered && !k->drain && !k->loss_due
		&& find_row(k, k->side_pos) && deliver(k, &k->unit, ev, true) == 0;
}

int skr_next(struct source *s, struct event *ev)
{
	struct skr *k = (struct skr *)s;

	if (next_row(k, ev))
		return 0;
	for (;;) {
		const uint64_t pos = k->side_pos;
		int r;

		if (pos != UINT64_MAX && (k->drain || (k->active && k->rows_numbered
						       && pos <= k->unit.row))) {
			if (side_deliver(k, ev, pos) == 0)
				return 0;
			damage_add(&s->damage, 0, "rows of a loss or note: %s", err_text());
			continue;
		}
		if (k->loss_due) {
			make_loss(k, ev);
			return 0;
		}
		if (k->active) {
			if (find_row(k, k->rows_numbered ? pos : UINT64_MAX)) {
				if (deliver(k, &k->unit, ev, k->rows_numbered) == 0)
					return 0;
				damaged_rows(k, &k->b);
				k->unit.row = k->unit.n_rows;
			}
			if (k->unit.row >= k->unit.n_rows) {
				k->active = false;
				k->drain = k->rows_numbered;
			}
			continue;
		}
		r = advance(k);
		if (r == 1 && k->side_pos != UINT64_MAX && !k->drain) {
			k->drain = true;
			continue;
		}
		if (r)
			return r;
	}
}
