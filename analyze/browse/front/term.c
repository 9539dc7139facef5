/* SPDX-License-Identifier: Apache-2.0 */
/* What gives the terminal back must work from a signal handler: the mode it had and the bytes
 * that undo ours are kept ready, and writing them needs two system calls.
 *
 * Signals that ask to leave only raise a flag, so that notes are saved; a second one does not
 * wait.  Signals of crashes give the terminal back and then do what they would have done.
 * All wake the loop through a pipe. */
#include "analyze/browse/front/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "analyze/browse/front/guard.h"
#include "analyze/browse/front/term_parts.h"
#include "capture/base/err.h"

enum { ALT_STACK = 64 << 10 };

struct term_state term = { .wake = { -1, -1 } };

/* For handlers. */
static struct {
	volatile sig_atomic_t taken;
	struct termios mode;
	char undo[512];
	size_t n_undo;
} saved;

static volatile sig_atomic_t resized, quit, stopped, continued;
static struct sigaction old_sigsys;

/* ---- giving it back ------------------------------------------------------------- */

static void give_back(void)
{
	if (!saved.taken)
		return;
	saved.taken = 0;
	for (size_t done = 0; done < saved.n_undo;) {
		const ssize_t n = write(STDOUT_FILENO, saved.undo + done, saved.n_undo - done);

		if (n <= 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	tcsetattr(STDOUT_FILENO, TCSANOW, &saved.mode);
	guard_tell(false);
}

static void undo_bytes(const char *s)
{
	while (s && *s && saved.n_undo < sizeof(saved.undo)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))	/* padding */
			s = strchr(s, '>') + 1;
		else
			saved.undo[saved.n_undo++] = *s++;
	}
}

/* ECMA-48's BDSM: text that runs from right to left stays in its cells.  Terminals that do
 * not turn text around ignore it. */
static const char bidi_off[] = "\033[8l", bidi_on[] = "\033[8h";

static void prepare_undo(void)
{
	saved.n_undo = 0;
	undo_bytes("\033[?1000l\033[?1002l\033[?1006l");
	undo_bytes(bidi_on);
	undo_bytes(exit_attribute_mode);
	undo_bytes(cursor_normal);
	undo_bytes(keypad_local);
	undo_bytes(exit_ca_mode ? exit_ca_mode : "\r\n");
}

/* ---- signals -------------------------------------------------------------------- */

static void wake(void)
{
	const int e = errno;

	if (write(term.wake[1], "", 1) < 0)
		errno = e;
	errno = e;
}

static void on_crash(int sig)
{
	give_back();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	give_back();
	if (old_sigsys.sa_flags & SA_SIGINFO)
		old_sigsys.sa_sigaction(sig, info, context);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_quit(int sig)
{
	if (quit)
		on_crash(sig);
	quit = sig;
	wake();
}

static void on_flag(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGTSTP)
		stopped = 1;
	else
		continued = 1;
	wake();
}

static void catch_signals(void)
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
	return quit;
}

/* ---- taking it over ------------------------------------------------------------- */

static void choose_charset(enum term_charset c)
{
	setlocale(LC_CTYPE, "");
	term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (c == CHARSET_UTF8 && !term.utf8)
		term.utf8 = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	if (c == CHARSET_ASCII)
		term.utf8 = false;
}

struct role {
	short fg256, bg256, fg16, bg16;
	attr_t attributes;
};

