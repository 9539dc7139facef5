/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/attack.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/quote.h"

const char *const attack_state_name[ATTACK__N] = {
	[ATTACK_NEVER] = "never", [ATTACK_FIRES] = "fires", [ATTACK_TESTED] = "tested",
};

/* ---- tags ---- */

static bool digits(const char *p, unsigned n)
{
	while (n--)
		if (!isdigit((unsigned char)*p++))
			return false;
	return true;
}

/* T and four digits, perhaps a dot and three more; "attack." may stand before it, as Sigma and
 * Saker write it, and letters may be small. */
static bool technique_of(const char *tag, char id[12])
{
	if (strncasecmp(tag, "attack.", 7) == 0)
		tag += 7;
	if ((*tag != 'T' && *tag != 't') || !digits(tag + 1, 4))
		return false;
	if (tag[5] && !(tag[5] == '.' && digits(tag + 6, 3) && !tag[9]))
		return false;
	memcpy(id, tag, strlen(tag) + 1);
	id[0] = 'T';
	return true;
}

static bool is_expected(const struct test_suite *s, const char *rule)
{
	for (size_t i = 0; i < s->n_run; i++) {
		const struct test_case *c = s->cases[i];

		if (s->results[i].status != TEST_PASSED)
			continue;
		for (uint32_t k = 0; k < c->n_expect; k++)
			if (!c->expect[k].no && c->expect[k].min > 0 &&
			    strcmp(c->expect[k].rule, rule) == 0)
				return true;
	}
	return false;
}

static struct attack_technique *technique(struct attack *a, const char *id)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].id, id) == 0)
			return &a->v[i];
	a->v = mem_grow(a->v, &a->cap, a->n + 1, sizeof(*a->v));
	a->v[a->n] = (struct attack_technique){0};
	memcpy(a->v[a->n].id, id, strlen(id) + 1);
	return &a->v[a->n++];
}

static void add_rule(struct attack_technique *t, const char *name, enum attack_state state)
{
	size_t cap = t->cap;

	if (state > t->state)
		t->state = state;
	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->rules[i].name, name) == 0) {
			if (state > t->rules[i].state)
				t->rules[i].state = state;
			return;
		}
	t->rules = mem_grow(t->rules, &cap, t->n + 1, sizeof(*t->rules));
	t->cap = (uint32_t)cap;
	t->rules[t->n++] = (struct attack_rule){ name, state };
}

static int order_rules(const void *a, const void *b)
{
	return strcmp(((const struct attack_rule *)a)->name, ((const struct attack_rule *)b)->name);
}

static int order_techniques(const void *a, const void *b)
{
	return strcmp(((const struct attack_technique *)a)->id,
		      ((const struct attack_technique *)b)->id);
}

void attack_init(struct attack *a, const struct coverage *c, const struct test_suite *s)
{
	*a = (struct attack){0};
	for (size_t i = 0; i < c->n_rules; i++) {
		const struct cover_rule *r = &c->rules[i];
		const enum attack_state state = is_expected(s, r->name) ? ATTACK_TESTED :
			r->v[0].hits.is[1] > 0 ? ATTACK_FIRES : ATTACK_NEVER;
		bool tagged = false;
		char id[12];

		if (r->step)
			continue;
		for (uint32_t t = 0; t < r->n_tags; t++)
			if (technique_of(r->tags[t], id)) {
				add_rule(technique(a, id), r->name, state);
				tagged = true;
			}
		a->n_untagged += !tagged;
	}
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), order_techniques);
	for (size_t i = 0; i < a->n; i++) {
		qsort(a->v[i].rules, a->v[i].n, sizeof(*a->v[i].rules), order_rules);
		a->n_states[a->v[i].state]++;
	}
}

void attack_release(struct attack *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].rules);
	free(a->v);
	*a = (struct attack){0};
}

/* ---- output ---- */

static void put_rules(const struct attack_technique *t, enum attack_state state, bool json,
		      struct buf *out)
{
	bool any = false;

