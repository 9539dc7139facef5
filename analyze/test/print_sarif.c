/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0, as GitHub's code scanning wants it: a result for each failure, at its place in the
 * test file, with the rule beside it. */
#include <string.h>

#include "analyze/test/print.h"

static const struct {
	const char *id, *text;
} kinds[] = {
	{ "test-failed", "a test of rules failed" },
	{ "known-miss-gone", "a known miss is none any more" },
	{ "test-broken", "a test of rules could not be run" },
	{ "test-file", "a test file has mistakes" },
};

static void put_kind(struct buf *out, unsigned i)
{
	buf_str(out, i ? ",\n{" : "\n{");
	test_print_member(out, "id", kinds[i].id);
	buf_str(out, ",\"shortDescription\":{");
	test_print_member(out, "text", kinds[i].text);
	buf_str(out, "},\"defaultConfiguration\":{\"level\":\"error\"}}");
}

static void put_place(struct buf *out, const char *path, unsigned line, unsigned column)
{
	buf_str(out, "\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
	test_print_uri(out, path);
	buf_printf(out, "\"},\"region\":{\"startLine\":%u,\"startColumn\":%u}}", line ? line : 1,
		   column ? column : 1);
}

static void put_result(struct buf *out, bool *first, unsigned kind, const char *text)
{
	buf_str(out, *first ? "\n{" : ",\n{");
	*first = false;
	test_print_member(out, "ruleId", kinds[kind].id);
	buf_printf(out, ",\"ruleIndex\":%u,\"level\":\"error\",\"message\":{", kind);
	test_print_member(out, "text", text);
	buf_str(out, "},\"locations\":[{");
}

static void put_failure(struct buf *out, bool *first, unsigned kind, const struct test_case *c,
			const struct test_failure *f)
{
	const struct yaml *at = f->node ? f->node : c->node;
	struct buf text = {0};

	buf_printf(&text, "%s: %s\n%s", c->name, f->text, f->detail);
	put_result(out, first, kind, buf_text(&text));
	put_place(out, c->file->path, test_line(at), at->column + 1);
	buf_str(out, ",\"logicalLocations\":[{");
	test_print_member(out, "fullyQualifiedName", c->name);
	buf_str(out, "}]}]");
	if (f->rule) {
		buf_str(out, ",\"relatedLocations\":[{");
		put_place(out, f->rule->file, f->rule->line, 1);
		buf_str(out, ",\"message\":{");
		test_print_member(out, "text", f->rule->name);
		buf_str(out, "}}]");
	}
	buf_byte(out, '}');
	buf_release(&text);
}

static void put_results(struct buf *out, const struct test_suite *s)
{
	bool first = true;

	for (size_t i = 0; i < s->n_paths; i++)
		for (size_t k = 0; k < s->files[i]->n_mistakes; k++) {
			const struct test_mistake *m = &s->files[i]->mistakes[k];

			put_result(out, &first, 3, m->text);
			put_place(out, s->files[i]->path, m->line, m->column);
			buf_str(out, "}]}");
		}
	for (size_t i = 0; i < s->n_run; i++) {
		const struct test_result *r = &s->results[i];
		const unsigned kind = r->status == TEST_BROKEN ? 2 :
			r->status == TEST_TODO_PASSED ? 1 : 0;

		if (r->status == TEST_TODO)
			continue;
		for (size_t k = 0; k < r->n; k++)
			put_failure(out, &first, kind, s->cases[i], &r->failures[k]);
	}
}

void test_print_sarif(const struct test_print *p, struct buf *out)
{
	buf_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		"\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"saker test\","
		"\"version\":\"" SAKER_VERSION "\",\"semanticVersion\":\"" SAKER_VERSION "\","
		"\"rules\":[");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		put_kind(out, i);
	buf_str(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
	put_results(out, p->suite);
	buf_str(out, "]}]}\n");
}
