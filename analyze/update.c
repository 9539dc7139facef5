/* SPDX-License-Identifier: Apache-2.0 */
/* saker test --update.  A file is changed in a few places, then read and run again in memory; a
 * case that still fails has its expectations written anew as a whole.  Only what passes then is
 * shown and, if that is wanted, written.
 *
 * The first is done by a child, which reads recordings; it hands over changed files one behind the
 * other, each a struct change, the diff and the text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyze/make.h"
#include "analyze/test/apart.h"
#include "analyze/test/update.h"
#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/base/quote.h"

struct file_update {
	const struct test_file *file;
	const struct test_case **cases;	/* that failed */
	const struct test_set **sets;
	enum update_how *how;
	bool *given_up;
	size_t n;
	struct author_edits edits;
	struct buf text;		/* as it would be */
};

struct change {
	size_t file;			/* in the suite */
	size_t n_cases, diff, text;	/* bytes of them */
};

struct update {
	struct test_suite *suite;
	struct test_runner *runner;
	int (*run)(void *arg);
	void *arg;
	FILE *changes;			/* in memory, of both */
	bool yes;
	size_t n_left;			/* cases that stay as they are */
	size_t n_done, n_files;
	bool failed;
};

static void leave(struct update *u, const struct test_case *c, const char *why)
{
	struct buf safe = {0};

	quote_terminal_buf(&safe, c->file->path, strlen(c->file->path));
	buf_printf(&safe, ":%u: ", test_line(c->node));
	quote_terminal_buf(&safe, c->name, strlen(c->name));
	buf_str(&safe, ": ");
	quote_terminal_buf(&safe, why, strlen(why));
	fprintf(stderr, "saker: %s: it stays as it is\n", buf_text(&safe));
	buf_release(&safe);
	u->n_left++;
}

/* ---- making the new text ---- */

static void make_edits(struct update *u, struct file_update *f)
{
	author_edits_release(&f->edits);
	for (size_t i = 0; i < f->n; i++) {
		int rc;

		if (f->given_up[i])
			continue;
		rc = update_case(&f->edits, u->runner, f->cases[i], f->sets[i], f->how[i]);
		if (rc > 0 && f->how[i] == UPDATE_PLACES) {
			f->how[i] = UPDATE_WHOLE;
			rc = update_case(&f->edits, u->runner, f->cases[i], f->sets[i],
					 UPDATE_WHOLE);
		}
		if (rc == 0)
			continue;
		f->given_up[i] = true;
		leave(u, f->cases[i], err_text());
	}
	buf_reset(&f->text);
	author_apply(&f->edits, f->file->yaml.text, f->file->yaml.len, &f->text);
}

static bool passes(struct update *u, const struct test_file *new, const struct test_case *old,
		   const struct test_set *set)
{
	struct test_result result;
	bool ok = false;

	for (size_t i = 0; new->n_errors == 0 && i < new->n && !ok; i++) {
		if (strcmp(new->cases[i].name, old->name) != 0)
			continue;
		test_run(u->runner, &new->cases[i], set, NULL, &result);
		ok = result.status == TEST_PASSED;
		test_result_release(&result);
	}
	return ok;
}

/* Cases that fail with the new text: next time as a whole, then not at all.  True: none. */
static bool check_text(struct update *u, struct file_update *f)
{
	struct test_file *new = test_file_text(f->file->path, buf_text(&f->text), f->text.len);
	bool all = true;

	for (size_t i = 0; i < f->n; i++) {
		if (f->given_up[i] || passes(u, new, f->cases[i], f->sets[i]))
			continue;
		all = false;
		if (f->how[i] == UPDATE_PLACES) {
			f->how[i] = UPDATE_WHOLE;
		} else {
			f->given_up[i] = true;
			leave(u, f->cases[i], "its text is not understood well enough");
		}
	}
	test_file_free(new);
	return all;
}

static int hand_over(struct update *u, struct file_update *f, size_t file)
{
	struct change c = { .file = file, .text = f->text.len };
	struct buf diff = {0};

	for (size_t i = 0; i < f->n; i++)
		c.n_cases += !f->given_up[i];
	author_diff(&f->edits, f->file->path, f->file->yaml.text, f->file->yaml.len, &diff);
	c.diff = diff.len;
	fwrite(&c, sizeof(c), 1, u->changes);
	fwrite(diff.p, 1, diff.len, u->changes);
	fwrite(f->text.p, 1, f->text.len, u->changes);
	buf_release(&diff);
	return fflush(u->changes) == 0 ? 0 : err_sys("cannot write in memory");
}

static int update_file(struct update *u, struct file_update *f, size_t file)
{
	do
		make_edits(u, f);
	while (f->edits.n && !check_text(u, f));
	return f->edits.n ? hand_over(u, f, file) : 0;
}

/* ---- all ---- */

static void gather(struct file_update *f, const struct test_suite *s)
{
	f->cases = xcalloc(s->n_run + 1, sizeof(const struct test_case *));
	f->sets = xcalloc(s->n_run + 1, sizeof(const struct test_set *));
	f->how = xcalloc(s->n_run + 1, sizeof(*f->how));
	f->given_up = xcalloc(s->n_run + 1, sizeof(*f->given_up));
	for (size_t i = 0; i < s->n_run; i++)
		if (s->cases[i]->file == f->file && s->results[i].status == TEST_FAILED) {
			f->cases[f->n] = s->cases[i];
			f->sets[f->n++] = s->of_case[i];
		}
}

