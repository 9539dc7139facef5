/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the parser.  What returns a pointer returns NULL for what does not stand here, or for
 * an error, which is then in x->l. */
#ifndef SAKER_LANG_PARSE_H
#define SAKER_LANG_PARSE_H

#include "rules/lang/ast.h"
#include "rules/lang/lex.h"

/* A syntax error; NULL. */
void *parse_fail(struct lex *x, size_t off, const char *message);
/* One level more, which l->depth counts; false: too many. */
bool parse_deeper(struct lex *x);
/* Pointers that grow. */
void **parse_push(struct lex *x, void *list, uint32_t *n, void *item);

/* parse_operand.c: an operand of the text at off */
struct operand *parse_word(struct lex *x, enum operand_kind kind, size_t off, size_t len);
struct operand *parse_field(struct lex *x);
/* A constant: quoted or bare. */
struct operand *parse_string(struct lex *x);
/* (a, b), or the name of a list. */
struct operand *parse_list(struct lex *x);
/* name(arguments); *is tells whether one stands here at all. */
struct operand *parse_call(struct lex *x, bool *is);
/* val(field) or a transformer, on the right. */
struct operand *parse_right_call(struct lex *x, bool *is);

#endif
