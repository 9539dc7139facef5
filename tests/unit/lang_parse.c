/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions as text: what is accepted, how it prints, what is said about mistakes. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/lang/ast.h"
#include "rules/lang/cond.h"

static void canonical(const char *text, const char *want)
{
	struct arena a = {0};
	struct lang_text t;
	struct lang l;
	struct buf out = {0};
	struct ast *ast;

	lang_init(&l, &a);
	lang_text_init(&t, "filter", text, strlen(text));
	ast = ast_parse(&l, &t);
	if (!ast)
		fail_msg("%s: %s", text, l.message);
	ast_print(&out, ast, 1 << 20);
	assert_string_equal(buf_text(&out), want);
	buf_release(&out);
	arena_release(&a);
}

static void prints_canonical_text(void **unused)
{
	canonical("a.b=1", "a.b = 1");
	canonical("a.b==1", "a.b == 1");
	canonical("a.b=1 and c.d=2 and e.f=3", "(a.b = 1 and c.d = 2 and e.f = 3)");
	canonical("a.b=1 or c.d=2 and e.f=3", "(a.b = 1 or (c.d = 2 and e.f = 3))");
	canonical("(a.b=1 or c.d=2)and(e.f=3)", "((a.b = 1 or c.d = 2) and e.f = 3)");
	canonical("not a.b=1", "not a.b = 1");
	canonical("not not a.b=1", "a.b = 1");
	canonical("not(not(not a.b=1))", "not not not a.b = 1");
	canonical("m and not n", "(m and not n)");
	canonical("a.b in (x,\"y z\", 'q')", "a.b in (x, \"y z\", q)");
	canonical("a.b in ()", "a.b in ()");
	canonical("a.b in name", "a.b in name");
	canonical("a.b[x]=1", "a.b[x] = 1");
	canonical("a.b[\"\"] exists", "a.b[\"\"] exists");
	canonical("a.b existsand c.d exists", "(a.b exists and c.d exists)");
	canonical("a.b = oneof", "a.b = oneof");
	canonical("a.b = oneof (x)", "a.b = oneof (x)");
	canonical("a.b startswith anyof (x,y)", "a.b startswith anyof (x, y)");
	canonical("a.b = val( c.d )", "a.b = val(c.d)");
	canonical("join(\",\", (a.b, 'c', 1)) = x", "join(,,(a.b,c,1)) = x");
	canonical("a.b < 1e+3 and a.b >= -5", "(a.b < 1e+3 and a.b >= -5)");
}

static void undoes_escapes(void **unused)
{
	canonical("a.b = \"x\\ny\"", "a.b = \"x\\ny\"");
	canonical("a.b = \"x\\\"y\"", "a.b = \"x\\\"y\"");
	canonical("a.b = 'x\\'y'", "a.b = \"x'y\"");
	canonical("a.b = \"\\x41\\/\"", "a.b = A/");
}

/* What stands at the place, and what is said. */
static void refused(const char *text, unsigned line, unsigned column, const char *message)
{
	char want[64];

	if (cond_compile(text, strlen(text), "filter"))
		fail_msg("%s is accepted", text);
	snprintf(want, sizeof(want), "filter:%u:%u: ", line, column);
	assert_error_has(want);
	assert_error_has(message);
}

static void says_where_the_mistake_is(void **unused)
{
	refused("proc.name = a b", 1, 15, "unexpected token after 'a'");
	refused("proc.name", 1, 10, "expected a valid check operator");
	refused("proc.name =", 1, 12, "expected a string value");
	refused("proc.pid > x", 1, 12, "expected a number value");
	refused("proc.name in (a,)", 1, 17, "expected a string value");
	refused("proc.name in (a", 1, 16, "expected a ')' token");
	refused("(proc.name = a", 1, 15, "expected a ')' token");
	refused("proc.name = \"a", 1, 13, "no closing");
	refused("proc.name = \"a\\qb\"", 1, 15, "unsupported string escape sequence: \\q");
	refused("proc.aname[] = x", 1, 11, "expected a valid field argument");
	refused("evt.type = open and\n  proc.nme = x", 2, 3, "did you mean proc.name?");
	refused("evt.type = opne", 1, 12, "unknown event type opne");
	refused("m and n", 1, 1, "Undefined macro 'm'");
	refused("proc.pid = 1.5", 1, 12, "1.5 is not a valid number");
	refused("proc.pid contains 1", 1, 1, "'contains' operator not supported");
	refused("fd.sip = 1.2.3", 1, 10, "unrecognized IPv4 address");
	refused("fd.snet = 1.2.3.4/33", 1, 11, "invalid netmask 33");
	refused("fd.sport = httpx", 1, 12, "unrecognized protocol");
	refused("proc.name regex \"a(b\"", 1, 17, "missing ): a(b");
	refused("proc.name regex \"\\\\d\"", 1, 17, "invalid escape sequence: \\d");
	refused("proc.name regex \"(a)\\\\1\"", 1, 17, "invalid escape sequence: \\1");
	refused("proc.name regex \"(?=a)\"", 1, 17, "missing argument to repetition");
	refused("proc.name regex \"a{1001}\"", 1, 17, "invalid repetition size");
	refused("proc.name regex \"(a{100}){100}\"", 1, 17, "invalid repetition size");
	refused("len(proc.pid) = 1", 1, 1, "not supported by 'len'");
	refused("", 1, 1, "expected a '(' token, a field check, or an identifier");
}

static void shows_the_line_and_a_caret(void **unused)
{
	assert_null(cond_compile("proc.name = a and\nproc.pid = b", 30, "f.yaml"));
	assert_string_equal(err_text(), "f.yaml:2:12: b is not a valid number\n"
					"  proc.pid = b\n"
					"             ^");
}

/* Long lines are cut around the place. */
static void cuts_long_lines(void **unused)
{
	char text[600];

	memset(text, 'a', sizeof(text));
	memcpy(text, "proc.name = \"", 13);
	memcpy(text + 300, "\" x", 3);
	assert_null(cond_compile(text, sizeof(text), "f"));
	assert_error_has("f:1:303:");
	assert_true(strlen(err_text()) < 400);
}

static void nesting_is_bounded(void **unused)
{
	char text[4096] = "";

	for (int i = 0; i < 198; i++)
		strcat(text, "(");
	strcat(text, "evt.num=1");
	for (int i = 0; i < 198; i++)
		strcat(text, ")");
	cond_free(cond_compile(text, strlen(text), "filter"));
	memset(text, '(', sizeof(text));
	assert_null(cond_compile(text, sizeof(text), "filter"));
	assert_error_has("exceeded max depth");
}

static void constants_have_255_bytes_at_most(void **unused)
{
	char text[512];
	struct cond *c;

	for (size_t n = 255; n <= 256; n++) {
		memset(text, 'a', sizeof(text));
		memcpy(text, "proc.name = ", 12);
		c = cond_compile(text, 12 + n, "filter");
		assert_int_equal(c != NULL, n == 255);
		cond_free(c);
	}
	assert_error_has("filter parameter too long (used=257, available=256)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_canonical_text),
		cmocka_unit_test(undoes_escapes),
		cmocka_unit_test(says_where_the_mistake_is),
		cmocka_unit_test(shows_the_line_and_a_caret),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(constants_have_255_bytes_at_most),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
