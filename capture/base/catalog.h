/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of events as the programs see it: bpf/events.def, syscalls.def
 * and flags.def turned into enums and tables.  Names are Falco's. */
#ifndef SAKER_BASE_CATALOG_H
#define SAKER_BASE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/catalog_types.h"

/* EV_UNKNOWN: an event of a recording whose name this catalogue does not have. */
enum event_id {
	EV_UNKNOWN,
#define EVENT(id, name, category, flags) EV_##id,
#define PARAM(id, name, type, fmt, src, arg)
#include "bpf/events.def"
#undef EVENT
#undef PARAM
	EV__N
};

/* Position of a parameter, by name, at compile time: P(OPENAT, name). */
enum {
#define EVENT(id, name, category, flags) PBASE_##id, PBACK_##id = PBASE_##id - 1,
#define PARAM(id, name, type, fmt, src, arg) PARAM_##id##_##name,
#include "bpf/events.def"
#undef EVENT
#undef PARAM
};
#define P(id, name) (PARAM_##id##_##name - PBASE_##id)

enum flags_table_id {
	FT_none,
#define FLAGS_TABLE(name) FT_##name,
#define FLAG(table, name, kernel, ppm)
#define FLAG_PPM(table, name, ppm)
#include "bpf/flags.def"
#undef FLAGS_TABLE
#undef FLAG
#undef FLAG_PPM
	FT__N
};

struct param_desc {
	const char *name;
	uint8_t type;		/* enum param_type */
	uint8_t fmt;		/* enum param_fmt */
	uint8_t flags;		/* enum flags_table_id */
	uint8_t src;		/* enum param_src: where the kernel half finds it */
	uint8_t arg[4];		/* arguments of src; of SRC_TASK an enum task_fact */
	const char *dir;	/* PT_RELPATH: parameter that it is relative to */
};

struct event_desc {
	const char *name;	/* evt.type */
	uint16_t id;		/* enum event_id */
	uint16_t flags;		/* EF_* */
	uint8_t category;	/* enum event_category */
	uint8_t n_params;
	const struct param_desc *params;
};

extern const struct event_desc catalog[EV__N];
extern const char *const category_name[];	/* by enum event_category */

struct flag_desc {
	const char *name;
	uint64_t kernel;	/* the kernel's bits */
	uint64_t ppm;		/* Falco's bits */
	bool ppm_only;		/* no value of the kernel has this name */
};

struct flags_table {
	const char *name;
	const struct flag_desc *flags;
	uint16_t n;
};

extern const struct flags_table flags_tables[FT__N];
/* Bits that are one number (O_ACCMODE), not flags of their own; 0: none. */
uint64_t flags_number_mask(enum flags_table_id id);

enum arch { ARCH_X86_64, ARCH_ARM64, ARCH_IA32, ARCH__N };

struct syscall_desc {
	const char *name;
	uint16_t event;		/* EV_GENERIC if it has no rows of its own */
	int16_t nr[ARCH__N];	/* -1: not on that architecture */
};

extern const struct syscall_desc syscalls[];
extern const unsigned n_syscalls;

/* Look-ups; -1, NULL or EV_UNKNOWN where there is none. */
enum event_id catalog_find(const char *name, size_t len);
int event_param_index(const struct event_desc *d, const char *name, size_t len);
const struct syscall_desc *syscall_by_nr(enum arch arch, unsigned nr);
const struct syscall_desc *syscall_by_name(const char *name, size_t len);

static inline bool type_is_number(enum param_type t)
{
	return t < PT_FIRST_BYTES;
}
bool type_is_signed(enum param_type t);
/* Bytes of the value as the kernel has it: 1, 2, 4 or 8; 0 for types of bytes. */
unsigned type_width(enum param_type t);
/* Payloads and environments: bulky, rarely wanted, stored apart (source_want). */
bool param_is_bulk(const struct param_desc *d);

/* A set of events, one bit each. */
struct event_set {
	uint64_t bits[(EV__N + 63) / 64];
};

static inline void event_set_add(struct event_set *s, unsigned ev)
{
	s->bits[ev / 64] |= UINT64_C(1) << ev % 64;
}

static inline bool event_set_has(const struct event_set *s, unsigned ev)
{
	return s->bits[ev / 64] >> ev % 64 & 1;
}

static inline void event_set_union(struct event_set *s, const struct event_set *o)
{
	for (unsigned i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		s->bits[i] |= o->bits[i];
}

static inline void event_set_meet(struct event_set *s, const struct event_set *o)
{
	for (unsigned i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		s->bits[i] &= o->bits[i];
}

static inline void event_set_fill(struct event_set *s)
{
	for (unsigned i = 0; i < sizeof(s->bits) / sizeof(s->bits[0]); i++)
		s->bits[i] = ~UINT64_C(0);
}

#endif
