/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object; saker-test(1) describes it. */
#include <inttypes.h>
#include <string.h>

#include "analyze/test/print.h"
#include "capture/base/quote.h"

static void put_failure(struct buf *out, const struct test_failure *f)
{
	buf_byte(out, '{');
	test_print_member(out, "message", f->text);
	buf_byte(out, ',');
	if (f->rule) {
		test_print_member(out, "rule", f->rule->name);
		buf_byte(out, ',');
	}
	if (f->node)
		buf_printf(out, "\"line\":%u,\"column\":%u,", test_line(f->node),
			   f->node->column + 1);
	test_print_member(out, "detail", f->detail);
	buf_byte(out, '}');
}

static void put_case(struct buf *out, const struct test_case *c, const struct test_result *r)
{
	buf_byte(out, '{');
	test_print_member(out, "file", c->file->path);
	buf_printf(out, ",\"line\":%u,", test_line(c->node));
	test_print_member(out, "name", c->name);
	buf_str(out, ",\"tags\":[");
	for (uint32_t i = 0; i < c->n_tags; i++) {
		buf_str(out, i ? ",\"" : "\"");
		quote_json(out, c->tags[i], strlen(c->tags[i]));
		buf_byte(out, '"');
	}
	buf_str(out, "],");
	test_print_member(out, "status", test_status_name[r->status]);
	if (*test_print_reason(c, r)) {
		buf_byte(out, ',');
		test_print_member(out, "reason", test_print_reason(c, r));
	}
	if (c->recording) {
		buf_byte(out, ',');
		test_print_member(out, "recording", c->recording);
	}
	buf_printf(out, ",\"alerts\":%" PRIu64 ",\"failures\":[", r->n_alerts);
	for (size_t i = 0; i < r->n; i++) {
		buf_str(out, i ? "," : "");
		put_failure(out, &r->failures[i]);
	}
	buf_str(out, "]}");
}

static void put_mistakes(struct buf *out, const struct test_suite *s)
{
	const char *sep = "\n";

	for (size_t i = 0; i < s->n_paths; i++)
		for (size_t k = 0; k < s->files[i]->n_mistakes; k++) {
			const struct test_mistake *m = &s->files[i]->mistakes[k];

			buf_str(out, sep);
			buf_byte(out, '{');
			test_print_member(out, "file", s->files[i]->path);
			buf_printf(out, ",\"line\":%u,\"column\":%u,", m->line, m->column);
			test_print_member(out, "message", m->text);
			buf_byte(out, '}');
			sep = ",\n";
		}
}

void test_print_json(const struct test_print *p, struct buf *out)
{
	const struct test_suite *s = p->suite;
	const struct test_counts c = test_suite_counts(s);

	buf_str(out, "{\"tests\":[");
	for (size_t i = 0; i < s->n_run; i++) {
		buf_str(out, i ? ",\n" : "\n");
		put_case(out, s->cases[i], &s->results[i]);
	}
	buf_str(out, "],\n\"mistakes\":[");
	put_mistakes(out, s);
	buf_printf(out, "],\n\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu,\"todo\":%zu,"
		   "\"todo_passed\":%zu,\"broken\":%zu}\n", c.n[TEST_PASSED], c.n[TEST_FAILED],
		   c.n[TEST_SKIPPED], c.n[TEST_TODO], c.n[TEST_TODO_PASSED], c.n[TEST_BROKEN]);
}
