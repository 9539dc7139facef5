/* SPDX-License-Identifier: Apache-2.0 */
/* Sigma compares texts without regard to case unless it is told otherwise; ours are compared as
 * they are.  So a text with letters is looked for with icontains or iglob, or in
 * tolower(field), which is the same for the letters of ASCII. */
#include "rules/set/sigma_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/set/sigma_regex.h"

enum { CONSTANT_MAX = 255 };	/* bytes, as Falco has it */

const struct sigma_source sigma_sources[SOURCE__N] = {
#define SOURCE(id, category, service, output) [SOURCE_##id] = { category, service, output },
#include "rules/set/sigma.def"
};

const struct sigma_variant sigma_variants[VARIANT__N] = {
#define VARIANT(id, source, keywords, events) \
	[VARIANT_##id] = { SOURCE_##source, keywords, events },
#include "rules/set/sigma.def"
};

#define V(id) (1u << VARIANT_##id)
enum {
#define GROUP(id, variants) IN_##id = (variants),
#include "rules/set/sigma.def"
};

enum map_type {
	MAP_TEXT, MAP_DIRECTORY, MAP_LINE, MAP_NAMED_LINE, MAP_PROGRAM, MAP_NUMBER,
	MAP_PORT, MAP_LOGIN, MAP_ADDRESS, MAP_CALL, MAP_SUCCESS, MAP_NEVER, MAP_CONSTANT,
};

static const struct map {
	unsigned variants;
	const char *name;
	enum map_type type;
	const char *field;	/* or value, or reason */
} maps[] = {
#define CONSTANT(variants, name, value) { variants, name, MAP_CONSTANT, value },
#define MAP(variants, name, type, field) { variants, name, MAP_##type, field },
#include "rules/set/sigma.def"
};
enum { N_MAPS = sizeof(maps) / sizeof(maps[0]) };

static const struct {
	const char *name, *reason;
} nowhere[] = {
#define NOWHERE(name, reason) { name, reason },
#include "rules/set/sigma.def"
};
enum { N_NOWHERE = sizeof(nowhere) / sizeof(nowhere[0]) };

/* One key: its field, its values, and what came of those so far. */
struct check {
	struct sigma_maker *m;
	const struct sigma_key *k;
	const struct map *map;
	const char *field;
	enum map_type type;
	bool cased;
	struct expr **v;
	size_t n, cap;
	struct buf equal, other;	/* values of "in (...)", also for another field */
	const char *other_field;
	unsigned n_equal, n_other;
	bool fold;			/* of these */
};

void *sigma_wrong(struct sigma_maker *m, const struct yaml *at, const char *fmt, ...)
{
	char text[256];
	va_list args;

	if (m->wrong)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	m->wrong = arena_str(m->pool.arena, text);
	m->wrong_at = at;
	return NULL;
}

static void add(struct check *c, struct expr *e)
{
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = e;
}

/* A check whose text is in b; reason: what is wrong with it, or NULL. */
static void add_text(struct check *c, struct buf *b, const struct yaml *at,
		     const char *reason)
{
	struct expr *e = expr_check(&c->m->pool, buf_text(b));

	e->reason = reason;
	e->at = at;
	add(c, e);
	buf_reset(b);
}

static void __attribute__((format(printf, 3, 4)))
add_none(struct check *c, const struct yaml *at, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	add(c, expr_none(&c->m->pool, at, arena_str(c->m->pool.arena, text)));
}

/* ---- texts ---- */

static void put_field(struct buf *b, const char *field, bool fold)
{
	buf_printf(b, fold ? "tolower(%s)" : "%s", field);
}

static const char *lowered(struct check *c, const char *p, size_t n, bool fold)
{
	char *s = arena_strn(c->m->pool.arena, p, n);

	if (fold)
		sigma_lower(s, n);
	return s;
}

/* With "all" they are one check each: a list is an "or".  So are patterns, each of which may
 * have a mind of its own about case. */
static void add_equal(struct check *c, const char *field, const char *p, size_t n,
		      bool fold, const struct yaml *at, const char *reason)
{
	const bool other = field != c->field;
	struct buf *list = other ? &c->other : &c->equal, one = {0};
	unsigned *count = other ? &c->n_other : &c->n_equal;

	if (!(c->k->flags & SF_ALL) && c->k->op != SOP_RE && !reason) {
		c->other_field = other ? field : c->other_field;
		c->fold |= fold;
		p = lowered(c, p, n, !c->cased);
		buf_str(list, (*count)++ ? ", " : "");
		sigma_put_constant(list, p, n);
		return;
	}
	put_field(&one, field, fold);
	buf_str(&one, " = ");
	sigma_put_constant(&one, lowered(c, p, n, fold), n);
	add_text(c, &one, at, reason);
	buf_release(&one);
}

static void flush_equal(struct check *c, const char *field, struct buf *list, unsigned n)
{
	struct buf b = {0};

	if (n == 0)
		return;
	put_field(&b, field, c->fold);
	buf_printf(&b, n > 1 ? " in (%s)" : " = %s", buf_text(list));
	add_text(c, &b, NULL, NULL);
	buf_release(&b);
}

/* As op says: at one end, anywhere, or with wildcards between. */
static void add_open(struct check *c, const char *field, const struct sigma_pattern *p,
		     bool fold, const struct yaml *at, const char *reason)
{
	struct buf b = {0}, glob = {0};
	const bool both = p->open_front && p->open_back;

	put_field(&b, field, fold && !p->inner && !both);
	if (p->inner) {
		sigma_pattern_glob(p, &glob);
		buf_str(&b, fold ? " iglob " : " glob ");
		sigma_put_constant(&b, (const char *)glob.p, glob.len);
	} else {
		buf_str(&b, both ? (fold ? " icontains " : " contains ") :
			p->open_back ? " startswith " : " endswith ");
		sigma_put_constant(&b, lowered(c, p->p, p->n, fold && !both), p->n);
	}
	add_text(c, &b, at, reason);
	buf_release(&glob);
	buf_release(&b);
}

static void add_pattern_to(struct check *c, const char *field,
			   const struct sigma_pattern *p,
			   const struct yaml *at, const char *reason)
{
	const bool fold = !c->cased && sigma_has_ascii_letters(p->p, p->n);

	if (!reason && !c->cased && sigma_has_other_cases(p->p, p->n))
		reason = "only letters of ASCII are compared without regard to case";
	if (p->n == 0 && (p->open_front || p->open_back)) {
		struct buf b = {0};

		buf_printf(&b, "%s exists", field);
		add_text(c, &b, at, reason);
		buf_release(&b);
	} else if (p->inner || p->open_front || p->open_back) {
		add_open(c, field, p, fold, at, reason);
	} else {
		add_equal(c, field, p->p, p->n, fold, at, reason);
	}
}

/* The pattern with a byte at its end. */
static struct sigma_pattern longer(struct check *c, const struct sigma_pattern *p,
				   char byte)
{
	struct sigma_pattern q = *p;
	char *s = arena_zalloc(c->m->pool.arena, p->n + 2);
	char *w = arena_zalloc(c->m->pool.arena, p->n + 2);

	memcpy(s, p->p, p->n);
	memcpy(w, p->wild, p->n);
	s[q.n++] = byte;
	q.p = s;
	q.wild = w;
	return q;
}

/* Alternatives that stand for one value, also under "all". */
static void add_either(struct check *c, size_t from)
{
	struct expr *e;

	if (c->n - from < 2)
		return;
	e = expr_join(&c->m->pool, EXPR_OR, c->v + from, c->n - from);
	c->n = from;
	add(c, e);
}

/* The line of the parent begins with the name of its thread instead of its first argument. */
static void add_named_line(struct check *c, const struct sigma_pattern *p,
			   const struct yaml *at)
{
	const char *blank = memchr(p->p, ' ', p->n);
	const size_t word = blank ? (size_t)(blank - p->p) : p->n;
	const char *reason = NULL;
	const size_t from = c->n;

	if ((!p->open_front && p->n) || (blank && memchr(p->p, '/', word)))
		reason = "the parent's line begins with the name of its thread here, not with its "
			 "first argument";
	add_pattern_to(c, c->field, p, at, reason);
	if (!reason && p->open_front && p->open_back && !blank && p->n && !p->inner) {
		add_pattern_to(c, "proc.pexe", p, at, NULL);
		add_either(c, from);
	}
}

static void add_pattern(struct check *c, const struct sigma_pattern *p,
			const struct yaml *at)
{
	const bool ends = !p->open_back && p->n;
	const size_t from = c->n;
	struct sigma_pattern q;

	if (p->n > CONSTANT_MAX - 4) {
		add_none(c, at, "a text of more than %d bytes", CONSTANT_MAX - 4);
	} else if (memchr(p->p, 0, p->n)) {
		add_none(c, at, "a NUL byte does not occur in texts of the kernel");
	} else if (c->type == MAP_DIRECTORY && ends && p->p[p->n - 1] != '/') {
		q = longer(c, p, '/');
		add_pattern_to(c, c->field, &q, at, NULL);
	} else if (c->type == MAP_LINE && ends) {
		q = longer(c, p, ' ');
		add_pattern_to(c, c->field, p, at, NULL);
		add_pattern_to(c, c->field, &q, at, NULL);
		add_either(c, from);
	} else if (c->type == MAP_NAMED_LINE) {
		add_named_line(c, p, at);
	} else if (c->type == MAP_PROGRAM && ends && !p->open_front && !p->inner &&
		   !memchr(p->p, '/', p->n)) {
		add_pattern_to(c, "proc.exe", p, at, NULL);
	} else {
		add_pattern_to(c, c->field, p, at, NULL);
	}
}

static void add_encoded(struct check *c, const struct yaml *y)
{
	struct buf out[SIGMA_ENCODED_MAX] = { {0}, {0}, {0} };
	const size_t from = c->n;
	struct sigma_pattern p;
	unsigned n;

	sigma_pattern(c->m->pool.arena, y->p, y->len, SOP_EQUAL, &p);
	if (p.inner || p.open_front || p.open_back) {
		add_none(c, y, "wildcards in a text that is to be encoded");
		return;
	}
	sigma_encode(p.p, p.n, c->k->flags, out, &n);
	for (unsigned i = 0; i < n; i++) {
		sigma_pattern_plain(c->m->pool.arena, (const char *)out[i].p, out[i].len,
				    c->k->op, &p);
		add_pattern(c, &p, y);
		buf_release(&out[i]);
	}
	add_either(c, from);
}

static void add_branch(struct check *c, const struct sigma_branch *b, bool fold,
		       const struct yaml *at)
{
	struct buf text = {0}, pattern = {0};
	struct sigma_pattern p;

	if (b->plain) {
		sigma_pattern_plain(c->m->pool.arena, b->p, b->n, SOP_EQUAL, &p);
		p.open_front = !b->at_front;
		p.open_back = !b->at_back;
		add_pattern(c, &p, at);
		return;
	}
	sigma_regex_put(b, c->type == MAP_LINE ? " ?" :
			c->type == MAP_DIRECTORY ? "/?" : "", &pattern);
	if (pattern.len > CONSTANT_MAX) {
		add_none(c, at, "a pattern that has more than %d bytes here", CONSTANT_MAX);
	} else {
		put_field(&text, c->field, fold);
		buf_str(&text, " regex ");
		sigma_put_constant(&text, (const char *)pattern.p, pattern.len);
		add_text(c, &text, at, c->type == MAP_NAMED_LINE && b->at_front ?
			 "the parent's line begins with the name of its thread here" : NULL);
	}
	buf_release(&text);
	buf_release(&pattern);
}

static void add_regex(struct check *c, const struct yaml *y)
{
	const size_t from = c->n;
	struct sigma_regex r;
	const char *why = sigma_regex(c->m->pool.arena, y->p, y->len, c->k->flags, &r);

	if (why) {
		add_none(c, y, "regular expression: %s", why);
		return;
	}
	c->cased = !r.fold;
	for (size_t i = 0; i < r.n; i++)
		add_branch(c, &r.v[i], r.fold, y);
	if (c->k->flags & SF_ALL)
		add_either(c, from);
}

static void add_string(struct check *c, const struct yaml *y)
{
	const unsigned encoded = SF_BASE64 | SF_OFFSET | SF_LE16 | SF_BE16 | SF_BOM16;
	struct sigma_pattern p;

	if (c->k->op == SOP_RE) {
		add_regex(c, y);
	} else if (c->k->op > SOP_RE) {
		add_none(c, y, "'%s' is a text, not %s", c->k->name,
			 c->k->op == SOP_CIDR ? "an address" : "a number");
	} else if (c->k->flags & encoded) {
		add_encoded(c, y);
	} else {
		sigma_pattern(c->m->pool.arena, y->p, y->len, c->k->op, &p);
		add_pattern(c, &p, y);
	}
}

/* ---- numbers, addresses and the like ---- */

static bool number(const struct yaml *y, long long *out)
{
	char *end;

	errno = 0;
	*out = strtoll(y->p, &end, 10);
	return !errno && end == y->p + y->len && y->len && y->p[0] != ' ' && y->p[0] != '+';
}

static void add_number(struct check *c, const struct yaml *y)
{
	static const char *const signs[] = { [SOP_LT] = "<", [SOP_LE] = "<=",
					     [SOP_GT] = ">", [SOP_GE] = ">=" };
	struct buf b = {0};
	long long v;

	if (c->type == MAP_LOGIN && strcmp(y->p, "4294967295") == 0) {
		add_equal(c, c->field, "-1", 2, false, y, NULL);
	} else if (c->k->op != SOP_EQUAL && c->k->op < SOP_LT) {
		add_none(c, y, "'%s' is a number here: it has no parts to look for",
			 c->k->name);
	} else if (!number(y, &v) || (c->type == MAP_PORT && (v < 0 || v > 65535))) {
		add_none(c, y, "'%.60s' is no %s", y->p,
			 c->type == MAP_PORT ? "port" : "number");
	} else if (c->k->op == SOP_EQUAL) {
		buf_printf(&b, "%lld", v);
		add_equal(c, c->field, (const char *)b.p, b.len, false, y, NULL);
	} else {
		buf_printf(&b, "%s %s %lld", c->field, signs[c->k->op], v);
		add_text(c, &b, y, NULL);
	}
	buf_release(&b);
}

/* "fd.sip" has a net "fd.snet". */
static void put_net(struct check *c, const char *net, const struct yaml *at)
{
	struct buf b = {0};

	buf_put(&b, c->field, strlen(c->field) - 2);
	buf_printf(&b, "net = \"%s\"", net);
	add_text(c, &b, at, NULL);
	buf_release(&b);
}

static bool is_address(const char *p)
{
	uint8_t to[16];

	return inet_pton(AF_INET, p, to) == 1 || inet_pton(AF_INET6, p, to) == 1;
}

static bool is_net(const char *p)
{
	const char *slash = strchr(p, '/');
	char address[64];
	char *end;
	long bits;

	if (!slash || slash - p >= (long)sizeof(address) || slash[1] < '0' ||
	    slash[1] > '9')
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - p), p);
	bits = strtol(slash + 1, &end, 10);
	return !*end && is_address(address) && bits <= (strchr(p, ':') ? 128 : 32) &&
	       (bits > 0 || !strchr(p, ':'));
}

