/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the catalogue as .scap events in today's form: parameters by name in the
 * order of scap_events.def.
 *
 * sysdig 0.29 knows a call only from the pair of its beginning and its end, and passes
 * over codes that came after it.  With pairs each event is preceded by its beginning, which
 * Falco keeps for old ends only and otherwise drops.  For a code that sysdig does not know
 * that is
 *   - where an older event says the same of descriptors (dup for dup3) or credentials: its
 *     beginning, then its end as an event that only changes the state, which neither
 *     program shows, marked as an echo so that reading it back does not double it;
 *   - else the beginning of a generic call, which has the call's name.
 * A child's end of clone has no beginning: sysdig would take the child for a thread that
 * it has missed. */
#include "capture/trace/scap_out.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/scap_note.h"

enum {
	EVENT_V2 = 0x216, EVENT_V2_FLAGS = 0x217,
	EVENT_LARGE = 0x221, EVENT_LARGE_FLAGS = 0x222,
	GENERIC_EXIT = 1,
	USER_ADDED = 354, GROUP_ADDED = 358,
	OLD_CODES = 336,	/* codes that sysdig 0.29 knows */
	BYTES_MAX = 65000,	/* of parameters: readers refuse blocks beyond 64 KiB */
};

/* Events that sysdig 0.29 does not know, and what was recorded in their place. */
static const struct twin {
	uint16_t event, code, type;
	bool silent;	/* its name would mislead: the beginning is not shown either */
} twins[] = {
	{ EV_DUP, 125, EV_DUP }, { EV_DUP2, 125, EV_DUP }, { EV_DUP3, 125, EV_DUP },
	{ EV_ACCEPT4, 247, EV_ACCEPT }, { EV_PIPE2, 61, EV_PIPE },
	{ EV_EVENTFD2, 63, EV_EVENTFD }, { EV_SIGNALFD4, 127, EV_SIGNALFD },
	{ EV_INOTIFY_INIT1, 139, EV_INOTIFY_INIT },
	{ EV_OPEN_BY_HANDLE_AT, 3, EV_OPEN, true },
	{ EV_SETREUID, 193, EV_SETRESUID, true }, { EV_SETREGID, 195, EV_SETRESGID, true },
};

/* How the events of a type are written. */
struct plan {
	const struct scap_code *code, *enter;	/* enter: NULL if it has no beginning */
	const struct scap_code *twin, *twin_enter;
	uint16_t twin_type;
	bool twin_silent;
	uint16_t sc;		/* the number of the call, for who does not know the event */
	uint64_t without;	/* parameters that the format does not have */
	int8_t twin_from[EVENT_PARAMS_MAX];	/* the twin's parameters in the event */
};

/* ---- plans ---- */

/* The code of a visible event by its name; of a pseudo event that has one by its type. */
static const struct scap_code *code_of(struct scap_codes *codes, const struct event *ev)
{
	switch (ev->type) {
	case EV_GENERIC:
		return scap_code(codes, GENERIC_EXIT);
	case EV_SNAP_USER:
		return scap_code(codes, USER_ADDED);
	case EV_SNAP_GROUP:
		return scap_code(codes, GROUP_ADDED);
	}
	return scap_code_named(codes, ev->desc->name);
}

static const struct scap_code *enter_of(struct scap_codes *codes,
					const struct scap_code *code)
{
	const struct scap_code *enter;

	if (code->kind != SCAP_KIND_EXIT || !code->code)
		return NULL;
	enter = scap_code(codes, code->code - 1u);
	return enter->kind == SCAP_KIND_ENTER ? enter : NULL;
}

/* Facts of opens are in the flags, an absent one is none. */
static uint64_t without(const struct scap_code *code, const struct event *ev)
{
	uint64_t left = ev->desc->n_params < 64 ? (UINT64_C(1) << ev->desc->n_params) - 1
						: ~UINT64_C(0);

	for (unsigned i = 0; i < code->n; i++)
		if (code->p[i].to >= 0)
			left &= ~(UINT64_C(1) << code->p[i].to);
	for (unsigned i = 0; i < ev->desc->n_params; i++)
		if (ev->desc->params[i].flags == FT_file_facts)
			left &= ~(UINT64_C(1) << i);
	return left;
}

