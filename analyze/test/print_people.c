/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "analyze/test/print.h"
#include "capture/base/quote.h"

enum color { PLAIN, BOLD, RED, GREEN, YELLOW };

static void put(const struct test_print *p, struct buf *out, enum color c, const char *text)
{
	static const char *const codes[] = { "", "\033[1m", "\033[1;31m", "\033[32m", "\033[33m" };

	buf_str(out, p->color ? codes[c] : "");
	quote_terminal_buf(out, text, strlen(text));
	buf_str(out, p->color && c != PLAIN ? "\033[0m" : "");
}

static void put_head(const struct test_print *p, struct buf *out, const struct test_case *c,
		     const struct test_result *r)
{
	static const struct {
		const char *word;
		enum color color;
	} heads[TEST__N] = {
		[TEST_PASSED] = { "ok  ", GREEN }, [TEST_FAILED] = { "FAIL", RED },
		[TEST_SKIPPED] = { "skip", YELLOW }, [TEST_TODO] = { "todo", YELLOW },
		[TEST_TODO_PASSED] = { "FAIL", RED }, [TEST_BROKEN] = { "FAIL", RED },
	};
	const char *reason = test_print_reason(c, r);

	put(p, out, heads[r->status].color, heads[r->status].word);
	buf_str(out, "  ");
	put(p, out, PLAIN, c->file->path);
	buf_printf(out, ":%u: ", test_line(c->node));
	put(p, out, BOLD, c->name);
	if (*reason) {
		buf_str(out, " (");
		put(p, out, PLAIN, reason);
		buf_byte(out, ')');
	}
	buf_byte(out, '\n');
}

static void put_failure(const struct test_print *p, struct buf *out, const struct test_case *c,
			const struct test_failure *f)
{
	buf_str(out, "  ");
	put(p, out, PLAIN, f->text);
	if (f->node)
		buf_printf(out, "  [line %u]", test_line(f->node));
	buf_byte(out, '\n');
	buf_str(out, f->detail);
}

static void put_case(const struct test_print *p, struct buf *out, size_t i)
{
	const struct test_case *c = p->suite->cases[i];
	const struct test_result *r = &p->suite->results[i];

	if (r->status == TEST_PASSED && !p->all)
		return;
	put_head(p, out, c, r);
	if (r->status == TEST_TODO && !p->all)
		return;
	for (size_t k = 0; k < r->n; k++)
		put_failure(p, out, c, &r->failures[k]);
	if (r->n > 0)
		buf_byte(out, '\n');
}

void test_print_people(const struct test_print *p, struct buf *out)
{
	for (size_t i = 0; i < p->suite->n_run; i++)
		put_case(p, out, i);
	if (p->suite->n_cases == 0)	/* what is wrong was told */
		return;
	test_print_summary(p->suite, out);
	buf_byte(out, '\n');
}
