/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse_live.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/verbs.h"
#include "capture/base/buf.h"
#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/base/output.h"
#include "capture/base/progress.h"
#include "capture/trace/source.h"

enum { LOOK_US = 50000 };
static const uint64_t patience = UINT64_C(30) * 1000 * 1000 * 1000;

/* The browser cannot end it: its sandbox sends no signals.  The kernel does, when nobody has the
 * other end of a pipe any more, whatever the browser died of. */
static bool end_with(int pipe)
{
	return fcntl(pipe, F_SETOWN, getpid()) >= 0 && fcntl(pipe, F_SETSIG, SIGTERM) >= 0 &&
		fcntl(pipe, F_SETFL, O_ASYNC) >= 0;
}

enum { ARGS_MAX = RECORDER_RULES_MAX + 20 };

/* Of a file of its own the newest is kept, and what the browser looks at: it ends where that has
 * been paused for so long that it is many times as large as it should be. */
enum { PAUSED_TIMES = 4, PAUSED_MORE = 64 << 20 };

static int size_arguments(const struct recorder *r, const struct recorder_options *o,
			  const char **argv)
{
	static char size[24], keep[24];
	int n = 0;

	snprintf(keep, sizeof(keep), "%" PRIu64, o->size);
	snprintf(size, sizeof(size), "%" PRIu64,
		 r->keeps ? o->size * PAUSED_TIMES + PAUSED_MORE : o->size);
	argv[n++] = "--size";
	argv[n++] = size;
	if (r->keeps) {
		argv[n++] = "--keep";
		argv[n++] = keep;
	}
	return n;
}

/* The alerts of a recording that nobody keeps would only be thrown away. */
static int arguments(const struct recorder *r, const struct recorder_options *o, pid_t browser,
		     const char *argv[ARGS_MAX])
{
	static char pid[16];
	int n = 0;

	argv[n++] = "live";
	argv[n++] = "--quiet";
	if (!o->alerts) {
		argv[n++] = "--disable";
		argv[n++] = "*";
	}
	for (unsigned i = 0; i < o->n_rules && o->alerts; i++)
		argv[n++] = o->rules[i];
	if (!o->self) {
		snprintf(pid, sizeof(pid), "%d", (int)browser);
		argv[n++] = "--not-pid";
		argv[n++] = pid;
	}
	argv[n++] = "--snaplen";
	argv[n++] = o->snaplen;
	if (o->latency)
		argv[n++] = "--latency";
	argv[n++] = "--flush";
	argv[n++] = "0.4";
	n += size_arguments(r, o, argv + n);
	argv[n++] = "--record";
	argv[n++] = r->path;
	argv[n] = NULL;
	return n;
}

static void be_recorder(const struct recorder *r, const struct recorder_options *o, int said,
			int lives, pid_t browser)
{
	const char *argv[ARGS_MAX];
	const int argc = arguments(r, o, browser, argv);
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();	/* what is typed at the terminal does not concern it */
	signal(SIGPIPE, SIG_IGN);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(said, 2) < 0 ||
	    !end_with(lives))
		_exit(EXIT_FAILED);
	verb_live(argc, (char **)(uintptr_t)argv);
	if (r->folder) {
		unlink(r->path);
		rmdir(r->folder);
	}
	_exit(0);
}

/* What is given up becomes a hole in the file. */
static bool has_holes(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const bool has = fd >= 0 && output_has_holes(fd);

	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	return has;
}

static int choose_file(struct recorder *r, const char *path)
{
	const char *tmp = getenv("TMPDIR");
	struct buf name = {0};

	if (path) {
		r->path = xstrdup(path);
		return 0;
	}
	buf_printf(&name, "%s/saker-live-XXXXXX", tmp && *tmp ? tmp : "/var/tmp");
	buf_byte(&name, 0);
	r->folder = (char *)name.p;
	if (!mkdtemp(r->folder)) {
		err_sys("%s", r->folder);
		free(r->folder);
		r->folder = NULL;
		return -ERR_SYSTEM;
	}
	r->path = xmalloc(strlen(r->folder) + sizeof("/live.skr"));
	sprintf(r->path, "%s/live.skr", r->folder);
	r->keeps = has_holes(r->path);
	return 0;
}

/* There is an event to begin with. */
static bool has_events(const char *path)
{
	struct source *s = access(path, R_OK) == 0 ? source_open_growing(path) : NULL;
	const bool has = s != NULL;

	source_close(s);
	return has;
}

static int wait_for_events(struct recorder *r)
{
	const uint64_t begun = monotonic_ns();
	char text[512] = "", more[512];
	ssize_t n;

	while (!has_events(r->path)) {
		n = read(r->said, more, sizeof(more) - 1);
		if (n > 0) {
			snprintf(text, sizeof(text), "%.*s", (int)strcspn(more, "\n"), more);
		} else if (n == 0) {
			return err(ERR_PRIVILEGE, "%s", strncmp(text, "saker: ", 7) == 0 ? text + 7
				   : *text ? text : "the recorder has ended");
		}
		if (monotonic_ns() - begun > patience)
			return err(ERR_SYSTEM, "the recorder sees no events");
		usleep(LOOK_US);
	}
	return 0;
}

int recorder_start(struct recorder *r, const struct recorder_options *o)
{
	const char *const path = o->path;
	const pid_t browser = getpid();
	int said[2], lives[2];

	*r = (struct recorder){ .pid = -1, .said = -1 };
	if (path && access(path, F_OK) == 0)
		return err(ERR_USAGE, "%s exists; --live writes a new file", path);
	if (choose_file(r, path) < 0)
		return -ERR_SYSTEM;
	if (pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(lives, O_CLOEXEC) < 0)
		return err_sys("pipe");
	fflush(NULL);
	r->pid = fork();
	if (r->pid == 0) {
		close(said[0]);
		close(lives[1]);
		be_recorder(r, o, said[1], lives[0], browser);
	}
	close(said[1]);
	close(lives[0]);	/* the other end stays open for as long as the browser is there */
	r->said = said[0];
	return r->pid < 0 ? err_sys("fork") : wait_for_events(r);
}

void recorder_release(struct recorder *r)
{
	if (r->said >= 0)
		close(r->said);
	free(r->path);
	free(r->folder);
}