/* What stands in for the event where readers do not know it. */
static void choose_twin(struct scap_encoder *e, struct plan *p, const struct event *ev)
{
	const struct event_desc *d;

	if (!e->pairs || p->code->code < OLD_CODES)
		return;
	p->sc = (uint16_t)scap_sc_named(ev->desc->name);
	if (p->sc >= OLD_CALLS)
		p->sc = 0;
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
		if (twins[i].event != ev->type)
			continue;
		p->twin = scap_code(&e->codes, twins[i].code);
		p->twin_enter = enter_of(&e->codes, p->twin);
		p->twin_type = twins[i].type;
		p->twin_silent = twins[i].silent;
		d = &catalog[p->twin_type];
		for (unsigned k = 0; k < d->n_params; k++) {
			const char *name = d->params[k].name;
			int from = event_param_index(ev->desc, name, strlen(name));

			if (from < 0 && ev->type == EV_OPEN_BY_HANDLE_AT && !strcmp(name, "name"))
				from = P(OPEN_BY_HANDLE_AT, path);
			p->twin_from[k] = (int8_t)from;
		}
	}
}

static struct plan *make_plan(struct scap_encoder *e, const struct event *ev)
{
	struct plan *p = arena_zalloc(&e->codes.arena, sizeof(*p));

	p->code = code_of(&e->codes, ev);
	if (!p->code)
		return p;
	if (e->pairs)
		p->enter = enter_of(&e->codes, p->code);
	p->without = without(p->code, ev);
	choose_twin(e, p, ev);
	return p;
}

/* An event of the catalogue has its plan by its type; others, old names above all, are rare. */
static const struct plan *plan_of(struct scap_encoder *e, const struct event *ev,
				  struct plan *own)
{
	if (ev->desc == &catalog[ev->type]) {
		if (!e->plan[ev->type])
			e->plan[ev->type] = make_plan(e, ev);
		return e->plan[ev->type];
	}
	*own = (struct plan){ .code = code_of(&e->codes, ev) };
	if (own->code && (ev->type != EV_UNKNOWN || ev->desc->n_params == own->code->n)) {
		own->enter = e->pairs ? enter_of(&e->codes, own->code) : NULL;
		choose_twin(e, own, ev);
	} else {
		own->code = NULL;
	}
	return own;
}

/* ---- the event ---- */

static const unsigned VISIBLE = 0, HIDDEN = SCAP_STATE_ONLY, ECHOED = SCAP_STATE_ONLY | SCAP_ECHO;

static void patch(struct buf *b, size_t at, size_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		b->p[at + i] = (uint8_t)(v >> 8 * i);
}

struct open_event {
	size_t block, header, lens;
};

/* When the call began, as far as that is known. */
static uint64_t begun_ts(const struct event *ev)
{
	return ev->latency < ev->ts ? ev->ts - ev->latency : ev->ts;
}

static struct open_event begin(struct buf *b, const struct event *ev, uint64_t ts, unsigned code,
			       unsigned n, bool wide, unsigned show)
{
	struct open_event o;

	o.block = scap_block_begin(b, wide ? (show ? EVENT_LARGE_FLAGS : EVENT_LARGE)
					   : (show ? EVENT_V2_FLAGS : EVENT_V2));
	buf_le16(b, ev->cpu);
	if (show)
		buf_le32(b, show);
	o.header = b->len;
	buf_le64(b, ts);
	buf_le64(b, ev->tid == UINT32_MAX ? UINT64_MAX : ev->tid);
	buf_le32(b, 0);
	buf_le16(b, (uint16_t)code);
	buf_le32(b, n);
	o.lens = b->len;
	memset(buf_room(b, (size_t)n * 4), 0, (size_t)n * (wide ? 4 : 2));
	b->len += (size_t)n * (wide ? 4 : 2);
	return o;
}

static void end(struct buf *b, const struct open_event *o)
{
	patch(b, o->header + 16, b->len - o->header, 4);
	scap_block_end(b, o->block);
}

/* 1: cut to what the format can hold. */
static int encode(struct scap_encoder *e, const struct event *ev,
		  const struct scap_code *code, unsigned show, struct buf *out)
{
	const bool wide = code->wide;
	const uint64_t ts = code->kind == SCAP_KIND_ENTER ? begun_ts(ev) : ev->ts;
	const struct open_event o = begin(out, ev, ts, code->code, code->n, wide, show);
	int r = 0;

	for (unsigned i = 0; i < code->n; i++) {
		const size_t at = out->len;
		const size_t used = at - o.block;

		scap_put_param(e, ev, &code->p[i], out);
		if (!wide && used + (out->len - at) > BYTES_MAX) {
			out->len = at + (BYTES_MAX > used ? BYTES_MAX - used : 0);
			r = 1;
		}
		patch(out, o.lens + i * (wide ? 4 : 2), out->len - at, wide ? 4 : 2);
	}
	end(out, &o);
	return r;
}

/* The event's own beginning says nothing that counts as left out. */
static void encode_enter(struct scap_encoder *e, const struct event *ev,
			 const struct scap_code *enter, unsigned show, struct buf *out)
{
	struct scap_left *left = e->left;

	e->left = e->ignored;
	encode(e, ev, enter, show, out);
	e->left = left;
}

