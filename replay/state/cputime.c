/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time.  Recordings have what a thread has used from its start on, in procinfo events
 * and when it ends; what somebody asks is how much of it is new.  Numbers that go back (another
 * thread took the number over with exec, a file was made up) are a new beginning. */
#include "replay/state/internal.h"

enum {
	NS_PER_TICK = 10000000,		/* Falco's hundredths of a second */
	FALCO_INTERVAL = 1000000000,	/* which does not tell it */
};

/* So that sums over many events stay numbers: 292 years. */
static const uint64_t most = INT64_MAX;

static uint64_t bounded(uint64_t ns)
{
	return ns < most ? ns : most;
}

void cputime_begin(struct tnode *t)
{
	t->t.utime = t->t.stime = 0;
	t->t.bits |= TB_HAS_TIME;
}

void cputime_snap(const struct event *ev, struct tnode *t)
{
	const struct value *u = EV(ev, SNAP_THREAD, utime), *s = EV(ev, SNAP_THREAD, stime);

	if (u->state != VALUE_SET || s->state != VALUE_SET)
		return;
	cputime_begin(t);
	t->t.utime = bounded(u->u);
	t->t.stime = bounded(s->u);
}

/* The whole is right to the nanosecond; how it is shared out the kernel itself estimates,
 * anew each time. */
static void account(struct state *st, struct tnode *t, uint64_t utime, uint64_t stime,
		    uint64_t interval)
{
	struct thread *const k = &t->t;
	struct cpu_use *const use = &st->cur.cpu;
	const uint64_t before = k->utime + k->stime, now = utime + stime;

	use->known = k->bits & TB_HAS_TIME && now >= before;
	if (use->known) {
		const uint64_t all = now - before, user = utime > k->utime ? utime - k->utime : 0;

		use->user = user < all ? user : all;
		use->system = all - use->user;
		use->interval = interval;
	}
	k->utime = utime;
	k->stime = stime;
	k->bits |= TB_HAS_TIME;
}

static uint64_t of_ticks(const struct value *v)
{
	const uint64_t ticks = value_u64(v, 0);

	return ticks < most / NS_PER_TICK ? ticks * NS_PER_TICK : most;
}

static void set_u32(uint32_t *to, const struct value *v)
{
	if (v->state == VALUE_SET)
		*to = (uint32_t)v->u;
}

HANDLER(on_procinfo)
{
	const struct value *u = EV(ev, PROCINFO, utime), *s = EV(ev, PROCINFO, stime);
	const bool exact = u->state == VALUE_SET && s->state == VALUE_SET;

	if (!t)
		return;
	if (exact || EV(ev, PROCINFO, cpu_usr)->state == VALUE_SET)
		account(st, t, exact ? bounded(u->u) : of_ticks(EV(ev, PROCINFO, cpu_usr)),
			exact ? bounded(s->u) : of_ticks(EV(ev, PROCINFO, cpu_sys)),
			value_u64(EV(ev, PROCINFO, interval), FALCO_INTERVAL));
	set_u32(&t->t.proc->vm_size, EV(ev, PROCINFO, vm_size));
	set_u32(&t->t.proc->vm_rss, EV(ev, PROCINFO, vm_rss));
	set_u32(&t->t.proc->vm_swap, EV(ev, PROCINFO, vm_swap));
	t->t.pf_major = value_u64(EV(ev, PROCINFO, pfmajor), t->t.pf_major);
	t->t.pf_minor = value_u64(EV(ev, PROCINFO, pfminor), t->t.pf_minor);
}

void cputime_end(struct state *st, const struct event *ev, struct tnode *t)
{
	const struct value *u = EV(ev, PROCEXIT, utime), *s = EV(ev, PROCEXIT, stime);

	if (u->state == VALUE_SET && s->state == VALUE_SET)
		account(st, t, bounded(u->u), bounded(s->u), 0);
	set_u32(&t->t.proc->vm_rss, EV(ev, PROCEXIT, vm_peak));
}
