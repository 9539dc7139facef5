/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a row is the bytes of its key fields.  A process is more than its number, which
 * comes again: its start belongs to the key wherever proc.pid does. */
#include "analyze/browse/gather.h"

#include <string.h>
#include <xxhash.h>

#include "analyze/browse/blocks.h"
#include "capture/base/err.h"

/* ---- plans ---- */

static const char *const rule_fields[RULE_FIELDS] = {
	[RULE_NAME] = "rule.name", [RULE_PRIORITY] = "rule.priority", [RULE_TAGS] = "rule.tags",
	[RULE_LINE] = "rule.line",
};

static int parse_field(struct gather_plan *p, const char *text, struct gather_field *out)
{
	const size_t len = text ? strlen(text) : 0;

	out->none = !text;
	if (!text)
		return 0;
	for (unsigned i = RULE_NAME; i < RULE_FIELDS; i++)
		if (strcmp(text, rule_fields[i]) == 0) {
			out->rule = (uint8_t)i;
			return p->view->kind == VIEW_ALERTS ? 0 :
			       err(ERR_RULE, "%s is only known where kind is alerts", text);
		}
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

/* ---- keys ---- */

/* What the rule says: time and severity, which are in front, are columns of their own. */
static struct fval message(const struct rule *r, const char *line, size_t len)
{
	const char *const severity = priority_name[r->priority];
	const size_t n = strlen(severity);
	const char *at = memmem(line, len, ": ", 2), *const end = line + len;

	if (at && (size_t)(end - at) > n + 3 && memcmp(at + 2, severity, n) == 0 &&
	    at[n + 2] == ' ') {
		line = at + n + 3;
		len = (size_t)(end - line);
	}
	return (struct fval){ .p = line, .len = (uint32_t)len, .type = FIELD_STRING };
}

static enum field_found get(const struct gather_event *e, const struct gather_field *f,
			    struct fval *v)
{
	const struct rule *r = e->rule;

	switch ((enum rule_field)f->rule) {
	case RULE_NONE:
		return field_get_value(e->c, &f->ref, v);
	case RULE_NAME:
		*v = (struct fval){ .p = r->name, .len = (uint32_t)strlen(r->name),
				    .type = FIELD_STRING };
		break;
	case RULE_PRIORITY:
		*v = (struct fval){ .u = r->priority, .type = FIELD_UINT };
		break;
	case RULE_TAGS:
		*v = (struct fval){ .p = r->n_tags ? r->tags[0] : "", .type = FIELD_STRING };
		v->len = (uint32_t)strlen(v->p);
		break;
	case RULE_LINE:
		*v = message(r, e->line, e->line_len);
		break;
	case RULE_FIELDS:
		break;
	}
	return FIELD_FOUND;
}

static bool has_bytes(const struct fval *v)
{
	return v->type == FIELD_STRING || v->type == FIELD_BYTES || v->type == FIELD_IP
		|| v->type == FIELD_NET;
}

enum { KEY_TEXT_MAX = 4096 };

enum key_tag { KEY_ABSENT, KEY_NUMBER, KEY_BYTES };

static bool put_key(struct buf *key, const struct fval *v)
{
	const uint32_t len = v->len < KEY_TEXT_MAX ? v->len : KEY_TEXT_MAX;

	if (!has_bytes(v)) {
		buf_byte(key, KEY_NUMBER);
		buf_put(key, &v->u, sizeof(v->u));
		return true;
	}
	buf_byte(key, KEY_BYTES);
	buf_put(key, &len, sizeof(len));
	buf_put(key, v->p, len);
	return len > 0;
}

uint64_t gather_alert_row(const struct view *v, uint64_t num, const char *rule)
{
	struct buf key = {0};
	uint64_t hash = 0;

	for (unsigned i = 0; i < v->n_keys; i++) {
		struct fval val = { .u = num, .type = FIELD_UINT };

		if (strcmp(v->keys[i], "rule.name") == 0)
			val = (struct fval){ .p = rule, .len = (uint32_t)strlen(rule),
					     .type = FIELD_STRING };
		else if (strcmp(v->keys[i], "evt.num") != 0)
			goto other;
		put_key(&key, &val);
	}
	hash = table_hash(key.p, key.len);
other:
	buf_release(&key);
	return hash;
}

unsigned gather_keys(const struct gather_plan *p, const struct row *r,
		     struct gather_key out[VIEW_KEYS_MAX])
{
	const uint8_t *k = r->key;

	for (unsigned i = 0; i < p->view->n_keys; i++) {
		out[i] = (struct gather_key){ .field = &p->keys[i], .known = true };
		if (i == 0 && p->by_process) {
			memcpy(&out[i].u, k, sizeof(out[i].u));
			k += 2 * sizeof(uint64_t);
			continue;
		}
		switch ((enum key_tag)*k++) {
		case KEY_ABSENT:
			out[i].known = false;
			break;
		case KEY_NUMBER:
			memcpy(&out[i].u, k, sizeof(out[i].u));
			k += sizeof(out[i].u);
			break;
		case KEY_BYTES:
			out[i].bytes = true;
			memcpy(&out[i].text.len, k, sizeof(out[i].text.len));
			out[i].text.p = (const char *)k + sizeof(out[i].text.len);
			k += sizeof(out[i].text.len) + out[i].text.len;
			break;
		}
	}
	return p->view->n_keys;
}

static void put_process(struct buf *key, const struct process *p)
{
	const int64_t pid = p->pid ? (int64_t)p->pid : -1;

	buf_put(key, &pid, sizeof(pid));
	buf_put(key, &p->start_ts, sizeof(p->start_ts));
}

static uint64_t process_id(const struct process *p)
{
	const uint64_t key[2] = { p->pid ? p->pid : (uint64_t)-1, p->start_ts };

	return table_hash(key, sizeof(key));
}

uint64_t gather_process_id(const struct thread *t)
{
	return process_id(t->proc);
}

/* Slices may have become wider; then what there is moves into those. */
static uint64_t slice_at(struct gather *g, uint64_t ts)
{
	const uint64_t slice = slice_of(&g->slices, ts);
	struct table wider;

	if (g->table.width != g->slices.width) {
		table_coarsen(&g->table, g->slices.width, &wider);
		table_release(&g->table);
		g->table = wider;
		g->last = NULL;
	}
	return slice;
}

static bool make_cell(struct gather *g, const struct gather_event *e)
{
	struct fval v = {0};
	struct spectrum_key k;

	if (get(e, &g->plan->keys[0], &v) != FIELD_FOUND)
		return false;
	k.slice = slice_at(g, e->c->ev->ts);
	k.bin = v.type == FIELD_INT && (int64_t)v.u < 0 ? 0 : bin_of(v.u);
	buf_put(&g->key, &k, sizeof(k));
	return true;
}

/* False: the event has no such key.  One that is empty is no row of its own if it is alone. */
static bool make_key(struct gather *g, const struct gather_event *e)
{
	const struct gather_plan *p = g->plan;
	bool any = false;
	unsigned i = 0;

	buf_reset(&g->key);
	if (p->view->kind == VIEW_SPECTRUM)
		return make_cell(g, e);
	if (p->by_process) {
		if (!e->c->cur->thread)
			return false;
		put_process(&g->key, e->c->cur->thread->proc);
		any = true;
		i = 1;
	}
	for (; i < p->view->n_keys; i++) {
		struct fval v = {0};

		if (get(e, &p->keys[i], &v) != FIELD_FOUND) {
			if (i == 0)
				return false;
			buf_byte(&g->key, KEY_ABSENT);
			continue;
		}
		any |= put_key(&g->key, &v);
	}
	return any || p->view->n_keys == 0;
}

/* ---- what a process is ---- */

static void note_process(struct row *r, const struct field_ctx *c)
{
	const struct thread *t = c->cur->thread;
	const struct thread *up = thread_parent(c->st, t);

	r->process->pid = t->proc->pid;
	r->process->start_ts = t->proc->start_ts;
	if (up && up->proc != t->proc)
		r->process->parent = process_id(up->proc);
}

static void note_exit(struct row *r, const struct field_ctx *c)
{
	const struct thread *t = c->cur->thread;

	if (t->proc->n_threads > 1 && t->tid != t->proc->pid)
		return;
	r->process->end_ts = c->ev->ts;
	r->process->exit_status = (int32_t)value_i64(EV(c->ev, PROCEXIT, status), -1);
}

/* ---- columns ---- */

static uint64_t number_of(const struct fval *v)
{
	if (v->type == FIELD_DOUBLE)
		return v->d > 0 ? (uint64_t)(v->d + 0.5) : 0;
	return v->u;
}

static uint64_t value_hash(const struct fval *v)
{
	const uint64_t h = has_bytes(v) ? XXH3_64bits(v->p, v->len) :
			   XXH3_64bits(&v->u, sizeof(v->u));

	return h ? h : 1;
}

bool gather_is_unknown(const struct fval *v)
{
	return v->type == FIELD_STRING && v->len == 4 && memcmp(v->p, "<NA>", 4) == 0;
}

static void set_value(struct gather *g, const struct view_column *col, struct cell *c,
		      const struct fval *v)
{
	if (col->unit != UNIT_TEXT) {
		c->u = has_bytes(v) ? 0 : number_of(v);
		c->has = !has_bytes(v);
		return;
	}
	if (v->type == FIELD_STRING) {
		if (!gather_is_unknown(v))
			cell_set_text(&g->table, c, v->p, v->len);
		return;
	}
	buf_reset(&g->text);
	fval_text(&g->text, v);
	cell_set_text(&g->table, c, (const char *)g->text.p, g->text.len);
}

static void add_value(struct gather *g, const struct view_column *col, struct cell *c,
		      const struct fval *v)
{
	const uint64_t u = has_bytes(v) ? 0 : number_of(v);

	switch ((enum gather_kind)col->gather) {
	case GATHER_COUNT:
		c->u += v->type == FIELD_BOOL ? v->u != 0 : 1;
		break;
	case GATHER_SUM:
	case GATHER_RATE:
		c->u += u;
		break;
	case GATHER_MEAN:
		c->u += u;
		c->n++;
		break;
	case GATHER_MIN:
		c->u = c->has && c->u < u ? c->u : u;
		break;
	case GATHER_MAX:
		c->u = c->has && c->u > u ? c->u : u;
		break;
	case GATHER_FIRST:
	case GATHER_LAST:
		set_value(g, col, c, v);
		return;
	case GATHER_DISTINCT:
		cell_add_value(&g->table, c, value_hash(v));
		return;
	case GATHER_ALERTS:
	case GATHER__N:
		return;
	}
	c->has = 1;
}

static bool is_due(const struct gather *g, const struct gather_field *f,
		   const struct view_column *col, const struct cell *c, const struct event *ev)
{
	if (!c->has || (col->gather != GATHER_FIRST && col->gather != GATHER_LAST))
		return true;
	return col->gather == GATHER_LAST
		&& (!f->settled || g->selects || ev->desc->flags & EF_MODIFIES_STATE);
}

/* Only what a process is: it did nothing here. */
static bool is_fact(const struct gather_field *f, const struct view_column *col)
{
	return !f->none && (col->gather == GATHER_FIRST || col->gather == GATHER_LAST
			    || col->gather == GATHER_MAX || col->gather == GATHER_MIN)
		&& strcmp(f->ref.desc->class, "evt") != 0 && strcmp(f->ref.desc->class, "fd") != 0;
}

static void add_columns(struct gather *g, struct row *r, const struct gather_event *e, uint32_t due,
			bool all)
{
	const struct view *v = g->plan->view;

	for (; due; due &= due - 1) {
		const unsigned i = (unsigned)__builtin_ctz(due);
		const struct view_column *col = &v->columns[i];
		const struct gather_field *f = &g->plan->columns[i];
		struct cell *c = &r->cells[i];
		struct fval val = {0};

		if (!all && !is_fact(f, col))
			continue;
		if (f->none) {
			c->u += col->gather == GATHER_COUNT;
			c->has = 1;
		} else if (is_due(g, f, col, c, e->c->ev) && get(e, f, &val) == FIELD_FOUND) {
			add_value(g, col, c, &val);
		}
	}
}

/* ---- events ---- */

static struct row *find_row(struct gather *g, const struct gather_event *e)
{
	bool fresh;

	if (!make_key(g, e))
		return NULL;
	if (g->last && g->key.len == g->last_key.len
	    && memcmp(g->key.p, g->last_key.p, g->key.len) == 0)
		return g->last;
	g->last = table_get(&g->table, table_hash(g->key.p, g->key.len), g->key.p, g->key.len,
			    &fresh);
	buf_reset(&g->last_key);
	buf_put(&g->last_key, g->key.p, g->key.len);
	if (g->plan->processes && (fresh || !g->last->process->parent))
		note_process(g->last, e->c);
	return g->last;
}

void gather_add(struct gather *g, const struct gather_event *e)
{
	struct row *r;

	if (!event_set_has(&g->plan->types, e->c->ev->type)
	    || (g->filter && !cond_eval(g->filter, e->c)))
		return;
	r = find_row(g, e);
	if (!r)
		return;
	r->n_events++;
	g->table.n_events++;
	add_columns(g, r, e, g->plan->due[e->c->ev->type], true);
	if (g->plan->processes && e->c->ev->type == EV_PROCEXIT)
		note_exit(r, e->c);
}

void gather_sample(struct gather *g, const struct gather_event *e)
{
	const uint32_t due = g->plan->sampled[e->c->ev->type == EV_CPUINFO];
	struct row *r;

	if (!due || (g->filter && !cond_eval(g->filter, e->c)))
		return;
	r = find_row(g, e);
	if (r)
		add_columns(g, r, e, due, true);
}

struct snapshot {
	struct gather *g;
	const struct field_ctx *c;
};

static int snapshot_thread(const struct thread *t, void *arg)
{
	const struct snapshot *s = arg;
	struct state_current cur = *s->c->cur;
	struct field_ctx c = *s->c;
	const struct gather_event e = { .c = &c };
	struct row *r;

	if (t->tid != t->proc->pid)
		return 0;
	cur.thread = state_thread(c.st, t->tid);
	cur.fd = NULL;
	cur.fd_num = INT64_MIN;
	c.cur = &cur;
	/* A view of what processes do has none who did nothing. */
	if (s->g->filter && !cond_eval(s->g->filter, &c))
		return 0;
	r = find_row(s->g, &e);
	if (r)
		add_columns(s->g, r, &e, s->g->plan->due[e.c->ev->type], false);
	return 0;
}

void gather_snapshot(struct gather *g, const struct field_ctx *c)
{
	struct snapshot s = { g, c };

	if (g->plan->processes)
		state_each_thread(c->st, snapshot_thread, &s);
}

void gather_init(struct gather *g, const struct gather_plan *p)
{
	*g = (struct gather){ .plan = p, .filter = p->filter ? cond_clone(p->filter) : NULL,
			      .selects = p->filter != NULL };
	table_init(&g->table, p->view, p->processes);
}

void gather_release(struct gather *g)
{
	cond_free(g->filter);
	table_release(&g->table);
	buf_release(&g->key);
	buf_release(&g->last_key);
	buf_release(&g->text);
}

void gather_reset(struct gather *g)
{
	table_reset(&g->table);
	g->table.width = g->slices.width;
	g->last = NULL;
}
