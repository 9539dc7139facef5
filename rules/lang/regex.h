/* SPDX-License-Identifier: Apache-2.0 */
/* The regex operator: RE2's POSIX syntax, the whole text must match.
 * A pattern is checked and translated before PCRE2 sees it, so that nothing gets
 * through whose time is not bounded: no back references, no look-around. */
#ifndef SAKER_LANG_REGEX_H
#define SAKER_LANG_REGEX_H

#include "rules/lang/lang.h"

struct regex;

/* NULL: error in l.  The regex joins the list l->regexes. */
const struct regex *regex_compile(struct lang *l, const struct lang_text *t, size_t off,
				  const char *p, size_t len);
void regex_free_all(struct regex *list);
/* data: of regex_data_new, one per thread. */
bool regex_match(const struct regex *r, void *data, const char *p, size_t len);
void *regex_data_new(void);
void regex_data_free(void *data);

/* True if a simpler operator would do: a plain text, perhaps with .* or ^ $ around it. */
bool regex_is_simple(const char *p, size_t len);

#endif
