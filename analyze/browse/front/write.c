/* SPDX-License-Identifier: Apache-2.0 */
/* What was found becomes a rule, an exception or a test: a file that saker analyze, lint and
 * test take.  The texts go in as quoted YAML scalars, whatever they hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/browse/front/files.h"
#include "analyze/browse/front/ui.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"

enum what { WRITE_RULE, WRITE_EXCEPTION, WRITE_TEST };

/* JSON strings are YAML. */
static void scalar(struct buf *out, const char *s, size_t len)
{
	buf_byte(out, '"');
	quote_json(out, s, len);
	buf_byte(out, '"');
}

static void scalar_text(struct buf *out, const char *s)
{
	scalar(out, s, strlen(s));
}

/* A filter as rule files can have it: "rule:NAME" is the browser's own. */
static void put_filter(const struct ui *u, const char *filter, struct buf *out)
{
	struct ruleset *rs = browse_rules(u->b);
	const struct rule *r = NULL;

	if (rs && strncmp(filter, "rule:", 5) == 0)
		r = ruleset_find(rs, filter + 5);
	if (r)
		ruleset_print_condition(rs, r, out);
	else
		buf_str(out, filter);
}

/* All filters as one condition; the view's own, too. */
static void condition(const struct ui *u, struct buf *out)
{
	const struct frame *f = ui_top(u);
	const bool own = f->view && f->view->filter && *f->view->filter &&
		f->view->kind != VIEW_ALERTS;
	const unsigned n = f->crumbs.n + own;

	for (unsigned i = 0; i < n; i++) {
		buf_printf(out, "%s%s", i ? " and " : "", n > 1 ? "(" : "");
		put_filter(u, i < f->crumbs.n ? f->crumbs.v[i] : f->view->filter, out);
		buf_str(out, n > 1 ? ")" : "");
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_rule(const struct ui *u, const char *name, const struct buf *cond,
		     struct buf *out)
{
	buf_str(out, "- rule: ");
	scalar(out, name, strcspn(name, "."));
	buf_str(out, "\n  desc: ");
	scalar_text(out, base_name(u->options->path));
	buf_str(out, "\n  condition: ");
	scalar(out, (const char *)cond->p, cond->len);
	buf_str(out, "\n  output: ");
	scalar_text(out, "%evt.type by %proc.name | process=%proc.cmdline user=%user.name "
		    "file=%fd.name parent=%proc.pname");
	buf_str(out, "\n  priority: WARNING\n");
}

static void put_exception(const struct rule *r, const struct buf *cond, struct buf *out)
{
	struct buf text = {0};

	buf_str(&text, "and not (");
	buf_put(&text, cond->p, cond->len);
	buf_byte(&text, ')');
	buf_str(out, "- rule: ");
	scalar_text(out, r->name);
	buf_str(out, "\n  condition: ");
	scalar(out, (const char *)text.p, text.len);
	buf_str(out, "\n  override:\n    condition: append\n");
	buf_release(&text);
}

/* The alerts of the recording as they are now: a change of the rules that loses one fails. */
static void put_test(struct ui *u, const char *name, struct buf *out)
{
	const struct ruleset *rs = browse_rules(u->b);
	const size_t n = browse_n_alerts(u->b), n_rules = ruleset_count(rs);
	uint32_t *count = xcalloc(n_rules ? n_rules : 1, sizeof(*count));
	size_t n_files;
	const char *const *files = ruleset_files(rs, &n_files);
	struct arena a = {0};

	for (size_t i = 0; i < n; i++) {
		struct alert_row row;

		if (browse_alerts(u->b, i, &row, 1, &a) == 1 && row.mark.rule < n_rules)
			count[row.mark.rule]++;
		if (i % 256 == 0)
			arena_reset(&a);
	}
	arena_release(&a);
	buf_str(out, "rules: [");
	for (size_t i = 0; i < n_files; i++) {
		buf_str(out, i ? ", " : "");
		scalar_text(out, files[i]);
	}
	buf_str(out, "]\ntests:\n  - name: ");
	scalar(out, name, strcspn(name, "."));
	buf_str(out, "\n    recording: ");
	scalar_text(out, u->options->path);
	buf_str(out, n ? "\n    expect:\n" : "\n    expect: none\n");
	for (size_t i = 0; i < n_rules; i++)
		if (count[i]) {
			buf_str(out, "      - rule: ");
			scalar_text(out, ruleset_rule(rs, i)->name);
			buf_printf(out, "\n        count: %u\n", count[i]);
		}
	free(count);
}

/* ---- choosing ------------------------------------------------------------------- */

void write_menu(struct ui *u)
{
	menu_begin(&u->menu, MENU_WRITE, "Write what was found as");
	menu_add(&u->menu, "a rule", "the filters are its condition", WRITE_RULE);
	menu_add(&u->menu, "an exception", "the filters no longer make a rule fire",
		 WRITE_EXCEPTION);
	menu_add(&u->menu, "a test", "this recording gives these alerts", WRITE_TEST);
	u->mode = MODE_MENU;
}

static void rules_menu(struct ui *u)
{
	const struct ruleset *rs = browse_rules(u->b);

	menu_begin(&u->menu, MENU_RULES, "An exception to which rule?");
	for (size_t i = 0; rs && i < ruleset_count(rs); i++)
		if (ruleset_rule(rs, i)->enabled)
			menu_add(&u->menu, ruleset_rule(rs, i)->name,
				 priority_name[ruleset_rule(rs, i)->priority], (long)i);
	u->mode = MODE_MENU;
}

void write_chosen(struct ui *u, long chosen)
{
	static const char *const names[] = { "found.yaml", "exception.yaml", "found.test.yaml" };
	struct buf cond = {0};

	if (u->menu.kind == MENU_RULES) {
		u->write_rule = (size_t)chosen;
		ui_ask(u, ASK_RULE, names[WRITE_EXCEPTION]);
		return;
	}
	condition(u, &cond);
	u->write_what = (unsigned)chosen;
	if (chosen != WRITE_TEST && cond.len == 0)
		ui_error(u, "no filter is stacked that could be the condition; f stacks one");
	else if (chosen != WRITE_RULE && !browse_rules(u->b))
		ui_error(u, "there are no rules");
	else if (chosen == WRITE_EXCEPTION)
		rules_menu(u);
	else
		ui_ask(u, ASK_RULE, names[chosen]);
	buf_release(&cond);
}

void write_named(struct ui *u, const char *name)
{
	struct buf cond = {0}, out = {0};

	condition(u, &cond);
	if (u->write_what == WRITE_RULE)
		put_rule(u, name, &cond, &out);
	else if (u->write_what == WRITE_EXCEPTION)
		put_exception(ruleset_rule(browse_rules(u->b), u->write_rule), &cond, &out);
	else
		put_test(u, name, &out);
	if (files_new(name, out.p, out.len) < 0)
		ui_error(u, "%s", err_text());
	else
		ui_say(u, "written to %s", name);
	buf_release(&cond);
	buf_release(&out);
}
