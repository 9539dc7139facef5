/* SPDX-License-Identifier: Apache-2.0 */
/* The detection of a Sigma rule: selections, and the condition that joins them. */
#ifndef SAKER_SET_SIGMA_DETECT_H
#define SAKER_SET_SIGMA_DETECT_H

#include "rules/set/sigma_check.h"

enum { SIGMA_SELECTIONS_MAX = 1024, SIGMA_TERMS_MAX = 8192 };

struct sigma_term;

struct sigma_detection {
	const struct yaml *map;
	const struct sigma_term *condition;
	const struct yaml *beyond;	/* an aggregation or a time frame; NULL: none */
};

/* False: sigma_wrong was called. */
bool sigma_detection(struct sigma_maker *m, const struct yaml *map,
		     struct sigma_detection *out);

/* The condition for the variant of m; NULL: sigma_wrong was called. */
struct expr *sigma_detect(struct sigma_maker *m, const struct sigma_detection *d);

#endif
