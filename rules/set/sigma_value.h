/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Sigma and the modifiers behind a field's name. */
#ifndef SAKER_SET_SIGMA_VALUE_H
#define SAKER_SET_SIGMA_VALUE_H

#include "capture/base/buf.h"
#include "rules/set/yaml.h"

enum sigma_op {
	SOP_EQUAL, SOP_CONTAINS, SOP_STARTS, SOP_ENDS, SOP_RE, SOP_CIDR, SOP_EXISTS,
	SOP_LT, SOP_LE, SOP_GT, SOP_GE
};

enum sigma_flag {
	SF_ALL = 1 << 0, SF_CASED = 1 << 1, SF_NOT = 1 << 2, SF_FIELD = 1 << 3,
	SF_IGNORE = 1 << 4, SF_LINES = 1 << 5, SF_DOTALL = 1 << 6,
	SF_BASE64 = 1 << 7, SF_OFFSET = 1 << 8, SF_LE16 = 1 << 9, SF_BE16 = 1 << 10,
	SF_BOM16 = 1 << 11,
};

struct sigma_key {
	const char *name;	/* of the field; "": the whole line */
	enum sigma_op op;
	unsigned flags;
	const char *reason;	/* why it cannot be said; NULL: it can */
};

/* False: it is none of Sigma; why. */
bool sigma_key_parse(struct arena *a, const struct yaml *y, struct sigma_key *out,
		     const char **why);

/* A text with wildcards; those at its ends are open_front and open_back. */
struct sigma_pattern {
	const char *p;
	const char *wild;	/* '*', '?' or NUL for each byte */
	size_t n;
	bool open_front, open_back;
	bool inner;		/* there are others */
};

void sigma_pattern(struct arena *a, const char *p, size_t len, enum sigma_op op,
		   struct sigma_pattern *out);
/* Bytes without wildcards as they are. */
void sigma_pattern_plain(struct arena *a, const char *p, size_t len, enum sigma_op op,
			 struct sigma_pattern *out);
/* For globs.  What stands for itself is escaped. */
void sigma_pattern_glob(const struct sigma_pattern *p, struct buf *out);
bool sigma_pattern_matches(const struct sigma_pattern *p, const char *text, bool cased);

/* Applies utf16 and base64; n_out is 1, or 3 with base64offset. */
enum { SIGMA_ENCODED_MAX = 3 };
void sigma_encode(const char *p, size_t len, unsigned flags,
		  struct buf out[SIGMA_ENCODED_MAX],
		  unsigned *n_out);

bool sigma_has_ascii_letters(const char *p, size_t len);
/* Letters of other alphabets that come in two cases: only those of ASCII are folded. */
bool sigma_has_other_cases(const char *p, size_t len);
void sigma_lower(char *p, size_t len);

/* A constant of a condition, in quotes where it needs them. */
void sigma_put_constant(struct buf *out, const char *p, size_t len);

#endif
