/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "analyze/test/compare_print.h"
#include "capture/base/quote.h"
#include "capture/base/timearg.h"

static void text(struct buf *out, const char *s)
{
	buf_byte(out, '"');
	quote_json(out, s, strlen(s));
	buf_byte(out, '"');
}

static void member(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":", key);
	text(out, value);
}

static void put_whats(struct buf *out, unsigned what)
{
	const char *sep = "";

	buf_byte(out, '[');
	for (unsigned i = 0; i < COMPARE_WHATS; i++)
		if (what & 1u << i) {
			buf_str(out, sep);
			text(out, compare_what_name[i]);
			sep = ",";
		}
	buf_byte(out, ']');
}

static void put_counts(struct buf *out, const uint64_t n[COMPARE_KINDS])
{
	for (unsigned k = 0; k < COMPARE_KINDS; k++)
		buf_printf(out, ",\"%s\":%" PRIu64, compare_kind_name[k], n[k]);
}

static void put_rule(struct buf *out, const struct compare_rule *r)
{
	const char *status = !r->old ? "added" : !r->now ? "removed" :
			     compare_renamed(r) ? "renamed" : r->what ? "edited" : "same";

	buf_byte(out, '{');
	member(out, "rule", compare_rule_any(r)->name);
	buf_byte(out, ',');
	member(out, "status", status);
	if (compare_renamed(r)) {
		buf_byte(out, ',');
		member(out, "old_name", r->old->name);
	}
	buf_str(out, ",\"edited\":");
	put_whats(out, r->what & ~(unsigned)COMPARE_NAME);
	buf_printf(out, ",\"before\":%" PRIu64 ",\"now\":%" PRIu64, r->before, r->after);
	put_counts(out, r->n);
	buf_printf(out, ",\"moved_here\":%" PRIu64 "}", r->here);
}

static void put_rules(struct buf *out, const struct compare *c)
{
	size_t n;
	const struct compare_rule *v = compare_rules(c, &n);
	const char *sep = "\n";

	buf_str(out, "\"rules\":[");
	for (size_t i = 0; i < n; i++) {
		buf_str(out, sep);
		put_rule(out, &v[i]);
		sep = ",\n";
	}
	buf_str(out, "]");
}

static void put_alert(struct buf *out, const char *key, const struct rule *r, const char *line)
{
	buf_printf(out, ",\"%s\":{", key);
	member(out, "rule", r->name);
	buf_byte(out, ',');
	member(out, "priority", priority_name[r->priority]);
	buf_str(out, ",\"tags\":[");
	for (uint32_t i = 0; i < r->n_tags; i++) {
		buf_str(out, i ? "," : "");
		text(out, r->tags[i]);
	}
	buf_str(out, "],");
	member(out, "output", line);
	buf_byte(out, '}');
}

static void put_diff(struct buf *out, const struct compare *c, const struct compare_diff *d)
{
	size_t n;
	const struct compare_rule *rules = compare_rules(c, &n);
	const struct compare_rule *to = &rules[d->kind == COMPARE_MOVED ? d->other : d->rule];
	char time[TIME_TEXT_MAX];

	buf_byte(out, '{');
	member(out, "kind", compare_kind_name[d->kind]);
	buf_byte(out, ',');
	member(out, "rule", compare_rule_any(&rules[d->rule])->name);
	buf_str(out, ",\"changed\":");
	put_whats(out, d->what);
	buf_byte(out, ',');
	member(out, "recording", compare_files(c, &n)[d->file].path);
	time_date(time, d->ts, 0, 'T');
	buf_printf(out, ",\"event\":%" PRIu64 ",\"time\":\"%sZ\"", d->num, time);
	if (d->old)
		put_alert(out, "old", rules[d->rule].old, d->old);
	if (d->now)
		put_alert(out, "new", to->now, d->now);
	buf_byte(out, '}');
}

static void put_recordings(struct buf *out, const struct compare *c)
{
	size_t n;
	const struct compare_file *v = compare_files(c, &n);

	buf_str(out, "\"recordings\":[");
	for (size_t i = 0; i < n; i++) {
		const bool damaged = v[i].damage.n_places > 0 || v[i].damage.cut;

		buf_str(out, i ? ",\n{" : "\n{");
		member(out, "path", v[i].path);
		buf_printf(out, ",\"events\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"damaged\":%s}",
			   v[i].n_events, v[i].n_lost, damaged ? "true" : "false");
	}
	buf_str(out, "]");
}

void compare_json(struct buf *out, const struct compare *c)
{
	const struct compare_sum s = compare_sum(c);
	size_t n;
	const struct compare_diff *v = compare_diffs(c, &n);

	buf_byte(out, '{');
	member(out, "old", compare_options(c)->old_name);
	buf_byte(out, ',');
	member(out, "new", compare_options(c)->now_name);
	buf_printf(out, ",\"differs\":%s,\"events\":%" PRIu64 ",\"before\":%" PRIu64
		   ",\"now\":%" PRIu64, compare_differs(c) ? "true" : "false", s.n_events,
		   s.before, s.after);
	put_counts(out, s.n);
	buf_printf(out, ",\"rules_added\":%zu,\"rules_removed\":%zu,\"rules_renamed\":%zu,"
		   "\"rules_edited\":%zu,\n", s.added, s.removed, s.renamed, s.edited);
	put_rules(out, c);
	buf_str(out, ",\n\"differences\":[");
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		put_diff(out, c, &v[i]);
	}
	buf_str(out, "],\n");
	put_recordings(out, c);
	buf_str(out, "}\n");
}
