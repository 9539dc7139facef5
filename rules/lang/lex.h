/* SPDX-License-Identifier: Apache-2.0 */
/* The words of conditions.  What a run of bytes is depends on where it stands (after
 * "=" a "<" is text), so the parser asks for the word it wants. */
#ifndef SAKER_LANG_LEX_H
#define SAKER_LANG_LEX_H

#include "rules/lang/lang.h"

struct lex {
	struct lang *l;
	const struct lang_text *t;
	size_t pos;
};

static inline int lex_peek(const struct lex *x)
{
	return x->pos < x->t->len ? (unsigned char)x->t->p[x->pos] : -1;
}

/* All but lex_quoted: true, and behind it, if the word stands here. */
bool lex_blank(struct lex *x);			/* at least one blank */
bool lex_mark(struct lex *x, const char *text, size_t len);	/* these very bytes */
size_t lex_identifier(struct lex *x);		/* these give the length, or 0 */
size_t lex_field(struct lex *x);
size_t lex_number(struct lex *x);
size_t lex_bare(struct lex *x);
size_t lex_bare_arg(struct lex *x);

/* A quoted text with its escapes undone, in the arena; NULL: none here, or an error in
 * l (then l->code is set). */
const char *lex_quoted(struct lex *x, uint32_t *len);

#endif