/* "10." and "192.168.": whole bytes of an address. */
static bool net_of_prefix(const struct sigma_pattern *p, char out[32])
{
	unsigned v[3] = { 0, 0, 0 }, n = 0;
	char *end;
	const char *s = p->p;

	if (p->open_front || !p->open_back || p->inner || !p->n || p->p[p->n - 1] != '.')
		return false;
	for (; s < p->p + p->n; s = end + 1) {
		if (n == 3 || *s < '0' || *s > '9')
			return false;
		v[n] = (unsigned)strtoul(s, &end, 10);
		if (*end != '.' || v[n++] > 255)
			return false;
	}
	snprintf(out, 32, "%u.%u.%u.0/%u", v[0], v[1], v[2], n * 8);
	return true;
}

static void add_address(struct check *c, const struct yaml *y)
{
	struct sigma_pattern p;
	char net[32];

	if (c->k->op == SOP_CIDR) {
		if (is_net(y->p))
			put_net(c, y->p, y);
		else
			add_none(c, y, "'%.60s' is no net", y->p);
		return;
	}
	sigma_pattern(c->m->pool.arena, y->p, y->len, c->k->op, &p);
	if (c->k->op > SOP_ENDS || c->k->flags >= SF_BASE64)
		add_none(c, y, "'%s' is an address: it is compared whole or by its net",
			 c->k->name);
	else if (net_of_prefix(&p, net))
		put_net(c, net, y);
	else if (p.open_front || p.open_back || p.inner || !is_address(y->p))
		add_none(c, y, "'%.60s' is no address, and no first bytes of one", y->p);
	else
		add_equal(c, c->field, y->p, y->len, false, y, NULL);
}

