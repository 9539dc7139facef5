/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, sessions, directories and namespaces: what a successful call says the
 * thread has now.  uid and gid that fields show are the effective ones. */
#include <sched.h>
#include <stdlib.h>

#include "capture/base/strict.h"
#include "replay/state/internal.h"

static bool ok(const struct value *res)
{
	return res->state == VALUE_SET && res->i == 0;
}

/* -1 means: as it is. */
static void set_id(uint32_t *to, const struct value *v)
{
	if (v->state == VALUE_SET && (uint32_t)v->u != UINT32_MAX)
		*to = (uint32_t)v->u;
}

/* Capabilities follow ids by rules that ask for more than the ids; our own recordings
 * tell what came of it. */
struct outcome {
	const struct value *real, *effective, *cap_p, *cap_e;
};

#define OUTCOME(id) (struct outcome){						\
	EV(ev, id, now_real), EV(ev, id, now_effective),			\
	EV(ev, id, cap_permitted), EV(ev, id, cap_effective) }

static void follow(struct thread *t, uint32_t *real, uint32_t *effective, struct outcome o)
{
	set_id(real, o.real);
	set_id(effective, o.effective);
	t->cap_p = value_u64(o.cap_p, t->cap_p);
	t->cap_e = value_u64(o.cap_e, t->cap_e);
}

/* libc makes every thread of a process call setuid and its kin, so the events of the
 * others follow: only the caller changes here. */
HANDLER(on_setuid)
{
	if (!t || !ok(EV(ev, SETUID, res)))
		return;
	/* without CAP_SETUID only the effective uid changes */
	if (t->t.euid == 0)
		set_id(&t->t.uid, EV(ev, SETUID, uid));
	set_id(&t->t.euid, EV(ev, SETUID, uid));
	follow(&t->t, &t->t.uid, &t->t.euid, OUTCOME(SETUID));
}

HANDLER(on_setgid)
{
	if (!t || !ok(EV(ev, SETGID, res)))
		return;
	if (t->t.euid == 0)
		set_id(&t->t.gid, EV(ev, SETGID, gid));
	set_id(&t->t.egid, EV(ev, SETGID, gid));
	follow(&t->t, &t->t.gid, &t->t.egid, OUTCOME(SETGID));
}

HANDLER(on_setreuid)
{
	if (!t || !ok(EV(ev, SETREUID, res)))
		return;
	set_id(&t->t.uid, EV(ev, SETREUID, ruid));
	set_id(&t->t.euid, EV(ev, SETREUID, euid));
	follow(&t->t, &t->t.uid, &t->t.euid, OUTCOME(SETREUID));
}

HANDLER(on_setregid)
{
	if (!t || !ok(EV(ev, SETREGID, res)))
		return;
	set_id(&t->t.gid, EV(ev, SETREGID, rgid));
	set_id(&t->t.egid, EV(ev, SETREGID, egid));
	follow(&t->t, &t->t.gid, &t->t.egid, OUTCOME(SETREGID));
}

HANDLER(on_setresuid)
{
	if (!t || !ok(EV(ev, SETRESUID, res)))
		return;
	set_id(&t->t.uid, EV(ev, SETRESUID, ruid));
	set_id(&t->t.euid, EV(ev, SETRESUID, euid));
	follow(&t->t, &t->t.uid, &t->t.euid, OUTCOME(SETRESUID));
}

HANDLER(on_setresgid)
{
	if (!t || !ok(EV(ev, SETRESGID, res)))
		return;
	set_id(&t->t.gid, EV(ev, SETRESGID, rgid));
	set_id(&t->t.egid, EV(ev, SETRESGID, egid));
	follow(&t->t, &t->t.gid, &t->t.egid, OUTCOME(SETRESGID));
}

