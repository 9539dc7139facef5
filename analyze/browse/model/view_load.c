/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the user: a YAML list of mappings.
 *
 *   - view: logins
 *     title: Logins
 *     filter: evt.type = execve and proc.name = login
 *     keys: [user.name]
 *     sort: TIMES
 *     columns:
 *       - { name: TIMES, gather: count, unit: number, width: 8 }
 *       - { name: USER, gather: first, field: user.name }
 *
 * Everything is checked, and all that is wrong is told with its place. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/view_load_parts.h"
#include "capture/base/err.h"
#include "rules/lang/cond.h"

enum { FILE_MAX = 1 << 20, TITLE_MAX = 60 };

static const char *const kinds[] = {
	[VIEW_TABLE] = "table", [VIEW_TREE] = "tree", [VIEW_EVENTS] = "events",
	[VIEW_ALERTS] = "alerts", [VIEW_SPECTRUM] = "spectrum", NULL
};

/* ---- parts of a view ---- */

static void read_view_keys(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *seq = yaml_get(map, "keys");

	if (v->kind == VIEW_EVENTS) {
		if (seq)
			load_wrong(l, seq, "a list of events has no keys: each event is a row");
		return;
	}
	if (!seq || seq->kind != YAML_SEQUENCE || seq->n == 0 || seq->n > VIEW_KEYS_MAX) {
		load_wrong(l, seq ? seq : map, "keys must be a list of one to %d fields",
		      VIEW_KEYS_MAX);
		return;
	}
	for (uint32_t i = 0; i < seq->n; i++) {
		if (seq->kids[i]->kind != YAML_SCALAR) {
			load_wrong(l, seq->kids[i], "a key is the name of a field");
			continue;
		}
		v->keys[v->n_keys++] = load_keep(l, seq->kids[i]);
		load_field(l, seq->kids[i], v);
	}
	if (v->kind == VIEW_TREE && (v->n_keys != 1 || strcmp(v->keys[0], "proc.pid") != 0))
		load_wrong(l, seq, "the key of a tree is proc.pid");
}

/* One number is what it is of; the only column counts, and its unit is that of the number. */
static void check_spectrum(struct load *l, const struct view *v, const struct yaml *map)
{
	struct field_ref r = {0};
	struct arena a = {0};
	const struct view_column *c = v->columns;

	if (v->kind != VIEW_SPECTRUM || v->n_keys == 0)
		return;
	if (v->n_keys != 1 || field_parse(&r, v->keys[0], strlen(v->keys[0]), &a) == 0
	    || (r.desc->type != FIELD_UINT && r.desc->type != FIELD_INT))
		load_wrong(l, yaml_get(map, "keys"), "the key of a spectrum is one number");
	arena_release(&a);
	if (v->n_columns && (v->n_columns != 1 || c->gather != GATHER_COUNT || c->hidden
	    || (c->field && strcmp(c->field, v->keys[0]) != 0)))
		load_wrong(l, yaml_get(map, "columns"),
		      "a spectrum has one column, which counts its key");
	else if (v->n_columns && c->unit != UNIT_SPAN && c->unit != UNIT_BYTES
		 && c->unit != UNIT_NUMBER)
		load_wrong(l, yaml_get(map, "columns"),
		      "the unit of a spectrum is span, bytes or number");
}

static void check_filter(struct load *l, const struct view *v, const struct yaml *map)
{
	const struct yaml *f = load_scalar(l, map, "filter");
	struct cond *c;

	if (!f || !*v->filter)
		return;
	c = cond_compile(v->filter, strlen(v->filter), "filter");
	if (!c)
		load_wrong(l, f, "%s", err_text());
	cond_free(c);
}

/* ---- views ---- */

static bool is_id(const char *id)
{
	return *id && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(id);
}

/* In the place of one with the same id.  False: there are too many. */
static bool put_view(struct views *vs, const struct view *v)
{
	size_t i = 0;

	while (i < vs->n && strcmp(vs->v[i]->id, v->id) != 0)
		i++;
	if (i == VIEWS_MAX)
		return false;
	if (i == vs->n)
		vs->v = mem_grow(vs->v, &vs->cap, ++vs->n, sizeof(*vs->v));
	vs->v[i] = v;
	return true;
}

