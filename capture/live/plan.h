/* SPDX-License-Identifier: Apache-2.0 */
/* From the rows of the catalogue to what the kernel half must fetch for each system
 * call (struct wire_conf) and how its record becomes an event (struct plan).  Made
 * once at start, for the machine's own calls and for those of 32-bit programs. */
#ifndef SAKER_LIVE_PLAN_H
#define SAKER_LIVE_PLAN_H

#include <stdbool.h>

#include "bpf/wire.h"
#include "capture/base/catalog.h"
#include "capture/base/event.h"

/* How one parameter is taken from a record. */
enum get_how {
	GET_ABSENT,
	GET_RET, GET_ARG, GET_POS, GET_SHR, GET_CLEAR, GET_NR, GET_NATIVE_NR,
	GET_NUMBER,		/* from a blob: width bytes at off */
	GET_BYTES, GET_TEXT, GET_FDLIST, GET_SOCKADDR, GET_TUPLE,
	GET_FIRST,		/* first of several strings */
	GET_REST,		/* all but the first */
	GET_DEV, GET_PAGES, GET_BOOT_TIME, GET_CLONE_FLAGS, GET_COMM, GET_QUEUE_PERCENT,
	GET_TIMESPEC, GET_EXIT_CODE, GET_EXIT_SIGNAL, GET_EXIT_CORE, GET_TID,
	GET_UTIME, GET_STIME, GET_PEAK,
};

enum { GET_NO_BLOB = 0xff };

struct get {
	uint8_t how, arg, bits;
	uint8_t width;		/* of numbers: 1, 2, 4, 8 */
	bool sign, inbound;
	uint8_t blob, blob2;	/* which blob of the record; GET_NO_BLOB: none */
	uint8_t tag;		/* PT_DYN: enum param_type of the value */
	uint8_t off;
};

struct plan {
	uint16_t event;		/* enum event_id */
	uint8_t n_args, n_blobs;
	uint16_t id, native;	/* of generic events */
	struct get get[EVENT_PARAMS_MAX];
};

struct plan_options {
	uint32_t snaplen;
	const bool *wanted;	/* by index into syscalls[]; NULL: all */
};

struct plans {
	struct plan call[2 * WIRE_NR_MAX];
	struct plan exec, forked, exit, signal, fault, task_switch;
};

/* Fills conf[2 * WIRE_NR_MAX] for the kernel half, and plans to match. */
void plans_make(struct plans *p, struct wire_conf *conf, const struct plan_options *opt);

/* The machine that this program was built for. */
enum arch plan_arch(void);

#endif
