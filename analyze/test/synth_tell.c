/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as events: snap_thread, and what an event says of its own process. */
#include <string.h>

#include "analyze/test/synth.h"
#include "analyze/test/synth_container.h"

static void put_text(struct synth *s, struct value *v, const char *text)
{
	if (text)
		synth_text(s, v, text);
}

static void put_strings(struct value *v, const char *p, size_t len)
{
	if (p)
		value_bytes(v, p, len);
}

static void put_id(struct value *v, int64_t id)
{
	if (id >= 0)
		value_number(v, (uint64_t)id);
}

#define SNAP(name) (&ev->v[P(SNAP_THREAD, name)])

static void tell(struct synth *s, const struct synth_proc *p)
{
	struct event *ev = synth_add(s, EV_SNAP_THREAD);

	value_number(SNAP(tid), p->pid);
	value_number(SNAP(pid), p->pid);
	value_number(SNAP(ptid), p->ppid);
	value_number(SNAP(vtid), p->vpid >= 0 ? (uint64_t)p->vpid : p->pid);
	value_number(SNAP(vpid), p->vpid >= 0 ? (uint64_t)p->vpid : p->pid);
	put_id(SNAP(sid), p->sid);
	put_id(SNAP(pgid), p->pgid);
	put_id(SNAP(vpgid), p->vpgid >= 0 ? p->vpgid : p->pgid);
	put_text(s, SNAP(comm), p->name);
	put_text(s, SNAP(exe), p->exe);
	put_text(s, SNAP(exepath), p->exepath);
	put_strings(SNAP(args), p->args, p->n_args);
	put_strings(SNAP(env), p->env, p->n_env);
	put_text(s, SNAP(cwd), p->cwd);
	put_strings(SNAP(cgroups), p->cgroups, p->n_cgroups);
	value_number(SNAP(uid), p->uid);
	value_number(SNAP(euid), p->euid);
	value_number(SNAP(gid), p->gid);
	value_number(SNAP(egid), p->egid);
	value_number(SNAP(loginuid), p->loginuid);
	value_number(SNAP(tty), p->tty);
	value_number(SNAP(exe_flags), p->exe_flags);
	if (!p->has_caps)
		return;
	value_number(SNAP(cap_inheritable), p->cap_i);
	value_number(SNAP(cap_permitted), p->cap_p);
	value_number(SNAP(cap_effective), p->cap_e);
}

void synth_proc_tell(struct synth *s, struct synth_proc *p)
{
	struct synth_proc *chain[SYNTH_DEPTH_MAX * 2];
	unsigned n = 0;

	for (struct synth_proc *up = p; up && n < SYNTH_DEPTH_MAX * 2;
	     up = up->ppid && up->ppid != up->pid ? synth_proc_find(s, up->ppid) : NULL)
		chain[n++] = up;
	while (n-- > 0) {
		if (chain[n]->told)
			continue;
		chain[n]->told = true;
		tell(s, chain[n]);
		if (chain[n]->tell_container)
			synth_container_tell(s, chain[n]);
		chain[n]->tell_container = false;
	}
}

static void put_fact(const struct synth_proc *p, enum task_fact fact, struct value *v)
{
	static const char none[1];

	switch (fact) {
	case FACT_TID: case FACT_PID: value_number(v, p->pid); break;
	case FACT_PTID: value_number(v, p->ppid); break;
	case FACT_VTID: case FACT_VPID:
		value_number(v, p->vpid >= 0 ? (uint64_t)p->vpid : p->pid);
		break;
	case FACT_SID: put_id(v, p->sid); break;
	case FACT_PGID: put_id(v, p->pgid); break;
	case FACT_VPGID: put_id(v, p->vpgid >= 0 ? p->vpgid : p->pgid); break;
	case FACT_COMM: put_strings(v, p->name, p->name ? strlen(p->name) : 0); break;
	case FACT_EXE: put_strings(v, p->exe, p->exe ? strlen(p->exe) : 0); break;
	case FACT_ARGS: value_bytes(v, p->args ? p->args : none, p->n_args); break;
	case FACT_ENV: value_bytes(v, p->env ? p->env : none, p->n_env); break;
	case FACT_CWD: value_bytes(v, p->cwd, strlen(p->cwd)); break;
	case FACT_CGROUPS: put_strings(v, p->cgroups, p->n_cgroups); break;
	case FACT_TTY: value_number(v, p->tty); break;
	case FACT_LOGINUID: value_number(v, p->loginuid); break;
	case FACT_UID: value_number(v, p->uid); break;
	case FACT_GID: value_number(v, p->gid); break;
	case FACT_EUID: value_number(v, p->euid); break;
	case FACT_EGID: value_number(v, p->egid); break;
	case FACT_CAP_I: case FACT_CAP_P: case FACT_CAP_E:
		if (p->has_caps)
			value_number(v, fact == FACT_CAP_I ? p->cap_i : fact == FACT_CAP_P ?
				     p->cap_p : p->cap_e);
		break;
	case FACT_EXEFLAGS: value_number(v, p->exe_flags); break;
	case FACT_CLONE_FLAGS: value_number(v, 0); break;
	case FACT_TRUSTED_EXEPATH: case FACT_FILENAME:
		put_strings(v, p->exepath, p->exepath ? strlen(p->exepath) : 0);
		break;
	default: break;
	}
}

void synth_proc_facts(const struct synth_proc *p, struct event *ev)
{
	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct param_desc *d = &ev->desc->params[i];

		if (d->src == SRC_TASK && ev->v[i].state == VALUE_ABSENT)
			put_fact(p, d->arg[0], &ev->v[i]);
	}
}
