/* SPDX-License-Identifier: Apache-2.0 */
/* What saker info says of a .scap capture: what became of the events of the file. */
#include "replay/verbs/info.h"

#include <inttypes.h>
#include <stddef.h>

#include "capture/trace/scap_count.h"

enum { SHOWN = 8 };

/* ---- sums ---- */

static uint64_t of_code(const struct scap_counts *c, unsigned code, size_t what)
{
	return *(const uint64_t *)((const char *)&c->code[code] + what);
}

static uint64_t sum(const struct scap_counts *c, size_t what)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SCAP_CODES; i++)
		n += of_code(c, i, what);
	return n;
}

#define SUM(c, what) sum(c, offsetof(struct scap_code_count, what))

static uint64_t beginnings(const struct scap_counts *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SCAP_CODES; i++)
		if (c->code[i].n && scap_code_info(i).kind == SCAP_KIND_ENTER)
			n += c->code[i].n;
	return n;
}

static uint64_t converted(const struct scap_counts *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SCAP_CODES; i++)
		if (c->code[i].n && (scap_code_info(i).old || scap_code_info(i).renamed))
			n += c->code[i].n;
	return n;
}

static uint64_t delivered(const struct scap_counts *c)
{
	return c->n_events - beginnings(c) - SUM(c, hidden) - c->n_damaged;
}

/* ---- text ---- */

/* "54 close, 50 read, ...": the most frequent of what, by code. */
static void put_codes(struct buf *b, const struct scap_counts *c, size_t what)
{
	bool done[SCAP_CODES] = { false };

	for (unsigned k = 0; k <= SHOWN; k++) {
		unsigned best = 0;
		uint64_t most = 0;

		for (unsigned i = 0; i < SCAP_CODES; i++)
			if (!done[i] && of_code(c, i, what) > most)
				most = of_code(c, best = i, what);
		if (!most)
			return;
		if (k == SHOWN)
			buf_str(b, ", ...");
		else
			buf_printf(b, "%s%" PRIu64 " %s", k ? ", " : ": ", most,
				   scap_code_info(best).name);
		done[best] = true;
	}
}

static void put_line(struct buf *b, const struct scap_counts *c, const char *label,
		     size_t what, const char *text)
{
	const uint64_t n = sum(c, what);

	if (!n)
		return;
	buf_printf(b, "%-12s%" PRIu64 " %s", label, n, text);
	put_codes(b, c, what);
	buf_byte(b, '\n');
}

#define LINE(b, c, label, what, text) \
	put_line(b, c, label, offsetof(struct scap_code_count, what), text)

static void put_dropped(struct buf *b, const struct scap_counts *c)
{
	const uint64_t begun = beginnings(c), ended = SUM(c, ended);

	if (begun)
		buf_printf(b, "dropped     %" PRIu64 " beginnings of calls, of which %" PRIu64
			   " ended; what they say is with their end\n", begun, ended);
	if (c->n_damaged)
		buf_printf(b, "dropped     %" PRIu64 " damaged events\n", c->n_damaged);
	LINE(b, c, "state only", hidden, "events that only change state");
}

static void put_converted(struct buf *b, const struct scap_counts *c)
{
	const uint64_t n = converted(c);
	const char *comma = ": ";

	if (!n)
		return;
	buf_printf(b, "converted   %" PRIu64 " events of older kinds", n);
	for (unsigned i = 0; i < SCAP_CODES; i++) {
		const struct scap_code_info info = scap_code_info(i);

		if (!c->code[i].n || !(info.old || info.renamed))
			continue;
		buf_printf(b, "%s%" PRIu64 " %s (code %u)", comma, c->code[i].n, info.name, i);
		comma = ", ";
	}
	buf_byte(b, '\n');
}

