/* SPDX-License-Identifier: Apache-2.0 */
/* The Test Anything Protocol, for prove(1) and its like. */
#include <string.h>

#include "analyze/test/print.h"
#include "capture/base/quote.h"

/* A # begins a directive. */
static void put(struct buf *out, const char *text)
{
	struct buf safe = {0};

	quote_terminal_buf(&safe, text, strlen(text));
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.p[i] == '#')
			buf_byte(out, '\\');
		buf_byte(out, safe.p[i]);
	}
	buf_release(&safe);
}

static void put_comment(struct buf *out, const char *text)
{
	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		buf_str(out, "# ");
		quote_terminal_buf(out, text, (size_t)(end - text));
		buf_byte(out, '\n');
	}
}

static void put_case(struct buf *out, size_t num, const struct test_case *c,
		     const struct test_result *r)
{
	const bool ok = r->status == TEST_PASSED || r->status == TEST_SKIPPED;

	buf_printf(out, "%s %zu - ", ok ? "ok" : "not ok", num);
	put(out, c->file->path);
	buf_str(out, ": ");
	put(out, c->name);
	if (r->status == TEST_SKIPPED || r->status == TEST_TODO) {
		buf_str(out, r->status == TEST_TODO ? " # TODO " : " # SKIP ");
		put(out, test_print_reason(c, r));
	}
	buf_byte(out, '\n');
	for (size_t i = 0; i < r->n; i++) {
		put_comment(out, r->failures[i].text);
		put_comment(out, r->failures[i].detail);
	}
}

void test_print_tap(const struct test_print *p, struct buf *out)
{
	const struct test_suite *s = p->suite;
	size_t n = 0, wrong = 0;

	for (size_t i = 0; i < s->n_paths; i++)
		wrong += s->files[i]->n_errors > 0;
	buf_printf(out, "TAP version 13\n1..%zu\n", s->n_run + wrong);
	for (size_t i = 0; i < s->n_paths; i++) {
		struct test_file *f = s->files[i];

		if (f->n_errors == 0)
			continue;
		buf_printf(out, "not ok %zu - ", ++n);
		put(out, f->path);
		buf_str(out, " has mistakes\n");
		put_comment(out, buf_text(&f->errors));
	}
	for (size_t i = 0; i < s->n_run; i++)
		put_case(out, ++n, s->cases[i], &s->results[i]);
}
