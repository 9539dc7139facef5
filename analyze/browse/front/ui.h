/* SPDX-License-Identifier: Apache-2.0 */
/* The browser in the terminal: a stack of frames, each a body that shows one thing in one
 * focus; around the top one title, filters, time strip, status and prompt.
 *
 * One thread, one loop (ui.c): wait for a key or for news of the model, act, draw.  Nothing here
 * waits for a scan. */
#ifndef SAKER_BROWSE_UI_H
#define SAKER_BROWSE_UI_H

#include "analyze/browse/front/crumbs.h"
#include "analyze/browse/front/doc.h"
#include "analyze/browse/front/keys.h"
#include "analyze/browse/front/menu.h"
#include "analyze/browse/front/notes.h"
#include "analyze/browse/front/prompt.h"
#include "analyze/browse/model/detail.h"
#include "analyze/browse/model/events.h"
#include "analyze/browse/model/query.h"
#include "analyze/browse/model/stream.h"
#include "analyze/browse/model/timeline.h"

enum { FRAMES_MAX = 40, FRAMES_OPEN = 8, KEYS_AHEAD = 256 };

struct ui;
struct frame;

/* What a kind of frame does.  What may be NULL does nothing. */
struct body {
	unsigned where;		/* enum key_where */
	int (*open)(struct ui *u, struct frame *f);	/* negative: err_text */
	void (*close)(struct frame *f);
	void (*draw)(struct ui *u, struct frame *f, int row, int height);
	bool (*act)(struct ui *u, struct frame *f, enum action a);	/* true: done */
	bool (*busy)(struct ui *u, struct frame *f);	/* more is to come by itself */
	/* Keys have something to act on; until then they wait.  NULL: always. */
	bool (*ready)(struct frame *f);
	/* "3 of 40": for the status line. */
	void (*status)(struct ui *u, struct frame *f, struct buf *out);
	unsigned (*links)(struct ui *u, struct frame *f, struct link *out, struct arena *a);
	/* Search text while it is typed; dir 0: it changed, 1, -1: next, previous; NULL: over. */
	void (*search)(struct ui *u, struct frame *f, const char *text, int dir);
	void (*mouse)(struct ui *u, struct frame *f, int row, int column, int height);
	void (*time)(struct ui *u, struct frame *f, uint64_t ts, uint64_t num);	/* cursor moved */
	/* The event that it stands at, for bookmarks; false: none. */
	bool (*at)(struct ui *u, struct frame *f, uint64_t *num, uint64_t *ts);
	const char *(*title)(struct frame *f);
};

extern const struct body body_table, body_tree, body_overview, body_events, body_detail,
	body_stream, body_spectrum;

struct frame {
	const struct body *body;
	const struct view *view;	/* NULL: it is not of a view */
	struct crumbs crumbs;
	bool is_open;
	int height;			/* rows that it was drawn in last */
	/* tables and trees */
	struct query *q;
	struct query_rows rows;
	size_t row, top;
	uint64_t id, seen;		/* of the row; generation that row is of */
	bool chosen;			/* the user has moved: stay at id */
	unsigned sort, first_column;
	bool ascending, at_cursor;
	unsigned skip;			/* levels of a tree that are out of sight at the left */
	uint32_t hidden;		/* columns, as bits */
	bool own_sort;			/* the user has chosen it */
	char *search;
	/* events */
	struct events *e;
	struct place place;
	struct event_window window;
	int line;			/* row of the screen where the place is */
	long pending;			/* rows to move when they are there */
	bool tail;			/* it is the last row: goes with the end */
	bool searching, stale;		/* stale: the window is not yet of the place */
	struct place searched_from;
	/* details and streams */
	uint64_t num;
	struct detail *detail;
	struct doc doc;
	bool hex;
	struct stream *stream;
	enum stream_kind stream_kind;
	size_t n_chunks;		/* which doc has */
	bool follows;			/* more may come to its end; it stays there */
	struct replay *replay;
	/* overview */
	struct overview *overview;
	/* spectrograms */
	struct spectrum *spectrum;
	unsigned bin;			/* of the column that the user has chosen */
};

enum ui_mode { MODE_BODY, MODE_PROMPT, MODE_MENU, MODE_HELP };
enum ask { ASK_FILTER, ASK_SEARCH, ASK_TIME, ASK_EXPORT, ASK_NOTE, ASK_RULE, ASK_VALUE };

