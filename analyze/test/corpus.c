/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/corpus.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/base/err.h"

static bool ends(const char *text, const char *with)
{
	const size_t n = strlen(text), m = strlen(with);

	return n > m && strcmp(text + n - m, with) == 0;
}

static bool is_recording(const char *name)
{
	return *name != '.' &&
	       (ends(name, ".skr") || ends(name, ".scap") || ends(name, ".scap.gz"));
}

static bool is_tests(const char *name)
{
	return ends(name, ".test.yaml") || ends(name, ".test.yml");
}

/* A file that is not there is one of its own: opening it will tell. */
static bool is_new(const struct corpus *c, const struct corpus_id *id)
{
	for (size_t i = 0; id->ino != 0 && i < c->n; i++)
		if (c->ids[i].ino == id->ino && c->ids[i].dev == id->dev)
			return false;
	return true;
}

static void add_recording(struct corpus *c, const char *path)
{
	struct corpus_id id = {0};
	struct stat st;

	if (stat(path, &st) == 0)
		id = (struct corpus_id){ st.st_dev, st.st_ino };
	if (!is_new(c, &id))
		return;
	c->paths = mem_grow(c->paths, &c->cap, c->n + 1, sizeof(*c->paths));
	c->ids = xrealloc(c->ids, c->cap * sizeof(*c->ids));
	c->ids[c->n] = id;
	c->paths[c->n++] = arena_str(&c->arena, path);
}

static void add_tests(struct corpus *c, const char *path)
{
	struct test_file *f = test_file_new(path);

	c->tests = mem_grow(c->tests, &c->tests_cap, c->n_tests + 1, sizeof(*c->tests));
	c->tests[c->n_tests++] = f;
	for (size_t i = 0; i < f->n; i++)
		if (f->cases[i].recording)
			add_recording(c, f->cases[i].recording);
}

static void add(struct corpus *c, const char *path)
{
	if (strncmp(path, "./", 2) == 0)
		path += 2;
	if (is_tests(path))
		add_tests(c, path);
	else
		add_recording(c, path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int take(struct corpus *c, FTS *tree, FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_D:
		if (e->fts_level > 0 && e->fts_name[0] == '.')
			fts_set(tree, e, FTS_SKIP);
		return 0;
	case FTS_F:
	case FTS_SL:
		if (is_recording(e->fts_name) || is_tests(e->fts_name))
			add(c, e->fts_path);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
		errno = e->fts_errno;
		return err_sys("%s", e->fts_path);
	}
	return 0;
}

static int add_folder(struct corpus *c, const char *path)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	FTSENT *e;
	int rc = 0;

	if (!tree)
		return err_sys("%s", path);
	while (rc == 0 && (e = fts_read(tree)) != NULL)
		rc = take(c, tree, e);
	fts_close(tree);
	return rc;
}

int corpus_add(struct corpus *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys("%s", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(c, path);
	add(c, path);
	return 0;
}

void corpus_release(struct corpus *c)
{
	for (size_t i = 0; i < c->n_tests; i++)
		test_file_free(c->tests[i]);
	free(c->tests);
	free(c->paths);
	free(c->ids);
	arena_release(&c->arena);
}
