/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the check pass. */
#ifndef SAKER_LANG_CHECK_H
#define SAKER_LANG_CHECK_H

#include "rules/lang/cond.h"
#include "rules/lang/engine.h"

/* The place of an error. */
struct at {
	struct lang *l;
	const struct lang_text *text;
	uint32_t off;
};

/* A constant of the given type; false: error in l. */
bool constant_parse(const struct at *at, struct constant *c, enum field_type type,
		    const char *falco_type, enum op op, const char *p, size_t len);

/* "; did you mean X?", or "". */
const char *event_name_near(const char *p, size_t len);

/* False: evt.arg.NAME or evt.rawarg.NAME of a name that no event has. */
bool param_known(const struct field_ref *r);

/* Transformers of one argument: what they may be applied to. */
bool transform_takes(enum transform fn, enum field_type type, bool list);

/* A left or right side; NULL: error in l. */
struct extract *extract_check(const struct at *at, const struct operand *o);
const char *type_name(const struct extract *x);

/* slot.c: the operators that a type takes (T_*) */
uint8_t type_class_of(enum field_type t);
/* The slot of a side; NO_SLOT: error in l. */
uint32_t slot_of(struct engine *e, const struct at *at, const struct operand *o);
/* What tells a predicate from others. */
void pred_key(struct buf *key, const struct node *n);

/* right.c: false: error in l */
bool right_constants(const struct at *at, struct pred *p, const struct slot *s,
		     const struct node *n);
bool right_field(struct engine *e, const struct at *at, struct pred *p, const struct node *n);
/* Whether rules may ask for this side of evt.type; right: of a check with a field there. */
bool right_type_field(const struct at *at, const struct extract *left, bool right);

#endif
