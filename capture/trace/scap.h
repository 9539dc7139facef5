/* SPDX-License-Identifier: Apache-2.0 */
/* Reading .scap captures: what the parts of the reader share.
 *
 *   scap.c        the source: sections, order
 *   scap_block.c  blocks, damage
 *   scap_span.c   when the file begins and ends
 *   scap_meta.c   lists of processes, users, interfaces → snap_* events
 *   scap_fds.c    lists of descriptors → snap_fd events
 *   scap_code.c   event codes → events of the catalogue
 *   scap_event.c  events
 *   scap_value.c  parameters → values
 *   scap_enter.c  beginnings of calls that wait for their end */
#ifndef SAKER_TRACE_SCAP_H
#define SAKER_TRACE_SCAP_H

#include "capture/base/cursor.h"
#include "capture/base/mem.h"
#include "capture/trace/input.h"
#include "capture/trace/scap_count.h"
#include "capture/trace/source.h"

enum {
	SCAP_PARAMS_MAX = 40,
	SCAP_UNKNOWN_PARAMS = 16,	/* of an unknown event, that are shown */
	SCAP_UNKNOWN_MAX = 1024,	/* unknown codes that get a name each */
	SCAP_BLOCK_MAX = 64 << 20,
	SCAP_GENERIC_ENTER = 0,		/* the code of the beginning of a generic call */
};

struct scap;

/* ---- blocks ---- */

enum { SCAP_SHB = 0x0a0d0d0a };

struct scap_block {
	uint32_t type;
	uint64_t off;
	struct cursor body;
};

/* The next block.  0: b, whose bytes live until the next call; 1: end. */
int scap_next_block(struct scap *s, struct scap_block *b);
/* The bytes that can be looked at, at least n unless the file ends; damage of gzip
 * data is noted here. */
size_t scap_peek(struct scap *s, size_t n, const uint8_t **p);
bool scap_is_events(uint32_t type);
bool scap_is_machine(uint32_t type);
/* Bits of the flags of an event: it only changes the state; it says again, for old readers,
 * what another event says (our own writer's; others ignore the bit). */
enum { SCAP_STATE_ONLY = 1 };
#define SCAP_ECHO UINT32_C(0x80000000)
/* Event blocks that have a u32 of flags before the event. */
static inline bool scap_has_flags(uint32_t type)
{
	return type == 0x208 || type == 0x217 || type == 0x222;
}

