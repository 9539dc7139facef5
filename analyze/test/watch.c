/* SPDX-License-Identifier: Apache-2.0 */
/* Folders are watched, not files: an editor that renames a new file over the old one, or removes it
 * first, would take the watch with it.  Where the kernel has no watch left (or a file system
 * tells nothing), files are looked at once a second.
 *
 * What a file is like is taken before it is read: in watch_wait, or, of a file that is new, by
 * comparing its time with that of watch_begin; so no change is missed. */
#include "analyze/test/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "capture/base/mem.h"
#include "capture/base/progress.h"
#include "rules/set/ruleset.h"

enum {
	QUIET_MS = 80, QUIET_MAX_MS = 2000,	/* an editor has done, or never will */
	LOOK_MS = 1000,
	MASK = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVE | IN_CREATE | IN_DELETE,
};

struct entry {
	char *path;
	uint64_t is;			/* what it is like */
	bool tree, changed, listed, used;
};

struct watch {
	int inotify, signals;
	sigset_t mask, before;
	bool look;			/* inotify does not see all */
	struct timespec began;
	struct entry *v;
	size_t n, cap;
	const char **list;		/* changed; of texts */
	size_t n_list, list_cap;
	struct arena texts;
};

/* ---- what a file is like ---- */

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	return XXH3_64bits_withSeed(p, n, h);
}

static uint64_t mix_stat(uint64_t h, const struct stat *st)
{
	const uint64_t v[] = { st->st_dev, st->st_ino, (uint64_t)st->st_size,
		(uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec };

	return mix(h, v, sizeof(v));
}

static bool ends(const char *text, const char *with)
{
	const size_t n = strlen(text), m = strlen(with);

	return n > m && strcmp(text + n - m, with) == 0;
}

static int is_rules(const struct dirent *d)
{
	return ruleset_takes(d->d_name);
}

static uint64_t rules_like(const char *path)
{
	struct dirent **names = NULL;
	const int n = scandir(path, &names, is_rules, alphasort);
	uint64_t h = 1;

	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];
		struct stat st;

		h = mix(h, names[i]->d_name, strlen(names[i]->d_name));
		if (snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) <
		    (int)sizeof(file) && stat(file, &st) == 0)
			h = mix_stat(h, &st);
		free(names[i]);
	}
	free(names);
	return h;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void watch_folder(struct watch *w, const char *path);

/* Names of test files; all folders are watched on the way. */
static uint64_t tree_like(struct watch *w, const char *path)
{
	char *const paths[] = { (char *)(uintptr_t)path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	uint64_t h = 2;
	FTSENT *e;

	while (tree && (e = fts_read(tree)) != NULL) {
		if (e->fts_info == FTS_D && e->fts_level > 0 && e->fts_name[0] == '.')
			fts_set(tree, e, FTS_SKIP);
		else if (e->fts_info == FTS_D)
			watch_folder(w, e->fts_path);
		else if (ends(e->fts_name, ".test.yaml") || ends(e->fts_name, ".test.yml"))
			h = mix(h, e->fts_path, e->fts_pathlen);
	}
	if (tree)
		fts_close(tree);
	return h;
}

/* 0: it is not there. */
static uint64_t like(struct watch *w, const struct entry *e, struct timespec *changed)
{
	struct stat st;

	*changed = (struct timespec){0};
	if (stat(e->path, &st) < 0)
		return 0;
	if (e->tree)
		return tree_like(w, e->path);
	*changed = st.st_ctim;
	return S_ISDIR(st.st_mode) ? rules_like(e->path) : mix_stat(3, &st);
}

/* ---- what is watched ---- */

static void watch_folder(struct watch *w, const char *path)
{
	if (inotify_add_watch(w->inotify, path, MASK | IN_ONLYDIR) < 0)
		w->look = true;
}

/* The folder that holds it, and the one that holds what a link leads to. */
static void watch_around(struct watch *w, const char *path)
{
	char folder[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const size_t n = slash ? (size_t)(slash - path) : 0;

	if (n < sizeof(folder)) {
		memcpy(folder, path, n);
		folder[n] = '\0';
		watch_folder(w, n ? folder : slash ? "/" : ".");
	}
	if (!realpath(path, real))
		return;
	*strrchr(real, '/') = '\0';
	watch_folder(w, *real ? real : "/");
}

static struct entry *find(const struct watch *w, const char *path, bool tree)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].tree == tree && strcmp(w->v[i].path, path) == 0)
			return &w->v[i];
	return NULL;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static struct entry *add(struct watch *w, const char *path, bool tree)
{
	struct timespec changed;
	struct entry *e;

	w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	e = &w->v[w->n++];
	*e = (struct entry){ .path = xstrdup(path), .tree = tree, .changed = true };
	e->is = like(w, e, &changed);
	if (is_later(&changed, &w->began))
		e->is = 0;
	return e;
}

