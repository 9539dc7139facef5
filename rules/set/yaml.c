/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	const char *name;
	struct yaml *node;
	bool open;		/* still being read: an alias to it would be a loop */
};

/* The parser counts characters, we count bytes: the byte of every so many-th character. */
enum { CHARS_APART = 256 };

struct loader {
	struct yaml_file *f;
	uint32_t *bytes;		/* NULL: each character is a byte */
	size_t n_bytes;
	struct arena *a;
	yaml_parser_t parser;
	struct anchor *anchors;
	size_t n_anchors, anchors_cap;
	struct yaml **stack;	/* children of the collections under way */
	size_t n_stack, stack_cap;
	unsigned depth, n_nodes;
};

static struct yaml *read_node(struct loader *l, yaml_event_t *ev);

static bool starts_character(char c)
{
	return (c & 0xc0) != 0x80;
}

/* Bytes of the mark that some editors put before the text. */
static size_t byte_order_mark(const struct yaml_file *f)
{
	return f->len >= 3 && memcmp(f->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static void count_characters(struct loader *l)
{
	const struct yaml_file *f = l->f;
	size_t n = 0, cap = 0;

	for (size_t i = byte_order_mark(f); i < f->len; i++) {
		if (!starts_character(f->text[i]))
			continue;
		if (n++ % CHARS_APART)
			continue;
		l->bytes = mem_grow(l->bytes, &cap, l->n_bytes + 1, sizeof(*l->bytes));
		l->bytes[l->n_bytes++] = (uint32_t)i;
	}
	if (n == f->len) {
		free(l->bytes);
		l->bytes = NULL;
	}
}

static uint32_t byte_of(const struct loader *l, size_t character)
{
	const size_t at = character / CHARS_APART, len = l->f->len;
	size_t left = character % CHARS_APART, i;

	if (!l->bytes)
		return (uint32_t)(character < len ? character : len);
	if (at >= l->n_bytes)
		return (uint32_t)len;
	for (i = l->bytes[at]; i < len && left; left--)
		for (i++; i < len && !starts_character(l->f->text[i]);)
			i++;
	return (uint32_t)i;
}

static void *fail(struct loader *l, const yaml_mark_t *m, const char *what)
{
	struct yaml_file *f = l->f;

	if (f->error[0])
		return NULL;
	snprintf(f->error, sizeof(f->error), "error at line %zu, column %zu: %s",
		 m->line + 1, m->column + 1, what);
	f->error_line = (uint32_t)m->line;
	f->error_column = (uint32_t)m->column;
	f->error_off = byte_of(l, m->index);
	return NULL;
}

/* The next event; NULL at a syntax error. */
static bool next(struct loader *l, yaml_event_t *ev)
{
	if (yaml_parser_parse(&l->parser, ev))
		return true;
	fail(l, &l->parser.problem_mark, l->parser.problem ? l->parser.problem : "not readable");
	return false;
}

static struct yaml *node_new(struct loader *l, enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml *n;

	if (++l->n_nodes > YAML_NODES_MAX)
		return fail(l, &ev->start_mark, "too many elements");
	n = arena_zalloc(l->a, sizeof(*n));
	n->kind = (uint8_t)kind;
	n->line = (uint32_t)ev->start_mark.line;
	n->column = (uint32_t)ev->start_mark.column;
	n->off = byte_of(l, ev->start_mark.index);
	n->end = byte_of(l, ev->end_mark.index);
	return n;
}

static struct anchor *remember(struct loader *l, const yaml_char_t *name, struct yaml *n)
{
	if (!name)
		return NULL;
	l->anchors = mem_grow(l->anchors, &l->anchors_cap, l->n_anchors + 1, sizeof(*l->anchors));
	l->anchors[l->n_anchors] = (struct anchor){
		.name = arena_str(l->a, (const char *)name), .node = n, .open = true,
	};
	return &l->anchors[l->n_anchors++];
}

static struct yaml *read_alias(struct loader *l, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;

	for (size_t i = l->n_anchors; i-- > 0;)
		if (strcmp(l->anchors[i].name, name) == 0)
			return l->anchors[i].open ?
			       fail(l, &ev->start_mark, "an alias inside its own anchor") :
			       l->anchors[i].node;
	return fail(l, &ev->start_mark, "an alias of an unknown anchor");
}

static bool is_null(const char *p, size_t len)
{
	return len == 0 || (len == 1 && *p == '~') ||
	       (len == 4 && (!memcmp(p, "null", 4) || !memcmp(p, "Null", 4) ||
			     !memcmp(p, "NULL", 4)));
}

static struct yaml *read_scalar(struct loader *l, const yaml_event_t *ev)
{
	const char *p = (const char *)ev->data.scalar.value;
	const size_t len = ev->data.scalar.length;
	const bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct yaml *n = node_new(l, plain && is_null(p, len) ? YAML_NULL : YAML_SCALAR, ev);

	if (!n)
		return NULL;
	n->plain = plain;
	n->p = arena_strn(l->a, p, len);
	n->len = (uint32_t)len;
	return n;
}

/* Elements up to the end event; collected on a stack, then copied. */
static bool read_kids(struct loader *l, struct yaml *n, yaml_event_type_t end)
{
	const size_t base = l->n_stack;
	yaml_event_t ev;
	struct yaml *kid;

	for (;;) {
		if (!next(l, &ev))
			return false;
		if (ev.type == end) {
			n->end = byte_of(l, ev.end_mark.index);
			yaml_event_delete(&ev);
			break;
		}
		kid = read_node(l, &ev);
		if (!kid)
			return false;
		l->stack = mem_grow(l->stack, &l->stack_cap, l->n_stack + 1, sizeof(*l->stack));
		l->stack[l->n_stack++] = kid;
	}
	n->n = (uint32_t)(l->n_stack - base);
	n->kids = arena_alloc(l->a, (n->n + 1) * sizeof(*n->kids));
	if (n->n)
		memcpy(n->kids, l->stack + base, n->n * sizeof(*n->kids));
	l->n_stack = base;
	return true;
}

static struct yaml *read_collection(struct loader *l, const yaml_event_t *ev)
{
	const bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct yaml *n = node_new(l, map ? YAML_MAPPING : YAML_SEQUENCE, ev);

	if (!n)
		return NULL;
	if (++l->depth > YAML_DEPTH_MAX)
		return fail(l, &ev->start_mark, "nested too deeply");
	if (!read_kids(l, n, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT))
		return NULL;
	l->depth--;
	return n;
}

/* Eats the event. */
static struct yaml *read_node(struct loader *l, yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL;
	struct yaml *n = NULL;
	size_t at;

	if (ev->type == YAML_SCALAR_EVENT)
		anchor = ev->data.scalar.anchor;
	else if (ev->type == YAML_SEQUENCE_START_EVENT)
		anchor = ev->data.sequence_start.anchor;
	else if (ev->type == YAML_MAPPING_START_EVENT)
		anchor = ev->data.mapping_start.anchor;
	at = l->n_anchors;
	remember(l, anchor, NULL);
	if (ev->type == YAML_SCALAR_EVENT)
		n = read_scalar(l, ev);
	else if (ev->type == YAML_ALIAS_EVENT)
		n = read_alias(l, ev);
	else
		n = read_collection(l, ev);
	if (anchor) {
		l->anchors[at].node = n;
		l->anchors[at].open = false;
	}
	yaml_event_delete(ev);
	return n;
}

static bool read_docs(struct loader *l)
{
	struct yaml_file *f = l->f;
	size_t cap = 0;
	yaml_event_t ev;
	struct yaml **docs = NULL, *doc;
	bool ok = false;

	while (next(l, &ev)) {
		const yaml_event_type_t type = ev.type;

		if (type == YAML_STREAM_END_EVENT)
			ok = true;
		if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT ||
		    type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&ev);
			l->n_anchors = type == YAML_DOCUMENT_START_EVENT ? 0 : l->n_anchors;
			if (ok)
				break;
			continue;
		}
		doc = read_node(l, &ev);
		if (!doc)
			break;
		docs = mem_grow(docs, &cap, f->n_docs + 1, sizeof(*docs));
		docs[f->n_docs++] = doc;
	}
	f->docs = arena_alloc(l->a, (f->n_docs + 1) * sizeof(*docs));
	if (f->n_docs)
		memcpy(f->docs, docs, f->n_docs * sizeof(*docs));
	free(docs);
	return ok;
}

bool yaml_load(struct yaml_file *f, struct arena *a)
{
	struct loader l = { .f = f, .a = a };
	const yaml_mark_t start = {0};
	const size_t mark = byte_order_mark(f);
	bool ok;

	if (f->len > YAML_BYTES_MAX) {
		fail(&l, &start, "the file is larger than 32 MiB");
		return false;
	}
	if (!yaml_parser_initialize(&l.parser)) {
		fail(&l, &start, "the parser does not start");
		return false;
	}
	count_characters(&l);
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)f->text + mark,
				     f->len - mark);
	ok = read_docs(&l);
	yaml_parser_delete(&l.parser);
	free(l.anchors);
	free(l.stack);
	free(l.bytes);
	return ok;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	const size_t len = strlen(key);

	for (uint32_t i = 0; map->kind == YAML_MAPPING && i + 1 < map->n; i += 2)
		if (map->kids[i]->kind == YAML_SCALAR && map->kids[i]->len == len &&
		    memcmp(map->kids[i]->p, key, len) == 0)
			return map->kids[i + 1];
	return NULL;
}
