/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/dict.h"

#include <stdlib.h>

#include "capture/base/cursor.h"
#include "capture/base/err.h"

enum { PARAM_IS_BYTES = 1, PARAM_IS_SIGNED = 2 };

static const char *const type_names[PT__N] = {
	[PT_NONE] = "NONE",
	[PT_INT8] = "INT8", [PT_INT16] = "INT16", [PT_INT32] = "INT32", [PT_INT64] = "INT64",
	[PT_UINT8] = "UINT8", [PT_UINT16] = "UINT16", [PT_UINT32] = "UINT32",
	[PT_UINT64] = "UINT64",
	[PT_FD] = "FD", [PT_PID] = "PID", [PT_ERRNO] = "ERRNO", [PT_UID] = "UID", [PT_GID] = "GID",
	[PT_FLAGS8] = "FLAGS8", [PT_FLAGS16] = "FLAGS16", [PT_FLAGS32] = "FLAGS32",
	[PT_ENUMFLAGS8] = "ENUMFLAGS8", [PT_ENUMFLAGS16] = "ENUMFLAGS16",
	[PT_ENUMFLAGS32] = "ENUMFLAGS32",
	[PT_MODE] = "MODE", [PT_SYSCALLID] = "SYSCALLID", [PT_SIGTYPE] = "SIGTYPE",
	[PT_SIGSET] = "SIGSET", [PT_RELTIME] = "RELTIME", [PT_ABSTIME] = "ABSTIME",
	[PT_BOOL] = "BOOL",
	[PT_CHARBUF] = "CHARBUF", [PT_PATH] = "PATH", [PT_RELPATH] = "RELPATH",
	[PT_BYTEBUF] = "BYTEBUF", [PT_CHARBUFARRAY] = "CHARBUFARRAY",
	[PT_CHARBUF_PAIR_ARRAY] = "CHARBUF_PAIR_ARRAY", [PT_SOCKADDR] = "SOCKADDR",
	[PT_SOCKTUPLE] = "SOCKTUPLE", [PT_FDLIST] = "FDLIST", [PT_DYN] = "DYN",
};

/* ---- writing ---- */

static void put_text(struct buf *out, const char *s)
{
	const size_t len = s ? strlen(s) : 0;

	buf_varint(out, len);
	buf_put(out, s, len);
}

static void put_param(struct buf *out, const struct param_desc *p)
{
	put_text(out, p->name);
	put_text(out, type_names[p->type]);
	buf_byte(out, (uint8_t)((type_is_number(p->type) ? 0 : PARAM_IS_BYTES)
				| (type_is_signed(p->type) ? PARAM_IS_SIGNED : 0)));
	buf_byte(out, p->fmt);
	put_text(out, p->flags ? flags_tables[p->flags].name : "");
	put_text(out, p->dir);
}

static void put_event(struct buf *out, unsigned id, const struct event_desc *d)
{
	buf_varint(out, id);
	buf_varint(out, d->flags);
	put_text(out, d->name);
	put_text(out, category_name[d->category]);
	buf_varint(out, d->n_params);
	for (unsigned i = 0; i < d->n_params; i++)
		put_param(out, &d->params[i]);
}

void dict_encode(struct buf *out, const struct event_desc *const *events, unsigned n,
		 const struct source_info *info)
{
	unsigned count = 0;

	put_text(out, info->hostname);
	put_text(out, info->kernel);
	put_text(out, info->arch_name);
	put_text(out, info->writer);
	buf_le32(out, info->n_cpus);
	buf_le64(out, info->memory);
	buf_le64(out, info->boot_ts);
	for (unsigned i = 0; i < n; i++)
		count += events[i] != NULL;
	buf_varint(out, count);
	for (unsigned i = 0; i < n; i++)
		if (events[i])
			put_event(out, i, events[i]);
}

/* ---- reading ---- */

static const char *get_text(struct cursor *c, struct arena *a)
{
	const uint64_t len = cursor_varint(c);
	const uint8_t *p = len <= cursor_left(c) ? cursor_bytes(c, (size_t)len) : NULL;

	if (p && !memchr(p, 0, (size_t)len))
		return arena_strn(a, p, (size_t)len);
	c->bad = true;
	return "";
}