static void encode_twin(struct scap_encoder *e, const struct event *ev,
			const struct plan *p, unsigned show, struct buf *out)
{
	struct event *t = &e->twin;

	event_init(t, p->twin_type);
	t->ts = ev->ts;
	t->latency = ev->latency;
	t->tid = ev->tid;
	t->cpu = ev->cpu;
	for (unsigned i = 0; i < t->n_params; i++)
		if (p->twin_from[i] >= 0)
			t->v[i] = *event_value(ev, (unsigned)p->twin_from[i]);
		else if (p->twin_type == EV_SETRESUID || p->twin_type == EV_SETRESGID)
			value_number(&t->v[i], UINT32_MAX);	/* as it was */
	encode_enter(e, t, p->twin_enter, p->twin_silent ? ECHOED : show, out);
	if (value_i64(&t->v[0], -1) >= 0)
		encode_enter(e, t, p->twin, ECHOED, out);
}

/* The name of a call, for who does not know its event. */
static void encode_generic_enter(const struct event *ev, unsigned sc, unsigned show,
				 struct buf *out)
{
	const struct open_event o = begin(out, ev, begun_ts(ev), SCAP_GENERIC_ENTER, 2, false,
					  show);

	buf_le16(out, (uint16_t)sc);
	buf_le16(out, ev->nr);
	patch(out, o.lens, 2, 2);
	patch(out, o.lens + 2, 2, 2);
	end(out, &o);
}

static bool is_child_of_clone(const struct event *ev)
{
	return (ev->type == EV_CLONE || ev->type == EV_CLONE3 || ev->type == EV_FORK ||
		ev->type == EV_VFORK) && value_i64(&ev->v[0], -1) == 0;
}

static void encode_beginning(struct scap_encoder *e, const struct event *ev,
			     const struct plan *p, unsigned show, struct buf *out)
{
	const bool old = p->code->code < OLD_CODES;

	if (is_child_of_clone(ev))
		return;
	if (p->twin)
		encode_twin(e, ev, p, show, out);
	if (!old && p->code->kind == SCAP_KIND_EXIT && (!p->twin || p->twin_silent))
		encode_generic_enter(ev, p->sc, show, out);
	if (p->enter && !p->twin && (old || p->enter->n))
		encode_enter(e, ev, p->enter, show, out);
}

static void count_without(struct scap_encoder *e, const struct event *ev, uint64_t without)
{
	for (; without; without &= without - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(without);

		if (i >= ev->n_params)
			return;
		e->left->values[ev->type][i] += ev->v[i].state != VALUE_ABSENT;
	}
}

/* Falco has no event for this call, only its number. */
static int encode_generic(struct scap_encoder *e, const struct event *ev, struct buf *out)
{
	struct event *g = &e->twin;

	event_init(g, EV_GENERIC);
	g->ts = ev->ts;
	g->tid = ev->tid;
	g->cpu = ev->cpu;
	g->nr = ev->nr;
	value_number(&g->v[P(GENERIC, ID)], ev->nr);
	value_number(&g->v[P(GENERIC, nativeID)], ev->nr);
	count_without(e, ev, ~UINT64_C(0));
	return scap_encode(e, g, out);
}

int scap_encode(struct scap_encoder *e, const struct event *ev, struct buf *out)
{
	struct plan own;
	const struct plan *p = plan_of(e, ev, &own);
	const unsigned show = event_is_pseudo(ev) && ev->type != EV_CONTAINER &&
		ev->type != EV_SNAP_USER && ev->type != EV_SNAP_GROUP ? HIDDEN : VISIBLE;

	if (!p->code && catalog[ev->type].flags & EF_OWN)
		return encode_generic(e, ev, out);
	if (!p->code)
		return -ERR_UNSUPPORTED;
	if (e->pairs)
		encode_beginning(e, ev, p, show, out);
	count_without(e, ev, p->without);
	return encode(e, ev, p->code, show, out);
}

void scap_encode_note(const struct event *ev, const char *id, const char *text,
		      size_t len, struct buf *out)
{
	const struct open_event o = begin(out, ev, ev->ts, SCAP_NOTIFICATION, 2, false, VISIBLE);
	const size_t most = len < BYTES_MAX / 2 ? len : BYTES_MAX / 2;

	buf_put(out, id, strlen(id) + 1);
	buf_put(out, text, most);
	buf_byte(out, 0);
	patch(out, o.lens, strlen(id) + 1, 2);
	patch(out, o.lens + 2, most + 1, 2);
	end(out, &o);
}
