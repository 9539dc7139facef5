/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand at the caret of a filter: fields, operators, values that the recording
 * has, words that join conditions. */
#ifndef SAKER_BROWSE_COMPLETE_H
#define SAKER_BROWSE_COMPLETE_H

#include "analyze/browse/front/prompt.h"

/* Calls each with values of a field that were seen; they need not begin with prefix. */
typedef void complete_value(struct choices *out, const char *value, size_t len);
struct complete {
	void (*values)(void *arg, const char *field, const char *prefix, size_t len,
		       struct choices *out);
	void *arg;
};

/* A prompt_complete; arg is a struct complete. */
void complete_filter(void *arg, const char *text, size_t caret, struct choices *out);

/* Adds a value as a constant of the language: quoted where that is needed, and only if it
 * begins with the prefix. */
void complete_add_value(struct choices *out, const char *prefix, size_t prefix_len,
			const char *value, size_t len);

/* Any bytes as a constant of the rule language. */
void complete_constant(struct buf *out, const char *value, size_t len);

#endif
