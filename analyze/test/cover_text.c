/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage for people: of each rule what no test has shown, then the sums. */
#include <inttypes.h>

#include "analyze/test/cover_print.h"
#include "capture/base/quote.h"

enum { ITEMS_SHOWN = 8 };

static void put(struct buf *out, const char *text)
{
	quote_terminal_buf(out, text, strlen(text));
}

const char *cover_gap(const struct cover_hits *h)
{
	if (!h->is[1] && !h->is[0])
		return "never asked";
	if (!h->is[1])
		return "never true";
	if (!h->is[0])
		return "never false";
	return h->decided ? "" : "never decides";
}

static void put_near(const struct coverage *c, const struct cover_hits *h, struct buf *out)
{
	if (h->decided || h->near.test >= c->n_tests)
		return;
	buf_str(out, "  (nearest: ");
	put(out, c->tests[h->near.test]);
	buf_printf(out, ", event %" PRIu64 ")", h->near.num);
}

static void put_place(const struct cover_place *p, struct buf *out)
{
	put(out, p->file);
	buf_printf(out, ":%u:%u", p->line, p->column);
}

static void put_gap(const struct coverage *c, const struct cover_hits *h,
		    const struct cover_place *at, const char *what, const char *text,
		    struct buf *out)
{
	const char *gap = cover_gap(h);

	if (!*gap)
		return;
	buf_printf(out, "    %-14s ", gap);
	put_place(at, out);
	buf_printf(out, " %s", what);
	put(out, text);
	put_near(c, h, out);
	buf_byte(out, '\n');
}

/* Items that no event met, by their names. */
struct unmet {
	uint32_t n, of;
	const char *shown[ITEMS_SHOWN];
};

static void look(struct unmet *u, const char *text, const struct cover_hits *h)
{
	u->of++;
	if (h->is[1])
		return;
	if (u->n < ITEMS_SHOWN)
		u->shown[u->n] = text;
	u->n++;
}

static void put_unmet(const struct unmet *u, const struct cover_place *at, const char *list,
		      struct buf *out)
{
	if (u->n == 0)
		return;
	buf_str(out, "    never met      ");
	put_place(at, out);
	if (list) {
		buf_byte(out, ' ');
		put(out, list);
	}
	buf_printf(out, " %u of %u:", u->n, u->of);
	for (uint32_t i = 0; i < u->n && i < ITEMS_SHOWN; i++) {
		buf_byte(out, ' ');
		put(out, u->shown[i]);
	}
	buf_str(out, u->n > ITEMS_SHOWN ? " ...\n" : "\n");
}

/* What stands in the rule itself; macros and lists are told apart, once for all rules. */
static void put_gaps(const struct coverage *c, const struct cover_rule *r, struct buf *out)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct cover_part *p = &r->v[i];
		const int kind = cover_part_kind(p);
		struct unmet unmet = {0};

		if (kind >= 0 && !p->repeat)
			put_gap(c, &p->hits, &p->place, kind == COVER_MACRO ? "macro " :
				kind == COVER_EXCEPTION ? "exception " : "", p->text, out);
		for (uint32_t k = 0; k < p->n_items && !p->items[0].list; k++)
			look(&unmet, p->items[k].text, &p->items[k].hits);
		if (p->n_items)
			put_unmet(&unmet, &p->items[0].place, NULL, out);
		if (p->kind == EXPLAIN_MACRO)
			i = p->end - 1;
	}
}

static void put_macros(const struct coverage *c, struct buf *out)
{
	const char *last = NULL;

	for (size_t i = 0; i < c->n_sites; i++) {
		const struct cover_site *s = &c->sites[i];

		if (!s->owner || s->kind == COVER_ITEM || !*cover_gap(&s->hits))
			continue;
		if (!last || strcmp(last, s->owner) != 0) {
			buf_str(out, "macro ");
			put(out, s->owner);
			buf_printf(out, "  in %u rule%s\n", s->n_rules, s->n_rules == 1 ? "" : "s");
		}
		last = s->owner;
		put_gap(c, &s->hits, &s->place, s->kind == COVER_MACRO ? "macro " : "", s->text,
			out);
	}
}

/* Runs of items of one list. */
static void put_lists(const struct coverage *c, struct buf *out)
{
	for (size_t i = 0, end; i < c->n_sites; i = end) {
		const struct cover_site *first = &c->sites[i];
		struct unmet unmet = {0};

		end = i + 1;
		if (first->kind != COVER_ITEM || !first->owner)
			continue;
		look(&unmet, first->text, &first->hits);
		for (; end < c->n_sites && c->sites[end].kind == COVER_ITEM &&
		       c->sites[end].owner && strcmp(c->sites[end].owner, first->owner) == 0; end++)
			look(&unmet, c->sites[end].text, &c->sites[end].hits);
		if (unmet.n == 0)
			continue;
		buf_str(out, "list ");
		put(out, first->owner);
		buf_byte(out, '\n');
		put_unmet(&unmet, &first->place, NULL, out);
	}
}

