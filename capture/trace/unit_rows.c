/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of an open block as events.  This is what every reader does for every event that
 * it wants, so columns become rows some at a time: a short loop for each column that
 * varies, into rows that have already what all rows of the type share.  An event is then
 * one copy. */
#include "capture/base/err.h"
#include "capture/trace/unit_parts.h"

enum {
	CPU_SLOTS = 1024,
	AHEAD = 16,	/* rows that are made at a time: few enough for the nearest cache */
	COPY = 4,	/* values at a time: a length that compilers turn into moves */
};
_Static_assert(EVENT_PARAMS_MAX % COPY == 0, "copying goes past the end");

static int bad(const char *what)
{
	return err(ERR_FORMAT, "block: %s", what);
}

/* ---- heads of the rows ---- */

static int decode_heads(struct unit *u, struct ints head[HEADS])
{
	const uint32_t n[HEADS] = { u->n_rows, u->n_rows, u->n_rows, u->n_threads,
				    u->n_threads, u->n_rows };
	struct cursor all = cursor_of(u->frames[FRAME_HEADS].data, u->frames[FRAME_HEADS].len);

	for (unsigned i = 0; i < HEADS; i++) {
		const uint8_t *p = cursor_bytes(&all, u->head_len[i]);
		struct cursor c;

		if (!p)
			return bad("heads are longer than their frame");
		c = cursor_of(p, u->head_len[i]);
		if (ints_decode(&head[i], &c, i == HEAD_POS && u->head_len[i] <= 10 ? 0 : n[i],
				&u->mem) < 0)
			return -ERR_FORMAT;
		if (cursor_left(&c))
			return bad("heads of the wrong length");
	}
	return cursor_left(&all) ? bad("bytes behind the heads") : 0;
}

static const uint64_t *as_u64(struct unit *u, const struct ints *x, uint32_t n)
{
	uint64_t *v;

	if (x->kind == IK_U64)
		return x->u64;
	v = arena_alloc(&u->mem, n * sizeof(*v));
	for (uint32_t i = 0; i < n; i++)
		v[i] = ints_at(x, i);
	return v;
}

/* As bytes, if that is what they are or all they need; else NULL. */
static const uint8_t *as_u8(const struct ints *x)
{
	return x->kind == IK_U8 && x->base == 0 ? x->u8 : NULL;
}

/* Threads of the rows; 0 in the codes: as in the row before on the same CPU.  Returns the
 * highest, UINT32_MAX if one is not there. */
static uint32_t follow_threads(struct unit *u, const struct ints *code, uint32_t *t)
{
	const uint8_t *cpu8 = as_u8(&u->cpu), *code8 = as_u8(code);
	uint32_t last[CPU_SLOTS], worst = 0;

	memset(last, 0xff, sizeof(last));
	for (uint32_t i = 0; i < u->n_rows; i++) {
		uint32_t *l = &last[(cpu8 ? cpu8[i] : ints_at(&u->cpu, i)) % CPU_SLOTS];
		const uint64_t v = code8 ? code8[i] : ints_at(code, i);

		if (v)
			*l = v <= u->n_threads ? (uint32_t)v - 1 : UINT32_MAX;
		t[i] = *l;
		worst = *l > worst ? *l : worst;
	}
	return worst;
}

