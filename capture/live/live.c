/* SPDX-License-Identifier: Apache-2.0 */
/* States: the snapshot is handed out; then records as they come, and between them, where it
 * happened, whose state is in doubt and what was found out about them; after a stop the
 * probes are detached and what is in the rings is handed out without waiting for
 * older events; then the end. */
#include "capture/live/live.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/live/clock.h"
#include "capture/live/command.h"
#include "capture/live/decode.h"
#include "capture/live/heal.h"
#include "capture/live/helper.h"
#include "capture/live/probes.h"
#include "capture/live/rings.h"
#include "capture/live/sample.h"
#include "capture/live/snapshot.h"

enum {
	WINDOW_NS = 10 * 1000 * 1000,
	CLOCK_STEP_NS = 1000 * 1000,
	CLOCK_CHECK_NS = 1000 * 1000 * 1000,
	HOLD_NS = 250 * 1000 * 1000,
	HOLD_FULLNESS = 64,		/* of 256 */
	HOLD_STEP_MS = 4,
	LOSS_RECORD = 6,		/* of the table loss_class: lost behind the rings */
};
static const uint64_t spill_limit = UINT64_C(512) << 20;

struct pending_loss {
	struct wire_loss loss;
	uint16_t cpu, cls;
};

struct live {
	struct source src;
	struct probes probes;
	struct rings rings;
	struct command command;
	struct helper helper;
	struct snapshot *snapshot;	/* NULL: handed out */
	struct decoder decoder;
	struct live_stats stats;
	struct utsname uts;
	uint64_t window, horizon;	/* ns since boot */
	uint64_t stop_at;		/* ns since boot; 0: when told */
	uint64_t clock_checked, ringless;
	uint64_t num;
	bool tree, draining, drained;
	atomic_bool stop, snapshot_done;
	struct pending_loss *losses;	/* noted, not handed out */
	size_t n_losses, loss_at, losses_cap;
	unsigned fullness;		/* of the fullest ring at the last look */
	bool answers;			/* the helper may have some */
	bool holding;			/* held is to be handed out */
	uint64_t hold_until;		/* for its answers, ns since boot; 0: not */
	struct event held;
	struct victim *victims;		/* in order of time, not handed out */
	size_t n_victims, victim_at, victims_cap;
	struct heal *heal;
	struct snapshot *healing;	/* being handed out */
	struct sampler *sampler;	/* NULL: none */
	uint64_t handed, looked;	/* ns since boot: last record, last look */
};

/* The epoch in ns since boot's clock: the tightest of several readings. */
static uint64_t boot_epoch(void)
{
	uint64_t best = UINT64_MAX, offset = 0;

	for (int i = 0; i < 20; i++) {
		const uint64_t a = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME),
			       b = clock_ns(CLOCK_BOOTTIME);

		if (b - a < best) {
			best = b - a;
			offset = real - (a + (b - a) / 2);
		}
	}
	return offset;
}

/* A clock that was set forward is followed; one set back is not, since events must not
 * go back in time. */
static void check_clock(struct live *l, uint64_t now)
{
	uint64_t offset;

	if (now - l->clock_checked < CLOCK_CHECK_NS)
		return;
	l->clock_checked = now;
	offset = boot_epoch();
	if (offset > l->decoder.boot_ts + CLOCK_STEP_NS)
		l->decoder.boot_ts = offset;
}

/* Classes of the wire are those of flags.def, but for files opened for writing. */
static unsigned loss_class(unsigned cls)
{
	return cls == WC_WRITE ? WC_FILE : cls;
}

static void note(struct live *l, unsigned cpu, unsigned cls, const struct wire_loss *loss)
{
	l->losses = mem_grow(l->losses, &l->losses_cap, l->n_losses + 1, sizeof(*l->losses));
	l->losses[l->n_losses++] = (struct pending_loss){ *loss, (uint16_t)cpu, (uint16_t)cls };
	l->stats.lost[cls] += loss->count;
	if (cls != WC_PAYLOAD)
		l->stats.n_lost += loss->count;
}

