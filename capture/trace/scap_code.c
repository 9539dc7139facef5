/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of scap_events.def, each prepared when its code is first seen: parameters
 * of the file are joined with those of bpf/events.def by name. */
#include "capture/trace/scap.h"

#include <string.h>

#include "capture/base/ppm.h"

struct row {
	const char *name, *params;
	uint8_t kind;
	bool counts, wide, old, plain;
};

static const struct row rows[SCAP_CODES] = {
#define ROW(code, name, params, kind, ...) [code] = { #name, params, kind, __VA_ARGS__ },
#define SCAP_EXIT(code, name, params) ROW(code, name, params, SCAP_KIND_EXIT, true)
#define SCAP_ENTER(code, name, counts, params) \
	ROW(code, name, params, SCAP_KIND_ENTER, counts)
#define SCAP_PLAIN(code, name, params) \
	ROW(code, name, params, SCAP_KIND_EXIT, true, .plain = true)
#define SCAP_ONE(code, name, params) \
	ROW(code, name, params, SCAP_KIND_ONE, true, .plain = true)
#define SCAP_LARGE(code, name, params) \
	ROW(code, name, params, SCAP_KIND_ONE, true, .wide = true)
#define SCAP_OLD_EXIT(code, name, params) \
	ROW(code, name, params, SCAP_KIND_EXIT, true, .old = true)
#define SCAP_OLD_ONE(code, name, params) \
	ROW(code, name, params, SCAP_KIND_ONE, true, .old = true)
#include "capture/trace/scap_events.def"
#undef SCAP_EXIT
#undef SCAP_PLAIN
#undef SCAP_ENTER
#undef SCAP_ONE
#undef SCAP_LARGE
#undef SCAP_OLD_EXIT
#undef SCAP_OLD_ONE
};

static const char *const sc_names[SCAP_CODES] = {
#define SCAP_SC(number, name) [number] = #name,
#include "capture/trace/scap_sc.def"
#undef SCAP_SC
};

/* Types of the format; those that exist only there become the nearest of ours. */
static const struct type_name {
	const char *name;
	uint8_t type;
} type_names[] = {
	{ "INT8", PT_INT8 }, { "INT16", PT_INT16 }, { "INT32", PT_INT32 },
	{ "INT64", PT_INT64 }, { "UINT8", PT_UINT8 }, { "UINT16", PT_UINT16 },
	{ "UINT32", PT_UINT32 }, { "UINT64", PT_UINT64 }, { "FD", PT_FD },
	{ "PID", PT_PID }, { "ERRNO", PT_ERRNO }, { "UID", PT_UID }, { "GID", PT_GID },
	{ "FLAGS8", PT_FLAGS8 }, { "FLAGS16", PT_FLAGS16 }, { "FLAGS32", PT_FLAGS32 },
	{ "ENUMFLAGS8", PT_ENUMFLAGS8 }, { "ENUMFLAGS16", PT_ENUMFLAGS16 },
	{ "ENUMFLAGS32", PT_ENUMFLAGS32 }, { "MODE", PT_MODE },
	{ "SYSCALLID", PT_SYSCALLID }, { "SIGTYPE", PT_SIGTYPE }, { "SIGSET", PT_SIGSET },
	{ "RELTIME", PT_RELTIME }, { "ABSTIME", PT_ABSTIME }, { "BOOL", PT_BOOL },
	{ "CHARBUF", PT_CHARBUF }, { "PATH", PT_PATH }, { "RELPATH", PT_RELPATH },
	{ "BYTEBUF", PT_BYTEBUF }, { "CHARBUFARRAY", PT_CHARBUFARRAY },
	{ "CHARBUF_PAIR_ARRAY", PT_CHARBUF_PAIR_ARRAY }, { "SOCKADDR", PT_SOCKADDR },
	{ "SOCKTUPLE", PT_SOCKTUPLE }, { "FDLIST", PT_FDLIST }, { "DYN", PT_DYN },
	{ "PORT", PT_UINT16 }, { "FD32", PT_INT32 }, { "PID32", PT_INT32 },
	{ "IPV4ADDR", PT_BYTEBUF }, { "IPV6ADDR", PT_BYTEBUF },
};

/* Events that are not in the catalogue under their name, but mean what one there does:
 * the parameters are in the same order. */
static const struct alias {
	const char *name;
	uint16_t type, flags;
	uint8_t category;
} aliases[] = {
	{ "useradded", EV_SNAP_USER, EF_MODIFIES_STATE | EF_TRACEPOINT, EC_PROCESS },
	{ "groupadded", EV_SNAP_GROUP, EF_MODIFIES_STATE | EF_TRACEPOINT, EC_PROCESS },
	{ "stat64", EV_STAT, 0, EC_FILE },
	{ "lstat64", EV_LSTAT, 0, EC_FILE },
	{ "fstat64", EV_FSTAT, 0, EC_FILE },
};

