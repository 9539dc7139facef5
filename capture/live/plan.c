/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/plan.h"

#include <string.h>

#include "capture/live/plan_source.h"

enum arch plan_arch(void)
{
#if defined(__aarch64__)
	return ARCH_ARM64;
#else
	return ARCH_X86_64;
#endif
}

static void make(struct plan *p, struct wire_conf *c, unsigned event, bool compat, uint32_t snaplen)
{
	struct maker m = { .plan = p, .conf = c, .compat = compat, .snaplen = snaplen };
	const struct event_desc *const d = &catalog[event];

	p->event = (uint16_t)event;
	c->max = sizeof(struct wire_record) + 7 * 8;
	for (unsigned i = 0; i < d->n_params; i++) {
		struct get *const g = &p->get[i];

		plan_source(&m, g, &d->params[i]);
	}
	p->n_args = c->n_args;
	p->n_blobs = c->n_ops;
}

/* What goes together when the ring runs full; see wire.h. */
static uint8_t class_of(unsigned event)
{
	const struct event_desc *const d = &catalog[event];

	switch ((enum event_category)d->category) {
	case EC_PROCESS:
		return WC_PROCESS;
	case EC_NET:
		return WC_NET;
	case EC_USER:
		return WC_STATE;
	case EC_FILE:
		return event == EV_OPENAT2 ? WC_WRITE : WC_FILE;
	default:
		return d->flags & (EF_CREATES_FD | EF_DESTROYS_FD) ? WC_STATE : WC_OTHER;
	}
}

/* What replay/state learns from the event; traffic tells a datagram socket's name anew each
 * time. */
static uint32_t what_of(unsigned event)
{
	switch (event) {
	case EV_CLONE:
	case EV_CLONE3:
	case EV_FORK:
	case EV_VFORK:
		return WW_BORN;
	case EV_CHDIR:
	case EV_FCHDIR:
	case EV_CHROOT:
	case EV_SETNS:
		return WW_DIRS;
	case EV_UNSHARE:
		return WW_DIRS | WW_FDS;
	case EV_SETSID:
	case EV_SETPGID:
		return WW_GROUPS;
	case EV_PRCTL:
		return WW_NAME;
	case EV_SETUID:
	case EV_SETGID:
	case EV_SETREUID:
	case EV_SETREGID:
	case EV_SETRESUID:
	case EV_SETRESGID:
	case EV_CAPSET:
		return WW_IDS;
	case EV_DUP:
	case EV_DUP2:
	case EV_DUP3:
	case EV_FCNTL:
	case EV_CLOSE_RANGE:
	case EV_BIND:
	case EV_CONNECT:
	case EV_RECVMSG:
	case EV_RECVMMSG:
		return WW_FDS;
	}
	return catalog[event].flags & (EF_CREATES_FD | EF_DESTROYS_FD) ? WW_FDS : 0;
}

static uint8_t flags_of(const struct syscall_desc *s)
{
	switch (s->event) {
	case EV_EXECVE:
	case EV_EXECVEAT:
		return WCF_EXEC;
	case EV_OPEN:
		return WCF_OPEN_1;
	case EV_OPENAT:
		return WCF_OPEN_2;
	case EV_IOCTL:
		return WCF_TTY;
	}
	return 0;
}

static bool is_wanted(const struct syscall_desc *s, const struct plan_options *opt)
{
	const uint16_t flags = s ? catalog[s->event].flags : 0;

	return !opt->wanted || (s && opt->wanted[s - syscalls]) ||
	       flags & (EF_MODIFIES_STATE | EF_CREATES_FD | EF_DESTROYS_FD);
}

/* Numbers of 32-bit and x32 callers in generic events: the machine's own number where
 * the call exists there too, and in nativeID a mark that says whose number it is. */
enum { NATIVE_COMPAT = 0x8000 };

static void make_call(struct plans *p, struct wire_conf *conf, unsigned nr, bool compat,
		      const struct plan_options *opt)
{
	const enum arch arch = compat ? ARCH_IA32 : plan_arch();
	const unsigned i = nr + (compat ? WIRE_NR_MAX : 0);
	const struct syscall_desc *const s = syscall_by_nr(arch, nr);
	struct plan *const plan = &p->call[i];
	struct wire_conf *const c = &conf[i];
	const uint32_t room = opt->snaplen && opt->snaplen < WIRE_NAMES_LEN ? WIRE_NAMES_LEN
									    : opt->snaplen;

	plan->native = (uint16_t)(compat ? nr | NATIVE_COMPAT : nr);
	plan->id = (uint16_t)nr;
	if (compat)
		plan->id = s && s->nr[plan_arch()] >= 0 ? (uint16_t)s->nr[plan_arch()]
							: plan->native;
	make(plan, c, s ? s->event : EV_GENERIC, compat, room);
	c->cls = class_of(plan->event);
	c->what = what_of(plan->event);
	c->flags |= (s ? flags_of(s) : 0) | (is_wanted(s, opt) ? WCF_WANTED : 0);
	if (compat && nr == 102) {
		c->flags |= WCF_SOCKETCALL | WCF_WANTED;
		c->max = WIRE_SLACK / 4 + 2 * room;
	}
}

