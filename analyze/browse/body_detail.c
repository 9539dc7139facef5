/* SPDX-License-Identifier: Apache-2.0 */
/* All of one event on a page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/ui.h"
#include "capture/base/timearg.h"

enum {
	LABEL = 14, FIELD_LABEL = 26,
	COMMAND_ROWS = 2,	/* of a command in the head, of which Process has all */
};

static int open_detail(struct ui *u, struct frame *f)
{
	detail_ask(u->b, f->num);
	return 0;
}

static void close_detail(struct frame *f)
{
	if (f->detail)
		detail_free(f->detail);
	f->detail = NULL;
}

/* ---- the page ------------------------------------------------------------------- */

static void put(struct doc *d, const char *label, struct bytes text)
{
	if (text.len)
		doc_pair(d, label, LABEL, ROLE_TEXT, text.p, text.len);
}

static void put_values(struct doc *d, const struct detail_value *v, unsigned n, int label)
{
	for (unsigned i = 0; i < n; i++)
		doc_pair(d, v[i].name, label, v[i].lost ? ROLE_LOSS : ROLE_TEXT,
			 v[i].lost ? "<LOST>" : v[i].text.p, v[i].lost ? 6 : v[i].text.len);
}

/* Whose event it is, and below whom. */
static void put_lineage(struct doc *d, const struct detail *x)
{
	struct buf b = {0};

	if (x->n_process > 0)
		put(d, "command", x->process[0].cmdline);
	if (x->n_process > 0 && x->process[0].cmdline.len)
		doc_most(d, COMMAND_ROWS);
	for (unsigned i = 1; i < x->n_process; i++) {
		if (i > 1)
			buf_str(&b, " < ");
		buf_put(&b, x->process[i].name.p, x->process[i].name.len);
	}
	if (b.len)
		doc_pair(d, "below", LABEL, ROLE_TEXT, b.p, b.len);
	if (b.len)
		doc_most(d, COMMAND_ROWS);
	buf_release(&b);
}

/* The name of the machine at the other end of a connection, where the recording tells it. */
static void put_peer(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_fields; i++)
		if (!x->fields[i].lost && strcmp(x->fields[i].name, "fd.rip.name") == 0)
			put(d, "other end", x->fields[i].text);
}

static void put_head(struct ui *u, struct doc *d, const struct detail *x)
{
	char when[TIME_TEXT_MAX], text[160];
	int n;

	time_date(when, x->ts, ui_offset(u), ' ');
	n = snprintf(text, sizeof(text), "%s  event %" PRIu64 "  thread %" PRId64 "  cpu %u", when,
		     x->num, x->tid == UINT32_MAX ? -1 : (int64_t)x->tid, x->cpu);
	doc_add(d, ROLE_TEXT, text, (size_t)n);
	put(d, "call", x->type);
	put(d, "category", x->category);
	put_peer(d, x);
	if (x->latency)
		doc_pair(d, "took", LABEL, ROLE_TEXT, when, time_brief(when, x->latency));
	put_lineage(d, x);
}

static void put_rules(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_rules; i++) {
		const struct detail_rule *r = &x->rules[i];
		char title[300];

		snprintf(title, sizeof(title), "Rule: %s", r->rule->name);
		doc_section(d, title);
		doc_add(d, severity_role(r->rule->priority), r->line.p, r->line.len);
		doc_text(d, ROLE_TEXT, r->why.p, r->why.len);
	}
}

static void put_process(struct ui *u, struct doc *d, const struct detail_process *p)
{
	char text[TIME_TEXT_MAX + 40], since[20] = "";
	int n;

	if (p->start_ts)
		ui_time_text(u, since, sizeof(since), p->start_ts);
	n = snprintf(text, sizeof(text), "%u%s%s", p->pid, *since ? " since " : "", since);
	doc_pair(d, "pid", LABEL, ROLE_TEXT, text, (size_t)n);
	put(d, "name", p->name);
	put(d, "program", p->exe);
	put(d, "command", p->cmdline);
	put(d, "directory", p->cwd);
	put(d, "user", p->user);
	put(d, "container", p->container);
}

static void put_ancestors(struct doc *d, const struct detail *x)
{
	const bool utf8 = term_utf8();

	for (unsigned i = 1; i < x->n_process; i++) {
		const struct detail_process *p = &x->process[i];
		struct buf b = {0};

		for (unsigned k = 1; k < i && k < 20; k++)
			buf_str(&b, "  ");
		buf_printf(&b, "%s %u ", utf8 ? "└" : "`", p->pid);
		buf_put(&b, p->name.p, p->name.len);
		buf_str(&b, "  ");
		buf_put(&b, p->cmdline.p, p->cmdline.len);
		doc_add(d, ROLE_TEXT, b.p, b.len);
		doc_most(d, 1);
		buf_release(&b);
	}
}