static uint8_t type_of(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		const char *name = type_names[i].name;

		if (strlen(name) == len && !memcmp(name, p, len))
			return type_names[i].type;
	}
	return PT_NONE;
}

static bool type_has_flags(unsigned type)
{
	return type >= PT_FLAGS8 && type <= PT_MODE;
}

/* One "name:TYPE/table" of a row. */
struct spec {
	const char *name, *table;
	size_t name_len, table_len;
	uint8_t type;
};

static bool spec_next(const char **p, struct spec *s)
{
	const char *end, *colon, *slash;

	while (**p == ' ')
		(*p)++;
	if (!**p)
		return false;
	end = *p + strcspn(*p, " ");
	colon = memchr(*p, ':', (size_t)(end - *p));
	slash = memchr(colon, '/', (size_t)(end - colon));
	s->name = *p;
	s->name_len = (size_t)(colon - *p);
	s->table = slash ? slash + 1 : end;
	s->table_len = (size_t)(end - s->table);
	s->type = type_of(colon + 1, (size_t)((slash ? slash : end) - colon - 1));
	*p = end;
	return true;
}

static uint8_t table_of(const struct spec *s)
{
	for (unsigned i = 1; s->table_len && i < FT__N; i++)
		if (strlen(flags_tables[i].name) == s->table_len &&
		    !memcmp(flags_tables[i].name, s->table, s->table_len))
			return (uint8_t)i;
	return FT_none;
}

/* A descriptor made from the row itself. */
static const struct event_desc *own_desc(struct arena *a, const struct row *row,
					 uint16_t type, uint8_t category, uint16_t flags)
{
	struct event_desc *d = arena_zalloc(a, sizeof(*d));
	struct param_desc *params = arena_zalloc(a, SCAP_PARAMS_MAX * sizeof(*params));
	const char *p = row->params;
	struct spec s;

	*d = (struct event_desc){ .name = row->name, .id = type, .flags = flags,
				  .category = category, .params = params };
	while (d->n_params < SCAP_PARAMS_MAX && spec_next(&p, &s))
		params[d->n_params++] = (struct param_desc){
			.name = arena_strn(a, s.name, s.name_len),
			.type = s.type, .fmt = PF_DEC, .flags = table_of(&s),
		};
	return d;
}

static const struct event_desc *with_flags(struct arena *a, const struct event_desc *from,
					   uint16_t set, uint16_t clear)
{
	struct event_desc *d = arena_alloc(a, sizeof(*d));

	*d = *from;
	d->flags = (uint16_t)((d->flags | set) & ~clear);
	return d;
}

static void choose_desc(struct scap_codes *c, const struct row *row,
			struct scap_code *code)
{
	const uint16_t unlisted = EF_TRACEPOINT;

	code->type = catalog_find(row->name, strlen(row->name));
	code->desc = &catalog[code->type];
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		const struct alias *a = &aliases[i];

		if (strcmp(a->name, row->name))
			continue;
		code->type = a->type;
		code->desc = own_desc(&c->arena, row, a->type, a->category, a->flags);
		return;
	}
	if (code->type == EV_UNKNOWN)
		code->desc = own_desc(&c->arena, row, EV_UNKNOWN, EC_INTERNAL, unlisted);
	else if (code->desc->flags & EF_PSEUDO)
		code->desc = with_flags(&c->arena, code->desc, unlisted, EF_PSEUDO);
}

/* Where the parameters of row go: to those of d with the same name. */
static void join_params(const struct row *row, const struct event_desc *d, bool by_place,
			struct scap_code *code)
{
	const char *p = row->params;
	struct spec s;

	while (code->n < SCAP_PARAMS_MAX && spec_next(&p, &s)) {
		struct scap_param *to = &code->p[code->n];
		const int i = by_place ? code->n
			: event_param_index(d, s.name, s.name_len);
		const uint8_t table = i < 0 ? (uint8_t)FT_none : d->params[i].flags;

		to->type = s.type;
		to->is_number = type_is_number(s.type);
		to->is_signed = type_is_signed(s.type);
		to->to = (int8_t)i;
		if (type_has_flags(s.type) && table && !flags_ppm_same(table))
			to->flags = table;
		code->n++;
	}
}

static uint64_t params_of_begin(const struct row *row, const struct event_desc *d)
{
	const char *p = row->params;
	uint64_t set = 0;
	struct spec s;

	while (spec_next(&p, &s)) {
		const int i = event_param_index(d, s.name, s.name_len);

		if (i >= 0)
			set |= UINT64_C(1) << i;
	}
	return set;
}

static struct scap_code *prepare(struct scap_codes *c, unsigned n)
{
	struct scap_code *code = arena_zalloc(&c->arena, sizeof(*code));
	const struct row *row = &rows[n];
	const struct scap_code *exit_code;
	const struct syscall_desc *call;

