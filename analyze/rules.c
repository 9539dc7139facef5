/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the rules that the options name, and what can be shown of them. */
#include "analyze/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/list.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "rules/lang/cond.h"

/* Saker's own rules: installed in PREFIX/share/saker/rules beside PREFIX/bin, or in the
 * build directory beside the program. */
static int shipped_rules(char path[PATH_MAX])
{
	static const char *const places[] = { "../share/saker/rules", "rules" };
	char exe[PATH_MAX - 64];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return err_sys("/proc/self/exe");
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%s/saker.yaml", exe, places[i]);
		if (access(path, R_OK) == 0)
			return 0;
	}
	return err(ERR_SYSTEM, "the shipped rules are not where they were installed "
		   "(%s/../share/saker/rules); name a file with -r", exe);
}

static int load(const struct run_options *o, struct ruleset *rs)
{
	char path[PATH_MAX];
	int rc = 0;

	if (o->n_rules == 0)
		return shipped_rules(path) < 0 ? -ERR_SYSTEM : ruleset_load_path(rs, path);
	/* To the end, for all that there is to tell. */
	for (size_t i = 0; i < o->n_rules; i++)
		if (ruleset_load_path(rs, o->rules[i]) < 0)
			rc = -ERR_RULE;
	return rc;
}

static int select_all(const struct run_options *o, struct ruleset *rs)
{
	for (size_t i = 0; i < o->n_selections; i++) {
		const struct selection *s = &o->selections[i];
		const size_t n = ruleset_select(rs, s->enable,
						s->by_tag ? SELECT_TAG : SELECT_NAME, s->pattern);

		if (n == 0 && !s->may_miss && strcmp(s->pattern, "*") != 0)
			return err(ERR_USAGE, "no rule has the %s '%s'", s->by_tag ? "tag" : "name",
				   s->pattern);
	}
	return 0;
}

struct placed {
	size_t file, at;
	const struct message *m;
};

/* Files as they came, their messages from top to bottom. */
static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->m->line != y->m->line)
		return x->m->line < y->m->line ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static struct placed *place_messages(const struct ruleset *rs)
{
	const struct messages *all = ruleset_messages(rs);
	struct placed *v = xcalloc(all->n + 1, sizeof(*v));
	size_t n;
	const char *const *files = ruleset_files(rs, &n);

	for (size_t i = 0; i < all->n; i++) {
		v[i] = (struct placed){ .at = i, .m = &all->v[i] };
		while (v[i].file < n && files[v[i].file] != all->v[i].file)
			v[i].file++;
	}
	qsort(v, all->n, sizeof(*v), by_place);
	return v;
}

static void print_messages(const struct run_options *o, const struct ruleset *rs)
{
	const struct messages *all = ruleset_messages(rs);
	struct buf text = {0}, safe = {0};
	struct placed *v = place_messages(rs);

	for (size_t i = 0; i < all->n; i++)
		if (!o->quiet || load_codes[v[i].m->code].severity == SEVERITY_ERROR)
			message_text(&text, v[i].m);
	free(v);
	for (size_t at = 0; at < text.len; at++) {
		const uint8_t *end = memchr(text.p + at, '\n', text.len - at);
		const size_t len = end ? (size_t)(end - text.p) - at : text.len - at;

		quote_terminal_buf(&safe, text.p + at, len);
		buf_byte(&safe, '\n');
		at += len;
	}
	if (safe.len > 0)
		fwrite(safe.p, 1, safe.len, stderr);
	buf_release(&text);
	buf_release(&safe);
}

struct ruleset *run_rules(const struct run_options *o)
{
	const struct ruleset_options options = { .least = (enum priority)o->priority,
		.strict = o->strict, .no_suggested_output = !o->suggested,
		.extra = o->extras, .n_extra = (uint32_t)o->n_extras };
	struct ruleset *rs = ruleset_new(&options);
	int rc = load(o, rs);

	if (rc >= 0)
		rc = select_all(o, rs);
	if (rc >= 0)
		rc = ruleset_finish(rs);
	print_messages(o, rs);
	if (rc >= 0)
		return rs;
	if (ruleset_messages(rs)->n_errors == 0)
		err_print();
	ruleset_free(rs);
	return NULL;
}

/* Falco's result object over all files. */
static void print_results(const struct ruleset *rs)
{
	struct buf out = {0};
	size_t n;
	const char *const *files = ruleset_files(rs, &n);

	buf_str(&out, "{\"falco_load_results\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(&out, ',');
		messages_json(&out, ruleset_messages(rs), files[i]);
	}
	buf_str(&out, "]}\n");
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
}

static int validate(const struct run_options *o)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
		.strict = o->strict, .no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&options);
	int rc = load(o, rs);

	if (rc >= 0)
		rc = ruleset_finish(rs);
	if (o->style.json)
		print_results(rs);
	else
		print_messages(o, rs);
	if (rc < 0 && ruleset_messages(rs)->n_errors == 0)
		err_print();
	if (rc >= 0 && !o->style.json && !o->quiet)
		printf("%zu rules are good\n", ruleset_count(rs));
	ruleset_free(rs);
	return rc < 0 ? EXIT_FAILED : EXIT_DONE;
}

static void dump_rules(const struct ruleset *rs, enum dump_stage stage, struct buf *out)
{
	if (stage == DUMP_CODE) {
		ruleset_dump_code(rs, out);
		return;
	}
	for (size_t i = 0; i < ruleset_count(rs); i++) {
		const struct rule *r = ruleset_rule(rs, i);

		if (i > 0)
			buf_byte(out, '\n');
		buf_printf(out, "# %s\n", r->name);
		ruleset_dump(rs, r, stage, out);
	}
}

static int dump(const struct run_options *o)
{
	const int stage = dump_stage(o->dump);
	struct buf out = {0};
	struct ruleset *rs = NULL;
	struct cond *c = NULL;

	if (stage < 0)
		return err(ERR_USAGE, "--dump: '%s' is none of tokens, ast, expanded, folded, "
			   "events, code", o->dump);
	if (o->filter) {
		c = cond_compile(o->filter, strlen(o->filter), "filter");
		if (!c)
			return -ERR_RULE;
		cond_dump(c, (enum dump_stage)stage, &out);
		cond_free(c);
	} else {
		rs = run_rules(o);
		if (!rs)
			return err(ERR_RULE, "nothing to dump");
		dump_rules(rs, (enum dump_stage)stage, &out);
		ruleset_free(rs);
	}
	fputs(buf_text(&out), stdout);
	buf_release(&out);
	return 0;
}

static int print_list(const struct run_options *o)
{
	struct ruleset *rs;

	if (o->list_fields)
		list_fields(o->style.json);
	else if (o->list_events)
		list_events(o->style.json);
	if (!o->list_rules)
		return EXIT_DONE;
	rs = run_rules(o);
	if (!rs)
		return EXIT_FAILED;
	list_rules(rs, o->style.json);
	ruleset_free(rs);
	return EXIT_DONE;
}

bool run_asked(struct run_options *o, char **operands, int n, int *status)
{
	if (o->validate) {
		for (int i = 0; i < n; i++)
			run_add_rules(o, operands[i]);
		*status = validate(o);
		return true;
	}
	if (o->dump) {
		*status = dump(o) < 0 ? EXIT_FAILED : EXIT_DONE;
		if (*status == EXIT_FAILED)
			err_print();
		return true;
	}
	if (!o->list_rules && !o->list_fields && !o->list_events)
		return false;
	*status = print_list(o);
	return true;
}
