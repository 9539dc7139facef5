/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by key, with what their columns gathered.  Readers fill small tables, the clerk joins
 * them in order of time; joining is the same as having seen all events at once. */
#ifndef SAKER_BROWSE_TABLE_H
#define SAKER_BROWSE_TABLE_H

#include "analyze/browse/model/view.h"

enum {
	TEXT_MAX = 1024,	/* bytes of a text that a cell keeps */
	KEY_MAX = 4 * 4200,
};

/* Different values, as hashes: open addressing, 0 is free. */
struct distinct {
	uint64_t *v;
	uint32_t n, cap;	/* n: DISTINCT_MAX + 1 where there are more */
};

/* What one column of a row has gathered. */
struct cell {
	uint64_t u;			/* number; of a mean the sum */
	union {
		char *text;
		struct distinct *set;
		uint64_t n;		/* of a mean */
	};
	uint32_t len;			/* of text */
	uint32_t room : 31, has : 1;	/* room: bytes that text may have where it stands */
};

/* What a row of a process knows besides its columns. */
struct process_facts {
	uint64_t parent;		/* hash of its row; 0: none or unknown */
	uint64_t start_ts, end_ts;	/* 0: before, after */
	int32_t exit_status;		/* -1: unknown */
	uint32_t pid;
	uint32_t n_alerts;
	uint8_t worst;			/* enum priority */
};

struct row {
	uint64_t hash;		/* of the key: the row's id */
	uint64_t n_events;
	const uint8_t *key;
	uint32_t key_len;
	struct process_facts *process;	/* NULL: rows are no processes */
	struct cell cells[];
};

struct table {
	const struct view *view;
	bool processes;		/* rows have process_facts */
	struct row **slots;	/* open addressing by hash */
	size_t n, n_slots;
	struct row **rows;	/* in the order in which they came */
	size_t rows_cap;
	uint64_t n_events;
	uint64_t n_evicted, evicted_events;
	uint64_t width;		/* of the slices of a spectrum */
	struct arena arena;
};

/* v NULL: a set of keys. */
void table_init(struct table *t, const struct view *v, bool processes);
void table_release(struct table *t);
/* Empties it and keeps the memory. */
void table_reset(struct table *t);
static inline size_t table_bytes(const struct table *t)
{
	return t->arena.used + t->n_slots * sizeof(*t->slots) + t->rows_cap * sizeof(*t->rows);
}

uint64_t table_hash(const void *key, size_t len);
/* The row of a key, a new one if there is none: then *fresh is set. */
struct row *table_get(struct table *t, uint64_t hash, const void *key, size_t len, bool *fresh);
struct row *table_find(const struct table *t, uint64_t hash);

void cell_set_text(struct table *t, struct cell *c, const char *p, size_t len);
void cell_add_value(struct table *t, struct cell *c, uint64_t hash);

/* Adds what a row of a later table has to this one's row of the same key. */
void table_join(struct table *t, const struct row *r);
/* Makes out of the rows of t that counted most, about half of them; the others are told in
 * n_evicted. */
void table_halve(const struct table *t, struct table *out);
/* Makes out of the rows of a spectrum, in slices that are some whole number of times as wide. */
void table_coarsen(const struct table *t, uint64_t width, struct table *out);

#endif
