/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of the screen a key concerns: prompt, menu, help or body; and those that were typed
 * before there was anything to act on. */
#include <curses.h>
#include <string.h>

#include "analyze/browse/front/ui_parts.h"

/* ---- by mode -------------------------------------------------------------------- */

static void prompt_mode(struct ui *u, int key)
{
	const size_t len = u->prompt.text.len;

	switch (prompt_key(&u->prompt, key)) {
	case PROMPT_GOES_ON:
		if (u->ask == ASK_SEARCH && (len != u->prompt.text.len || key >= 0x20))
			ui_prompt_changed(u);
		return;
	case PROMPT_DONE:
		ui_prompt_done(u);
		return;
	case PROMPT_LEFT:
		u->mode = u->under;
		ui_prompt_left(u);
	}
}

static void menu_mode(struct ui *u, int key)
{
	const struct term_mouse m = term_mouse();
	const enum menu_result r = key != KEY_MOUSE ? menu_key(&u->menu, key) :
		m.press ? menu_click(&u->menu, m.row) : MENU_GOES_ON;

	if (r == MENU_GOES_ON)
		return;
	if (r != MENU_TOGGLED)
		u->mode = MODE_BODY;
	if (r != MENU_LEFT)
		ui_menu_done(u, menu_value(&u->menu));
	if (u->mode != MODE_MENU)
		menu_release(&u->menu);
}

static void mouse(struct ui *u)
{
	struct frame *f = ui_top(u);
	const int height = screen_body_height();
	const struct term_mouse m = term_mouse();

	if (m.up || m.down)
		for (int i = 0; i < 3; i++)
			ui_act(u, m.up ? ACT_UP : ACT_DOWN);
	else if (m.press && (m.row == 2 || m.row == 3))
		strip_mouse(u, m.column);
	else if (m.press && m.row >= SCREEN_ABOVE && m.row < SCREEN_ABOVE + height &&
		 f->body->mouse)
		f->body->mouse(u, f, m.row - SCREEN_ABOVE, m.column, height);
}

static void body_mode(struct ui *u, int key)
{
	const enum action a = keys_find(ui_top(u)->body->where, key);

	if (a != ACT_REDRAW)
		u->message[0] = 0;
	if (key == KEY_MOUSE)
		mouse(u);
	else if (!ui_act(u, a) && key > ' ' && key < 0x7f)
		ui_say(u, "%c does nothing here; ? shows the keys", key);
}

static void act_key(struct ui *u, int key)
{
	const bool types = u->mode == MODE_PROMPT || u->mode == MODE_MENU;

	if (types && key == ('L' & 0x1f)) {
		term_redraw();
		return;
	}
	switch (u->mode) {
	case MODE_BODY:
		body_mode(u, key);
		return;
	case MODE_PROMPT:
		prompt_mode(u, key);
		return;
	case MODE_MENU:
		menu_mode(u, key);
		return;
	case MODE_HELP:
		help_key(u, key);
	}
}

/* ---- keys that wait ------------------------------------------------------------- */

bool ui_ready(const struct ui *u)
{
	struct frame *f = ui_top(u);

	return u->mode != MODE_BODY || !f->body->ready || f->body->ready(f);
}

/* Keys that do not wait for what is on the screen. */
static bool is_at_once(const struct ui *u, int key)
{
	switch (keys_find(ui_top(u)->body->where, key)) {
	case ACT_QUIT: case ACT_CANCEL: case ACT_SUSPEND: case ACT_REDRAW:
		return u->mode == MODE_BODY;
	default:
		return false;
	}
}

/* Who types ahead of a scan means what will be there. */
void ui_key(struct ui *u, int key)
{
	u->n_keys += key != KEY_MOUSE;	/* ncurses may join what a mouse tells */
	u->n_clicks += key == KEY_MOUSE;
	if (is_at_once(u, key)) {
		u->n_ahead = 0;
		act_key(u, key);
	} else if (u->n_ahead > 0 || !ui_ready(u)) {
		if (u->n_ahead < KEYS_AHEAD)
			u->ahead[u->n_ahead++] = key;
	} else {
		act_key(u, key);
	}
}

bool ui_take_ahead(struct ui *u)
{
	const int key = u->ahead[0];

	if (u->n_ahead == 0 || !ui_ready(u))
		return false;
	memmove(u->ahead, u->ahead + 1, --u->n_ahead * sizeof(u->ahead[0]));
	arena_reset(&u->arena);
	act_key(u, key);
	return true;
}
