/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "capture/base/quote.h"
#include "rules/lang/lang.h"

static void put_place(struct test_file *f, const struct yaml *at)
{
	struct lang_text text;
	struct lang_place where = {0};
	struct buf line = {0};

	lang_text_init(&text, f->path, f->yaml.text, f->yaml.len);
	lang_locate(&text, at->off, &where);
	lang_snippet(&line, &where);
	for (size_t i = 0, end; i < line.len; i = end + 1) {
		const uint8_t *nl = memchr(line.p + i, '\n', line.len - i);

		end = nl ? (size_t)(nl - line.p) : line.len;
		quote_terminal_buf(&f->errors, line.p + i, end - i);
		buf_byte(&f->errors, '\n');
	}
	buf_release(&line);
}

void test_file_say(struct test_file *f, const struct yaml *at, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (f->n_errors++ >= TEST_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->mistakes = mem_grow(f->mistakes, &f->mistakes_cap, f->n_mistakes + 1,
			       sizeof(*f->mistakes));
	f->mistakes[f->n_mistakes++] = (struct test_mistake){ .line = at ? at->line + 1 : 0,
		.column = at ? at->column + 1 : 0, .text = arena_str(&f->arena, text) };
	quote_terminal_buf(&f->errors, f->path, strlen(f->path));
	if (at)
		buf_printf(&f->errors, ":%u:%u", at->line + 1, at->column + 1);
	buf_str(&f->errors, ": error: ");
	quote_terminal_buf(&f->errors, text, strlen(text));
	buf_byte(&f->errors, '\n');
	if (at && f->yaml.text)
		put_place(f, at);
}

bool read_count(struct test_file *f, const struct yaml *node)
{
	const bool fits = f->n_items < TEST_ITEMS_MAX && f->arena.used < TEST_MEMORY_MAX;

	if (f->n_errors > TEST_ERRORS_MAX)
		return false;
	f->n_items++;
	if (!fits && !f->too_large)
		test_file_say(f, node, "the file says too much: divide it");
	f->too_large |= !fits;
	return fits;
}

bool read_is(const struct yaml *node, const char *text)
{
	return node->kind == YAML_SCALAR && strlen(text) == node->len &&
	       memcmp(node->p, text, node->len) == 0;
}

static bool key_known(struct test_file *f, const struct yaml *key, const char *what,
		      const char *const *known)
{
	struct near near;

	if (key->kind != YAML_SCALAR) {
		test_file_say(f, key, "keys of %s are texts", what);
		return false;
	}
	near_init(&near, key->p, key->len);
	for (; *known; known++) {
		if (read_is(key, *known))
			return true;
		near_try(&near, *known);
	}
	test_file_say(f, key, "%s has no '%s'%s", what, key->p, near_text(&near));
	return false;
}

bool read_map(struct test_file *f, const struct yaml *node, const char *what,
	      const char *const *known)
{
	bool ok = true;

	if (node->kind != YAML_MAPPING) {
		test_file_say(f, node, "%s is a map of keys and values", what);
		return false;
	}
	for (uint32_t i = 0; i + 1 < node->n; i += 2) {
		const struct yaml *key = node->kids[i];

		if (!read_count(f, key))
			return false;
		if (!key_known(f, key, what, known)) {
			ok = false;
		} else if (yaml_get(node, key->p) != node->kids[i + 1]) {
			test_file_say(f, key, "'%s' stands here twice", key->p);
			ok = false;
		}
	}
	return ok;
}

bool read_text(struct test_file *f, const struct yaml *node, const char *what,
	       const char **out)
{
	if (node->kind != YAML_SCALAR || node->len == 0) {
		test_file_say(f, node, "%s is a text", what);
		return false;
	}
	if (strlen(node->p) != node->len) {
		test_file_say(f, node, "%s has a NUL in it", what);
		return false;
	}
	*out = node->p;
	return true;
}

bool read_number(struct test_file *f, const struct yaml *node, const char *what, uint64_t *out)
{
	char *end = NULL;

	errno = 0;
	if (node->kind == YAML_SCALAR && node->len > 0 && node->p[0] >= '0' && node->p[0] <= '9')
		*out = strtoull(node->p, &end, 0);
	if (end && !*end && !errno && end == node->p + node->len)
		return true;
	test_file_say(f, node, "%s is a number", what);
	return false;
}

bool read_bool(struct test_file *f, const struct yaml *node, const char *what, bool *out)
{
	*out = read_is(node, "true");
	if (*out || read_is(node, "false"))
		return true;
	test_file_say(f, node, "%s is true or false", what);
	return false;
}

bool read_texts(struct test_file *f, const struct yaml *node, const char *what,
		const char ***out, uint32_t *n)
{
	const uint32_t max = node->kind == YAML_SEQUENCE ? node->n : 1;
	const char **v = arena_alloc(&f->arena, (max + 1) * sizeof(*v));

	for (uint32_t i = 0; i < max; i++) {
		const struct yaml *one = node->kind == YAML_SEQUENCE ? node->kids[i] : node;

		if (!read_count(f, one) || !read_text(f, one, what, &v[i]))
			return false;
	}
	*out = v;
	*n = max;
	return true;
}

/* A path that is written in the file, from where the program stands. */
static const char *from_here(struct test_file *f, const char *path)
{
	const char *slash = strrchr(f->path, '/');
	size_t dir = slash ? (size_t)(slash - f->path) + 1 : 0;

	if (*path == '/' || dir == 0)
		return path;
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	/* Shorter is kinder to those who read it: a/b/../c is a/c. */
	while (dir >= 2 && strncmp(path, "../", 3) == 0) {
		size_t up = dir - 1;

		while (up > 0 && f->path[up - 1] != '/')
			up--;
		if (f->path[up] == '.')
			break;
		dir = up;
		path += 3;
	}
	return arena_printf(&f->arena, "%.*s%s", (int)dir, f->path, path);
}

bool read_paths(struct test_file *f, const struct yaml *node, const char *what,
		const char ***out, uint32_t *n)
{
	if (!read_texts(f, node, what, out, n))
		return false;
	for (uint32_t i = 0; i < *n; i++)
		(*out)[i] = from_here(f, (*out)[i]);
	return true;
}

bool read_priority(struct test_file *f, const struct yaml *node, int *out)
{
	const int p = node->kind == YAML_SCALAR ? priority_parse(node->p) : -1;

	if (p < 0)
		test_file_say(f, node, "priority is one of emergency, alert, critical, error, "
			      "warning, notice, informational, debug");
	else
		*out = p;
	return p >= 0;
}
