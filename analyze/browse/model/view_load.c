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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/gather.h"
#include "capture/base/err.h"
#include "rules/set/yaml.h"

enum { FILE_MAX = 1 << 20, TITLE_MAX = 60, WIDTH_MAX = 200 };

static const char *const kinds[] = {
	[VIEW_TABLE] = "table", [VIEW_TREE] = "tree", [VIEW_EVENTS] = "events",
	[VIEW_ALERTS] = "alerts", [VIEW_SPECTRUM] = "spectrum", NULL
};
const char *const gather_name[] = {
	[GATHER_COUNT] = "count", [GATHER_SUM] = "sum", [GATHER_MIN] = "min",
	[GATHER_MAX] = "max", [GATHER_MEAN] = "mean", [GATHER_RATE] = "rate",
	[GATHER_FIRST] = "first", [GATHER_LAST] = "last", [GATHER_DISTINCT] = "distinct",
	[GATHER_ALERTS] = "alerts", NULL
};
static const char *const units[] = {
	[UNIT_TEXT] = "text", [UNIT_NUMBER] = "number", [UNIT_ID] = "id",
	[UNIT_PORT] = "port",
	[UNIT_BYTES] = "bytes", [UNIT_BYTES_RATE] = "bytes_rate", [UNIT_RATE] = "rate",
	[UNIT_PERCENT] = "percent", [UNIT_TIME] = "time", [UNIT_SPAN] = "span",
	[UNIT_DECADE] = "decade", [UNIT_BAR] = "bar",
	[UNIT_CPU] = "cpu",
	[UNIT_SEVERITY] = "severity", NULL
};

struct load {
	struct views *views;
	const char *name;
	struct buf messages;
	unsigned n_wrong;
};

static void wrong(struct load *l, const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void wrong(struct load *l, const struct yaml *at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&l->messages, "%s%s:%u:%u: %s", l->n_wrong ? "\n" : "", l->name, at->line + 1,
		   at->column + 1, text);
	l->n_wrong++;
}

/* ---- words ---- */

static const char *keep(struct load *l, const struct yaml *v)
{
	return arena_strn(&l->views->arena, v->p, v->len);
}

static const struct yaml *scalar(struct load *l, const struct yaml *map, const char *key)
{
	const struct yaml *v = yaml_get(map, key);

	if (!v || v->kind == YAML_NULL)
		return NULL;
	if (v->kind == YAML_SCALAR)
		return v;
	wrong(l, v, "%s must be a text", key);
	return NULL;
}

static const char *text(struct load *l, const struct yaml *map, const char *key,
			const char *otherwise)
{
	const struct yaml *v = scalar(l, map, key);

	return v ? keep(l, v) : otherwise;
}

static void put_words(struct buf *out, const char *const *words)
{
	for (unsigned i = 0; words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : "", words[i]);
}

/* One of the words by its place. */
static uint8_t word(struct load *l, const struct yaml *map, const char *key,
		    const char *const *words, uint8_t otherwise)
{
	const struct yaml *v = scalar(l, map, key);
	struct buf known = {0};

	if (!v)
		return otherwise;
	for (uint8_t i = 0; words[i]; i++)
		if (strlen(words[i]) == v->len && memcmp(words[i], v->p, v->len) == 0)
			return i;
	put_words(&known, words);
	wrong(l, v, "%s: '%s' is none of %s", key, v->p, buf_text(&known));
	buf_release(&known);
	return otherwise;
}

static void check_keys(struct load *l, const struct yaml *map, const char *const *known)
{
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct yaml *k = map->kids[i];
		unsigned w = 0;

		while (known[w] && (k->kind != YAML_SCALAR || strcmp(known[w], k->p) != 0))
			w++;
		if (!known[w])
			wrong(l, k, "unknown key '%s'", k->kind == YAML_SCALAR ? k->p : "?");
	}
}

/* ---- fields ---- */

static void check_field(struct load *l, const struct yaml *v, const struct view *view)
{
	struct field_ref r;
	struct arena a = {0};

	if (strncmp(v->p, "rule.", 5) == 0 && view->kind == VIEW_ALERTS)
		return;		/* gather_plan_init knows them */
	if (field_parse(&r, v->p, v->len, &a) != v->len)
		wrong(l, v, "%s", *err_text() ? err_text() : "this is no field");
	else if (r.desc->flags & (FIELD_FILTER_ONLY | FIELD_LIST))
		wrong(l, v, "%s can only be used in conditions", v->p);
	arena_release(&a);
}

