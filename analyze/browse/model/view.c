/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/view.h"

#include <stdlib.h>
#include <string.h>

/* The rows of views.def as they come. */
enum row_kind { ROW_VIEW, ROW_KEY, ROW_COLUMN, ROW_AS };

struct def {
	uint8_t row, kind;
	bool base;
	const char *id, *title, *sort, *next, *filter, *help;	/* id: of a key its field */
	struct view_column column;
};

static const struct def defs[] = {
#define VIEW(id_, kind_, base_, title_, sort_, next_, filter_, help_)			\
	{ .row = ROW_VIEW, .kind = VIEW_##kind_, .base = base_, .id = #id_, .title = title_,	\
	  .sort = sort_, .next = next_, .filter = filter_, .help = help_ },
#define KEY(field) { .row = ROW_KEY, .id = field },
#define AS(id_) { .row = ROW_AS, .id = #id_ },
#define COLUMN_(g, f, n, w, u, h, hid)						\
	{ .row = ROW_COLUMN, .column = { n, h, f, GATHER_##g, UNIT_##u, w, hid } },
#define COLUMN(g, f, n, w, u, h) COLUMN_(g, f, n, w, u, h, false)
#define HIDDEN(g, f, n, w, u, h) COLUMN_(g, f, n, w, u, h, true)
#include "analyze/browse/model/views.def"
};

enum { N_DEFS = sizeof(defs) / sizeof(defs[0]) };

enum sampled view_sampled(const char *field)
{
	struct arena a = {0};
	struct field_ref ref;
	enum sampled is = SAMPLED_NOT;

	if (field && field_parse(&ref, field, strlen(field), &a) == strlen(field)) {
		if (event_set_has(&ref.desc->only, EV_PROCINFO))
			is = SAMPLED_THREADS;
		else if (event_set_has(&ref.desc->only, EV_CPUINFO))
			is = SAMPLED_PROCESSORS;
		else if (strcmp(ref.desc->class, "container") == 0)
			is = SAMPLED_CONTAINERS;
	}
	arena_release(&a);
	return is;
}

bool view_is_path(const struct view_column *c, const void *text, size_t len)
{
	static const char *const paths[] = {
		"fd.name", "fd.directory", "evt.path", "evt.path.to", "proc.exepath",
	};

	if (!c->field || len == 0 || *(const char *)text != '/')
		return false;
	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(c->field, paths[i]) == 0)
			return true;
	return false;
}

static unsigned column_of(const struct view *v, const char *name, size_t len)
{
	for (unsigned i = 0; i < v->n_columns; i++)
		if (strlen(v->columns[i].name) == len && memcmp(v->columns[i].name, name, len) == 0)
			return i;
	return 0;
}

static void set_sort(struct view *v, const char *name)
{
	size_t len;

	v->ascending = *name == '+';
	name += v->ascending;
	len = strcspn(name, "|");
	v->sort = v->sort_else = column_of(v, name, len);
	if (name[len])
		v->sort_else = column_of(v, name + len + 1, strlen(name + len + 1));
}

static void copy_rows(const struct views *vs, struct view *v, const char *id)
{
	const struct view *of = views_find(vs, id);

	if (!of)
		return;
	memcpy(v->keys, of->keys, sizeof(v->keys));
	v->n_keys = of->n_keys;
	v->columns = of->columns;
	v->n_columns = of->n_columns;
}

/* The view at defs[i]; returns where the next begins. */
static size_t add_view(struct views *vs, size_t i)
{
	const struct def *d = &defs[i];
	struct view *v = arena_zalloc(&vs->arena, sizeof(*v));
	struct view_column *columns = arena_zalloc(&vs->arena,
						   VIEW_COLUMNS_MAX * sizeof(*columns));

	v->id = d->id;
	v->title = d->title;
	v->help = d->help;
	v->kind = d->kind;
	v->base = d->base;
	v->filter = d->filter;
	v->next = d->next;
	v->columns = columns;
	for (i++; i < N_DEFS && defs[i].row != ROW_VIEW; i++) {
		if (defs[i].row == ROW_KEY)
			v->keys[v->n_keys++] = defs[i].id;
		else if (defs[i].row == ROW_AS)
			copy_rows(vs, v, defs[i].id);
		else
			columns[v->n_columns++] = defs[i].column;
	}
	for (unsigned c = 0; v->columns == columns && c < v->n_columns; c++)
		columns[c].sampled = (uint8_t)view_sampled(columns[c].field);
	set_sort(v, d->sort);
	vs->v = mem_grow(vs->v, &vs->cap, vs->n + 1, sizeof(*vs->v));
	vs->v[vs->n++] = v;
	return i;
}

void views_init(struct views *vs)
{
	*vs = (struct views){0};
	for (size_t i = 0; i < N_DEFS;)
		i = add_view(vs, i);
}

void views_release(struct views *vs)
{
	free(vs->v);
	arena_release(&vs->arena);
}

const struct view *views_find(const struct views *vs, const char *id)
{
	for (size_t i = 0; i < vs->n; i++)
		if (strcmp(vs->v[i]->id, id) == 0)
			return vs->v[i];
	return NULL;
}

static bool is_latency(const char *text)
{
	return text && (strstr(text, "evt.latency") || strstr(text, "evt.wait_latency"));
}

uint32_t view_latencies(const struct view *v)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < v->n_columns; i++)
		if (is_latency(v->columns[i].field))
			bits |= UINT32_C(1) << i;
	return bits;
}

bool view_needs_latencies(const struct view *v)
{
	bool needs = is_latency(v->filter);

	for (unsigned i = 0; i < v->n_keys; i++)
		needs |= is_latency(v->keys[i]);
	return needs;
}
