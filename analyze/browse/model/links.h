/* SPDX-License-Identifier: Apache-2.0 */
/* From what is known of a row or an event to the conditions that lead on from it. */
#ifndef SAKER_BROWSE_LINKS_H
#define SAKER_BROWSE_LINKS_H

#include "analyze/browse/model/inside.h"

/* What a row or event is about; "" and 0: nothing of the kind. */
struct subject {
	int64_t pid;			/* 0: none */
	uint64_t start_ts, end_ts;	/* of the process; 0: not known */
	struct text fd_name, container, peer, program;
	uint8_t fd_kind;		/* enum fd_kind */
	uint64_t num;			/* of an event */
};

/* What the event at hand is about; its texts live as long as the event. */
struct subject subject_of(const struct field_ctx *c);
/* Adds links for it; how many there are then. */
unsigned links_add(struct browse *b, const struct subject *s, struct link *out, unsigned n,
		   struct arena *a);
/* Enter first. */
unsigned links_of_row(struct browse *b, const struct gather_plan *p, const struct row *r,
		      struct link *out, struct arena *a);
/* Of a spectrum's row; in slices that end where the focus does, or in those that grow. */
unsigned links_of_cell(const struct view *v, const struct spectrum_key *k, const struct slices *s,
		       struct link *out, struct arena *a);

#endif