/* A loss waits until the events before it have been handed out, a few naps at most. */
static void note_losses(struct live *l)
{
	l->n_losses -= l->loss_at;
	if (l->loss_at)
		memmove(l->losses, l->losses + l->loss_at, l->n_losses * sizeof(*l->losses));
	l->loss_at = 0;
	for (unsigned cpu = 0; cpu < l->rings.n; cpu++)
		for (unsigned cls = 0; cls < WC__N; cls++) {
			struct wire_loss loss;

			if (rings_loss(&l->rings, cpu, cls, &loss))
				note(l, cpu, loss_class(cls), &loss);
		}
}

/* CPUs that came after the start have no ring; what they did is counted as one. */
static void note_ringless(struct live *l, uint64_t now)
{
	const uint64_t n = probes_ringless(&l->probes);
	const struct wire_loss loss = { .count = n - l->ringless, .first = now, .last = now };

	if (n != l->ringless)
		note(l, l->rings.n, WC_OTHER, &loss);
	l->ringless = n;
}

/* At the end the kernel half's own count must come out: events = records + losses. */
static void note_missing(struct live *l, uint64_t now)
{
	const struct wire_loss loss = { .count = rings_missing(&l->rings), .first = now,
					.last = now };

	if (loss.count)
		note(l, l->rings.n, LOSS_RECORD, &loss);
}

static void pseudo_event(struct live *l, struct event *ev, enum event_id type, uint64_t ts)
{
	event_init(ev, type);
	ev->ts = ts + l->decoder.boot_ts;
	if (ev->ts < l->decoder.last_ts)
		ev->ts = l->decoder.last_ts;
	l->decoder.last_ts = ev->ts;
}

/* The next loss that happened before ts (ns since boot). */
static bool next_loss(struct live *l, uint64_t ts, struct event *ev)
{
	const struct wire_loss *loss;

	if (l->loss_at == l->n_losses)
		return false;
	loss = &l->losses[l->loss_at].loss;
	if (loss->last > ts)
		return false;
	pseudo_event(l, ev, EV_LOSS, loss->last);
	ev->cpu = l->losses[l->loss_at].cpu;
	value_number(&ev->v[P(LOSS, class)], l->losses[l->loss_at].cls);
	value_number(&ev->v[P(LOSS, cpu)], ev->cpu);
	value_number(&ev->v[P(LOSS, count)], loss->count);
	value_number(&ev->v[P(LOSS, from)], loss->first + l->decoder.boot_ts);
	value_number(&ev->v[P(LOSS, to)], loss->last + l->decoder.boot_ts);
	value_number(&ev->v[P(LOSS, named)], l->losses[l->loss_at].cls != LOSS_RECORD);
	l->loss_at++;
	return true;
}

/* ---- whose state is in doubt ---- */

/* Those of one CPU come in order, those of several nearly. */
static void add_victim(const struct victim *v, void *arg)
{
	struct live *const l = arg;
	size_t i;

	l->victims = mem_grow(l->victims, &l->victims_cap, l->n_victims + 1, sizeof(*l->victims));
	for (i = l->n_victims++; i > l->victim_at && l->victims[i - 1].ts > v->ts; i--)
		l->victims[i] = l->victims[i - 1];
	l->victims[i] = *v;
}

/* Losses that nobody is named for may be anybody's, from the last look until now. */
static void note_victims(struct live *l, uint64_t now)
{
	const uint64_t ringless = probes_ringless(&l->probes) - l->ringless;

	l->n_victims -= l->victim_at;
	if (l->victim_at)
		memmove(l->victims, l->victims + l->victim_at, l->n_victims * sizeof(*l->victims));
	l->victim_at = 0;
	rings_victims(&l->rings, now - l->window / 2, add_victim, l);
	if (rings_unnamed(&l->rings) + ringless) {
		add_victim(&(struct victim){ .ts = l->looked, .what = WW_EXIT }, l);
		add_victim(&(struct victim){ .ts = now, .over = true }, l);
	}
	l->looked = now;
}

static void hand_victim(struct live *l, struct event *ev)
{
	const struct victim *const v = &l->victims[l->victim_at++];

	pseudo_event(l, ev, EV_SNAP_LOST, v->ts);
	ev->tid = v->tid;
	ev->pid = v->pid;
	value_number(&ev->v[P(SNAP_LOST, tid)], v->tid);
	value_number(&ev->v[P(SNAP_LOST, pid)], v->pid);
	value_number(&ev->v[P(SNAP_LOST, what)], v->what);
	if (v->over)
		heal_ask(l->heal, v->pid);
}

