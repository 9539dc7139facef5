/* SPDX-License-Identifier: Apache-2.0 */
/* Events of .scap files.  A body is
 *
 *   u16 cpu, [u32 flags], u64 ts, u64 tid, u32 len, u16 code, [u32 n], lengths, bytes
 *
 * where len counts from ts.  Version 1 has no n: it is what makes the lengths add up. */
#include "capture/trace/scap.h"

#include <fcntl.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/ppm.h"
#include "capture/base/quote.h"
#include "capture/base/strict.h"

/* ---- taking apart ---- */

bool scap_lengths_fit(struct scap_raw *r, size_t space)
{
	const size_t table = (size_t)r->n * (r->wide ? 4 : 2);
	size_t sum = 0;

	if (table > space)
		return false;
	r->data = r->lens + table;
	r->data_len = space - table;
	for (unsigned i = 0; i < r->n; i++) {
		sum += scap_len(r, i);
		if (sum > r->data_len)
			return false;
	}
	r->data_len = sum;
	return true;
}

/* Version 1: the number of parameters with which the lengths fill the event exactly. */
static bool infer_n(struct scap *s, struct scap_raw *r, size_t space)
{
	const struct scap_code *code = scap_code(&s->codes, r->code);
	/* Two types were written with a length that is 3 too big. */
	const size_t excess = (r->code == 280 || r->code == 286) && space >= 3 ? 3 : 0;

	for (size_t less = excess; ; less = 0) {
		for (r->n = code->n; ; r->n--) {
			if (scap_lengths_fit(r, space - less) &&
			    r->data_len + 2 * (size_t)r->n == space - less)
				return true;
			if (!r->n)
				break;
		}
		if (!less)
			return false;
	}
}

int scap_event_split(struct scap *s, uint32_t block, struct cursor c,
		     struct scap_raw *r)
{
	const bool v2 = block != 0x204 && block != 0x208 && block != 0x8010abcd;
	const bool has_flags = scap_has_flags(block);
	const size_t header = v2 ? 26 : 22;
	const uint8_t *p = c.p;
	size_t left = cursor_left(&c);
	uint32_t len;

	if (left < 2u + (has_flags ? 4 : 0) + header)
		return -ERR_FORMAT;
	r->cpu = (uint16_t)scap_get16(p);
	r->hidden = has_flags && scap_get32(p + 2) & SCAP_STATE_ONLY;
	r->echo = has_flags && scap_get32(p + 2) & SCAP_ECHO;
	p += 2 + (has_flags ? 4 : 0);
	left -= 2 + (has_flags ? 4 : 0);
	r->ts = scap_get64(p);
	r->tid = scap_get64(p + 8);
	len = scap_get32(p + 16);
	r->code = (uint16_t)scap_get16(p + 20);
	r->wide = block == 0x221 || block == 0x222;
	if (len < header || len > left)
		return -ERR_FORMAT;
	r->lens = p + header;
	if (!v2)
		return infer_n(s, r, len - header) ? 0 : -ERR_FORMAT;
	r->wide |= scap_code(&s->codes, r->code)->wide;
	r->n = scap_get32(p + 22);
	if (r->n > len)
		return -ERR_FORMAT;
	return scap_lengths_fit(r, len - header) ? 0 : -ERR_FORMAT;
}

/* ---- values ---- */

/* Values into ev; have collects which parameters the bytes spoke of, even if empty. */
static void put_all(struct scap *s, struct event *ev, const struct scap_code *code,
		    const struct scap_raw *r, uint64_t *have)
{
	const unsigned n = r->n < code->n ? r->n : code->n;
	const uint8_t *p = r->data;

	for (unsigned i = 0; i < n; i++) {
		const size_t len = scap_len(r, i);
		const struct scap_param *d = &code->p[i];

		if (d->to >= 0 && !(*have >> d->to & 1)) {
			*have |= UINT64_C(1) << d->to;
			if (len && d->is_number && !d->flags)
				value_number(&ev->v[d->to], scap_number(p, len, d->is_signed));
			else if (len)
				scap_value_put(s, ev, d, p, len);
		}
		p += len;
	}
}

/* Falco takes what the beginning would have said to be nought. */
static void assume_zero(struct event *ev, const struct scap_code *begin, uint64_t have)
{
	for (unsigned i = 0; i < begin->n; i++) {
		const struct scap_param *d = &begin->p[i];

		if (d->to >= 0 && d->is_number && !(have >> d->to & 1))
			value_number(&ev->v[d->to], d->type == PT_UID || d->type == PT_GID ?
				     UINT32_MAX : 0);
	}
}

