/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/author.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"

/* ---- values ---- */

/* Words that YAML, or the reader of tests, takes for something else than a text. */
static bool is_word_of_yaml(const char *s)
{
	static const char *const words[] = { "true", "false", "null", "yes", "no", "on", "off",
		"y", "n" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return false;
}

/* It means the same without quotes, also within [ ] and { }. */
static bool is_plain(const char *s)
{
	const size_t n = strlen(s);

	if (n == 0 || s[n - 1] == ' ' || is_word_of_yaml(s) ||
	    !(isalnum((unsigned char)s[0]) || strchr("/._", s[0])))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("/._-+=@()$^;~ ", s[i]))
			return false;
	return true;
}

void author_value(struct buf *out, const char *text)
{
	const size_t len = strlen(text);

	if (is_plain(text)) {
		buf_str(out, text);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0, n; i < len; i += n) {
		const unsigned char *p = (const unsigned char *)text + i;
		uint32_t c;

		n = utf8_sequence(p, len - i);
		c = n ? utf8_decode(p, n) : 0xfffd;
		n = n ? n : 1;
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_str(out, "\\n");
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else if (c > 0xffff || (c > 0x7f && utf8_deceives(c)))
			buf_printf(out, "\\U%08x", c);
		else
			buf_put(out, p, n);
	}
	buf_byte(out, '"');
}

void author_expectation(struct buf *out, unsigned column, const struct found_group *g)
{
	bool any = false;

	buf_printf(out, "%*s- rule: ", (int)column, "");
	author_value(out, g->rule->name);
	buf_printf(out, "\n%*scount: %" PRIu64 "\n", (int)column + 2, "", g->n);
	for (unsigned i = 0; i < g->fields->n; i++) {
		if (!g->values[i])
			continue;
		if (!any)
			buf_printf(out, "%*sfields:\n", (int)column + 2, "");
		any = true;
		buf_printf(out, "%*s%s: ", (int)column + 4, "", g->fields->ref[i].text);
		author_value(out, g->values[i]);
		buf_byte(out, '\n');
	}
}

void author_expectations(struct buf *out, unsigned column, const struct found *f)
{
	for (size_t i = 0; i < f->n; i++)
		author_expectation(out, column, &f->v[i]);
}

/* ---- paths ---- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xmemdup0(path, slash == path ? 1 : (size_t)(slash - path))
		: xstrdup(".");
}

/* to, as it is called in the folder of from; both exist, but for the file from. */
static void put_relative(struct buf *out, const char *from, const char *to)
{
	char *dir = folder_of(from), a[PATH_MAX], b[PATH_MAX];
	size_t same = 0;
	struct buf path = {0};

	if (!realpath(dir, a) || !realpath(to, b)) {
		author_value(out, to);
		free(dir);
		return;
	}
	free(dir);
	if (strcmp(a, "/") == 0)
		*a = '\0';
	for (size_t i = 0; ; i++) {
		if ((a[i] == '/' || !a[i]) && (b[i] == '/' || !b[i]))
			same = i;
		if (a[i] != b[i] || !a[i])
			break;
	}
	for (const char *p = a + same; *p; p++)
		if (*p == '/')
			buf_str(&path, "../");
	buf_str(&path, b[same] ? b + same + 1 : ".");
	author_value(out, buf_text(&path));
	buf_release(&path);
}

static void put_rules(struct buf *out, const struct author_test *t, const char *path)
{
	buf_str(out, "rules: [");
	for (size_t i = 0; i < t->n_rules; i++) {
		buf_str(out, i ? ", " : "");
		put_relative(out, path, t->rules[i]);
	}
	buf_str(out, "]\n");
}

/* ---- tests ---- */

/* Values have no line breaks of their own. */
static void put_indented(struct buf *out, int column, const char *text)
{
	for (const char *end; *text; text = end) {
		end = strchr(text, '\n');
		end = end ? end + 1 : text + strlen(text);
		buf_printf(out, "%*s%.*s", column, "", (int)(end - text), text);
	}
}

static void put_test(struct buf *out, const struct author_test *t, const char *path,
		     unsigned column, bool own_rules)
{
	const int key = (int)column + 2;

	buf_printf(out, "%*s- name: ", (int)column, "");
	author_value(out, t->name);
	buf_byte(out, '\n');
	if (own_rules) {
		buf_printf(out, "%*s", key, "");
		put_rules(out, t, path);
	}
	buf_printf(out, "%*srecording: ", key, "");
	put_relative(out, path, t->recording);
	if (!*t->expect) {
		buf_printf(out, "\n%*sexpect: none\n", key, "");
		return;
	}
	buf_printf(out, "\n%*sexpect:\n", key, "");
	put_indented(out, key + 2, t->expect);
	buf_printf(out, "%*selse: none\n", key, "");
}

/* Are the rules of the file's cases those of the new test? */
static bool has_same_rules(const struct test_file *f, const struct author_test *t)
{
	const struct yaml *top = f->yaml.docs[0];
	const struct test_rules *r = f->n ? f->cases[0].rules : NULL;

	if (!yaml_get(top, "rules") || !r || r->n != t->n_rules)
		return false;
	for (uint32_t i = 0; i < r->n; i++) {
		char a[PATH_MAX], b[PATH_MAX];

		if (r->nodes[i]->off < top->off || !realpath(r->paths[i], a) ||
		    !realpath(t->rules[i], b) || strcmp(a, b) != 0)
			return false;
	}
	return true;
}

/* Where an item can be added to the list, and in which column its dash stands. */
static int find_place(const struct test_file *f, const struct yaml *list, size_t *at,
		      unsigned *column)
{
	const char *const text = f->yaml.text;
	const struct yaml *first = list->kind == YAML_SEQUENCE && list->n ? list->kids[0] : NULL;
	size_t dash;

	if (!first || text[list->off] == '[')
		return err(ERR_USAGE, "%s: its tests are not a list with a line for each item; "
			   "nothing can be added to it", f->path);
	dash = author_line(text, first->off);
	while (text[dash] == ' ')
		dash++;
	if (text[dash] != '-')
		return err(ERR_USAGE, "%s: its layout is not understood; nothing can be added",
			   f->path);
	*column = (unsigned)(dash - author_line(text, first->off));
	*at = author_line_end(text, f->yaml.len, author_end(list));
	return 0;
}

static int add_to(const struct test_file *f, const struct author_test *t, const char *path,
		  struct buf *out)
{
	const char *const text = f->yaml.text;
	unsigned column = 0;
	size_t at = 0;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->cases[i].name, t->name) == 0)
			return err(ERR_USAGE, "%s has a test of the name '%s'", f->path, t->name);
	if (find_place(f, yaml_get(f->yaml.docs[0], "tests"), &at, &column) < 0)
		return -ERR_USAGE;
	buf_put(out, text, at);
	if (at > 0 && text[at - 1] != '\n')
		buf_byte(out, '\n');
	put_test(out, t, path, column, !has_same_rules(f, t));
	buf_put(out, text + at, f->yaml.len - at);
	return 0;
}

int author_add(const struct author_test *t, const char *path, const char *text, size_t len,
	       struct buf *out)
{
	struct test_file *f;
	int rc;

	if (!text || len == 0) {
		put_rules(out, t, path);
		buf_str(out, "tests:\n");
		put_test(out, t, path, 2, false);
		return 0;
	}
	f = test_file_text(path, text, len);
	rc = f->n_errors ? err(ERR_USAGE, "%s: it has errors, which saker test tells", path)
		: add_to(f, t, path, out);
	test_file_free(f);
	return rc;
}
