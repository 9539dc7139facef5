/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that do not tell on which machine they were made. */
#ifndef SAKER_STATE_ANONYMOUS_H
#define SAKER_STATE_ANONYMOUS_H

#include "capture/base/event.h"
#include "capture/trace/source.h"

enum { ANONYMOUS_KERNEL = 32 };

/* Takes out of info what names the machine; kernel holds a text that info points to. */
void anonymous_info(struct source_info *info, char kernel[ANONYMOUS_KERNEL]);

/* The same event without what names the machine: ev itself, or *changed. */
const struct event *anonymous_event(const struct event *ev, struct event *changed);

#endif
