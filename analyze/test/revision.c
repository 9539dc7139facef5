/* SPDX-License-Identifier: Apache-2.0 */
/* git is asked by plumbing commands that neither page nor convert, with arguments in a vector: no
 * shell sees them, and a name that begins with a dash is refused before. */
#include "analyze/test/revision.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "rules/set/ruleset.h"

enum { OUT_MAX = 64 << 20, SAID_MAX = 4096, ARGS_MAX = 8, NO_GIT = 127 };

struct answer {
	struct buf out, said;		/* standard output and error */
	int status;
};

static void answer_release(struct answer *a)
{
	buf_release(&a->out);
	buf_release(&a->said);
}

static _Noreturn void child(const char *const *argv, const int out[2], const int said[2])
{
	const int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(said[1], STDERR_FILENO);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	setenv("GIT_NO_LAZY_FETCH", "1", 1);
	setenv("GIT_OPTIONAL_LOCKS", "0", 1);
	execvp(argv[0], (char *const *)argv);
	_exit(NO_GIT);
}

/* What can be read of fd; false: it has ended, or there was too much. */
static bool take(int fd, struct buf *to, size_t max)
{
	const size_t step = 1 << 16;
	const ssize_t n = read(fd, buf_room(to, step), step);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	to->len += (size_t)n;
	return to->len <= max;
}

static void collect(struct answer *a, int out, int said)
{
	struct pollfd p[2] = { { .fd = out, .events = POLLIN }, { .fd = said, .events = POLLIN } };
	struct buf *to[2] = { &a->out, &a->said };
	const size_t max[2] = { OUT_MAX, SAID_MAX };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		for (unsigned i = 0; i < 2; i++)
			if (p[i].fd >= 0 && p[i].revents && !take(p[i].fd, to[i], max[i])) {
				close(p[i].fd);	/* a writer that goes on gets SIGPIPE */
				p[i].fd = -1;
			}
	}
}

/* Runs git; what it says of itself is in said.  Negative: it could not be run. */
static int git(struct answer *a, const char *dir, const char *const *args)
{
	const char *argv[ARGS_MAX + 5] = { "git", "--no-pager", "-C", dir };
	int out[2], said[2];
	pid_t pid;

	*a = (struct answer){0};
	for (unsigned i = 0; args[i]; i++)
		argv[4 + i] = args[i];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys("pipe");
	if (pipe2(said, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return err_sys("pipe");
	}
	pid = fork();
	if (pid == 0)
		child(argv, out, said);
	close(out[1]);
	close(said[1]);
	if (pid < 0) {
		close(out[0]);
		close(said[0]);
		return err_sys("fork");
	}
	collect(a, out[0], said[0]);
	while (waitpid(pid, &a->status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(a->status) && WEXITSTATUS(a->status) == NO_GIT && a->said.len == 0)
		return err(ERR_SYSTEM, "git is needed to read a revision, and is not installed");
	if (a->out.len > OUT_MAX)
		return err(ERR_LIMIT, "a rule file of more than %d MiB", OUT_MAX >> 20);
	return 0;
}

/* The first line of what git said. */
static int said(struct answer *a, const char *what)
{
	char *text = (char *)buf_text(&a->said);

	text[strcspn(text, "\n")] = '\0';
	return err(ERR_USAGE, "%s: git: %s", what, *text ? text : "failed");
}

static bool is_shallow(const char *dir)
{
	struct answer a;
	const bool yes = git(&a, dir, (const char *const[]){ "rev-parse",
			     "--is-shallow-repository", NULL }) == 0 &&
			 strncmp(buf_text(&a.out), "true", 4) == 0;

	answer_release(&a);
	return yes;
}

static int no_revision(struct answer *a, const char *dir, const char *rev)
{
	if (a->said.len > 0)
		return said(a, rev);
	return err(ERR_USAGE, "git knows no revision '%s'%s", rev, is_shallow(dir) ?
		   " in this shallow clone: fetch more of its history" : "");
}

static int check_revision(const char *dir, const char *rev)
{
	struct answer a;
	char *tree;
	int rc;

	if (*rev == '-' || !*rev)
		return err(ERR_USAGE, "'%s' is no revision", rev);
	tree = xmalloc(strlen(rev) + sizeof("^{tree}"));
	strcat(strcpy(tree, rev), "^{tree}");
	rc = git(&a, dir, (const char *const[]){ "rev-parse", "--quiet", "--verify", tree,
		 NULL });
	if (rc == 0 && a.status != 0)
		rc = no_revision(&a, dir, rev);
	answer_release(&a);
	free(tree);
	return rc;
}

/* object: "REV:path" */
static int read_blob(struct revision *r, const char *dir, const char *object)
{
	struct answer a;
	int rc = git(&a, dir, (const char *const[]){ "cat-file", "blob", object, NULL });

	if (rc == 0 && a.status != 0)
		rc = said(&a, object);
	if (rc == 0) {
		r->files = mem_grow(r->files, &r->cap, r->n + 1, sizeof(*r->files));
		r->files[r->n++] = (struct revision_file){
			.name = arena_str(&r->arena, object), .len = a.out.len,
			.text = arena_strn(&r->arena, a.out.p, a.out.len) };
	}
	answer_release(&a);
	return rc;
}

/* The rule files of a folder, in git's order, which is that of their bytes. */
static int read_tree(struct revision *r, const char *dir, const char *object)
{
	struct answer a;
	int rc = git(&a, dir, (const char *const[]){ "ls-tree", "-z", "--name-only",
		     "--full-tree", object, NULL });
	const char *sep = object[strlen(object) - 1] == '/' ||
			  object[strlen(object) - 1] == ':' ? "" : "/";

	if (rc == 0 && a.status != 0)
		rc = said(&a, object);
	buf_text(&a.out);
	for (size_t at = 0; rc == 0 && at < a.out.len;) {
		const char *name = (const char *)a.out.p + at;

		if (ruleset_takes(name))
			rc = read_blob(r, dir, arena_printf(&r->arena, "%s%s%s", object, sep,
							    name));
		at += strlen(name) + 1;
	}
	answer_release(&a);
	return rc;
}

/* 1: there is no such file. */
static int read_object(struct revision *r, const char *dir, const char *object)
{
	struct answer a;
	int rc = git(&a, dir, (const char *const[]){ "cat-file", "-t", object, NULL });

	if (rc == 0 && a.status != 0)
		rc = 1;
	else if (rc == 0 && strncmp(buf_text(&a.out), "tree", 4) == 0)
		rc = read_tree(r, dir, object);
	else if (rc == 0)
		rc = read_blob(r, dir, object);
	answer_release(&a);
	return rc;
}

int revision_read(struct revision *r, const char *what)
{
	const size_t len = strcspn(what, ":");
	const char *rev = arena_strn(&r->arena, what, len);
	int rc = check_revision(".", rev);

	if (rc == 0)
		rc = read_object(r, ".", what);
	return rc == 1 ? err(ERR_USAGE, "%s: there was no such file in %s", what, rev) : rc;
}

int revision_read_path(struct revision *r, const char *rev, const char *path)
{
	char real[PATH_MAX], *base;
	const char *dir = real;
	int rc;

	if (!realpath(path, real))
		return err_sys("%s", path);
	base = strrchr(real, '/');
	*base++ = '\0';
	if (!*dir)
		dir = "/";
	rc = check_revision(dir, rev);
	return rc == 0 ? read_object(r, dir, arena_printf(&r->arena, "%s:./%s", rev, base)) : rc;
}

void revision_release(struct revision *r)
{
	free(r->files);
	arena_release(&r->arena);
}
