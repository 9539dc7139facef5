/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/compare_print.h"

#include <inttypes.h>
#include <string.h>

#include "capture/base/quote.h"

void compare_put_what(struct buf *out, unsigned what)
{
	const char *sep = "";

	for (unsigned i = 0; i < COMPARE_WHATS; i++)
		if (what & 1u << i) {
			buf_printf(out, "%s%s", sep, compare_what_name[i]);
			sep = ", ";
		}
}

static bool has_tag(const struct rule *r, const char *tag)
{
	for (uint32_t i = 0; i < r->n_tags; i++)
		if (strcmp(r->tags[i], tag) == 0)
			return true;
	return false;
}

static void put_tags(struct buf *out, char sign, const struct rule *r, const struct rule *without)
{
	for (uint32_t i = 0; i < r->n_tags; i++)
		if (!has_tag(without, r->tags[i]))
			buf_printf(out, " %c%s", sign, r->tags[i]);
}

void compare_put_change(struct buf *out, const struct compare_rule *r, unsigned what,
			const char *arrow)
{
	const char *sep = "";

	if (what & COMPARE_PRIORITY) {
		buf_printf(out, "priority: %s %s %s", priority_name[r->old->priority], arrow,
			   priority_name[r->now->priority]);
		sep = "; ";
	}
	if (what & COMPARE_TAGS) {
		buf_printf(out, "%stags:", sep);
		put_tags(out, '+', r->now, r->old);
		put_tags(out, '-', r->old, r->now);
		sep = "; ";
	}
	if (what & COMPARE_OUTPUT)
		buf_printf(out, "%soutput", sep);
}

bool compare_put_counts(struct buf *out, const uint64_t n[COMPARE_KINDS], uint64_t here)
{
	const char *sep = "";

	for (unsigned k = 0; k < COMPARE_KINDS; k++)
		if (n[k] > 0) {
			buf_printf(out, "%s%" PRIu64 " %s", sep, n[k],
				   k == COMPARE_MOVED ? "to other rules" :
				   compare_kind_name[k]);
			sep = ", ";
		}
	if (here > 0) {
		buf_printf(out, "%s%" PRIu64 " from other rules", sep, here);
		sep = ", ";
	}
	return *sep != '\0';
}

size_t compare_diffs_of(const struct compare *c, uint32_t rule, const struct compare_diff **at)
{
	size_t n, from = 0, to;
	const struct compare_diff *v = compare_diffs(c, &n);

	while (from < n && v[from].rule < rule)
		from++;
	for (to = from; to < n && v[to].rule == rule;)
		to++;
	*at = v + from;
	return to - from;
}

uint64_t compare_rule_differs(const struct compare_rule *r)
{
	uint64_t n = r->here;

	for (unsigned k = 0; k < COMPARE_KINDS; k++)
		n += r->n[k];
	return n;
}

struct print {
	struct buf *out;
	const struct compare *c;
	const struct compare_rule *rules;
	const struct compare_file *files;
	size_t n_rules, n_files;
	bool color;
};

static void safe(struct print *p, const char *text)
{
	quote_terminal_buf(p->out, text, strlen(text));
}

