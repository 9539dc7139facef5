/* SPDX-License-Identifier: Apache-2.0 */
/* Each alert is noted with what it is to each expectation, with the values of the fields that the
 * expectations of its rule name, and with what found.h would tell of it.
 *
 * An expectation that fails is mended by the alerts that meet it (another count), else by one of
 * its rule that nothing else is about (other values), else it goes.  Alerts left over that may
 * not be come in as new expectations. */
#include "analyze/test/update.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/source.h"

enum { ALERTS_MAX = 100000, NO_VALUE = -1 };

struct seen {
	const struct rule *rule;
	uint64_t num;
	bool *meets;			/* by expectation */
	const char ***values;		/* by expectation, of its fields: text, NULL if absent;
					 * NULL where the field is as expected */
	bool **wrong;			/* by expectation and field */
	const uint8_t *note;		/* found_note's */
	size_t n_note;
	bool taken;			/* an expectation is about it */
};

struct updating {
	const struct test_case *c;
	const char *text;		/* of the file */
	size_t len;
	struct found found;
	struct seen *v;
	size_t n, cap;
	bool *goes;			/* by expectation */
	struct cond ***holds;		/* by expectation and field */
	struct author_edits *edits;
	struct arena arena;
	bool failed;			/* there is no way to write it */
};

/* ---- alerts ---- */

static bool is_about(const struct test_expect *e, const struct rule *r)
{
	return e->no ? name_matches(e->rule, r->name) : strcmp(e->rule, r->name) == 0;
}

/* For each expectation of the rule, for each field: does it hold, and its value. */
static void put_fields(const struct test_expect *e, struct cond *const *holds,
		       const struct field_ctx *c, struct buf *out)
{
	for (uint32_t i = 0; i < e->n_fields; i++) {
		const struct test_field *f = &e->fields[i];
		const size_t at = out->len;
		struct field_ref ref;
		struct fval v;
		struct arena *const a = c->scratch;
		bool there;

		buf_byte(out, cond_eval(holds[i], c));
		buf_le32(out, (uint32_t)NO_VALUE);
		there = field_parse(&ref, f->name, strlen(f->name), a) &&
			!(ref.desc->flags & FIELD_FILTER_ONLY) &&
			field_get_value(c, &ref, &v) == FIELD_FOUND;
		if (there) {
			uint32_t len;

			fval_text(out, &v);
			len = (uint32_t)(out->len - at - 5);
			memcpy(out->p + at + 1, &len, sizeof(len));
		}
	}
}

static void note(void *arg, const struct rule *r, const struct field_ctx *c, struct buf *out)
{
	struct updating *u = arg;

	for (uint32_t i = 0; i < u->c->n_expect; i++)
		if (is_about(&u->c->expect[i], r))
			put_fields(&u->c->expect[i], u->holds[i], c, out);
	found_note(&u->found, r, c, out);
}

static const uint8_t *read_fields(struct updating *u, const struct test_expect *e,
				  struct seen *s, uint32_t i, const uint8_t *p)
{
	s->values[i] = arena_zalloc(&u->arena, (e->n_fields + 1) * sizeof(**s->values));
	s->wrong[i] = arena_zalloc(&u->arena, e->n_fields + 1);
	for (uint32_t k = 0; k < e->n_fields; k++) {
		uint32_t len;

		s->wrong[i][k] = !*p++;
		s->meets[i] &= !s->wrong[i][k];
		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		if (len == (uint32_t)NO_VALUE)
			continue;
		s->values[i][k] = arena_strn(&u->arena, p, len);
		p += len;
	}
	return p;
}

static bool has_output(const struct test_expect *e, const struct test_alert *a)
{
	for (uint32_t i = 0; i < e->n_output; i++)
		if (!memmem(a->line, a->len, e->output[i], strlen(e->output[i])))
			return false;
	return true;
}

