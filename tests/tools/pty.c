/* SPDX-License-Identifier: Apache-2.0 */
/* How long saker browse takes for whoever sits before it: runs it in a pseudo terminal of 80x24,
 * presses keys, and reads its screen with the terminal emulator that replays sessions.
 *   pty SAKER FILE SECONDS [VIEW...]	milliseconds; SECONDS: of the recording; the views
 *					(by title) are waited for until they are complete
 * That all is there the browser tells in the file SAKER_BROWSE_SYNC. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/browse/front/vt.h"
#include "analyze/browse/model/view.h"
#include "capture/base/err.h"
#include "capture/base/progress.h"

enum { WAIT_MS = 120000, JUMPS = 20, BODY = 4, ENTER = '\r', BACKSPACE = 0x7f };

struct terminal {
	int fd, sync;
	pid_t pid;
	struct vt vt;
	uint64_t n_keys;	/* sent */
	const char *title;	/* of the view that is waited for */
	char path[256];		/* of sync */
};

typedef bool condition(struct terminal *t);

static double ms(uint64_t since)
{
	return (double)(monotonic_ns() - since) / 1e6;
}

/* ---- the program ---------------------------------------------------------------- */

static void start(struct terminal *t, const char *saker, const char *file)
{
	const struct winsize size = { .ws_row = VT_ROWS, .ws_col = VT_COLUMNS };
	const char *tmp = getenv("TMPDIR");
	char path[256];

	snprintf(path, sizeof(path), "%s/saker-pty-XXXXXX", tmp ? tmp : "/tmp");
	*t = (struct terminal){ .sync = mkstemp(path) };
	snprintf(t->path, sizeof(t->path), "%s", path);
	vt_reset(&t->vt);
	t->pid = t->sync < 0 ? -1 : forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid < 0) {
		perror("pty");
		exit(EXIT_FAILED);
	}
	if (t->pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("SAKER_BROWSE_SYNC", path, 1);
		execl(saker, saker, "browse", "--no-notes", file, (char *)NULL);
		_exit(EXIT_FAILED);
	}
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
}

/* Takes what the program has written; false: it has ended. */
static bool pump(struct terminal *t, int wait)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	uint8_t bytes[8192];
	ssize_t n;

	poll(&p, 1, wait);
	while ((n = read(t->fd, bytes, sizeof(bytes))) > 0)
		vt_put(&t->vt, bytes, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void stop(struct terminal *t)
{
	kill(t->pid, SIGTERM);
	while (pump(t, 10))
		;
	waitpid(t->pid, NULL, 0);
	close(t->fd);
	close(t->sync);
	unlink(t->path);
}

static void press(struct terminal *t, const char *keys)
{
	if (write(t->fd, keys, strlen(keys)) != (ssize_t)strlen(keys))
		perror("pty");
	t->n_keys += strlen(keys);
}

/* Milliseconds until it holds; negative: it never did. */
static double await(struct terminal *t, uint64_t began, condition *holds)
{
	while (ms(began) < WAIT_MS) {
		if (holds(t))
			return ms(began);
		if (!pump(t, 1))
			break;
	}
	return -1;
}

/* Of the program so far, user and system. */
static double cpu_ms(const struct terminal *t)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)t->pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			 &user, &system) != 2)
		user = system = 0;
	if (f)
		fclose(f);
	return (double)(user + system) * 1000.0 / (double)sysconf(_SC_CLK_TCK);
}

static long memory_kb(const struct terminal *t, const char *what)
{
	char path[64], line[128];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)t->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kb = atol(line + strlen(what));
	if (f)
		fclose(f);
	return kb;
}

/* ---- what is on the screen ------------------------------------------------------ */

static bool row_has(const struct terminal *t, int row, const char *text)
{
	char line[4 * VT_COLUMNS_MAX + 1];

	line[vt_row(&t->vt, row, line)] = 0;
	return strstr(line, text) != NULL;
}

static bool row_blank(const struct terminal *t, int row)
{
	char line[4 * VT_COLUMNS_MAX];

	return vt_row(&t->vt, row, line) == 0;
}

