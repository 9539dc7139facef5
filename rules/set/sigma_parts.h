/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of what makes checks of the keys of Sigma. */
#ifndef SAKER_SET_SIGMA_PARTS_H
#define SAKER_SET_SIGMA_PARTS_H

#include "rules/set/sigma_check.h"

enum map_type {
	MAP_TEXT, MAP_DIRECTORY, MAP_LINE, MAP_NAMED_LINE, MAP_PROGRAM, MAP_NUMBER,
	MAP_PORT, MAP_LOGIN, MAP_ADDRESS, MAP_CALL, MAP_SUCCESS, MAP_NEVER, MAP_CONSTANT,
};

struct map {
	unsigned variants;
	const char *name;
	enum map_type type;
	const char *field;	/* or value, or reason */
};

/* One key: its field, its values, and what came of those so far. */
struct check {
	struct sigma_maker *m;
	const struct sigma_key *k;
	const struct map *map;
	const char *field;
	enum map_type type;
	bool cased;
	struct expr **v;
	size_t n, cap;
	struct buf equal, other;	/* values of "in (...)", also for another field */
	const char *other_field;
	unsigned n_equal, n_other;
	bool fold;			/* of these */
};

/* What came of a value; add_text: the check in b, and what is wrong with it, or NULL. */
void sigma_add(struct check *c, struct expr *e);
void sigma_add_text(struct check *c, struct buf *b, const struct yaml *at, const char *reason);
void sigma_add_none(struct check *c, const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* sigma_text.c */
void sigma_put_field(struct buf *b, const char *field, bool fold);
const char *sigma_lowered(struct check *c, const char *p, size_t n, bool fold);
void sigma_add_equal(struct check *c, const char *field, const char *p, size_t n,
		     bool fold, const struct yaml *at, const char *reason);
void sigma_flush_equal(struct check *c, const char *field, struct buf *list, unsigned n);
void sigma_add_string(struct check *c, const struct yaml *y);

/* sigma_number.c */
void sigma_add_number(struct check *c, const struct yaml *y);
void sigma_add_address(struct check *c, const struct yaml *y);
void sigma_add_call(struct check *c, const struct yaml *y);
void sigma_add_known(struct check *c, const struct yaml *y);

#endif