/* The event lacks what its beginning can have: where is that? */
static void complete(struct scap *s, struct event *ev, const struct scap_raw *r,
		     enum scap_begun begun, const struct scap_begin *b, uint64_t have)
{
	struct scap_code_count *count = &s->counts.code[r->code];
	struct scap_raw begin = { .n = b->n, .lens = b->p };
	const uint64_t before = have;

	if (begun != SCAP_BEGUN) {
		count->lacking += begun == SCAP_BEGUN_NOTHING;
		count->wrong += begun == SCAP_BEGUN_OTHER;
		if (strict_falco)
			assume_zero(ev, scap_code(&s->codes, r->code - 1u), have);
		return;
	}
	if (b->n && scap_lengths_fit(&begin, b->len))
		put_all(s, ev, scap_code(&s->codes, r->code - 1u), &begin, &have);
	count->completed += have != before;
}

/* ---- what names alone do not say ---- */

/* What Falco's probes add to the flags of an open is a parameter of its own here. */
static void fix_open(struct event *ev)
{
	static const struct { uint16_t type; uint8_t flags, facts; } opens[] = {
		{ EV_OPEN, P(OPEN, flags), P(OPEN, facts) },
		{ EV_OPENAT, P(OPENAT, flags), P(OPENAT, facts) },
		{ EV_OPENAT2, P(OPENAT2, flags), P(OPENAT2, facts) },
		{ EV_OPEN_BY_HANDLE_AT, P(OPEN_BY_HANDLE_AT, flags),
		  P(OPEN_BY_HANDLE_AT, facts) },
	};

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		struct value *flags = &ev->v[opens[i].flags];
		const uint32_t added = 0x4000 | 0x8000 | 0x10000;

		if (opens[i].type != ev->type || flags->state != VALUE_SET)
			continue;
		value_number(&ev->v[opens[i].facts],
			     flags_from_ppm(FT_file_facts, ppm_only(flags->u) & added));
		flags->u &= ~((uint64_t)added << 32);
	}
}

/* Old files have no flags, but the type has the bits that they are made of. */
static bool fix_socket(struct event *ev)
{
	const struct value *type = EV(ev, SOCKET, type);

	if (EV(ev, SOCKET, flags)->state != VALUE_ABSENT || type->state != VALUE_SET)
		return false;
	value_number(&ev->v[P(SOCKET, flags)], type->u & 0xfffffff0);
	return true;
}

/* Old files have no argument; commands that take none have 0 in newer ones. */
static bool fix_fcntl(struct event *ev)
{
	const struct value *cmd = EV(ev, FCNTL, cmd);

	if (EV(ev, FCNTL, arg)->state != VALUE_ABSENT || cmd->state != VALUE_SET)
		return false;
	switch (cmd->u) {
	case F_GETFD: case F_GETFL: case F_GETOWN: case F_GETSIG: case F_GETLEASE:
	case F_GETPIPE_SZ:
		value_number(&ev->v[P(FCNTL, arg)], 0);
		return true;
	}
	return false;
}

static void fix_creat(struct event *ev)
{
	const struct value *v = EV(ev, CREAT, creat_flags);

	if (v->state == VALUE_SET)	/* upper, lower: one bit further up in facts */
		value_number(&ev->v[P(CREAT, facts)], (v->u & 3) << 1);
}

/* The first container events had four values where today's have one text. */
static void fix_container(struct scap *s, const struct scap_raw *r, struct event *ev)
{
	static const char *const keys[] = { "id", "type", "name", "image" };
	struct buf b = {0};
	const uint8_t *p = r->data;

	buf_str(&b, "{\"container\":{");
	for (unsigned i = 0; i < r->n && i < 4; i++) {
		const size_t len = scap_len(r, i);

		buf_printf(&b, "%s\"%s\":", i ? "," : "", keys[i]);
		if (i == 1) {
			buf_u64_dec(&b, scap_number(p, len, false));
		} else {
			buf_byte(&b, '"');
			quote_json(&b, p, strnlen((const char *)p, len));
			buf_byte(&b, '"');
		}
		p += len;
	}
	buf_str(&b, "}}");
	value_bytes(&ev->v[P(CONTAINER, json)],
		    arena_strn(&s->scratch, b.p, b.len), b.len);
	buf_release(&b);
}

