/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage as one page: nothing is loaded, nothing runs. */
#include <inttypes.h>

#include "analyze/test/cover_print.h"
#include "capture/base/quote.h"

enum { ITEMS_SHOWN = 300 };

static const char style[] =
	":root{--bg:#fbfbfa;--card:#fff;--fg:#1c2024;--dim:#6a7178;--line:#e3e5e8;"
	"--ok:#1a7f4b;--okbg:#e2f4ea;--part:#8a6100;--partbg:#fdf1d3;--no:#b3261e;--nobg:#fde7e5;"
	"--accent:#3456c4}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--fg:#e4e7ea;"
	"--dim:#98a0a8;--line:#30363c;--ok:#6fd39b;--okbg:#17372a;--part:#e8be5e;"
	"--partbg:#3a2f14;--no:#ff9b92;--nobg:#45201d;--accent:#93aaff}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;max-width:76rem;padding:2rem 1.5rem 4rem;background:var(--bg);"
	"color:var(--fg);font:15px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.5rem;margin:0 0 .25rem}p.dim,.dim{color:var(--dim)}\n"
	"code,.tree,.place{font-family:ui-monospace,monospace;font-size:13px}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;"
	"margin:1.25rem 0}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
	"padding:.8rem 1rem}.card b{display:block;font-size:1.6rem;line-height:1.3}\n"
	".card small{color:var(--dim);display:block}\n"
	".bar{height:.4rem;border-radius:.2rem;background:var(--nobg);overflow:hidden;"
	"margin:.4rem 0}"
	".bar i{display:block;height:100%;background:var(--ok)}\n"
	"details{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
	"margin:.5rem 0}\n"
	"summary{cursor:pointer;padding:.6rem 1rem;display:grid;gap:.25rem 1rem;"
	"grid-template-columns:minmax(0,1fr) 7rem 12rem;align-items:center}\n"
	"summary .name{font-weight:600}summary .t{justify-self:start}"
	"summary .bar{margin:0}summary .place{display:block;"
	"font-weight:400}\n"
	".tree{padding:0 1rem .9rem;overflow-x:auto}.tree ul{list-style:none;margin:0;"
	"padding-left:1.2rem;border-left:1px solid var(--line)}.tree>ul{padding-left:0;border:0}\n"
	".tree li{margin:.15rem 0}.row{display:flex;gap:.6rem;align-items:baseline}\n"
	".row .text{flex:1;min-width:14rem;overflow-wrap:anywhere}\n"
	".hits{white-space:nowrap;color:var(--dim)}.hits span{display:inline-block;"
	"min-width:6.6rem;text-align:right}.hits .zero{color:var(--no);font-weight:600}\n"
	".op{color:var(--dim);font-weight:600}.macro{color:var(--accent);font-weight:600}\n"
	".t{padding:0 .35rem;border-radius:.3rem}.full{background:var(--okbg);color:var(--ok)}"
	".some{background:var(--partbg);color:var(--part)}.none{background:var(--nobg);"
	"color:var(--no)}.fixed{color:var(--dim);font-style:italic}\n"
	".items{display:flex;flex-wrap:wrap;gap:.25rem;padding:.15rem 0 .3rem 1rem}"
	".items span{font-size:12px}\n"
	".near{color:var(--dim);padding-left:1rem;font-size:12px}\n"
	".key{display:flex;flex-wrap:wrap;gap:.4rem 1rem;margin:1rem 0}\n"
	"@media(max-width:44rem){summary{grid-template-columns:1fr}}\n";

static void put(struct buf *out, const char *text)
{
	quote_html(out, text, strlen(text));
}

static void put_bar(uint64_t part, uint64_t n, struct buf *out)
{
	buf_printf(out, "<div class=bar><i style=\"width:%.1f%%\"></i></div>",
		   cover_share(part, n));
}

static void put_card(const char *name, uint64_t part, uint64_t n, const char *what,
		     struct buf *out)
{
	if (n == 0)
		return;
	buf_printf(out, "<div class=card><small>%s</small><b>%.1f %%</b>", name,
		   cover_share(part, n));
	put_bar(part, n, out);
	buf_printf(out, "<small>%" PRIu64 " of %" PRIu64 " %s</small></div>\n", part, n, what);
}

static void put_cards(const struct coverage *c, struct buf *out)
{
	const struct cover_sum *s = c->sums;

	buf_str(out, "<div class=cards>\n");
	put_card("Predicates", s[COVER_PREDICATE].both, s[COVER_PREDICATE].n,
		 "were both true and false", out);
	put_card("Decisions", s[COVER_PREDICATE].decided, s[COVER_PREDICATE].n,
		 "predicates decided an outcome", out);
	put_card("Rules", s[COVER_RULE].is_true, s[COVER_RULE].n, "held in a test", out);
	put_card("List items", s[COVER_ITEM].is_true, s[COVER_ITEM].n, "were met", out);
	put_card("Macros", s[COVER_MACRO].both, s[COVER_MACRO].n, "were both true and false", out);
	put_card("Exceptions", s[COVER_EXCEPTION].decided, s[COVER_EXCEPTION].n,
		 "decided an outcome", out);
	buf_str(out, "</div>\n");
}

static const char *class_of(const struct cover_part *p)
{
	if (p->fixed)
		return "t fixed";
	if (p->hits.is[0] && p->hits.is[1])
		return p->hits.decided ? "t full" : "t some";
	return p->hits.decided ? "t some" : "t none";
}

static void put_count(const char *name, uint64_t n, struct buf *out)
{
	buf_printf(out, "<span%s>%s %" PRIu64 "</span>", n ? "" : " class=zero", name, n);
}

