/* SPDX-License-Identifier: Apache-2.0 */
/* Values of events in the bytes of the format: numbers in its widths, flags in Falco's
 * numbers, texts with their NUL.  What does not fit is counted. */
#include "capture/trace/scap_out.h"

#include <string.h>

#include "capture/base/ppm.h"

/* ---- values ---- */

/* Bytes of numbers in the format, where they are not the kernel's. */
static unsigned width(uint8_t type)
{
	switch (type) {
	case PT_FD:
	case PT_PID:
		return 8;
	default:
		return type_width(type);
	}
}

static void put_number(struct buf *b, uint64_t v, unsigned n)
{
	uint8_t t[8];

	for (unsigned i = 0; i < 8; i++)
		t[i] = (uint8_t)(v >> 8 * i);
	buf_put(b, t, n);
}

static uint64_t open_facts(const struct event *ev)
{
	switch (ev->type) {
	case EV_OPEN:
		return value_u64(EV(ev, OPEN, facts), 0);
	case EV_OPENAT:
		return value_u64(EV(ev, OPENAT, facts), 0);
	case EV_OPENAT2:
		return value_u64(EV(ev, OPENAT2, facts), 0);
	case EV_OPEN_BY_HANDLE_AT:
		return value_u64(EV(ev, OPEN_BY_HANDLE_AT, facts), 0);
	case EV_CREAT:
		return value_u64(EV(ev, CREAT, facts), 0);
	}
	return 0;
}

static bool is_open(const struct event *ev)
{
	return ev->type == EV_OPEN || ev->type == EV_OPENAT || ev->type == EV_OPENAT2 ||
		ev->type == EV_OPEN_BY_HANDLE_AT;
}

/* flags_to_ppm, which is a walk over the table, for the value that came last. */
static uint32_t to_ppm(struct scap_encoder *e, const struct event *ev, unsigned param,
		       unsigned table, uint64_t v)
{
	struct scap_memo *m = &e->memo[ev->type][param];

	if (m->v != v || m->table != table) {
		m->v = v;
		m->table = (uint8_t)table;
		m->ppm = flags_to_ppm(table, v);
		m->lossy = (uint32_t)flags_from_ppm(table, m->ppm) != (uint32_t)v;
	}
	e->left->flags[ev->type][param] += m->lossy;
	return m->ppm;
}

/* Only opens have an access mode in file_flags, and facts beside them. */
static uint32_t flags(struct scap_encoder *e, const struct event *ev, unsigned param,
		      unsigned table, uint64_t v)
{
	uint32_t ppm = to_ppm(e, ev, param, table, v);

	if (table == FT_file_flags && is_open(ev))
		ppm |= flags_to_ppm(FT_file_facts, open_facts(ev));
	else if (table == FT_file_flags && !(v & 3))
		ppm &= ~1u;
	else if (table == FT_mount_flags && ppm >> 16 == 0xc0ed)
		ppm &= 0xffff;		/* a magic number of old programs */
	return ppm;
}

static bool same_name(const struct param_desc *d, const char *name)
{
	return strcmp(d->name, name) == 0;
}

/* What Falco's probes make of a number, beyond flags. */
static uint64_t falcos(const struct event *ev, const struct param_desc *d, uint64_t v)
{
	const uint64_t creates = 0x40 | 0x410000;	/* O_CREAT, O_TMPFILE */

	if (same_name(d, "mode") && ev->type == EV_OPEN)
		return value_u64(EV(ev, OPEN, flags), 0) & creates ? v : 0;
	if (same_name(d, "mode") && ev->type == EV_OPENAT)
		return value_u64(EV(ev, OPENAT, flags), 0) & creates ? v : 0;
	if (same_name(d, "mode") && ev->type == EV_OPENAT2)
		return value_u64(EV(ev, OPENAT2, flags), 0) & creates ? v : 0;
	return v;
}

static void put_fds(struct buf *b, const struct value *v)
{
	const size_t at = b->len;

	buf_put(b, v->p, v->len);
	for (size_t i = at + 2 + 8; i + 2 <= b->len; i += 10) {
		const uint32_t ppm = flags_to_ppm(FT_poll_flags, scap_get16(b->p + i));

		b->p[i] = (uint8_t)ppm;
		b->p[i + 1] = (uint8_t)(ppm >> 8);
	}
}

/* Which of Falco's variants a tag is, for the event. */
static unsigned variant(const struct event *ev, uint8_t tag)
{
	static const uint8_t sockopt[] = {
		PT_BYTEBUF, PT_ERRNO, PT_UINT32, PT_UINT64, PT_RELTIME
	};

	for (unsigned i = 0; i < sizeof(sockopt); i++)
		if ((ev->type == EV_SETSOCKOPT || ev->type == EV_GETSOCKOPT) &&
		    sockopt[i] == tag)
			return i;
	return tag == PT_SIGTYPE || (tag == PT_CHARBUF && ev->type == EV_KEYCTL);
}

