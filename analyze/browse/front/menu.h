/* SPDX-License-Identifier: Apache-2.0 */
/* A list over the screen to choose one of: views, filters, columns, bookmarks.  Typing narrows
 * it. */
#ifndef SAKER_BROWSE_MENU_H
#define SAKER_BROWSE_MENU_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/base/mem.h"

enum menu_kind {
	MENU_NONE, MENU_VIEWS, MENU_CRUMBS, MENU_COLUMNS, MENU_BOOKMARKS, MENU_LINKS,
	MENU_WRITE, MENU_RULES,
};

struct menu_item {
	const char *text, *hint;
	long value;
	char check;			/* in front of it, "[x]": x or blank; 0: nothing */
};

struct menu {
	enum menu_kind kind;
	const char *title, *keys;	/* keys: what else works here */
	struct menu_item *v;
	size_t n, cap;
	size_t row, top;		/* among those that fit */
	char typed[64];
	struct arena arena;
};

/* Begins an empty menu; menu_add fills it. */
void menu_begin(struct menu *m, enum menu_kind kind, const char *title);
/* Texts are copied; hint may be NULL. */
void menu_add(struct menu *m, const char *text, const char *hint, long value);
void menu_release(struct menu *m);
/* Chooses the item with this value at the beginning. */
void menu_select(struct menu *m, long value);
/* The item with this value can be checked, and is or is not. */
void menu_check(struct menu *m, long value, bool checked);

void menu_draw(struct menu *m);

/* What a key did: MENU_CHOSEN, and menu_value says what; MENU_LEFT. */
enum menu_result { MENU_GOES_ON, MENU_CHOSEN, MENU_LEFT, MENU_TOGGLED };
enum menu_result menu_key(struct menu *m, int key);
enum menu_result menu_click(struct menu *m, int row);
long menu_value(const struct menu *m);

#endif
