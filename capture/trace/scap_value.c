/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of .scap events as values: numbers of any width, flags turned into the
 * kernel's, texts without their NUL.  What is too short for its type is absent. */
#include "capture/trace/scap.h"

#include <string.h>

#include "capture/base/ppm.h"

static uint64_t kernel_flags(struct scap *s, uint8_t table, uint32_t ppm)
{
	const unsigned i = ppm * 0x9e3779b9u >> 29;

	if (!s->flags[table][i].set || s->flags[table][i].ppm != ppm) {
		s->flags[table][i].kernel = flags_from_ppm(table, ppm);
		s->flags[table][i].ppm = ppm;
		s->flags[table][i].set = true;
	}
	return s->flags[table][i].kernel;
}

static void text(struct value *v, const uint8_t *p, size_t len)
{
	/* A null pointer: no bytes, not even a NUL.  Old probes wrote a word for it. */
	if (len == 0 || (len == 7 && !memcmp(p, "(NULL)", 7)))
		return;
	value_bytes(v, p, strnlen((const char *)p, len));
}

/* The path of a unix address without its NUL; abstract names have lost their leading
 * one. */
static size_t unix_len(const uint8_t *p, size_t len, size_t fixed)
{
	return fixed + strnlen((const char *)p + fixed, len - fixed);
}

static void address(struct value *v, const uint8_t *p, size_t len)
{
	switch (p[0]) {
	case 1:
		len = unix_len(p, len, 1);
		break;
	case 2:
		if (len < 7)
			return;
		len = 7;
		break;
	case 10:
		if (len < 19)
			return;
		len = 19;
		break;
	}
	value_bytes(v, p, len);
}

static void tuple(struct value *v, const uint8_t *p, size_t len)
{
	switch (p[0]) {
	case 1:
		if (len < 17)
			return;
		len = unix_len(p, len, 17);
		break;
	case 2:
		if (len < 13)
			return;
		len = 13;
		break;
	case 10:
		if (len < 37)
			return;
		len = 37;
		break;
	}
	value_bytes(v, p, len);
}

static void fd_list(struct scap *s, struct value *v, const uint8_t *p, size_t len)
{
	size_t n = len < 2 ? 0 : scap_get16(p);
	uint8_t *out;

	if (len < 2)
		return;
	if (n > (len - 2) / 10)
		n = (len - 2) / 10;
	out = arena_alloc(&s->scratch, 2 + 10 * n);
	memcpy(out, p, 2 + 10 * n);
	out[0] = (uint8_t)n;
	out[1] = (uint8_t)(n >> 8);
	for (size_t i = 0; i < n; i++) {
		uint8_t *f = out + 2 + 10 * i + 8;
		const uint64_t k = flags_from_ppm(FT_poll_flags, scap_get16(f));

		f[0] = (uint8_t)k;
		f[1] = (uint8_t)(k >> 8);
	}
	value_bytes(v, out, 2 + 10 * n);
}

/* Falco's variants by event: which type the first byte means. */
static uint8_t dyn_type(uint16_t event, unsigned variant)
{
	static const uint8_t sockopt[] = {
		PT_BYTEBUF, PT_ERRNO, PT_UINT32, PT_UINT64, PT_RELTIME
	};
	static const uint8_t ptrace[] = { PT_UINT64, PT_SIGTYPE };
	static const uint8_t bpf[] = { PT_FD, PT_ERRNO };
	static const uint8_t keyctl[] = { PT_INT64, PT_CHARBUF };

	switch (event) {
	case EV_SETSOCKOPT:
	case EV_GETSOCKOPT:
		return variant < 5 ? sockopt[variant] : PT_BYTEBUF;
	case EV_PTRACE:
		return variant < 2 ? ptrace[variant] : PT_BYTEBUF;
	case EV_BPF:
		return variant < 2 ? bpf[variant] : PT_BYTEBUF;
	case EV_KEYCTL:
		return variant < 2 ? keyctl[variant] : PT_BYTEBUF;
	}
	return PT_BYTEBUF;
}

static void dynamic(struct scap *s, const struct event *ev, unsigned to, struct value *v,
		    const uint8_t *p, size_t len)
{
	const uint8_t type = dyn_type(ev->type, p[0]);
	uint8_t *out;

	p++;
	len--;
	if (type_is_number(type)) {
		const uint64_t u = scap_number(p, len, type_is_signed(type));

		if (type_is_number(ev->desc->params[to].type)) {
			value_number(v, u);
			return;
		}
		out = arena_alloc(&s->scratch, 9);
		for (unsigned i = 0; i < 8; i++)
			out[1 + i] = (uint8_t)(u >> 8 * i);
		len = 8;
	} else {
		if (type == PT_CHARBUF)
			len = strnlen((const char *)p, len);
		out = arena_alloc(&s->scratch, 1 + len);
		memcpy(out + 1, p, len);
	}
	out[0] = type;
	value_bytes(v, out, 1 + len);
}

void scap_value_put(struct scap *s, struct event *ev, const struct scap_param *d,
		    const uint8_t *p, size_t len)
{
	struct value *v = &ev->v[d->to];

	if (d->is_number) {
		value_number(v, scap_number(p, len, d->is_signed));
		if (d->flags)
			v->u = kernel_flags(s, d->flags, (uint32_t)v->u);
		return;
	}
	switch (d->type) {
	case PT_CHARBUF:
	case PT_PATH:
	case PT_RELPATH:
		text(v, p, len);
		return;
	case PT_SOCKADDR:
		address(v, p, len);
		return;
	case PT_SOCKTUPLE:
		tuple(v, p, len);
		return;
	case PT_FDLIST:
		fd_list(s, v, p, len);
		return;
	case PT_DYN:
		dynamic(s, ev, (unsigned)d->to, v, p, len);
		return;
	default:
		value_bytes(v, p, len);
	}
}
