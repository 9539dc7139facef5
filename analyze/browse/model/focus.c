/* SPDX-License-Identifier: Apache-2.0 */
/* What is in focus, as one condition. */
#include <string.h>

#include "analyze/browse/model/inside.h"
#include "capture/base/err.h"

static const char rule_prefix[] = "rule:";

/* "rule:NAME" stands for the condition of a rule. */
static int put_rule(const struct browse *b, const char *name, struct buf *out)
{
	const struct rule *r = b->rules ? ruleset_find(b->rules, name) : NULL;

	if (!r)
		return err(ERR_RULE, "there is no rule '%s'", name);
	ruleset_print_condition(b->rules, r, out);
	return 0;
}

static int put_filter(const struct browse *b, const char *f, struct buf *out)
{
	if (out->len > 0)
		buf_str(out, " and ");
	buf_byte(out, '(');
	if (strncmp(f, rule_prefix, sizeof(rule_prefix) - 1) == 0) {
		if (put_rule(b, f + sizeof(rule_prefix) - 1, out) < 0)
			return -ERR_RULE;
	} else {
		buf_str(out, f);
	}
	buf_byte(out, ')');
	return 0;
}

int focus_compile(const struct browse *b, const struct focus *f, const char *more,
		  struct cond **out)
{
	struct buf text = {0};
	int rc = 0;

	*out = NULL;
	for (unsigned i = 0; rc >= 0 && i < f->n && i < FOCUS_MAX; i++)
		rc = put_filter(b, f->filters[i], &text);
	if (rc >= 0 && more && *more)
		rc = put_filter(b, more, &text);
	if (rc >= 0 && text.len > 0) {
		*out = cond_compile((const char *)text.p, text.len, "filter");
		rc = *out ? 0 : -ERR_RULE;
	}
	buf_release(&text);
	return rc;
}

int focus_check(struct browse *b, const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = 1 };
	struct cond *c;

	if (strncmp(filter, rule_prefix, sizeof(rule_prefix) - 1) == 0) {
		if (focus_compile(b, &f, NULL, &c) < 0)
			return -ERR_RULE;
	} else {
		c = cond_compile(filter, strlen(filter), "filter");
	}
	if (!c)
		return -ERR_RULE;
	cond_free(c);
	return 0;
}
