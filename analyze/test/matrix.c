/* SPDX-License-Identifier: Apache-2.0 */
/* Values are put into copies of the test's nodes, which keep their places: a mistake is shown
 * where it stands.  $${ is ${ itself. */
#include "analyze/test/matrix.h"

#include <string.h>

#include "capture/base/near.h"

enum { VARS_MAX = 16, DEPTH_MAX = 100 };

struct matrix {
	struct test_file *f;
	const char *names[VARS_MAX];
	const struct yaml *values[VARS_MAX];	/* of the copy at hand */
	unsigned n;
	bool named;			/* the name of the test says which one it is */
};

/* ---- putting in ---- */

static const struct yaml *value_of(struct matrix *m, const struct yaml *at, const char *name,
				   size_t len)
{
	struct near near;

	near_init(&near, name, len);
	for (unsigned i = 0; i < m->n; i++) {
		if (strlen(m->names[i]) == len && memcmp(m->names[i], name, len) == 0)
			return m->values[i];
		near_try(&near, m->names[i]);
	}
	test_file_say(m->f, at, "the matrix has no '%.*s'%s; $${ is ${ itself", (int)len, name,
		      near_text(&near));
	return NULL;
}

static bool put_in(struct matrix *m, struct yaml *n)
{
	const char *p = n->p, *end = n->p + n->len, *close;
	const struct yaml *v;
	struct buf out = {0};

	while (p < end) {
		if (end - p >= 3 && memcmp(p, "$${", 3) == 0) {
			buf_str(&out, "${");
			p += 3;
			continue;
		}
		close = end - p >= 2 && memcmp(p, "${", 2) == 0 ?
			memchr(p, '}', (size_t)(end - p)) : NULL;
		if (!close) {
			buf_byte(&out, (uint8_t)*p++);
			continue;
		}
		v = value_of(m, n, p + 2, (size_t)(close - p) - 2);
		if (!v || out.len + v->len > TEST_BYTES_MAX) {
			buf_release(&out);
			return false;
		}
		buf_put(&out, v->p, v->len);
		p = close + 1;
	}
	n->p = arena_strn(&m->f->arena, out.p, out.len);
	n->len = (uint32_t)out.len;
	buf_release(&out);
	return true;
}

static struct yaml *copy(struct matrix *m, const struct yaml *from, unsigned depth)
{
	struct yaml *n;

	if (!read_count(m->f, from))
		return NULL;
	if (depth > DEPTH_MAX) {
		test_file_say(m->f, from, "nested too deeply");
		return NULL;
	}
	n = arena_alloc(&m->f->arena, sizeof(*n));
	*n = *from;
	if (n->kind == YAML_SCALAR && memmem(n->p, n->len, "${", 2))
		return put_in(m, n) ? n : NULL;
	if (n->n == 0)
		return n;
	n->kids = arena_alloc(&m->f->arena, n->n * sizeof(struct yaml *));
	for (uint32_t i = 0; i < n->n; i++) {
		n->kids[i] = copy(m, from->kids[i], depth + 1);
		if (!n->kids[i])
			return NULL;
	}
	return n;
}

/* ---- a copy ---- */

/* "name (bash, root)" where the name says nothing of the values. */
static void tell_values(struct matrix *m, const struct yaml *test)
{
	struct yaml *name = (struct yaml *)(uintptr_t)yaml_get(test, "name");
	struct buf out = {0};

	if (m->named || !name || name->kind != YAML_SCALAR)
		return;
	buf_put(&out, name->p, name->len);
	for (unsigned i = 0; i < m->n; i++) {
		buf_str(&out, i ? ", " : " (");
		buf_put(&out, m->values[i]->p, m->values[i]->len);
	}
	buf_byte(&out, ')');
	name->p = arena_strn(&m->f->arena, out.p, out.len);
	name->len = (uint32_t)out.len;
	buf_release(&out);
}

