/* SPDX-License-Identifier: Apache-2.0 */
/* Finding test files: by names, sorted, so that the order is the same everywhere.  Links to
 * folders are not followed, so there are no loops. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyze/test/suite.h"
#include "capture/base/err.h"

enum { DEPTH_MAX = 64, FILES_MAX = 100000 };

static bool ends(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static bool is_test(const char *name)
{
	return ends(name, ".test.yaml") || ends(name, ".test.yml");
}

static int shown(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add(struct test_suite *s, const char *path)
{
	for (size_t i = 0; i < s->n_paths && s->n_paths < 1000; i++)
		if (strcmp(s->paths[i], path) == 0)
			return 0;
	if (s->n_paths == FILES_MAX)
		return err(ERR_LIMIT, "there are more than %u test files", FILES_MAX);
	s->paths = mem_grow(s->paths, &s->paths_cap, s->n_paths + 1, sizeof(*s->paths));
	s->paths[s->n_paths++] = arena_str(&s->arena, path);
	return 0;
}

static int find_below(struct test_suite *s, const char *path, unsigned depth)
{
	struct dirent **names = NULL;
	const int n = depth < DEPTH_MAX ? scandir(path, &names, shown, by_name) : 0;
	const bool here = strcmp(path, ".") == 0, slash = ends(path, "/");
	int rc = 0;

	if (n < 0)
		return depth == 0 ? err_sys("%s", path) : 0;
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char *sub = arena_printf(&s->arena, "%s%s%s", here ? "" : path,
					 here || slash ? "" : "/", name);
		struct stat st;

		if (rc < 0 || lstat(sub, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			rc = find_below(s, sub, depth + 1);
		else if (is_test(name))
			rc = add(s, sub);
	}
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return rc;
}

int test_suite_find(struct test_suite *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys("%s", path);
	return S_ISDIR(st.st_mode) ? find_below(s, path, 0) : add(s, path);
}
