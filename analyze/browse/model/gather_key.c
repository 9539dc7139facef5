/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a row is the bytes of its key fields.  A process is more than its number, which
 * comes again: its start belongs to the key wherever proc.pid does. */
#include "analyze/browse/model/gather_parts.h"

#include <string.h>

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

enum field_found gather_get(const struct gather_event *e, const struct gather_field *f,
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

bool gather_has_bytes(const struct fval *v)
{
	return v->type == FIELD_STRING || v->type == FIELD_BYTES || v->type == FIELD_IP
		|| v->type == FIELD_NET;
}

enum { KEY_TEXT_MAX = 4096 };

enum key_tag { KEY_ABSENT, KEY_NUMBER, KEY_BYTES };

static bool put_key(struct buf *key, const struct fval *v)
{
	const uint32_t len = v->len < KEY_TEXT_MAX ? v->len : KEY_TEXT_MAX;

	if (!gather_has_bytes(v)) {
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

uint64_t gather_process_id(const struct thread *t)
{
	const struct process *const p = t->proc;
	const uint64_t key[2] = { p->pid ? p->pid : (uint64_t)-1, p->start_ts };

	return table_hash(key, sizeof(key));
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

	if (gather_get(e, &g->plan->keys[0], &v) != FIELD_FOUND)
		return false;
	k.slice = slice_at(g, e->c->ev->ts);
	k.bin = v.type == FIELD_INT && (int64_t)v.u < 0 ? 0 : bin_of(v.u);
	buf_put(&g->key, &k, sizeof(k));
	return true;
}

/* One that is empty is no row of its own if it is alone. */
bool gather_make_key(struct gather *g, const struct gather_event *e)
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

		if (gather_get(e, &p->keys[i], &v) != FIELD_FOUND) {
			if (i == 0)
				return false;
			buf_byte(&g->key, KEY_ABSENT);
			continue;
		}
		any |= put_key(&g->key, &v);
	}
	return any || p->view->n_keys == 0;
}
