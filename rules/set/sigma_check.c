/* SPDX-License-Identifier: Apache-2.0 */
/* Sigma compares texts without regard to case unless it is told otherwise; ours are compared as
 * they are.  So a text with letters is looked for with icontains or iglob, or in
 * tolower(field), which is the same for the letters of ASCII. */
#include "rules/set/sigma_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"

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

static const struct map maps[] = {
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

void sigma_add(struct check *c, struct expr *e)
{
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = e;
}

/* A check whose text is in b; reason: what is wrong with it, or NULL. */
void sigma_add_text(struct check *c, struct buf *b, const struct yaml *at,
		    const char *reason)
{
	struct expr *e = expr_check(&c->m->pool, buf_text(b));

	e->reason = reason;
	e->at = at;
	sigma_add(c, e);
	buf_reset(b);
}

void sigma_add_none(struct check *c, const struct yaml *at, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sigma_add(c, expr_none(&c->m->pool, at, arena_str(c->m->pool.arena, text)));
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
		sigma_add_none(c, y, "there is no field for '%.60s'", y->p);
		return;
	}
	if (is_text(c->type) != is_text(other->type) || c->type == MAP_ADDRESS ||
	    other->type == MAP_ADDRESS || (is_text(c->type) == (c->k->op >= SOP_LT) &&
					   c->k->op != SOP_EQUAL)) {
		sigma_add_none(c, y, "'%s' and '%.60s' cannot be compared", c->k->name, y->p);
		return;
	}
	sigma_put_field(&b, c->field, fold);
	buf_printf(&b, fold ? " %s tolower(%s)" : " %s val(%s)", ops[c->k->op],
		   other->field);
	sigma_add_text(c, &b, y, NULL);
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
		sigma_add(c, exists(c, yes));
		return true;
	}
	if (y->kind == YAML_NULL)
		return sigma_add(c, exists(c, false)), true;
	if (c->k->flags & SF_FIELD)
		return add_reference(c, y), true;
	switch (c->type) {
	case MAP_NUMBER: case MAP_PORT: case MAP_LOGIN:
		sigma_add_number(c, y);
		break;
	case MAP_ADDRESS:
		sigma_add_address(c, y);
		break;
	case MAP_CALL:
		sigma_add_call(c, y);
		break;
	case MAP_SUCCESS: case MAP_CONSTANT:
		sigma_add_known(c, y);
		break;
	case MAP_TEXT: case MAP_DIRECTORY: case MAP_LINE: case MAP_NAMED_LINE: case MAP_PROGRAM:
	case MAP_NEVER:
		sigma_add_string(c, y);
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
	sigma_flush_equal(c, c->field, &c->equal, c->n_equal);
	sigma_flush_equal(c, c->other_field, &c->other, c->n_other);
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
