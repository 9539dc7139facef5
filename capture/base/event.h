/* SPDX-License-Identifier: Apache-2.0 */
/* One event as everyone behind a source sees it: a header, and its parameters as
 * numbers or as spans into the source's memory.  Nothing is copied; what the
 * spans point to lives until the next call of source_next on the same source.
 *
 * Bytes of structured parameters:
 *   PT_CHARBUFARRAY  strings, each with its NUL
 *   PT_SOCKADDR      u8 family; inet: 4 bytes address (network order), u16 port;
 *                    inet6: 16 bytes, u16 port; unix: path without NUL (abstract
 *                    names keep the leading NUL); others: the kernel's bytes
 *   PT_SOCKTUPLE     u8 family; inet: 4+2 source, 4+2 destination; inet6: 16+2, 16+2;
 *                    unix: u64 source, u64 destination (kernel pointers), path
 *   PT_FDLIST        u16 count, then per entry i64 fd, i16 events
 * Ports and numbers in them are little endian. */
#ifndef SAKER_BASE_EVENT_H
#define SAKER_BASE_EVENT_H

#include "capture/base/catalog.h"

enum { EVENT_PARAMS_MAX = 64, EVENT_BYTES_MAX = 1 << 20 };

enum value_state {
	VALUE_ABSENT,	/* the event does not have it: <NA> */
	VALUE_SET,
	VALUE_LOST,	/* it was there, but the recorder lost it: <LOST> */
};

struct value {
	union {
		uint64_t u;
		int64_t i;
		const uint8_t *p;
	};
	uint32_t len;		/* of p; 0 for numbers */
	uint8_t state;		/* enum value_state */
};

struct event {
	uint64_t num;		/* 1 for the first of the recording; 0 for pseudo events */
	uint64_t ts;		/* ns since the epoch */
	uint64_t latency;	/* ns that the call took, 1 at least; 0: not known */
	uint32_t tid;		/* in the root pid namespace; UINT32_MAX: of no thread */
	uint32_t pid;		/* thread group; 0 where the source does not tell */
	uint16_t type;		/* enum event_id */
	uint16_t cpu;
	uint16_t n_params;	/* how many of v are valid */
	uint16_t nr;		/* system call number where there is one */
	const struct event_desc *desc;	/* of the catalogue, or of the recording's dictionary */
	struct value v[EVENT_PARAMS_MAX];
};

static inline bool event_is_pseudo(const struct event *ev)
{
	return ev->desc->flags & EF_PSEUDO;
}

/* As it is printed: -1 where there is no thread. */
static inline int64_t event_tid(const struct event *ev)
{
	return ev->tid == UINT32_MAX ? -1 : (int64_t)ev->tid;
}

/* The value of a parameter that the catalogue has, P(OPENAT, name); an absent one
 * where the recording does not have it. */
static inline const struct value *event_value(const struct event *ev, unsigned param)
{
	static const struct value absent;

	return param < ev->n_params ? &ev->v[param] : &absent;
}

#define EV(ev, id, name) event_value(ev, P(id, name))

static inline int64_t value_i64(const struct value *v, int64_t otherwise)
{
	return v->state == VALUE_SET ? v->i : otherwise;
}

static inline uint64_t value_u64(const struct value *v, uint64_t otherwise)
{
	return v->state == VALUE_SET ? v->u : otherwise;
}

/* For those who make events: snapshot, tests, converters. */
static inline void event_init(struct event *ev, enum event_id type)
{
	ev->type = (uint16_t)type;
	ev->desc = &catalog[type];
	ev->n_params = ev->desc->n_params;
	ev->num = ev->ts = ev->latency = 0;
	ev->tid = ev->pid = 0;
	ev->cpu = ev->nr = 0;
	for (unsigned i = 0; i < ev->n_params; i++)
		ev->v[i] = (struct value){0};
}

static inline void value_number(struct value *v, uint64_t u)
{
	*v = (struct value){ .u = u, .state = VALUE_SET };
}

static inline void value_bytes(struct value *v, const void *p, size_t len)
{
	*v = (struct value){ .p = p, .len = (uint32_t)len, .state = VALUE_SET };
}

#endif
