/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/decode.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/live/cputime.h"

/* Blobs of the record at hand, in order of its operations; NULL where there is none. */
struct blobs {
	const struct wire_blob *b[WIRE_OPS_MAX];
};

static void find_blobs(struct blobs *out, const struct plan *p, const struct wire_record *rec)
{
	const unsigned n_args = p->n_args + (rec->flags & WIRE_TIMED ? 1u : 0u);
	const uint8_t *at = (const uint8_t *)(rec->args + n_args);
	const uint8_t *const end = (const uint8_t *)rec + rec->len;

	for (unsigned i = 0; i < p->n_blobs; i++) {
		const struct wire_blob *const b = (const void *)at;

		out->b[i] = NULL;
		if ((size_t)(end - at) < sizeof(*b) || (size_t)(end - at) - sizeof(*b) < b->len)
			continue;
		out->b[i] = b;
		at += sizeof(*b) + ((b->len + 7u) & ~7u);
		if (at > end)
			at = end;
	}
}

static const uint8_t *blob_data(const struct wire_blob *b)
{
	return (const uint8_t *)(b + 1);
}

static uint8_t *scratch(struct decoder *d, size_t n)
{
	uint8_t *const p = d->scratch + d->used;

	if (n > sizeof(d->scratch) - d->used)
		return NULL;
	d->used += n;
	return p;
}

static uint64_t cut(uint64_t v, unsigned width, bool sign)
{
	switch (width) {
	case 1:
		return sign ? (uint64_t)(int8_t)v : (uint8_t)v;
	case 2:
		return sign ? (uint64_t)(int16_t)v : (uint16_t)v;
	case 4:
		return sign ? (uint64_t)(int32_t)v : (uint32_t)v;
	}
	return v;
}

static void set_number(struct decoder *d, const struct get *g, struct value *v, uint64_t u)
{
	uint8_t *p;

	u = cut(u, g->width, g->sign);
	if (!g->tag) {
		value_number(v, u);
		return;
	}
	p = scratch(d, 9);	/* PT_DYN: the type, then the number */
	if (!p)
		return;
	p[0] = g->tag;
	memcpy(p + 1, &u, 8);
	value_bytes(v, p, 9);
}

static void set_bytes(struct decoder *d, const struct get *g, struct value *v, const void *bytes,
		      size_t len)
{
	uint8_t *p;

	if (!g->tag) {
		value_bytes(v, bytes, len);
		return;
	}
	p = scratch(d, len + 1);
	if (!p)
		return;
	p[0] = g->tag;
	memcpy(p + 1, bytes, len);
	value_bytes(v, p, len + 1);
}

static uint64_t blob_number(const struct wire_blob *b, unsigned off, unsigned width)
{
	uint64_t u = 0;

	if (off + width <= b->len)
		memcpy(&u, blob_data(b) + off, width);
	return u;
}

static void get_sockaddr(struct decoder *d, struct value *v, const struct wire_blob *b)
{
	uint8_t *const p = scratch(d, 136);

	if (p && b->len >= 2)
		value_bytes(v, p, sockaddr_value(p, blob_data(b), b->len));
}

static void get_tuple(struct decoder *d, const struct get *g, struct value *v,
		      const struct wire_blob *b, const struct wire_blob *name)
{
	uint8_t *const p = scratch(d, TUPLE_VALUE_MAX);
	const size_t n = p ? tuple_value(p, b, name, g->inbound) : 0;

	if (n)
		value_bytes(v, p, n);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void get_fdlist(struct decoder *d, struct value *v, const struct wire_blob *b)
{
	const unsigned n = b->len / 8;
	uint8_t *const p = scratch(d, 2 + 10 * n);

	if (!p)
		return;
	put16(p, (uint16_t)n);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *const e = blob_data(b) + 8 * i;
		int32_t fd;
		int64_t wide;

		memcpy(&fd, e, 4);
		wide = fd;
		memcpy(p + 2 + 10 * i, &wide, 8);
		memcpy(p + 10 + 10 * i, e + 6, 2);
	}
	value_bytes(v, p, 2 + 10 * n);
}

