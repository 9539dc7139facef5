/* SPDX-License-Identifier: Apache-2.0 */
/* A view made ready: its fields, which events can count, which columns each type of event can add
 * to. */
#include "analyze/browse/model/gather.h"

#include <string.h>

#include "analyze/browse/model/blocks.h"
#include "capture/base/err.h"

static const char *const rule_fields[RULE_FIELDS] = {
	[RULE_NAME] = "rule.name", [RULE_PRIORITY] = "rule.priority", [RULE_TAGS] = "rule.tags",
	[RULE_LINE] = "rule.line",
};

enum rule_field gather_rule_field(const char *text)
{
	for (unsigned i = RULE_NAME; i < RULE_FIELDS; i++)
		if (strcmp(text, rule_fields[i]) == 0)
			return (enum rule_field)i;
	return RULE_NONE;
}

static int parse_field(struct gather_plan *p, const char *text, struct gather_field *out)
{
	const size_t len = text ? strlen(text) : 0;

	out->none = !text;
	if (!text)
		return 0;
	out->rule = (uint8_t)gather_rule_field(text);
	if (out->rule)
		return p->view->kind == VIEW_ALERTS ? 0 :
			err(ERR_RULE, "%s is only known where kind is alerts", text);
	if (field_parse(&out->ref, text, len, &p->arena) != len)
		return err(ERR_RULE, "%s", *err_text() ? err_text() : text);
	p->bulk |= field_needs_bulk(&out->ref);
	return 0;
}

/* Texts of a process change only with the calls that change it: they need not be asked for
 * at every event of it. */
static bool settled(const struct gather_plan *p, const struct gather_field *f)
{
	static const char *const classes[] = { "process", "user", "group", "container", "k8s" };

	if (!p->by_process || f->none || f->rule || f->ref.desc->type != FIELD_STRING)
		return false;
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(f->ref.desc->class, classes[i]) == 0)
			return true;
	return false;
}

/* The types on which it can be present. */
static struct event_set types_of(const struct gather_field *f)
{
	struct event_set only = {0};
	bool any = false;

	if (!f->rule && !f->none)
		only = f->ref.desc->only;
	for (unsigned i = 0; i < sizeof(only.bits) / sizeof(only.bits[0]); i++)
		any |= only.bits[i] != 0;
	if (!any)
		event_set_fill(&only);
	return only;
}

static void meet_only(struct gather_plan *p, const struct gather_field *f)
{
	const struct event_set only = types_of(f);

	for (unsigned i = 0; i < sizeof(only.bits) / sizeof(only.bits[0]); i++)
		p->types.bits[i] &= only.bits[i];
}

static void plan_due(struct gather_plan *p, unsigned column)
{
	const struct event_set only = types_of(&p->columns[column]);

	for (unsigned t = 0; t < EV__N; t++)
		if (event_set_has(&only, t))
			p->due[t] |= UINT32_C(1) << column;
}

/* ---- samples ---- */

static bool is_class_of_threads(const struct gather_field *f)
{
	static const char *const classes[] = { "process", "user", "group", "container", "k8s" };

	for (unsigned i = 0; !f->none && !f->rule && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(f->ref.desc->class, classes[i]) == 0)
			return true;
	return false;
}

/* The processor of a thread's sample is where it ran last: no place for what it used. */
static bool keys_fit(const struct gather_plan *p, unsigned type)
{
	for (unsigned i = 0; i < p->view->n_keys; i++)
		if (is_class_of_threads(&p->keys[i]) != (type == EV_PROCINFO))
			return false;
	return p->view->kind == VIEW_TABLE || p->view->kind == VIEW_TREE;
}

static bool is_only(const struct gather_field *f, unsigned type)
{
	const struct event_set only = types_of(f);

	return !f->none && !f->rule && event_set_has(&only, type)
		&& !event_set_has(&only, EV_GENERIC);
}

/* Numbers that samples bring.  What a process is they tell as well, where they do. */
static uint32_t sampled_columns(const struct gather_plan *p, unsigned type)
{
	uint32_t numbers = 0, facts = 0;

	for (unsigned i = 0; i < p->view->n_columns; i++) {
		const struct view_column *col = &p->view->columns[i];
		const struct gather_field *f = &p->columns[i];
		const uint32_t bit = UINT32_C(1) << i;

		if (is_only(f, type))
			numbers |= bit;
		else if (type == EV_CPUINFO && !f->none && col->gather == GATHER_FIRST)
			facts |= bit;
		else if (type == EV_PROCINFO && is_class_of_threads(f)
			 && (col->gather == GATHER_MAX || col->gather == GATHER_MIN))
			numbers |= bit;
		else if (type == EV_PROCINFO && is_class_of_threads(f)
			 && (col->gather == GATHER_FIRST || col->gather == GATHER_LAST
			     || col->gather == GATHER_DISTINCT))
			facts |= bit;
	}
	return numbers ? numbers | facts : 0;
}

static void plan_samples(struct gather_plan *p)
{
	static const unsigned types[] = { EV_PROCINFO, EV_CPUINFO };

	for (unsigned i = 0; i < 2; i++)
		if (event_set_has(&p->types, types[i]) && keys_fit(p, types[i]))
			p->sampled[i] = sampled_columns(p, types[i]);
}

bool gather_samples(const struct gather_plan *p)
{
	return p->sampled[0] | p->sampled[1];
}

static int plan_fields(struct gather_plan *p)
{
	const struct view *v = p->view;

	for (unsigned i = 0; i < v->n_keys; i++) {
		if (parse_field(p, v->keys[i], &p->keys[i]) < 0)
			return -ERR_RULE;
		if (i == 0)	/* without the others it is a row too */
			meet_only(p, &p->keys[i]);
	}
	p->by_process = v->n_keys > 0 && strcmp(v->keys[0], "proc.pid") == 0;
	p->processes = p->by_process && v->n_keys == 1;
	for (unsigned i = 0; i < v->n_columns; i++) {
		if (parse_field(p, v->columns[i].field, &p->columns[i]) < 0)
			return -ERR_RULE;
		p->columns[i].settled = settled(p, &p->columns[i]);
		plan_due(p, i);
	}
	plan_samples(p);
	return 0;
}

int gather_plan_init(struct gather_plan *p, const struct view *v)
{
	*p = (struct gather_plan){ .view = v };
	event_set_fill(&p->types);
	if (*v->filter) {
		p->filter = cond_compile(v->filter, strlen(v->filter), v->id);
		if (!p->filter)
			return -ERR_RULE;
		p->types = types_of_cond(p->filter);
		p->bulk = cond_needs_bulk(p->filter);
	}
	return plan_fields(p);
}

void gather_plan_release(struct gather_plan *p)
{
	cond_free(p->filter);
	arena_release(&p->arena);
}