/* All keys were acted on and what followed was drawn; done: and is all that there will be. */
static bool acted(struct terminal *t, bool done)
{
	char text[64] = "";
	uint64_t n;
	int all;

	if (pread(t->sync, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%" SCNu64 " %d", &n, &all) != 2 || n < t->n_keys || (done && !all))
		return false;
	return pump(t, 0);
}

static bool is_complete(struct terminal *t)
{
	return acted(t, true);
}

static bool is_begun(struct terminal *t)
{
	return row_has(t, 0, "saker") && row_has(t, BODY, "events") &&
		!row_blank(t, VT_ROWS - 1);
}

/* The view has a row below its head, or will never have one. */
static bool has_rows(struct terminal *t)
{
	return acted(t, false) && row_has(t, 0, t->title) && !row_blank(t, BODY + 1) &&
		!row_has(t, BODY + 1, "reading ...");
}

/* It said that it will never have one. */
static bool is_empty(const struct terminal *t)
{
	return row_has(t, BODY + 1, "nothing of this kind") || row_has(t, BODY + 1, "no events")
		|| row_has(t, BODY + 1, "not told how long");
}

static bool is_at_time(struct terminal *t)
{
	return acted(t, true) && !row_blank(t, BODY + 1);
}

/* ---- measuring ------------------------------------------------------------------ */

/* Up to the last key, which is not pressed yet. */
static void choose_view(struct terminal *t, const char *title)
{
	press(t, "v");
	press(t, title);
	t->title = title;
}

static void back(struct terminal *t)
{
	const char key[] = { BACKSPACE, 0 };

	press(t, key);
	await(t, monotonic_ns(), is_complete);
}

static double enter(struct terminal *t, uint64_t *began, condition *holds)
{
	const char key[] = { ENTER, 0 };

	*began = monotonic_ns();
	press(t, key);
	return await(t, *began, holds);
}

static void time_first(struct terminal *t, const struct views *vs)
{
	uint64_t began;

	for (size_t i = 0; i < vs->n; i++) {
		double took;

		choose_view(t, vs->v[i]->title);
		took = enter(t, &began, has_rows);
		printf("%s %.1f ms %s\n", is_empty(t) ? "empty" : "view", took,
		       vs->v[i]->title);
		back(t);
	}
}

/* Views that have few rows, or none, while the first pass is at work. */
static void time_once(const char *saker, const char *file)
{
	static const char *const titles[] = {
		"Connections", "Listening", "Containers", "Pods", "System log", "Port bindings",
		"New connections", "System events",
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct terminal t;
		uint64_t began;
		double took;

		start(&t, saker, file);
		await(&t, monotonic_ns(), is_begun);
		choose_view(&t, titles[i]);
		took = enter(&t, &began, has_rows);
		printf("%s %.1f ms %s\n", is_empty(&t) ? "none" : "once", took, titles[i]);
		stop(&t);
	}
}

static void time_whole(struct terminal *t, char **titles, int n)
{
	uint64_t began;

	for (int i = 0; i < n; i++) {
		const double cpu = cpu_ms(t);
		double all;

		choose_view(t, titles[i]);
		enter(t, &began, has_rows);
		all = await(t, began, is_complete);
		printf("whole %.1f ms, cpu %.0f ms %s\n", all, cpu_ms(t) - cpu, titles[i]);
		back(t);
	}
}

static void time_jumps(struct terminal *t, double seconds)
{
	double sum = 0, worst = 0;
	uint64_t began;

	choose_view(t, "Events");
	enter(t, &began, is_complete);
	for (unsigned i = 0; i < JUMPS; i++) {
		char when[40];
		double took;

		snprintf(when, sizeof(when), ":+%.3fs", seconds / JUMPS * (i * 7 % JUMPS));
		press(t, when);
		took = enter(t, &began, is_at_time);
		sum += took;
		worst = took > worst ? took : worst;
	}
	printf("jump %.1f ms, worst %.1f ms\n", sum / JUMPS, worst);
}

static void time_all(const char *saker, const char *file, double seconds, char **titles, int n)
{
	uint64_t began = monotonic_ns();
	struct views views;
	struct terminal t;
	double first;

	start(&t, saker, file);
	first = await(&t, began, is_begun);
	printf("screen %.1f ms\n", first);
	choose_view(&t, "Files");
	printf("early %.1f ms\n", enter(&t, &began, has_rows));
	stop(&t);
	time_once(saker, file);
	began = monotonic_ns();
	start(&t, saker, file);
	first = await(&t, began, is_complete);
	printf("pass %.1f ms, cpu %.0f ms\n", first, cpu_ms(&t));
	views_init(&views);
	time_jumps(&t, seconds);
	time_first(&t, &views);
	time_whole(&t, titles, n);
	printf("memory %ld kB, anonymous %ld kB\n", memory_kb(&t, "VmHWM:"),
	       memory_kb(&t, "RssAnon:"));
	stop(&t);
	views_release(&views);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: pty SAKER FILE SECONDS [VIEW...]\n");
		return EXIT_FAILED;
	}
	setlocale(LC_ALL, "C.UTF-8");
	setvbuf(stdout, NULL, _IOLBF, 0);
	time_all(argv[1], argv[2], atof(argv[3]), argv + 4, argc - 4);
	return EXIT_DONE;
}