static void put_what(const struct cover_part *p, struct buf *out)
{
	static const char *const words[] = {
		[EXPLAIN_AND] = "and", [EXPLAIN_OR] = "or", [EXPLAIN_NOT] = "not",
		[EXPLAIN_PART] = "macro", [EXPLAIN_MACRO] = "macro", [EXPLAIN_CHECK] = "",
	};

	if (*words[p->kind])
		buf_printf(out, "<span class=op>%s</span> ", words[p->kind]);
	if (p->exception)
		buf_str(out, "<span class=op>exception</span> ");
	if (p->text) {
		buf_printf(out, "<span class=\"%s\">", class_of(p));
		put(out, p->text);
		buf_str(out, "</span>");
	}
}

static void put_items(const struct cover_part *p, struct buf *out)
{
	if (p->n_items == 0)
		return;
	buf_str(out, "<div class=items>");
	for (uint32_t i = 0; i < p->n_items && i < ITEMS_SHOWN; i++) {
		const struct cover_part_item *item = &p->items[i];

		buf_printf(out, "<span class=\"t %s\" title=\"", !item->hits.is[1] ? "none" :
			   item->hits.decided ? "full" : "some");
		if (item->list) {
			put(out, item->list);
			buf_str(out, ", ");
		}
		put(out, item->place.file);
		buf_printf(out, ":%u: met %" PRIu64 " times, decided %" PRIu64 "\">",
			   item->place.line, item->hits.is[1], item->hits.decided);
		put(out, item->text);
		buf_str(out, "</span>");
	}
	if (p->n_items > ITEMS_SHOWN)
		buf_printf(out, "<span>and %u more</span>", p->n_items - ITEMS_SHOWN);
	buf_str(out, "</div>");
}

static void put_near(const struct coverage *c, const struct cover_part *p, struct buf *out)
{
	const struct cover_near *near = &p->hits.near;

	if (cover_part_kind(p) < 0 || p->hits.decided || near->test >= c->n_tests)
		return;
	buf_str(out, "<div class=near>never decides; nearest: ");
	put(out, c->tests[near->test]);
	buf_printf(out, ", event %" PRIu64 "</div>", near->num);
}

static void put_part(const struct coverage *c, const struct cover_rule *r, uint32_t at,
		     struct buf *out)
{
	const struct cover_part *p = &r->v[at];

	buf_str(out, "<li><div class=row><span class=text title=\"");
	put(out, p->place.file);
	buf_printf(out, ":%u:%u\">", p->place.line, p->place.column);
	put_what(p, out);
	buf_str(out, "</span>");
	if (cover_part_kind(p) >= 0) {
		buf_str(out, "<span class=hits>");
		put_count("true", p->hits.is[1], out);
		put_count("false", p->hits.is[0], out);
		put_count("decides", p->hits.decided, out);
		buf_str(out, "</span>");
	} else if (p->fixed && p->text) {
		buf_str(out, "<span class=hits>cannot be otherwise</span>");
	}
	buf_str(out, "</div>");
	put_items(p, out);
	put_near(c, p, out);
	if (at + 1 < p->end) {
		buf_str(out, "<ul>");
		for (uint32_t k = at + 1; k < p->end; k = r->v[k].end)
			put_part(c, r, k, out);
		buf_str(out, "</ul>");
	}
	buf_str(out, "</li>\n");
}

static void put_rule(const struct coverage *c, const struct cover_rule *r, struct buf *out)
{
	const struct cover_hits *h = &r->v[0].hits;
	struct cover_sum sums[COVER__N];
	const struct cover_sum *s = &sums[COVER_PREDICATE];

	coverage_rule_sums(r, sums);
	buf_str(out, "<details><summary><span class=name>");
	put(out, r->name);
	if (r->step) {
		buf_str(out, ", step ");
		put(out, r->step);
	}
	buf_str(out, "<span class=\"place dim\">");
	put(out, r->place.file);
	buf_printf(out, ":%u</span></span><span class=\"t %s\">%s</span><span>", r->place.line,
		   h->is[1] ? "full" : "none", h->is[1] ? "held" : "never held");
	put_bar(s->both, s->n, out);
	buf_printf(out, "<small class=dim>%" PRIu64 " of %" PRIu64 " predicates, held on %" PRIu64
		   " of %" PRIu64 " events</small></span></summary>\n<div class=tree><ul>\n",
		   s->both, s->n, h->is[1], h->is[0] + h->is[1]);
	put_part(c, r, 0, out);
	buf_str(out, "</ul></div></details>\n");
}

static void put_key(const struct coverage *c, struct buf *out)
{
	buf_str(out, "<div class=key>"
		"<span><span class=\"t full\">both ways</span> and decided</span>"
		"<span><span class=\"t some\">partly</span> shown</span>"
		"<span><span class=\"t none\">not shown</span> by any test</span>"
		"<span><span class=\"t fixed\">fixed</span> cannot be otherwise, not counted</span>"
		"</div>\n");
	if (c->n_dropped)
		buf_printf(out, "<p class=dim>%" PRIu64 " events are not counted: too many "
			   "different ones.</p>\n", c->n_dropped);
}

void coverage_html(const struct coverage *c, struct buf *out)
{
	buf_str(out, "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
		"<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
		"<meta name=color-scheme content=\"light dark\">\n"
		"<title>Coverage of rules</title>\n<style>\n");
	buf_str(out, style);
	buf_printf(out, "</style>\n<h1>Coverage of rules</h1>\n<p class=dim>%u tests, %" PRIu64
		   " events, %zu conditions</p>\n", c->n_tests, c->n_events, c->n_rules);
	put_cards(c, out);
	put_key(c, out);
	for (size_t i = 0; i < c->n_rules; i++)
		put_rule(c, &c->rules[i], out);
	buf_str(out, "</html>\n");
}