struct ui_options {
	const char *path;
	const char *view;		/* to begin with; NULL: the place of the notes, overview */
	const char *filter;		/* likewise */
	bool local, no_notes;
	int sync;			/* for tests: a file that tells how far it is; -1 */
	bool live;			/* the recording grows */
	int recorder;			/* at its end when nobody writes it any more */
};

struct ui {
	struct browse *b;
	const struct source_info *info;
	const struct ui_options *options;
	struct frame *frames[FRAMES_MAX];
	unsigned n_frames;
	struct notes notes;
	uint64_t first, last;		/* of the recording, as far as it is kept */
	uint64_t strip_from, strip_to;	/* what the strip shows */
	uint64_t cursor, cursor_num;	/* num 0: no event, just a time */
	bool range_begun;
	uint64_t range_at;
	bool local;			/* times */
	int64_t utc_offset;
	enum ui_mode mode, under;	/* under: what a prompt ends in */
	enum ask ask;
	struct prompt prompt;
	struct menu menu;
	struct doc help;
	char *help_search;
	struct export *export;		/* under way */
	struct mark_search {		/* under way */
		bool on;
		enum mark_kind kind;
		int direction;
	} mark;
	struct live {			/* of a recording that grows */
		bool follows, over, ended;	/* over: nobody writes it; ended: all was read */
		uint64_t next_at;	/* milliseconds */
		char said[256];		/* by the recorder, last */
	} live;
	unsigned write_what;		/* of write.c, while a name is asked for */
	size_t write_rule;
	char message[512];
	bool message_is_error;
	bool quit, strip_exact;
	uint64_t n_keys, n_clicks;
	int ahead[KEYS_AHEAD];		/* keys that wait for what they act on */
	unsigned n_ahead;
	int sync;			/* of the options */
	struct arena arena;		/* of one draw or action */
};

/* ---- ui.c ---- */

