/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal can show: characters beside ASCII, colours.  Each role has its attributes from
 * roles.def. */
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/term_parts.h"

/* ---- characters ----------------------------------------------------------------- */

void term_choose_charset(enum term_charset c)
{
	setlocale(LC_CTYPE, "");
	term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (c == CHARSET_UTF8 && !term.utf8)
		term.utf8 = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	if (c == CHARSET_ASCII)
		term.utf8 = false;
}

bool term_utf8(void)
{
	return term.utf8;
}

/* ---- colours -------------------------------------------------------------------- */

struct role {
	short fg256, bg256, fg16, bg16;
	attr_t attributes;
};

static const struct role roles[ROLE__N] = {
#define ROLE(name, fg256, bg256, fg16, bg16, attributes) \
	[ROLE_##name] = { fg256, bg256, fg16, bg16, attributes },
#include "analyze/browse/front/roles.def"
#undef ROLE
};

/* Colours stand in for reverse video and underlining, which mark the same things without. */
static void colored(enum term_role role, short pair, bool many)
{
	const struct role *r = &roles[role];
	const short fg = many ? r->fg256 : r->fg16, bg = many ? r->bg256 : r->bg16;

	if (fg < 0 && bg < 0)
		return;
	init_pair(pair, fg, bg);
	term.attributes[role] &= ~(A_REVERSE | A_DIM);
	term.attributes[role] |= COLOR_PAIR(pair);
}

void term_choose_colors(enum term_colors c)
{
	const char *no = getenv("NO_COLOR");
	const bool never = c == COLORS_NONE || (c == COLORS_AUTO && no && *no);

	for (unsigned i = 0; i < ROLE__N; i++)
		term.attributes[i] = roles[i].attributes;
	term.shades = term.utf8 ? 4 : 9;
	if (never || !has_colors())
		return;
	start_color();
	use_default_colors();
	if (COLORS < 8)
		return;
	term.shades = COLORS >= 256 && c != COLORS_16 ? 9 : 5;
	for (unsigned i = 0; i < ROLE__N; i++)
		colored(i, (short)(i + 1), term.shades == 9);
}

unsigned term_shades(void)
{
	return term.shades;
}

unsigned long term_attributes(enum term_role role)
{
	return term.attributes[role];
}
