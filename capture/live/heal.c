/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/heal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <time.h>

#include "capture/base/mem.h"
#include "capture/live/clock.h"

enum {
	ASKED_MAX = 8192,		/* more processes are all processes */
	TRIES = 50,
	FIND_MAX = 256,			/* findings that nobody took */
	REST = 4,			/* times what the last look took */
	REST_MIN_NS = 200 * 1000, REST_MAX_NS = 50 * 1000 * 1000,
	AGAIN_NS = 20 * 1000 * 1000,	/* to one that was running */
};

struct asked {
	uint32_t pid, tries;
	uint64_t not_before;
};

struct finding {
	struct snapshot *snap;
	uint64_t ts;
	uint32_t pid;
};

struct heal {
	pthread_t thread;
	pthread_mutex_t lock;		/* held for a few instructions only */
	pthread_cond_t more;
	struct snapshot_options opt;
	struct asked asked[ASKED_MAX];
	unsigned n_asked;
	bool all;
	uint64_t owed;			/* of rest, in ns */
	atomic_bool stop;
	struct finding find[FIND_MAX];
	unsigned first, n_find;
	atomic_uint waiting;		/* = n_find, for a look without the lock */
};

static void sleep_ns(uint64_t ns)
{
	const struct timespec t = { .tv_nsec = (long)ns };

	nanosleep(&t, NULL);
}

static void keep_capabilities(void)
{
	static const cap_value_t keep[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	cap_t const c = cap_init();

	if (!c)
		return;
	cap_set_flag(c, CAP_PERMITTED, 2, keep, CAP_SET);
	cap_set_flag(c, CAP_EFFECTIVE, 2, keep, CAP_SET);
	cap_set_proc(c);		/* of this thread alone */
	cap_free(c);
}

/* With the lock.  Who is asked for anew has all its tries before it. */
static void put_asked(struct heal *h, uint32_t pid, uint32_t tries, uint64_t not_before)
{
	for (unsigned i = 0; i < h->n_asked; i++)
		if (h->asked[i].pid == pid) {
			if (tries < h->asked[i].tries)
				h->asked[i].tries = tries;
			return;
		}
	if (h->n_asked == ASKED_MAX) {
		h->all = true;
		h->n_asked = 0;
		return;
	}
	h->asked[h->n_asked++] = (struct asked){ pid, tries, not_before };
}

void heal_ask(struct heal *h, uint32_t pid)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	if (pid)
		put_asked(h, pid, 0, 0);
	else
		h->all = true;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

uint64_t heal_next(struct heal *h)
{
	return h && atomic_load(&h->waiting) ? h->find[h->first].ts : 0;
}

struct snapshot *heal_take(struct heal *h, uint32_t *pid)
{
	const struct finding f = h->find[h->first];

	pthread_mutex_lock(&h->lock);
	h->first = (h->first + 1) % FIND_MAX;
	atomic_store(&h->waiting, --h->n_find);
	pthread_mutex_unlock(&h->lock);
	*pid = f.pid;
	return f.snap;
}

/* ---- the thread ---- */

static int ask_one(uint32_t pid, void *arg)
{
	struct heal *const h = arg;

	pthread_mutex_lock(&h->lock);
	if (pid != h->opt.self && h->n_asked < ASKED_MAX)
		put_asked(h, pid, 0, 0);
	pthread_mutex_unlock(&h->lock);
	return 0;
}

/* The next that is due; false: none is. */
static bool next_asked(struct heal *h, struct asked *a)
{
	const uint64_t now = clock_ns(CLOCK_BOOTTIME);
	bool found = false;

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < h->n_asked && !found; i++) {
		if (h->asked[i].not_before > now)
			continue;
		*a = h->asked[i];
		memmove(h->asked + i, h->asked + i + 1,
			(h->n_asked - i - 1) * sizeof(h->asked[0]));
		h->n_asked--;
		found = true;
	}
	pthread_mutex_unlock(&h->lock);
	return found;
}

static void found(struct heal *h, const struct asked *a, struct snapshot *s, uint64_t ts)
{
	pthread_mutex_lock(&h->lock);
	h->find[(h->first + h->n_find) % FIND_MAX] = (struct finding){ s, ts, a->pid };
	atomic_store(&h->waiting, ++h->n_find);
	pthread_mutex_unlock(&h->lock);
}

/* Most of those that a storm of processes leaves behind are gone, and cost so little that
 * several of them are one rest. */
static void rest(struct heal *h, uint64_t took)
{
	h->owed += took * REST;
	if (h->owed < REST_MIN_NS)
		return;
	sleep_ns(h->owed > REST_MAX_NS ? REST_MAX_NS : h->owed);
	h->owed = 0;
}

static void look_at(struct heal *h, const struct asked *a)
{
	const uint64_t from = clock_ns(CLOCK_BOOTTIME);
	struct snapshot *s = NULL;
	uint64_t when;

	switch (snapshot_of_one(&h->opt, a->pid, &s, &when)) {
	case SNAPSHOT_TRUE:
		found(h, a, s, when);
		break;
	case SNAPSHOT_BUSY:
		pthread_mutex_lock(&h->lock);
		if (a->tries + 1 < TRIES)
			put_asked(h, a->pid, a->tries + 1, clock_ns(CLOCK_BOOTTIME) + AGAIN_NS);
		pthread_mutex_unlock(&h->lock);
		break;
	case SNAPSHOT_GONE:
		break;
	}
	rest(h, clock_ns(CLOCK_BOOTTIME) - from);
}

/* Waits until there is something to do and room for what is found. */
static bool wait_more(struct heal *h)
{
	bool all;

	pthread_mutex_lock(&h->lock);
	while (!atomic_load(&h->stop) && !h->all && !h->n_asked)
		pthread_cond_wait(&h->more, &h->lock);
	all = h->all;
	h->all = false;
	pthread_mutex_unlock(&h->lock);
	if (all && h->opt.tree)
		snapshot_each_descendant(h->opt.tree, ask_one, h);
	else if (all)
		snapshot_each_process(ask_one, h);
	return !atomic_load(&h->stop);
}

static void *run(void *arg)
{
	struct heal *const h = arg;
	struct asked a;

	keep_capabilities();
	while (wait_more(h)) {
		if (atomic_load(&h->waiting) == FIND_MAX || !next_asked(h, &a))
			sleep_ns(5 * 1000 * 1000);
		else
			look_at(h, &a);
	}
	return NULL;
}

struct heal *heal_start(const struct snapshot_options *opt)
{
	struct heal *const h = xcalloc(1, sizeof(*h));
	sigset_t all, old;
	int n;

	h->opt = *opt;
	h->opt.stop = &h->stop;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	n = pthread_create(&h->thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (n == 0)
		return h;
	free(h);
	return NULL;
}

void heal_stop(struct heal *h)
{
	uint32_t pid;

	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	atomic_store(&h->stop, true);
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	while (h->n_find)
		snapshot_free(heal_take(h, &pid));
	free(h);
}
