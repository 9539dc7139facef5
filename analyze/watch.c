/* SPDX-License-Identifier: Apache-2.0 */
/* Each round loads all test files and their rules again, which is quick, and runs the tests that
 * name a file that has changed, those that are new, and no others.  They run in a child: it may
 * close itself in, and ends with all that it took.  What came of each test comes back through
 * a pipe and is remembered by file and name. */
#include "analyze/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/test/watch.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "rules/lang/intern.h"

enum { NAMES_SHOWN = 20, NO_STATUS = TEST__N };

/* What came of all tests, by number of their names. */
struct outcomes {
	struct arena arena;
	struct intern names;		/* "file\0name" */
	uint8_t *v;			/* enum test_status, or NO_STATUS */
	size_t cap;
};

struct watcher {
	const struct watch_args *args;
	struct watch *watch;
	struct test_suite fresh;
	struct outcomes last, now;
	bool terminal;
	bool broken;			/* files that cannot be used */
	size_t n_all;			/* tests of this round */
};

/* ---- outcomes ---- */

static void outcomes_init(struct outcomes *o)
{
	*o = (struct outcomes){0};
	intern_init(&o->names, &o->arena);
}

static void outcomes_release(struct outcomes *o)
{
	intern_release(&o->names);
	free(o->v);
	arena_release(&o->arena);
}

static void key_of(struct buf *key, const struct test_case *c)
{
	buf_reset(key);
	buf_put(key, c->file->path, strlen(c->file->path) + 1);
	buf_str(key, c->name);
}

static void outcome_set(struct outcomes *o, const struct test_case *c, uint8_t status)
{
	struct buf key = {0};
	bool is_new;
	uint32_t i;

	key_of(&key, c);
	i = intern_add(&o->names, key.p, key.len, &is_new);
	o->v = mem_grow(o->v, &o->cap, (size_t)i + 1, 1);
	o->v[i] = status;
	buf_release(&key);
}

static uint8_t outcome_get(const struct outcomes *o, const struct test_case *c)
{
	struct buf key = {0};
	uint32_t i;

	key_of(&key, c);
	i = intern_find(&o->names, key.p, key.len);
	buf_release(&key);
	return i == INTERN_NONE ? NO_STATUS : o->v[i];
}

static bool is_failure(unsigned status)
{
	return status == TEST_FAILED || status == TEST_TODO_PASSED || status == TEST_BROKEN;
}

static int exit_status(const struct watcher *w)
{
	int e = w->broken ? EXIT_FAILED : EXIT_DONE;

	for (size_t i = 0; i < w->now.names.n; i++) {
		if (w->now.v[i] == TEST_BROKEN)
			e = EXIT_FAILED;
		else if (is_failure(w->now.v[i]) && e == EXIT_DONE)
			e = EXIT_FINDINGS;
	}
	return e;
}

/* ---- what is run again ---- */

static void watch_rules(struct watcher *w, const struct test_rules *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		watch_file(w->watch, r->paths[i]);
}

static void watch_all(struct watcher *w)
{
	const struct test_suite *s = w->args->suite;

	for (size_t i = 0; i < s->n_paths; i++)
		watch_file(w->watch, s->paths[i]);
	for (size_t i = 0; i < s->n_sets; i++)
		watch_rules(w, s->sets[i]->from);
	for (size_t i = 0; i < s->n_cases; i++)
		if (s->cases[i]->recording)
			watch_file(w->watch, s->cases[i]->recording);
}

static bool rules_changed(const struct watcher *w, const struct test_rules *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (watch_changed(w->watch, r->paths[i]))
			return true;
	return false;
}

static bool is_touched(void *arg, const struct test_case *c, const struct test_rules *rules)
{
	struct watcher *w = arg;
	const uint8_t last = outcome_get(&w->last, c);
	const bool touched = last == NO_STATUS || watch_changed(w->watch, c->file->path) ||
		(c->recording && watch_changed(w->watch, c->recording)) ||
		rules_changed(w, rules);

	w->n_all++;
	outcome_set(&w->now, c, touched ? NO_STATUS : last);
	return touched;
}

/* ---- running ---- */