/* CLONE_* without the exit signal; what fork and vfork are short for. */
static bool clone_flags(const struct plan *p, const struct wire_record *rec,
			const struct wire_blob *b, uint64_t *flags)
{
	switch (p->event) {
	case EV_CLONE:
		if (rec->type == WIRE_FORK)
			*flags = (rec->args[0] ? CLONE_FILES : 0) | (rec->args[1] ? CLONE_VM : 0) |
				 (rec->tid != rec->pid ? CLONE_THREAD | CLONE_SIGHAND : 0);
		else
			*flags = rec->args[0] & ~0xffull;
		return true;
	case EV_CLONE3:
		if (!b || b->state != WB_SET)
			return false;
		*flags = (uint32_t)blob_number(b, 0, 8);
		return true;
	case EV_VFORK:
		*flags = CLONE_VFORK | CLONE_VM;
		return true;
	}
	*flags = 0;
	return true;
}

static void get_text(struct decoder *d, const struct get *g, struct value *v,
		     const struct wire_blob *b)
{
	set_bytes(d, g, v, blob_data(b), b->len);
}

static void get_strings(const struct get *g, struct value *v, const struct wire_blob *b)
{
	const uint8_t *const p = blob_data(b);
	size_t first = strnlen((const char *)p, b->len);

	if (g->how == GET_FIRST)
		value_bytes(v, p, first);
	else if (first < b->len)
		value_bytes(v, p + first + 1, b->len - first - 1);
	else
		value_bytes(v, p, 0);
}

/* wait(2) status: low 7 bits the signal, bit 7 a core dump, then the exit code. */
static uint64_t exit_part(const struct get *g, uint64_t status)
{
	if (g->how == GET_EXIT_CODE)
		return status >> 8 & 0xff;
	return g->how == GET_EXIT_SIGNAL ? status & 0x7f : status >> 7 & 1;
}

static uint64_t exit_time(const struct get *g, const struct wire_record *rec)
{
	uint64_t user, system;

	cputime_share(rec->args[3], rec->args[4], rec->args[5], &user, &system);
	return g->how == GET_UTIME ? user : system;
}

static void get_from_blob(struct decoder *d, const struct get *g, struct value *v,
			  const struct blobs *blobs)
{
	const struct wire_blob *const b = blobs->b[g->blob];
	const char *text;
	uint64_t u;

	if (!b || b->state == WB_CUT) {
		v->state = VALUE_LOST;
		return;
	}
	if (b->state != WB_SET)
		return;
	switch (g->how) {
	case GET_NUMBER:
		set_number(d, g, v, blob_number(b, g->off, g->width));
		return;
	case GET_BYTES:
	case GET_TEXT:
		get_text(d, g, v, b);
		return;
	case GET_FDLIST:
		get_fdlist(d, v, b);
		return;
	case GET_SOCKADDR:
		get_sockaddr(d, v, b);
		return;
	case GET_TUPLE:
		get_tuple(d, g, v, b, g->blob2 == GET_NO_BLOB ? NULL : blobs->b[g->blob2]);
		return;
	case GET_FIRST:
	case GET_REST:
		get_strings(g, v, b);
		return;
	case GET_DEV:
		value_number(v, encode_dev((uint32_t)blob_number(b, g->off, 4)));
		return;
	case GET_PAGES:
		value_number(v, blob_number(b, g->off, 4) * d->page_kib);
		return;
	case GET_BOOT_TIME:
		value_number(v, blob_number(b, g->off, 8) + d->boot_ts);
		return;
	case GET_COMM:
		text = (const char *)blob_data(b) + offsetof(struct wire_task, comm);
		value_bytes(v, text, strnlen(text, 16));
		return;
	case GET_QUEUE_PERCENT:
		u = blob_number(b, offsetof(struct wire_queue, max), 4);
		value_number(v, u ? blob_number(b, 0, 4) * 100 / u : 0);
		return;
	case GET_TIMESPEC:
		value_number(v, blob_number(b, 0, 8) * 1000000000u + blob_number(b, 8, 8));
		return;
	}
}