	code->code = (uint16_t)n;
	code->kind = row->kind;
	if (!row->kind)
		return code;
	code->counts = row->counts;
	code->wide = row->wide;
	code->plain = row->plain;
	if (row->kind == SCAP_KIND_ENTER) {
		exit_code = scap_code(c, n + 1);
		code->type = exit_code->type;
		code->desc = code->hidden = exit_code->desc;
		join_params(row, code->desc, false, code);
		return code;
	}
	choose_desc(c, row, code);
	code->hidden = with_flags(&c->arena, code->desc, EF_PSEUDO, 0);
	join_params(row, code->desc, code->desc->params != catalog[code->type].params,
		    code);
	if (row->kind == SCAP_KIND_EXIT && n && rows[n - 1].kind == SCAP_KIND_ENTER)
		code->from_begin = params_of_begin(&rows[n - 1], code->desc);
	call = syscall_by_name(row->name, strlen(row->name));
	if (call && call->nr[ARCH_X86_64] >= 0)
		code->nr = (uint16_t)call->nr[ARCH_X86_64];
	return code;
}

const struct scap_code *scap_code(struct scap_codes *c, unsigned code)
{
	static const struct scap_code none;

	if (code >= SCAP_CODES)
		return &none;
	if (!c->known[code])
		c->known[code] = prepare(c, code);
	return c->known[code];
}

struct scap_code_info scap_code_info(unsigned code)
{
	const struct row *row = code < SCAP_CODES ? &rows[code] : NULL;
	struct scap_code_info i = {0};

	if (!row || !row->kind)
		return i;
	i.name = row->name;
	i.kind = row->kind;
	i.old = row->old;
	for (size_t k = 0; k < sizeof(aliases) / sizeof(aliases[0]); k++)
		i.renamed |= !strcmp(aliases[k].name, row->name);
	return i;
}

const struct scap_code *scap_code_named(struct scap_codes *c, const char *name)
{
	for (unsigned i = 0; i < SCAP_CODES; i++)
		if (rows[i].name && rows[i].kind != SCAP_KIND_ENTER && !rows[i].old &&
		    !strcmp(rows[i].name, name))
			return scap_code(c, i);
	return NULL;
}

unsigned scap_sc_named(const char *name)
{
	for (unsigned i = 0; name && i < SCAP_CODES; i++)
		if (sc_names[i] && !strcmp(sc_names[i], name))
			return i;
	return 0;
}

const char *scap_sc_name(unsigned sc)
{
	return sc < SCAP_CODES ? sc_names[sc] : NULL;
}

/* Calls that x86_64 has are told apart by their number, as everywhere; others by a name
 * of their own. */
const struct scap_code *scap_generic(struct scap_codes *c, unsigned sc)
{
	const char *name = scap_sc_name(sc);
	const struct scap_code *base = scap_code(c, 1);
	const struct syscall_desc *call;
	struct event_desc *d;
	struct scap_code *g;

	if (!name)
		return base;
	if (c->generic[sc])
		return c->generic[sc];
	g = arena_alloc(&c->arena, sizeof(*g));
	*g = *base;
	call = syscall_by_name(name, strlen(name));
	if (call && call->nr[ARCH_X86_64] >= 0) {
		g->nr = (uint16_t)call->nr[ARCH_X86_64];
	} else if (sc) {
		d = arena_alloc(&c->arena, sizeof(*d));
		*d = *base->desc;
		d->name = name;
		g->desc = d;
		g->hidden = with_flags(&c->arena, d, EF_PSEUDO, 0);
		g->nr = UINT16_MAX;
	}
	c->generic[sc] = g;
	return g;
}

const struct event_desc *scap_unknown(struct scap_codes *c, unsigned code)
{
	static const char *const names[SCAP_UNKNOWN_PARAMS] = {
		"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7",
		"p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15",
	};
	const unsigned at = code % SCAP_UNKNOWN_MAX;
	struct event_desc *d;
	struct param_desc *p;

	if (c->unknown[at])
		return c->unknown[at];
	d = arena_alloc(&c->arena, sizeof(*d));
	p = arena_zalloc(&c->arena, SCAP_UNKNOWN_PARAMS * sizeof(*p));
	for (unsigned i = 0; i < SCAP_UNKNOWN_PARAMS; i++)
		p[i] = (struct param_desc){ .name = names[i], .type = PT_BYTEBUF };
	*d = (struct event_desc){
		.name = arena_printf(&c->arena, "scap_%u", code), .id = EV_UNKNOWN,
		.flags = EF_TRACEPOINT, .category = EC_UNKNOWN,
		.n_params = SCAP_UNKNOWN_PARAMS, .params = p,
	};
	c->unknown[at] = d;
	return d;
}
