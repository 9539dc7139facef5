/* SPDX-License-Identifier: Apache-2.0 */
/* What the forms have in common. */
#include "analyze/test/print.h"

#include <ctype.h>
#include <string.h>

#include "capture/base/quote.h"

test_printer *test_printer_named(const char *name)
{
	static const struct {
		const char *name;
		test_printer *print;
	} forms[] = {
		{ "people", test_print_people }, { "text", test_print_people },
		{ "tap", test_print_tap }, { "junit", test_print_junit },
		{ "sarif", test_print_sarif }, { "json", test_print_json },
		{ "github", test_print_github },
	};

	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].name, name) == 0)
			return forms[i].print;
	return NULL;
}

void test_print_summary(const struct test_suite *s, struct buf *out)
{
	const struct test_counts c = test_suite_counts(s);

	buf_printf(out, "%zu test%s: %zu passed", s->n_run, s->n_run == 1 ? "" : "s",
		   c.n[TEST_PASSED]);
	for (enum test_status i = TEST_FAILED; i < TEST__N; i++)
		if (c.n[i])
			buf_printf(out, ", %zu %s", c.n[i], test_status_name[i]);
	if (s->n_run < s->n_cases)
		buf_printf(out, "; %zu not run", s->n_cases - s->n_run);
}

const char *test_print_reason(const struct test_case *c, const struct test_result *r)
{
	return r->status == TEST_SKIPPED ? c->skip : r->status == TEST_TODO ? c->todo : "";
}

void test_print_xml(struct buf *out, const char *text)
{
	struct buf safe = {0};

	/* Control characters cannot stand in XML, not even as references. */
	for (const char *p = text, *end; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		quote_terminal_buf(&safe, p, (size_t)(end - p));
		if (*end)
			buf_byte(&safe, '\n');
	}
	for (size_t i = 0; i < safe.len; i++)
		switch (safe.p[i]) {
		case '&': buf_str(out, "&amp;"); break;
		case '<': buf_str(out, "&lt;"); break;
		case '>': buf_str(out, "&gt;"); break;
		case '"': buf_str(out, "&quot;"); break;
		default: buf_byte(out, safe.p[i]);
		}
	buf_release(&safe);
}

void test_print_member(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, value, strlen(value));
	buf_byte(out, '"');
}

void test_print_uri(struct buf *out, const char *path)
{
	if (*path == '/')
		buf_str(out, "file://");
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	for (; *path; path++)
		if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
			buf_byte(out, (uint8_t)*path);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
}