static void get_value(struct decoder *d, const struct plan *p, const struct get *g,
		      const struct wire_record *rec, const struct blobs *blobs, struct value *v)
{
	uint64_t u;

	*v = (struct value){0};
	switch (g->how) {
	case GET_ABSENT:
		return;
	case GET_RET:
		set_number(d, g, v, (uint64_t)rec->ret);
		return;
	case GET_ARG:
		set_number(d, g, v, rec->args[g->arg]);
		return;
	case GET_POS:
		set_number(d, g, v, (uint32_t)rec->args[g->arg] | rec->args[g->arg + 1] << 32);
		return;
	case GET_SHR:
		set_number(d, g, v, (uint32_t)rec->args[g->arg] >> g->bits);
		return;
	case GET_CLEAR:
		set_number(d, g, v, (uint32_t)rec->args[g->arg] >> g->bits << g->bits);
		return;
	case GET_NR:
		value_number(v, rec->flags & WIRE_X32 ? rec->nr | 0x4000u : p->id);
		return;
	case GET_NATIVE_NR:
		value_number(v, rec->flags & WIRE_X32 ? rec->nr | 0x4000u :
			     rec->flags & WIRE_COMPAT ? rec->nr | 0x8000u : rec->nr);
		return;
	case GET_TID:
		value_number(v, rec->tid);
		return;
	case GET_EXIT_CODE:
	case GET_EXIT_SIGNAL:
	case GET_EXIT_CORE:
		value_number(v, exit_part(g, rec->args[0]));
		return;
	case GET_UTIME:
	case GET_STIME:
		value_number(v, exit_time(g, rec));
		return;
	case GET_PEAK:
		if (rec->args[6])
			value_number(v, rec->args[6] * d->page_kib);
		return;
	case GET_CLONE_FLAGS:
		if (clone_flags(p, rec, g->blob == GET_NO_BLOB ? NULL : blobs->b[g->blob], &u))
			value_number(v, u);
		return;
	case GET_TUPLE:
		/* One that failed has no tuple of its own: what is there is of the attempt. */
		if (p->event == EV_CONNECT && rec->ret < 0 && rec->ret != -EINPROGRESS)
			return;
		/* fall through */
	default:
		get_from_blob(d, g, v, blobs);
	}
}

static const struct plan *plan_of(const struct decoder *d, const struct wire_record *rec)
{
	unsigned i = rec->nr;

	switch ((enum wire_type)rec->type) {
	case WIRE_EXEC:
		return &d->plans.exec;
	case WIRE_FORK:
		return &d->plans.forked;
	case WIRE_EXIT:
		return &d->plans.exit;
	case WIRE_SIGNAL:
		return &d->plans.signal;
	case WIRE_FAULT:
		return &d->plans.fault;
	case WIRE_SWITCH:
		return &d->plans.task_switch;
	case WIRE_SYSCALL:
		break;
	}
	if (i >= WIRE_NR_MAX || rec->flags & WIRE_X32)
		i = WIRE_NR_MAX - 1;
	return &d->plans.call[i + (rec->flags & WIRE_COMPAT ? WIRE_NR_MAX : 0)];
}

void decode(struct decoder *d, const struct wire_record *rec, unsigned cpu, struct event *ev)
{
	const struct plan *const p = plan_of(d, rec);
	const struct event_desc *const desc = &catalog[p->event];
	struct blobs blobs;

	ev->type = p->event;
	ev->desc = desc;
	ev->n_params = desc->n_params;
	ev->ts = rec->ts + d->boot_ts;
	if (ev->ts < d->last_ts)
		ev->ts = d->last_ts;
	d->last_ts = ev->ts;
	ev->tid = rec->tid;
	ev->pid = rec->pid;
	ev->cpu = (uint16_t)cpu;
	ev->nr = rec->type == WIRE_SYSCALL ? p->id : 0;
	ev->latency = rec->flags & WIRE_TIMED ? rec->args[p->n_args] : 0;
	d->used = 0;
	if (p->n_blobs)
		find_blobs(&blobs, p, rec);
	for (unsigned i = 0; i < ev->n_params; i++)
		get_value(d, p, &p->get[i], rec, &blobs, &ev->v[i]);
}
