/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "analyze/test/mutate.h"
#include "capture/base/quote.h"

static void put(struct buf *out, const char *text)
{
	quote_terminal_buf(out, text, strlen(text));
}

static void put_test(const struct mutate_report *r, uint32_t test, struct buf *out)
{
	put(out, r->suite->cases[test]->name);
}

/* Why nobody noticed. */
static void put_why(const struct mutate_report *r, const struct mutate_one *o, struct buf *out)
{
	const struct mutant *m = o->mutant;

	if (m->gained || m->lost) {
		buf_printf(out, "    rules then hold on %" PRIu64 " event%s more and %" PRIu64
			   " fewer, which no test minds; first in: ", m->gained,
			   m->gained == 1 ? "" : "s", m->lost);
		put_test(r, o->test, out);
		buf_printf(out, ", event %" PRIu64 "\n", m->near.num);
	} else if (o->test < r->suite->n_cases) {
		buf_str(out, "    no test has such an event; nearest: ");
		put_test(r, o->test, out);
		buf_printf(out, ", event %" PRIu64 "\n", m->near.num);
	} else {
		buf_str(out, "    no test has an event of a type that matters\n");
	}
}

/* Items that go without a trace, side by side in one list or line, are told together. */
static bool is_plain_item(const struct mutate_one *o)
{
	return o->fate == MUTATE_SURVIVED && o->mutant->kind == MUTANT_DROP_ITEM &&
	       !o->mutant->gained && !o->mutant->lost;
}

static bool same_list(const struct mutant *a, const struct mutant *b)
{
	if (a->kind != MUTANT_DROP_ITEM || b->kind != MUTANT_DROP_ITEM ||
	    strcmp(a->place.file, b->place.file) != 0 || !a->owner != !b->owner)
		return false;
	return a->owner ? strcmp(a->owner, b->owner) == 0 : a->place.line == b->place.line;
}

static void put_place(const struct mutant *m, struct buf *out)
{
	put(out, m->place.file);
	buf_printf(out, ":%u:%u: ", m->place.line, m->place.column);
	if (m->owner)
		buf_str(out, m->kind == MUTANT_DROP_ITEM ? "list " : "macro ");
	put(out, m->owner ? m->owner : m->rule);
}

/* Returns how many were told. */
static size_t put_items(const struct mutate_report *r, size_t at, struct buf *out)
{
	const struct mutant *first = r->v[at].mutant;
	size_t n = 0, end = at;

	for (; end < r->n && same_list(first, r->v[end].mutant); end++)
		n += is_plain_item(&r->v[end]);
	put_place(first, out);
	buf_printf(out, ": no test needs %zu item%s:", n, n == 1 ? "" : "s");
	for (size_t i = at; i < end; i++)
		if (is_plain_item(&r->v[i])) {
			buf_byte(out, ' ');
			put(out, r->v[i].mutant->text);
		}
	buf_byte(out, '\n');
	return end - at;
}

static void put_survivor(const struct mutate_report *r, const struct mutate_one *o,
			 struct buf *out)
{
	const struct mutant *m = o->mutant;

	put_place(m, out);
	buf_printf(out, ": %s: ", mutant_kind_name[m->kind]);
	put(out, m->text);
	buf_byte(out, '\n');
	put_why(r, o, out);
}

void mutate_text(const struct mutate_report *r, struct buf *out)
{
	size_t told = 0;		/* items up to here */

	for (size_t i = 0; i < r->n; i++) {
		if (is_plain_item(&r->v[i]) && i >= told)
			told = i + put_items(r, i, out);
		else if (r->v[i].fate == MUTATE_SURVIVED && !is_plain_item(&r->v[i]))
			put_survivor(r, &r->v[i], out);
	}
	buf_printf(out, "mutants: %.1f%% noticed (%" PRIu64 " of %" PRIu64 "), %" PRIu64
		   " survived", mutate_score(r), r->n_noticed, r->n_noticed + r->n_survived,
		   r->n_survived);
	if (r->n_noticed + r->n_survived + r->n_refused < r->n_all)
		buf_printf(out, "; %" PRIu64 " of %" PRIu64 " were tried",
			   r->n_noticed + r->n_survived + r->n_refused, r->n_all);
	if (r->n_refused)
		buf_printf(out, "; %" PRIu64 " cannot be compiled", r->n_refused);
	buf_byte(out, '\n');
}

static void json_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, ",\"%s\":\"", key);
	quote_json(out, text, strlen(text));
	buf_byte(out, '"');
}

static void json_one(const struct mutate_report *r, const struct mutate_one *o, struct buf *out)
{
	static const char *const fates[] = {
		[MUTATE_NOTICED] = "noticed", [MUTATE_SURVIVED] = "survived",
		[MUTATE_REFUSED] = "refused",
	};
	const struct mutant *m = o->mutant;

	buf_printf(out, "{\"fate\":\"%s\",\"change\":\"%s\"", fates[o->fate],
		   mutant_kind_name[m->kind]);
	json_text(out, "text", m->text);
	json_text(out, "rule", m->rule);
	if (m->owner)
		json_text(out, m->kind == MUTANT_DROP_ITEM ? "list" : "macro", m->owner);
	json_text(out, "file", m->place.file);
	buf_printf(out, ",\"line\":%u,\"column\":%u,\"gained\":%" PRIu64 ",\"lost\":%" PRIu64
		   ",\"tests_run\":%u", m->place.line, m->place.column, m->gained, m->lost,
		   o->n_run);
	if (o->test < r->suite->n_cases) {
		json_text(out, o->fate == MUTATE_NOTICED ? "noticed_by" : "nearest",
			  r->suite->cases[o->test]->name);
		if (o->fate == MUTATE_SURVIVED)
			buf_printf(out, ",\"event\":%" PRIu64, m->near.num);
	}
	buf_byte(out, '}');
}

void mutate_json(const struct mutate_report *r, struct buf *out)
{
	bool any = false;

	buf_printf(out, "{\"score\":%.2f,\"mutants\":%" PRIu64 ",\"noticed\":%" PRIu64
		   ",\"survived\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"all\":[", mutate_score(r),
		   r->n_all, r->n_noticed, r->n_survived, r->n_refused);
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].fate == MUTATE_UNTRIED)
			continue;
		buf_str(out, any ? ",\n" : "\n");
		json_one(r, &r->v[i], out);
		any = true;
	}
	buf_str(out, "\n]}\n");
}
