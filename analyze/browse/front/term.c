/* SPDX-License-Identifier: Apache-2.0 */
/* What gives the terminal back must work from a signal handler: the mode it had and the bytes
 * that undo ours are kept ready, and writing them needs two system calls. */
#include "analyze/browse/front/term.h"

#include <curses.h>
#include <errno.h>
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

struct term_state term;

static SCREEN *screen;

/* For handlers. */
static struct {
	volatile sig_atomic_t taken;
	struct termios mode;
	char undo[512];
	size_t n_undo;
} saved;

/* ---- giving it back ------------------------------------------------------------- */

void term_give_back(void)
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

/* ---- taking it over ------------------------------------------------------------- */

static int take(void)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err(ERR_USAGE, "browse needs a terminal");
	if (tcgetattr(STDOUT_FILENO, &saved.mode) < 0)
		return err_sys("the terminal");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
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
	term_choose_charset(o->charset);
	if (term_open_pipe() < 0 || take() < 0)
		return -ERR_USAGE;
	prepare_undo();
	term_catch_signals();
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
	term_choose_colors(o->colors);
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
	term_give_back();
	buf_release(&term.text);
	delscreen(screen);
	screen = NULL;
}

int term_rows(void)
{
	return LINES;
}

int term_columns(void)
{
	return COLS;
}

/* ---- what signals ask for ------------------------------------------------------- */

static void take_again(void)
{
	reset_prog_mode();
	write_out(bidi_off);
	saved.taken = 1;
	guard_tell(true);
	clearok(curscr, true);
	keypad(stdscr, true);
	term_asked.resize = 1;
}

void term_suspend(void)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	struct sigaction ours;

	def_prog_mode();
	endwin();
	term_give_back();
	sigaction(SIGTSTP, &by_default, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	term_asked.stop = term_asked.go_on = 0;
	refresh();
	take_again();
}

static int size_changed(void)
{
	struct winsize w;

	term_asked.resize = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
	return TERM_RESIZED;
}

int term_do_asked(void)
{
	if (term_asked.quit)
		return TERM_QUIT;
	if (term_asked.stop) {
		term_asked.stop = 0;
		term_suspend();
	}
	if (term_asked.go_on) {
		term_asked.go_on = 0;
		take_again();
	}
	return term_asked.resize ? size_changed() : 0;
}
