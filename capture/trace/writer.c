/* SPDX-License-Identifier: Apache-2.0 */
/* Events are gathered by kind.  LOSS, NOTE and ALERT rows carry the row of the EVENTS
 * block that they stand before; their blocks are written just before that block, so that
 * frequent losses do not end EVENTS blocks.  Other pseudo events outside of a key
 * frame (a container that starts, a thread healed from /proc) are rows among the events. */
#include "capture/trace/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/trace/block_write.h"
#include "capture/trace/dict.h"

enum {
	/* Against 3: 4 % smaller, which is what "half of gzip'd rows" needs for all system calls,
	 * for 0.1 us an event in the second thread; 500,000 events/s still lose nothing. */
	LEVEL_DEFAULT = 5,
	BLOCK_DEFAULT = 4 << 20,
	BLOCK_SIZE_MAX = 8 << 20,
	IDS = 64 * SET_WORDS,
};

enum { SIDE_LOSS, SIDE_NOTE, SIDE_ALERT, SIDES };

struct writer {
	struct block_writer *out;
	struct writer_options opt;
	struct writer_stats stats;
	struct source_info info;
	struct rows *events, *state, *side[SIDES];
	const struct event_desc *desc[IDS];	/* the dictionary */
	unsigned n_desc;
	struct arena mem;	/* of names that the catalogue does not have */
	bool in_key, first_of_key, fresh_key, auto_key;	/* auto_key: begun by the first snap_* */
	bool dict_last;		/* the dictionary was written and nothing since */
	bool dict_known;	/* it was written since it changed last */
	uint64_t next_num, last_ts;
	uint64_t lost[LOSS_CLASSES];
};

/* ---- opening ---- */

static void copy_info(struct writer *w, const struct source_info *info)
{
	w->info = *info;
	w->info.hostname = arena_str(&w->mem, info->hostname ? info->hostname : "");
	w->info.kernel = arena_str(&w->mem, info->kernel ? info->kernel : "");
	w->info.arch_name = arena_str(&w->mem, info->arch_name ? info->arch_name : "");
	w->info.writer = arena_str(&w->mem, info->writer && *info->writer ? info->writer
				   : "saker " SAKER_VERSION);
}

struct writer *writer_open_fd(int fd, const char *path, const struct source_info *info,
			      const struct writer_options *opt)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	if (opt)
		w->opt = *opt;
	if (!w->opt.level)
		w->opt.level = LEVEL_DEFAULT;
	if (!w->opt.block_size)
		w->opt.block_size = BLOCK_DEFAULT;
	if (w->opt.block_size > BLOCK_SIZE_MAX)
		w->opt.block_size = BLOCK_SIZE_MAX;
	copy_info(w, info);
	w->n_desc = EV__N;
	for (unsigned i = EV_UNKNOWN + 1; i < EV__N && !w->opt.lean; i++)
		w->desc[i] = &catalog[i];
	w->next_num = 1;
	w->out = block_writer_open(fd, path, &w->opt);
	return w;
}

struct writer *writer_open(const char *path, bool force, const struct source_info *info,
			   const struct writer_options *opt)
{
	const int fd = output_create(path, force);

	return fd < 0 ? NULL : writer_open_fd(fd, path, info, opt);
}

/* ---- the dictionary ---- */

/* first_num: of the block that follows. */
static int put_dict(struct writer *w, uint64_t first_num)
{
	struct rows *r = block_writer_take(w->out);

	r->kind = BLOCK_DICT;
	r->flags = 0;
	r->first_num = first_num;
	dict_encode(&r->contents, w->desc, w->n_desc, &w->info);
	w->dict_last = w->dict_known = true;
	return block_writer_push(w->out, r);
}

static bool same_event(const struct event_desc *a, const struct event_desc *b)
{
	if (a->n_params != b->n_params || a->flags != b->flags || strcmp(a->name, b->name))
		return false;
	for (unsigned i = 0; i < a->n_params; i++)
		if (a->params[i].type != b->params[i].type
		    || strcmp(a->params[i].name, b->params[i].name))
			return false;
	return true;
}