static void on_alert(void *arg, const struct test_alert *a)
{
	struct updating *u = arg;
	const uint32_t n = u->c->n_expect;
	const uint8_t *p = a->note;
	struct seen *s;

	if (u->n == ALERTS_MAX) {
		u->failed = true;
		return;
	}
	u->v = mem_grow(u->v, &u->cap, u->n + 1, sizeof(*u->v));
	s = &u->v[u->n++];
	*s = (struct seen){ .rule = a->rule, .num = a->num };
	s->meets = arena_zalloc(&u->arena, n + 1);
	s->values = arena_zalloc(&u->arena, (n + 1) * sizeof(*s->values));
	s->wrong = arena_zalloc(&u->arena, (n + 1) * sizeof(*s->wrong));
	for (uint32_t i = 0; i < n; i++) {
		const struct test_expect *e = &u->c->expect[i];

		if (!is_about(e, a->rule))
			continue;
		s->meets[i] = has_output(e, a) && (!e->event || e->event == a->num) &&
			(e->priority < 0 || e->priority == (int)a->rule->priority);
		p = read_fields(u, e, s, i, p);
		s->taken |= s->meets[i];
	}
	s->n_note = a->n_note - (size_t)(p - a->note);
	s->note = (const uint8_t *)arena_strn(&u->arena, p, s->n_note);
}

static uint64_t n_meeting(const struct updating *u, uint32_t i)
{
	uint64_t n = 0;

	for (size_t k = 0; k < u->n; k++)
		n += u->v[k].meets[i];
	return n;
}

/* ---- places in the text ---- */

/* Every node has a place of its own in the text of the case; an anchor's is elsewhere. */
static bool is_within(const struct yaml *node, const struct yaml *outer)
{
	return node->off >= outer->off && author_end(node) <= author_end(outer);
}

static bool is_flow(const struct updating *u, const struct yaml *node)
{
	return node->kind >= YAML_SEQUENCE && strchr("[{", u->text[node->off]);
}

/* A collection in [ ] or { } ends behind its bracket; the parser knows where. */
static size_t end_of(const struct updating *u, const struct yaml *node)
{
	return is_flow(u, node) ? node->end : author_end(node);
}

static void replace(struct updating *u, const struct yaml *node, const char *value)
{
	const size_t end = end_of(u, node);
	struct buf text = {0};

	/* Behind "key:" with nothing. */
	if (end == node->off && node->off > 0 && u->text[node->off - 1] == ':')
		buf_byte(&text, ' ');
	buf_str(&text, value);
	author_edit(u->edits, node->off, end, &text);
	buf_release(&text);
}

/* Whole lines of an item or of a key; false: it shares them with others. */
static bool remove_lines(struct updating *u, const struct yaml *first, const struct yaml *last,
			 bool item)
{
	const struct buf nothing = {0};
	const size_t from = author_line(u->text, first->off), end = end_of(u, last);
	size_t at = from, to = author_line_end(u->text, u->len, end);

	while (u->text[at] == ' ' || (item && u->text[at] == '-'))
		at++;
	if (at != first->off)
		return false;
	for (at = end; at < to && strchr(" \t\r\n", u->text[at]); )
		at++;
	if (at < to && u->text[at] != '#')
		return false;
	author_edit(u->edits, from, to, &nothing);
	return true;
}

/* ---- mending an expectation ---- */

static void set_value(struct updating *u, const struct yaml *node, const char *value)
{
	struct buf text = {0};

	if (value)
		author_value(&text, value);
	else
		buf_str(&text, "null");
	replace(u, node, buf_text(&text));
	buf_release(&text);
}

static void set_count(struct updating *u, const struct test_expect *e, uint64_t n)
{
	const struct yaml *count = yaml_get(e->node, "count");
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	if (count)
		replace(u, count, text);
	else
		u->failed = true;	/* at least one is met by any number */
}

/* May this alert stand for expectation i, with other values? */
static bool is_candidate(const struct updating *u, const struct seen *s, uint32_t i)
{
	return !s->taken && is_about(&u->c->expect[i], s->rule);
}

/* Would s be as expected if the expectation had the values of model? */
static bool is_like(const struct updating *u, const struct seen *s, const struct seen *model,
		    uint32_t i)
{
	for (uint32_t k = 0; k < u->c->expect[i].n_fields; k++) {
		const char *a = s->values[i][k], *b = model->values[i][k];

		if (model->wrong[i][k] ? (!a != !b || (a && strcmp(a, b) != 0)) :
		    s->wrong[i][k])
			return false;
	}
	return !u->c->expect[i].event;
}