/* A finding goes where it was true in the stream; one that comes later than that is
 * asked for again. */
static bool begin_healing(struct live *l, uint64_t ts)
{
	struct snapshot *s;
	uint32_t pid;

	s = heal_take(l->heal, &pid);
	if (ts >= l->handed) {
		l->healing = s;
		return true;
	}
	snapshot_free(s);
	heal_ask(l->heal, pid);
	return false;
}

static bool next_healing(struct live *l, struct event *ev)
{
	uint64_t ts;

	if (!l->healing)
		return false;
	if (snapshot_next(l->healing, ev) == 0) {
		ts = l->decoder.last_ts;
		ev->ts = ts;
		return true;
	}
	snapshot_free(l->healing);
	l->healing = NULL;
	return false;
}

/* An account of what was used; they come in order of time, a moment late at most. */
static bool next_sample(struct live *l, struct event *ev)
{
	const uint64_t ts = sampler_next(l->sampler);

	if (!ts || ts > rings_next_ts(&l->rings) || ts > l->horizon)
		return false;
	sampler_take(l->sampler, ev);
	ev->ts = ts + l->decoder.boot_ts;
	if (ev->ts < l->decoder.last_ts)
		ev->ts = l->decoder.last_ts;
	l->decoder.last_ts = ev->ts;
	return true;
}

/* What comes before the next record: false: nothing. */
static bool next_doubt(struct live *l, struct event *ev)
{
	const bool victims = l->victim_at < l->n_victims;
	uint64_t heal, next;

	if (next_healing(l, ev))
		return true;
	heal = l->draining ? 0 : heal_next(l->heal);
	if (!victims && !heal)
		return false;
	next = rings_next_ts(&l->rings);
	if (next > l->horizon)
		next = l->horizon;
	if (victims && l->victims[l->victim_at].ts <= next
	    && (!heal || l->victims[l->victim_at].ts <= heal)) {
		hand_victim(l, ev);
		return true;
	}
	return heal && heal <= next && begin_healing(l, heal) && next_healing(l, ev);
}

static void nap(uint64_t ns)
{
	const struct timespec t = { .tv_nsec = (long)ns };

	nanosleep(&t, NULL);
}

/* How long nobody needs to look.  What is inside the window cannot go on anyway; a busy
 * machine fills a ring of 8 MiB in 100 ms. */
static uint64_t nap_ns(unsigned fullness)
{
	const uint64_t ms = 1000 * 1000;

	if (fullness > 128)
		return 0;
	if (fullness > 64)
		return ms;
	return fullness > 2 ? 4 * ms : 15 * ms;
}

static void start_draining(struct live *l)
{
	l->draining = true;
	probes_detach(&l->probes);
	sampler_finish(l->sampler);
	l->horizon = UINT64_MAX;
	rings_poll(&l->rings);
	note_losses(l);
	note_victims(l, clock_ns(CLOCK_BOOTTIME));
	note_ringless(l, clock_ns(CLOCK_BOOTTIME));
}

static bool is_over(struct live *l, uint64_t now)
{
	if (atomic_load(&l->stop) || (l->stop_at && now >= l->stop_at))
		return true;
	if (l->command.pid && command_poll(&l->command)) {
		l->stats.command_ended = true;
		l->stats.command_status = l->command.status;
	}
	return l->tree && probes_tree_alive(&l->probes) == 0;
}

/* Naps and looks for new records. */
static void look(struct live *l)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME);

	if (is_over(l, now)) {
		start_draining(l);
		return;
	}
	check_clock(l, now);
	nap(nap_ns(l->fullness));
	now = clock_ns(CLOCK_BOOTTIME);
	l->fullness = rings_poll(&l->rings);
	l->answers = true;
	note_losses(l);
	note_victims(l, now);
	note_ringless(l, now);
	l->horizon = now - l->window;
}

