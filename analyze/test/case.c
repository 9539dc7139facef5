/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/test/matrix.h"
#include "analyze/test/reader.h"
#include "capture/base/err.h"
#include "rules/lang/intern.h"

/* What stands at the top of a file and holds for each case that says nothing else. */
struct defaults {
	struct test_rules rules;
	struct test_rest rest;
	const char **tags;
	uint32_t n_tags;
};

/* ---- rules and options ---- */

static bool read_options(struct test_file *f, const struct yaml *map, struct test_rules *r)
{
	static const char *const known[] = { "enable", "disable", "tags", "rule-matching",
		"priority", "strict-falco", NULL };
	const struct yaml *v;

	if (!read_map(f, map, "options", known))
		return false;
	if (((v = yaml_get(map, "enable")) &&
	     !read_texts(f, v, "the name of a rule", &r->enable, &r->n_enable)) ||
	    ((v = yaml_get(map, "disable")) &&
	     !read_texts(f, v, "the name of a rule", &r->disable, &r->n_disable)) ||
	    ((v = yaml_get(map, "tags")) &&
	     !read_texts(f, v, "a tag", &r->tags, &r->n_tags)) ||
	    ((v = yaml_get(map, "strict-falco")) &&
	     !read_bool(f, v, "strict-falco", &r->strict)))
		return false;
	v = yaml_get(map, "rule-matching");
	r->all = v ? read_is(v, "all") : r->all;
	if (v && !r->all && !read_is(v, "first")) {
		test_file_say(f, v, "rule-matching is first or all");
		return false;
	}
	v = yaml_get(map, "priority");
	return !v || read_priority(f, v, &r->priority);
}

static bool read_rules(struct test_file *f, const struct yaml *map, struct test_rules *r)
{
	const struct yaml *rules = yaml_get(map, "rules"), *options = yaml_get(map, "options");

	if (rules) {
		if (!read_paths(f, rules, "a rule file", &r->paths, &r->n))
			return false;
		r->nodes = arena_alloc(&f->arena, (r->n + 1) * sizeof(const struct yaml *));
		for (uint32_t i = 0; i < r->n; i++)
			r->nodes[i] = rules->kind == YAML_SEQUENCE ? rules->kids[i] : rules;
	}
	return !options || read_options(f, options, r);
}

/* ---- cases ---- */

static bool read_reason(struct test_file *f, const struct yaml *node, const char *what,
			const char **out)
{
	if (read_is(node, "false"))
		return true;
	if (read_is(node, "true")) {
		*out = "";
		return true;
	}
	return read_text(f, node, what, out);
}

static void read_source(struct test_file *f, const struct yaml *node, struct test_case *c)
{
	const struct yaml *recording = yaml_get(node, "recording");
	const struct yaml *events = yaml_get(node, "events");
	const char **paths;
	uint32_t n;

	if (!recording == !events) {
		test_file_say(f, node, "a test has either a recording or events");
		return;
	}
	if (events) {
		read_events(f, c, events);
		return;
	}
	c->recording_node = recording;
	if (recording->kind != YAML_SCALAR) {
		test_file_say(f, recording, "recording is the path of one recording");
		return;
	}
	if (read_paths(f, recording, "the path of a recording", &paths, &n))
		c->recording = paths[0];
}

static void read_case(struct test_file *f, const struct yaml *node, const struct defaults *d,
		      struct test_case *c)
{
	static const char *const known[] = { "name", "recording", "events", "expect", "else",
		"rules", "options", "tags", "skip", "todo", NULL };
	const struct yaml *v;
	struct test_rules *rules;

	*c = (struct test_case){ .file = f, .name = "", .node = node, .rest = d->rest,
		.tags = d->tags, .n_tags = d->n_tags };
	if (!read_count(f, node))
		return;
	read_map(f, node, "a test", known);
	if (node->kind != YAML_MAPPING)
		return;
	rules = arena_alloc(&f->arena, sizeof(*rules));
	*rules = d->rules;
	c->rules = rules;
	v = yaml_get(node, "name");
	if (!v) {
		test_file_say(f, node, "a test has a name");
		return;
	}
	read_text(f, v, "name", &c->name);
	read_rules(f, node, rules);
	read_source(f, node, c);
	if ((v = yaml_get(node, "expect")))
		read_expect(f, c, v);
	else
		test_file_say(f, node, "what is expected of this test? expect: none, or a list");
	if ((v = yaml_get(node, "else")))
		read_rest(f, v, &c->rest);
	if ((v = yaml_get(node, "tags")))
		read_texts(f, v, "a tag", &c->tags, &c->n_tags);
	if ((v = yaml_get(node, "skip")))
		read_reason(f, v, "skip", &c->skip);
	if ((v = yaml_get(node, "todo")))
		read_reason(f, v, "todo", &c->todo);
}