static uint8_t find_name(const char *const *names, unsigned n, const char *name, uint8_t otherwise)
{
	for (unsigned i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return (uint8_t)i;
	return otherwise;
}

static uint8_t find_flags(const char *name)
{
	for (unsigned i = 1; i < FT__N && *name; i++)
		if (!strcmp(flags_tables[i].name, name))
			return (uint8_t)i;
	return FT_none;
}

/* A type this program does not have is a number or bytes; bytes need the known layout. */
static uint8_t find_type(const char *name, unsigned class)
{
	const bool bytes = class & PARAM_IS_BYTES;
	const uint8_t t = find_name(type_names, PT__N, name, PT_NONE);

	if (t == PT_NONE || type_is_number(t) == bytes)
		return bytes ? PT_BYTEBUF : class & PARAM_IS_SIGNED ? PT_INT64 : PT_UINT64;
	return t;
}

static void get_param(struct param_desc *p, struct cursor *c, struct arena *a)
{
	const char *type;
	unsigned class;

	p->name = get_text(c, a);
	type = get_text(c, a);
	class = cursor_u8(c);
	p->type = find_type(type, class);
	p->fmt = cursor_u8(c);
	if (p->fmt > PF_OCT)
		p->fmt = PF_NA;
	p->flags = find_flags(get_text(c, a));
	p->dir = get_text(c, a);
	if (!*p->dir)
		p->dir = NULL;
}

static bool is_text(uint8_t type)
{
	return type == PT_CHARBUF || type == PT_PATH || type == PT_RELPATH;
}

/* Can a recorded value of type file stand for own? */
static bool fits(uint8_t own, uint8_t file)
{
	return own == file || (type_is_number(own) && type_is_number(file))
		|| (is_text(own) && is_text(file));
}

static struct dict_column *map_own(const struct event_desc *own, const struct event_desc *file,
				   uint8_t *used, struct arena *a)
{
	struct dict_column *m = arena_zalloc(a, (own->n_params + file->n_params + 1U) * sizeof(*m));

	for (unsigned i = 0; i < own->n_params; i++) {
		const struct param_desc *p = &own->params[i];
		const int at = event_param_index(file, p->name, strlen(p->name));

		m[i] = (struct dict_column){ .column = -1, .bulk = param_is_bulk(p),
					     .is_bytes = !type_is_number(p->type) };
		if (at < 0 || !fits(p->type, file->params[at].type))
			continue;
		m[i].column = (int16_t)at;
		m[i].narrow = p->type == file->params[at].type || m[i].is_bytes ? 0 : p->type;
		used[at] = 1;
	}
	return m;
}

/* Own parameters first, so that their positions hold; then those which only the
 * recording has. */
static void map_event(struct dict_event *e, const struct event_desc *own,
		      const struct event_desc *file, struct arena *a)
{
	uint8_t used[EVENT_PARAMS_MAX] = {0};
	struct dict_column *m = map_own(own, file, used, a);
	struct param_desc *params;
	struct event_desc *d;
	unsigned n = own->n_params;

	e->n_columns = (uint16_t)(file->n_params + 1);
	e->params = m;
	e->desc = own;
	params = arena_zalloc(a, (n + file->n_params + 1U) * sizeof(*params));
	if (n)
		memcpy(params, own->params, n * sizeof(*params));
	for (unsigned i = 0; i < file->n_params && n < EVENT_PARAMS_MAX; i++) {
		if (used[i])
			continue;
		m[n] = (struct dict_column){ .column = (int16_t)i,
					     .bulk = param_is_bulk(&file->params[i]),
					     .is_bytes = !type_is_number(file->params[i].type) };
		params[n++] = file->params[i];
	}
	if (n == own->n_params)
		return;
	d = arena_zalloc(a, sizeof(*d));
	*d = *own;
	d->n_params = (uint8_t)n;
	d->params = params;
	e->desc = d;
}

/* The recording says which events are numbered ones: some of its own making (a container
 * event of a converted capture, a call that only state needs) differ from the catalogue. */
static void keep_pseudo(struct dict_event *e, uint64_t flags, struct arena *a)
{
	struct event_desc *d;

	if (!((e->desc->flags ^ flags) & EF_PSEUDO))
		return;
	d = arena_alloc(a, sizeof(*d));
	*d = *e->desc;
	d->flags ^= EF_PSEUDO;
	if (e->desc->flags & EF_PSEUDO)
		d->flags |= EF_TRACEPOINT;	/* a system call it is not */
	e->desc = d;
}

static int get_event(struct dict *dict, struct cursor *c)
{
	const uint64_t id = cursor_varint(c), flags = cursor_varint(c);
	struct event_desc *d = arena_zalloc(&dict->mem, sizeof(*d));
	struct param_desc *params;
	enum event_id own;
	uint64_t n;

	d->name = get_text(c, &dict->mem);
	d->category = find_name(category_name, EC__N, get_text(c, &dict->mem), EC_UNKNOWN);
	n = cursor_varint(c);
	if (c->bad || n > EVENT_PARAMS_MAX || id >= 64 * SET_WORDS || dict->event[id].desc)
		return err(ERR_FORMAT, "dictionary: event %llu is wrong", (unsigned long long)id);
	params = arena_zalloc(&dict->mem, (n + 1) * sizeof(*params));
	for (uint64_t i = 0; i < n; i++)
		get_param(&params[i], c, &dict->mem);
	d->flags = (uint16_t)flags;
	d->n_params = (uint8_t)n;
	d->params = params;
	own = catalog_find(d->name, strlen(d->name));
	if (own == EV_UNKNOWN) {
		static const struct event_desc nothing;

		map_event(&dict->event[id], &nothing, d, &dict->mem);
		dict->event[id].desc = d;
	} else {
		map_event(&dict->event[id], &catalog[own], d, &dict->mem);
		keep_pseudo(&dict->event[id], flags, &dict->mem);
	}
	return c->bad ? err(ERR_FORMAT, "dictionary: cut in event %s", d->name) : 0;
}

static void get_info(struct source_info *info, struct cursor *c, struct arena *a)
{
	info->hostname = get_text(c, a);
	info->kernel = get_text(c, a);
	info->arch_name = get_text(c, a);
	info->writer = get_text(c, a);
	info->n_cpus = cursor_u32(c);
	info->memory = cursor_u64(c);
	info->boot_ts = cursor_u64(c);
	info->arch = !strcmp(info->arch_name, "aarch64") ? ARCH_ARM64 : ARCH_X86_64;
}

struct dict *dict_decode(const uint8_t *p, size_t n)
{
	struct cursor c = cursor_of(p, n);
	struct dict *d = xcalloc(1, sizeof(*d));
	uint64_t n_events;

	get_info(&d->info, &c, &d->mem);
	n_events = cursor_varint(&c);
	if (c.bad || n_events > 64 * SET_WORDS) {
		err(ERR_FORMAT, "dictionary: cut or too large");
		goto fail;
	}
	while (n_events--)
		if (get_event(d, &c) < 0)
			goto fail;
	return d;
fail:
	dict_free(d);
	return NULL;
}

void dict_free(struct dict *d)
{
	if (d)
		arena_release(&d->mem);
	free(d);
}
