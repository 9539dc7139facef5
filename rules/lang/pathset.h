/* SPDX-License-Identifier: Apache-2.0 */
/* pmatch: a set of path prefixes by component.  "/a/b" and "a//b/" are the same; a
 * component may hold ? * [ and then matches one component; "/" matches everything. */
#ifndef SAKER_LANG_PATHSET_H
#define SAKER_LANG_PATHSET_H

#include "rules/lang/engine.h"

struct pathset;

const struct pathset *pathset_new(struct arena *a, const struct constant *c, uint32_t n);
bool pathset_match(const struct pathset *s, const char *p, size_t len);

/* fnmatch(3) without flags in the C locale, over bytes. */
bool glob_match(const char *pattern, size_t n, const char *text, size_t len, bool fold);

#endif