/* Without its matrix. */
static const struct yaml *instance(struct matrix *m, const struct yaml *test)
{
	struct yaml bare = *test, *out;

	bare.n = 0;
	bare.kids = arena_alloc(&m->f->arena, test->n * sizeof(struct yaml *));
	for (uint32_t i = 0; i + 1 < test->n; i += 2) {
		if (read_is(test->kids[i], "matrix"))
			continue;
		bare.kids[bare.n++] = test->kids[i];
		bare.kids[bare.n++] = test->kids[i + 1];
	}
	out = copy(m, &bare, 0);
	if (out)
		tell_values(m, out);
	return out;
}

/* ---- all of them ---- */

static bool is_value(struct matrix *m, const struct yaml *v)
{
	if (v->kind == YAML_SCALAR)
		return true;
	test_file_say(m->f, v, "values of a matrix are texts and numbers");
	return false;
}

static bool take_name(struct matrix *m, const struct yaml *key)
{
	if (m->n == VARS_MAX) {
		test_file_say(m->f, key, "a matrix has at most %u names", VARS_MAX);
		return false;
	}
	return read_text(m->f, key, "a name of a matrix", &m->names[m->n++]);
}

/* {shell: [bash, zsh], user: [root, alice]}: each with each. */
static void each_product(struct matrix *m, const struct yaml *test, const struct yaml *map,
			 unsigned at, void (*each)(void *, const struct yaml *), void *arg)
{
	const struct yaml *list = at < m->n ? map->kids[2 * at + 1] : NULL, *one;

	if (at == m->n) {
		one = instance(m, test);
		if (one)
			each(arg, one);
		return;
	}
	for (uint32_t i = 0; i < list->n && m->f->n_errors == 0; i++) {
		m->values[at] = list->kids[i];
		each_product(m, test, map, at + 1, each, arg);
	}
}

static bool check_product(struct matrix *m, const struct yaml *map)
{
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct yaml *list = map->kids[i + 1];

		if (!take_name(m, map->kids[i]))
			return false;
		if (list->kind != YAML_SEQUENCE || list->n == 0) {
			test_file_say(m->f, list, "here stands a list of values");
			return false;
		}
		for (uint32_t k = 0; k < list->n; k++)
			if (!read_count(m->f, list) || !is_value(m, list->kids[k]))
				return false;
	}
	return true;
}

/* [{shell: bash, path: /bin/bash}, {shell: zsh, path: /usr/bin/zsh}]: these. */
static void each_row(struct matrix *m, const struct yaml *test, const struct yaml *rows,
		     void (*each)(void *, const struct yaml *), void *arg)
{
	for (uint32_t i = 0; i < rows->n && m->f->n_errors == 0; i++) {
		const struct yaml *row = rows->kids[i], *one;

		m->n = 0;
		if (row->kind != YAML_MAPPING || row->n == 0) {
			test_file_say(m->f, row, "here stands a map of names and values");
			return;
		}
		for (uint32_t k = 0; k + 1 < row->n; k += 2) {
			if (!read_count(m->f, row) || !take_name(m, row->kids[k]) ||
			    !is_value(m, row->kids[k + 1]))
				return;
			m->values[m->n - 1] = row->kids[k + 1];
		}
		one = instance(m, test);
		if (one)
			each(arg, one);
	}
}

void matrix_each(struct test_file *f, const struct yaml *test,
		 void (*each)(void *arg, const struct yaml *test), void *arg)
{
	const struct yaml *matrix = yaml_get(test, "matrix"), *name = yaml_get(test, "name");
	struct matrix m = { .f = f };

	if (!matrix) {
		each(arg, test);
		return;
	}
	m.named = name && name->kind == YAML_SCALAR && strstr(name->p, "${");
	if (matrix->kind == YAML_MAPPING && matrix->n > 0) {
		if (check_product(&m, matrix))
			each_product(&m, test, matrix, 0, each, arg);
	} else if (matrix->kind == YAML_SEQUENCE && matrix->n > 0) {
		each_row(&m, test, matrix, each, arg);
	} else {
		test_file_say(f, matrix, "a matrix is a map of lists of values, or a list of maps");
	}
}