/* A thread of which nothing is known tells its ids by asking for them. */
HANDLER(on_getuid)
{
	if (!t)
		return;
	switch (ev->type) {
	case EV_GETUID:
		if (t->t.uid == UINT32_MAX)
			set_id(&t->t.uid, EV(ev, GETUID, uid));
		break;
	case EV_GETEUID:
		if (t->t.euid == UINT32_MAX)
			set_id(&t->t.euid, EV(ev, GETEUID, euid));
		break;
	case EV_GETGID:
		if (t->t.gid == UINT32_MAX)
			set_id(&t->t.gid, EV(ev, GETGID, gid));
		break;
	case EV_GETEGID:
		if (t->t.egid == UINT32_MAX)
			set_id(&t->t.egid, EV(ev, GETEGID, egid));
		break;
	}
}

HANDLER(on_capset)
{
	if (!t || !ok(EV(ev, CAPSET, res)))
		return;
	t->t.cap_i = value_u64(EV(ev, CAPSET, cap_inheritable), t->t.cap_i);
	t->t.cap_p = value_u64(EV(ev, CAPSET, cap_permitted), t->t.cap_p);
	t->t.cap_e = value_u64(EV(ev, CAPSET, cap_effective), t->t.cap_e);
	t->t.bits |= TB_HAS_CRED;
}

/* The result is the number inside the pid namespace. */
HANDLER(on_setsid)
{
	const int64_t sid = value_i64(EV(ev, SETSID, res), -1);

	if (!t || sid < 0)
		return;
	t->t.proc->sid = is_own(ev) ? (int32_t)t->t.proc->pid : (int32_t)sid;
	if (is_own(ev))
		t->t.proc->tty = 0;
	t->t.proc->vpgid = (int32_t)sid;
	t->t.proc->pgid = (int32_t)t->t.proc->pid;
}

enum { KERNEL_TIOCSCTTY = 0x540e, PTS_MAJOR = 136 };

/* The terminal of a descriptor, if its name tells it. */
static uint32_t tty_of(const struct fdinfo *f)
{
	static const char pts[] = "/dev/pts/";
	const size_t n = sizeof(pts) - 1;
	unsigned long k;

	if (!f || f->name.len <= n || memcmp(f->name.p, pts, n) != 0)
		return 0;
	k = strtoul(f->name.p + n, NULL, 10);	/* a NUL stands behind it */
	return (uint32_t)(PTS_MAJOR << 8 | (k & 0xff) | (k & ~0xfful) << 12);
}

HANDLER(on_ioctl)
{
	const int64_t number = st->cur.fd_num;

	if (!t || value_i64(EV(ev, IOCTL, res), -1) < 0)
		return;
	if (is_own(ev) && value_u64(EV(ev, IOCTL, request), 0) == KERNEL_TIOCSCTTY)
		t->t.proc->tty = tty_of(st->cur.fd);
	fds_got(st, t, EV(ev, IOCTL, got));
	/* The event's descriptor stays the one that was asked. */
	cur_fd(st, number, fdtable_get(fds_of(&t->t), number));
}

/* Numbers are those of the caller's pid namespace; the kernel's own are known only
 * outside of containers. */
HANDLER(on_setpgid)
{
	const int64_t pid = value_i64(EV(ev, SETPGID, pid), 0);
	const int64_t pgid = value_i64(EV(ev, SETPGID, pgid), 0);
	struct pnode *p;

	if (!t || !ok(EV(ev, SETPGID, res)))
		return;
	p = pnode_of(t->t.proc);
	if (pid != 0 && pid != (strict_falco ? (int64_t)p->p.pid : p->p.vpid)) {
		if ((p->in_pidns && !strict_falco) || !(p = pnode_find(st, (uint32_t)pid)))
			return;
	}
	p->p.vpgid = pgid ? (int32_t)pgid : p->p.vpid >= 0 ? p->p.vpid : (int32_t)p->p.pid;
	if (!p->in_pidns)
		p->p.pgid = p->p.vpgid;
	else if (p->p.vpgid == p->p.vpid)
		p->p.pgid = (int32_t)p->p.pid;
}