static void paint(struct print *p, const char *how)
{
	if (p->color)
		buf_printf(p->out, "\033[%sm", how);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void put_head(struct print *p)
{
	const struct compare_sum s = compare_sum(p->c);
	const struct compare_options *o = compare_options(p->c);

	safe(p, o->old_name);
	buf_str(p->out, " -> ");
	safe(p, o->now_name);
	buf_printf(p->out, ", over %zu recording%s (%" PRIu64 " events)\n", p->n_files,
		   plural(p->n_files), s.n_events);
	buf_printf(p->out, "alerts: %" PRIu64 " before, %" PRIu64 " now; %" PRIu64 " gained, %"
		   PRIu64 " lost, %" PRIu64 " changed, %" PRIu64 " of another rule\n", s.before,
		   s.after, s.n[COMPARE_GAINED], s.n[COMPARE_LOST], s.n[COMPARE_CHANGED],
		   s.n[COMPARE_MOVED]);
	if (s.n_lost > 0)
		buf_printf(p->out, "%" PRIu64 " events are missing in the recordings\n",
			   s.n_lost);
}

static void put_edited(struct print *p, const struct compare_rule *r)
{
	const unsigned what = r->what & ~(unsigned)COMPARE_NAME;

	if (!what)
		return;
	buf_str(p->out, "  edited   ");
	safe(p, r->now->name);
	buf_str(p->out, ": ");
	compare_put_what(p->out, what);
	if (r->before + r->after == 0)
		buf_str(p->out, " (no recording makes it fire)");
	else if (compare_rule_differs(r) == 0)
		buf_str(p->out, " (its alerts are the same)");
	buf_byte(p->out, '\n');
}

static void put_rules(struct print *p)
{
	const size_t begin = p->out->len;

	buf_str(p->out, "\nrules\n");
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct compare_rule *r = &p->rules[i];

		if (!r->old || !r->now) {
			buf_str(p->out, r->old ? "  removed  " : "  added    ");
			safe(p, compare_rule_any(r)->name);
			buf_byte(p->out, '\n');
		} else if (compare_renamed(r)) {
			buf_str(p->out, "  renamed  ");
			safe(p, r->old->name);
			buf_str(p->out, " -> ");
			safe(p, r->now->name);
			buf_byte(p->out, '\n');
		}
		put_edited(p, r);
	}
	if (p->out->len == begin + strlen("\nrules\n"))
		p->out->len = begin;
}

static void put_alert(struct print *p, char sign, const char *line)
{
	if (!line)
		return;
	if (sign != ' ')
		paint(p, sign == '+' ? "32" : "31");
	buf_printf(p->out, "      %c ", sign);
	safe(p, line);
	if (sign != ' ')
		paint(p, "0");
	buf_byte(p->out, '\n');
}

static void put_change(struct print *p, const struct compare_diff *d)
{
	struct buf text = {0};

	compare_put_change(&text, &p->rules[d->rule], d->what, "->");
	buf_str(p->out, ": ");
	safe(p, buf_text(&text));
	buf_release(&text);
}

static void put_diff(struct print *p, const struct compare_diff *d)
{
	buf_printf(p->out, "  %s: ", compare_kind_name[d->kind]);
	safe(p, p->files[d->file].path);
	buf_printf(p->out, ", event %" PRIu64, d->num);
	if (d->kind == COMPARE_CHANGED) {
		put_change(p, d);
	} else if (d->kind == COMPARE_MOVED) {
		buf_str(p->out, ": now ");
		safe(p, p->rules[d->other].now->name);
	}
	buf_byte(p->out, '\n');
	if (compare_one_line(d)) {
		put_alert(p, ' ', d->now);
		return;
	}
	put_alert(p, '-', d->old);
	put_alert(p, '+', d->now);
}

static void put_rule(struct print *p, uint32_t rule)
{
	const struct compare_rule *r = &p->rules[rule];
	const struct compare_diff *v;
	const size_t n = compare_diffs_of(p->c, rule, &v);
	const uint64_t all = compare_rule_differs(r) - r->here;

	if (compare_rule_differs(r) == 0)
		return;
	buf_byte(p->out, '\n');
	paint(p, "1");
	safe(p, compare_rule_any(r)->name);
	paint(p, "0");
	buf_printf(p->out, ": %" PRIu64 " before, %" PRIu64 " now: ", r->before, r->after);
	compare_put_counts(p->out, r->n, r->here);
	buf_byte(p->out, '\n');
	for (size_t i = 0; i < n; i++)
		put_diff(p, &v[i]);
	if (all > n)
		buf_printf(p->out, "  and %" PRIu64 " more\n", all - n);
}

void compare_text(struct buf *out, const struct compare *c, bool color)
{
	struct print p = { .out = out, .c = c, .color = color };

	p.rules = compare_rules(c, &p.n_rules);
	p.files = compare_files(c, &p.n_files);
	put_head(&p);
	put_rules(&p);
	for (uint32_t i = 0; i < p.n_rules; i++)
		put_rule(&p, i);
}
