/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison found, for people, for programs, and for a comment on a pull request. */
#ifndef SAKER_TEST_COMPARE_PRINT_H
#define SAKER_TEST_COMPARE_PRINT_H

#include "analyze/test/compare.h"

void compare_text(struct buf *out, const struct compare *c, bool color);
void compare_json(struct buf *out, const struct compare *c);

/* GitHub refuses a comment of more than 65,536 characters; what does not fit is counted. */
enum { COMPARE_MARKDOWN_MAX = 65000 };
void compare_markdown(struct buf *out, const struct compare *c);

/* "condition, priority" of enum compare_what. */
void compare_put_what(struct buf *out, unsigned what);
/* "3 gained, 1 lost" of what is not 0; false: nothing was put. */
bool compare_put_counts(struct buf *out, const uint64_t n[COMPARE_KINDS], uint64_t here);
/* In what two alerts of a rule differ: "priority: Error -> Critical; tags: +x -y; output",
 * untrusted text as it is. */
void compare_put_change(struct buf *out, const struct compare_rule *r, unsigned what,
			const char *arrow);
/* The examples of a rule: diffs from *at on; how many. */
size_t compare_diffs_of(const struct compare *c, uint32_t rule, const struct compare_diff **at);
/* The text of the alert is what it was. */
static inline bool compare_one_line(const struct compare_diff *d)
{
	return d->kind == COMPARE_CHANGED && !(d->what & COMPARE_OUTPUT);
}
/* Alerts of the rule that differ. */
uint64_t compare_rule_differs(const struct compare_rule *r);

#endif