static void put_node(const struct cover_part *p, struct buf *out)
{
	static const char *const words[] = {
		[EXPLAIN_AND] = "and", [EXPLAIN_OR] = "or", [EXPLAIN_NOT] = "not",
		[EXPLAIN_PART] = "macro ", [EXPLAIN_MACRO] = "macro ", [EXPLAIN_CHECK] = "",
	};

	buf_str(out, words[p->kind]);
	if (p->exception)
		buf_str(out, ": exception ");
	if (p->text)
		put(out, p->text);
	buf_byte(out, '\n');
	if (p->n_items == 0)
		return;
	buf_printf(out, "%35s%*s  met:", "", (int)p->depth * 2, "");
	for (uint32_t i = 0; i < p->n_items; i++) {
		buf_byte(out, ' ');
		put(out, p->items[i].text);
		buf_printf(out, "=%" PRIu64, p->items[i].hits.is[1]);
	}
	buf_byte(out, '\n');
}

/* All of the condition, with its counts. */
static void put_tree(const struct cover_rule *r, struct buf *out)
{
	buf_str(out, "         true      false    decides\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct cover_part *p = &r->v[i];

		buf_printf(out, "  %11" PRIu64 "%11" PRIu64 "%11" PRIu64 "%*s", p->hits.is[1],
			   p->hits.is[0], p->hits.decided, (int)p->depth * 2 + 2, "");
		put_node(p, out);
	}
}

static void put_share(struct buf *out, const char *name, uint64_t part, const struct cover_sum *s)
{
	buf_printf(out, "%s%" PRIu64 " of %" PRIu64, name, part, s->n);
}

static void put_rule(const struct coverage *c, const struct cover_rule *r, bool full,
		     struct buf *out)
{
	const struct cover_hits *h = &r->v[0].hits;
	struct cover_sum sums[COVER__N];

	coverage_rule_sums(r, sums);
	put(out, r->name);
	if (r->step) {
		buf_str(out, ", step ");
		put(out, r->step);
	}
	buf_str(out, "  ");
	put(out, r->place.file);
	buf_printf(out, ":%u\n  held on %" PRIu64 " of %" PRIu64 " events", r->place.line,
		   h->is[1], h->is[0] + h->is[1]);
	put_share(out, "; predicates: ", sums[COVER_PREDICATE].both, &sums[COVER_PREDICATE]);
	put_share(out, " both ways, ", sums[COVER_PREDICATE].decided, &sums[COVER_PREDICATE]);
	buf_str(out, " decided");
	if (sums[COVER_ITEM].n)
		put_share(out, "; items met: ", sums[COVER_ITEM].is_true, &sums[COVER_ITEM]);
	buf_byte(out, '\n');
	if (full)
		put_tree(r, out);
	else
		put_gaps(c, r, out);
}

/* Nothing is no share of nothing. */
static void put_percent(struct buf *out, uint64_t part, uint64_t of)
{
	if (of > 0)
		buf_printf(out, " %6.1f%%", cover_share(part, of));
	else
		buf_printf(out, " %7s", "-");
}

static void put_sums(const struct coverage *c, struct buf *out)
{
	buf_printf(out, "\n%-12s %7s %7s %7s %7s %7s\n", "coverage", "of", "true", "false", "both",
		   "decided");
	for (unsigned k = 0; k < COVER__N; k++) {
		const struct cover_sum *s = &c->sums[k];

		buf_printf(out, "%-12s %7" PRIu64, cover_kind_name[k], s->n);
		put_percent(out, s->is_true, s->n);
		if (k == COVER_ITEM) {
			buf_printf(out, " %7s %7s", "", "");
		} else {
			put_percent(out, s->is_false, s->n);
			put_percent(out, s->both, s->n);
		}
		if (k != COVER_RULE)
			put_percent(out, s->decided, s->n);
		buf_byte(out, '\n');
	}
}

void coverage_text(const struct coverage *c, bool full, struct buf *out)
{
	for (size_t i = 0; i < c->n_rules; i++)
		put_rule(c, &c->rules[i], full, out);
	if (!full) {
		put_macros(c, out);
		put_lists(c, out);
	}
	put_sums(c, out);
	if (c->n_dropped)
		buf_printf(out, "%" PRIu64 " events are not counted: too many different ones\n",
			   c->n_dropped);
	buf_printf(out, "coverage of predicates: %.1f%% (%" PRIu64 " of %" PRIu64
		   " were both true and false)\n", coverage_percent(c),
		   c->sums[COVER_PREDICATE].both, c->sums[COVER_PREDICATE].n);
}
