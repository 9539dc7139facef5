/* SPDX-License-Identifier: Apache-2.0 */
/* Which key does what where (keys.def): dispatch, help and manual read the same rows. */
#ifndef SAKER_BROWSE_KEYS_H
#define SAKER_BROWSE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* Kinds of screens, as bits; and what several of them have in common. */
enum key_where {
	WHERE_OVERVIEW = 1 << 0,
	WHERE_TABLE = 1 << 1,
	WHERE_TREE = 1 << 2,
	WHERE_EVENTS = 1 << 3,
	WHERE_DETAIL = 1 << 4,
	WHERE_STREAM = 1 << 5,
	WHERE_SPECTRUM = 1 << 6,
	WHERE_ROWS = WHERE_OVERVIEW | WHERE_TABLE | WHERE_TREE | WHERE_EVENTS
		| WHERE_SPECTRUM,
	WHERE_HERE = WHERE_TABLE | WHERE_TREE | WHERE_EVENTS | WHERE_DETAIL,
	WHERE_EVENTY = WHERE_EVENTS | WHERE_DETAIL,
	WHERE_PAGES = WHERE_DETAIL | WHERE_STREAM,
	WHERE_BODY = WHERE_ROWS | WHERE_PAGES,
	WHERE_TEXTS = WHERE_BODY & ~WHERE_SPECTRUM,
	WHERE_ALL = WHERE_BODY,
};

enum action {
	ACT_NONE,
#define GROUP(title)
#define KEY(action, where, keys, help) ACT_##action,
#include "analyze/browse/front/keys.def"
#undef GROUP
#undef KEY
	ACT__N
};

struct key_desc {
	unsigned where;		/* enum key_where, several */
	const char *keys;	/* names parted by blanks: "Down j" */
	const char *help;
	const char *group;	/* title of the part of the help that it stands in */
};

struct key_desc key_row(enum action a);

/* What a key (of term_key) does in a place. */
enum action keys_find(unsigned where, int key);

/* The key is one of these names. */
bool key_names(const char *keys, int key);

/* "tables, tree": where it works, for the manual; "" where it works everywhere, or everywhere
 * but in spectrograms, which have a row of their own for that key. */
void key_places(unsigned where, char *out, size_t size);

#endif