static void make_traced(struct plan *p, unsigned event)
{
	struct wire_conf ignored = {0};

	p->native = UINT16_MAX;
	make(p, &ignored, event, false, 0);
}

/* Blobs of tracepoints stand in the order in which bpf/proc.bpf.c writes them. */
static void fix_blobs(struct plan *p, const uint8_t *kinds, uint8_t n, unsigned event)
{
	struct wire_conf c = {0};
	struct plan scratch = { .native = UINT16_MAX };

	make(&scratch, &c, event, false, 0);
	p->n_blobs = n;
	for (unsigned i = 0; i < catalog[event].n_params; i++) {
		struct get *const g = &p->get[i];
		uint8_t k = 0;

		if (g->blob == GET_NO_BLOB)
			continue;
		while (k < n && kinds[k] != c.ops[g->blob].kind)
			k++;
		if (k == n)
			*g = (struct get){ .how = GET_ABSENT, .blob = GET_NO_BLOB };
		else
			g->blob = k;
	}
}

static void put(struct plan *p, unsigned param, enum get_how how, uint8_t arg, uint8_t width,
		bool sign)
{
	p->get[param] = (struct get){ .how = (uint8_t)how, .arg = arg, .width = width,
				      .sign = sign, .blob = GET_NO_BLOB, .blob2 = GET_NO_BLOB };
}

static void make_tracepoints(struct plans *p)
{
	static const uint8_t exec[] = { OP_TASK, OP_EXE, OP_EXEPATH, OP_CWD, OP_FILENAME,
					OP_EXEC_ARGS, OP_EXEC_ENV, OP_CGROUPS };
	static const uint8_t forked[] = { OP_TASK, OP_EXEC_ARGS, OP_CGROUPS };
	static const uint8_t task[] = { OP_TASK };

	make_traced(&p->exec, EV_EXECVE);
	fix_blobs(&p->exec, exec, sizeof(exec), EV_EXECVE);
	p->exec.n_args = 0;
	make_traced(&p->forked, EV_CLONE);
	fix_blobs(&p->forked, forked, sizeof(forked), EV_CLONE);
	p->forked.n_args = 2;
	make_traced(&p->exit, EV_PROCEXIT);
	fix_blobs(&p->exit, task, sizeof(task), EV_PROCEXIT);
	p->exit.n_args = 7;
	put(&p->exit, P(PROCEXIT, status), GET_ARG, 0, 4, true);
	put(&p->exit, P(PROCEXIT, ret), GET_EXIT_CODE, 0, 8, true);
	put(&p->exit, P(PROCEXIT, sig), GET_EXIT_SIGNAL, 0, 1, false);
	put(&p->exit, P(PROCEXIT, core), GET_EXIT_CORE, 0, 1, false);
	put(&p->exit, P(PROCEXIT, reaper_tid), GET_ARG, 1, 8, true);
	put(&p->exit, P(PROCEXIT, utime), GET_UTIME, 0, 8, false);
	put(&p->exit, P(PROCEXIT, stime), GET_STIME, 0, 8, false);
	put(&p->exit, P(PROCEXIT, vm_peak), GET_PEAK, 0, 4, false);
	make_traced(&p->signal, EV_SIGNALDELIVER);
	p->signal.n_args = 2;
	put(&p->signal, P(SIGNALDELIVER, spid), GET_ARG, 1, 4, true);
	put(&p->signal, P(SIGNALDELIVER, dpid), GET_TID, 0, 4, false);
	put(&p->signal, P(SIGNALDELIVER, sig), GET_ARG, 0, 1, false);
	make_traced(&p->fault, EV_PAGE_FAULT);
	p->fault.n_args = 3;
	put(&p->fault, P(PAGE_FAULT, addr), GET_ARG, 0, 8, false);
	put(&p->fault, P(PAGE_FAULT, ip), GET_ARG, 1, 8, false);
	put(&p->fault, P(PAGE_FAULT, error), GET_ARG, 2, 4, false);
	make_traced(&p->task_switch, EV_SWITCH);
	fix_blobs(&p->task_switch, task, sizeof(task), EV_SWITCH);
	p->task_switch.n_args = 1;
	put(&p->task_switch, P(SWITCH, next), GET_ARG, 0, 4, true);
}

void plans_make(struct plans *p, struct wire_conf *conf, const struct plan_options *opt)
{
	memset(p, 0, sizeof(*p));
	memset(conf, 0, 2 * WIRE_NR_MAX * sizeof(*conf));
	for (unsigned nr = 0; nr < WIRE_NR_MAX; nr++) {
		make_call(p, conf, nr, false, opt);
		if (plan_arch() == ARCH_X86_64)
			make_call(p, conf, nr, true, opt);
	}
	make_tracepoints(p);
}
