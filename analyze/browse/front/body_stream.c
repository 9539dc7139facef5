/* SPDX-License-Identifier: Apache-2.0 */
/* What went through a descriptor, both ways, as a page; or of a terminal, replayed. */
#include <inttypes.h>
#include <stdlib.h>

#include "analyze/browse/front/replay.h"

enum { CHUNKS_AT_ONCE = 256 };
static int open_stream(struct ui *u, struct frame *f)
{
	f->stream = stream_open(u->b, f->stream_kind, f->num);
	f->n_chunks = 0;
	doc_clear(&f->doc);
	if (f->stream_kind == STREAM_TTY)
		f->replay = replay_new();
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
		replay_draw(f, row, height);
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
	const bool replayed = f->replay && !f->hex;
	struct stream_status s;

	stream_status(f->stream, &s);
	if (s.failed)
		return;
	buf_put(out, s.name.p, s.name.len);
	if (!replayed)
		buf_printf(out, "  in %" PRIu64 " out %" PRIu64 " bytes", s.in, s.out);
	if (s.cut)
		buf_printf(out, "  %" PRIu64 " not recorded", s.cut);
	if (!s.complete)
		buf_printf(out, "  %u%%", s.permille / 10);
	if (replayed)
		replay_status(u, f, out);
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
		return replay_act(f, a);
	return doc_act(&f->doc, a, f->height);
}

static bool busy_stream(struct ui *u, struct frame *f)
{
	struct stream_status s;

	stream_status(f->stream, &s);
	return (!s.complete && !s.failed) || replay_plays(f);
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