static void add_call(struct check *c, const struct yaml *y)
{
	if (c->k->op != SOP_EQUAL || !sigma_has_ascii_letters(y->p, y->len) ||
	    strspn(y->p,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != y->len)
		add_none(c, y, "calls are compared by their names only");
	else
		add_equal(c, c->field, lowered(c, y->p, y->len, true), y->len, false, y,
			  NULL);
}

/* What the field always is, or one of two words. */
static void add_known(struct check *c, const struct yaml *y)
{
	struct expr_pool *pool = &c->m->pool;
	struct sigma_pattern p;
	bool yes, no;

	if (c->k->op > SOP_ENDS || c->k->flags & SF_FIELD) {
		add_none(c, y, "'%s' is compared as a word only", c->k->name);
		return;
	}
	sigma_pattern(pool->arena, y->p, y->len, c->k->op, &p);
	if (c->type == MAP_CONSTANT) {
		yes = sigma_pattern_matches(&p, c->field, c->cased);
		add(c, expr_new(pool, yes ? EXPR_TRUE : EXPR_FALSE));
		return;
	}
	yes = sigma_pattern_matches(&p, "yes", c->cased);
	no = sigma_pattern_matches(&p, "no", c->cased);
	if (yes)
		add(c, expr_check(pool, "evt.failed = false"));
	if (no)
		add(c, expr_check(pool, "evt.failed = true"));
	if (!yes && !no)
		add(c, expr_new(pool, EXPR_FALSE));
}

/* ---- all kinds ---- */

static struct expr *exists(struct check *c, bool is)
{
	struct buf b = {0};
	struct expr *e;

	if (c->type == MAP_CONSTANT)
		return expr_new(&c->m->pool, is ? EXPR_TRUE : EXPR_FALSE);
	buf_printf(&b, "%s exists", c->field);
	e = expr_check(&c->m->pool, buf_text(&b));
	buf_release(&b);
	return is ? e : expr_not(&c->m->pool, e);
}

static const struct map *find(enum sigma_variant_id variant, const char *name)
{
	for (unsigned i = 0; i < N_MAPS; i++)
		if (maps[i].variants & 1u << variant && strcmp(maps[i].name, name) == 0)
			return &maps[i];
	return NULL;
}

const char *sigma_field(enum sigma_variant_id variant, const char *name)
{
	const struct map *m = find(variant, name);

	return m && m->type < MAP_NEVER ? m->field : NULL;
}

static bool is_text(enum map_type t)
{
	return t <= MAP_PROGRAM;
}

static void add_reference(struct check *c, const struct yaml *y)
{
	static const char *const ops[] = { [SOP_EQUAL] = "=", [SOP_CONTAINS] = "contains",
		[SOP_STARTS] = "startswith", [SOP_ENDS] = "endswith", [SOP_LT] = "<",
		[SOP_LE] = "<=", [SOP_GT] = ">", [SOP_GE] = ">=" };
	const struct map *other = find(c->m->variant, y->p);
	const bool fold = !c->cased && is_text(c->type);
	struct buf b = {0};

	if (!other || other->type >= MAP_NEVER) {
		add_none(c, y, "there is no field for '%.60s'", y->p);
		return;
	}
	if (is_text(c->type) != is_text(other->type) || c->type == MAP_ADDRESS ||
	    other->type == MAP_ADDRESS || (is_text(c->type) == (c->k->op >= SOP_LT) &&
					   c->k->op != SOP_EQUAL)) {
		add_none(c, y, "'%s' and '%.60s' cannot be compared", c->k->name, y->p);
		return;
	}
	put_field(&b, c->field, fold);
	buf_printf(&b, fold ? " %s tolower(%s)" : " %s val(%s)", ops[c->k->op],
		   other->field);
	add_text(c, &b, y, NULL);
	buf_release(&b);
}

static bool add_value(struct check *c, const struct yaml *y)
{
	if (y->kind != YAML_SCALAR && y->kind != YAML_NULL)
		return sigma_wrong(c->m, y, "a text or a number is expected as value");
	if (c->k->op == SOP_EXISTS) {
		const bool yes = strcasecmp(y->p, "true") == 0 ||
				 strcasecmp(y->p, "yes") == 0;

		if (!yes && strcasecmp(y->p, "false") != 0 && strcasecmp(y->p, "no") != 0)
			return sigma_wrong(c->m, y, "exists wants true or false");
		add(c, exists(c, yes));
		return true;
	}
	if (y->kind == YAML_NULL)
		return add(c, exists(c, false)), true;
	if (c->k->flags & SF_FIELD)
		return add_reference(c, y), true;
	switch (c->type) {
	case MAP_NUMBER: case MAP_PORT: case MAP_LOGIN:
		add_number(c, y);
		break;
	case MAP_ADDRESS:
		add_address(c, y);
		break;
	case MAP_CALL:
		add_call(c, y);
		break;
	case MAP_SUCCESS: case MAP_CONSTANT:
		add_known(c, y);
		break;
	case MAP_TEXT: case MAP_DIRECTORY: case MAP_LINE: case MAP_NAMED_LINE: case MAP_PROGRAM:
	case MAP_NEVER:
		add_string(c, y);
	}
	return true;
}

static struct expr *values(struct check *c, const struct yaml *value)
{
	struct expr *e = NULL;
	bool ok = true;

	if (value->kind == YAML_SEQUENCE && value->n == 0)
		return sigma_wrong(c->m, value, "a list of values without any");
	if (value->kind != YAML_SEQUENCE)
		ok = add_value(c, value);
	for (uint32_t i = 0; ok && value->kind == YAML_SEQUENCE && i < value->n; i++) {
		ok = add_value(c, value->kids[i]) && !expr_too_many(&c->m->pool);
		c->m->pool.n++;
	}
	flush_equal(c, c->field, &c->equal, c->n_equal);
	flush_equal(c, c->other_field, &c->other, c->n_other);
	if (!c->m->wrong)
		e = expr_join(&c->m->pool, c->k->flags & SF_ALL ? EXPR_AND : EXPR_OR,
			      c->v, c->n);
	return e && c->k->flags & SF_NOT ? expr_not(&c->m->pool, e) : e;
}

/* Keywords: the one field that says most of what the line would say. */
static void no_keywords(struct expr_pool *pool, struct expr *e, const struct yaml *at)
{
	for (uint32_t i = 0; i < e->n; i++)
		no_keywords(pool, e->kids[i], at);
	if (e->kind != EXPR_CHECK)
		return;
	e->at = at;
	e->reason = "there are no log lines to look for keywords in: "
		    "one field is looked at instead";
}

/* A check of a field that the log line does not have. */
static struct expr *absent(struct sigma_maker *m, const struct sigma_key *k,
			   const struct yaml *value)
{
	const bool is = value->kind == YAML_NULL ||
		(k->op == SOP_EXISTS && value->kind == YAML_SCALAR &&
		 (*value->p | 0x20) != 't' &&
		 (*value->p | 0x20) != 'y');

	return expr_new(&m->pool, is != !!(k->flags & SF_NOT) ? EXPR_TRUE : EXPR_FALSE);
}

static struct expr *missing(struct sigma_maker *m, const struct yaml *key,
			    const struct sigma_key *k, const struct yaml *value)
{
	const char *name = k->name;
	const enum sigma_source_id source = sigma_variants[m->variant].source;
	struct near near;

	for (unsigned i = 0; i < N_NOWHERE; i++)
		if (strcmp(nowhere[i].name, name) == 0)
			return expr_none(&m->pool, key, arena_printf(m->pool.arena,
					 "there is no field for '%s': %s",
					 name, nowhere[i].reason));
	near_init(&near, name, strlen(name));
	for (unsigned i = 0; i < VARIANT__N; i++)
		if (sigma_variants[i].source == source && find(i, name))
			return absent(m, k, value);
	for (unsigned i = 0; i < N_MAPS; i++)
		for (unsigned v = 0; v < VARIANT__N; v++)
			if (sigma_variants[v].source == source &&
			    maps[i].variants & 1u << v)
				near_try(&near, maps[i].name);
	return expr_none(&m->pool, key, arena_printf(m->pool.arena,
						     "there is no field for '%.80s'%s",
						     name, near_text(&near)));
}

struct expr *sigma_check(struct sigma_maker *m, const struct yaml *key,
			 const struct sigma_key *k,
			 const struct yaml *value)
{
	const bool keywords = !*k->name;
	const struct map *map = find(m->variant, k->name);
	struct sigma_key contains = *k;
	struct check c = { .m = m, .k = k, .map = map, .cased = k->flags & SF_CASED };
	struct expr *e;

	if (k->reason)
		return expr_none(&m->pool, key, k->reason);
	if (!map && !keywords)
		return missing(m, key, k, value);
	if (map && map->type == MAP_NEVER)
		return expr_none(&m->pool, key, arena_printf(m->pool.arena,
				 "there is no field for '%s': %s", k->name, map->field));
	c.field = map ? map->field : sigma_variants[m->variant].keywords;
	c.type = map ? map->type : MAP_TEXT;
	if (keywords && k->op == SOP_EQUAL)
		contains.op = SOP_CONTAINS;
	c.k = &contains;
	e = values(&c, value);
	if (e && keywords)
		no_keywords(&m->pool, e, key);
	free(c.v);
	buf_release(&c.equal);
	buf_release(&c.other);
	return e;
}
