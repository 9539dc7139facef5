/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/apart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/base/output.h"
#include "capture/base/sandbox.h"

struct work {
	int (*work)(void *);
	void *arg;
};

static int in_sandbox(void *arg)
{
	const struct work *w = arg;

	if (sandbox_enter(SANDBOX_PLAIN) == 0)
		return w->work(w->arg);
	err_print();
	return EXIT_FAILED;
}

int apart_run(int (*work)(void *), void *arg)
{
	struct work w = { work, arg };

	return apart_fork(in_sandbox, &w);
}

int apart_fork(int (*work)(void *), void *arg)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		status = work(arg);
		fflush(NULL);
		_exit(status);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status))
		return WEXITSTATUS(status);
	if (pid < 0)
		err_sys("cannot start the work");
	else
		err(ERR_SYSTEM, "the work ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	err_print();
	return EXIT_FAILED;
}

static int to_stdout(const void *p, size_t n)
{
	const int fd = output_create("-", false);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int rc = 0;

	if (!out)
		return -ERR_SYSTEM;
	if (fwrite(p, 1, n, out) != n)
		rc = err_sys("standard output");
	if (fclose(out) != 0 && rc == 0)
		rc = err_sys("standard output");
	return rc;
}

int apart_put(int fd, const char *path, bool force)
{
	struct stat st;
	char *p;
	size_t n = 0;
	int rc;

	if (fstat(fd, &st) < 0)
		return err_sys("%s", path);
	p = xmalloc((size_t)st.st_size + 1);
	while (n < (size_t)st.st_size) {
		const ssize_t got = pread(fd, p + n, (size_t)st.st_size - n, (off_t)n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (n != (size_t)st.st_size)
		rc = err_sys("%s", path);
	else if (strcmp(path, "-") == 0)
		rc = to_stdout(p, n);
	else
		rc = output_put(path, force ? OUTPUT_DROP : OUTPUT_KEEP, 0600, p, n);
	free(p);
	return rc;
}
