/* SPDX-License-Identifier: Apache-2.0 */
/* evt.*: parameters, payloads, what an open asked for. */
#include <fcntl.h>

#include "capture/base/ppm.h"
#include "replay/field/getters.h"

/* ---- parameters ---- */

static bool shown(const struct event *ev, unsigned i)
{
	static const char facts[] = "facts";

	if (ev->type == EV_GENERIC && i < P(GENERIC, res))
		return false;
	if (!param_is_own(ev, i))
		return true;
	/* what Falco's flags say already is not repeated */
	return ev->v[i].state != VALUE_ABSENT && strcmp(ev->desc->params[i].name, facts) != 0;
}

GET(get_evt_args)
{
	const struct event *ev = c->ev;
	struct buf b = {0};
	size_t before;

	buf_room(&b, 512);
	for (unsigned i = 0; i < ev->n_params && i < ev->desc->n_params; i++) {
		if (!shown(ev, i))
			continue;
		if (b.len)
			buf_byte(&b, ' ');
		buf_str(&b, ev->desc->params[i].name);
		buf_byte(&b, '=');
		param_raw(c, i, &b);
		before = b.len;
		buf_byte(&b, '(');
		param_resolved(c, i, &b);
		if (b.len == before + 1)
			b.len = before;
		else
			buf_byte(&b, ')');
	}
	return put_buf(c, r, out, &b);
}

/* evt.arg[N] or evt.arg.NAME: -1 if this event does not have it. */
static int which_param(const struct event *ev, const struct field_ref *r)
{
	int64_t i = r->index;

	if (r->key)
		i = event_param_index(ev->desc, r->key, strlen(r->key));
	else if (i >= 0 && param_is_own(ev, (unsigned)i))
		i = -1;		/* numbers are Falco's */
	return i >= 0 && i < ev->n_params && i < ev->desc->n_params ? (int)i : -1;
}

GET(get_evt_arg)
{
	const int i = which_param(c->ev, r);
	const struct value *v;
	struct buf b = {0};

	if (i < 0)
		return FIELD_ABSENT;
	v = &c->ev->v[i];
	if (v->state == VALUE_LOST)
		return FIELD_LOST;
	if (v->state == VALUE_ABSENT && param_is_own(c->ev, (unsigned)i))
		return FIELD_ABSENT;
	if (v->state == VALUE_SET && c->ev->desc->params[i].type == PT_CHARBUF)
		return put_bytes(r, out, v->p, v->len);
	param_resolved(c, (unsigned)i, &b);
	if (!b.len)
		param_raw(c, (unsigned)i, &b);
	return put_buf(c, r, out, &b);
}

static void raw_number(const struct field_ctx *c, unsigned i, struct fval *out)
{
	const struct param_desc *d = &c->ev->desc->params[i];

	out->len = 0;
	out->type = type_is_signed(d->type) ? FIELD_INT : FIELD_UINT;
	out->print = d->fmt == PF_HEX ? PRINT_HEX : d->fmt == PF_OCT ? PRINT_OCT : PRINT_PLAIN;
	out->u = c->ev->v[i].u;
	if (d->type == PT_BOOL)
		out->type = FIELD_BOOL;
	else if (d->type >= PT_FLAGS8 && d->type <= PT_ENUMFLAGS32)
		out->u = param_ppm(c, i);
}

/* As native as it is: numbers stay numbers. */
GET(get_evt_rawarg)
{
	const int i = which_param(c->ev, r);
	const struct value *v;
	struct value inner;
	uint8_t type;
	struct buf b = {0};

	if (i < 0)
		return FIELD_ABSENT;
	v = &c->ev->v[i];
	if (v->state != VALUE_SET)
		return v->state == VALUE_LOST ? FIELD_LOST : FIELD_ABSENT;
	type = c->ev->desc->params[i].type;
	if (type_is_number(type)) {
		raw_number(c, (unsigned)i, out);
		return FIELD_FOUND;
	}
	if (type == PT_DYN && dyn_value(v, &type, &inner) && type_is_number(type)) {
		*out = (struct fval){ .u = inner.u, .print = PRINT_PLAIN,
				      .type = type_is_signed(type) ? FIELD_INT : FIELD_UINT };
		return FIELD_FOUND;
	}
	fval_as(out, r);
	out->print = PRINT_PLAIN;
	out->type = type == PT_BYTEBUF ? FIELD_BYTES : FIELD_STRING;
	out->p = (const char *)v->p;
	out->len = v->len;
	if (type == PT_SOCKADDR || type == PT_SOCKTUPLE || type == PT_FDLIST) {
		param_raw(c, (unsigned)i, &b);
		out->p = arena_strn(c->scratch, b.p, b.len);
		out->len = (uint32_t)b.len;
		buf_release(&b);
	}
	return FIELD_FOUND;
}

/* ---- input and output ---- */

static bool reads(const struct event *ev)
{
	return ev->desc->flags & EF_READS_FROM_FD;
}

static bool writes(const struct event *ev)
{
	return ev->desc->flags & EF_WRITES_TO_FD;
}

GET(get_evt_is_io)
{
	return put_bool(r, out, reads(c->ev) || writes(c->ev));
}

GET(get_evt_is_io_read)
{
	return put_bool(r, out, reads(c->ev));
}

GET(get_evt_is_io_write)
{
	return put_bool(r, out, writes(c->ev));
}

GET(get_evt_io_dir)
{
	if (!reads(c->ev) && !writes(c->ev))
		return FIELD_ABSENT;
	return put_str(r, out, reads(c->ev) ? "read" : "write");
}

