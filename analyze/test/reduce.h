/* SPDX-License-Identifier: Apache-2.0 */
/* Delta debugging: leaves out of a slice what the alerts do not need. */
#ifndef SAKER_TEST_REDUCE_H
#define SAKER_TEST_REDUCE_H

#include "analyze/test/oracle.h"

/* Work, as items that questions go through: seconds, not minutes. */
enum { REDUCE_WORK = 10 * 1000 * 1000, BIG_VALUE = 48 };

struct reduce_result {
	uint64_t questions;
	bool gave_up;		/* at REDUCE_WORK: it could be smaller */
	bool named;		/* an alert needs what names the machine */
};

/* Rows go while the oracle agrees, then environments, control groups and values of BIG_VALUE bytes
 * and more, at last (unless named) what names the machine.  The slice must give the
 * alerts as it is. */
struct reduce_result reduce(struct oracle *o, struct slice *s, bool named);

#endif