static void read_view(struct load *l, const struct yaml *map)
{
	static const char *const known[] = { "view", "title", "help", "kind", "filter", "keys",
					     "sort", "next", "columns", NULL };
	struct view *v = arena_zalloc(&l->views->arena, sizeof(*v));
	const unsigned before = l->n_wrong;

	if (map->kind != YAML_MAPPING) {
		load_wrong(l, map, "a view is a mapping with view, title, keys, columns");
		return;
	}
	load_known(l, map, known);
	v->file = l->name;
	v->line = map->line + 1;
	v->id = load_text(l, map, "view", "");
	v->title = load_text(l, map, "title", v->id);
	v->help = load_text(l, map, "help", "");
	v->filter = load_text(l, map, "filter", "");
	v->next = load_text(l, map, "next", "");
	v->kind = load_word(l, map, "kind", kinds, VIEW_TABLE);
	if (!is_id(v->id))
		load_wrong(l, map, "view must be a short name of a-z, 0-9, _ and -");
	if (strlen(v->title) > TITLE_MAX)
		load_wrong(l, map, "the title is longer than %d bytes", TITLE_MAX);
	read_view_keys(l, v, map);
	load_columns(l, v, map);
	check_spectrum(l, v, map);
	load_sort(l, v, map);
	check_filter(l, v, map);
	if (l->n_wrong == before && !put_view(l->views, v))
		load_wrong(l, map, "more than %d views", VIEWS_MAX);
}

static void check_next(struct load *l)
{
	for (size_t i = 0; i < l->views->n; i++) {
		const struct view *v = l->views->v[i];
		const struct yaml at = { .line = v->line - 1 };

		if (v->file == l->name && *v->next && !views_find(l->views, v->next))
			load_wrong(l, &at, "next: there is no view '%s'", v->next);
	}
}

/* ---- files ---- */

static int finish(struct load *l)
{
	const int rc = l->n_wrong ? err(ERR_RULE, "%s", buf_text(&l->messages)) : 0;

	buf_release(&l->messages);
	return rc;
}

int views_load_text(struct views *vs, const char *name, const char *p, size_t len)
{
	struct load l = { .views = vs, .name = arena_str(&vs->arena, name) };
	struct arena a = {0};
	struct yaml_file f = { .name = name, .text = p, .len = len };

	if (!yaml_load(&f, &a)) {
		const struct yaml at = { .line = f.error_line, .column = f.error_column };

		load_wrong(&l, &at, "%s", f.error);
	}
	for (size_t d = 0; !l.n_wrong && d < f.n_docs; d++) {
		if (f.docs[d]->kind == YAML_NULL)
			continue;
		if (f.docs[d]->kind != YAML_SEQUENCE) {
			load_wrong(&l, f.docs[d], "a file of views is a list");
			break;
		}
		for (uint32_t i = 0; i < f.docs[d]->n; i++)
			read_view(&l, f.docs[d]->kids[i]);
	}
	check_next(&l);
	arena_release(&a);
	return finish(&l);
}

static int load_file(struct views *vs, const char *path)
{
	FILE *f = fopen(path, "re");
	struct buf text = {0};
	size_t n;
	int rc;

	if (!f)
		return err_sys("%s", path);
	while ((n = fread(buf_room(&text, 65536), 1, 65536, f)) > 0 && text.len <= FILE_MAX)
		text.len += n;
	rc = ferror(f) ? err_sys("%s", path) : 0;
	fclose(f);
	if (rc == 0 && text.len > FILE_MAX)
		rc = err(ERR_LIMIT, "%s is larger than 1 MiB", path);
	if (rc == 0) {
		buf_text(&text);
		rc = views_load_text(vs, path, (const char *)text.p, text.len);
	}
	buf_release(&text);
	return rc;
}

static int is_yaml(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

int views_load(struct views *vs, const char *path)
{
	struct dirent **names;
	const int n = scandir(path, &names, is_yaml, alphasort);
	int rc = 0;

	if (n < 0)
		return load_file(vs, path);
	for (int i = 0; i < n; i++) {
		char *file = xmalloc(strlen(path) + strlen(names[i]->d_name) + 2);

		sprintf(file, "%s/%s", path, names[i]->d_name);
		if (rc == 0)
			rc = load_file(vs, file);
		free(file);
		free(names[i]);
	}
	free(names);
	return rc;
}
