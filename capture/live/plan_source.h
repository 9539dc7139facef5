/* SPDX-License-Identifier: Apache-2.0 */
/* Half of plan.c: where a parameter's value comes from. */
#ifndef SAKER_LIVE_PLAN_SOURCE_H
#define SAKER_LIVE_PLAN_SOURCE_H

#include "capture/live/plan.h"

struct maker {
	struct plan *plan;
	struct wire_conf *conf;
	bool compat;
	uint32_t snaplen;
};

/* Fills g for a parameter by its row of the catalogue; operations that it needs are added
 * to the call. */
void plan_source(struct maker *m, struct get *g, const struct param_desc *d);

#endif