static int next_record(struct live *l, struct event *ev)
{
	const struct wire_record *rec;
	unsigned cpu = 0;

	for (int round = 0; round < 2; round++) {
		if (next_doubt(l, ev) || next_sample(l, ev))
			return 0;
		rec = rings_next(&l->rings, l->horizon, &cpu);
		if (rec) {
			l->handed = rec->ts;
			decode(&l->decoder, rec, cpu, ev);
			ev->num = ++l->num;
			l->stats.n_events = l->num;
			return 0;
		}
		if (next_loss(l, l->horizon, ev))
			return 0;
		if (l->drained)
			return 1;
		if (l->draining) {
			l->drained = true;
			note_missing(l, clock_ns(CLOCK_BOOTTIME));
			round = -1;
			continue;
		}
		if (round == 0)
			look(l);
	}
	return LIVE_IDLE;
}

/* A container that is new is worth waiting for, a little, while the rings have room: the
 * event that shows it, and those after, come when its name is known. */
static bool holds(struct live *l)
{
	if (l->hold_until && (!l->helper.waiting || clock_ns(CLOCK_BOOTTIME) >= l->hold_until
			      || rings_fullness(&l->rings) >= HOLD_FULLNESS))
		l->hold_until = 0;
	return l->hold_until != 0;
}

static bool next_answer(struct live *l, struct event *ev)
{
	while (l->answers || holds(l)) {
		if (helper_next(&l->helper, ev) == 0) {
			ev->ts = l->decoder.last_ts;
			return true;
		}
		l->answers = false;
		if (!holds(l))
			break;
		helper_wait(&l->helper, HOLD_STEP_MS);
		l->answers = true;
	}
	return false;
}

/* The held event's bytes lie where they were: no other record is looked at meanwhile. */
static int next_held(struct live *l, struct event *ev)
{
	if (next_answer(l, ev))
		return 0;
	if (l->holding) {
		l->holding = false;
		*ev = l->held;
		return 0;
	}
	return 1;
}

static int live_next(struct source *s, struct event *ev)
{
	struct live *const l = (struct live *)s;
	int n;

	if (l->snapshot) {
		if (snapshot_next(l->snapshot, ev) == 0) {
			l->stats.n_snapshot++;
			return 0;
		}
		snapshot_free(l->snapshot);
		l->snapshot = NULL;
	}
	if (next_held(l, ev) == 0)
		return 0;
	n = next_record(l, ev);
	if (n == 0 && helper_see(&l->helper, ev) > 0) {
		l->hold_until = clock_ns(CLOCK_BOOTTIME) + HOLD_NS;
		l->held = *ev;
		l->holding = true;
		return next_held(l, ev);
	}
	return n;
}

static void live_close(struct source *s)
{
	struct live *const l = (struct live *)s;

	command_drop(&l->command);
	heal_stop(l->heal);
	if (l->healing)
		snapshot_free(l->healing);
	free(l->victims);
	probes_detach(&l->probes);
	sampler_free(l->sampler);
	rings_close(&l->rings);
	free(l->losses);
	probes_close(&l->probes);
	helper_stop(&l->helper);
	if (l->snapshot)
		snapshot_free(l->snapshot);
	free(l);
}

static const struct source_ops live_ops = { .next = live_next, .close = live_close };

static void describe(struct live *l)
{
	struct source_info *const i = &l->src.info;

	uname(&l->uts);
	i->path = "live";
	i->format = "live";
	i->hostname = l->uts.nodename;
	i->kernel = l->uts.release;
	i->arch_name = l->uts.machine;
	i->writer = "saker " SAKER_VERSION;
	i->arch = plan_arch();
	i->n_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	i->memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	i->boot_ts = l->decoder.boot_ts;
}

static int follow(uint32_t pid, void *arg)
{
	struct live *const l = arg;

	return probes_follow(&l->probes, pid);
}

struct snapshot_job {
	struct live *live;
	struct snapshot_options opt;
};

static void *snapshot_thread(void *arg)
{
	struct snapshot_job *const job = arg;

	job->live->snapshot = snapshot_take(&job->opt);
	atomic_store(&job->live->snapshot_done, true);
	return NULL;
}

/* Takes the snapshot while the kernel half is at work already: nothing falls between
 * the two.  Rings that fill meanwhile are emptied into memory. */
