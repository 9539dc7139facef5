/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of Sigma, which are PCRE's and may match anywhere, made into those of rules, which
 * are POSIX's and must match the whole text. */
#ifndef SAKER_SET_SIGMA_REGEX_H
#define SAKER_SET_SIGMA_REGEX_H

#include "capture/base/buf.h"
#include "capture/base/mem.h"

/* One alternative of a pattern. */
struct sigma_branch {
	const char *p;		/* what stands between its anchors */
	size_t n;
	bool plain;		/* p is a text, not a pattern */
	bool at_front, at_back;	/* it must begin or end there */
};

struct sigma_regex {
	struct sigma_branch *v;
	size_t n;
	bool fold;		/* match it with the text in small letters */
};

enum { SIGMA_BRANCHES_MAX = 256 };

/* NULL, or why it cannot be said. */
const char *sigma_regex(struct arena *a, const char *p, size_t len, unsigned flags,
			struct sigma_regex *out);
/* The pattern for the whole text.  tail: what may stand behind an end. */
void sigma_regex_put(const struct sigma_branch *b, const char *tail, struct buf *out);

#endif
