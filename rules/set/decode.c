/* SPDX-License-Identifier: Apache-2.0 */
/* Values of keys, and the messages about them. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/set/items.h"

enum { MESSAGES_MAX = 1000 };	/* a hostile file has no end of mistakes */

void reader_enter(struct reader *r, const char *type, const char *name,
		  const struct yaml *node)
{
	if (r->n < STEPS_MAX)
		r->steps[r->n++] = (struct step){ .type = type, .name = name, .node = node };
}

static void line_of(const char *text, size_t len, size_t off, struct lang_place *out)
{
	const char *start, *end;

	off = off < len ? off : len;
	start = off ? memrchr(text, '\n', off) : NULL;
	start = start ? start + 1 : text;
	end = memchr(text + off, '\n', len - off);
	out->text = start;
	out->len = (size_t)((end ? end : text + len) - start);
}

static const char *snippet(struct ruleset *rs, const struct lang_place *where)
{
	struct buf b = {0};
	const char *s;

	lang_snippet(&b, where);
	s = arena_strn(&rs->arena, b.p, b.len);
	buf_release(&b);
	return s;
}

static struct message *add(struct reader *r, enum load_code code)
{
	struct messages *m = &r->rs->messages;
	struct message *new;

	if (load_codes[code].severity == SEVERITY_ERROR)
		m->n_errors++;
	if (m->n >= MESSAGES_MAX)
		return NULL;
	m->v = mem_grow(m->v, &m->cap, m->n + 1, sizeof(*m->v));
	new = &m->v[m->n++];
	*new = (struct message){ .code = code, .file = r->file->name, .snippet = "", .text = "" };
	new->steps = arena_zalloc(&r->rs->arena, (r->n + 1) * sizeof(*new->steps));
	new->n_steps = r->n;
	for (unsigned i = 0; i < r->n; i++) {
		const struct step *s = &r->steps[i];

		new->steps[i] = (struct message_step){
			.type = s->type, .name = s->name, .line = s->node ? s->node->line : 0,
			.column = s->node ? s->node->column : 0, .off = s->node ? s->node->off : 0,
		};
	}
	return new;
}

/* A mistake is met more than once: that of a macro in each rule that uses it, all of a
 * file again with the next file. */
static bool said(const struct messages *all, enum load_code code, const char *file,
		 const struct lang_place *where, const char *text)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct message *m = &all->v[i];

		if (m->code == code && m->line == where->line && m->column == where->column &&
		    strcmp(m->file, file) == 0 && strcmp(m->text, text) == 0)
			return true;
	}
	return false;
}

static void say(struct reader *r, enum load_code code, const struct yaml *node,
		const char *fmt, va_list ap)
{
	struct lang_place where = {0};
	struct message *m;
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (node) {
		where.line = node->line + 1;
		where.column = node->column + 1;
	}
	if (said(&r->rs->messages, code, r->file->name, &where, text))
		return;
	m = add(r, code);
	if (!m)
		return;
	m->text = arena_str(&r->rs->arena, text);
	if (!node)
		return;
	m->line = where.line;
	m->column = where.column;
	line_of(r->file->text, r->file->len, node->off, &where);
	m->snippet = snippet(r->rs, &where);
}

bool reader_say(struct reader *r, enum load_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, code, r->n ? r->steps[r->n - 1].node : NULL, fmt, ap);
	va_end(ap);
	return false;
}

bool reader_say_at(struct reader *r, enum load_code code, const struct yaml *node,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, code, node, fmt, ap);
	va_end(ap);
	return false;
}

bool reader_say_lang(struct reader *r, enum load_code code, const struct lang_text *t,
		     size_t off, const char *text)
{
	struct lang_place where = {0};
	struct message *m;

	lang_locate(t, off, &where);
	if (said(&r->rs->messages, code, where.file, &where, text))
		return false;
	m = add(r, code);
	if (!m)
		return false;
	m->text = arena_str(&r->rs->arena, text);
	m->file = where.file;
	m->line = where.line;
	m->column = where.column;
	m->snippet = snippet(r->rs, &where);
	if (m->n_steps) {
		m->steps[m->n_steps - 1].line = where.line - 1;
		m->steps[m->n_steps - 1].column = where.column - 1;
	}
	return false;
}

static bool say_value(struct reader *r, const char *key, const struct yaml *v,
		      const char *text)
{
	const unsigned n = r->n;

	reader_enter(r, "value for", key, v);
	reader_say(r, LOAD_ERR_YAML_VALIDATE, "%s", text);
	r->n = n;
	return false;
}

