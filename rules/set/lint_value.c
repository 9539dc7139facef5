/* SPDX-License-Identifier: Apache-2.0 */
/* What checks compare with: values that the field never has. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

enum { NAME_MAX_BYTES = 15, VALUES_MAX = 4096 };

/* What is known of the values of a field, beyond its type. */
enum form { FORM_NONE, FORM_NAME, FORM_PATH, FORM_FD_PATH, FORM_DIR, FORM_CWD, FORM_BASE,
	    FORM_CONTAINER };

static const struct {
	const char *field;
	enum form form;
} forms[] = {
	{ "proc.name", FORM_NAME }, { "proc.pname", FORM_NAME }, { "proc.aname", FORM_NAME },
	{ "proc.sname", FORM_NAME }, { "proc.vpgid.name", FORM_NAME },
	{ "proc.pgid.name", FORM_NAME }, { "proc.exepath", FORM_PATH },
	{ "proc.pexepath", FORM_PATH }, { "proc.aexepath", FORM_PATH },
	{ "fs.path.name", FORM_PATH }, { "fd.name", FORM_FD_PATH },
	{ "fd.directory", FORM_DIR }, { "proc.cwd", FORM_CWD }, { "fd.filename", FORM_BASE },
	{ "container.id", FORM_CONTAINER },
};

/* Numbers that a field can have; others are told by their type. */
static const struct {
	const char *field;
	int64_t least, most;
} ranges[] = {
	{ "fd.num", -1, INT32_MAX }, { "proc.pid", -1, 1 << 22 }, { "proc.ppid", -1, 1 << 22 },
	{ "proc.apid", -1, 1 << 22 }, { "thread.tid", -1, 1 << 22 }, { "proc.vpid", -1, 1 << 22 },
	{ "evt.cpu", 0, UINT16_MAX }, { "user.loginuid", -1, UINT32_MAX },
};

/* ---- forms ---- */

static void check_name(struct linter *t, struct tree *x, const struct operand *o, enum test test)
{
	if (o->len <= NAME_MAX_BYTES || test > TEST_SUFFIX)
		return;
	if (lint_say_value(t, LINT_LONG_NAME, x, o, "names of processes have at most 15 bytes") &&
	    (lint_is_whole(test) || test == TEST_PREFIX))
		lint_help(t, "write: %.15s", o->p);
}

static bool has_double_slash(const struct operand *o)
{
	return memmem(o->p, o->len, "//", 2);
}

static void tell_path(struct linter *t, struct tree *x, const struct operand *o, const char *what)
{
	lint_say_value(t, LINT_PATH_FORM, x, o, "%s", what);
}

static void check_path(struct linter *t, struct tree *x, const struct operand *o, enum test test,
		       enum form form, const char *field)
{
	const bool absolute = o->len && o->p[0] == '/';
	const bool whole = lint_is_whole(test);
	const bool slash = o->len > (test != TEST_SUFFIX) && o->p[o->len - 1] == '/';

	if (has_double_slash(o) && test <= TEST_SUFFIX && (form != FORM_FD_PATH || absolute)) {
		tell_path(t, x, o, "paths have no doubled slashes");
	} else if (slash && (whole || (test == TEST_SUFFIX && form != FORM_FD_PATH))) {
		tell_path(t, x, o, form == FORM_DIR ? "fd.directory does not end with a slash" :
			  "the path of a file does not end with a slash");
		if (whole)
			lint_help(t, "write: %.*s", (int)o->len - 1, o->p);
	} else if (form != FORM_FD_PATH && o->len && !absolute && !strchr("<.(m", o->p[0]) &&
		   (whole || test == TEST_PREFIX)) {
		lint_say_value(t, LINT_PATH_FORM, x, o, "%s is an absolute path", field);
	}
}

static void check_form(struct linter *t, struct tree *x, const struct operand *o, enum test test,
		       enum form form, const char *field)
{
	switch (form) {
	case FORM_NONE:
		break;
	case FORM_NAME:
		check_name(t, x, o, test);
		break;
	case FORM_PATH: case FORM_FD_PATH: case FORM_DIR:
		check_path(t, x, o, test, form, field);
		break;
	case FORM_CWD:
		if (lint_is_whole(test) && o->len && o->p[o->len - 1] != '/') {
			tell_path(t, x, o, "proc.cwd ends with a slash");
			lint_help(t, "write: %.*s/", (int)o->len, o->p);
		}
		break;
	case FORM_BASE:
		if (memchr(o->p, '/', o->len) && test <= TEST_SUFFIX)
			tell_path(t, x, o, "fd.filename has no slashes");
		break;
	case FORM_CONTAINER:
		if (lint_is_whole(test) && o->len > 12 &&
		    strspn(o->p, "0123456789abcdefABCDEF") == o->len) {
			lint_say_value(t, LINT_UNKNOWN_VALUE, x, o,
				       "container.id has 12 digits");
			lint_help(t, "write: %.12s, or compare container.full_id", o->p);
		}
		break;
	}
}