static bool is_true(struct load *l, const struct yaml *map, const char *key)
{
	static const char *const words[] = { "false", "true", NULL };

	return word(l, map, key, words, 0);
}

static uint8_t width(struct load *l, const struct yaml *map)
{
	const struct yaml *v = scalar(l, map, "width");
	char *end;
	unsigned long n;

	if (!v)
		return 0;
	n = strtoul(v->p, &end, 10);
	if (end == v->p || *end || n > WIDTH_MAX) {
		wrong(l, v, "width must be a number up to %d", WIDTH_MAX);
		return 0;
	}
	return (uint8_t)n;
}

static void read_column(struct load *l, const struct view *v, const struct yaml *map,
			struct view_column *c)
{
	static const char *const known[] = { "name", "help", "field", "gather", "unit", "width",
					     "hidden", NULL };
	const struct yaml *field;

	if (map->kind != YAML_MAPPING) {
		wrong(l, map, "a column is a mapping with name, gather, field");
		return;
	}
	check_keys(l, map, known);
	field = scalar(l, map, "field");
	c->name = text(l, map, "name", NULL);
	c->help = text(l, map, "help", "");
	c->field = field ? keep(l, field) : NULL;
	c->sampled = (uint8_t)view_sampled(c->field);
	c->gather = word(l, map, "gather", gather_name, field ? GATHER_FIRST : GATHER_COUNT);
	c->unit = word(l, map, "unit", units, c->gather == GATHER_FIRST
		       || c->gather == GATHER_LAST ? UNIT_TEXT : UNIT_NUMBER);
	c->width = width(l, map);
	c->hidden = is_true(l, map, "hidden");
	if (!c->name || !*c->name)
		wrong(l, map, "a column needs a name");
	if (field)
		check_field(l, field, v);
	else if (c->gather != GATHER_COUNT && c->gather != GATHER_ALERTS)
		wrong(l, map, "%s needs a field", gather_name[c->gather]);
	if (c->unit == UNIT_TEXT && c->gather != GATHER_FIRST && c->gather != GATHER_LAST)
		wrong(l, map, "%s gives a number: unit cannot be text", gather_name[c->gather]);
}

static void read_columns(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *seq = yaml_get(map, "columns");
	struct view_column *c;

	if (!seq || seq->kind != YAML_SEQUENCE || seq->n == 0) {
		wrong(l, seq ? seq : map, "a view needs columns");
		return;
	}
	if (seq->n > VIEW_COLUMNS_MAX) {
		wrong(l, seq, "more than %d columns", VIEW_COLUMNS_MAX);
		return;
	}
	v->columns = c = arena_zalloc(&l->views->arena, seq->n * sizeof(*c));
	v->n_columns = seq->n;
	for (uint32_t i = 0; i < seq->n; i++)
		read_column(l, v, seq->kids[i], &c[i]);
}

static void read_view_keys(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *seq = yaml_get(map, "keys");

	if (v->kind == VIEW_EVENTS) {
		if (seq)
			wrong(l, seq, "a list of events has no keys: each event is a row");
		return;
	}
	if (!seq || seq->kind != YAML_SEQUENCE || seq->n == 0 || seq->n > VIEW_KEYS_MAX) {
		wrong(l, seq ? seq : map, "keys must be a list of one to %d fields",
		      VIEW_KEYS_MAX);
		return;
	}
	for (uint32_t i = 0; i < seq->n; i++) {
		if (seq->kids[i]->kind != YAML_SCALAR) {
			wrong(l, seq->kids[i], "a key is the name of a field");
			continue;
		}
		v->keys[v->n_keys++] = keep(l, seq->kids[i]);
		check_field(l, seq->kids[i], v);
	}
	if (v->kind == VIEW_TREE && (v->n_keys != 1 || strcmp(v->keys[0], "proc.pid") != 0))
		wrong(l, seq, "the key of a tree is proc.pid");
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
		wrong(l, yaml_get(map, "keys"), "the key of a spectrum is one number");
	arena_release(&a);
	if (v->n_columns && (v->n_columns != 1 || c->gather != GATHER_COUNT || c->hidden
	    || (c->field && strcmp(c->field, v->keys[0]) != 0)))
		wrong(l, yaml_get(map, "columns"),
		      "a spectrum has one column, which counts its key");
	else if (v->n_columns && c->unit != UNIT_SPAN && c->unit != UNIT_BYTES
		 && c->unit != UNIT_NUMBER)
		wrong(l, yaml_get(map, "columns"),
		      "the unit of a spectrum is span, bytes or number");
}

