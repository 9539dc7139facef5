/* SPDX-License-Identifier: Apache-2.0 */
/* What the getters of replay/field share. */
#ifndef SAKER_FIELD_INTERNAL_H
#define SAKER_FIELD_INTERNAL_H

#include <string.h>

#include "replay/field/field.h"
#include "replay/state/json.h"

#define GET(name)								\
	enum field_found name(const struct field_ctx *c, const struct field_ref *r,	\
			      struct fval *out)
#define GET_ALL(name)								\
	enum field_found name(const struct field_ctx *c, const struct field_ref *r,	\
			      struct fval_list *out)

/* Getters begin with their value's type, as the row says. */
static inline void fval_as(struct fval *out, const struct field_ref *r)
{
	out->type = r->desc->type;
	out->print = r->desc->print;
	out->len = 0;
}

static inline enum field_found put_i(const struct field_ref *r, struct fval *out, int64_t v)
{
	fval_as(out, r);
	out->i = v;
	return FIELD_FOUND;
}

static inline enum field_found put_u(const struct field_ref *r, struct fval *out, uint64_t v)
{
	fval_as(out, r);
	out->u = v;
	return FIELD_FOUND;
}

static inline enum field_found put_bool(const struct field_ref *r, struct fval *out, bool v)
{
	return put_u(r, out, v);
}

static inline enum field_found put_bytes(const struct field_ref *r, struct fval *out,
					 const void *p, size_t len)
{
	fval_as(out, r);
	out->p = p;
	out->len = (uint32_t)len;
	return FIELD_FOUND;
}

static inline enum field_found put_text(const struct field_ref *r, struct fval *out,
					struct text t)
{
	return put_bytes(r, out, t.p, t.len);
}

static inline enum field_found put_str(const struct field_ref *r, struct fval *out,
				       const char *s)
{
	return put_bytes(r, out, s, strlen(s));
}

/* The bytes of b, which the arena keeps. */
static inline enum field_found put_buf(const struct field_ctx *c, const struct field_ref *r,
				       struct fval *out, struct buf *b)
{
	const char *p = arena_strn(c->scratch, b->p, b->len);
	const size_t len = b->len;

	buf_release(b);
	return put_bytes(r, out, p, len);
}

/* What is not there: lost, if something was lost before and may be it. */
static inline enum field_found missing(const struct field_ctx *c)
{
	return c->cur->after_loss ? FIELD_LOST : FIELD_ABSENT;
}

/* The parent of t is not known: of a main thread without one that is no loss. */
static inline enum field_found no_parent(const struct field_ctx *c, const struct thread *t)
{
	const struct thread *m = thread_main(t);

	return m->ptid || (m->bits | t->bits) & (TB_PLACEHOLDER | TB_LOST) ? missing(c)
									   : FIELD_ABSENT;
}

/* Threads that only have a number; after a loss nobody can say who they are. */
static inline bool is_placeholder(const struct thread *t)
{
	return t->bits & TB_PLACEHOLDER;
}

/* ---- processes ---- */

/* comm, and each argument behind a blank. */
void cmdline_text(const struct field_ctx *c, const struct thread *t, struct fval *out);
/* The thread [n] of the ancestry: 0 is the main thread of t's process. */
const struct thread *ancestor(const struct field_ctx *c, const struct thread *t, int64_t n);

/* ---- descriptors ---- */

const char *fd_type_name(const struct fdinfo *f);
/* "4t", "f": the letter, and for sockets the one of the protocol. */
const char *fd_type_letters(const struct fdinfo *f, char out[3]);
char fd_type_letter(enum fd_kind k);
/* Socket addresses: the name of the field picks the end. */
enum field_found fd_name_text(const struct field_ctx *c, struct fval *out);

/* ---- parameters (param.c) ---- */

/* Text of parameter i as given, and what it means; either may stay empty. */
void param_raw(const struct field_ctx *c, unsigned i, struct buf *out);
void param_resolved(const struct field_ctx *c, unsigned i, struct buf *out);
/* Falco's number of a parameter of flags: with what other parameters add to it. */
uint64_t param_ppm(const struct field_ctx *c, unsigned i);
/* True for parameters that Falco's events do not have. */
bool param_is_own(const struct event *ev, unsigned i);
const char *errno_name(int64_t e);	/* of a positive number; NULL: unknown */

/* ---- events ---- */

const char *event_name(const struct field_ctx *c);
/* The return value; false where the event has none. */
bool event_result(const struct event *ev, int64_t *res);
static inline bool event_is_syscall(const struct event *ev)
{
	return !(ev->desc->flags & (EF_TRACEPOINT | EF_PSEUDO));
}
/* The parameter with that name; NULL: the event has none. */
const struct value *event_param(const struct event *ev, const char *name);
/* PT_DYN: the type of what is in it, and its bytes. */
bool dyn_value(const struct value *v, uint8_t *type, struct value *inner);

/* ---- containers ---- */

/* All that is known of the container of the event's process; empty: nothing. */
struct json container_json(const struct field_ctx *c);

/* ---- paths ---- */

/* Joins and cleans; the result is in the arena. */
void join_path(const struct field_ctx *c, struct text dir, const void *name, size_t len,
	       struct fval *out);
struct text dirfd_path(const struct field_ctx *c, int64_t dirfd);

#endif
