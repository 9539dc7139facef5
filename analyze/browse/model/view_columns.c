/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of user's views. */
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/model/view_load_parts.h"

enum { WIDTH_MAX = 200 };

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

static uint8_t width(struct load *l, const struct yaml *map)
{
	const struct yaml *v = load_scalar(l, map, "width");
	char *end;
	unsigned long n;

	if (!v)
		return 0;
	n = strtoul(v->p, &end, 10);
	if (end == v->p || *end || n > WIDTH_MAX) {
		load_wrong(l, v, "width must be a number up to %d", WIDTH_MAX);
		return 0;
	}
	return (uint8_t)n;
}

static bool is_value(const struct view_column *c)
{
	return c->gather == GATHER_FIRST || c->gather == GATHER_LAST;
}

static void check_column(struct load *l, const struct yaml *map, const struct view_column *c)
{
	const char *const gather = gather_name[c->gather];

	if (!c->name || !*c->name)
		load_wrong(l, map, "a column needs a name");
	if (!c->field && c->gather != GATHER_COUNT && c->gather != GATHER_ALERTS)
		load_wrong(l, map, "%s needs a field", gather);
	if (c->unit == UNIT_TEXT && !is_value(c))
		load_wrong(l, map, "%s gives a number: unit cannot be text", gather);
}

static void read_column(struct load *l, const struct view *v, const struct yaml *map,
			struct view_column *c)
{
	static const char *const known[] = { "name", "help", "field", "gather", "unit", "width",
					     "hidden", NULL };
	const struct yaml *field;

	if (map->kind != YAML_MAPPING) {
		load_wrong(l, map, "a column is a mapping with name, gather, field");
		return;
	}
	load_known(l, map, known);
	field = load_scalar(l, map, "field");
	c->name = load_text(l, map, "name", NULL);
	c->help = load_text(l, map, "help", "");
	c->field = field ? load_keep(l, field) : NULL;
	c->sampled = (uint8_t)view_sampled(c->field);
	c->gather = load_word(l, map, "gather", gather_name, field ? GATHER_FIRST : GATHER_COUNT);
	c->unit = load_word(l, map, "unit", units, is_value(c) ? UNIT_TEXT : UNIT_NUMBER);
	c->width = width(l, map);
	c->hidden = load_bool(l, map, "hidden");
	if (field)
		load_field(l, field, v);
	check_column(l, map, c);
}

void load_columns(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *seq = yaml_get(map, "columns");
	struct view_column *c;

	if (!seq || seq->kind != YAML_SEQUENCE || seq->n == 0) {
		load_wrong(l, seq ? seq : map, "a view needs columns");
		return;
	}
	if (seq->n > VIEW_COLUMNS_MAX) {
		load_wrong(l, seq, "more than %d columns", VIEW_COLUMNS_MAX);
		return;
	}
	v->columns = c = arena_zalloc(&l->views->arena, seq->n * sizeof(*c));
	v->n_columns = seq->n;
	for (uint32_t i = 0; i < seq->n; i++)
		read_column(l, v, seq->kids[i], &c[i]);
}

void load_sort(struct load *l, struct view *v, const struct yaml *map)
{
	const struct yaml *s = load_scalar(l, map, "sort");
	const char *name = s ? s->p : "";

	v->ascending = *name == '+';
	name += v->ascending;
	for (unsigned i = 0; s && i < v->n_columns; i++)
		if (v->columns[i].name && strcmp(v->columns[i].name, name) == 0) {
			v->sort = v->sort_else = i;
			return;
		}
	if (s && v->n_columns)
		load_wrong(l, s, "no column is named '%s'", name);
}
