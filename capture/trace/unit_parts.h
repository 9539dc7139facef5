/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of unit share. */
#ifndef SAKER_TRACE_UNIT_PARTS_H
#define SAKER_TRACE_UNIT_PARTS_H

#include "capture/trace/unit.h"

enum { FRAME_LAYOUT, FRAME_HEADS };
enum { HEAD_TS, HEAD_CPU, HEAD_THREAD, HEAD_TIDS, HEAD_PIDS, HEAD_POS, HEADS };

/* Inflates frame i if it is not yet. */
int unit_inflate(struct unit *u, uint32_t i);

#endif
