/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of links share: links.c has those of a subject, links_row.c those of rows and
 * cells, links_text.c writes conditions. */
#ifndef SAKER_BROWSE_LINKS_PARTS_H
#define SAKER_BROWSE_LINKS_PARTS_H

#include "analyze/browse/model/links.h"

/* Behind the n that are there, if there is room; how many there are then. */
unsigned link_put(struct link *out, unsigned n, const char *title, const char *view,
		  const char *filter, bool alone);

/* A text as a constant of the rule language. */
void link_constant(struct buf *out, const void *p, size_t len);
/* FIELD = "TEXT", or what comes nearest to it. */
void link_equals(struct buf *out, const char *field, struct text t);
/* proc.pid = N, and the time of the process where its number came again. */
void link_process(struct browse *b, struct buf *out, const struct subject *s);
/* Both conditions; "": none. */
const char *link_and(const char *c, const char *filter, struct arena *a);
/* Takes the text as a string of the arena and empties it. */
const char *link_take(struct buf *b, struct arena *a);

#endif