/* Runs until the user leaves; the terminal is on.  0, or negative with a message. */
int ui_run(struct browse *b, struct notes *notes, const struct ui_options *o);
struct frame *ui_top(const struct ui *u);
void ui_say(struct ui *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ui_error(struct ui *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ui_ask(struct ui *u, enum ask ask, const char *text);
int64_t ui_offset(const struct ui *u);		/* of times shown, east of UTC */

/* ---- frames.c: the stack ---- */

struct frame *frame_new(const struct body *body, const struct view *v, const struct crumbs *c);
void frame_free(struct frame *f);
int frame_open(struct ui *u, struct frame *f);
void frame_close(struct frame *f);		/* it remembers its place */
/* Puts a frame on top; frees it and tells why if it cannot be opened. */
bool ui_push(struct ui *u, struct frame *f);
void ui_pop(struct ui *u);
void ui_pop_all(struct ui *u);

/* ---- frame_view.c: what frames of views have in common ---- */

/* Columns that are not shown, as bits. */
uint32_t frame_hidden(const struct ui *u, const struct frame *f);
/* How the user wants the columns of a view: they take it from the notes, keep it there. */
void frame_take_columns(const struct ui *u, struct frame *f);
void frame_keep_columns(struct ui *u, const struct frame *f);
/* Why a view of latencies has no rows; NULL: it may have. */
const char *frame_untimed(const struct ui *u, const struct frame *f);
/* Says why its query has no rows. */
void frame_draw_nothing(const struct ui *u, const struct frame *f, const struct query_status *s,
			int row);
/* Its query has more to read. */
bool frame_busy(struct ui *u, struct frame *f);

/* ---- show.c: going somewhere ---- */

/* Opens a view by id, in the focus given. */
bool ui_show(struct ui *u, const char *view_id, const struct crumbs *c);
bool ui_show_event(struct ui *u, uint64_t num);
bool ui_show_stream(struct ui *u, enum stream_kind kind, uint64_t num);
/* The same view with other crumbs, on top of the stack. */
bool ui_refocus(struct ui *u, const struct crumbs *c);
bool ui_follow_link(struct ui *u, const struct link *l);
/* Adds a filter; false: there are too many, which is said. */
bool ui_stack_filter(struct ui *u, struct crumbs *c, const char *filter);

/* ---- act.c: what keys do everywhere; act_menus.c, act_prompt.c: what is chosen, typed ---- */

bool ui_act(struct ui *u, enum action a);
void ui_prompt_done(struct ui *u);
void ui_prompt_changed(struct ui *u);
void ui_prompt_left(struct ui *u);
void ui_menu_done(struct ui *u, long chosen);

/* ---- live.c: a recording that grows ---- */

void live_step(struct ui *u);			/* between keys */
int live_wait(const struct ui *u, int ms);	/* how long to wait for a key */
bool live_toggle(struct ui *u);
void live_past(struct ui *u, enum action a);	/* before a key acts: may pause */
/* Says so if a time is before all that is kept: true. */
bool live_gone(struct ui *u, uint64_t ts);
const char *live_text(const struct ui *u);	/* for the title */

/* ---- screen.c, screen_prompt.c, strip.c, help.c: what is around the body ---- */

void screen_draw(struct ui *u);
/* Rows above and below the body. */
enum { SCREEN_ABOVE = 4, SCREEN_BELOW = 2 };
int screen_body_height(void);
enum { SCREEN_ROWS_LEAST = 8, SCREEN_COLUMNS_LEAST = 20 };
bool screen_too_small(void);		/* then it says just that */
void screen_prompt(struct ui *u, int row);
void strip_draw(struct ui *u, int row);
void strip_mouse(struct ui *u, int column);
void help_open(struct ui *u);
void help_key(struct ui *u, int key);
void help_search(struct ui *u, const char *text, int dir);

/* ---- times.c: the cursor ---- */

void ui_cursor(struct ui *u, uint64_t ts, uint64_t num);	/* tells the body */
int ui_jump(struct ui *u, const char *text);			/* negative: err_text */
void ui_next_mark(struct ui *u, enum mark_kind kind, int direction);
/* Goes on with a search for a mark that had to wait for the model. */
void ui_mark_step(struct ui *u);
void ui_zoom(struct ui *u, bool in);
void ui_step_cursor(struct ui *u, int direction);
void ui_range(struct ui *u);
size_t ui_time_text(const struct ui *u, char *out, size_t size, uint64_t ts);

/* ---- export.c, write.c ---- */

/* Negative: err_text says what is wrong with the name, or that it cannot be written. */
int export_begin(struct ui *u, const char *name);
bool export_step(struct ui *u);		/* true: there is more to do at once */
bool export_cancel(struct ui *u);	/* false: there is none; what is written stays */
void export_status(const struct ui *u, struct buf *out);
void write_menu(struct ui *u);
void write_chosen(struct ui *u, long chosen);
void write_named(struct ui *u, const char *name);

/* ---- body_table.c ---- */

/* Sorts a table by a column; by the one that it is sorted by: the other way round. */
void table_sort(struct frame *f, unsigned column);

/* ---- body_spectrum.c ---- */

/* What a frame of it has beyond its close. */
void spectrum_free(struct frame *f);
/* Chooses the column that has a value.  Negative: err_text says what one looks like. */
int spectrum_choose_value(struct frame *f, const char *text);

/* ---- overview_facts.c, body_overview.c ---- */

struct overview_facts {			/* each a line or "" */
	char events[200], lost[80], machine[400], damage[200];
};
void overview_facts(struct ui *u, struct overview_facts *out);
/* The i-th part: its query (NULL: it has none), title, and which columns of the view it does
 * not show.  False: there are fewer. */
bool overview_part(const struct frame *f, unsigned i, struct query **q, const char **title,
		   uint32_t *hidden);

/* ---- page.c: what pages have in common ---- */

bool doc_act(struct doc *d, enum action a, int height);
void doc_search_body(struct ui *u, struct frame *f, const char *text, int dir);
void doc_bytes(struct doc *d, enum term_role role, const uint8_t *p, size_t len, bool hex);

/* ---- replay.c ---- */

/* A terminal's frame that moves by itself. */
bool replay_plays(const struct frame *f);

/* ---- body_detail.c, detail_page.c ---- */

/* Makes f->doc of f->detail. */
void detail_page(struct ui *u, struct frame *f);
/* A note was set or removed, or times are shown otherwise. */
void detail_changed(struct ui *u, struct frame *f);

enum term_role severity_role(unsigned priority);

#endif
