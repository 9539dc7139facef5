/* SPDX-License-Identifier: Apache-2.0 */
/* Single values laid out: what stands behind "key:" in a rule file. */
#ifndef SAKER_SET_LAYOUT_TEXT_H
#define SAKER_SET_LAYOUT_TEXT_H

#include <stdbool.h>

#include "capture/base/buf.h"
#include "rules/set/yaml.h"

struct text_span {
	const char *p;
	size_t len;
};

/* All append "key: value" for a key at column 2, the cursor there, without the last line end.
 * False: it cannot be laid out, and nothing was appended. */

/* A condition: on one line if it fits, else a clause a line. */
bool layout_condition(struct buf *out, const char *key, struct text_span text);
/* A text in which a line break is a blank; loose: several blanks are one. */
bool layout_prose(struct buf *out, const char *key, struct text_span text, bool loose);
/* [a, b, c]; each word as it is written in YAML. */
void layout_words(struct buf *out, const char *key, const struct text_span *words, size_t n);

/* A plain word may stand in [ ] as it is. */
bool flow_safe(struct text_span word);

/* The same items with the same keys and values; blanks of conditions do not count. */
bool layout_same(const struct yaml *a, const struct yaml *b);

#endif
