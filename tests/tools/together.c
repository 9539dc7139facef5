/* SPDX-License-Identifier: Apache-2.0 */
/* Do rules together match as each of them does alone?  together RULES... -- CAPTURE...: a line
 * for each event where they do not, and at last how many rules and events were compared.
 * Exit status 1 if there is such an event. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/source.h"
#include "rules/set/ruleset.h"

enum { RULES_MAX = 1024 };

/* The rules of all files; only: all but this one are turned off. */
static struct ruleset *load(char **files, const char *only)
{
	static const struct ruleset_options o = { .least = PRIORITY_DEBUG,
						  .no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&o);

	for (; strcmp(*files, "--") != 0; files++)
		if (ruleset_load_path(rs, *files) < 0) {
			err_print();
			exit(EXIT_FAILED);
		}
	ruleset_select(rs, !only, SELECT_NAME, "*");
	if (only)
		ruleset_select(rs, true, SELECT_NAME, only);
	ruleset_finish(rs);
	return rs;
}

struct alone {
	struct ruleset *rules;
	struct ruleset_matcher *m;
};

struct all {
	struct ruleset *rules;
	struct ruleset_matcher *m;
	struct alone alone[RULES_MAX];
	size_t n, n_events, n_wrong;
};

static void compare(struct all *a, const struct field_ctx *c, const char *path)
{
	const struct rule *held[RULES_MAX], *one;
	const unsigned n = ruleset_match(a->m, c, held, RULES_MAX);
	unsigned at = 0;

	a->n_events++;
	for (size_t i = 0; i < a->n; i++) {
		const bool is = at < n && held[at] == ruleset_rule(a->rules, i);

		at += is;
		if ((ruleset_match(a->alone[i].m, c, &one, 1) > 0) == is)
			continue;
		printf("%s: event %" PRIu64 ": %s %s\n", path, c->ev->num,
		       ruleset_rule(a->rules, i)->name, is ? "only together" : "only alone");
		a->n_wrong++;
	}
}

static void read_capture(struct all *a, const char *path)
{
	struct source *s = source_open(path);
	struct state *st = state_new(NULL);
	struct field_env env = { .hostname = "host", .source = "syscall" };
	static struct event ev;
	struct arena scratch = {0};
	struct field_ctx ctx = { .ev = &ev, .st = st, .cur = state_current(st),
				 .scratch = &scratch, .env = &env };
	struct event_set types;

	event_set_fill(&types);
	if (s)
		source_want(s, &types, true);
	else
		err_print();
	while (s && source_next(s, &ev) == 0) {
		state_update(st, &ev);
		arena_reset(&scratch);
		if (ev.num)
			compare(a, &ctx, path);
	}
	source_close(s);
	state_free(st);
	arena_release(&scratch);
}

int main(int argc, char **argv)
{
	static struct all a;
	int i = 1;

	a.rules = load(argv + 1, NULL);
	a.m = ruleset_matcher_new(a.rules);
	a.n = ruleset_count(a.rules);
	for (size_t k = 0; k < a.n && k < RULES_MAX; k++) {
		a.alone[k].rules = load(argv + 1, ruleset_rule(a.rules, k)->name);
		a.alone[k].m = ruleset_matcher_new(a.alone[k].rules);
	}
	while (strcmp(argv[i++], "--") != 0)
		;
	for (; i < argc; i++)
		read_capture(&a, argv[i]);
	for (size_t k = 0; k < a.n; k++) {
		ruleset_matcher_free(a.alone[k].m);
		ruleset_free(a.alone[k].rules);
	}
	ruleset_matcher_free(a.m);
	ruleset_free(a.rules);
	printf("%zu rules, %zu events, %zu differences\n", a.n, a.n_events, a.n_wrong);
	return a.n_wrong ? EXIT_FINDINGS : EXIT_DONE;
}