static void watch_path(struct watch *w, const char *path, bool tree)
{
	struct entry *e = find(w, path, tree);
	struct stat st;

	if (!e)
		e = add(w, path, tree);
	if (e->used)
		return;
	e->used = true;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		watch_folder(w, path);
	watch_around(w, path);
}

void watch_file(struct watch *w, const char *path)
{
	watch_path(w, path, false);
}

void watch_tree(struct watch *w, const char *path)
{
	watch_path(w, path, true);
}

struct watch *watch_new(void)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	w->look = w->inotify < 0;
	sigemptyset(&w->mask);
	sigaddset(&w->mask, SIGINT);
	sigaddset(&w->mask, SIGTERM);
	sigaddset(&w->mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &w->mask, &w->before);
	w->signals = signalfd(-1, &w->mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return w;
}

void watch_leave(const struct watch *w)
{
	sigprocmask(SIG_SETMASK, &w->before, NULL);
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	watch_leave(w);
	if (w->inotify >= 0)
		close(w->inotify);
	if (w->signals >= 0)
		close(w->signals);
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].path);
	free(w->v);
	free(w->list);
	arena_release(&w->texts);
	free(w);
}

static void forget_unused(struct watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].used)
			w->v[n++] = w->v[i];
		else
			free(w->v[i].path);
	}
	w->n = n;
}

void watch_begin(struct watch *w)
{
	/* Times of files may be behind the clock by a tick. */
	const struct timespec tick = { .tv_nsec = 10000000 };

	clock_gettime(CLOCK_REALTIME, &w->began);
	nanosleep(&tick, NULL);
	for (size_t i = 0; i < w->n; i++)
		w->v[i].used = false;
}

bool watch_changed(const struct watch *w, const char *path)
{
	const struct entry *e = find(w, path, false);

	return !e || e->changed;
}

const char *const *watch_list(const struct watch *w, size_t *n)
{
	*n = w->n_list;
	return w->list;
}

size_t watch_count(const struct watch *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += !w->v[i].tree && w->v[i].used;
	return n;
}

/* ---- waiting ---- */

/* Until something happens, or the time is over.  1: a signal came; *quiet: nothing happened. */
static int sleep_ms(struct watch *w, int ms, bool *quiet)
{
	struct pollfd p[2] = { { .fd = w->signals, .events = POLLIN },
		{ .fd = w->inotify, .events = POLLIN } };
	char events[4096] __attribute__((aligned(8)));
	struct signalfd_siginfo signal;
	int n;

	do
		n = poll(p, 2, ms);
	while (n < 0 && errno == EINTR);
	*quiet = n <= 0;
	if (n > 0 && p[0].revents) {
		n = (int)read(w->signals, &signal, sizeof(signal));
		return 1;
	}
	while (n > 0 && p[1].revents && read(w->inotify, events, sizeof(events)) > 0)
		;
	return 0;
}

/* Whether something is not what it was when this was last asked. */
static bool look(struct watch *w)
{
	bool any = false;

	for (size_t i = 0; i < w->n; i++) {
		struct entry *e = &w->v[i];
		struct timespec unused;
		const uint64_t is = like(w, e, &unused);

		if (is == e->is)
			continue;
		any = true;
		e->is = is;
		if (e->listed)
			continue;
		e->changed = e->listed = true;
		w->list = mem_grow(w->list, &w->list_cap, w->n_list + 1, sizeof(*w->list));
		w->list[w->n_list++] = arena_str(&w->texts, e->path);
	}
	return any;
}

static void forget_changes(struct watch *w)
{
	w->n_list = 0;
	arena_reset(&w->texts);
	for (size_t i = 0; i < w->n; i++) {
		w->v[i].listed = false;
		w->v[i].changed = w->v[i].is == 0;	/* what is not there is looked for */
	}
}

/* Editors write in several steps. */
static int wait_until_quiet(struct watch *w)
{
	const uint64_t from = monotonic_ns();
	bool quiet;

	do {
		if (sleep_ms(w, QUIET_MS, &quiet) != 0)
			return 1;
		quiet &= !look(w);
	} while (!quiet && monotonic_ns() - from < QUIET_MAX_MS * UINT64_C(1000000));
	return 0;
}

int watch_wait(struct watch *w)
{
	bool unused;

	forget_unused(w);
	forget_changes(w);
	while (!look(w))
		if (sleep_ms(w, w->look ? LOOK_MS : -1, &unused) != 0)
			return 1;
	return wait_until_quiet(w);
}