/* Sets first and last time of info, as far as they are easily known; moves the input. */
void scap_begin_and_end(struct scap *s);
/* Sets them by reading all blocks. */
void scap_span(struct scap *s);
/* Counts damage; the first message is kept. */
void scap_damage(struct scap *s, uint64_t lost, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- codes ---- */

struct scap_param {
	uint8_t type;		/* enum param_type of the bytes in the file */
	bool is_number, is_signed;
	int8_t to;		/* parameter of the event, -1: not wanted */
	uint8_t flags;		/* table to convert with; FT_none: as it is */
};

struct scap_code {
	uint16_t code, type, nr;	/* nr: of the system call on x86_64 */
	uint8_t kind, n;
	bool counts, wide, plain;
	uint64_t from_begin;	/* parameters of the event that the beginning has too */
	const struct event_desc *desc;	/* of delivered events */
	const struct event_desc *hidden;	/* of state-only ones: pseudo */
	struct scap_param p[SCAP_PARAMS_MAX];
};

struct scap_codes {
	struct arena arena;
	struct scap_code *known[SCAP_CODES];
	struct scap_code *generic[SCAP_CODES];	/* by number of the call */
	const struct event_desc *unknown[SCAP_UNKNOWN_MAX];
};

/* Never NULL: an unknown code has kind SCAP_NONE. */
const struct scap_code *scap_code(struct scap_codes *c, unsigned code);
/* A generic event by the number that .scap gives system calls. */
const struct scap_code *scap_generic(struct scap_codes *c, unsigned sc);
/* An event that the tables do not know, with parameters p0, p1 ... of bytes. */
const struct event_desc *scap_unknown(struct scap_codes *c, unsigned code);
/* How an event of that name is written today; NULL: the format has none. */
const struct scap_code *scap_code_named(struct scap_codes *c, const char *name);
/* .scap's numbers of system calls and their names; NULL and 0 where there is none. */
const char *scap_sc_name(unsigned sc);
unsigned scap_sc_named(const char *name);

/* ---- beginnings of calls ---- */

struct scap_enters;

struct scap_enters *scap_enters_new(void);
void scap_enters_free(struct scap_enters *e);
void scap_enters_clear(struct scap_enters *e);
/* tid begins a call at ts.  Keeps the lengths (u16 each) and bytes of n parameters. */
void scap_enter_put(struct scap_enters *e, uint64_t tid, uint64_t ts, unsigned code, unsigned n,
		    const uint8_t *p, size_t len);

/* What a call's beginning said: n parameters; n 0: nothing was kept. */
struct scap_begin {
	const uint8_t *p;
	unsigned n;
	size_t len;
	uint64_t ts;		/* 0: not seen */
};

enum scap_begun { SCAP_BEGUN_NOTHING, SCAP_BEGUN, SCAP_BEGUN_OTHER };

/* A call of tid ends whose beginning has that code.  Did the thread begin it, or another?
 * Either is forgotten.  *b is empty unless it did, but for the time, which the beginning of a
 * generic call tells of any; it lives until the next put. */
enum scap_begun scap_enter_take(struct scap_enters *e, uint64_t tid, unsigned code,
				struct scap_begin *b);

/* ---- events ---- */

/* The event in a block's body, taken apart and checked. */
struct scap_raw {
	uint64_t ts, tid;
	uint16_t cpu, code;
	bool hidden, wide;	/* state only; lengths of 32 bits */
	bool echo;
	unsigned n;		/* parameters */
	const uint8_t *lens, *data;
	size_t data_len;
};

/* Takes the body of an event block apart.  Negative: damaged. */
int scap_event_split(struct scap *s, uint32_t block, struct cursor c,
		     struct scap_raw *raw);
/* The values; what the event does not have is taken from the call's beginning. */
void scap_event_decode(struct scap *s, const struct scap_raw *raw,
		       const struct scap_code *code, enum scap_begun begun,
		       const struct scap_begin *begin, struct event *ev);

/* The lengths stay inside of the space bytes from r->lens on: sets data and its
 * length. */
bool scap_lengths_fit(struct scap_raw *r, size_t space);

/* Sets the parameter of ev that d says from len bytes (at least one). */
void scap_value_put(struct scap *s, struct event *ev, const struct scap_param *d,
		    const uint8_t *p, size_t len);
static inline uint32_t scap_get16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static inline uint32_t scap_get32(const uint8_t *p)
{
	return scap_get16(p) | scap_get16(p + 2) << 16;
}

static inline uint64_t scap_get64(const uint8_t *p)
{
	return scap_get32(p) | (uint64_t)scap_get32(p + 4) << 32;
}

/* len bytes as a little-endian number; what is beyond eight is ignored. */
static inline uint64_t scap_number(const uint8_t *p, size_t len, bool is_signed)
{
	uint64_t v = 0;

	switch (len) {
	case 8:
		return scap_get64(p);
	case 4:
		return is_signed ? (uint64_t)(int64_t)(int32_t)scap_get32(p) : scap_get32(p);
	case 2:
		return is_signed ? (uint64_t)(int64_t)(int16_t)scap_get16(p) : scap_get16(p);
	}
	if (len > 8)
		len = 8;
	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << 8 * i;
	if (is_signed && len && len < 8 && p[len - 1] & 0x80)
		v |= ~UINT64_C(0) << 8 * len;
	return v;
}

/* Length of parameter i, which scap_event_split has checked. */
static inline size_t scap_len(const struct scap_raw *r, unsigned i)
{
	const uint8_t *p = r->lens + (size_t)i * (r->wide ? 4 : 2);

	return r->wide ? scap_get32(p) : scap_get16(p);
}

/* ---- metadata ---- */

enum scap_list { SCAP_NO_LIST, SCAP_PROCESSES, SCAP_FDS, SCAP_IFACES, SCAP_USERS };

struct scap_meta {
	enum scap_list list;
	unsigned version;
	uint64_t tid;		/* of SCAP_FDS */
	struct cursor c;
};

/* Which list a block is, and its version; SCAP_NO_LIST: none. */
enum scap_list scap_list_of(uint32_t block, unsigned *version);
/* 0: *ev is the next entry; 1: no more; negative: damaged. */
int scap_meta_next(struct scap *s, struct event *ev);
void scap_meta_machine(struct scap *s, struct cursor c, struct event *ev);

int scap_fd_next(struct scap *s, struct event *ev);

/* Fields of entries.  A text that does not fit is absent, and the cursor bad. */
void scap_str16(struct cursor *c, struct value *v);
bool scap_entry_open(struct cursor *c, bool counted, struct cursor *e);

/* ---- the source ---- */

struct scap {
	struct source base;
	struct input in;
	struct scap_codes codes;
	struct scap_enters *enters;
	struct arena scratch;		/* converted bytes of one event */
	struct scap_meta meta;
	struct scap_counts counts;
	/* Flags that were converted lately: they come again and again. */
	struct {
		uint64_t kernel;
		uint32_t ppm;
		bool set;
	} flags[FT__N][8];
	char *path;
	char hostname[129];
	size_t taken;			/* bytes of the input to be passed over next */
	uint64_t num, last_ts, n_snap;
	bool begun;			/* somebody asked for an event */
	bool machine_due, snap_open, loss_due, ended;
	uint64_t loss_from;
	enum arch arch;			/* of the machine, as far as its calls tell */
};

#endif
