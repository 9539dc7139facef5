/* SPDX-License-Identifier: Apache-2.0 */
/* The thread keeps what each thread had used when it was last told, and tells again when that
 * has grown by a millisecond: what is idle costs a look, and nothing in the recording. */
#include "capture/live/sample.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <time.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/base/mem.h"
#include "capture/base/timearg.h"
#include "capture/live/clock.h"
#include "capture/live/cputime.h"
#include "capture/live/sample_read.h"

enum {
	NEWS_NS = 1000000,
	LOOKS_MAX = 8,			/* that nobody took: then a look is left out */
	NS_PER_FALCO = 10000000,	/* procinfo's cpu_usr and cpu_sys */
};

/* A thread as it was told. */
struct told {
	uint32_t tid;			/* 0: free */
	uint64_t start, utime, stime;
};

struct news {
	struct wire_sample s;
	uint64_t utime, stime;
};

/* What a look found. */
struct look {
	uint64_t ts, interval;
	struct news *v;
	struct sample_cpu *cpus;
	size_t n, n_cpus;
};

struct sampler {
	const struct probes *probes;
	struct live_options opt;
	uint32_t page_kib, filters;
	bool started, by_proc;
	struct told *told;
	uint32_t mask, n_told;
	struct sample_cpu *cpus;	/* by number, as they were told */
	struct buf rows, cpu_rows;
	uint64_t looked;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	struct look looks[LOOKS_MAX];
	unsigned first;
	size_t at;			/* in the first */
	atomic_uint waiting;
};

/* ---- what is known of threads ---- */

static struct told *find(struct told *v, uint32_t mask, uint32_t tid)
{
	uint32_t i = tid * 0x9e3779b9u & mask;

	while (v[i].tid && v[i].tid != tid)
		i = (i + 1) & mask;
	return &v[i];
}

static struct told *table_of(size_t n, uint32_t *mask)
{
	uint32_t size = 256;

	while (size < 2 * n)
		size *= 2;
	*mask = size - 1;
	return xcalloc(size, sizeof(struct told));
}

/* How the time is shared out is estimated anew each time: neither part may go back. */
static void share(const struct wire_sample *s, const struct told *before, uint64_t *user,
		  uint64_t *system)
{
	cputime_share(s->utime, s->stime, s->runtime, user, system);
	if (before->utime + before->stime > s->runtime)
		return;
	if (*system < before->stime)
		*system = before->stime;
	if (s->runtime - *system < before->utime)
		*system = s->runtime - before->utime;
	*user = s->runtime - *system;
}

static bool is_news(const struct told *t, const struct wire_sample *s, bool last)
{
	const uint64_t told = t->utime + t->stime;

	return s->runtime > told && (last || s->runtime - told >= NEWS_NS);
}

/* Goes through what was read: who is gone is forgotten. */
static void compare(struct sampler *s, struct look *out, bool last)
{
	const struct wire_sample *const v = (const void *)s->rows.p;
	const size_t n = s->rows.len / sizeof(*v);
	struct told *table;
	uint32_t mask;

	table = table_of(n, &mask);
	for (size_t i = 0; i < n; i++) {
		const struct told none = { .tid = v[i].tid, .start = v[i].start };
		const struct told *const old = s->told ? find(s->told, s->mask, none.tid) : &none;
		struct told *const new = find(table, mask, v[i].tid);

		*new = old->tid && old->start == v[i].start ? *old : none;
		if (!out) {
			cputime_share(v[i].utime, v[i].stime, v[i].runtime, &new->utime,
				      &new->stime);
		} else if (is_news(new, &v[i], last)) {
			share(&v[i], new, &new->utime, &new->stime);
			out->v[out->n++] = (struct news){ v[i], new->utime, new->stime };
		}
	}
	free(s->told);
	s->told = table;
	s->mask = mask;
}