	for (uint32_t i = 0; i < t->n; i++) {
		if (t->rules[i].state != state)
			continue;
		if (any)
			buf_str(out, "; ");
		if (json)
			quote_json(out, t->rules[i].name, strlen(t->rules[i].name));
		else
			quote_terminal_buf(out, t->rules[i].name, strlen(t->rules[i].name));
		any = true;
	}
}

static uint32_t count(const struct attack_technique *t, enum attack_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++)
		n += t->rules[i].state == state;
	return n;
}

void attack_text(const struct attack *a, struct buf *out)
{
	buf_str(out, "technique   state   rules\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct attack_technique *t = &a->v[i];
		bool first = true;

		for (unsigned s = ATTACK__N; s-- > 0;) {
			if (count(t, (enum attack_state)s) == 0)
				continue;
			buf_printf(out, "%-11s %-7s ", first ? t->id : "", attack_state_name[s]);
			put_rules(t, (enum attack_state)s, false, out);
			buf_byte(out, '\n');
			first = false;
		}
	}
	buf_printf(out, "techniques: %zu tagged, %zu tested (%.1f%%), %zu never tested", a->n,
		   a->n_states[ATTACK_TESTED],
		   cover_share(a->n_states[ATTACK_TESTED], a->n), a->n_states[ATTACK_NEVER]);
	if (a->n_states[ATTACK_FIRES])
		buf_printf(out, ", %zu found by tests that do not ask for it",
			   a->n_states[ATTACK_FIRES]);
	if (a->n_untagged)
		buf_printf(out, "; %zu rules name none", a->n_untagged);
	buf_byte(out, '\n');
}

static const char *const colors[ATTACK__N] = {
	[ATTACK_NEVER] = "#e0685e", [ATTACK_FIRES] = "#f2c14e", [ATTACK_TESTED] = "#57a773",
};
static const char *const labels[ATTACK__N] = {
	[ATTACK_NEVER] = "no test makes a rule fire",
	[ATTACK_FIRES] = "a rule fires in a test that does not ask for it",
	[ATTACK_TESTED] = "a test expects a rule to fire",
};

static void put_comment(const struct attack_technique *t, struct buf *out)
{
	bool any = false;

	buf_str(out, "\"comment\":\"");
	for (unsigned s = ATTACK__N; s-- > 0;) {
		if (count(t, (enum attack_state)s) == 0)
			continue;
		buf_printf(out, "%s%s: ", any ? ". " : "", attack_state_name[s]);
		put_rules(t, (enum attack_state)s, true, out);
		any = true;
	}
	buf_byte(out, '"');
}

void attack_navigator(const struct attack *a, struct buf *out)
{
	buf_str(out, "{\"name\":\"Tests of rules\",\"versions\":{\"navigator\":\"5.0.0\","
		"\"layer\":\"4.5\"},\"domain\":\"enterprise-attack\","
		"\"description\":\"Techniques that rules name, by saker test: the score is the "
		"share of their rules that a test expects to fire.\","
		"\"filters\":{\"platforms\":[\"Linux\",\"Containers\"]},\"sorting\":0,"
		"\"layout\":{\"layout\":\"side\",\"showID\":true,\"showName\":true,"
		"\"expandedSubtechniques\":\"annotated\"},\"hideDisabled\":false,\"techniques\":[");
	for (size_t i = 0; i < a->n; i++) {
		const struct attack_technique *t = &a->v[i];

		buf_printf(out, "%s\n{\"techniqueID\":\"%s\",\"score\":%u,\"color\":\"%s\","
			   "\"enabled\":true,", i ? "," : "", t->id,
			   count(t, ATTACK_TESTED) * 100 / t->n, colors[t->state]);
		put_comment(t, out);
		buf_byte(out, '}');
	}
	buf_printf(out, "\n],\"gradient\":{\"colors\":[\"%s\",\"%s\"],\"minValue\":0,"
		   "\"maxValue\":100},\"legendItems\":[", colors[ATTACK_NEVER],
		   colors[ATTACK_TESTED]);
	for (unsigned s = 0; s < ATTACK__N; s++)
		buf_printf(out, "%s{\"label\":\"%s\",\"color\":\"%s\"}", s ? "," : "", labels[s],
			   colors[s]);
	buf_str(out, "]}\n");
}
