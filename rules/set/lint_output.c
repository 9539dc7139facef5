/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: fields that the events of a rule do not have, none at all, the same one twice. */
#include <ctype.h>
#include <string.h>

#include "rules/set/lint_parts.h"

struct output {
	struct linter *t;
	const struct rule_def *d;
	struct expanded text;		/* for places */
	struct piece piece;
	struct intern seen;
	struct arena a;
	unsigned n;
};

static void look(struct output *o, const struct field_ref *r, size_t off)
{
	const struct field_desc *f = r->desc;
	struct event_set has;
	bool is_new;

	o->n++;
	types_of_field(r, &has);
	types_and(&has, &o->d->rule.events);
	if (strncmp(f->help, "Never present", 13) == 0)
		lint_say_off(o->t, LINT_DEAD_FIELD, &o->text.text, off,
			     "%s never has a value here", r->text);
	else if (strcmp(f->name, "evt.dir") == 0)
		lint_say_off(o->t, LINT_EVT_DIR, &o->text.text, off,
			     "evt.dir says nothing: a call is one event, with its result");
	else if (f->flags & FIELD_DEPRECATED)
		lint_say_off(o->t, LINT_DEPRECATED_FIELD, &o->text.text, off,
			     "%s is deprecated: %s", r->text, f->help);
	else if (types_empty(&has) && !types_empty(&o->d->rule.events))
		lint_say_off(o->t, LINT_OUTPUT_ABSENT, &o->text.text, off,
			     "%s is absent on all events of the rule", r->text);
	intern_add(&o->seen, r->text, strlen(r->text), &is_new);
	if (!is_new)
		lint_say_off(o->t, LINT_OUTPUT_TWICE, &o->text.text, off,
			     "%%%s stands twice in the output", r->text);
}

/* A field behind "%", "%10" or "%tolower("; how far to go on. */
static size_t look_at(struct output *o, const char *p, size_t at, size_t len)
{
	struct field_ref r;
	size_t i = at, n;

	while (i < len && isdigit((unsigned char)p[i]))
		i++;
	n = field_parse(&r, p + i, len - i, &o->a);
	if (n) {
		look(o, &r, i);
		return i + n;
	}
	while (i < len && islower((unsigned char)p[i]))
		i++;
	if (i == at || i >= len || p[i] != '(')
		return at;
	for (i++, o->n++; i < len && p[i] != ')'; i += n ? n : 1)
		n = islower((unsigned char)p[i]) ? strspn(p + i, "abcdefghijklmnopqrstuvwxyz") : 0;
	return i;
}

void lint_output(struct linter *t, const struct rule_def *d)
{
	struct output o = { .t = t, .d = d, .piece = { .copied = true } };
	const char *p = d->output.p;

	if (!p)
		return;
	o.text = (struct expanded){ .from = &d->output, .pieces = &o.piece, .n = 1 };
	o.text.text = (struct lang_text){ .name = d->text.text.name, .p = p,
		.len = d->output.len, .locate = d->text.text.locate, .origin = &o.text };
	intern_init(&o.seen, &o.a);
	for (size_t i = 0; i < d->output.len; i++)
		if (p[i] == '%')
			i = look_at(&o, p, i + 1, d->output.len) - 1;
	if (o.n == 0)
		lint_say_off(t, LINT_OUTPUT_NO_FIELD, &o.text.text, 0,
			     "the output has no fields");
	intern_release(&o.seen);
	arena_release(&o.a);
}
