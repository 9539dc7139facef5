/* SPDX-License-Identifier: Apache-2.0 */
/* .scap captures (sysdig, Falco), all versions.  A file is blocks as in pcapng:
 *
 *   u32 type, u32 total length, body, zeros to a multiple of 4, u32 total length again
 *
 * A section header starts a section; lists of what was there when recording began
 * follow, then events.  Concatenated files are several sections: all state starts anew
 * at each, which is told by another snap_machine.  The whole may be one or several
 * gzip streams.
 *
 * Events that only begin a call are not delivered; see scap_enter.c.  State-only
 * events (sysdig -F) come as pseudo events.  Unknown blocks are passed over, unknown
 * events are delivered as EV_UNKNOWN. */
#include "capture/trace/scap.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/scap_note.h"
#include "capture/trace/format.h"

/* ---- sections ---- */

static int section(struct scap *s, struct scap_block *b)
{
	struct cursor c = b->body;
	const uint32_t magic = cursor_u32(&c);
	const uint16_t major = cursor_u16(&c), minor = cursor_u16(&c);

	if (magic == 0x4d3c2b1a)
		return err(ERR_UNSUPPORTED, "written on a big-endian machine");
	if (c.bad || magic != 0x1a2b3c4d)
		return err(ERR_FORMAT, "not a .scap capture: section header at byte %llu "
			   "has no magic", (unsigned long long)b->off);
	if (major > 1)
		return err(ERR_UNSUPPORTED, "version %u of the .scap format; 1 is known",
			   major);
	if (!s->counts.n_sections++) {
		s->counts.version = major;
		s->counts.minor = minor;
	}
	s->counts.n_blocks++;
	s->machine_due = s->snap_open = true;
	s->n_snap = 0;
	scap_enters_clear(s->enters);
	return 0;
}

static void pseudo(struct scap *s, struct event *ev)
{
	ev->num = 0;
	ev->ts = s->last_ts;
	s->n_snap++;
}

static void snap_end(struct scap *s, struct event *ev)
{
	event_init(ev, EV_SNAP_END);
	value_number(&ev->v[P(SNAP_END, n)], s->n_snap);
	pseudo(s, ev);
	s->snap_open = false;
}

static void loss(struct scap *s, struct event *ev)
{
	event_init(ev, EV_LOSS);
	value_number(&ev->v[P(LOSS, class)], 6);	/* RECORD */
	value_number(&ev->v[P(LOSS, cpu)], 0);
	value_number(&ev->v[P(LOSS, from)], s->loss_from);
	value_number(&ev->v[P(LOSS, to)], s->last_ts);
	ev->ts = s->last_ts;
	s->loss_due = false;
	s->counts.n_losses++;
}

/* ---- events ---- */

static void count(struct scap *s, const struct scap_raw *r, const struct scap_code *code)
{
	struct scap_code_count *c;

	if (code->kind == SCAP_NONE) {
		s->counts.n_unknown++;
		return;
	}
	c = &s->counts.code[r->code];
	c->n++;
	if (code->kind == SCAP_KIND_ENTER)
		return;
	c->hidden += r->hidden;
	c->shorter += r->n < code->n;
	c->longer += r->n > code->n;
}

/* Keeps what the beginning of a call says. */
static void begin_call(struct scap *s, const struct scap_raw *r,
		       const struct scap_code *code)
{
	const bool wanted = code->n && event_set_has(&s->base.want, code->type);

	s->num += code->counts;
	scap_enter_put(s->enters, r->tid, r->ts, r->code, wanted ? r->n : 0, r->lens,
		       (size_t)(r->data + r->data_len - r->lens));
}

