/* SPDX-License-Identifier: Apache-2.0 */
/* ECMA-48: CSI ("[") has parameters and one final byte, SS3 ("O") one byte.  The console of Linux
 * has "[[" and a letter for F1 to F5. */
#include "analyze/browse/front/escape.h"

#include <curses.h>
#include <stdlib.h>

bool escape_goes_on(const char *p, size_t len)
{
	if (len == 0 || len >= ESCAPE_MAX)
		return false;
	if (len == 1)
		return p[0] == '[' || p[0] == 'O';
	if (p[0] == '[' && len == 2 && p[1] == '[')
		return true;
	return p[0] == '[' && p[1] != '[' && p[len - 1] >= 0x20 && p[len - 1] < 0x40;
}

static int by_letter(char c)
{
	switch (c) {
	case 'A': return KEY_UP;
	case 'B': return KEY_DOWN;
	case 'C': return KEY_RIGHT;
	case 'D': return KEY_LEFT;
	case 'H': return KEY_HOME;
	case 'F': return KEY_END;
	case 'Z': return KEY_BTAB;
	case 'P': case 'Q': case 'R': case 'S': return KEY_F(1 + c - 'P');
	default: return -1;
	}
}

static int by_number(const char *p)
{
	switch (strtol(p, NULL, 10)) {
	case 1: case 7: return KEY_HOME;
	case 3: return KEY_DC;
	case 4: case 8: return KEY_END;
	case 5: return KEY_PPAGE;
	case 6: return KEY_NPAGE;
	case 11: case 12: case 13: case 14: case 15: return KEY_F(p[1] - '0');
	case 21: return KEY_F(10);
	default: return -1;
	}
}

int escape_key(const char *p, size_t len)
{
	char text[ESCAPE_MAX + 1] = "";

	if (len < 2 || len > ESCAPE_MAX)
		return -1;
	for (size_t i = 0; i < len; i++)
		text[i] = p[i];
	if (len == 3 && p[0] == '[' && p[1] == '[')
		return p[2] >= 'A' && p[2] <= 'E' ? KEY_F(1 + p[2] - 'A') : -1;
	if (len == 2)
		return by_letter(p[1]);
	/* "[1;5C" is a key with Ctrl: none is ours */
	return p[0] == '[' && p[len - 1] == '~' && p[len - 2] >= '0' && len <= 4 ?
		by_number(text + 1) : -1;
}
