/* SPDX-License-Identifier: Apache-2.0 */
/* Techniques of MITRE ATT&CK that rules name in their tags (T1059.004, attack.T1059.004), and
 * whether tests show that they are found. */
#ifndef SAKER_TEST_ATTACK_H
#define SAKER_TEST_ATTACK_H

#include "analyze/test/coverage.h"
#include "analyze/test/suite.h"

enum attack_state {
	ATTACK_NEVER,			/* no test makes the rule fire */
	ATTACK_FIRES,			/* its condition held in a test that does not ask */
	ATTACK_TESTED,			/* a test that passed expects it to fire */
	ATTACK__N
};
extern const char *const attack_state_name[ATTACK__N];

struct attack_rule {
	const char *name;
	enum attack_state state;
};

struct attack_technique {
	char id[12];			/* T1059.004 */
	struct attack_rule *rules;	/* by name */
	uint32_t n, cap;
	enum attack_state state;	/* the best of its rules */
};

struct attack {
	struct attack_technique *v;	/* by id */
	size_t n, cap;
	size_t n_states[ATTACK__N];
	size_t n_untagged;		/* rules without a technique */
};

void attack_init(struct attack *a, const struct coverage *c, const struct test_suite *s);
void attack_release(struct attack *a);

void attack_text(const struct attack *a, struct buf *out);
/* A layer for the ATT&CK Navigator, format 4.5. */
void attack_navigator(const struct attack *a, struct buf *out);

#endif
