/* SPDX-License-Identifier: Apache-2.0 */
/* Commands by which a step of GitHub Actions marks lines of files. */
#include <string.h>

#include "analyze/test/print.h"
#include "capture/base/quote.h"

/* As the runner unescapes: in values of properties also colons and commas. */
static void put(struct buf *out, const char *text, bool property)
{
	struct buf safe = {0};

	for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		quote_terminal_buf(&safe, p, (size_t)(end - p));
		if (*end)
			buf_byte(&safe, '\n');
	}
	for (size_t i = 0; i < safe.len; i++) {
		const uint8_t c = safe.p[i];

		if (c == '%' || c == '\n' || (property && (c == ':' || c == ',')))
			buf_printf(out, "%%%02X", c);
		else
			buf_byte(out, c);
	}
	buf_release(&safe);
}

static void put_error(struct buf *out, const char *file, unsigned line, unsigned column,
		      const char *title)
{
	buf_str(out, "::error file=");
	put(out, file, true);
	buf_printf(out, ",line=%u,col=%u,title=", line ? line : 1, column ? column : 1);
	put(out, title, true);
	buf_str(out, "::");
}

static void put_case(struct buf *out, const struct test_case *c, const struct test_result *r)
{
	if (r->status == TEST_TODO)
		return;
	for (size_t i = 0; i < r->n; i++) {
		const struct test_failure *f = &r->failures[i];
		const struct yaml *at = f->node ? f->node : c->node;

		put_error(out, c->file->path, test_line(at), at->column + 1, c->name);
		put(out, f->text, false);
		put(out, "\n", false);
		put(out, f->detail, false);
		buf_byte(out, '\n');
	}
}

void test_print_github(const struct test_print *p, struct buf *out)
{
	const struct test_suite *s = p->suite;

	for (size_t i = 0; i < s->n_paths; i++)
		for (size_t k = 0; k < s->files[i]->n_mistakes; k++) {
			const struct test_mistake *m = &s->files[i]->mistakes[k];

			put_error(out, s->files[i]->path, m->line, m->column, "test file");
			put(out, m->text, false);
			buf_byte(out, '\n');
		}
	for (size_t i = 0; i < s->n_run; i++)
		put_case(out, s->cases[i], &s->results[i]);
	if (s->n_cases == 0)		/* what is wrong was told */
		return;
	test_print_summary(s, out);
	buf_byte(out, '\n');
}
