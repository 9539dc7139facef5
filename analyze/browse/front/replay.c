/* SPDX-License-Identifier: Apache-2.0 */
/* What was written to a terminal as it looked, in the pace in which it was written. */
#include "analyze/browse/front/replay.h"

#include "analyze/browse/front/vt.h"
#include "capture/base/progress.h"
#include "capture/base/timearg.h"

/* Nobody waits for the pauses of a person. */
#define PAUSE_MOST (NS_PER_S * 2)
#define STEP_NS (NS_PER_S / 5)

struct replay {
	struct vt vt;
	size_t at;		/* chunks that are shown */
	size_t goal;		/* chunks that are to be */
	size_t n_sizes;		/* of the terminal, that it has had */
	uint8_t typed[256];	/* since the last line ended or somebody wrote */
	unsigned n_typed;
	bool plays;
	bool waits;		/* plays, and more may come */
	int up;			/* rows, from where the cursor is in sight; or down */
	uint64_t next;		/* monotonic: when the next chunk is due */
};

struct replay *replay_new(void)
{
	struct replay *r = xcalloc(1, sizeof(*r));

	vt_reset(&r->vt);
	return r;
}

/* ---- what is shown -------------------------------------------------------------- */

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

/* The sizes that the terminal was given before the chunk that is next.  The first that is known it
 * had before, too. */
static void take_sizes(struct frame *f)
{
	struct replay *r = f->replay;
	struct stream_size size, last = { .rows = 0 };

	while (stream_sizes(f->stream, r->n_sizes, &size, 1) == 1
	       && (size.at <= r->at || r->n_sizes == 0)) {
		last = size;
		r->n_sizes++;
	}
	if (last.rows)
		vt_resize(&r->vt, last.rows, last.columns);
}

static void to_begin(struct replay *r)
{
	vt_reset(&r->vt);
	r->at = r->goal = r->n_sizes = r->n_typed = 0;
}

/* As far on the way as there is time for between two keys. */
static void step(struct frame *f)
{
	struct replay *r = f->replay;
	const uint64_t until = monotonic_ns() + STEP_NS;
	struct stream_chunk c;

	while (r->at < r->goal) {
		if (stream_chunks(f->stream, r->at, &c, 1) != 1) {
			r->goal = r->at;
			return;
		}
		take_sizes(f);
		show_chunk(r, &c);
		r->at++;
		if (monotonic_ns() > until)
			return;
	}
}

static void go_to(struct frame *f, size_t at)
{
	struct replay *r = f->replay;

	if (at < r->at)
		to_begin(r);
	r->goal = at;
	step(f);
}

/* ---- in time -------------------------------------------------------------------- */

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

/* ---- the screen ----------------------------------------------------------------- */

/* Without UTF-8 each cell keeps its place; x shows the bytes. */
static size_t plain_row(const struct vt *vt, int row, char *out)
{
	size_t end = 0;

	for (size_t i = 0; i < (size_t)vt->columns; i++) {
		const uint32_t c = vt_cells(vt, row)[i];

		out[i] = c == 0 ? ' ' : c < 0x80 ? (char)c : '?';
		end = c ? i + 1 : end;
	}
	return end;
}

/* The first row in sight: the cursor's is the last one, unless somebody went up. */
static int first_row(const struct frame *f)
{
	const struct replay *r = f->replay;
	const int first = (r->vt.row >= f->height ? r->vt.row - f->height + 1 : 0) - r->up;
	const int last = r->vt.rows > f->height ? r->vt.rows - f->height : 0;

	return first < 0 ? 0 : first > last ? last : first;
}

/* Is there anything in the rows below those in sight? */
static bool has_below(const struct frame *f)
{
	const struct vt *const v = &f->replay->vt;

	for (int row = first_row(f) + f->height; row < v->rows; row++)
		for (int i = 0; i < v->columns; i++)
			if (vt_cells(v, row)[i])
				return true;
	return false;
}

void replay_draw(struct frame *f, int row, int height)
{
	struct replay *r = f->replay;
	char text[4 * VT_COLUMNS_MAX];
	int first;

	play(f);
	step(f);
	if (r->at == 0) {
		term_put(row, 0, -1, ROLE_DIM, "Enter replays it, Down goes on by one step, "
			 "End to its end, x shows its bytes");
		return;
	}
	first = first_row(f);
	for (int i = 0; i < height && first + i < r->vt.rows; i++) {
		const size_t n = term_utf8() ? vt_row(&r->vt, first + i, text)
			: plain_row(&r->vt, first + i, text);

		term_quoted(row + i, 0, r->vt.columns, ROLE_TEXT, text, n, false);
	}
	if (r->vt.row >= first && r->vt.row - first < height)
		term_mark(row + r->vt.row - first,
			  r->vt.column < r->vt.columns ? r->vt.column : r->vt.columns - 1, 1,
			  ROLE_SELECTED);
}

/* ---- keys ----------------------------------------------------------------------- */

bool replay_act(struct frame *f, enum action a)
{
	struct replay *r = f->replay;
	struct stream_status s;

	stream_status(f->stream, &s);
	switch (a) {
	case ACT_HALF_UP:
		if (first_row(f) > 0)
			r->up += f->height / 2;
		return true;
	case ACT_HALF_DOWN:
		if (first_row(f) + f->height < r->vt.rows)
			r->up -= f->height / 2;
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

bool replay_plays(const struct frame *f)
{
	const struct replay *const r = f->replay;

	return r && ((r->plays && !r->waits) || r->at < r->goal);
}

void replay_status(const struct ui *u, const struct frame *f, struct buf *out)
{
	const struct replay *r = f->replay;
	struct stream_status s;
	struct stream_chunk c;
	char when[20];

	stream_status(f->stream, &s);
	buf_printf(out, "  %s %zu/%zu", r->plays ? "plays" : "stands", r->at, s.n_chunks);
	if (r->at > 0 && stream_chunks(f->stream, r->at - 1, &c, 1) == 1) {
		ui_time_text(u, when, sizeof(when), c.ts);
		buf_printf(out, " %s", when);
	}
	if (first_row(f) > 0)
		buf_str(out, "  C-u: above");
	if (has_below(f))
		buf_str(out, "  C-d: below");
}