static const struct role roles[ROLE__N] = {
#define ROLE(name, fg256, bg256, fg16, bg16, attributes) \
	[ROLE_##name] = { fg256, bg256, fg16, bg16, attributes },
#include "analyze/browse/front/roles.def"
#undef ROLE
};

/* Colours stand in for reverse video and underlining, which mark the same things without. */
static void colored(enum term_role role, bool many)
{
	const struct role *r = &roles[role];
	const short fg = many ? r->fg256 : r->fg16, bg = many ? r->bg256 : r->bg16;

	if (fg < 0 && bg < 0)
		return;
	init_pair(++term.pairs, fg, bg);
	term.attributes[role] &= ~(A_REVERSE | A_DIM);
	term.attributes[role] |= COLOR_PAIR(term.pairs);
}

static void choose_colors(enum term_colors c)
{
	const char *no = getenv("NO_COLOR");
	const bool never = c == COLORS_NONE || (c == COLORS_AUTO && no && *no);

	for (unsigned i = 0; i < ROLE__N; i++)
		term.attributes[i] = roles[i].attributes;
	term.shades = term.utf8 ? 4 : 9;
	if (never || !has_colors())
		return;
	start_color();
	use_default_colors();
	if (COLORS < 8)
		return;
	term.shades = COLORS >= 256 && c != COLORS_16 ? 9 : 5;
	for (unsigned i = 0; i < ROLE__N; i++)
		colored(i, term.shades == 9);
}

static int open_pipe(void)
{
	if (pipe2(term.wake, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys("pipe");
	return 0;
}

static int take(void)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err(ERR_USAGE, "browse needs a terminal");
	if (tcgetattr(STDOUT_FILENO, &saved.mode) < 0)
		return err_sys("the terminal");
	term.screen = newterm(NULL, stdout, stdin);
	if (!term.screen)
		return err(ERR_USAGE, "TERM=%s: nothing is known of this terminal",
			   name ? name : "");
	if (!cursor_address) {
		endwin();
		return err(ERR_USAGE, "TERM=%s: this terminal cannot move its cursor", name);
	}
	return 0;
}

static void write_out(const char *s)
{
	if (write(STDOUT_FILENO, s, strlen(s)) < 0)
		return;
}

int term_start(const struct term_options *o)
{
	choose_charset(o->charset);
	if (open_pipe() < 0 || take() < 0)
		return -ERR_USAGE;
	prepare_undo();
	catch_signals();
	guard_start(&saved.mode, saved.undo, saved.n_undo);
	saved.taken = 1;
	atexit(term_stop);
	raw();
	noecho();
	nonl();
	keypad(stdscr, true);
	nodelay(stdscr, true);
	set_escdelay(25);
	curs_set(0);
	choose_colors(o->colors);
	write_out(bidi_off);
	if (!o->no_mouse) {
		/* All: for what is masked out, getmouse tells the event before again. */
		mousemask(ALL_MOUSE_EVENTS, NULL);
		mouseinterval(0);
	}
	return 0;
}

void term_stop(void)
{
	if (!saved.taken)
		return;
	endwin();
	give_back();
	buf_release(&term.text);
	delscreen(term.screen);
	term.screen = NULL;
}

bool term_utf8(void)
{
	return term.utf8;
}

unsigned term_shades(void)
{
	return term.shades;
}

int term_rows(void)
{
	return LINES;
}

int term_columns(void)
{
	return COLS;
}

/* ---- keys ----------------------------------------------------------------------- */

static void take_again(void)
{
	reset_prog_mode();
	write_out(bidi_off);
	saved.taken = 1;
	guard_tell(true);
	clearok(curscr, true);
	keypad(stdscr, true);
	resized = 1;
}

void term_suspend(void)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct sigaction ours;

	def_prog_mode();
	endwin();
	give_back();
	sigaction(SIGTSTP, &by_default, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	stopped = continued = 0;
	refresh();
	take_again();
}

static int size_changed(void)
{
	struct winsize w;

	resized = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
	return TERM_RESIZED;
}

static int flag_event(void)
{
	if (quit)
		return TERM_QUIT;
	if (stopped) {
		stopped = 0;
		term_suspend();
	}
	if (continued) {
		continued = 0;
		take_again();
	}
	return resized ? size_changed() : 0;
}

static void drain(void)
{
	char bytes[64];

	while (read(term.wake[0], bytes, sizeof(bytes)) > 0)
		;
}

int term_key(int fd, int ms)
{
	struct pollfd p[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = term.wake[0], .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int key = flag_event();

	if (key < 0)
		return key;
	key = term_decode();		/* ncurses may have read ahead */
	if (key != TERM_NOTHING)
		return key;
	if (poll(p, 3, ms) < 0)
		return (key = flag_event()) ? key : TERM_NOTHING;
	if (p[1].revents)
		drain();
	key = flag_event();
	if (key < 0)
		return key;
	if (p[0].revents & POLLIN) {
		char none;

		key = term_decode();
		/* Readable, but there is nothing: the other side is closed. */
		if (key == TERM_NOTHING && (p[0].revents & POLLHUP) &&
		    read(STDIN_FILENO, &none, 0) < 0)
			return TERM_GONE;
		return key;
	}
	return p[0].revents & (POLLHUP | POLLERR | POLLNVAL) ? TERM_GONE : TERM_NOTHING;
}
