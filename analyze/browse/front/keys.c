/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/keys.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/term.h"

/* A row that begins a group has its title: rows and titles are told apart by help. */
static const struct {
	enum action action;	/* ACT_NONE: a title */
	struct key_desc row;
} rows[] = {
#define GROUP(title) { ACT_NONE, { .group = title } },
#define KEY(name, place, names, text) \
	{ ACT_##name, { .where = WHERE_##place, .keys = names, .help = text } },
#include "analyze/browse/front/keys.def"
#undef GROUP
#undef KEY
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

struct key_desc key_row(enum action a)
{
	const char *group = "";

	for (unsigned i = 0; i < N_ROWS; i++) {
		struct key_desc k = rows[i].row;

		if (rows[i].action == ACT_NONE) {
			group = k.group;
		} else if (rows[i].action == a) {
			k.group = group;
			return k;
		}
	}
	return (struct key_desc){ .keys = "", .help = "", .group = "" };
}

/* ---- names ---------------------------------------------------------------------- */

static const struct {
	const char *name;
	int code, other;	/* terminals differ */
} names[] = {
	{ "Down", KEY_DOWN, -1 }, { "Up", KEY_UP, -1 },
	{ "Left", KEY_LEFT, -1 }, { "Right", KEY_RIGHT, -1 },
	{ "PgDn", KEY_NPAGE, -1 }, { "PgUp", KEY_PPAGE, -1 },
	{ "Home", KEY_HOME, KEY_FIND }, { "End", KEY_END, KEY_SELECT },
	{ "Enter", '\r', KEY_ENTER }, { "Backspace", KEY_BACKSPACE, 0x7f },
	{ "Delete", KEY_DC, -1 }, { "Esc", TERM_ESC, -1 }, { "Tab", '\t', -1 },
	{ "S-Tab", KEY_BTAB, -1 }, { "Space", ' ', -1 },
};

static bool is_name(const char *name, const char *p, size_t len)
{
	return strlen(name) == len && memcmp(name, p, len) == 0;
}

static bool names_key(const char *name, size_t len, int key)
{
	if (len == 1)
		return key == (unsigned char)*name;
	if (len == 3 && name[0] == 'C' && name[1] == '-')
		return key == (name[2] & 0x1f);
	if (len >= 2 && name[0] == 'F' && name[1] >= '1' && name[1] <= '9')
		return key == KEY_F(name[1] - '0' + (len == 3 ? 9 + name[2] - '0' : 0));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_name(names[i].name, name, len))
			return key == names[i].code || key == names[i].other;
	return false;
}

bool key_names(const char *keys, int key)
{
	while (*keys) {
		const size_t n = strcspn(keys, " ");

		if (names_key(keys, n, key))
			return true;
		keys += n;
		keys += strspn(keys, " ");
	}
	return false;
}

enum action keys_find(unsigned where, int key)
{
	for (unsigned i = 0; key >= 0 && i < N_ROWS; i++)
		if (rows[i].action != ACT_NONE && rows[i].row.where & where &&
		    key_names(rows[i].row.keys, key))
			return rows[i].action;
	return ACT_NONE;
}

void key_places(unsigned where, char *out, size_t size)
{
	static const char *const places[] = {
		"overview", "tables", "tree", "events", "detail", "stream",
		"spectrograms",
	};
	size_t n = 0;

	*out = 0;
	if ((where & WHERE_TEXTS) == WHERE_TEXTS)
		return;
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]) && n < size; i++)
		if (where >> i & 1)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "",
					      places[i]);
}
