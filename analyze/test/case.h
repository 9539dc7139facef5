/* SPDX-License-Identifier: Apache-2.0 */
/* What a test file says (saker-test(5)): cases, each with events and with what is expected of
 * them.
 *
 *   test_file_new(path) reads one; all mistakes are told with their places.
 *   test_suite (suite.h) finds files, loads the rule sets that they name, and runs the cases
 *   that are chosen, each by test_run (run.h).
 *
 * Whoever wants alerts of his own events and rules, without a file, starts at run.h. */
#ifndef SAKER_TEST_CASE_H
#define SAKER_TEST_CASE_H

#include "analyze/alert/alert.h"
#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "rules/lang/cond.h"
#include "rules/set/yaml.h"

enum {
	TEST_BYTES_MAX = 8 << 20,	/* of a file */
	TEST_CASES_MAX = 100000,	/* of a file, all values of matrices */
	TEST_ERRORS_MAX = 50,		/* of a file, that are told */
	TEST_ITEMS_MAX = 500000,	/* expectations, fields, events of a file: aliases may
					 * repeat what stands there once */
	TEST_MEMORY_MAX = 512 << 20,	/* what comes of a file */
};

/* Which rules a case is about, as options of saker analyze say it. */
struct test_rules {
	const char **paths;		/* from where the program stands */
	const struct yaml **nodes;	/* where each is named, of file */
	uint32_t n;
	const struct revision_file *texts;	/* files that are no more, in their place */
	uint32_t n_texts;
	const char **enable, **disable, **tags;	/* patterns, patterns, tags */
	uint32_t n_enable, n_disable, n_tags;
	int priority;			/* least severe */
	bool all, strict;		/* rule-matching all; as Falco */
};

/* A field of an alert: "proc.name = bash". */
struct test_field {
	const char *name, *want;	/* "proc.name", "= bash" */
	const char *condition;		/* "proc.name = \"bash\"": is right, compiled to run */
	const struct format *value;	/* NULL: such a field has no text */
	const struct yaml *node;
};

struct test_expect {
	const char *rule;		/* a name, or a pattern where it must not fire */
	bool no;			/* it must not fire: max is 0 */
	uint64_t min, max;
	uint64_t event;			/* number of the event; 0: any */
	struct test_field *fields;
	uint32_t n_fields;
	int priority;			/* -1: any */
	const char **output;		/* texts that the line of the alert contains */
	uint32_t n_output;
	const struct yaml *node;
};

enum test_else { TEST_ELSE_ANY, TEST_ELSE_NONE, TEST_ELSE_LIST };

/* Alerts that nothing is said of. */
struct test_rest {
	enum test_else how;
	const char **rules;		/* that may fire: patterns */
	uint32_t n;
	const struct yaml *node;
};

struct test_events;
struct source;

struct test_case {
	const struct test_file *file;
	const char *name;
	const struct yaml *node;
	const char **tags;
	uint32_t n_tags;
	const char *skip, *todo;	/* the reason; NULL: neither */
	const char *recording;		/* NULL: events; path from where the program stands */
	const struct yaml *recording_node;
	struct test_events *events;	/* test_case_open */
	struct test_expect *expect;
	uint32_t n_expect;
	struct test_rest rest;
	const struct test_rules *rules;
};

/* What is wrong with a file; line and column from 1, 0: the whole file. */
struct test_mistake {
	uint32_t line, column;
	const char *text;
};

struct test_file {
	const char *path;
	struct arena arena;
	struct yaml_file yaml;
	struct test_case *cases;
	size_t n, cap;
	size_t n_items;
	bool too_large;			/* which was told */
	struct buf errors;		/* "file:line:column: error: ..." with lines and carets */
	struct test_mistake *mistakes;	/* the first ones */
	size_t n_mistakes, mistakes_cap;
	size_t n_errors;
};

/* Reads path.  What is wrong is in errors; the cases that are right are there. */
struct test_file *test_file_new(const char *path);
/* The same of text in memory. */
struct test_file *test_file_text(const char *path, const char *text, size_t len);
void test_file_free(struct test_file *f);

/* The events of a case.  NULL: the recording cannot be opened. */
struct source *test_case_open(const struct test_case *c);

/* Tells what is wrong at a node. */
void test_file_say(struct test_file *f, const struct yaml *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Line from 1. */
static inline unsigned test_line(const struct yaml *node)
{
	return node ? node->line + 1 : 1;
}

#endif