/* An event of a block: 0: delivered in ev; 1: nothing to deliver. */
static int event(struct scap *s, const struct scap_block *b, struct event *ev)
{
	enum scap_begun begun = SCAP_BEGUN_NOTHING;
	struct scap_begin begin = {0};
	const struct scap_code *code;
	struct scap_raw raw;

	s->counts.n_events++;
	if (scap_event_split(s, b->type, b->body, &raw) < 0) {
		scap_damage(s, cursor_left(&b->body), "damaged event at byte %llu",
			    (unsigned long long)b->off);
		s->base.damage.lost_blocks++;
		s->counts.n_damaged++;
		return 1;
	}
	code = scap_code(&s->codes, raw.code);
	s->last_ts = raw.ts;
	count(s, &raw, code);
	if (code->kind == SCAP_KIND_ENTER) {
		begin_call(s, &raw, code);
		return 1;
	}
	if (code->kind == SCAP_KIND_EXIT) {
		begun = scap_enter_take(s->enters, raw.tid, raw.code - 1u, &begin);
		s->counts.code[raw.code - 1].ended += begun == SCAP_BEGUN;
	}
	s->num++;
	if (raw.echo) {		/* of the event that follows: it began when this did */
		if (begin.ts)
			scap_enter_put(s->enters, raw.tid, begin.ts, SCAP_GENERIC_ENTER, 0,
				       NULL, 0);
		return 1;
	}
	if (!raw.hidden && raw.code != SCAP_NOTIFICATION &&
	    !event_set_has(&s->base.want, code->type)) {
		s->base.n_skipped++;
		return 1;
	}
	scap_event_decode(s, &raw, code, begun, &begin, ev);
	ev->num = raw.hidden ? 0 : s->num;
	if (raw.code == SCAP_NOTIFICATION)
		scap_note_read(ev);
	return 0;
}

/* A block that is no section: 0: delivered in ev; 1: nothing; negative: failure. */
static int dispatch(struct scap *s, struct scap_block *b, struct event *ev)
{
	struct scap_meta *m = &s->meta;

	s->counts.n_blocks++;
	if (scap_is_events(b->type))
		return event(s, b, ev);
	m->list = scap_list_of(b->type, &m->version);
	m->c = b->body;
	s->counts.n_unknown_blocks += !m->list && !scap_is_machine(b->type);
	if (m->list == SCAP_FDS)
		m->tid = cursor_u64(&m->c);
	return 1;
}

/* Entry by entry; 1: the list is at its end. */
static int entry(struct scap *s, struct event *ev)
{
	const int r = scap_meta_next(s, ev);

	if (r == 0) {
		pseudo(s, ev);
		return 0;
	}
	if (r < 0)
		scap_damage(s, cursor_left(&s->meta.c), "damaged list before byte %llu",
			    (unsigned long long)(s->in.off + s->taken));
	s->meta.list = SCAP_NO_LIST;
	return 1;
}

static int scap_next(struct source *base, struct event *ev)
{
	struct scap *s = (struct scap *)base;
	struct scap_block b;
	int r;

	if (!s->begun) {
		s->begun = true;
		input_ahead(&s->in);
	}
	arena_reset(&s->scratch);
	for (;;) {
		if (s->meta.list && entry(s, ev) == 0)
			return 0;
		if (s->loss_due) {
			loss(s, ev);
			return 0;
		}
		r = s->ended ? 1 : scap_next_block(s, &b);
		if (s->loss_due) {
			s->taken = 0;	/* the loss comes first, then this block again */
			continue;
		}
		if (r == 0 && b.type == SCAP_SHB) {
			r = section(s, &b);
			if (r < 0)
				return r;
			continue;
		}
		if (s->machine_due) {
			s->machine_due = false;
			event_init(ev, EV_SNAP_MACHINE);
			if (r == 0 && scap_is_machine(b.type)) {
				scap_meta_machine(s, b.body, ev);
				s->counts.n_blocks++;
			} else {
				s->taken = 0;
				s->counts.n_machines++;
			}
			pseudo(s, ev);
			return 0;
		}
		if (s->snap_open && (r != 0 || scap_is_events(b.type))) {
			s->taken = 0;
			snap_end(s, ev);
			return 0;
		}
		if (r != 0)
			return r;
		r = dispatch(s, &b, ev);
		if (r <= 0)
			return r;
	}
}

/* ---- opening ---- */

