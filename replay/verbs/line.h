/* SPDX-License-Identifier: Apache-2.0 */
/* One event as a line: columns for people, a format's text, or a JSON object.  What comes
 * from the recording is quoted for a terminal. */
#ifndef SAKER_VERBS_LINE_H
#define SAKER_VERBS_LINE_H

#include "replay/field/field.h"

struct line {
	bool json, color, has_tabs;
	int64_t utc_offset;
	struct format *format;			/* NULL: columns */
	struct field_ref name, type, args;	/* of the columns */
	struct format *exec, *child;		/* instead of the 20 to 40 arguments of these */
	struct buf out;				/* lines gather here; whoever writes resets it */
	struct buf text, raw;			/* of one column */
};

/* format: NULL for columns, or for JSON the same facts.  Negative with a message. */
int line_init(struct line *l, const char *format, bool json, struct arena *mem);
/* False: there is no line for this event (format_stop). */
bool line_put(struct line *l, const struct field_ctx *c);
void line_release(struct line *l);

#endif