/* A call is told by Falco's number for it.  Where that is 0, the number on the machine of
 * the capture helps; the file does not say which architecture that was, but calls which
 * have both numbers do.  Numbers in events are those of x86_64. */
static bool fix_generic(struct scap *s, struct event *ev)
{
	struct value *id = &ev->v[P(GENERIC, ID)], *native = &ev->v[P(GENERIC, nativeID)];
	const struct syscall_desc *call;

	if (ev->nr == UINT16_MAX)
		return false;
	if (id->u && native->state == VALUE_SET) {
		call = syscall_by_nr(ARCH_X86_64, ev->nr);
		if (call && call->nr[s->arch] != native->i)
			s->arch = call->nr[ARCH_ARM64] == native->i ? ARCH_ARM64
								    : ARCH_X86_64;
	} else if (native->state == VALUE_SET) {
		call = syscall_by_nr(s->arch, (unsigned)native->u);
		ev->nr = call && call->nr[ARCH_X86_64] >= 0 ?
			(uint16_t)call->nr[ARCH_X86_64] : UINT16_MAX;
	}
	value_number(id, ev->nr);
	if (native->state == VALUE_SET)
		return false;
	value_number(native, ev->nr);
	return true;
}

/* True where a value was inferred that the file does not have. */
static bool fix(struct scap *s, const struct scap_raw *r, struct event *ev)
{
	switch (ev->type) {
	case EV_OPEN:
	case EV_OPENAT:
	case EV_OPENAT2:
	case EV_OPEN_BY_HANDLE_AT:
		fix_open(ev);
		break;
	case EV_CREAT:
		fix_creat(ev);
		break;
	case EV_FCNTL:
		return fix_fcntl(ev);
	case EV_SOCKET:
		return fix_socket(ev);
	case EV_CONTAINER:
		if (r->code == 228)
			fix_container(s, r, ev);
		return r->code == 228;
	case EV_GENERIC:
		return fix_generic(s, ev);
	}
	return false;
}

/* ---- the event ---- */

static void start(struct event *ev, const struct scap_raw *r, unsigned n_params)
{
	ev->num = 0;
	ev->ts = r->ts;
	ev->latency = 0;
	ev->tid = (uint32_t)r->tid;
	ev->pid = 0;
	ev->cpu = r->cpu;
	ev->n_params = (uint16_t)n_params;
	memset(ev->v, 0, n_params * sizeof(ev->v[0]));
}

static void decode_unknown(struct scap *s, const struct scap_raw *r, struct event *ev)
{
	const unsigned n = r->n < SCAP_UNKNOWN_PARAMS ? r->n : SCAP_UNKNOWN_PARAMS;
	const uint8_t *p = r->data;

	start(ev, r, n);
	ev->type = EV_UNKNOWN;
	ev->nr = 0;
	ev->desc = scap_unknown(&s->codes, r->code);
	for (unsigned i = 0; i < n; i++) {
		const size_t len = scap_len(r, i);

		if (len)
			value_bytes(&ev->v[i], p, len);
		p += len;
	}
}

/* No more parameters than the file has. */
static void trim(struct event *ev, uint64_t have)
{
	while (ev->n_params && !(have >> (ev->n_params - 1) & 1))
		ev->n_params--;
}

void scap_event_decode(struct scap *s, const struct scap_raw *r,
		       const struct scap_code *code, enum scap_begun begun,
		       const struct scap_begin *begin, struct event *ev)
{
	uint64_t have = 0;

	if (code->kind == SCAP_NONE) {
		decode_unknown(s, r, ev);
		return;
	}
	if (code->type == EV_GENERIC && r->n && scap_len(r, 0) == 2)
		code = scap_generic(&s->codes, scap_get16(r->data));
	start(ev, r, code->desc->n_params);
	/* No time between them: the writer did not know it. */
	if (begin->ts && begin->ts < r->ts)
		ev->latency = r->ts - begin->ts;
	ev->type = code->type;
	ev->nr = code->nr;
	ev->desc = r->hidden ? code->hidden : code->desc;
	put_all(s, ev, code, r, &have);
	if (code->from_begin & ~have)
		complete(s, ev, r, begun, begin, have);
	if (code->plain)
		trim(ev, have);
	s->counts.code[r->code].derived += fix(s, r, ev);
}