/* ---- numbers ---- */

static bool range_of(const struct field_desc *d, __int128 *least, __int128 *most)
{
	*least = 0;
	*most = UINT64_MAX;
	if (d->type == FIELD_PORT)
		*most = UINT16_MAX;
	else if (d->type != FIELD_UINT && d->type != FIELD_INT)
		return false;
	if (d->type == FIELD_INT) {
		*least = INT64_MIN;
		*most = INT64_MAX;
	}
	if (strstr(d->falco_type, "32") && d->type == FIELD_UINT)
		*most = UINT32_MAX;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (strcmp(ranges[i].field, d->name) == 0) {
			*least = ranges[i].least;
			*most = ranges[i].most;
		}
	return true;
}

/* The number as written, which the loader may have cut. */
static bool number_of(const struct operand *o, __int128 *out)
{
	const bool minus = o->len && o->p[0] == '-';
	__int128 x = 0;

	for (size_t i = minus; i < o->len; i++) {
		if (!isdigit((unsigned char)o->p[i]) || i > 30)
			return false;
		x = x * 10 + (o->p[i] - '0');
	}
	*out = minus ? -x : x;
	return o->len > minus;
}

/* 0 never, 1 always, -1 it depends. */
static int over_range(enum test test, __int128 x, __int128 least, __int128 most)
{
	switch (test) {
	case TEST_EQ:
		return x < least || x > most ? 0 : -1;
	case TEST_NE:
		return x < least || x > most ? 1 : -1;
	case TEST_LT:
		return x <= least ? 0 : x > most ? 1 : -1;
	case TEST_LE:
		return x < least ? 0 : x >= most ? 1 : -1;
	case TEST_GT:
		return x >= most ? 0 : x < least ? 1 : -1;
	case TEST_GE:
		return x > most ? 0 : x <= least ? 1 : -1;
	default:
		return -1;
	}
}

static void check_number(struct linter *t, struct tree *x, const struct pred *p,
			 const struct operand *o, const struct field_desc *d)
{
	__int128 value, least, most;
	int r;

	if (!range_of(d, &least, &most) || !number_of(o, &value))
		return;
	r = over_range((enum test)p->test, value, least, most);
	if (r < 0)
		return;
	lint_say_value(t, LINT_OUT_OF_RANGE, x, o, "%s is from %lld to %llu, so this %s", d->name,
		       (long long)least, (unsigned long long)most,
		       r ? "always holds" : "never holds");
}

/* ---- a check ---- */

static enum form form_of(const char *field)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].field, field) == 0)
			return forms[i].form;
	return FORM_NONE;
}

static void check_value(struct linter *t, struct tree *x, const struct leaf *f,
			const struct pred *p, const struct operand *o)
{
	const struct field_desc *d = t->e->slots[p->slot].x->ref.desc;

	if (o->kind == OPERAND_FIELD || o->kind == OPERAND_CALL)
		return;
	if (p->test == TEST_PMATCH && (o->len == 0 || strspn(o->p, "/") == o->len))
		lint_say_value(t, LINT_ALWAYS_HOLDS, x, o, "pmatch of / fits every path");
	check_form(t, x, o, (enum test)p->test, form_of(d->name), d->name);
	lint_few(t, x, p, o, d->name);
	lint_flags(t, x, f, p, o);
	check_number(t, x, p, o, d);
	if (strcmp(d->name, "evt.type") == 0 && lint_is_whole((enum test)p->test) && o->len &&
	    catalog_find(o->p, o->len) == EV_UNKNOWN && !syscall_by_name(o->p, o->len))
		lint_say_value(t, LINT_OLD_EVENT, x, o, "recordings no longer have this event");
}

void lint_values(struct linter *t, struct tree *x, const struct leaf *f)
{
	const struct pred *p = &t->e->preds[f->pred];
	const struct operand *r = f->node->right;
	const bool field = t->e->slots[p->slot].x->from == FROM_FIELD;

	if (!r || p->right != NO_SLOT)
		return;
	lint_pattern(t, x, f);
	if (r->kind != OPERAND_LIST && field)
		check_value(t, x, f, p, r);
	for (uint32_t i = 0; r->kind == OPERAND_LIST && field && i < r->n_kids && i < VALUES_MAX;
	     i++)
		check_value(t, x, f, p, r->kids[i]);
	if (r->kind == OPERAND_LIST)
		lint_several(t, x, f, p);
}
