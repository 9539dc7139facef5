/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as an author of tests would describe them: in groups with the same rule and the same
 * values of the fields that its output shows, but for what is different each time that it is
 * recorded (numbers of processes and descriptors, times, ports of clients). */
#ifndef SAKER_TEST_FOUND_H
#define SAKER_TEST_FOUND_H

#include "analyze/test/run.h"

enum {
	FOUND_FIELDS_MAX = 24,		/* of a rule */
	FOUND_GROUPS_MAX = 6,		/* of a rule: where there are more, it is one */
	FOUND_VALUE_MAX = 160,		/* bytes of a value */
};

/* The fields of a rule. */
struct found_fields {
	unsigned n;
	struct field_ref ref[FOUND_FIELDS_MAX];
};

struct found_group {
	const struct rule *rule;
	const struct found_fields *fields;
	const char **values;		/* by field; NULL: absent, or not for a test */
	uint64_t n, key;
};

struct found {
	struct found_group *v;		/* in the order of their first alerts */
	size_t n, cap;
	struct found_fields **of_rule;	/* by rule->id */
	size_t n_rules;
	struct arena arena;
};

/* For alerts of these rules. */
void found_init(struct found *f, const struct test_set *set);
void found_release(struct found *f);

/* As test_watch has it: what to keep of a match, and the alert that comes of it. */
void found_note(struct found *f, const struct rule *r, const struct field_ctx *c,
		struct buf *out);
void found_add(struct found *f, const struct rule *r, const uint8_t *note, size_t len);

/* After the last: rules with too many groups are one each, with the values that all share. */
void found_end(struct found *f);

#endif