GET(get_evt_is_wait)
{
	return put_bool(r, out, c->ev->desc->flags & EF_WAITS);
}

GET(get_evt_buffer)
{
	const struct value *v = event_param(c->ev, "data");

	if (!v || !(reads(c->ev) || writes(c->ev)))
		return FIELD_ABSENT;
	if (v->state == VALUE_LOST)
		return FIELD_LOST;
	/* A call that moved no bytes has an empty buffer. */
	return v->state == VALUE_SET ? put_bytes(r, out, v->p, v->len)
				     : put_bytes(r, out, "", 0);
}

static bool buflen(const struct field_ctx *c, int64_t *n)
{
	const uint8_t cat = c->ev->desc->category;

	if (cat != EC_IO_READ && cat != EC_IO_WRITE && cat != EC_IO_OTHER)
		return false;
	return c->cur->fd && event_result(c->ev, n) && *n >= 0;
}

enum buflen_want { ANY_FD, FILE_FD, NET_FD };

static enum field_found buflen_if(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, enum buflen_want want, bool dir_ok)
{
	int64_t n;

	if (!dir_ok || !buflen(c, &n))
		return FIELD_ABSENT;
	if (want == FILE_FD && c->cur->fd->kind != FD_FILE)
		return FIELD_ABSENT;
	if (want == NET_FD && c->cur->fd->kind != FD_IPV4 && c->cur->fd->kind != FD_IPV6)
		return FIELD_ABSENT;
	return put_u(r, out, (uint64_t)n);
}

GET(get_evt_buflen)
{
	return buflen_if(c, r, out, ANY_FD, true);
}

GET(get_evt_buflen_in)
{
	return buflen_if(c, r, out, ANY_FD, reads(c->ev));
}

GET(get_evt_buflen_out)
{
	return buflen_if(c, r, out, ANY_FD, writes(c->ev));
}

GET(get_evt_buflen_file)
{
	return buflen_if(c, r, out, FILE_FD, true);
}

GET(get_evt_buflen_file_in)
{
	return buflen_if(c, r, out, FILE_FD, reads(c->ev));
}

GET(get_evt_buflen_file_out)
{
	return buflen_if(c, r, out, FILE_FD, writes(c->ev));
}

GET(get_evt_buflen_net)
{
	return buflen_if(c, r, out, NET_FD, true);
}

GET(get_evt_buflen_net_in)
{
	return buflen_if(c, r, out, NET_FD, reads(c->ev));
}

GET(get_evt_buflen_net_out)
{
	return buflen_if(c, r, out, NET_FD, writes(c->ev));
}

GET(get_evt_is_syslog)
{
	const struct fdinfo *f = c->cur->fd;
	bool is = false;

	if (f && writes(c->ev))
		is = memmem(f->name.p, f->name.len, "/dev/log", 8)
		  || memmem(f->name.p, f->name.len, "/syslog", 7);
	return put_bool(r, out, is);
}

/* ---- opening ---- */

static const struct value *open_flags(const struct event *ev)
{
	switch (ev->type) {
	case EV_OPEN:
		return EV(ev, OPEN, flags);
	case EV_OPENAT:
		return EV(ev, OPENAT, flags);
	case EV_OPENAT2:
		return EV(ev, OPENAT2, flags);
	case EV_OPEN_BY_HANDLE_AT:
		return EV(ev, OPEN_BY_HANDLE_AT, flags);
	}
	return NULL;
}

GET(get_evt_is_open_read)
{
	const struct value *v = open_flags(c->ev);
	const uint64_t mode = v ? value_u64(v, O_WRONLY) & O_ACCMODE : O_WRONLY;

	return put_bool(r, out, mode != O_WRONLY);
}

GET(get_evt_is_open_write)
{
	const struct value *v = open_flags(c->ev);
	const uint64_t mode = v ? value_u64(v, O_RDONLY) & O_ACCMODE : O_RDONLY;

	return put_bool(r, out, mode == O_WRONLY || mode == O_RDWR);
}

enum { ANY_EXEC = 0111, PPM_TMPFILE = 0x2000 };

/* As Falco sees it: for its probes a directory is opened with O_TMPFILE, too. */
static bool has_tmpfile(const struct value *flags)
{
	return flags_to_ppm(FT_file_flags, value_u64(flags, 0)) & PPM_TMPFILE;
}

GET(get_evt_is_open_exec)
{
	const struct event *ev = c->ev;
	const struct value *flags = open_flags(ev);
	uint64_t mode = 0;

	if (ev->type == EV_CREAT)
		mode = value_u64(EV(ev, CREAT, mode), 0);
	else if (flags && ev->type != EV_OPEN_BY_HANDLE_AT
		 && (value_u64(flags, 0) & O_CREAT || has_tmpfile(flags)))
		mode = value_u64(ev->type == EV_OPEN ? EV(ev, OPEN, mode)
				 : ev->type == EV_OPENAT ? EV(ev, OPENAT, mode)
							 : EV(ev, OPENAT2, mode), 0);
	return put_bool(r, out, mode & ANY_EXEC);
}

GET(get_evt_is_open_create)
{
	const struct value *flags = open_flags(c->ev);
	const struct value *facts = flags || c->ev->type == EV_CREAT
		? event_param(c->ev, "facts") : NULL;
	bool made = facts && value_u64(facts, 0) & 1;

	if (flags && has_tmpfile(flags) && value_i64(&c->ev->v[0], -1) >= 0)
		made = true;
	return put_bool(r, out, made);
}