static const struct event_desc *copy_desc(struct arena *a, const struct event_desc *from)
{
	struct event_desc *d = arena_alloc(a, sizeof(*d));
	struct param_desc *p = arena_alloc(a, (from->n_params + 1U) * sizeof(*p));

	*d = *from;
	d->name = arena_str(a, from->name);
	d->params = p;
	for (unsigned i = 0; i < d->n_params; i++) {
		p[i] = from->params[i];
		p[i].name = arena_str(a, p[i].name);
		p[i].dir = p[i].dir ? arena_str(a, p[i].dir) : NULL;
	}
	return d;
}

/* The number of a description in the dictionary, which grows where it is new. */
static int desc_id(struct writer *w, unsigned type, const struct event_desc *desc)
{
	const bool own = type != EV_UNKNOWN && type < EV__N && desc == &catalog[type];

	if (own && w->desc[type])
		return (int)type;
	for (unsigned i = EV__N; i < w->n_desc && !own; i++)
		if (same_event(w->desc[i], desc))
			return (int)i;
	if (w->n_desc == IDS)
		return err(ERR_LIMIT, "more than %d types of events", IDS);
	w->dict_known = false;
	if (own) {
		w->desc[type] = desc;
		return (int)type;
	}
	w->desc[w->n_desc] = copy_desc(&w->mem, desc);
	return (int)w->n_desc++;
}

int writer_learn(struct writer *w, enum event_id type, const struct event_desc *desc)
{
	const int id = desc_id(w, type, desc);

	return id < 0 ? id : 0;
}

/* ---- blocks ---- */

static struct rows *rows_for(struct writer *w, struct rows **r, enum block_kind kind)
{
	if (!*r) {
		*r = block_writer_take(w->out);
		(*r)->kind = (uint8_t)kind;
		(*r)->flags = 0;
		(*r)->first_num = w->next_num;
	}
	return *r;
}

static int push(struct writer *w, struct rows **rows)
{
	struct rows *r = *rows;

	*rows = NULL;
	if (!r)
		return 0;
	if (!w->dict_known && put_dict(w, r->first_num) < 0)
		return -ERR_SYSTEM;
	w->dict_last = false;
	return block_writer_push(w->out, r);
}

static int push_events(struct writer *w)
{
	int r = 0;

	if (w->events && !w->dict_known)
		r = put_dict(w, w->events->first_num);
	for (unsigned i = 0; i < SIDES; i++) {
		int e;

		if (w->side[i])
			w->side[i]->first_num = w->events ? w->events->first_num : w->next_num;
		e = push(w, &w->side[i]);
		r = r ? r : e;
	}
	return r ? r : push(w, &w->events);
}

/* The place of a STATE block in time is the last event before it: what comes later
 * follows it. */
static int push_state(struct writer *w, bool last)
{
	struct rows *r = rows_for(w, &w->state, BLOCK_STATE);

	r->flags = (uint8_t)((w->first_of_key ? BLOCK_FIRST : 0) | (last ? BLOCK_LAST : 0)
			     | (w->fresh_key ? BLOCK_FRESH : 0));
	r->first_ts = r->last_ts = w->last_ts;
	w->first_of_key = false;
	return push(w, &w->state);
}

int writer_key_begin(struct writer *w)
{
	if (w->in_key)
		return err(ERR_USAGE, "a key frame is open already");
	if (push_events(w) < 0)
		return -ERR_SYSTEM;
	/* A lean one that lacks something comes when all is known that stands behind it. */
	if (!w->dict_last && (w->dict_known || !w->opt.lean) && put_dict(w, w->next_num) < 0)
		return -ERR_SYSTEM;
	w->in_key = w->first_of_key = true;
	w->fresh_key = false;
	return 0;
}

void writer_key_fresh(struct writer *w)
{
	w->fresh_key = true;
}

int writer_key_end(struct writer *w)
{
	if (!w->in_key)
		return 0;
	w->in_key = w->auto_key = false;
	w->stats.n_keys++;
	w->stats.events_since_key = w->stats.raw_since_key = 0;
	return push_state(w, true);
}

static int side_of(enum event_id type)
{
	return type == EV_LOSS ? SIDE_LOSS : type == EV_NOTE ? SIDE_NOTE
		: type == EV_ALERT ? SIDE_ALERT : -1;
}

