/* SPDX-License-Identifier: Apache-2.0 */
/* The account of reading a .scap capture: what was in the file and what became of it.
 * Every event of the file is delivered, or state only, or the beginning of a call, or
 * damaged, or of a type that nobody wanted. */
#ifndef SAKER_TRACE_SCAP_COUNT_H
#define SAKER_TRACE_SCAP_COUNT_H

#include "capture/trace/source.h"

enum { SCAP_CODES = 512 };		/* codes beyond are unknown */

/* What happened to events of one code. */
struct scap_code_count {
	uint64_t n;		/* in the file */
	/* of beginnings: */
	uint64_t ended;		/* their end came */
	/* of all others: */
	uint64_t hidden;	/* state only */
	uint64_t shorter;	/* with less parameters than the code has today */
	uint64_t longer;	/* with more: the rest is not shown */
	uint64_t derived;	/* a value was inferred from others of the event */
	/* of ends: */
	uint64_t completed;	/* got from their beginning what they do not have */
	uint64_t lacking;	/* do not have it, and there was no beginning */
	uint64_t wrong;		/* the same, but the thread had begun another call */
};

struct scap_counts {
	unsigned version, minor;	/* of the first section */
	bool gzip;
	uint64_t bytes;			/* after inflating */
	uint64_t n_sections, n_blocks, n_unknown_blocks;
	uint64_t n_events;		/* in event blocks, good or not */
	uint64_t n_damaged;		/* that contradict themselves */
	uint64_t n_unknown;		/* of codes that are not known */
	uint64_t n_machines;		/* invented snap_machine: the section has none */
	uint64_t n_losses;		/* invented loss events, one for each gap */
	struct scap_code_count code[SCAP_CODES];
};

/* Of what was read since the source was opened or sent back to its start; NULL if it is
 * no .scap capture. */
const struct scap_counts *scap_counts(const struct source *s);

enum scap_kind { SCAP_NONE, SCAP_KIND_EXIT, SCAP_KIND_ENTER, SCAP_KIND_ONE };

/* What a code is.  name is evt.type, NULL where the code is unknown. */
struct scap_code_info {
	const char *name;
	enum scap_kind kind;
	bool old;		/* not written any more: another code has its place */
	bool renamed;		/* delivered as an event with another name */
};
struct scap_code_info scap_code_info(unsigned code);

#endif
