/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that ask to leave only raise a flag, so that notes are saved; a second one does not
 * wait.  Signals of crashes give the terminal back and then do what they would have done.
 * What raises a flag wakes the loop through a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "analyze/browse/front/term_parts.h"
#include "capture/base/err.h"

enum { ALT_STACK = 64 << 10 };

struct term_asked term_asked;

static int pipe_ends[2] = { -1, -1 };
static struct sigaction old_sigsys;

/* ---- the pipe ------------------------------------------------------------------- */

int term_open_pipe(void)
{
	if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys("pipe");
	return 0;
}

int term_pipe(void)
{
	return pipe_ends[0];
}

void term_drain(void)
{
	char bytes[64];

	while (read(pipe_ends[0], bytes, sizeof(bytes)) > 0)
		;
}

static void wake(void)
{
	const int e = errno;

	if (write(pipe_ends[1], "", 1) < 0)
		errno = e;
	errno = e;
}

/* ---- handlers ------------------------------------------------------------------- */

static void on_crash(int sig)
{
	term_give_back();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	term_give_back();
	if (old_sigsys.sa_flags & SA_SIGINFO)
		old_sigsys.sa_sigaction(sig, info, context);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_quit(int sig)
{
	if (term_asked.quit)
		on_crash(sig);
	term_asked.quit = sig;
	wake();
}

static void on_flag(int sig)
{
	if (sig == SIGWINCH)
		term_asked.resize = 1;
	else if (sig == SIGTSTP)
		term_asked.stop = 1;
	else
		term_asked.go_on = 1;
	wake();
}

void term_catch_signals(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };
	static const int quits[] = { SIGTERM, SIGINT, SIGHUP };
	static const int flags[] = { SIGWINCH, SIGTSTP, SIGCONT };
	static char stack[ALT_STACK];
	const stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };

	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &sa, NULL);
	sa.sa_flags = SA_RESTART;
	sa.sa_handler = on_quit;
	for (size_t i = 0; i < sizeof(quits) / sizeof(quits[0]); i++)
		sigaction(quits[i], &sa, NULL);
	sa.sa_handler = on_flag;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		sigaction(flags[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void term_guard(void)
{
	const struct sigaction sa = {
		.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	sigaction(SIGSYS, &sa, &old_sigsys);
}

int term_signal(void)
{
	return term_asked.quit;
}