static void read_sort(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *s = scalar(l, map, "sort");
	const char *name = s ? s->p : "";

	v->ascending = *name == '+';
	name += v->ascending;
	for (unsigned i = 0; s && i < v->n_columns; i++)
		if (v->columns[i].name && strcmp(v->columns[i].name, name) == 0) {
			v->sort = v->sort_else = i;
			return;
		}
	if (s && v->n_columns)
		wrong(l, s, "no column is named '%s'", name);
}

static void check_filter(struct load *l, const struct view *v, const struct yaml *map)
{
	const struct yaml *f = scalar(l, map, "filter");
	struct cond *c;

	if (!f || !*v->filter)
		return;
	c = cond_compile(v->filter, strlen(v->filter), "filter");
	if (!c)
		wrong(l, f, "%s", err_text());
	cond_free(c);
}

/* ---- views ---- */

static bool is_id(const char *id)
{
	return *id && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(id);
}

static void put_view(struct views *vs, const struct view *v)
{
	for (size_t i = 0; i < vs->n; i++)
		if (strcmp(vs->v[i]->id, v->id) == 0) {
			vs->v[i] = v;
			return;
		}
	vs->v = mem_grow(vs->v, &vs->cap, vs->n + 1, sizeof(*vs->v));
	vs->v[vs->n++] = v;
}

static void read_view(struct load *l, const struct yaml *map)
{
	static const char *const known[] = { "view", "title", "help", "kind", "filter", "keys",
					     "sort", "next", "columns", NULL };
	struct view *v = arena_zalloc(&l->views->arena, sizeof(*v));
	const unsigned before = l->n_wrong;

	if (map->kind != YAML_MAPPING) {
		wrong(l, map, "a view is a mapping with view, title, keys, columns");
		return;
	}
	check_keys(l, map, known);
	v->file = l->name;
	v->line = map->line + 1;
	v->id = text(l, map, "view", "");
	v->title = text(l, map, "title", v->id);
	v->help = text(l, map, "help", "");
	v->filter = text(l, map, "filter", "");
	v->next = text(l, map, "next", "");
	v->kind = word(l, map, "kind", kinds, VIEW_TABLE);
	if (!is_id(v->id))
		wrong(l, map, "view must be a short name of a-z, 0-9, _ and -");
	if (strlen(v->title) > TITLE_MAX)
		wrong(l, map, "the title is longer than %d bytes", TITLE_MAX);
	read_view_keys(l, v, map);
	read_columns(l, v, map);
	check_spectrum(l, v, map);
	read_sort(l, v, map);
	check_filter(l, v, map);
	if (l->n_wrong == before && l->views->n == VIEWS_MAX)
		wrong(l, map, "more than %d views", VIEWS_MAX);
	if (l->n_wrong == before)
		put_view(l->views, v);
}

static void check_next(struct load *l)
{
	for (size_t i = 0; i < l->views->n; i++) {
		const struct view *v = l->views->v[i];
		const struct yaml at = { .line = v->line - 1 };

		if (v->file == l->name && *v->next && !views_find(l->views, v->next))
			wrong(l, &at, "next: there is no view '%s'", v->next);
	}
}

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

		wrong(&l, &at, "%s", f.error);
	}
	for (size_t d = 0; !l.n_wrong && d < f.n_docs; d++) {
		if (f.docs[d]->kind == YAML_NULL)
			continue;
		if (f.docs[d]->kind != YAML_SEQUENCE) {
			wrong(&l, f.docs[d], "a file of views is a list");
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
	struct buf text_ = {0};
	size_t n;
	int rc;

	if (!f)
		return err_sys("%s", path);
	while ((n = fread(buf_room(&text_, 65536), 1, 65536, f)) > 0 && text_.len <= FILE_MAX)
		text_.len += n;
	rc = ferror(f) ? err_sys("%s", path) : 0;
	fclose(f);
	if (rc == 0 && text_.len > FILE_MAX)
		rc = err(ERR_LIMIT, "%s is larger than 1 MiB", path);
	if (rc == 0) {
		buf_text(&text_);
		rc = views_load_text(vs, path, (const char *)text_.p, text_.len);
	}
	buf_release(&text_);
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
