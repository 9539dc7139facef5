/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that the events which reach them decide, and fields that are deprecated or dead. */
#include <string.h>

#include "rules/set/lint_parts.h"

enum { NAMES_SHOWN = 4 };

/* "openat, openat2 and 3 more" */
static const char *names_of(struct linter *t, const struct event_set *s)
{
	struct buf b = {0};
	unsigned n = 0;
	const char *text;

	for (unsigned i = 1; i < EV__N; i++) {
		if (!event_set_has(s, i) || catalog[i].flags & EF_PSEUDO || i == EV_GENERIC)
			continue;
		if (n++ < NAMES_SHOWN)
			buf_printf(&b, "%s%s", n > 1 ? ", " : "", catalog[i].name);
	}
	if (n > NAMES_SHOWN)
		buf_printf(&b, " and %u more", n - NAMES_SHOWN);
	if (n == 0)
		buf_str(&b, "calls without parameters of their own");
	text = arena_str(&t->out->arena, buf_text(&b));
	buf_release(&b);
	return text;
}

static bool is_dead(const struct field_desc *d)
{
	return strncmp(d->help, "Never present", 13) == 0;
}

static const struct extract *side(const struct extract *x)
{
	while (x->from == FROM_CALL && x->n_kids)
		x = x->kids[0];
	return x;
}

/* Of deprecated fields and those without values; true: there is no need to look further. */
static bool field_is_odd(struct linter *t, struct tree *x, struct leaf *f)
{
	const struct extract *s = side(t->e->slots[t->e->preds[f->pred].slot].x);
	const struct field_desc *d = s->from == FROM_FIELD ? s->ref.desc : NULL;

	if (!d)
		return false;
	if (strcmp(d->name, "evt.dir") == 0)
		return lint_say_off(t, LINT_EVT_DIR, x->ast->text, f->node->off,
				    "evt.dir says nothing: a call is one event, with its result"),
		       true;
	if (is_dead(d))
		return lint_say_off(t, LINT_DEAD_FIELD, x->ast->text, f->node->off,
				    "%s never has a value here", d->name), true;
	if (d->flags & FIELD_DEPRECATED)
		lint_say_off(t, LINT_DEPRECATED_FIELD, x->ast->text, f->node->off,
			     "%s is deprecated: %s", d->name, d->help);
	return d->flags & FIELD_DEPRECATED;
}

/* "evt.num = 0" is how rules write false, "evt.num >= 0" true. */
static bool is_word(const struct linter *t, const struct leaf *f)
{
	const struct extract *s = t->e->slots[t->e->preds[f->pred].slot].x;

	return s->from == FROM_FIELD && strcmp(s->ref.desc->name, "evt.num") == 0;
}

static bool is_type_check(const struct linter *t, const struct leaf *f)
{
	const struct extract *s = t->e->slots[t->e->preds[f->pred].slot].x;

	return s->from == FROM_FIELD && (strcmp(s->ref.desc->name, "evt.type") == 0 ||
					 strcmp(s->ref.desc->name, "syscall.type") == 0);
}

static void tell_never(struct linter *t, struct tree *x, struct leaf *f)
{
	const struct pred *p = &t->e->preds[f->pred];
	const struct extract *s = t->e->slots[p->slot].x;
	struct event_set has;

	if (is_type_check(t, f)) {
		lint_say_off(t, LINT_NEVER_HOLDS, x->ast->text, f->node->off, "'%.80s': on these "
			     "events what stands beside it decides without it", p->text);
		return;
	}
	if (s->from == FROM_FIELD) {
		types_of_field(&s->ref, &has);
		types_and(&has, &f->reach);
		if (types_empty(&has)) {
			lint_say_off(t, LINT_FIELD_ABSENT, x->ast->text, f->node->off,
				     "'%.*s' is absent on all events that get here (%s)",
				     (int)f->node->left->len, f->node->left->p,
				     names_of(t, &f->reach));
			return;
		}
	}
	lint_say_off(t, LINT_NEVER_HOLDS, x->ast->text, f->node->off,
		     "'%.80s' holds on none of the events that get here (%s)", p->text,
		     names_of(t, &f->reach));
}

static void look(struct linter *t, struct tree *x, struct leaf *f, bool never)
{
	struct event_set yes = f->types.yes, no = f->types.no;

	types_and(&yes, &f->reach);
	types_and(&no, &f->reach);
	if (types_empty(&f->reach) || f->told || is_word(t, f))
		return;
	f->told = true;
	if (types_empty(&yes) && !(never && is_type_check(t, f)))
		tell_never(t, x, f);
	else if (types_empty(&no) && !types_empty(&yes))
		lint_say_off(t, LINT_ALWAYS_HOLDS, x->ast->text, f->node->off,
			     "'%.80s' holds on all events that get here (%s)",
			     t->e->preds[f->pred].text, names_of(t, &f->reach));
	else
		f->told = false;
}

/* never: the whole can never hold, so that checks of evt.type are not to blame. */
void lint_checks(struct linter *t, struct tree *x, bool never)
{
	for (uint32_t i = 0; i < x->n; i++) {
		struct leaf *f = &x->v[i];

		if (f->node->kind != NODE_CHECK || f->pred == INTERN_NONE || i >= x->exceptions)
			continue;
		if (!field_is_odd(t, x, f)) {
			look(t, x, f, never);
			lint_values(t, x, f);
		}
	}
}