static void compare_cpus(struct sampler *s, struct look *out)
{
	const struct sample_cpu *const v = (const void *)s->cpu_rows.p;
	const size_t n = s->cpu_rows.len / sizeof(*v);

	for (size_t i = 0; i < n; i++) {
		struct sample_cpu *const old = &s->cpus[v[i].cpu];
		struct sample_cpu d = { .cpu = v[i].cpu };
		uint64_t all = 0;

		for (unsigned t = 0; t < CPU_TIMES; t++) {
			d.ns[t] = v[i].ns[t] > old->ns[t] ? v[i].ns[t] - old->ns[t] : 0;
			all += d.ns[t];
		}
		if (out && all && (old->ns[CPU_IDLE] || old->ns[CPU_USER]))
			out->cpus[out->n_cpus++] = d;
		*old = v[i];
	}
}

/* ---- a look ---- */

static bool follows(uint32_t pid, void *arg)
{
	const struct sampler *const s = arg;

	if (pid == (uint32_t)getpid() || pid == s->opt.helper)
		return false;
	return !(s->opt.pid || s->opt.command) || probes_followed(s->probes, pid);
}

static int read_threads(struct sampler *s)
{
	const int fd = s->by_proc ? -1 : probes_sample(s->probes);
	int n = 0;

	buf_reset(&s->rows);
	if (fd >= 0) {
		n = sample_read_iterator(fd, &s->rows);
		close(fd);
		return n;
	}
	/* Only the kernel half knows who is in a control group, or calls itself so. */
	if (s->opt.cgroup || s->opt.comm || s->opt.by_uid)
		return -ENOTSUP;
	s->by_proc = true;
	return sample_read_proc(&s->rows, follows, s);
}

/* The whole machine's load belongs to recordings of the whole machine. */
static bool wants_cpus(const struct sampler *s)
{
	return !s->opt.pid && !s->opt.command && !s->opt.cgroup && !s->opt.comm && !s->opt.by_uid;
}

static void take_look(struct sampler *s, bool last)
{
	struct look look = {0};

	if (atomic_load(&s->waiting) == LOOKS_MAX || read_threads(s) < 0)
		return;
	buf_reset(&s->cpu_rows);
	if (wants_cpus(s))
		sample_read_cpus(&s->cpu_rows);
	look.ts = clock_ns(CLOCK_BOOTTIME);
	look.interval = look.ts - s->looked;
	look.v = xmalloc(s->rows.len / sizeof(struct wire_sample) * sizeof(struct news) + 1);
	look.cpus = xmalloc(s->cpu_rows.len + 1);
	compare(s, &look, last);
	compare_cpus(s, &look);
	s->looked = look.ts;
	if (!look.n && !look.n_cpus) {
		free(look.v);
		free(look.cpus);
		return;
	}
	pthread_mutex_lock(&s->lock);
	s->looks[(s->first + atomic_load(&s->waiting)) % LOOKS_MAX] = look;
	atomic_fetch_add(&s->waiting, 1);
	pthread_mutex_unlock(&s->lock);
}

struct sampler *sampler_new(const struct probes *p, const struct live_options *opt,
			    uint32_t page_kib)
{
	struct sampler *s;

	if (!opt->sample)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->probes = p;
	s->opt = *opt;
	s->page_kib = page_kib;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	s->cpus = xcalloc(SAMPLE_CPUS_MAX, sizeof(*s->cpus));
	if (read_threads(s) < 0) {
		sampler_free(s);
		return NULL;
	}
	compare(s, NULL, false);
	if (wants_cpus(s) && sample_read_cpus(&s->cpu_rows) == 0)
		compare_cpus(s, NULL);
	s->looked = clock_ns(CLOCK_BOOTTIME);
	return s;
}

bool sampler_first(const struct sampler *s, uint32_t tid, uint64_t *utime, uint64_t *stime)
{
	const struct told *const t = find(s->told, s->mask, tid);

	*utime = t->utime;
	*stime = t->stime;
	return t->tid != 0;
}

/* ---- the thread ---- */

/* What making an iterator takes on kernels that ask for it, or reading all of /proc. */
static void keep_capability(const struct sampler *s)
{
	const cap_value_t keep = s->by_proc ? CAP_SYS_PTRACE : CAP_BPF;
	cap_t const c = cap_init();

	if (!c)
		return;
	cap_set_flag(c, CAP_PERMITTED, 1, &keep, CAP_SET);
	cap_set_flag(c, CAP_EFFECTIVE, 1, &keep, CAP_SET);
	cap_set_proc(c);		/* of this thread alone */
	cap_free(c);
}

