/* SPDX-License-Identifier: Apache-2.0 */
/* A note is, for each field of the rule, the length of its value and the value; UINT32_MAX where
 * there is none to tell. */
#include "analyze/test/found.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "capture/base/quote.h"

enum { ABSENT = -1 };

/* ---- which fields ---- */

/* Names, and with a dot or a star at the end beginnings, of what is another value each time. */
static const char *const passing[] = {
	"container.id", "container.full_id", "container.start_ts", "container.duration",
	"container.ip", "container.cni.json", "container.host_pid", "container.mount*",
	"container.label*", "fd.cport", "fd.cproto", "fd.ino", "fd.lport", "fd.lproto",
	"fd.rport", "fd.rproto", "fd.uid", "fd.port", "fd.proto", "k8s.pod.*", "k8s.rc.*",
	"k8s.rs.*", "k8s.svc.*", "proc.duration", "proc.ppid.duration", "proc.pid.ts",
	"proc.ppid.ts", "proc.exe_ino*", "proc.pidns_init_start_ts", "proc.fd*", "proc.vm*",
	"proc.nthreads", "proc.nchilds", "proc.env", "proc.aenv", "thread.*",
};

/* Of events only what says what was done. */
static const char *const lasting_evt[] = {
	"evt.type", "evt.res", "evt.is_open_read", "evt.is_open_write", "evt.is_open_exec",
	"evt.is_open_create", "evt.arg.flags", "evt.arg.name", "evt.arg.path",
	"evt.arg.oldpath", "evt.arg.newpath", "evt.arg.target", "evt.arg.linkpath",
	"evt.arg.type", "evt.arg.request", "evt.arg.mode", "evt.arg.filename",
};

static bool is_among(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (name_matches(names[i], name))
			return true;
	return false;
}

/* Numbers printed as ids are those of processes and descriptors, but for users and groups. */
static bool is_told(const struct field_ref *r)
{
	const struct field_desc *const d = r->desc;
	const bool account = !strcmp(d->class, "user") || !strcmp(d->class, "group");

	if (!field_is_lasting(d) || (d->get_all && r->index == INT64_MIN) ||
	    d->type == FIELD_DYN || d->type == FIELD_BYTES ||
	    d->flags & (FIELD_LIST | FIELD_FILTER_ONLY | FIELD_JSON_NS | FIELD_BULK))
		return false;
	if (!strcmp(d->class, "evt"))
		return is_among(lasting_evt, sizeof(lasting_evt) / sizeof(*lasting_evt), r->text);
	if (d->print != PRINT_PLAIN && !account)
		return false;
	return !is_among(passing, sizeof(passing) / sizeof(*passing), r->text);
}

static void take_field(void *arg, const struct field_ref *r)
{
	struct found_fields *f = arg;

	if (f->n == FOUND_FIELDS_MAX || !is_told(r))
		return;
	for (unsigned i = 0; i < f->n; i++)
		if (!strcmp(f->ref[i].text, r->text))
			return;
	f->ref[f->n++] = *r;
}

static const struct found_fields *fields_of(struct found *f, const struct rule *r)
{
	struct found_fields **const v = &f->of_rule[r->id];

	if (!*v) {
		*v = arena_zalloc(&f->arena, sizeof(**v));
		format_each_field(r->format, take_field, *v);
	}
	return *v;
}

/* ---- values ---- */

/* Connections have a port of the client in their names. */
static bool is_worth(const struct buf *text)
{
	if (text->len == 0 || text->len > FOUND_VALUE_MAX || memmem(text->p, text->len, "->", 2))
		return false;
	for (size_t i = 0, n; i < text->len; i += n) {
		n = utf8_sequence(text->p + i, text->len - i);
		if (n == 0 || (n == 1 && text->p[i] == 0))
			return false;
	}
	return true;
}

void found_note(struct found *f, const struct rule *r, const struct field_ctx *c,
		struct buf *out)
{
	const struct found_fields *told = fields_of(f, r);
	struct buf text = {0};

	for (unsigned i = 0; i < told->n; i++) {
		struct fval v;

		buf_reset(&text);
		if (field_get_value(c, &told->ref[i], &v) == FIELD_FOUND)
			fval_text(&text, &v);
		if (is_worth(&text)) {
			buf_le32(out, (uint32_t)text.len);
			buf_put(out, text.p, text.len);
		} else {
			buf_le32(out, (uint32_t)ABSENT);
		}
	}
	buf_release(&text);
}

static void read_values(struct found *f, struct found_group *g, const uint8_t *note)
{
	g->values = arena_zalloc(&f->arena, (g->fields->n + 1) * sizeof(*g->values));
	for (unsigned i = 0; i < g->fields->n; i++) {
		uint32_t len;

		memcpy(&len, note, sizeof(len));
		note += sizeof(len);
		if (len == (uint32_t)ABSENT)
			continue;
		g->values[i] = arena_strn(&f->arena, note, len);
		note += len;
	}
}

/* ---- groups ---- */

static void join(struct found_group *to, const struct found_group *from)
{
	for (unsigned k = 0; k < to->fields->n; k++)
		if (!to->values[k] || !from->values[k] ||
		    strcmp(to->values[k], from->values[k]) != 0)
			to->values[k] = NULL;
	to->n += from->n;
}

/* The group that takes what comes after too many others: they will be one anyway. */
static size_t last_group(const struct found *f, const struct rule *r)
{
	size_t i = 0, n = 0;

	for (; i < f->n; i++)
		if (f->v[i].rule == r && ++n > FOUND_GROUPS_MAX)
			break;
	return i;
}

void found_add(struct found *f, const struct rule *r, const uint8_t *note, size_t len)
{
	const uint64_t key = XXH3_64bits_withSeed(note, len, r->id);
	size_t i = 0;

	while (i < f->n && (f->v[i].key != key || f->v[i].rule != r))
		i++;
	if (i == f->n)
		i = last_group(f, r);
	if (i == f->n) {
		f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
		f->v[f->n] = (struct found_group){ .rule = r, .fields = fields_of(f, r),
			.key = key };
		read_values(f, &f->v[f->n++], note);
	} else if (f->v[i].key != key) {
		struct found_group one = { .fields = f->v[i].fields };

		read_values(f, &one, note);
		join(&f->v[i], &one);
	}
	f->v[i].n++;
}

static size_t groups_of(const struct found *f, const struct rule *r)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->v[i].rule == r;
	return n;
}

void found_end(struct found *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		size_t first = 0;

		while (first < n && f->v[first].rule != f->v[i].rule)
			first++;
		if (first < n && f->v[first].key == 0) {
			join(&f->v[first], &f->v[i]);
			continue;
		}
		if (first == n && groups_of(f, f->v[i].rule) > FOUND_GROUPS_MAX)
			f->v[i].key = 0;
		f->v[n++] = f->v[i];
	}
	f->n = n;
}

void found_init(struct found *f, const struct test_set *set)
{
	*f = (struct found){0};
	for (size_t i = 0; i < ruleset_count(set->rules); i++)
		if (ruleset_rule(set->rules, i)->id >= f->n_rules)
			f->n_rules = ruleset_rule(set->rules, i)->id + 1;
	f->of_rule = xcalloc(f->n_rules + 1, sizeof(*f->of_rule));
}

void found_release(struct found *f)
{
	free(f->v);
	free(f->of_rule);
	arena_release(&f->arena);
}
