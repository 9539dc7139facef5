/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage for programs. */
#include <inttypes.h>

#include "analyze/test/cover_print.h"
#include "capture/base/quote.h"

static void put_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, text, strlen(text));
	buf_byte(out, '"');
}

static void put_place(struct buf *out, const struct cover_place *p)
{
	put_text(out, "file", p->file);
	buf_printf(out, ",\"line\":%u,\"column\":%u", p->line, p->column);
}

static void put_hits(const struct coverage *c, const struct cover_hits *h, struct buf *out)
{
	buf_printf(out, ",\"true\":%" PRIu64 ",\"false\":%" PRIu64 ",\"decided\":%" PRIu64,
		   h->is[1], h->is[0], h->decided);
	if (h->decided || h->near.test >= c->n_tests)
		return;
	buf_str(out, ",\"nearest\":{");
	put_text(out, "test", c->tests[h->near.test]);
	buf_printf(out, ",\"event\":%" PRIu64 "}", h->near.num);
}

static void put_items(const struct coverage *c, const struct cover_part *p, struct buf *out)
{
	buf_str(out, ",\"items\":[");
	for (uint32_t i = 0; i < p->n_items; i++) {
		const struct cover_part_item *item = &p->items[i];

		buf_str(out, i ? ",{" : "{");
		put_text(out, "item", item->text);
		buf_byte(out, ',');
		if (item->list) {
			put_text(out, "list", item->list);
			buf_byte(out, ',');
		}
		put_place(out, &item->place);
		buf_printf(out, ",\"met\":%" PRIu64 ",\"decided\":%" PRIu64 "}", item->hits.is[1],
			   item->hits.decided);
	}
	buf_byte(out, ']');
}

static void put_part(const struct coverage *c, const struct cover_rule *r, uint32_t at,
		     struct buf *out)
{
	static const char *const kinds[] = {
		[EXPLAIN_AND] = "and", [EXPLAIN_OR] = "or", [EXPLAIN_NOT] = "not",
		[EXPLAIN_MACRO] = "macro", [EXPLAIN_PART] = "macro", [EXPLAIN_CHECK] = "predicate",
	};
	const struct cover_part *p = &r->v[at];

	buf_str(out, "{\"kind\":\"");
	buf_str(out, p->exception ? "exception" : kinds[p->kind]);
	buf_str(out, "\",");
	if (p->text) {
		put_text(out, "text", p->text);
		buf_byte(out, ',');
	}
	put_place(out, &p->place);
	if (p->fixed)
		buf_str(out, ",\"fixed\":true");
	put_hits(c, &p->hits, out);
	if (p->n_items)
		put_items(c, p, out);
	if (at + 1 < p->end) {
		buf_str(out, ",\"parts\":[");
		for (uint32_t k = at + 1; k < p->end; k = r->v[k].end) {
			buf_str(out, k > at + 1 ? "," : "");
			put_part(c, r, k, out);
		}
		buf_byte(out, ']');
	}
	buf_byte(out, '}');
}

static void put_sums(const struct cover_sum sums[COVER__N], struct buf *out)
{
	static const char *const keys[COVER__N] = {
		[COVER_PREDICATE] = "predicates", [COVER_ITEM] = "items",
		[COVER_MACRO] = "macros", [COVER_EXCEPTION] = "exceptions", [COVER_RULE] = "rules",
	};

	buf_str(out, "{");
	for (unsigned k = 0; k < COVER__N; k++) {
		const struct cover_sum *s = &sums[k];

		buf_printf(out, "%s\"%s\":{\"n\":%" PRIu64 ",\"true\":%" PRIu64, k ? "," : "",
			   keys[k], s->n, s->is_true);
		if (k != COVER_ITEM)
			buf_printf(out, ",\"false\":%" PRIu64 ",\"both\":%" PRIu64, s->is_false,
				   s->both);
		buf_printf(out, ",\"decided\":%" PRIu64 "}", s->decided);
	}
	buf_byte(out, '}');
}

static void put_rule(const struct coverage *c, const struct cover_rule *r, struct buf *out)
{
	struct cover_sum sums[COVER__N];

	coverage_rule_sums(r, sums);
	buf_byte(out, '{');
	put_text(out, "rule", r->name);
	buf_byte(out, ',');
	if (r->step) {
		put_text(out, "step", r->step);
		buf_byte(out, ',');
	}
	put_text(out, "file", r->place.file);
	buf_printf(out, ",\"line\":%u,\"tags\":[", r->place.line);
	for (uint32_t i = 0; i < r->n_tags; i++) {
		buf_str(out, i ? ",\"" : "\"");
		quote_json(out, r->tags[i], strlen(r->tags[i]));
		buf_byte(out, '"');
	}
	buf_str(out, "],\"sums\":");
	put_sums(sums, out);
	buf_str(out, ",\"condition\":");
	put_part(c, r, 0, out);
	buf_byte(out, '}');
}

void coverage_json(const struct coverage *c, struct buf *out)
{
	buf_printf(out, "{\"percent\":%.2f,\"events\":%" PRIu64 ",\"uncounted\":%" PRIu64
		   ",\"sums\":", coverage_percent(c), c->n_events, c->n_dropped);
	put_sums(c->sums, out);
	buf_str(out, ",\"rules\":[");
	for (size_t i = 0; i < c->n_rules; i++) {
		buf_str(out, i ? ",\n" : "\n");
		put_rule(c, &c->rules[i], out);
	}
	buf_str(out, "\n]}\n");
}
