/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files as they were in a revision of the git repository in which they are. */
#ifndef SAKER_TEST_REVISION_H
#define SAKER_TEST_REVISION_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/base/mem.h"

struct revision_file {
	const char *name;		/* "HEAD~1:shell.yaml" */
	const char *text;
	size_t len;
};

struct revision {
	struct revision_file *files;
	size_t n, cap;
	struct arena arena;
};

/* "main:rules/shell.yaml": that file (or folder of *.yaml and *.yml), from the top of the
 * repository of the current folder, or with ./ from the current folder.  Negative with a
 * message: git is not there, no repository, no such revision, no such file. */
int revision_read(struct revision *r, const char *what);

/* "HEAD~1": path as it was then.  As above; 1: it was not there. */
int revision_read_path(struct revision *r, const char *rev, const char *path);

void revision_release(struct revision *r);

#endif
