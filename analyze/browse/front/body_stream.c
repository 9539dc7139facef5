/* SPDX-License-Identifier: Apache-2.0 */
/* What went through a descriptor, both ways; of a terminal, replayed as it looked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/ui.h"
#include "analyze/browse/front/vt.h"
#include "capture/base/progress.h"
#include "capture/base/timearg.h"

enum { CHUNKS_AT_ONCE = 256 };
/* Nobody waits for the pauses of a person. */
#define PAUSE_MOST (NS_PER_S * 2)

struct replay {
	struct vt vt;
	size_t at;		/* chunks that are shown */
	uint8_t typed[256];	/* since the last line ended or somebody wrote */
	unsigned n_typed;
	bool plays;
	bool waits;		/* plays, and more may come */
	int up;			/* rows of the terminal, from where its cursor is in sight */
	uint64_t next;		/* monotonic: when the next chunk is due */
};

static int open_stream(struct ui *u, struct frame *f)
{
	f->stream = stream_open(u->b, f->stream_kind, f->num);
	f->n_chunks = 0;
	doc_clear(&f->doc);
	if (f->stream_kind == STREAM_TTY) {
		f->replay = xcalloc(1, sizeof(*f->replay));
		vt_reset(&f->replay->vt);
	}
	return f->stream ? 0 : -1;
}

static void close_stream(struct frame *f)
{
	stream_close(f->stream);
	free(f->replay);
	f->stream = NULL;
	f->replay = NULL;
}

/* ---- a descriptor, as a page ---------------------------------------------------- */

static void add_chunk(struct ui *u, struct frame *f, const struct stream_chunk *c)
{
	char when[20];

	ui_time_text(u, when, sizeof(when), c->ts);
	doc_printf(&f->doc, c->out ? ROLE_MIDDLE : ROLE_LOW,
		   "%s %s  process %u  %" PRIu64 " byte%s%s  event %" PRIu64,
		   c->out ? (term_utf8() ? "→" : ">") : term_utf8() ? "←" : "<", when, c->pid,
		   c->size, c->size == 1 ? "" : "s",
		   c->size > c->len ? ", not all recorded" : "", c->num);
	f->doc.v[f->doc.n - 1].section = true;
	doc_bytes(&f->doc, ROLE_TEXT, c->p, c->len, f->hex);
}

static void add_chunks(struct ui *u, struct frame *f)
{
	struct stream_chunk v[CHUNKS_AT_ONCE];
	size_t n;

	while ((n = stream_chunks(f->stream, f->n_chunks, v, CHUNKS_AT_ONCE)) > 0) {
		for (size_t i = 0; i < n; i++)
			add_chunk(u, f, &v[i]);
		f->n_chunks += n;
	}
}

/* ---- a terminal, replayed ------------------------------------------------------- */

/* A shell that edits its lines writes each key that it reads, and Return is \r to it.  What ends
 * in \n was edited by the kernel, which showed it, and nobody wrote it. */
static void show_typed(struct replay *r, const struct stream_chunk *c)
{
	for (uint32_t i = 0; i < c->len; i++) {
		if (c->p[i] != '\n' && c->p[i] >= 0x20) {
			if (r->n_typed < sizeof(r->typed))
				r->typed[r->n_typed++] = c->p[i];
			continue;
		}
		if (c->p[i] == '\n') {
			vt_put(&r->vt, r->typed, r->n_typed);
			vt_put(&r->vt, (const uint8_t *)"\n", 1);
		}
		r->n_typed = 0;
	}
}

static void show_chunk(struct replay *r, const struct stream_chunk *c)
{
	if (c->out) {
		vt_put(&r->vt, c->p, c->len);
		r->n_typed = 0;
	} else if (!r->vt.alternate) {
		show_typed(r, c);
	}
}

static void rewind_replay(struct replay *r)
{
	vt_reset(&r->vt);
	r->at = r->n_typed = 0;
}

static void go_to(struct frame *f, size_t at)
{
	struct replay *r = f->replay;
	struct stream_chunk c;

	if (at < r->at)
		rewind_replay(r);
	while (r->at < at && stream_chunks(f->stream, r->at, &c, 1) == 1) {
		show_chunk(r, &c);
		r->at++;
	}
}

static uint64_t pause_before(struct frame *f, size_t at)
{
	struct stream_chunk c[2];

	if (at == 0 || stream_chunks(f->stream, at - 1, c, 2) < 2)
		return 0;
	return c[1].ts - c[0].ts > PAUSE_MOST ? PAUSE_MOST : c[1].ts - c[0].ts;
}

static void play(struct frame *f)
{
	struct replay *r = f->replay;
	const uint64_t now = monotonic_ns();
	struct stream_status s;

	stream_status(f->stream, &s);
	while (r->plays && now >= r->next && r->at < s.n_chunks) {
		go_to(f, r->at + 1);
		r->next += pause_before(f, r->at);
		if (r->next + NS_PER_S < now)
			r->next = now;
	}
	r->waits = r->at == s.n_chunks && s.live;
	if (r->at == s.n_chunks && s.complete && !s.live)
		r->plays = false;
}

/* Without UTF-8 each cell keeps its place; x shows the bytes. */
static size_t plain_row(const struct vt *vt, int row, char *out)
{
	size_t end = 0;

	for (size_t i = 0; i < VT_COLUMNS; i++) {
		const uint32_t c = vt->cell[row][i];

		out[i] = c == 0 ? ' ' : c < 0x80 ? (char)c : '?';
		end = c ? i + 1 : end;
	}
	return end;
}