static int add_side(struct writer *w, const struct event *ev, int id, int side)
{
	struct rows *r = rows_for(w, &w->side[side], BLOCK_LOSS + (unsigned)side);

	rows_add(r, ev, (unsigned)id, w->events ? w->events->n : 0);
	if (side == SIDE_LOSS) {
		const uint64_t class = value_u64(EV(ev, LOSS, class), 0);

		w->lost[class < LOSS_CLASSES ? class : 0] += value_u64(EV(ev, LOSS, count), 0);
	}
	return rows_full(r, w->opt.block_size) && !w->in_key ? push_events(w) : 0;
}

static int add_state(struct writer *w, const struct event *ev, int id)
{
	struct rows *r = rows_for(w, &w->state, BLOCK_STATE);

	rows_add(r, ev, (unsigned)id, 0);
	if (rows_full(r, w->opt.block_size) && push_state(w, false) < 0)
		return -ERR_SYSTEM;
	return w->auto_key && ev->type == EV_SNAP_END ? writer_key_end(w) : 0;
}

static int add_event(struct writer *w, const struct event *ev, int id)
{
	struct rows *r = rows_for(w, &w->events, BLOCK_EVENTS);
	const size_t before = r->bytes;

	rows_add(r, ev, (unsigned)id, 0);
	if (!event_is_pseudo(ev)) {
		w->next_num++;
		w->stats.n_events++;
		w->stats.events_since_key++;
		w->last_ts = ev->ts > w->last_ts ? ev->ts : w->last_ts;
	}
	w->stats.raw_since_key += r->bytes - before;
	return rows_full(r, w->opt.block_size) ? push_events(w) : 0;
}

/* Bytes of the parameters; an event that breaks the bound is a mistake of its maker. */
static int check_size(const struct event *ev)
{
	size_t n = 0;

	if (ev->n_params > EVENT_PARAMS_MAX || ev->desc->n_params > EVENT_PARAMS_MAX)
		return err(ERR_LIMIT, "event %s has too many parameters", ev->desc->name);
	for (unsigned i = 0; i < ev->n_params && i < ev->desc->n_params; i++)
		if (!type_is_number(ev->desc->params[i].type) && ev->v[i].state == VALUE_SET)
			n += ev->v[i].len;
	return n <= EVENT_BYTES_MAX ? 0
		: err(ERR_LIMIT, "event %s of %zu bytes is too large", ev->desc->name, n);
}

int writer_add(struct writer *w, const struct event *ev)
{
	const int id = desc_id(w, ev->type, ev->desc), side = side_of(ev->type);

	if (id < 0 || check_size(ev) < 0)
		return -ERR_LIMIT;
	if (side >= 0)
		return add_side(w, ev, id, side);
	if (w->auto_key && !event_is_pseudo(ev) && writer_key_end(w) < 0)
		return -ERR_SYSTEM;
	if (!w->in_key && !w->stats.n_events && !w->stats.n_keys && event_is_pseudo(ev)) {
		if (writer_key_begin(w) < 0)
			return -ERR_SYSTEM;
		w->auto_key = true;
	}
	if (w->in_key && event_is_pseudo(ev))
		return add_state(w, ev, id);
	return add_event(w, ev, id);
}

int writer_flush(struct writer *w)
{
	const int r = w->in_key ? 0 : push_events(w);
	const int e = block_writer_drain(w->out);

	return r ? r : e;
}

const struct writer_stats *writer_stats(const struct writer *w)
{
	struct writer *changing = (struct writer *)w;

	block_writer_stats(w->out, &changing->stats);
	return &w->stats;
}

static void give_back(struct rows *r)
{
	if (r)
		rows_release(r);
	free(r);
}

int writer_close(struct writer *w)
{
	int r, e;

	if (!w)
		return 0;
	r = writer_key_end(w);
	if (!r)
		r = push_events(w);
	/* A second copy: one damaged place must not cost all. */
	if (!r && !w->dict_last)
		r = put_dict(w, w->next_num);
	e = block_writer_close(w->out, w->lost, w->next_num);
	give_back(w->events);
	give_back(w->state);
	for (unsigned i = 0; i < SIDES; i++)
		give_back(w->side[i]);
	arena_release(&w->mem);
	free(w);
	return r ? r : e;
}