static struct timespec after(uint64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	ns += (uint64_t)t.tv_nsec;
	t.tv_sec += (time_t)(ns / NS_PER_S);
	t.tv_nsec = (long)(ns % NS_PER_S);
	return t;
}

/* Until the next look is due; true: that is the last one. */
static bool rest(struct sampler *s)
{
	const uint64_t due = s->looked + s->opt.sample, now = clock_ns(CLOCK_BOOTTIME);
	const struct timespec until = after(due > now ? due - now : 0);
	bool stop;
	int n = 0;

	pthread_mutex_lock(&s->lock);
	while (!s->stop && n == 0)
		n = pthread_cond_timedwait(&s->wake, &s->lock, &until);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void *run(void *arg)
{
	struct sampler *const s = arg;
	bool last;

	keep_capability(s);
	do {
		last = rest(s);
		take_look(s, last);
	} while (!last);
	return NULL;
}

void sampler_start(struct sampler *s)
{
	sigset_t all, old;

	if (!s)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	s->started = pthread_create(&s->thread, NULL, run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void sampler_finish(struct sampler *s)
{
	if (!s || !s->started)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->started = false;
}

static void forget_first(struct sampler *s)
{
	struct look *const l = &s->looks[s->first];

	free(l->v);
	free(l->cpus);
	pthread_mutex_lock(&s->lock);
	s->first = (s->first + 1) % LOOKS_MAX;
	s->at = 0;
	atomic_fetch_sub(&s->waiting, 1);
	pthread_mutex_unlock(&s->lock);
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	sampler_finish(s);
	while (atomic_load(&s->waiting))
		forget_first(s);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	free(s->told);
	free(s->cpus);
	buf_release(&s->rows);
	buf_release(&s->cpu_rows);
	free(s);
}

/* ---- handing out ---- */

uint64_t sampler_next(const struct sampler *s)
{
	return s && atomic_load(&s->waiting) ? s->looks[s->first].ts : 0;
}

#define PROC(name) (&ev->v[P(PROCINFO, name)])

static void make_procinfo(const struct sampler *s, const struct look *l, const struct news *n,
			  struct event *ev)
{
	event_init(ev, EV_PROCINFO);
	ev->tid = n->s.tid;
	ev->pid = n->s.pid;
	ev->cpu = (uint16_t)n->s.cpu;
	value_number(PROC(cpu_usr), n->utime / NS_PER_FALCO);
	value_number(PROC(cpu_sys), n->stime / NS_PER_FALCO);
	value_number(PROC(utime), n->utime);
	value_number(PROC(stime), n->stime);
	value_number(PROC(interval), l->interval);
	if (n->s.vm.size) {
		value_number(PROC(vm_size), (uint64_t)n->s.vm.size * s->page_kib);
		value_number(PROC(vm_rss), (uint64_t)n->s.vm.rss * s->page_kib);
		value_number(PROC(vm_swap), (uint64_t)n->s.vm.swap * s->page_kib);
	}
	value_number(PROC(pfmajor), n->s.pgft_maj);
	value_number(PROC(pfminor), n->s.pgft_min);
}

static void make_cpuinfo(const struct look *l, const struct sample_cpu *c, struct event *ev)
{
	static const uint16_t param[CPU_TIMES] = {
		P(CPUINFO, user), P(CPUINFO, nice), P(CPUINFO, system), P(CPUINFO, idle),
		P(CPUINFO, iowait), P(CPUINFO, irq), P(CPUINFO, softirq), P(CPUINFO, steal),
	};

	event_init(ev, EV_CPUINFO);
	ev->cpu = (uint16_t)c->cpu;
	value_number(&ev->v[P(CPUINFO, interval)], l->interval);
	for (unsigned i = 0; i < CPU_TIMES; i++)
		value_number(&ev->v[param[i]], c->ns[i]);
}

void sampler_take(struct sampler *s, struct event *ev)
{
	const struct look *const l = &s->looks[s->first];

	if (s->at < l->n)
		make_procinfo(s, l, &l->v[s->at], ev);
	else
		make_cpuinfo(l, &l->cpus[s->at - l->n], ev);
	if (++s->at == l->n + l->n_cpus)
		forget_first(s);
}