static void put_fds(struct doc *d, const struct detail *x)
{
	for (unsigned i = 0; i < x->n_fds; i++) {
		const struct detail_fd *fd = &x->fds[i];
		char label[40];

		snprintf(label, sizeof(label), "%" PRId64 " %c%s", fd->fd,
			 fd->type ? fd->type : '?',
			 fd->is_this ? (term_utf8() ? " ◂" : " <") : "");
		doc_pair(d, label, 10, fd->is_this ? ROLE_KEY : ROLE_TEXT, fd->name.p,
			 fd->name.len);
	}
	if (x->n_fds_all > x->n_fds)
		doc_printf(d, ROLE_DIM, "... and %" PRIu64 " more", x->n_fds_all - x->n_fds);
}

/* 16 bytes a row, offset, hex, text; or lines of text as they are. */
void doc_bytes(struct doc *d, enum term_role role, const uint8_t *p, size_t len, bool hex)
{
	if (!hex) {
		doc_text(d, role, (const char *)p, len);
		return;
	}
	for (size_t i = 0; i < len; i += 16) {
		const size_t n = len - i < 16 ? len - i : 16;
		struct buf b = {0};

		buf_printf(&b, "%06zx ", i);
		for (size_t k = 0; k < 16; k++)
			if (k < n)
				buf_printf(&b, k == 8 ? "  %02x" : " %02x", p[i + k]);
			else
				buf_str(&b, k == 8 ? "    " : "   ");
		buf_str(&b, "  ");
		for (size_t k = 0; k < n; k++)
			buf_byte(&b, p[i + k] >= 0x20 && p[i + k] < 0x7f ? p[i + k] : '.');
		doc_add(d, role, b.p, b.len);
		buf_release(&b);
	}
}

static void build(struct ui *u, struct frame *f)
{
	const struct detail *x = f->detail;
	struct doc *d = &f->doc;
	struct note *n = notes_find(&u->notes, x->num, x->ts);

	doc_clear(d);
	put_head(u, d, x);
	if (n)
		doc_pair(d, "note", LABEL, ROLE_KEY, *n->text ? n->text : "bookmark",
			 *n->text ? strlen(n->text) : 8);
	put_rules(d, x);
	doc_section(d, "Parameters");
	put_values(d, x->params, x->n_params, LABEL);
	if (x->payload.len) {
		doc_section(d, f->hex ? "Payload (x: as text)" : "Payload (x: in hex)");
		doc_bytes(d, ROLE_TEXT, (const uint8_t *)x->payload.p, x->payload.len, f->hex);
	}
	if (x->n_process > 0) {
		doc_section(d, "Process");
		put_process(u, d, &x->process[0]);
	}
	if (x->n_process > 1) {
		doc_section(d, "Ancestors");
		put_ancestors(d, x);
	}
	if (x->n_fds > 0) {
		doc_section(d, "Open files");
		put_fds(d, x);
	}
	doc_section(d, "Fields");
	put_values(d, x->fields, x->n_fields, FIELD_LABEL);
}

static void fetch(struct ui *u, struct frame *f)
{
	const char *failed = NULL;

	if (f->detail)
		return;
	f->detail = detail_take(u->b, &failed);
	if (f->detail && f->detail->num != f->num) {	/* of one asked for before */
		detail_free(f->detail);
		f->detail = NULL;
		detail_ask(u->b, f->num);
	}
	if (f->detail) {
		u->cursor = f->detail->ts;
		u->cursor_num = f->detail->num;
		build(u, f);
	} else if (failed) {
		doc_clear(&f->doc);
		doc_add(&f->doc, ROLE_ERROR, failed, strlen(failed));
		f->hex = false;
	}
}

static void draw_detail(struct ui *u, struct frame *f, int row, int height)
{
	fetch(u, f);
	if (!f->detail && f->doc.n == 0)
		term_put(row, 2, -1, ROLE_DIM, "reading ...");
	doc_draw(&f->doc, row, 1, height, term_columns() - 2);
}

static void status_detail(struct ui *u, struct frame *f, struct buf *out)
{
	buf_printf(out, "event %" PRIu64, f->num);
	if (f->doc.n_rows)
		buf_printf(out, "  line %zu of %zu", f->doc.top + 1, f->doc.n_rows);
	if (f->detail && f->detail->has_stream)
		buf_str(out, "  F follows the descriptor");
	if (f->detail && f->detail->has_tty)
		buf_str(out, "  T replays the terminal");
	if (doc_is_cut(&f->doc))
		buf_str(out, "  z: all");
}

/* ---- keys ----------------------------------------------------------------------- */

