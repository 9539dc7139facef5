/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of an export (export.c) and its rows (export_rows.c) share. */
#ifndef SAKER_BROWSE_EXPORT_PARTS_H
#define SAKER_BROWSE_EXPORT_PARTS_H

#include "analyze/browse/front/ui.h"

enum form { FORM_CSV, FORM_JSON, FORM_TEXT, FORM_NONE };

struct export {
	char *name;
	enum form form;
	const struct frame *f;
	/* of the rows under way */
	const struct view *view;
	uint32_t hidden;		/* columns, as bits */
	const char *part;		/* of an overview: its title */
	struct buf out;			/* not yet written */
	size_t n, n_written;		/* rows made, rows in the file */
	struct query_rows rows;
	/* a list of events: one of its own, from the first to the last of the focus */
	struct events *e;
	struct place at;
	struct event_window window;
	bool range;
	uint64_t from, to;
};

enum form export_form(const char *name);
/* Names of the columns; a row.  JSON has no head, it names them in each row. */
void export_head(struct export *x);
void export_row(const struct ui *u, struct export *x, const struct datum *cells);
/* All cells of a spectrum that have anything. */
void export_spectrum(const struct ui *u, struct export *x);
/* All of an overview: what recording it is, the first rows of each part. */
void export_overview(struct ui *u, struct export *x);

#endif