static void put_dyn(struct buf *b, const struct event *ev, const struct value *v)
{
	const uint8_t tag = v->p[0];

	buf_byte(b, (uint8_t)variant(ev, tag));
	if (type_is_number(tag) && v->len >= 9)
		buf_put(b, v->p + 1, width(tag));
	else
		buf_put(b, v->p + 1, v->len - 1);
	if (tag == PT_CHARBUF)
		buf_byte(b, 0);
}

/* Abstract unix addresses stand there without the NUL that they begin with. */
static void put_abstract(struct buf *b, const struct value *v, uint32_t path)
{
	buf_put(b, v->p, path);
	buf_put(b, v->p + path + 1, v->len - path - 1);
	buf_byte(b, 0);
}

/* False: the format has no bytes for all of it. */
static bool put_bytes(struct buf *b, const struct event *ev, uint8_t type,
		      const struct value *v)
{
	const uint8_t family = v->len ? v->p[0] : 0;
	const bool address = type == PT_SOCKADDR || type == PT_SOCKTUPLE;
	const uint32_t path = type == PT_SOCKADDR ? 1 : 17;

	if (address && family == 1 && v->len > path + 1 && !v->p[path]) {
		put_abstract(b, v, path);
		return false;
	}
	switch (type) {
	case PT_FDLIST:
		put_fds(b, v);
		return true;
	case PT_DYN:
		if (v->len)
			put_dyn(b, ev, v);
		return true;
	case PT_SOCKADDR:
		if (v->len && family != 1 && family != 2 && family != 10)
			return false;
		break;
	}
	buf_put(b, v->p, v->len);
	if (type == PT_CHARBUF || type == PT_PATH || type == PT_RELPATH ||
	    (address && family == 1))
		buf_byte(b, 0);
	return true;
}

/* Falco's number of a generic event's call. */
static unsigned call_number(struct scap_encoder *e, const struct event *ev, uint64_t nr)
{
	const unsigned at = nr < SCAP_CODES ? (unsigned)nr : 0;
	unsigned sc = ev->desc == &catalog[EV_GENERIC] && at ? e->sc[at] : 0;

	if (!sc) {
		const struct syscall_desc *call = syscall_by_nr(e->arch, (unsigned)nr);

		sc = scap_sc_named(call ? call->name : ev->desc->name);
		if (ev->desc == &catalog[EV_GENERIC] && at)
			e->sc[at] = (uint16_t)sc;
	}
	return e->pairs && sc >= OLD_CALLS ? 0 : sc;
}

/* All bits of v are in n bytes of its kind. */
static bool fits(uint64_t v, unsigned n, bool is_signed)
{
	const uint64_t beyond = n < 8 ? v >> 8 * n : 0;

	return !beyond || (is_signed && beyond == ~UINT64_C(0) >> 8 * n);
}

static bool put_any_number(struct scap_encoder *e, const struct event *ev,
			   const struct scap_param *p, const struct value *v, struct buf *b)
{
	const struct param_desc *d = &ev->desc->params[p->to];
	uint64_t n = falcos(ev, d, v->u);
	bool whole = true;

	if (ev->type == EV_GENERIC && p->to == P(GENERIC, ID))
		n = call_number(e, ev, n);
	else if (p->flags)
		n = flags(e, ev, (unsigned)p->to, p->flags, n);
	else
		whole = n == v->u && fits(n, width(p->type), type_is_signed(d->type));
	put_number(b, n, width(p->type));
	return whole;
}

/* The beginning of execveat: the kernel's name of the program needs no directory. */
static void put_execveat(const struct event *ev, uint8_t type, struct buf *b)
{
	const struct value *name = EV(ev, EXECVEAT, filename);

	if (type == PT_FD)
		put_number(b, (uint64_t)INT64_C(-100), 8);	/* AT_FDCWD */
	else if (type == PT_FLAGS32)
		put_number(b, 0, 4);
	else if (name->state == VALUE_SET)
		put_bytes(b, ev, type, name);
}

void scap_put_param(struct scap_encoder *e, const struct event *ev,
		    const struct scap_param *p, struct buf *b)
{
	const struct value *v = p->to < 0 ? NULL : event_value(ev, (unsigned)p->to);
	bool whole = false;

	if (!v && ev->type == EV_EXECVEAT)
		put_execveat(ev, p->type, b);
	if (v && ev->type == EV_CREAT && p->to == P(CREAT, creat_flags)) {
		put_number(b, open_facts(ev) >> 1 & 3, 2);
		return;
	}
	if (!v || v->state == VALUE_ABSENT)
		return;
	if (v->state == VALUE_SET &&
	    type_is_number(p->type) == type_is_number(ev->desc->params[p->to].type))
		whole = type_is_number(p->type) ? put_any_number(e, ev, p, v, b)
			: put_bytes(b, ev, p->type, v);
	e->left->values[ev->type][p->to] += !whole;
}
