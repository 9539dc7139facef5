/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown as GitHub and GitLab read it.  Names of rules, paths and alerts are untrusted:
 * they stand in <code>, where nobody is mentioned and no issue is linked, and each character
 * that could mean something to Markdown or HTML is written as a number (&#42;), which by
 * CommonMark never has a structural meaning.  A pipe in a table is one of them. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/test/compare_print.h"
#include "capture/base/quote.h"

enum {
	NAME_MAX_LEN = 200, LINE_MAX_LEN = 1000,	/* bytes shown of a name, of an alert */
	TABLE_MAX = COMPARE_MARKDOWN_MAX / 3,
	TAIL_MAX = 400,			/* kept free for what is said of the rest */
};

struct page {
	struct buf *out;
	const struct compare *c;
	const struct compare_rule *rules;
	const struct compare_file *files;
	size_t n_rules, n_files;
};

/* What is left of a text that is cut after max bytes: whole characters. */
static size_t cut(const struct buf *text, size_t max)
{
	if (text->len <= max)
		return text->len;
	while (max > 0 && (text->p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void put_char(struct buf *out, uint8_t c)
{
	if (c >= 0x80 || isalnum(c) || c == ' ' || c == '/' || c == '-' || c == ',' || c == '=')
		buf_byte(out, c);
	else
		buf_printf(out, "&#%u;", c);
}

static void code(struct buf *out, const char *text, size_t max)
{
	struct buf plain = {0};
	size_t n;

	quote_terminal_buf(&plain, text, strlen(text));
	n = cut(&plain, max);
	buf_str(out, "<code>");
	for (size_t i = 0; i < n; i++)
		put_char(out, plain.p[i]);
	buf_str(out, n < plain.len ? "…</code>" : "</code>");
	buf_release(&plain);
}

static void name(struct page *p, const struct rule *r)
{
	code(p->out, r->name, NAME_MAX_LEN);
}

static void put_head(struct page *p)
{
	const struct compare_sum s = compare_sum(p->c);
	const struct compare_options *o = compare_options(p->c);
	uint64_t n[COMPARE_KINDS];

	memcpy(n, s.n, sizeof(n));
	n[COMPARE_CHANGED] += n[COMPARE_MOVED];
	n[COMPARE_MOVED] = 0;
	buf_str(p->out, "<!-- saker test --against -->\n### Detections: ");
	if (!compare_put_counts(p->out, n, 0))
		buf_str(p->out, "no alert differs");
	buf_str(p->out, "\n\n");
	code(p->out, o->old_name, NAME_MAX_LEN);
	buf_str(p->out, " → ");
	code(p->out, o->now_name, NAME_MAX_LEN);
	buf_printf(p->out, " over %zu recording%s, %" PRIu64 " events: %" PRIu64
		   " alerts before, %" PRIu64 " now.\n", p->n_files, p->n_files == 1 ? "" : "s",
		   s.n_events, s.before, s.after);
	if (s.n_lost > 0)
		buf_printf(p->out, "\n%" PRIu64 " events are missing in the recordings.\n",
			   s.n_lost);
}

static void put_status(struct page *p, const struct compare_rule *r)
{
	const unsigned what = r->what & ~(unsigned)COMPARE_NAME;

	if (!r->old || !r->now) {
		buf_str(p->out, r->old ? "**removed**" : "**added**");
		return;
	}
	if (compare_renamed(r)) {
		buf_str(p->out, "**renamed**, was ");
		name(p, r->old);
		buf_str(p->out, what ? "; " : "");
	}
	compare_put_what(p->out, what);
	if (what && r->before + r->after == 0)
		buf_str(p->out, " (no recording makes it fire)");
}

static void put_row(struct page *p, const struct compare_rule *r)
{
	buf_str(p->out, "| ");
	name(p, compare_rule_any(r));
	buf_str(p->out, " | ");
	put_status(p, r);
	buf_printf(p->out, " | %" PRIu64 " | %" PRIu64, r->before, r->after);
	for (unsigned k = 0; k < COMPARE_KINDS; k++) {
		const uint64_t n = k == COMPARE_MOVED ? r->n[k] + r->here : r->n[k];

		if (n > 0)
			buf_printf(p->out, " | %" PRIu64, n);
		else
			buf_str(p->out, " | ");
	}
	buf_str(p->out, " |\n");
}

static void put_table(struct page *p)
{
	const size_t begin = p->out->len;
	size_t n = 0, left = 0;

	buf_str(p->out, "\n| Rule | Its definition | Before | Now | Gained | Lost | Changed | "
		"Other rule |\n| --- | --- | --: | --: | --: | --: | --: | --: |\n");
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct compare_rule *r = &p->rules[i];
		const size_t at = p->out->len;

		if (r->old && r->now && !r->what && compare_rule_differs(r) == 0)
			continue;
		n++;
		put_row(p, r);
		if (p->out->len > TABLE_MAX) {
			p->out->len = at;
			left++;
		}
	}
	if (n == 0)
		p->out->len = begin;
	if (left > 0)
		buf_printf(p->out, "\nand %zu more rules.\n", left);
}

static void put_alert(struct page *p, const char *sign, const char *line)
{
	if (!line)
		return;
	buf_printf(p->out, "  <br>%s ", sign);
	code(p->out, line, LINE_MAX_LEN);
	buf_byte(p->out, '\n');
}

static void put_change(struct page *p, const struct compare_diff *d)
{
	struct buf text = {0};

	compare_put_change(&text, &p->rules[d->rule], d->what, "→");
	buf_str(p->out, ": ");
	code(p->out, buf_text(&text), NAME_MAX_LEN);
	buf_release(&text);
}

static void put_diff(struct page *p, const struct compare_diff *d)
{
	buf_printf(p->out, "- **%s** ", compare_kind_name[d->kind]);
	code(p->out, p->files[d->file].path, NAME_MAX_LEN);
	buf_printf(p->out, " event %" PRIu64, d->num);
	if (d->kind == COMPARE_CHANGED) {
		put_change(p, d);
	} else if (d->kind == COMPARE_MOVED) {
		buf_str(p->out, ": now ");
		name(p, p->rules[d->other].now);
	}
	buf_byte(p->out, '\n');
	put_alert(p, "−", compare_one_line(d) ? NULL : d->old);
	put_alert(p, compare_one_line(d) ? "" : "+", d->now);
}

/* What fits of a rule's examples; how many were put. */
static size_t put_examples(struct page *p, const struct compare_diff *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const size_t at = p->out->len;

		put_diff(p, &v[i]);
		if (p->out->len + TAIL_MAX > COMPARE_MARKDOWN_MAX) {
			p->out->len = at;
			return i;
		}
	}
	return n;
}

/* False: there was no room for any of it. */
static bool put_rule(struct page *p, uint32_t rule)
{
	const struct compare_rule *r = &p->rules[rule];
	const struct compare_diff *v;
	const size_t n = compare_diffs_of(p->c, rule, &v), begin = p->out->len;
	const uint64_t all = compare_rule_differs(r) - r->here;
	size_t put;

	if (n == 0)
		return true;
	buf_str(p->out, "\n<details><summary>");
	name(p, compare_rule_any(r));
	buf_str(p->out, ": ");
	compare_put_counts(p->out, r->n, r->here);
	buf_str(p->out, "</summary>\n\n");
	put = put_examples(p, v, n);
	if (put == 0) {
		p->out->len = begin;
		return false;
	}
	if (put < all)
		buf_printf(p->out, "- and %" PRIu64 " more\n", all - put);
	buf_str(p->out, "\n</details>\n");
	return true;
}

void compare_markdown(struct buf *out, const struct compare *c)
{
	struct buf own = {0};
	struct page p = { .out = &own, .c = c };
	size_t left = 0;

	p.rules = compare_rules(c, &p.n_rules);
	p.files = compare_files(c, &p.n_files);
	put_head(&p);
	put_table(&p);
	for (uint32_t i = 0; i < p.n_rules; i++)
		left += !put_rule(&p, i);
	if (left > 0)
		buf_printf(&own, "\nThere was no room for examples of %zu more rule%s.\n", left,
			   left == 1 ? "" : "s");
	buf_put(out, own.p, own.len);
	buf_release(&own);
}
