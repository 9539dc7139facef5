/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML as Jenkins and GitLab read it: a suite for each test file.  How long tests took is
 * not said, so that the output is the same on each run. */
#include <string.h>

#include "analyze/test/print.h"

struct numbers {
	size_t tests, failures, errors, skipped;
};

static void count(struct numbers *n, enum test_status s)
{
	n->tests++;
	n->failures += s == TEST_FAILED || s == TEST_TODO_PASSED;
	n->errors += s == TEST_BROKEN;
	n->skipped += s == TEST_SKIPPED || s == TEST_TODO;
}

static void put_numbers(struct buf *out, const struct numbers *n)
{
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
		   n->tests, n->failures, n->errors, n->skipped);
}

static void put_attribute(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, " %s=\"", key);
	test_print_xml(out, value);
	buf_byte(out, '"');
}

static void put_failures(struct buf *out, const struct test_result *r)
{
	const char *tag = r->status == TEST_BROKEN ? "error" : "failure";

	if (r->status == TEST_PASSED || r->status == TEST_SKIPPED || r->status == TEST_TODO)
		return;
	buf_printf(out, "      <%s", tag);
	put_attribute(out, "message", r->n ? r->failures[0].text : "");
	put_attribute(out, "type", test_status_name[r->status]);
	buf_byte(out, '>');
	for (size_t i = 0; i < r->n; i++) {
		test_print_xml(out, r->failures[i].text);
		buf_byte(out, '\n');
		test_print_xml(out, r->failures[i].detail);
	}
	buf_printf(out, "</%s>\n", tag);
}

static void put_case(struct buf *out, const struct test_case *c, const struct test_result *r)
{
	buf_str(out, "    <testcase");
	put_attribute(out, "name", c->name);
	put_attribute(out, "classname", c->file->path);
	put_attribute(out, "file", c->file->path);
	buf_printf(out, " line=\"%u\"", test_line(c->node));
	if (r->status == TEST_PASSED) {
		buf_str(out, "/>\n");
		return;
	}
	buf_str(out, ">\n");
	if (r->status == TEST_SKIPPED || r->status == TEST_TODO) {
		buf_str(out, "      <skipped");
		put_attribute(out, "message", test_print_reason(c, r));
		buf_str(out, "/>\n");
	}
	put_failures(out, r);
	buf_str(out, "    </testcase>\n");
}

static void put_mistakes(struct buf *out, struct test_file *f)
{
	buf_str(out, "    <testcase name=\"the file\"");
	put_attribute(out, "classname", f->path);
	put_attribute(out, "file", f->path);
	buf_str(out, ">\n      <error message=\"the test file has mistakes\" type=\"mistakes\">");
	test_print_xml(out, buf_text(&f->errors));
	buf_str(out, "</error>\n    </testcase>\n");
}

/* The cases of a file stand together. */
static void put_file(const struct test_suite *s, struct buf *out, struct test_file *f, size_t *at)
{
	struct numbers n = { .tests = f->n_errors > 0, .errors = f->n_errors > 0 };
	size_t end = *at;

	for (; end < s->n_run && s->cases[end]->file == f; end++)
		count(&n, s->results[end].status);
	if (n.tests == 0)
		return;
	buf_str(out, "  <testsuite");
	put_attribute(out, "name", f->path);
	put_numbers(out, &n);
	if (f->n_errors > 0)
		put_mistakes(out, f);
	for (; *at < end; ++*at)
		put_case(out, s->cases[*at], &s->results[*at]);
	buf_str(out, "  </testsuite>\n");
}

void test_print_junit(const struct test_print *p, struct buf *out)
{
	const struct test_suite *s = p->suite;
	struct numbers all = {0};
	size_t at = 0;

	for (size_t i = 0; i < s->n_run; i++)
		count(&all, s->results[i].status);
	for (size_t i = 0; i < s->n_paths; i++) {
		all.tests += s->files[i]->n_errors > 0;
		all.errors += s->files[i]->n_errors > 0;
	}
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"saker test\"");
	put_numbers(out, &all);
	for (size_t i = 0; i < s->n_paths; i++)
		put_file(s, out, s->files[i], &at);
	buf_str(out, "</testsuites>\n");
}