bool decode_text(struct reader *r, const struct yaml *map, const char *key, bool optional,
		 const char **out, const struct yaml **node)
{
	const struct yaml *v = yaml_get(map, key);

	if (!v)
		return optional || reader_say(r, LOAD_ERR_YAML_VALIDATE,
					      "Item has no mapping for key '%s'", key);
	if (v->kind == YAML_NULL && r->n && strcmp(r->steps[r->n - 1].type, key) == 0)
		return reader_say(r, LOAD_ERR_YAML_VALIDATE, "Mapping for key '%s' is empty", key);
	if (v->kind != YAML_SCALAR)
		return say_value(r, key, v, "Value is not a scalar value");
	if (v->len == 0)
		return say_value(r, key, v, "Value must be non-empty");
	if (memchr(v->p, 0, v->len))
		return say_value(r, key, v, "Value holds a NUL byte");
	if (v->len > LANG_TEXT_MAX)
		return say_value(r, key, v, "Value is too long");
	*out = v->p;
	if (node)
		*node = v;
	return true;
}

bool scalar_bool(const struct yaml *v, bool *out)
{
	static const char *const words[][2] = {
		{ "y", "n" }, { "yes", "no" }, { "true", "false" }, { "on", "off" },
	};

	if (v->kind != YAML_SCALAR)
		return false;
	/* all small, all capital, or only the first one */
	for (uint32_t i = 1; i < v->len; i++)
		if (!islower((unsigned char)v->p[i]) &&
		    !(isupper((unsigned char)v->p[0]) && isupper((unsigned char)v->p[1]) &&
		      isupper((unsigned char)v->p[i])))
			return false;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < 2; k++)
			if (strcasecmp(v->p, words[i][k]) == 0) {
				*out = k == 0;
				return true;
			}
	return false;
}

bool decode_bool(struct reader *r, const struct yaml *map, const char *key, bool *out)
{
	const struct yaml *v = yaml_get(map, key);

	if (!v)
		return true;
	if (v->kind != YAML_SCALAR)
		return say_value(r, key, v, "Value is not a scalar value");
	if (v->len == 0)
		return say_value(r, key, v, "Value must be non-empty");
	return scalar_bool(v, out) || say_value(r, key, v, "Can't decode YAML scalar value");
}

bool decode_number(struct reader *r, const struct yaml *map, const char *key, uint64_t *out)
{
	const struct yaml *v = yaml_get(map, key);
	char *end;

	if (!v)
		return true;
	if (v->kind != YAML_SCALAR)
		return say_value(r, key, v, "Value is not a scalar value");
	if (v->len == 0)
		return say_value(r, key, v, "Value must be non-empty");
	errno = 0;
	*out = strtoull(v->p, &end, 0);
	if (!isdigit((unsigned char)*v->p) || *end || errno)
		return say_value(r, key, v, "Can't decode YAML scalar value");
	return true;
}

/* A sequence of scalars. */
bool decode_texts(struct reader *r, const struct yaml *map, const char *key, bool optional,
		  const char *element, const char ***out, uint32_t *n)
{
	const struct yaml *v = yaml_get(map, key);
	const unsigned depth = r->n;

	*n = 0;
	if (!v)
		return optional || reader_say(r, LOAD_ERR_YAML_VALIDATE,
					      "Item has no mapping for key '%s'", key);
	if (v->kind != YAML_SEQUENCE)
		return say_value(r, key, v, "Value is not a sequence");
	*out = arena_alloc(&r->rs->arena, (v->n + 1) * sizeof(**out));
	reader_enter(r, "value for", key, v);
	for (uint32_t i = 0; i < v->n; i++) {
		const struct yaml *k = v->kids[i];

		reader_enter(r, element, "", k);
		if (k->kind != YAML_SCALAR || memchr(k->p, 0, k->len)) {
			reader_say(r, LOAD_ERR_YAML_VALIDATE, "sequence value is not scalar");
			r->n = depth;
			return false;
		}
		(*out)[i] = k->p;
		r->n = depth + 1;
	}
	*n = v->n;
	r->n = depth;
	return true;
}

static void unknown_key(struct reader *r, const struct yaml *key, const char *const *known)
{
	const char *name = key->kind == YAML_SCALAR ? key->p : "";
	struct near near;

	near_init(&near, name, strlen(name));
	for (; *known; known++) {
		if (strcmp(*known, name) == 0)
			return;
		near_try(&near, *known);
	}
	reader_say_at(r, LOAD_UNKNOWN_KEY, key, "Unknown key '%s'. The key will be "
		      "ignored.%s%s%s", name, near.name ? " Did you mean " : "",
		      near.name ? near.name : "", near.name ? "?" : "");
}

void unknown_keys(struct reader *r, const struct yaml *item, const char *const *known)
{
	for (uint32_t i = 0; i + 1 < item->n; i += 2)
		unknown_key(r, item->kids[i], known);
}
