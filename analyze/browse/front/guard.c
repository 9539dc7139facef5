/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int to_guard = -1;

/* By then it is in the background of the terminal: SIGTTOU would stop it. */
static void ignore_signals(void)
{
	static const int ignored[] = {
		SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGTSTP, SIGTTOU,
	};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

/* The last word before the pipe ends tells whose the terminal was. */
static void guard(int from, const struct termios *mode, const char *undo, size_t n)
{
	char word, last = 0;
	ssize_t got;

	ignore_signals();
	while ((got = read(from, &word, 1)) == 1 || (got < 0 && errno == EINTR))
		if (got == 1)
			last = word;
	if (last == 't') {
		tcsetattr(STDOUT_FILENO, TCSANOW, mode);
		for (ssize_t done; n > 0; undo += done, n -= (size_t)done) {
			done = write(STDOUT_FILENO, undo, n);
			if (done <= 0)
				break;
		}
	}
	_exit(0);
}

void guard_start(const struct termios *mode, const char *undo, size_t n)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		guard(ends[0], mode, undo, n);
	}
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	else
		to_guard = ends[1];
	guard_tell(true);
}

void guard_tell(bool taken)
{
	const int e = errno;

	if (to_guard >= 0 && write(to_guard, taken ? "t" : "g", 1) < 0)
		to_guard = -1;
	errno = e;
}
