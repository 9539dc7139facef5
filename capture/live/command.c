/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/err.h"

/* What recorders catch or ignore; as it was when this program began. */
static const int changed[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ };
enum { N_CHANGED = sizeof(changed) / sizeof(changed[0]) };
static struct sigaction kept[N_CHANGED];

void command_keep_signals(void)
{
	for (int i = 0; i < N_CHANGED; i++)
		sigaction(changed[i], NULL, &kept[i]);
}

/* The child: waits for a byte; none comes if the recorder failed. */
static void __attribute__((noreturn)) child(int wait_fd, char *const *argv)
{
	char byte;
	ssize_t n;

	do
		n = read(wait_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(127);
	close(wait_fd);
	for (int i = 0; i < N_CHANGED; i++)
		sigaction(changed[i], &kept[i], NULL);
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "saker capture: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Is there a program of this name?  As execvp will look for it. */
static bool exists(const char *name)
{
	const char *path = getenv("PATH");
	char full[4096];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	errno = ENOENT;
	for (path = path ? path : "/bin:/usr/bin"; path; path = strchr(path, ':')) {
		path += *path == ':';
		snprintf(full, sizeof(full), "%.*s%s%s", (int)strcspn(path, ":"), path,
			 strcspn(path, ":") ? "/" : "", name);
		if (access(full, X_OK) == 0)
			return true;
	}
	return false;
}

/* Waits until the child sleeps in its read: what it does before that would be recorded or
 * not, as it happens. */
static void wait_asleep(pid_t pid)
{
	const struct timespec ms = { .tv_nsec = 1000 * 1000 };
	char path[32], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 1000 && state != 'S'; i++) {
		FILE *const f = fopen(path, "re");

		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (f)
			fclose(f);
		if (state != 'S')
			nanosleep(&ms, NULL);
	}
}

int command_prepare(struct command *c, char *const *argv)
{
	int fds[2];

	*c = (struct command){ .go = -1 };
	if (!exists(argv[0]))
		return err_sys("cannot start %s", argv[0]);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys("pipe");
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		close(fds[0]);
		close(fds[1]);
		return err_sys("cannot start %s", argv[0]);
	}
	if (c->pid == 0) {
		close(fds[1]);
		child(fds[0], argv);
	}
	close(fds[0]);
	c->go = fds[1];
	wait_asleep(c->pid);
	return 0;
}

void command_go(struct command *c)
{
	if (c->go < 0)
		return;
	if (write(c->go, "", 1) != 1)
		warn("cannot start the command: %s", strerror(errno));
	close(c->go);
	c->go = -1;
}

bool command_poll(struct command *c)
{
	if (c->pid && !c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

void command_drop(struct command *c)
{
	if (c->go >= 0) {
		close(c->go);
		c->go = -1;
		waitpid(c->pid, &c->status, 0);
	}
}