static void take_values(struct updating *u, uint32_t i, const struct seen *model)
{
	const struct test_expect *e = &u->c->expect[i];
	const struct yaml *map = yaml_get(e->node, "fields");
	const struct yaml *at = yaml_get(e->node, "at"), *priority = yaml_get(e->node, "priority");
	char text[24];

	for (uint32_t k = 0; k < e->n_fields; k++)
		if (model->wrong[i][k])
			set_value(u, map->kids[2 * k + 1], model->values[i][k]);
	if (e->event && e->event != model->num) {
		snprintf(text, sizeof(text), "%" PRIu64, model->num);
		replace(u, at, text);
	}
	if (e->priority >= 0 && e->priority != (int)model->rule->priority)
		replace(u, priority, priority_name[model->rule->priority]);
	if (e->n_output)
		u->failed = true;	/* which part of a text matters only its author knows */
}

/* Values of an alert that nothing is about; false: there is none. */
static bool take_other(struct updating *u, uint32_t i)
{
	const struct test_expect *e = &u->c->expect[i];
	const struct seen *model = NULL;
	uint64_t n = 0;

	for (size_t k = 0; k < u->n; k++) {
		struct seen *s = &u->v[k];

		if (!is_candidate(u, s, i) || (model && !is_like(u, s, model, i)))
			continue;
		if (!model)
			model = s;
		s->taken = true;
		n++;
	}
	if (!model)
		return false;
	take_values(u, i, model);
	if (n < e->min || n > e->max)
		set_count(u, e, n);
	return true;
}

static void remove_expectation(struct updating *u, uint32_t i)
{
	const struct yaml *node = u->c->expect[i].node;

	u->goes[i] = true;
	for (size_t k = 0; k < u->n; k++) {	/* what only it was about is free again */
		struct seen *s = &u->v[k];
		bool other = false;

		for (uint32_t j = 0; j < u->c->n_expect; j++)
			other |= s->meets[j] && !u->goes[j];
		s->taken = s->meets[i] ? other : s->taken;
	}
	u->failed |= !remove_lines(u, node, node, true);
}

static void mend(struct updating *u, uint32_t i)
{
	const struct test_expect *e = &u->c->expect[i];
	const uint64_t n = n_meeting(u, i);

	if (n >= e->min && n <= e->max)
		return;
	if (!e->no && n > 0)
		set_count(u, e, n);
	else if (e->no || !take_other(u, i))
		remove_expectation(u, i);
}

/* ---- alerts that nothing is about ---- */

static bool is_allowed(const struct test_case *c, const struct rule *r)
{
	if (c->rest.how == TEST_ELSE_ANY)
		return true;
	for (uint32_t i = 0; i < c->rest.n; i++)
		if (name_matches(c->rest.rules[i], r->name))
			return true;
	return false;
}

static void gather_rest(struct updating *u, bool all)
{
	for (size_t k = 0; k < u->n; k++) {
		const struct seen *s = &u->v[k];

		if (all || (!s->taken && !is_allowed(u->c, s->rule)))
			found_add(&u->found, s->rule, s->note, s->n_note);
	}
	found_end(&u->found);
}

/* Column of the dashes of a block list; that of the key is given. */
static unsigned dash_column(const struct updating *u, const struct yaml *list, unsigned key)
{
	const size_t line = list->n ? author_line(u->text, list->kids[0]->off) : 0;
	size_t at = line;

	if (!list->n)
		return key + 2;
	while (u->text[at] == ' ')
		at++;
	return u->text[at] == '-' ? (unsigned)(at - line) : key + 2;
}

/* The key "expect" of the case, and its column; NULL: the case is written in one line. */
static const struct yaml *expect_key(const struct updating *u, unsigned *column)
{
	const struct yaml *map = u->c->node;

	for (uint32_t i = 0; i + 1 < map->n; i += 2)
		if (map->kids[i]->len == 6 && memcmp(map->kids[i]->p, "expect", 6) == 0) {
			*column = map->kids[i]->column;
			return is_flow(u, map) ? NULL : map->kids[i];
		}
	return NULL;
}

static void add_rest(struct updating *u, const struct yaml *list, unsigned key)
{
	const unsigned column = dash_column(u, list, key);
	struct buf text = {0};
	size_t at;

	if (u->found.n == 0)
		return;
	if (list->kind != YAML_SEQUENCE || is_flow(u, list) || list->n == 0) {
		u->failed = true;
		return;
	}
	at = author_line_end(u->text, u->len, author_end(list));
	if (u->text[at - 1] != '\n')
		buf_byte(&text, '\n');
	author_expectations(&text, column, &u->found);
	author_edit(u->edits, at, at, &text);
	buf_release(&text);
}

