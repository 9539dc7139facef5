/* SPDX-License-Identifier: Apache-2.0 */
/* What gives the terminal back must work from a signal handler: the mode it had and the bytes
 * that undo ours are kept ready, and writing them needs two system calls.
 *
 * Signals that ask to leave only raise a flag, so that notes are saved; a second one does not
 * wait.  Signals of crashes give the terminal back and then do what they would have done.
 * All wake the loop through a pipe. */
#include "analyze/browse/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "analyze/browse/cell.h"
#include "analyze/browse/escape.h"
#include "analyze/browse/guard.h"
#include "capture/base/err.h"

enum { ALT_STACK = 64 << 10, IGNORED = -9 };

static struct {
	bool utf8, mouse;
	short pairs;
	attr_t attributes[ROLE__N];
	struct buf text;
	int wake[2];
	SCREEN *screen;
	struct term_mouse event;
} term = { .wake = { -1, -1 } };

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
#include "analyze/browse/roles.def"
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
	if (never || !has_colors())
		return;
	start_color();
	use_default_colors();
	if (COLORS < 8)
		return;
	for (unsigned i = 0; i < ROLE__N; i++)
		colored(i, COLORS >= 256 && c != COLORS_16);
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

/* Releases and movements are nothing to act on. */
static int decode_mouse(void)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return IGNORED;
	term.event = (struct term_mouse){
		.row = e.y, .column = e.x,
		.press = e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED),
		.up = e.bstate & BUTTON4_PRESSED,
		.down = e.bstate & BUTTON5_PRESSED,
	};
	return term.event.press || term.event.up || term.event.down ? KEY_MOUSE : IGNORED;
}

struct term_mouse term_mouse(void)
{
	return term.event;
}

/* Esc has come: alone, with a key (which is Alt and that key), or as a sequence. */
static int decode_escape(void)
{
	char p[ESCAPE_MAX];
	size_t len = 0;
	wint_t c = 0;
	int kind, key;

	do {
		kind = get_wch(&c);
		if (kind == KEY_CODE_YES)
			ungetch((int)c);
		else if (kind == OK && c == TERM_ESC) {
			unget_wch((wchar_t)c);	/* the next one begins */
			break;
		} else if (kind == OK)
			p[len++] = c < 0x80 ? (char)c : 0x7f;
	} while (kind == OK && escape_goes_on(p, len));
	if (len == 0)
		return TERM_ESC;
	if (len == 1)
		return (kind == OK && c != TERM_ESC ? (int)c : p[0]) | TERM_ALT;
	key = escape_key(p, len);
	return key < 0 ? TERM_ALT : key;
}

/* A code of ncurses, a character, or a character with the bit of Alt. */
static int decode_one(void)
{
	wint_t c;
	const int kind = get_wch(&c);

	if (kind == ERR)
		return TERM_NOTHING;
	if (kind == KEY_CODE_YES)
		return c == KEY_RESIZE ? IGNORED : c == KEY_MOUSE ? decode_mouse() : (int)c;
	if (c == TERM_ESC)
		return decode_escape();
	return c < 0x80 ? (int)c : (int)c | TERM_UNICODE;
}

/* ncurses reads ahead: behind what is ignored there may be keys that poll knows nothing of. */
static int decode_key(void)
{
	int key;

	while ((key = decode_one()) == IGNORED)
		;
	return key;
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
	key = decode_key();		/* ncurses may have read ahead */
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

		key = decode_key();
		/* Readable, but there is nothing: the other side is closed. */
		if (key == TERM_NOTHING && (p[0].revents & POLLHUP) &&
		    read(STDIN_FILENO, &none, 0) < 0)
			return TERM_GONE;
		return key;
	}
	return p[0].revents & (POLLHUP | POLLERR | POLLNVAL) ? TERM_GONE : TERM_NOTHING;
}

/* ---- drawing -------------------------------------------------------------------- */

void term_erase(void)
{
	erase();
}

void term_refresh(void)
{
	refresh();
}

void term_redraw(void)
{
	clearok(curscr, true);
}

unsigned long term_attributes(enum term_role role)
{
	return term.attributes[role];
}

static int room(int row, int column, int width)
{
	if (row < 0 || row >= LINES || column < 0 || column >= COLS)
		return 0;
	return width < 0 || width > COLS - column ? COLS - column : width;
}

int term_quoted(int row, int column, int width, enum term_role role, const void *p,
		size_t len, bool pad)
{
	int used;

	width = room(row, column, width);
	if (width == 0)
		return 0;
	buf_reset(&term.text);
	used = (int)cell_text(&term.text, p, len, (size_t)width, term.utf8);
	for (int i = used; pad && i < width; i++)
		buf_byte(&term.text, ' ');
	attrset(term.attributes[role]);
	mvaddnstr(row, column, (const char *)term.text.p, (int)term.text.len);
	attrset(A_NORMAL);
	return used;
}

void term_put(int row, int column, int width, enum term_role role, const char *text)
{
	term_quoted(row, column, width, role, text, strlen(text), false);
}

void term_fill(int row, int column, int width, enum term_role role)
{
	term_quoted(row, column, width, role, "", 0, true);
}

void term_text(struct buf *out)
{
	wchar_t line[1024];
	char c[MB_LEN_MAX];

	for (int row = 0; row < LINES; row++) {
		size_t end = out->len;

		line[0] = 0;
		mvwinnwstr(curscr, row, 0, line, sizeof(line) / sizeof(line[0]) - 1);
		for (const wchar_t *w = line; *w; w++) {
			const int n = wctomb(c, *w);

			buf_put(out, c, n > 0 ? (size_t)n : 0);
			end = *w == L' ' ? end : out->len;
		}
		out->len = end;
		buf_byte(out, '\n');
	}
}

void term_cursor(int row, int column, bool visible)
{
	curs_set(visible);
	if (room(row, column, 1))
		move(row, column);
}

void term_mark(int row, int column, int width, enum term_role role)
{
	width = room(row, column, width);
	if (width > 0)
		mvchgat(row, column, width, term.attributes[role] & ~A_COLOR,
			(short)PAIR_NUMBER(term.attributes[role]), NULL);
}