static int take_snapshot(struct live *l, uint32_t tree)
{
	struct snapshot_job job = { .live = l, .opt = {
		.tree = tree, .boot_ts = l->decoder.boot_ts, .ts = clock_ns(CLOCK_REALTIME),
		.info = &l->src.info, .stop = &l->stop, .self = (uint32_t)getpid(),
		.helper = &l->helper, .sampler = l->sampler,
	} };
	pthread_t thread;
	sigset_t all, old;
	int n;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	n = pthread_create(&thread, NULL, snapshot_thread, &job);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (n)
		return err(ERR_SYSTEM, "cannot start a thread: %s", strerror(n));
	while (!atomic_load(&l->snapshot_done)) {
		nap(1000 * 1000);
		rings_spill(&l->rings, spill_limit);
	}
	pthread_join(thread, NULL);
	l->decoder.last_ts = job.opt.ts;
	return 0;
}

static int prepare(struct live *l, const struct live_options *opt)
{
	struct wire_conf *const conf = xcalloc(2 * WIRE_NR_MAX, sizeof(*conf));
	const struct plan_options po = { .snaplen = opt->snaplen, .wanted = opt->syscalls };
	struct live_options with = *opt;
	int n;

	l->decoder.boot_ts = boot_epoch();
	l->decoder.page_kib = (uint32_t)sysconf(_SC_PAGESIZE) / 1024;
	describe(l);
	plans_make(&l->decoder.plans, conf, &po);
	with.helper = (uint32_t)l->helper.pid;
	n = probes_load(&l->probes, &with, conf);
	free(conf);
	if (n < 0)
		return n;
	n = rings_open(&l->rings, l->probes.rings_fd, l->probes.n_cpus, l->probes.ring_size);
	if (n < 0)
		return n;
	if (opt->command) {
		n = command_prepare(&l->command, opt->command);
		if (n < 0)
			return n;
	}
	return 0;
}

static int start(struct live *l, const struct live_options *opt)
{
	const uint32_t tree = l->command.pid ? (uint32_t)l->command.pid : opt->pid;
	struct live_options with = *opt;
	uint64_t now;
	int n;

	l->tree = tree != 0;
	n = tree ? probes_follow(&l->probes, tree) : 0;
	if (n == 0)
		n = probes_attach(&l->probes);
	/* Again for those who were born between the look and the attachment. */
	for (int i = 0; i < 2 && n == 0 && opt->pid; i++)
		n = snapshot_each_descendant(opt->pid, follow, l);
	if (n == 0) {
		with.helper = (uint32_t)l->helper.pid;
		l->sampler = sampler_new(&l->probes, &with, l->decoder.page_kib);
		n = take_snapshot(l, tree);
	}
	if (n < 0)
		return n;
	sampler_start(l->sampler);
	l->looked = clock_ns(CLOCK_BOOTTIME);
	l->heal = heal_start(&(struct snapshot_options){
		.tree = tree, .boot_ts = l->decoder.boot_ts, .info = &l->src.info,
		.self = (uint32_t)getpid(),
	});
	now = clock_ns(CLOCK_BOOTTIME);
	l->clock_checked = now;
	l->stop_at = opt->duration ? now + opt->duration : 0;
	command_go(&l->command);
	return 0;
}

struct source *live_open(const struct live_options *opt)
{
	struct live *const l = xcalloc(1, sizeof(*l));

	l->src.ops = &live_ops;
	event_set_fill(&l->src.want);
	l->src.want_bulk = true;
	l->window = opt->window ? opt->window : WINDOW_NS;
	l->command.go = -1;
	helper_start(&l->helper);
	if (prepare(l, opt) < 0 || start(l, opt) < 0) {
		live_close(&l->src);
		return NULL;
	}
	l->stats.ring_size = l->probes.ring_size;
	l->stats.n_cpus = l->probes.n_cpus;
	return &l->src;
}

void live_stop(struct source *s)
{
	struct live *const l = (struct live *)s;

	atomic_store(&l->stop, true);
}

const struct live_stats *live_stats(struct source *s)
{
	struct live *const l = (struct live *)s;

	l->stats.n_bad = l->rings.n_bad;
	return &l->stats;
}
