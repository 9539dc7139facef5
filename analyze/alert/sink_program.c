/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/alert/sink.h"
#include "capture/base/err.h"

static void child(const int pipe_end, const char *command)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Ctrl-C ends us, and our end of the pipe ends the program, after the last alert. */
	signal(SIGINT, SIG_IGN);
	if (dup2(pipe_end, STDIN_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int open_program(struct sink *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys("pipe");
	signal(SIGPIPE, SIG_IGN);
	s->pid = fork();
	if (s->pid == 0)
		child(ends[0], s->arg);
	close(ends[0]);
	if (s->pid < 0) {
		close(ends[1]);
		return err_sys("fork");
	}
	s->fd = ends[1];
	return 0;
}

static int close_program(struct sink *s)
{
	const int rc = s->failed ? 0 : sink_fd_flush(s);
	int status = 0;

	close(s->fd);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys("wait");
	s->pid = 0;
	if (WIFSIGNALED(status))
		return err(ERR_SYSTEM, "the program was ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err(ERR_SYSTEM, "the program ended with status %d", WEXITSTATUS(status));
	return rc;
}

const struct sink_ops sink_program = {
	.open = open_program, .line = sink_fd_line, .flush = sink_fd_flush, .close = close_program,
};