/* A directory that is relative to one that is not known is not known either. */
static void set_cwd(struct state *st, struct tnode *t, const char *path, size_t len)
{
	struct text *const cwd = cwd_of(&t->t);
	size_t n;

	if (cwd->len == 0 && (len == 0 || path[0] != '/')) {
		text_drop(st, cwd);
		return;
	}
	n = path_join(st->path[0], cwd->p, cwd->len, path, len);
	text_set(st, cwd, st->path[0], n);
}

/* The kernel's own name of the directory, if the recording has it: symbolic links and
 * renamed directories make another one of the caller's. */
static bool told_cwd(struct state *st, struct tnode *t, const struct value *cwd)
{
	if (cwd->state != VALUE_SET || cwd->len == 0 || cwd->p[0] != '/')
		return false;
	set_cwd(st, t, (const char *)cwd->p, cwd->len);
	return true;
}

HANDLER(on_chdir)
{
	const struct value *path = EV(ev, CHDIR, path);

	if (!t || !ok(EV(ev, CHDIR, res)) || told_cwd(st, t, EV(ev, CHDIR, cwd)))
		return;
	if (path->state == VALUE_SET)
		set_cwd(st, t, (const char *)path->p, path->len);
}

HANDLER(on_fchdir)
{
	const struct fdinfo *f = st->cur.fd;

	if (!t || !ok(EV(ev, FCHDIR, res)) || told_cwd(st, t, EV(ev, FCHDIR, cwd)))
		return;
	if (f && f->name.len)
		set_cwd(st, t, f->name.p, f->name.len);
	else
		text_drop(st, cwd_of(&t->t));
}

HANDLER(on_getcwd)
{
	const struct value *path = EV(ev, GETCWD, path);

	if (t && value_i64(EV(ev, GETCWD, res), -1) >= 0 && path->state == VALUE_SET
	    && path->len && path->p[0] == '/')
		set_cwd(st, t, (const char *)path->p, path->len);
}

HANDLER(on_chroot)
{
	const struct value *path = EV(ev, CHROOT, path);
	struct text cwd;
	size_t n;

	if (!t || !ok(EV(ev, CHROOT, res)) || path->state != VALUE_SET)
		return;
	cwd = thread_cwd(&t->t);
	n = path_join(st->path[0], cwd.p, cwd.len, (const char *)path->p, path->len);
	text_set(st, root_of(&t->t), st->path[0], n);
	told_cwd(st, t, EV(ev, CHROOT, cwd));
}

/* Another mount namespace begins in its root. */
HANDLER(on_setns)
{
	const struct fdinfo *f = st->cur.fd;
	const uint64_t type = value_u64(EV(ev, SETNS, nstype), 0);
	const bool mounts = type & CLONE_NEWNS || (!type && f && f->name.len >= 7
		&& memcmp(f->name.p + f->name.len - 7, "/ns/mnt", 7) == 0);

	if (!t || !ok(EV(ev, SETNS, res)))
		return;
	t->t.cap_p = value_u64(EV(ev, SETNS, cap_permitted), t->t.cap_p);
	t->t.cap_e = value_u64(EV(ev, SETNS, cap_effective), t->t.cap_e);
	if (told_cwd(st, t, EV(ev, SETNS, cwd)) || !mounts)
		return;
	set_cwd(st, t, "/", 1);
	text_set(st, root_of(&t->t), "/", 1);
}

/* Other namespaces show at the next exec or clone. */
HANDLER(on_unshare)
{
	const uint64_t flags = value_u64(EV(ev, UNSHARE, flags), 0);

	if (!t || !ok(EV(ev, UNSHARE, res)))
		return;
	/* all of them, in a user namespace of its own */
	t->t.cap_p = value_u64(EV(ev, UNSHARE, cap_permitted), t->t.cap_p);
	t->t.cap_e = value_u64(EV(ev, UNSHARE, cap_effective), t->t.cap_e);
	if (flags & CLONE_FILES)
		fds_unshare(st, t);
	/* a mount namespace of its own comes with directories of its own */
	if (flags & (CLONE_FS | CLONE_NEWNS))
		fs_unshare(st, t);
}
