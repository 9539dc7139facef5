/* SPDX-License-Identifier: Apache-2.0 */
/* A condition alone: the -f of the tools.  The language is saker-rules(5). */
#ifndef SAKER_LANG_COND_H
#define SAKER_LANG_COND_H

#include "capture/base/buf.h"
#include "replay/field/field.h"

struct cond;

/* NULL: err_text says what is wrong, with place, line and caret.  name: what stands
 * before the place ("filter").  The text is copied. */
struct cond *cond_compile(const char *text, size_t len, const char *name);
void cond_free(struct cond *c);

/* Whether it holds on the event of ctx.  One thread at a time. */
bool cond_eval(struct cond *c, const struct field_ctx *ctx);

/* A second one that shares what was compiled, for another thread; c must live longer. */
struct cond *cond_clone(const struct cond *c);

/* The types of events on which it can hold at all: for source_want. */
const struct event_set *cond_events(const struct cond *c);
/* A test of one field, alone or against constants, without which c cannot hold, as a condition of
 * its own: the first whose field fits; NULL: there is none. */
struct cond *cond_required(const struct cond *c, bool (*fits)(const char *field, size_t len));
/* The constant that a field must be equal to where c holds; false: there is none. */
bool cond_equals(const struct cond *c, const char *field, const char **text, size_t *len);
/* May evt.type be compared with the text? */
bool event_name_known(const char *p, size_t len);
/* It looks at payloads or environments. */
bool cond_needs_bulk(const struct cond *c);

enum dump_stage { DUMP_TOKENS, DUMP_AST, DUMP_EXPANDED, DUMP_FOLDED, DUMP_EVENTS, DUMP_CODE };
/* By name ("tokens", "ast" ...), -1 if there is none. */
int dump_stage(const char *name);
void cond_dump(const struct cond *c, enum dump_stage stage, struct buf *out);

#endif