static void scap_close(struct source *base)
{
	struct scap *s = (struct scap *)base;

	input_close(&s->in);
	scap_enters_free(s->enters);
	arena_release(&s->scratch);
	arena_release(&s->codes.arena);
	free(s->path);
	free(s);
}

/* The section header, and what the machine's block says if it is next: for info. */
static int open_first(struct scap *s)
{
	struct event *ev;
	struct scap_block b;
	const uint8_t *p;
	size_t avail = scap_peek(s, 28, &p);

	if (avail < 8 || memcmp(p, "\n\r\r\n", 4))
		return err(ERR_FORMAT, "not a .scap capture%s",
			   s->in.gzip ? ", but other gzip data" : "");
	if (scap_next_block(s, &b) != 0)
		return err(ERR_FORMAT, "cut within its first 28 bytes");
	if (section(s, &b) < 0)
		return -ERR_FORMAT;
	if (scap_next_block(s, &b) != 0)
		return 0;
	if (scap_is_machine(b.type)) {
		ev = xmalloc(sizeof(*ev));
		scap_meta_machine(s, b.body, ev);
		free(ev);
	}
	s->taken = 0;
	return 0;
}

/* Goes through gzip where it is, and reads the first blocks. */
static int start(struct scap *s)
{
	const uint8_t *p;
	size_t avail;
	int r = input_peek(&s->in, 2, &p, &avail);

	if (r < 0)
		return r;
	if (avail >= 2 && p[0] == 0x1f && p[1] == 0x8b) {
		s->counts.gzip = true;
		r = input_gunzip(&s->in);
		if (r < 0)
			return r;
	}
	return open_first(s);
}

/* The format has no index: whoever wants to go back begins at the start. */
static int rewind_capture(struct scap *s)
{
	const int r = input_rewind(&s->in);

	if (r < 0)
		return r;
	scap_enters_clear(s->enters);
	s->meta.list = SCAP_NO_LIST;
	s->base.damage = (struct source_damage){0};
	s->base.n_skipped = 0;
	s->counts = (struct scap_counts){0};
	s->begun = false;
	s->taken = 0;
	s->num = s->last_ts = 0;
	s->loss_due = s->ended = false;
	return start(s);
}

static int scap_seek_ts(struct source *base, uint64_t ts)
{
	struct scap *s = (struct scap *)base;

	return s->last_ts || s->ended ? rewind_capture(s) : 0;
}

static int scap_seek_key(struct source *base, unsigned key)
{
	if (key)
		return err(ERR_USAGE, "there is no key frame %u", key);
	return rewind_capture((struct scap *)base);
}

/* The end of a file that is inflated or cut: there is no way but through. */
static int scap_find_end(struct source *base)
{
	struct scap *s = (struct scap *)base;

	if (!s->in.again)
		return 0;
	if (rewind_capture(s) < 0)
		return -ERR_SYSTEM;
	input_ahead(&s->in);
	scap_span(s);
	return rewind_capture(s);
}

static const struct source_ops ops = {
	.next = scap_next, .close = scap_close, .seek_ts = scap_seek_ts,
	.seek_key = scap_seek_key, .find_end = scap_find_end,
};

const struct scap_counts *scap_counts(const struct source *s)
{
	return s->ops == &ops ? &((const struct scap *)s)->counts : NULL;
}

struct source *scap_open_input(struct input *in, const char *path)
{
	struct scap *s = xcalloc(1, sizeof(*s));

	s->in = *in;
	*in = (struct input){ .fd = -1, .wake_fd = -1 };
	s->base.ops = &ops;
	s->path = xstrdup(path);
	s->enters = scap_enters_new();
	event_set_fill(&s->base.want);
	s->base.want_bulk = true;
	s->base.info = (struct source_info){
		.path = s->path, .format = "scap", .hostname = s->hostname, .kernel = "",
		.arch_name = "", .writer = "", .size = s->in.size,
	};
	if (start(s) < 0)
		goto failed;
	if (s->in.again) {
		scap_begin_and_end(s);
		if (rewind_capture(s) < 0)
			goto failed;
	}
	return &s->base;
failed:
	scap_close(&s->base);
	return NULL;
}
