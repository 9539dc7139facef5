/* SPDX-License-Identifier: Apache-2.0 */
/* Defects of rule files that load: what saker lint says.
 *
 *   lint_init(&l);
 *   lint_select(&l, "single-item", true);		if wanted
 *   lint_rules(&l, rs);		after the files were loaded, also if that failed
 *   l.v[0 .. l.n - 1]
 *   lint_release(&l);
 *
 * What the loader said is among the findings.  A comment "# saker-lint: ignore=CODE,..."
 * above an item hides findings in the item, at the end of a line those of the line. */
#ifndef SAKER_SET_LINT_H
#define SAKER_SET_LINT_H

#include "rules/set/ruleset.h"

enum lint_severity { LINT_ERROR, LINT_WARNING, LINT_NOTE };
extern const char *const lint_severity_name[3];

enum lint_id {
#define LINT(id, number, name, severity, on, text, help) LINT_##id,
#include "rules/set/lint.def"
#undef LINT
	LINT__N,
	LINT__ALL = LINT__N + LOAD__N	/* LINT__N + enum load_code: what the loader says */
};

struct lint_code {
	const char *number, *name;	/* number of a loader's code: "" */
	enum lint_severity severity;
	bool on;			/* unless told otherwise */
	const char *text, *help;
};

/* code: an enum lint_id, or LINT__N and a code of the loader. */
struct lint_code lint_code(unsigned code);

struct finding {
	unsigned code;
	const char *file, *item;	/* item: "rule 'Read shadow'", "" if none */
	const char *text, *help;
	const char *snippet;		/* the line and the caret, "" if none */
	uint32_t line, column;		/* from 1; 0: the whole file */
};

struct lint {
	struct arena arena;
	struct finding *v;		/* by file in order of loading, line and column */
	size_t n, cap;
	size_t n_ignored;		/* hidden by comments */
	bool off[LINT__ALL];
};

void lint_init(struct lint *l);
void lint_release(struct lint *l);
/* By name or number; "all" for all.  False: there is none. */
bool lint_select(struct lint *l, const char *name, bool on);
void lint_rules(struct lint *l, struct ruleset *rs);

#endif
