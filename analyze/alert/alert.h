/* SPDX-License-Identifier: Apache-2.0 */
/* An alert: a rule that matched an event, as a line of text or of JSON.  Both have
 * Falco's shape byte for byte, so that what consumes Falco's alerts consumes these. */
#ifndef SAKER_ALERT_ALERT_H
#define SAKER_ALERT_ALERT_H

#include <stdbool.h>

#include "capture/base/buf.h"
#include "replay/field/field.h"
#include "rules/set/ruleset.h"

struct alert_style {
	bool json;
	bool iso;		/* times as 2026-03-01T14:03:07.5...+0000; else local time of day */
	bool with_output, with_message, with_fields, with_tags;	/* properties of the JSON object */
	bool lasting;	/* output_fields without those that depend on other events or the run */
	const char *hostname;
	const struct output_field *fields;	/* for output_fields of all alerts */
	uint32_t n_fields;
};

extern const struct alert_style alert_style_default;

/* The outputs of all enabled rules of a set, compiled.  Shared by threads. */
struct alert_printer;

/* NULL: an output does not compile (err_text names the rule). */
struct alert_printer *alert_printer_new(const struct alert_style *style,
					const struct ruleset *rules);
void alert_printer_free(struct alert_printer *p);
bool alert_printer_needs_bulk(const struct alert_printer *p);

/* What an alert over several events says beside its last event. */
struct alert_several {
	uint32_t count;			/* matches, or values of the field distinct */
	const char *distinct;		/* NULL: matches */
	bool absent;			/* it did not go on as expected */
	uint64_t within, first_ts, last_ts;
};

/* Appends the alert's line, without a line end.  several: of a correlation, else NULL.  text is
 * scratch memory. */
void alert_print(const struct alert_printer *p, const struct rule *r,
		 const struct field_ctx *c, const struct alert_several *several, struct buf *text,
		 struct buf *out);

#endif
