/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/report/why_event.h"

#include <string.h>

#include "analyze/report/why_print.h"
#include "capture/base/quote.h"
#include "rules/lang/events.h"

enum {
	RULES_PER_EVENT = 256,
	EVENT_TEXT = 300,	/* bytes of the event's line: an exec has 4 KB of parameters */
};

struct format *why_line(bool json, struct arena *a)
{
	static const char text[] = "event %evt.num at %evt.time: %proc.name (%thread.tid) "
		"%evt.type %evt.args";
	static const char object[] = "%evt.num %evt.rawtime %proc.name %thread.tid %evt.type "
		"%evt.args";

	return json ? format_compile(object, sizeof(object) - 1, a) :
		      format_compile(text, sizeof(text) - 1, a);
}

static void put_event_line(const struct why_event *w, const struct field_ctx *c, struct buf *out)
{
	struct buf raw = {0};

	if (w->json) {
		buf_byte(out, '{');
		format_json_fields(w->line, c, out);
		buf_byte(out, '}');
		return;
	}
	format_text(w->line, c, &raw);
	quote_terminal_buf(out, raw.p, raw.len < EVENT_TEXT ? raw.len : EVENT_TEXT);
	buf_str(out, raw.len > EVENT_TEXT ? " ...\n" : "\n");
	buf_release(&raw);
}

/* Which rule alerts when only the first one may. */
static const struct rule *first_rule(const struct why_event *w, const struct field_ctx *c)
{
	const struct rule *r[RULES_PER_EVENT];

	return ruleset_match(w->order, c, r, RULES_PER_EVENT) > 0 ? r[0] : NULL;
}

static void put_verdict(const struct why_event *w, const struct field_ctx *c, struct buf *out)
{
	const struct rule *first = explain_holds(w->x) ? first_rule(w, c) : NULL;

	if (!explain_holds(w->x)) {
		buf_printf(out, "does not match: %u check%s would have to be otherwise: ",
			   w->n_checks, w->n_checks == 1 ? "" : "s");
		why_blamed(w->x, out);
		buf_byte(out, '\n');
		return;
	}
	buf_str(out, "matches\n");
	if (!w->rule->enabled) {
		buf_str(out, "but the rule is not enabled\n");
	} else if (first && first != w->rule) {
		buf_str(out, "but '");
		quote_terminal_buf(out, first->name, strlen(first->name));
		buf_str(out, "' stands before it and matches too: "
			"only --rule-matching=all alerts for both\n");
	}
}

static void put_types(const struct why_event *w, unsigned type, struct buf *out)
{
	enum { TYPES_SHOWN = 12 };
	const unsigned n = event_set_count(&w->rule->events);
	unsigned shown = 0;

	if (event_set_has(&w->rule->events, type))
		return;
	buf_str(out, "the rule looks only at events of type");
	for (unsigned t = 0; t < EV__N && shown < TYPES_SHOWN; t++)
		if (event_set_has(&w->rule->events, t))
			buf_printf(out, "%s %s", shown++ ? "," : "", catalog[t].name);
	if (n > shown)
		buf_printf(out, ", ... %u more", n - shown);
	buf_byte(out, '\n');
}

void why_event_put(const struct why_event *w, const struct field_ctx *c, struct buf *out)
{
	const struct why_print p = { .x = w->x, .m = w->m, .full = w->full, .out = out };
	const bool holds = explain_holds(w->x);

	if (w->json) {
		buf_printf(out, "{\"matches\":%s,\"checks\":%u,\"event\":",
			   holds ? "true" : "false", holds ? 0 : w->n_checks);
		put_event_line(w, c, out);
		buf_str(out, ",\"condition\":");
		why_json(&p);
		buf_byte(out, '}');
		return;
	}
	put_event_line(w, c, out);
	put_types(w, c->ev->type, out);
	put_verdict(w, c, out);
	why_text(&p);
}
