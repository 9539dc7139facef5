/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the catalogue as .scap events in today's form: parameters by name in the
 * order of scap_events.def, numbers in the widths of the format, flags in Falco's
 * numbers. */
#include "capture/trace/scap_out.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/base/ppm.h"

enum {
	EVENT_V2 = 0x216, EVENT_V2_FLAGS = 0x217,
	EVENT_LARGE = 0x221, EVENT_LARGE_FLAGS = 0x222,
	NOTIFICATION = 280, USER_ADDED = 354, GROUP_ADDED = 358,
	BYTES_MAX = 65000,	/* of parameters: readers refuse blocks beyond 64 KiB */
	OLD_CALLS = 330,	/* calls with a name in sysdig 0.29: it crashes beyond */
};

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

/* Only opens have an access mode in file_flags, and facts beside them. */
static uint32_t flags(const struct event *ev, unsigned table, uint64_t v)
{
	uint32_t ppm = flags_to_ppm(table, v);

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

static void put_bytes(struct buf *b, const struct event *ev, uint8_t type,
		      const struct value *v)
{
	const uint8_t family = v->len ? v->p[0] : 0;

	switch (type) {
	case PT_FDLIST:
		put_fds(b, v);
		return;
	case PT_DYN:
		if (v->len)
			put_dyn(b, ev, v);
		return;
	case PT_SOCKADDR:
		if (v->len && family != 1 && family != 2 && family != 10)
			return;		/* Falco has no bytes for other families */
		break;
	}
	buf_put(b, v->p, v->len);
	if (type == PT_CHARBUF || type == PT_PATH || type == PT_RELPATH ||
	    (family == 1 && (type == PT_SOCKADDR || type == PT_SOCKTUPLE)))
		buf_byte(b, 0);
}

static unsigned call_number(const struct event *ev, enum arch arch, bool old, uint64_t nr)
{
	const struct syscall_desc *call = syscall_by_nr(arch, (unsigned)nr);
	const unsigned sc = scap_sc_named(call ? call->name : ev->desc->name);

	return old && sc >= OLD_CALLS ? 0 : sc;
}

static void put_param(enum arch arch, bool old, const struct event *ev,
		      const struct scap_param *p, struct buf *b)
{
	const struct value *v = p->to < 0 ? NULL : event_value(ev, (unsigned)p->to);
	const struct param_desc *d;
	uint64_t n;

	if (v && ev->type == EV_CREAT && p->to == P(CREAT, creat_flags)) {
		put_number(b, open_facts(ev) >> 1 & 3, 2);
		return;
	}
	if (!v || v->state != VALUE_SET)
		return;
	d = &ev->desc->params[p->to];
	if (type_is_number(p->type) != type_is_number(d->type))
		return;
	if (!type_is_number(p->type)) {
		put_bytes(b, ev, p->type, v);
		return;
	}
	n = falcos(ev, d, v->u);
	if (ev->type == EV_GENERIC && p->to == P(GENERIC, ID))
		n = call_number(ev, arch, old, n);
	else if (p->flags)
		n = flags(ev, p->flags, n);
	put_number(b, n, width(p->type));
}

/* ---- the event ---- */

/* The code of a visible event by its name; of a pseudo event that has one by its type. */
static const struct scap_code *code_of(struct scap_codes *codes, const struct event *ev)
{
	switch (ev->type) {
	case EV_GENERIC:
		return scap_code(codes, 1);
	case EV_SNAP_USER:
		return scap_code(codes, USER_ADDED);
	case EV_SNAP_GROUP:
		return scap_code(codes, GROUP_ADDED);
	}
	return scap_code_named(codes, ev->desc->name);
}

static void patch(struct buf *b, size_t at, size_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		b->p[at + i] = (uint8_t)(v >> 8 * i);
}

struct open_event {
	size_t block, header, lens;
	bool wide;
};

static struct open_event begin(struct buf *b, const struct event *ev, unsigned code,
			       unsigned n, bool wide, bool hidden)
{
	struct open_event o = { .wide = wide };

	o.block = scap_block_begin(b, wide ? (hidden ? EVENT_LARGE_FLAGS : EVENT_LARGE)
					   : (hidden ? EVENT_V2_FLAGS : EVENT_V2));
	buf_le16(b, ev->cpu);
	if (hidden)
		buf_le32(b, 1);
	o.header = b->len;
	buf_le64(b, ev->ts);
	buf_le64(b, ev->tid == UINT32_MAX ? UINT64_MAX : ev->tid);
	buf_le32(b, 0);
	buf_le16(b, (uint16_t)code);
	buf_le32(b, n);
	o.lens = b->len;
	for (unsigned i = 0; i < n; i++)
		put_number(b, 0, wide ? 4 : 2);
	return o;
}

static void end(struct buf *b, const struct open_event *o)
{
	patch(b, o->header + 16, b->len - o->header, 4);
	scap_block_end(b, o->block);
}

/* 1: cut to what the format can hold. */
static int encode(enum arch arch, bool old, const struct event *ev,
		  const struct scap_code *code, bool hidden, struct buf *out)
{
	const bool wide = code->wide;
	const struct open_event o = begin(out, ev, code->code, code->n, wide, hidden);
	int r = 0;

	for (unsigned i = 0; i < code->n; i++) {
		const size_t at = out->len;
		const size_t used = at - o.block;

		put_param(arch, old, ev, &code->p[i], out);
		if (!wide && used + (out->len - at) > BYTES_MAX) {
			out->len = at + (BYTES_MAX > used ? BYTES_MAX - used : 0);
			r = 1;
		}
		patch(out, o.lens + i * (wide ? 4 : 2), out->len - at, wide ? 4 : 2);
	}
	end(out, &o);
	return r;
}

int scap_encode(struct scap_codes *codes, enum arch arch, bool pairs,
		const struct event *ev, struct buf *out)
{
	const struct scap_code *code = code_of(codes, ev);
	const bool hidden = event_is_pseudo(ev) && ev->type != EV_CONTAINER &&
		ev->type != EV_SNAP_USER && ev->type != EV_SNAP_GROUP;

	if (!code || (ev->type == EV_UNKNOWN && ev->desc->n_params != code->n))
		return -ERR_UNSUPPORTED;
	if (pairs && code->kind == SCAP_KIND_EXIT) {
		const struct scap_code *enter = scap_code(codes, code->code - 1u);

		if (enter->kind == SCAP_KIND_ENTER)
			encode(arch, pairs, ev, enter, hidden, out);
	}
	return encode(arch, pairs, ev, code, hidden, out);
}

void scap_encode_note(const struct event *ev, const char *id, const char *text,
		      size_t len, struct buf *out)
{
	const struct open_event o = begin(out, ev, NOTIFICATION, 2, false, false);
	const size_t most = len < BYTES_MAX / 2 ? len : BYTES_MAX / 2;

	buf_put(out, id, strlen(id) + 1);
	buf_put(out, text, most);
	buf_byte(out, 0);
	patch(out, o.lens, strlen(id) + 1, 2);
	patch(out, o.lens + 2, most + 1, 2);
	end(out, &o);
}