/* The rows that are in sight: the cursor's is the last one, unless somebody went up. */
static int first_row(const struct replay *r, int height)
{
	const int first = r->vt.row >= height ? r->vt.row - height + 1 : 0;

	return first > r->up ? first - r->up : 0;
}

static void draw_replay(struct frame *f, int row, int height)
{
	struct replay *r = f->replay;
	char text[4 * VT_COLUMNS];
	int first;

	play(f);
	if (r->at == 0) {
		term_put(row, 0, -1, ROLE_DIM, "Enter replays it, Down goes on by one step, "
			 "End to its end, x shows its bytes");
		return;
	}
	first = first_row(r, height);
	for (int i = 0; i < height && first + i < VT_ROWS; i++) {
		const size_t n = term_utf8() ? vt_row(&r->vt, first + i, text)
			: plain_row(&r->vt, first + i, text);

		term_quoted(row + i, 0, VT_COLUMNS, ROLE_TEXT, text, n, false);
	}
	if (r->vt.row - first < height)
		term_mark(row + r->vt.row - first,
			  r->vt.column < VT_COLUMNS ? r->vt.column : VT_COLUMNS - 1, 1,
			  ROLE_SELECTED);
}

/* ---- both ----------------------------------------------------------------------- */

static void draw_stream(struct ui *u, struct frame *f, int row, int height)
{
	struct stream_status s;
	bool at_end;

	stream_status(f->stream, &s);
	if (s.failed) {
		term_put(row, 2, -1, ROLE_ERROR, s.failed);
		return;
	}
	if (f->replay && !f->hex) {
		draw_replay(f, row, height);
		return;
	}
	at_end = f->doc.n > 0 && doc_at_end(&f->doc, height);
	add_chunks(u, f);
	if (at_end && f->follows)
		doc_go_end(&f->doc);
	f->follows = s.complete && s.live;
	if (f->doc.n == 0)
		term_put(row, 2, -1, ROLE_DIM, s.complete ? "nothing went through it" :
			 "reading ...");
	doc_draw(&f->doc, row, 1, height, term_columns() - 2);
}

static void status_stream(struct ui *u, struct frame *f, struct buf *out)
{
	struct stream_status s;
	struct stream_chunk c;
	char when[20];

	stream_status(f->stream, &s);
	if (s.failed)
		return;
	buf_put(out, s.name.p, s.name.len);
	if (!f->replay || f->hex)
		buf_printf(out, "  in %" PRIu64 " out %" PRIu64 " bytes", s.in, s.out);
	if (s.cut)
		buf_printf(out, "  %" PRIu64 " not recorded", s.cut);
	if (!s.complete)
		buf_printf(out, "  %u%%", s.permille / 10);
	if (!f->replay || f->hex)
		return;
	buf_printf(out, "  %s %zu/%zu", f->replay->plays ? "plays" : "stands", f->replay->at,
		   s.n_chunks);
	if (f->replay->at > 0 && stream_chunks(f->stream, f->replay->at - 1, &c, 1) == 1) {
		ui_time_text(u, when, sizeof(when), c.ts);
		buf_printf(out, " %s", when);
	}
	if (first_row(f->replay, f->height) > 0)
		buf_str(out, "  C-u: above");
}

static bool act_replay(struct frame *f, enum action a)
{
	struct replay *r = f->replay;
	struct stream_status s;

	stream_status(f->stream, &s);
	switch (a) {
	case ACT_HALF_UP:
		if (first_row(r, f->height) > 0)
			r->up += f->height / 2;
		return true;
	case ACT_HALF_DOWN:
		r->up -= r->up < f->height / 2 ? r->up : f->height / 2;
		return true;
	case ACT_PLAY:
		if (r->at >= s.n_chunks)
			go_to(f, 0);
		r->plays = !r->plays;
		r->next = monotonic_ns();
		return true;
	case ACT_DOWN: case ACT_RIGHT: go_to(f, r->at + 1); break;
	case ACT_UP: case ACT_LEFT: go_to(f, r->at ? r->at - 1 : 0); break;
	case ACT_PAGE_DOWN: go_to(f, r->at + 10); break;
	case ACT_PAGE_UP: go_to(f, r->at > 10 ? r->at - 10 : 0); break;
	case ACT_TOP: go_to(f, 0); break;
	case ACT_BOTTOM: go_to(f, s.n_chunks); break;
	default: return false;
	}
	r->plays = false;
	return true;
}

static bool act_stream(struct ui *u, struct frame *f, enum action a)
{
	if (a == ACT_HEX) {
		f->hex = !f->hex;
		f->n_chunks = 0;
		doc_clear(&f->doc);
		return true;
	}
	if (f->replay && !f->hex)
		return act_replay(f, a);
	return doc_act(&f->doc, a, f->height);
}

static bool busy_stream(struct ui *u, struct frame *f)
{
	struct stream_status s;

	stream_status(f->stream, &s);
	return (!s.complete && !s.failed) || stream_plays(f);
}

bool stream_plays(const struct frame *f)
{
	return f->replay && f->replay->plays && !f->replay->waits;
}

static const char *title_stream(struct frame *f)
{
	return f->stream_kind == STREAM_TTY ? "Terminal" : "Descriptor";
}

const struct body body_stream = {
	.where = WHERE_STREAM, .open = open_stream, .close = close_stream, .draw = draw_stream,
	.act = act_stream, .busy = busy_stream, .status = status_stream,
	.search = doc_search_body, .title = title_stream,
};