/* ---- a case ---- */

static void write_whole(struct updating *u, const struct yaml *key, const struct yaml *value,
			unsigned column)
{
	const bool block = value->kind == YAML_SEQUENCE && !is_flow(u, value) && value->n;
	const size_t from = key->end + 1, end = end_of(u, value);
	struct buf text = {0};

	gather_rest(u, true);
	if (u->found.n == 0) {
		buf_str(&text, " none");
	} else {
		buf_byte(&text, '\n');
		author_expectations(&text, dash_column(u, value, column), &u->found);
		text.len--;	/* the line's end stays */
	}
	if (block)	/* with what stands behind the last item */
		author_edit(u->edits, from, end, &text);
	else
		author_edit(u->edits, from, end > from ? end : from, &text);
	buf_release(&text);
}

/* A matrix makes several cases of one text. */
static bool is_shared(const struct updating *u)
{
	const struct test_file *f = u->c->file;

	for (size_t i = 0; i < f->n; i++)
		if (&f->cases[i] != u->c && f->cases[i].node->off == u->c->node->off)
			return true;
	return false;
}

static int change(struct updating *u, enum update_how how)
{
	const struct yaml *value = yaml_get(u->c->node, "expect"), *key;
	unsigned column = 0;
	size_t left = 0;

	if (is_shared(u))
		return err(ERR_UNSUPPORTED, "it is one test for several values"), 1;
	key = expect_key(u, &column);
	if (!key || !value || !is_within(value, u->c->node))
		return err(ERR_UNSUPPORTED, "%s", !key ? "the test is written in one line" :
			   "what it expects stands elsewhere"), 1;
	if (how == UPDATE_WHOLE) {
		write_whole(u, key, value, column);
		return 0;
	}
	for (uint32_t i = 0; i < u->c->n_expect; i++)
		mend(u, i);
	for (uint32_t i = 0; i < u->c->n_expect; i++)
		left += !u->goes[i];
	gather_rest(u, false);
	add_rest(u, value, column);
	if (u->failed || (left == 0 && u->found.n == 0))
		return err(ERR_UNSUPPORTED, "its expectations are written anew"), 1;
	return 0;
}

static void compile_fields(struct updating *u)
{
	u->holds = xcalloc(u->c->n_expect + 1, sizeof(*u->holds));
	for (uint32_t i = 0; i < u->c->n_expect; i++) {
		const struct test_expect *e = &u->c->expect[i];

		u->holds[i] = xcalloc(e->n_fields + 1, sizeof(**u->holds));
		for (uint32_t k = 0; k < e->n_fields; k++)
			u->holds[i][k] = cond_compile(e->fields[k].condition,
						      strlen(e->fields[k].condition), "field");
	}
}

static void free_fields(struct updating *u)
{
	for (uint32_t i = 0; i < u->c->n_expect; i++) {
		for (uint32_t k = 0; k < u->c->expect[i].n_fields; k++)
			cond_free(u->holds[i][k]);
		free(u->holds[i]);
	}
	free(u->holds);
}

static bool needs_bulk(const struct updating *u)
{
	for (uint32_t i = 0; i < u->c->n_expect; i++)
		for (uint32_t k = 0; k < u->c->expect[i].n_fields; k++)
			if (cond_needs_bulk(u->holds[i][k]))
				return true;
	return false;
}

int update_case(struct author_edits *edits, struct test_runner *r, const struct test_case *c,
		const struct test_set *set, enum update_how how)
{
	struct updating u = { .c = c, .text = c->file->yaml.text, .len = c->file->yaml.len,
		.edits = edits };
	struct test_watch w = { .note = note, .alert = on_alert, .arg = &u };
	const size_t n_edits = edits->n;
	struct source *in = test_case_open(c);
	int rc;

	if (!in)
		return -ERR_SYSTEM;
	compile_fields(&u);
	w.bulk = needs_bulk(&u);
	found_init(&u.found, set);
	u.goes = xcalloc(c->n_expect + 1, sizeof(*u.goes));
	rc = test_runner_events(r, set, in, &w);
	source_close(in);
	if (rc >= 0)
		rc = change(&u, how);
	if (rc != 0)
		edits->n = n_edits;
	found_release(&u.found);
	free_fields(&u);
	arena_release(&u.arena);
	free(u.goes);
	free(u.v);
	return rc;
}