static void put_invented(struct buf *b, const struct scap_counts *c)
{
	LINE(b, c, "invented", derived, "values, inferred from others of the event");
	if (c->n_machines)
		buf_printf(b, "invented    %" PRIu64 " snap_machine: the capture has none\n",
			   c->n_machines);
	if (c->n_losses)
		buf_printf(b, "invented    %" PRIu64 " loss where the capture is damaged\n",
			   c->n_losses);
}

void info_scap_text(struct buf *b, const struct scap_counts *c)
{
	buf_printf(b, "capture     format %u.%u%s, %" PRIu64 " section%s, %" PRIu64
		   " blocks of which %" PRIu64 " unknown\n", c->version, c->minor,
		   c->gzip ? ", gzip" : "", c->n_sections, c->n_sections == 1 ? "" : "s",
		   c->n_blocks, c->n_unknown_blocks);
	buf_printf(b, "in the file %" PRIu64 " events, %" PRIu64 " delivered, %" PRIu64
		   " of unknown types\n", c->n_events, delivered(c), c->n_unknown);
	put_dropped(b, c);
	LINE(b, c, "completed", completed, "ends of calls, from their beginning");
	LINE(b, c, "incomplete", lacking, "ends of calls: their beginning is missing");
	LINE(b, c, "incomplete", wrong, "ends of calls that follow another call's beginning");
	LINE(b, c, "shorter", shorter, "events with less parameters than today's");
	LINE(b, c, "longer", longer, "events with more parameters than known, not shown");
	put_converted(b, c);
	put_invented(b, c);
}

/* ---- JSON ---- */

static void number(struct buf *b, const char *key, uint64_t v)
{
	buf_printf(b, ",\"%s\":%" PRIu64, key, v);
}

static void some(struct buf *b, const char *key, uint64_t v)
{
	if (v)
		number(b, key, v);
}

static void put_code(struct buf *b, unsigned code, const struct scap_code_count *n)
{
	static const char *const kinds[] = { "unknown", "end", "beginning", "event" };
	const struct scap_code_info info = scap_code_info(code);

	buf_printf(b, "{\"code\":%u,\"type\":\"%s\",\"kind\":\"%s\",\"old\":%s", code,
		   info.name, kinds[info.kind], info.old || info.renamed ? "true" : "false");
	number(b, "events", n->n);
	some(b, "state_only", n->hidden);
	some(b, "ended", n->ended);
	some(b, "completed", n->completed);
	some(b, "incomplete", n->lacking);
	some(b, "other_beginning", n->wrong);
	some(b, "shorter", n->shorter);
	some(b, "longer", n->longer);
	some(b, "inferred", n->derived);
	buf_byte(b, '}');
}

void info_scap_json(struct buf *b, const struct scap_counts *c)
{
	const char *comma = "";

	buf_printf(b, ",\"capture\":{\"format\":\"%u.%u\",\"gzip\":%s", c->version, c->minor,
		   c->gzip ? "true" : "false");
	number(b, "sections", c->n_sections);
	number(b, "blocks", c->n_blocks);
	number(b, "unknown_blocks", c->n_unknown_blocks);
	number(b, "events", c->n_events);
	number(b, "delivered", delivered(c));
	number(b, "unknown_types", c->n_unknown);
	number(b, "state_only", SUM(c, hidden));
	number(b, "beginnings", beginnings(c));
	number(b, "beginnings_ended", SUM(c, ended));
	number(b, "damaged", c->n_damaged);
	number(b, "completed", SUM(c, completed));
	number(b, "incomplete", SUM(c, lacking));
	number(b, "other_beginning", SUM(c, wrong));
	number(b, "converted", converted(c));
	number(b, "inferred", SUM(c, derived));
	number(b, "invented_machines", c->n_machines);
	number(b, "invented_losses", c->n_losses);
	buf_str(b, ",\"codes\":[");
	for (unsigned i = 0; i < SCAP_CODES; i++) {
		if (!c->code[i].n)
			continue;
		buf_str(b, comma);
		put_code(b, i, &c->code[i]);
		comma = ",";
	}
	buf_str(b, "]}");
}