bool doc_act(struct doc *d, enum action a, int height)
{
	switch (a) {
	case ACT_DOWN: doc_scroll(d, 1, height); return true;
	case ACT_UP: doc_scroll(d, -1, height); return true;
	case ACT_PAGE_DOWN: doc_scroll(d, height - 1, height); return true;
	case ACT_PAGE_UP: doc_scroll(d, 1 - height, height); return true;
	case ACT_HALF_DOWN: doc_scroll(d, height / 2, height); return true;
	case ACT_HALF_UP: doc_scroll(d, -height / 2, height); return true;
	case ACT_TOP: doc_scroll(d, -(long)d->n_rows, height); return true;
	case ACT_BOTTOM: doc_scroll(d, (long)d->n_rows, height); return true;
	case ACT_NEXT_PART: doc_go_section(d, 1, height); return true;
	case ACT_PREV_PART: doc_go_section(d, -1, height); return true;
	default: return false;
	}
}

static void show(struct ui *u, struct frame *f, uint64_t num)
{
	close_detail(f);
	f->num = num;
	doc_clear(&f->doc);
	detail_ask(u->b, num);
}

/* The event before or behind, in the list that one came from. */
static void neighbour(struct ui *u, struct frame *f, int direction)
{
	struct frame *list = u->n_frames > 1 ? u->frames[u->n_frames - 2] : NULL;
	struct event_window *w;

	if (!list || list->body != &body_events || !list->is_open) {
		if (direction > 0 || f->num > 1)
			show(u, f, f->num + (uint64_t)direction);
		return;
	}
	w = &list->window;
	events_window(list->e, &list->place, direction < 0, direction > 0, w);
	if (w->at < w->n && (direction > 0 ? w->at + 1 < w->n : w->at > 0)) {
		const struct event_row *r = &w->v[direction > 0 ? w->at + 1 : w->at - 1];

		list->place = (struct place){ r->num, r->ts };
		list->line += direction;
		show(u, f, r->num);
	} else if (w->complete) {
		ui_say(u, "this is the %s one of the list", direction > 0 ? "last" : "first");
	}
}

static bool act_detail(struct ui *u, struct frame *f, enum action a)
{
	if (doc_act(&f->doc, a, f->height))
		return true;
	switch (a) {
	case ACT_NEXT_EVENT: neighbour(u, f, 1); return true;
	case ACT_PREV_EVENT: neighbour(u, f, -1); return true;
	case ACT_WHOLE: doc_whole(&f->doc, !f->doc.whole); return true;
	case ACT_HEX:
		f->hex = !f->hex;
		if (f->detail)
			build(u, f);
		return true;
	case ACT_FOLLOW:
		if (f->detail && !f->detail->has_stream)
			ui_say(u, "this event has no descriptor to follow");
		else
			ui_show_stream(u, STREAM_FD, f->num);
		return true;
	case ACT_TTY:
		if (f->detail && !f->detail->has_tty)
			ui_say(u, "the process has no terminal");
		else
			ui_show_stream(u, STREAM_TTY, f->num);
		return true;
	default: return false;
	}
}

static bool busy_detail(struct ui *u, struct frame *f)
{
	return !f->detail && f->doc.n == 0;
}

static bool ready_detail(struct frame *f)
{
	return f->detail || f->doc.n > 0;
}

static unsigned links_detail(struct ui *u, struct frame *f, struct link *out, struct arena *a)
{
	const unsigned n = f->detail ? f->detail->n_links : 0;

	if (n)
		memcpy(out, f->detail->links, n * sizeof(*out));
	return n;
}

void doc_search_body(struct ui *u, struct frame *f, const char *text, int dir)
{
	if (!dir) {
		free(f->search);
		f->search = text && *text ? xstrdup(text) : NULL;
		f->doc.found = f->search ? f->doc.found : SIZE_MAX;
	}
	if (f->search && !doc_search(&f->doc, f->search, dir, f->height)) {
		if (!dir)
			f->doc.found = SIZE_MAX;
		ui_say(u, "\"%s\" is not found", f->search);
	}
}

static void time_detail(struct ui *u, struct frame *f, uint64_t ts, uint64_t num)
{
	if (num && num != f->num)
		show(u, f, num);
}

static bool at_detail(struct ui *u, struct frame *f, uint64_t *num, uint64_t *ts)
{
	if (!f->detail)
		return false;
	*num = f->detail->num;
	*ts = f->detail->ts;
	return true;
}

void detail_changed(struct ui *u, struct frame *f)
{
	if (f->detail)
		build(u, f);
}

static const char *title_detail(struct frame *f)
{
	return "Event";
}

const struct body body_detail = {
	.where = WHERE_DETAIL, .open = open_detail, .close = close_detail,
	.draw = draw_detail, .act = act_detail, .busy = busy_detail,
	.ready = ready_detail, .status = status_detail, .links = links_detail,
	.search = doc_search_body, .time = time_detail, .at = at_detail,
	.title = title_detail,
};
