/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of saker lint as text, JSON and SARIF. */
#ifndef SAKER_REPORT_LINT_PRINT_H
#define SAKER_REPORT_LINT_PRINT_H

#include "rules/set/lint.h"

struct lint_counts {
	size_t n[3];			/* by enum lint_severity */
	size_t files, rules;
};

void lint_print_text(struct buf *out, const struct finding *f, bool color);
/* One object with all findings. */
void lint_print_json(struct buf *out, const struct lint *l, const struct lint_counts *c);
/* SARIF 2.1.0, as GitHub's code scanning wants it. */
void lint_print_sarif(struct buf *out, const struct lint *l);
/* All codes: a table for people, or JSON. */
void lint_print_codes(struct buf *out, bool json);

#endif
