/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of few values, and flags of parameters, compared with what they never have. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "replay/field/internal.h"
#include "rules/set/lint_parts.h"

typedef bool each_value(void *arg, const char *value);

static bool fd_types(each_value *each, void *arg, bool letters)
{
	bool found = false;

	for (unsigned k = 0; k < FD__N && !found; k++) {
		const struct fdinfo f = { .kind = (uint8_t)k };
		const char letter[2] = { fd_type_letter((enum fd_kind)k), 0 };

		found = each(arg, letters ? letter : fd_type_name(&f));
	}
	return found;
}

static bool results(each_value *each, void *arg)
{
	bool found = each(arg, "SUCCESS");

	for (int64_t i = 1; i < 4096 && !found; i++)
		found = errno_name(i) && each(arg, errno_name(i));
	return found;
}

static bool some(each_value *each, void *arg, const char *const *v)
{
	bool found = false;

	for (; *v && !found; v++)
		found = each(arg, *v);
	return found;
}

/* Calls each with the values until it is true; -1: the field has any. */
static int values_of(const char *field, each_value *each, void *arg)
{
	static const char *const categories[] = {
		"unknown", "other", "file", "net", "IPC", "ipc", "memory", "process", "sleep",
		"system", "signal", "user", "time", "wait", "scheduler", "internal", "processing",
		NULL,
	};
	static const struct {
		const char *field;
		const char *values[7];
	} few[] = {
		{ "evt.io_dir", { "read", "write" } }, { "evt.source", { "syscall" } },
		{ "fd.l4proto", { "tcp", "udp", "icmp", "raw", "<NA>" } },
		{ "fd.sockfamily", { "ip", "unix" } },
	};

	if (strcmp(field, "evt.category") == 0)
		return some(each, arg, categories);
	if (strcmp(field, "evt.res") == 0)
		return results(each, arg);
	if (strcmp(field, "fd.typechar") == 0)
		return fd_types(each, arg, true);
	if (strcmp(field, "fd.type") == 0 || strcmp(field, "fd.types") == 0 ||
	    strcmp(field, "proc.stdin.type") == 0 || strcmp(field, "proc.stdout.type") == 0 ||
	    strcmp(field, "proc.stderr.type") == 0)
		return fd_types(each, arg, false);
	for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++)
		if (strcmp(few[i].field, field) == 0)
			return some(each, arg, few[i].values);
	return -1;
}

struct asked {
	struct linter *t;
	const struct pred *p;
	const struct operand *o;	/* NULL: the whole check */
};

static bool is_value(void *arg, const char *value)
{
	const struct asked *a = arg;
	struct pred alone = *a->p;
	struct slot_value v = { .found = true,
		.v = { .p = value, .len = (uint32_t)strlen(value), .type = FIELD_STRING } };

	if (a->o)
		return v.v.len == a->o->len && memcmp(value, a->o->p, a->o->len) == 0;
	alone.index = NO_INDEX;
	alone.shape = SHAPE_ONE;
	alone.all = false;
	return matcher_decide(&a->t->logic.m, &alone, &v);
}

static bool is_number(const struct operand *o)
{
	return o->len && (isdigit((unsigned char)o->p[0]) || o->p[0] == '-');
}

void lint_few(struct linter *t, struct tree *x, const struct pred *p, const struct operand *o,
	      const char *field)
{
	struct asked a = { .t = t, .p = p, .o = lint_is_whole((enum test)p->test) ? o : NULL };

	if (values_of(field, is_value, &a) != 0 || (strcmp(field, "evt.res") == 0 && is_number(o)))
		return;
	lint_say_value(t, LINT_UNKNOWN_VALUE, x, o, "%s never has this value", field);
}

/* ---- flags ---- */

static bool flag_known(const struct flags_table *f, const char *p, size_t len)
{
	for (unsigned i = 0; i < f->n; i++)
		if (memmem(f->flags[i].name, strlen(f->flags[i].name), p, len))
			return true;
	return false;
}

/* The flags of a parameter on all events that get here; NULL: not the same, or none. */
static const struct flags_table *flags_of(const struct leaf *f, const struct field_ref *r)
{
	const struct flags_table *found = NULL;

	for (unsigned i = 1; i < EV__N; i++) {
		const int k = event_set_has(&f->reach, i) && r->key ?
			      event_param_index(&catalog[i], r->key, strlen(r->key)) : -1;

		if (k < 0)
			continue;
		if (catalog[i].params[k].flags == FT_none ||
		    (found && found != &flags_tables[catalog[i].params[k].flags]))
			return NULL;
		found = &flags_tables[catalog[i].params[k].flags];
	}
	return found;
}

void lint_flags(struct linter *t, struct tree *x, const struct leaf *f, const struct pred *p,
		const struct operand *o)
{
	const struct field_ref *r = &t->e->slots[p->slot].x->ref;
	const struct flags_table *flags;

	if (strcmp(r->desc->name, "evt.arg") != 0 || p->test > TEST_SUFFIX || o->len == 0 ||
	    is_number(o) || o->p[0] == '<' || (p->test != TEST_CONTAINS && !lint_is_whole(p->test)))
		return;
	flags = flags_of(f, r);
	if (!flags)
		return;
	for (size_t at = 0; at < o->len;) {
		const char *bar = memchr(o->p + at, '|', o->len - at);
		const size_t end = bar ? (size_t)(bar - o->p) : o->len;

		if (!flag_known(flags, o->p + at, end - at)) {
			lint_say_value(t, LINT_UNKNOWN_VALUE, x, o,
				       "%s never has this flag", r->text);
			return;
		}
		at = end + 1;
	}
}
