/* SPDX-License-Identifier: Apache-2.0 */
/* Running one case: its events through state and rules, exactly as saker analyze does
 * (analyze/alert/detect.h), and what came out beside what was expected.
 *
 * For those who come: test_runner_events gives the alerts of any source under any rule set,
 * with fields looked at while the event is at hand; test_run compares them with a case.  A
 * test_observer sees each event that any rule looks at. */
#ifndef SAKER_TEST_RUN_H
#define SAKER_TEST_RUN_H

#include "analyze/alert/detect.h"
#include "analyze/test/case.h"

/* ---- rule sets ---- */

/* A rule set that cases name, loaded once.  Read by all threads. */
struct test_set {
	const struct test_rules *from;
	struct ruleset *rules;		/* NULL: it could not be loaded */
	struct alert_printer *printer;
	struct detect_plan plan;
	struct buf messages;		/* of the loader: errors; quoted for a terminal */
};

/* Loads what from names (it must live as long).  Rules and paths are quoted in messages; NULL
 * never: see rules. */
struct test_set *test_set_new(const struct test_rules *from);
/* Another of the same texts, within the sandbox as well.  s has rules. */
struct test_set *test_set_copy(const struct test_set *s);
void test_set_free(struct test_set *s);

/* ---- alerts of a source ---- */

struct test_alert {
	const struct rule *rule;
	uint64_t num, ts;		/* of the event */
	const char *line;		/* as saker analyze prints it, times in UTC */
	size_t len;
	const uint8_t *note;		/* what note() put, unaligned */
	size_t n_note;
};

/* What a run tells, all in the thread that runs. */
struct test_watch {
	/* A rule matches the event of c: bytes to keep until its alert, which may never come.
	 * NULL: none. */
	void (*note)(void *arg, const struct rule *r, const struct field_ctx *c,
		     struct buf *out);
	void (*alert)(void *arg, const struct test_alert *a);
	detect_each *each;		/* NULL: not asked for */
	/* Types of events that no rule looks at, as far as the source gives them.  NULL too. */
	void (*other)(void *arg, unsigned type);
	void *arg;
	bool bulk;			/* note looks at payloads or environments */
};

/* What a thread needs, used for one run after the other. */
struct test_runner;
struct test_runner *test_runner_new(void);
void test_runner_free(struct test_runner *r);
/* Failures say why rules fired or did not (a second pass); off at first. */
void test_runner_reasons(struct test_runner *r, bool on);

bool test_runner_gives_reasons(const struct test_runner *r);

/* All events of a source.  Negative: reading failed; damage is in in->damage. */
int test_runner_events(struct test_runner *r, const struct test_set *set, struct source *in,
		       const struct test_watch *w);

/* ---- cases ---- */

/* Sees what any rule looks at.  begin and each are called by the thread that runs the case, end
 * by one thread at a time, in no order: what must be deterministic is summed up in end. */
struct test_observer {
	void *(*begin)(void *arg, const struct test_case *c, const struct test_set *set);
	void (*each)(void *of_case, struct matcher *m, const struct field_ctx *c);
	void (*other)(void *of_case, unsigned type);	/* NULL, or as of test_watch */
	void (*end)(void *arg, void *of_case);
	void *arg;
};

enum test_status {
	TEST_PASSED, TEST_FAILED, TEST_SKIPPED,
	TEST_TODO,			/* failed, as it was said that it would */
	TEST_TODO_PASSED,		/* a known miss that is none any more: a failure */
	TEST_BROKEN,			/* it could not be run */
	TEST__N
};
extern const char *const test_status_name[TEST__N];

/* One thing that is not as expected. */
struct test_failure {
	const struct yaml *node;	/* which says so; NULL: the case */
	const struct rule *rule;	/* that did or did not fire; NULL: none in particular */
	const char *text;		/* a line, without its end; raw bytes of files */
	const char *detail;		/* lines, quoted for a terminal; "" if none */
};

struct test_result {
	enum test_status status;
	struct test_failure *failures;
	size_t n, cap;
	uint64_t n_alerts, n_events;
	struct arena arena;
};

void test_run(struct test_runner *r, const struct test_case *c, const struct test_set *set,
	      const struct test_observer *o, struct test_result *out);
void test_result_release(struct test_result *r);

#endif
