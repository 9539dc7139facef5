/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings that are meant by files and folders. */
#ifndef SAKER_TEST_CORPUS_H
#define SAKER_TEST_CORPUS_H

#include <stddef.h>

#include "capture/base/mem.h"

struct corpus {
	const char **paths;
	size_t n, cap;
	struct arena arena;
};

/* A file as it is; of a folder all *.skr, *.scap and *.scap.gz below it, by name, without what is
 * hidden.  Negative: there is no such file, or it cannot be read. */
int corpus_add(struct corpus *c, const char *path);
void corpus_release(struct corpus *c);

#endif