static const uint16_t *as_u16(struct unit *u, const struct ints *x, uint32_t n)
{
	uint16_t *v = arena_alloc(&u->mem, (n + 1) * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = (uint16_t)ints_at(x, i);
	return v;
}

static int decode_threads(struct unit *u, const struct ints *code)
{
	uint32_t *t = arena_alloc(&u->mem, u->n_rows * sizeof(*t));

	if (follow_threads(u, code, t) == UINT32_MAX)
		return bad("a row of a thread that is not there");
	u->thread_of = t;
	return 0;
}

static int load_heads(struct unit *u)
{
	struct unit_thread *threads;
	struct ints head[HEADS];

	if (unit_inflate(u, FRAME_HEADS) < 0 || decode_heads(u, head) < 0)
		return -ERR_FORMAT;
	u->ts = as_u64(u, &head[HEAD_TS], u->n_rows);
	u->cpu = head[HEAD_CPU];
	u->cpus = as_u16(u, &u->cpu, u->n_rows);
	u->pos = head[HEAD_POS];
	threads = arena_alloc(&u->mem, u->n_threads * sizeof(*threads));
	for (uint32_t i = 0; i < u->n_threads; i++)
		threads[i] = (struct unit_thread){ (uint32_t)ints_at(&head[HEAD_TIDS], i),
						   (uint32_t)ints_at(&head[HEAD_PIDS], i) };
	u->threads = threads;
	if (decode_threads(u, &head[HEAD_THREAD]) < 0)
		return -ERR_FORMAT;
	u->heads = true;
	return 0;
}

/* ---- parameters ---- */

static int load_column(struct unit *u, const struct unit_type *t, uint32_t column,
		       struct column *to)
{
	const struct unit_column *c = &u->columns[t->first + column];

	if (!c->len) {
		*to = (struct column){ .absent = true };
		return 0;
	}
	if (unit_inflate(u, c->frame) < 0)
		return -ERR_FORMAT;
	return column_decode(to, cursor_of(u->frames[c->frame].data + c->off, c->len), t->n_rows,
			     &u->mem);
}

/* ---- latencies ---- */

/* Where the column of each type is in the last frame. */
static int find_latencies(struct unit *u)
{
	const uint32_t frame = u->n_frames - 1;
	struct unit_column *at;
	struct cursor c;

	if (unit_inflate(u, frame) < 0)
		return -ERR_FORMAT;
	at = arena_alloc(&u->mem, u->n_types * sizeof(*at));
	c = cursor_of(u->frames[frame].data, u->frames[frame].len);
	for (uint32_t i = 0; i < u->n_types; i++) {
		const uint32_t len = cursor_u32(&c);

		at[i] = (struct unit_column){
			frame, u->frames[frame].len - (uint32_t)cursor_left(&c), len };
		if (c.bad || !cursor_bytes(&c, len))
			return bad("latencies are cut");
	}
	if (cursor_left(&c))
		return bad("bytes behind the latencies");
	u->latencies = at;
	return 0;
}

static int load_latency(struct unit *u, struct unit_type *t)
{
	const struct unit_column *at;
	struct cursor c;

	t->latency = (struct ints){0};
	if (!u->timed)
		return 0;
	if (!u->latencies && find_latencies(u) < 0)
		return -ERR_FORMAT;
	at = &u->latencies[t - u->types];
	if (!at->len)
		return 0;
	c = cursor_of(u->frames[at->frame].data + at->off, at->len);
	if (ints_decode(&t->latency, &c, t->n_rows, &u->mem) < 0)
		return -ERR_FORMAT;
	return cursor_left(&c) ? bad("latencies of the wrong length") : 0;
}

/* ---- values ---- */

/* A number recorded with another type, as its own type would carry it. */
static uint64_t narrowed(uint64_t v, enum param_type type)
{
	const unsigned shift = 64 - 8 * type_width(type);

	if (!type || shift >= 64)
		return v;
	return type_is_signed(type) ? (uint64_t)((int64_t)(v << shift) >> shift)
		: v << shift >> shift;
}

/* Numbers of a column that was recorded with another type. */
static void narrow(struct unit *u, struct ints *x, uint32_t n, enum param_type type)
{
	uint64_t *v = arena_alloc(&u->mem, n * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = narrowed(ints_at(x, i), type);
	x->base = narrowed(x->base, type);
	if (x->kind != IK_CONST)
		*x = (struct ints){ .kind = IK_U64, .u64 = v };
}

static const struct value *number_values(struct unit *u, const uint64_t *table, uint32_t n)
{
	struct value *v = arena_alloc(&u->mem, n * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct value){ .u = table[i], .state = VALUE_SET };
	return v;
}

static const struct value *text_values(struct unit *u, const struct column *c, uint32_t n)
{
	struct value *v = arena_alloc(&u->mem, n * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct value){ .p = c->p + c->off[i], .len = c->off[i + 1] - c->off[i],
				       .state = VALUE_SET };
	return v;
}

static void vary_numbers(struct unit *u, struct vary *v, const struct column *c)
{
	v->base = c->v.base;
	switch ((enum ints_kind)c->v.kind) {
	case IK_CONST:
		break;
	case IK_U8:
		v->kind = VARY_U8;
		v->u8 = c->v.u8;
		break;
	case IK_U32:
		v->kind = VARY_U32;
		v->u32 = c->v.u32;
		break;
	case IK_U64:
		v->kind = VARY_U64;
		v->u64 = c->v.u64;
		break;
	case IK_TABLE8:
		v->kind = VARY_PICK8;
		v->u8 = c->v.u8;
		v->values = number_values(u, c->v.table, c->v.n_table);
		break;
	}
}

static void vary_bytes(struct unit *u, struct vary *v, const struct column *c)
{
	if (c->form == COLUMN_BYTES) {
		v->kind = VARY_BYTES;
		v->u32 = c->off;
		v->bytes = c->p;
		return;
	}
	v->values = text_values(u, c, c->n_texts);
	if (c->v.kind == IK_U8 && c->v.base == 0) {
		v->kind = VARY_PICK8;
		v->u8 = c->v.u8;
	} else {
		struct ints *pick = arena_alloc(&u->mem, sizeof(*pick));

		*pick = c->v;
		v->kind = VARY_PICK;
		v->pick = pick;
	}
}

/* Sorts the column of parameter i into what is common and what varies. */
static void place_column(struct unit *u, struct unit_type *t, unsigned i, const struct column *c)
{
	t->common[i] = (struct value){ .state = c->absent ? VALUE_ABSENT : VALUE_SET };
	if (c->absent)
		return;
	if (c->states)
		t->states[t->n_states++] = (struct vary_state){ (uint8_t)i, c->states };
	if (c->form == COLUMN_NUMBERS && c->v.kind == IK_CONST) {
		t->common[i].u = c->v.base;
		return;
	}
	t->vary[t->n_vary] = (struct vary){ .param = (uint8_t)i };
	if (c->form == COLUMN_NUMBERS)
		vary_numbers(u, &t->vary[t->n_vary++], c);
	else
		vary_bytes(u, &t->vary[t->n_vary++], c);
}

static int load_param(struct unit *u, struct unit_type *t, unsigned i)
{
	const struct dict_column *m = &t->event->params[i];
	struct column c = { .absent = true };

	if (m->column >= 0 && (!m->bulk || u->bulk)
	    && load_column(u, t, (uint32_t)m->column, &c) < 0)
		return -ERR_FORMAT;
	if (!c.absent && (c.form != COLUMN_NUMBERS) != m->is_bytes)
		return bad("a column of the other kind than its parameter");
	if (!c.absent && m->narrow)
		narrow(u, &c.v, t->n_rows, m->narrow);
	place_column(u, t, i, &c);
	return 0;
}

/* Room for rows, with what they share. */
static void make_room(struct unit *u, struct unit_type *t, unsigned n_params)
{
	const uint32_t n = t->n_rows < AHEAD ? t->n_rows : AHEAD;

	t->width = (n_params + COPY - 1) / COPY * COPY;
	t->ahead = arena_alloc(&u->mem, ((size_t)n * t->width + 1) * sizeof(*t->ahead));
	for (uint32_t i = 0; i < n; i++)
		memcpy(t->ahead + (size_t)i * t->width, t->common,
		       t->width * sizeof(*t->common));
}

static int load_type(struct unit *u, struct unit_type *t)
{
	const unsigned n = t->event->desc->n_params;
	struct column nr;

	t->common = arena_zalloc(&u->mem, (n + COPY) * sizeof(*t->common));
	t->vary = arena_alloc(&u->mem, (n + 1) * sizeof(*t->vary));
	t->states = arena_alloc(&u->mem, (n + 1) * sizeof(*t->states));
	for (unsigned i = 0; i < n; i++)
		if (load_param(u, t, i) < 0)
			return -ERR_FORMAT;
	make_room(u, t, n);
	if (load_column(u, t, t->n_columns - 1, &nr) < 0)
		return -ERR_FORMAT;
	if (load_latency(u, t) < 0)
		return -ERR_FORMAT;
	t->nr = nr.absent || nr.form != COLUMN_NUMBERS ? (struct ints){0} : nr.v;
	t->loaded = true;
	return 0;
}

/* A loop over the rows to fill, of which to is the value that varies. */
#define EACH_ROW(assignment)							\
	do {									\
		struct value *to = first;					\
										\
		for (uint32_t i = k; i < end; i++, to += width)			\
			assignment;						\
	} while (0)

/* The column v of the rows k to end. */
static void fill(const struct vary *v, struct value *first, uint32_t width, uint32_t k,
		 uint32_t end)
{
	const uint64_t base = v->base;

	switch ((enum vary_kind)v->kind) {
	case VARY_U8:
		EACH_ROW(to->u = base + v->u8[i]);
		break;
	case VARY_U32:
		EACH_ROW(to->u = base + v->u32[i]);
		break;
	case VARY_U64:
		EACH_ROW(to->u = v->u64[i]);
		break;
	case VARY_PICK8:
		EACH_ROW(*to = v->values[v->u8[i]]);
		break;
	case VARY_PICK:
		EACH_ROW(*to = v->values[ints_at(v->pick, i)]);
		break;
	case VARY_BYTES:
		EACH_ROW((to->p = v->bytes + v->u32[i], to->len = v->u32[i + 1] - v->u32[i]));
		break;
	}
}

/* Makes the next rows. */
static void make_rows(struct unit_type *t)
{
	const uint32_t k = t->row, width = t->width;
	const uint32_t end = t->n_rows - k < AHEAD ? t->n_rows : k + AHEAD;

	for (unsigned c = 0; c < t->n_vary; c++)
		fill(&t->vary[c], t->ahead + t->vary[c].param, width, k, end);
	for (unsigned c = 0; c < t->n_states; c++) {
		const uint8_t *states = t->states[c].states;
		struct value *first = t->ahead + t->states[c].param;

		EACH_ROW(to->state = states[i]);
	}
	t->begun = k;
	t->made = end;
}

int unit_event(struct unit *u, struct event *ev)
{
	const uint32_t row = u->row;
	struct unit_type *t = &u->types[unit_type_of(u, row)];
	const struct event_desc *desc = t->event->desc;
	const struct value *from;
	const struct unit_thread *thread;

	if (!t->loaded && ((!u->heads && load_heads(u) < 0) || load_type(u, t) < 0))
		return -ERR_FORMAT;
	if (t->row == t->made)
		make_rows(t);
	from = t->ahead + (size_t)(t->row - t->begun) * t->width;
	thread = &u->threads[u->thread_of[row]];
	ev->ts = u->ts[row];
	ev->latency = t->latency.kind == IK_CONST ? t->latency.base
		: ints_at(&t->latency, t->row);
	ev->tid = thread->tid;
	ev->pid = thread->pid;
	ev->cpu = u->cpus[row];
	ev->desc = desc;
	ev->type = desc->id;
	ev->nr = (uint16_t)(t->nr.kind == IK_CONST ? t->nr.base : ints_at(&t->nr, t->row));
	ev->n_params = desc->n_params;
	for (unsigned i = 0; i < t->width; i += COPY)
		memcpy(&ev->v[i], from + i, COPY * sizeof(*ev->v));
	u->row++;
	t->row++;
	return 0;
}

int unit_pos(struct unit *u, uint64_t *pos)
{
	if (!u->heads && load_heads(u) < 0)
		return -ERR_FORMAT;
	*pos = ints_at(&u->pos, u->row);
	return 0;
}

int unit_check(struct unit *u)
{
	struct column c;

	if (!u->heads && load_heads(u) < 0)
		return -ERR_FORMAT;
	for (uint32_t i = 0; i < u->n_types; i++) {
		struct unit_type *t = &u->types[i];

		for (uint32_t j = 0; j < t->n_columns; j++)
			if (load_column(u, t, j, &c) < 0)
				return -ERR_FORMAT;
		if (!t->loaded && load_type(u, t) < 0)
			return -ERR_FORMAT;
	}
	return 0;
}