struct cases {
	struct test_file *f;
	const struct defaults *d;
};

static void add_case(void *arg, const struct yaml *node)
{
	const struct cases *a = arg;
	struct test_file *f = a->f;

	if (f->n == TEST_CASES_MAX) {
		test_file_say(f, node, "a test file has at most %u tests", TEST_CASES_MAX);
		return;
	}
	f->cases = mem_grow(f->cases, &f->cap, f->n + 1, sizeof(*f->cases));
	read_case(f, node, a->d, &f->cases[f->n++]);
}

static void read_cases(struct test_file *f, const struct yaml *list, const struct defaults *d)
{
	struct cases all = { f, d };

	if (list->kind != YAML_SEQUENCE) {
		test_file_say(f, list, "tests is a list of tests");
		return;
	}
	for (uint32_t i = 0; i < list->n && !f->too_large && f->n_errors <= TEST_ERRORS_MAX; i++)
		matrix_each(f, list->kids[i], add_case, &all);
}

static void check_names(struct test_file *f)
{
	struct intern names;
	bool is_new;

	intern_init(&names, &f->arena);
	for (size_t i = 0; i < f->n; i++) {
		const char *name = f->cases[i].name;

		intern_add(&names, name, strlen(name), &is_new);
		if (!is_new && *name)
			test_file_say(f, f->cases[i].node, "another test has this name: '%s'",
				      name);
	}
	intern_release(&names);
}

static void read_top(struct test_file *f, const struct yaml *top)
{
	static const char *const known[] = { "rules", "options", "else", "tags", "tests", NULL };
	struct defaults d = { .rules = { .priority = PRIORITY_DEBUG } };
	const struct yaml *v;

	if (!read_map(f, top, "a test file", known) || !read_rules(f, top, &d.rules))
		return;
	if ((v = yaml_get(top, "else")) && !read_rest(f, v, &d.rest))
		return;
	if ((v = yaml_get(top, "tags")) && !read_texts(f, v, "a tag", &d.tags, &d.n_tags))
		return;
	v = yaml_get(top, "tests");
	if (!v)
		test_file_say(f, top, "a test file has tests");
	else
		read_cases(f, v, &d);
	check_names(f);
}

/* ---- files ---- */

static void parse(struct test_file *f)
{
	struct yaml at = {0};

	if (!yaml_load(&f->yaml, &f->arena)) {
		at = (struct yaml){ .line = f->yaml.error_line, .column = f->yaml.error_column,
			.off = f->yaml.error_off };
		test_file_say(f, &at, "%s", f->yaml.error);
	} else if (f->yaml.n_docs != 1) {
		test_file_say(f, f->yaml.n_docs ? f->yaml.docs[1] : NULL,
			      "a test file is one document");
	} else {
		read_top(f, f->yaml.docs[0]);
	}
}

struct test_file *test_file_text(const char *path, const char *text, size_t len)
{
	struct test_file *f = xcalloc(1, sizeof(*f));

	f->path = arena_str(&f->arena, path);
	if (len > TEST_BYTES_MAX) {
		test_file_say(f, NULL, "a test file has at most %u MiB", TEST_BYTES_MAX >> 20);
		return f;
	}
	f->yaml = (struct yaml_file){ .name = f->path, .text = arena_strn(&f->arena, text, len),
		.len = len };
	parse(f);
	return f;
}

/* Negative: errno. */
static int read_all(const char *path, struct buf *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		close(fd);
		return -1;
	}
	do {
		n = read(fd, buf_room(out, 1 << 16), 1 << 16);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && out->len <= TEST_BYTES_MAX);
	close(fd);
	return n < 0 ? -1 : 0;
}

struct test_file *test_file_new(const char *path)
{
	struct buf text = {0};
	struct test_file *f;

	if (read_all(path, &text) < 0) {
		f = xcalloc(1, sizeof(*f));
		f->path = arena_str(&f->arena, path);
		test_file_say(f, NULL, "%s", strerror(errno));
	} else {
		f = test_file_text(path, (const char *)text.p, text.len);
	}
	buf_release(&text);
	return f;
}

void test_file_free(struct test_file *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		test_events_free(f->cases[i].events);
	free(f->cases);
	free(f->mistakes);
	buf_release(&f->errors);
	arena_release(&f->arena);
	free(f);
}
