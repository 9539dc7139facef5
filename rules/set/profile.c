/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of what a run of rules cost. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/quote.h"
#include "rules/set/items.h"

enum { PREDS_SHOWN = 40, TEXT_SHOWN = 60 };

struct ruleset_profile *ruleset_profile_new(const struct ruleset *rs)
{
	struct ruleset_profile *p = xcalloc(1, sizeof(*p));

	profile_init(&p->p, &rs->engine);
	return p;
}

void ruleset_profile_free(struct ruleset_profile *p)
{
	if (!p)
		return;
	profile_release(&p->p);
	free(p);
}

/* ---- order ---- */

struct ranked {
	uint32_t id;
	double ns;
};

/* The dearest first; equal ones as they were defined. */
static int order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static struct ranked *rank_rules(const struct ruleset *rs, const struct profile *p, size_t *n)
{
	struct ranked *v = xcalloc(p->e->n_roots + 1, sizeof(*v));

	*n = 0;
	for (uint32_t i = 0; i < p->e->n_roots; i++)
		if (rs->by_engine[i] && rs->by_engine[i]->rule.enabled &&
		    !rs->by_engine[i]->correlate)
			v[(*n)++] = (struct ranked){ i, (double)p->rules[i].ns };
	qsort(v, *n, sizeof(*v), order);
	return v;
}

static struct ranked *rank_preds(const struct profile *p, size_t *n)
{
	struct ranked *v = xcalloc(p->e->pred_names.n + 1, sizeof(*v));

	*n = 0;
	for (uint32_t i = 0; i < p->e->pred_names.n; i++)
		if (p->preds[i].asked)
			v[(*n)++] = (struct ranked){ i, (double)p->preds[i].asked *
						     profile_pred_ns(&p->preds[i]) };
	qsort(v, *n, sizeof(*v), order);
	return v;
}

/* ---- sums ---- */

struct sums {
	uint64_t pairs, offered, run, held, ns, asked;
};

static void sum_up(const struct profile *p, const struct ranked *rules, size_t n_rules,
		   uint64_t n_events, struct sums *s)
{
	*s = (struct sums){ .pairs = n_events * n_rules, .ns = p->keys_ns };
	for (size_t i = 0; i < n_rules; i++) {
		const struct profile_rule *r = &p->rules[rules[i].id];

		s->offered += r->offered;
		s->run += r->run;
		s->held += r->held;
		s->ns += r->ns;
	}
	for (size_t i = 0; i < p->e->pred_names.n; i++)
		s->asked += p->preds[i].asked;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static double each(uint64_t ns, uint64_t n)
{
	return n ? (double)ns / (double)n : 0;
}

/* ---- text ---- */

static void put_short(struct buf *out, const char *text)
{
	const size_t n = strlen(text);

	quote_terminal_buf(out, text, n < TEXT_SHOWN ? n : TEXT_SHOWN);
	buf_str(out, n > TEXT_SHOWN ? "...\n" : "\n");
}

static void text_rules(const struct ruleset *rs, const struct profile *p,
		       const struct ranked *v, size_t n, struct buf *out)
{
	buf_str(out, "      ms    ns each    of its types   run  matched  rule\n");
	for (size_t i = 0; i < n; i++) {
		const struct profile_rule *r = &p->rules[v[i].id];

		buf_printf(out, "%8.1f %10.1f %15" PRIu64 " %4.0f%% %8" PRIu64 "  ",
			   (double)r->ns / 1e6, each(r->ns, r->run), r->offered,
			   share(r->run, r->offered), r->held);
		put_short(out, rs->by_engine[v[i].id]->rule.name);
	}
}

static void text_preds(const struct profile *p, const struct ranked *v, size_t n,
		       struct buf *out)
{
	buf_str(out, "\n      ms    ns each           asked  held  predicate\n");
	for (size_t i = 0; i < n && i < PREDS_SHOWN; i++) {
		const struct profile_pred *r = &p->preds[v[i].id];

		buf_printf(out, "%8.1f %10.1f %15" PRIu64 " %4.0f%%  ", v[i].ns / 1e6,
			   profile_pred_ns(r), r->asked, share(r->held, r->asked));
		put_short(out, p->e->preds[v[i].id].text);
	}
	if (n > PREDS_SHOWN)
		buf_printf(out, "%zu more predicates; --json shows all\n", n - PREDS_SHOWN);
}

static void text_sums(const struct profile *p, const struct sums *s, uint64_t n_events,
		      size_t n_rules, struct buf *out)
{
	buf_printf(out, "\n%" PRIu64 " events, %zu rules: %" PRIu64 " conditions could have been "
		   "run\n", n_events, n_rules, s->pairs);
	buf_printf(out, "  %6.2f%% spared by the type of the event\n",
		   share(s->pairs - s->offered, s->pairs));
	buf_printf(out, "  %6.2f%% spared by keys: one answer for many rules (%.1f ms)\n",
		   share(s->offered - s->run, s->pairs), (double)p->keys_ns / 1e6);
	buf_printf(out, "  %6.2f%% run, %" PRIu64 " matched\n", share(s->run, s->pairs), s->held);
	buf_printf(out, "%.2f predicates and %.1f ns for each event of a type that rules look "
		   "at\n", each(s->asked, p->events), each(s->ns, p->events));
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, text, strlen(text));
	buf_byte(out, '"');
}