static void write_statuses(int fd, const struct test_suite *s)
{
	struct buf out = {0};

	for (size_t i = 0; i < s->n_run; i++)
		buf_byte(&out, (uint8_t)s->results[i].status);
	for (size_t at = 0; at < out.len;) {
		const ssize_t n = write(fd, out.p + at, out.len - at);

		if (n < 0 && errno != EINTR)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
	buf_release(&out);
}

static _Noreturn void child(struct watcher *w, int fd)
{
	watch_leave(w->watch);
	w->args->run(w->args->arg);
	fflush(NULL);
	write_statuses(fd, w->args->suite);
	_exit(0);
}

static void read_statuses(struct watcher *w, int fd)
{
	const struct test_suite *s = w->args->suite;
	uint8_t status;
	ssize_t n;
	size_t i = 0;

	while (i < s->n_cases && ((n = read(fd, &status, 1)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && status < TEST__N)
			outcome_set(&w->now, s->cases[i++], status);
}

static int run_child(struct watcher *w)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return err_sys("pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child(w, fds[1]);
	}
	close(fds[1]);
	if (pid > 0)
		read_statuses(w, fds[0]);
	close(fds[0]);
	if (pid < 0)
		return err_sys("fork");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* ---- the display ---- */

static void put(const char *text)
{
	struct buf out = {0};

	quote_terminal_buf(&out, text, strlen(text));
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
}

static void put_changes(const struct watcher *w)
{
	size_t n;
	const char *const *v = watch_list(w->watch, &n);

	if (w->terminal)
		fputs("\033[H\033[2J\033[3J", stdout);
	if (n == 0)
		return;
	fputs(w->terminal ? "changed: " : "\nchanged: ", stdout);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
		fputs(i ? ", " : "", stdout);
		put(v[i]);
	}
	puts(n > NAMES_SHOWN ? ", ..." : "");
	fflush(stdout);
}

/* Failures of tests that were not run now. */
static void put_still(const struct watcher *w, const uint8_t *ran)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->now.names.n; i++) {
		const struct intern_key *k = &w->now.names.keys[i];

		if (ran[i] || !is_failure(w->now.v[i]) || n++ >= NAMES_SHOWN)
			continue;
		fputs("still failing: ", stdout);
		put(k->p);
		fputs(": ", stdout);
		put((const char *)k->p + strlen(k->p) + 1);
		putchar('\n');
	}
	if (n > NAMES_SHOWN)
		printf("and %u more that still fail\n", n - NAMES_SHOWN);
}

static void put_foot(const struct watcher *w)
{
	size_t n_failed = 0, n_unknown = 0;

	for (size_t i = 0; i < w->now.names.n; i++) {
		n_failed += is_failure(w->now.v[i]);
		n_unknown += w->now.v[i] == NO_STATUS;
	}
	printf("%zu of %zu tests run; ", w->args->suite->n_cases, w->n_all);
	if (n_failed)
		printf("%zu of all fail", n_failed);
	else
		fputs(n_unknown || w->broken ? "not all could be run" : "none of all fails",
		      stdout);
	printf("; watching %zu files\n", watch_count(w->watch));
	fflush(stdout);
}

/* ---- rounds ---- */

static void watch_operands(struct watcher *w)
{
	const struct watch_args *a = w->args;

	if (a->n_paths == 0)
		watch_tree(w->watch, ".");
	for (int i = 0; i < a->n_paths; i++)
		watch_tree(w->watch, a->paths[i]);
}

static int run_touched(struct watcher *w)
{
	struct test_suite *s = w->args->suite;
	uint8_t *ran;
	int rc = 0;

	test_suite_keep(s, is_touched, w);
	ran = xcalloc(w->now.names.n + 1, 1);
	for (size_t i = 0; i < w->now.names.n; i++)
		ran[i] = w->now.v[i] == NO_STATUS;
	if (s->n_cases > 0)
		rc = run_child(w);
	put_still(w, ran);
	free(ran);
	return rc;
}

static int run_round(struct watcher *w)
{
	struct test_suite *s = w->args->suite;
	int rc;

	*s = w->fresh;
	outcomes_init(&w->now);
	w->n_all = 0;
	watch_begin(w->watch);
	watch_operands(w);
	put_changes(w);
	rc = w->args->load(w->args->arg);
	w->broken = rc < 0 || s->n_errors > 0;
	watch_all(w);
	rc = run_touched(w);
	put_foot(w);
	return rc;
}

static void end_round(struct watcher *w)
{
	test_suite_release(w->args->suite);
	outcomes_release(&w->last);
	w->last = w->now;
	w->now = (struct outcomes){0};
}

int test_watch(const struct watch_args *a)
{
	struct watcher w = { .args = a, .fresh = *a->suite, .watch = watch_new(),
		.terminal = isatty(STDOUT_FILENO) };
	int status, end;

	outcomes_init(&w.last);
	do {
		if (run_round(&w) < 0)
			err_print();
		status = exit_status(&w);
		end_round(&w);
		end = watch_wait(w.watch);
	} while (end == 0);
	if (w.terminal)
		putchar('\n');
	outcomes_release(&w.last);
	watch_free(w.watch);
	*a->suite = w.fresh;
	return status;
}