static void release(struct file_update *f)
{
	author_edits_release(&f->edits);
	buf_release(&f->text);
	free(f->cases);
	free(f->sets);
	free(f->how);
	free(f->given_up);
}

static int find_changes(struct update *u)
{
	struct test_suite *s = u->suite;
	int rc = 0;

	for (size_t i = 0; i < s->n_run; i++)
		if (s->results[i].status == TEST_TODO_PASSED)
			leave(u, s->cases[i], "'todo' is for a person to take away");
	for (size_t i = 0; i < s->n_paths && rc == 0; i++) {
		struct file_update f = { .file = s->files[i] };

		if (!f.file)
			continue;
		gather(&f, s);
		if (f.n)
			rc = update_file(u, &f, i);
		release(&f);
	}
	return rc;
}

/* The child. */
static int run_and_find(void *arg)
{
	struct update *u = arg;
	const struct test_suite *s = u->suite;
	int status = u->run(u->arg);

	if (status != EXIT_DONE)
		return status;
	u->runner = test_runner_new();
	if (find_changes(u) < 0) {
		err_print();
		status = EXIT_FAILED;
	}
	test_runner_free(u->runner);
	if (s->n_errors > 0 || test_suite_counts(s).n[TEST_BROKEN] > 0)
		status = EXIT_FAILED;
	return status == EXIT_DONE && u->n_left ? EXIT_FINDINGS : status;
}

/* ---- asking ---- */

static bool ask(void)
{
	char line[16];

	printf("Write these changes? [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && (*line == 'y' || *line == 'Y');
}

static bool may_write(struct update *u)
{
	if (u->yes)
		return true;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return ask();
	fprintf(stderr, "saker: nothing is written without --yes where nobody can be asked\n");
	return false;
}

/* Somebody may have written it since it was read. */
static bool is_unchanged(const struct test_file *f)
{
	struct test_file *now = test_file_new(f->path);
	const bool same = now->yaml.len == f->yaml.len && now->yaml.text && f->yaml.text &&
		memcmp(now->yaml.text, f->yaml.text, f->yaml.len) == 0;

	test_file_free(now);
	return same;
}

static int write_change(struct update *u, const struct test_file *f, const struct buf *text)
{
	if (!is_unchanged(f))
		return err(ERR_USAGE, "%s was changed meanwhile", f->path);
	return output_put(f->path, OUTPUT_REPLACE, 0644, text->p, text->len);
}

static void show_and_write(struct update *u, const struct change *c, const struct buf *diff,
			   const struct buf *text)
{
	fwrite(diff->p, 1, diff->len, stdout);
	fflush(stdout);
	if (!may_write(u)) {
		u->n_left += c->n_cases;
	} else if (write_change(u, u->suite->files[c->file], text) < 0) {
		err_print();
		u->failed = true;
	} else {
		u->n_done += c->n_cases;
		u->n_files++;
	}
}

static bool get(FILE *in, size_t n, struct buf *out)
{
	buf_reset(out);
	if (n > 4 * (size_t)TEST_BYTES_MAX)
		return false;
	out->len = fread(buf_room(out, n + 1), 1, n, in);
	return out->len == n;
}

static void write_changes(struct update *u)
{
	struct buf diff = {0}, text = {0};
	struct change c;

	rewind(u->changes);
	while (!u->failed && fread(&c, sizeof(c), 1, u->changes) == 1) {
		if (c.file >= u->suite->n_paths || !u->suite->files[c.file] ||
		    !get(u->changes, c.diff, &diff) || !get(u->changes, c.text, &text)) {
			warn("the changes cannot be read");
			u->failed = true;
			break;
		}
		show_and_write(u, &c, &diff, &text);
	}
	buf_release(&diff);
	buf_release(&text);
}

static void tell(const struct update *u)
{
	printf("%zu test%s updated", u->n_done, u->n_done == 1 ? "" : "s");
	if (u->n_done)
		printf(" in %zu file%s", u->n_files, u->n_files == 1 ? "" : "s");
	if (u->n_left)
		printf(", %zu left", u->n_left);
	putchar('\n');
}

int make_update(struct test_suite *s, bool yes, int (*run)(void *arg), void *arg)
{
	const int fd = memfd_create("changes", MFD_CLOEXEC);
	struct update u = { .suite = s, .run = run, .arg = arg, .yes = yes,
		.changes = fd < 0 ? NULL : fdopen(fd, "w+") };
	int status;

	if (!u.changes) {
		err_sys("cannot make a file in memory");
		err_print();
		return EXIT_FAILED;
	}
	status = apart_fork(run_and_find, &u);
	write_changes(&u);
	tell(&u);
	fclose(u.changes);
	if (u.failed || status == EXIT_FAILED)
		return EXIT_FAILED;
	return u.n_left || status != EXIT_DONE ? EXIT_FINDINGS : EXIT_DONE;
}