static void json_rules(const struct ruleset *rs, const struct profile *p,
		       const struct ranked *v, size_t n, struct buf *out)
{
	buf_str(out, "\"rules\":[");
	for (size_t i = 0; i < n; i++) {
		const struct profile_rule *r = &p->rules[v[i].id];

		buf_str(out, i ? ",{" : "{");
		json_text(out, "rule", rs->by_engine[v[i].id]->rule.name);
		buf_printf(out, ",\"offered\":%" PRIu64 ",\"evaluations\":%" PRIu64 ",\"matches\":%"
			   PRIu64 ",\"ns\":%" PRIu64 "}", r->offered, r->run, r->held, r->ns);
	}
	buf_byte(out, ']');
}

static void json_preds(const struct profile *p, const struct ranked *v, size_t n,
		       struct buf *out)
{
	buf_str(out, ",\"predicates\":[");
	for (size_t i = 0; i < n; i++) {
		const struct profile_pred *r = &p->preds[v[i].id];

		buf_str(out, i ? ",{" : "{");
		json_text(out, "predicate", p->e->preds[v[i].id].text);
		buf_printf(out, ",\"evaluations\":%" PRIu64 ",\"matches\":%" PRIu64
			   ",\"ns_each\":%.1f,\"ns\":%.0f}", r->asked, r->held, profile_pred_ns(r),
			   v[i].ns);
	}
	buf_byte(out, ']');
}

static void json_sums(const struct profile *p, const struct sums *s, uint64_t n_events,
		      struct buf *out)
{
	buf_printf(out, ",\"events\":%" PRIu64 ",\"conditions\":%" PRIu64 ",\"spared_by_type\":%"
		   PRIu64 ",\"spared_by_keys\":%" PRIu64 ",\"run\":%" PRIu64 ",\"keys_ns\":%"
		   PRIu64, n_events, s->pairs, s->pairs - s->offered, s->offered - s->run, s->run,
		   p->keys_ns);
}

void ruleset_profile_print(const struct ruleset *rs, const struct ruleset_profile *profile,
			   uint64_t n_events, bool json, struct buf *out)
{
	const struct profile *p = &profile->p;
	size_t n_rules, n_preds;
	struct ranked *rules = rank_rules(rs, p, &n_rules), *preds = rank_preds(p, &n_preds);
	struct sums s;

	sum_up(p, rules, n_rules, n_events, &s);
	if (json) {
		buf_byte(out, '{');
		json_rules(rs, p, rules, n_rules, out);
		json_preds(p, preds, n_preds, out);
		json_sums(p, &s, n_events, out);
		buf_str(out, "}\n");
	} else {
		text_rules(rs, p, rules, n_rules, out);
		text_preds(p, preds, n_preds, out);
		text_sums(p, &s, n_events, n_rules, out);
	}
	free(rules);
	free(preds);
}
