/* SPDX-License-Identifier: Apache-2.0 */
/* proc.* and thread.*: who did it. */
#include "replay/field/getters.h"

#define THREAD_OR_ABSENT()							\
	const struct thread *t = c->cur->thread;				\
	if (!t)									\
		return missing(c)

/* What is not known of a thread, after a loss. */
#define LOST_OR(value) (t->bits & TB_PLACEHOLDER && c->cur->after_loss ? FIELD_LOST : (value))

static const struct text na = { "<NA>", 4 };

/* A text that every process has. */
static enum field_found put_known(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, const struct thread *t, struct text v)
{
	if (c->cur->after_loss && (v.len == 0 || is_placeholder(t)))
		return FIELD_LOST;
	return put_text(r, out, v);
}

/* ---- texts ---- */

static struct text exe_of(const struct thread *t)
{
	return is_placeholder(t) ? na : t->proc->exe;
}

static struct text comm_of(const struct thread *t)
{
	return is_placeholder(t) ? na : t->comm;
}

struct args {
	const char *p, *end;
};

static struct args args_of(const struct thread *t)
{
	return (struct args){ t->proc->args.p, t->proc->args.p + t->proc->args.len };
}

static bool next_arg(struct args *a, struct text *arg)
{
	if (a->p >= a->end)
		return false;
	arg->p = a->p;
	arg->len = (uint32_t)strnlen(a->p, (size_t)(a->end - a->p));
	a->p += arg->len + 1;
	return true;
}

/* head, and each string of the list behind a blank; without head no blank before the
 * first. */
static void joined(const struct field_ctx *c, struct text head, bool has_head, struct text list,
		   struct fval *out)
{
	struct args a = { list.p, list.p + list.len };
	char *p = arena_alloc(c->scratch, head.len + list.len + 2);
	size_t n = head.len;
	struct text arg;

	memcpy(p, head.p, head.len);
	for (bool first = !has_head; next_arg(&a, &arg); first = false) {
		if (!first)
			p[n++] = ' ';
		memcpy(p + n, arg.p, arg.len);
		n += arg.len;
	}
	p[n] = 0;
	out->p = p;
	out->len = (uint32_t)n;
}

void cmdline_text(const struct field_ctx *c, const struct thread *t, struct fval *out)
{
	joined(c, comm_of(t), true, t->proc->args, out);
}

static void args_text(const struct field_ctx *c, const struct thread *t, struct fval *out)
{
	joined(c, (struct text){ "", 0 }, false, t->proc->args, out);
}

GET(get_proc_name)
{
	THREAD_OR_ABSENT();
	return put_known(c, r, out, t, comm_of(t));
}

GET(get_proc_exe)
{
	THREAD_OR_ABSENT();
	return put_known(c, r, out, t, exe_of(t));
}

GET(get_proc_exepath)
{
	THREAD_OR_ABSENT();
	return put_known(c, r, out, t, t->proc->exepath);
}

GET(get_proc_cmdline)
{
	THREAD_OR_ABSENT();
	fval_as(out, r);
	cmdline_text(c, t, out);
	return c->cur->after_loss && !t->comm.len ? FIELD_LOST : LOST_OR(FIELD_FOUND);
}

GET(get_proc_exeline)
{
	const struct text blank = { " ", 1 };
	struct fval args;
	struct text exe;
	char *p;

	THREAD_OR_ABSENT();
	exe = exe_of(t);
	args_text(c, t, &args);
	p = arena_alloc(c->scratch, exe.len + blank.len + args.len + 1);
	memcpy(p, exe.p, exe.len);
	p[exe.len] = ' ';
	memcpy(p + exe.len + 1, args.p, args.len + 1);
	return put_bytes(r, out, p, exe.len + 1 + args.len);
}

GET(get_evt_command)
{
	const struct value *path = EV(c->ev, CHDIR, path);
	const char cd[] = "cd ";
	char *p;

	if (value_i64(event_value(c->ev, 0), -1) != 0)
		return FIELD_ABSENT;
	if (c->ev->type != EV_CHDIR)
		return get_proc_exeline(c, r, out);
	if (path->state != VALUE_SET)
		return path->state == VALUE_LOST ? FIELD_LOST : FIELD_ABSENT;
	p = arena_alloc(c->scratch, sizeof(cd) + path->len);
	memcpy(p, cd, sizeof(cd) - 1);
	memcpy(p + sizeof(cd) - 1, path->p, path->len);
	return put_bytes(r, out, p, sizeof(cd) - 1 + path->len);
}

GET(get_proc_args)
{
	struct args a;
	struct text arg = { "", 0 };

	THREAD_OR_ABSENT();
	if (r->index == INT64_MIN) {
		fval_as(out, r);
		args_text(c, t, out);
		return LOST_OR(FIELD_FOUND);
	}
	a = args_of(t);
	for (int64_t i = 0; i <= r->index; i++)
		if (!next_arg(&a, &arg))
			return put_str(r, out, "");
	return put_text(r, out, arg);
}

GET(get_proc_cmdnargs)
{
	struct args a;
	struct text arg;
	uint64_t n = 0;

	THREAD_OR_ABSENT();
	a = args_of(t);
	while (next_arg(&a, &arg))
		n++;
	return put_u(r, out, n);
}

GET(get_proc_cmdlenargs)
{
	struct args a;
	struct text arg;
	uint64_t n = 0;

	THREAD_OR_ABSENT();
	a = args_of(t);
	while (next_arg(&a, &arg))
		n += arg.len;
	return put_u(r, out, n);
}

/* ---- environment ---- */

static struct text trimmed(struct text t)
{
	while (t.len && (t.p[0] == ' ' || t.p[0] == '\t')) {
		t.p++;
		t.len--;
	}
	while (t.len && (t.p[t.len - 1] == ' ' || t.p[t.len - 1] == '\t'))
		t.len--;
	return t;
}

static struct text env_value(const struct thread *t, const char *name)
{
	struct args a = { t->proc->env.p, t->proc->env.p + t->proc->env.len };
	const size_t len = strlen(name);
	struct text v;

	while (next_arg(&a, &v)) {
		if (v.len <= len || v.p[len] != '=' || memcmp(v.p, name, len) != 0)
			continue;
		v.p += len + 1;
		v.len -= (uint32_t)len + 1;
		return trimmed(v);
	}
	return (struct text){ "", 0 };
}

static void env_text(const struct field_ctx *c, const struct thread *t, struct fval *out)
{
	joined(c, (struct text){ "", 0 }, false, t->proc->env, out);
}

GET(get_proc_env)
{
	THREAD_OR_ABSENT();
	if (r->key && r->index == INT64_MIN)
		return LOST_OR(put_text(r, out, env_value(t, r->key)));
	fval_as(out, r);
	env_text(c, t, out);
	return LOST_OR(FIELD_FOUND);
}

enum { AENV_LEVELS = 20 };

GET(get_proc_aenv)
{
	const struct thread *up;

	THREAD_OR_ABSENT();
	if (r->index != INT64_MIN) {
		up = ancestor(c, t, r->index);
		if (!up)
			return missing(c);
		fval_as(out, r);
		env_text(c, up, out);
		return FIELD_FOUND;
	}
	if (!r->key) {
		up = thread_parent(c->st, t);
		if (!up)
			return missing(c);
		fval_as(out, r);
		env_text(c, up, out);
		return FIELD_FOUND;
	}
	up = thread_parent(c->st, t);
	for (unsigned i = 0; up && i < AENV_LEVELS; i++, up = thread_parent(c->st, up)) {
		const struct text v = env_value(up, r->key);

		if (v.len)
			return put_text(r, out, v);
	}
	return put_str(r, out, "");
}

GET_ALL(all_proc_aenv)
{
	const struct thread *t = c->cur->thread;
	struct fval v;

	if (!t)
		return missing(c);
	if (r->key || r->index != INT64_MIN) {
		const enum field_found f = get_proc_aenv(c, r, &v);

		if (f == FIELD_FOUND)
			fval_list_add(out, &v);
		return f;
	}
	t = thread_parent(c->st, t);
	for (unsigned i = 0; t && i < AENV_LEVELS; i++, t = thread_parent(c->st, t)) {
		fval_as(&v, r);
		env_text(c, t, &v);
		fval_list_add(out, &v);
	}
	return out->n ? FIELD_FOUND : missing(c);
}

/* ---- ancestors ---- */

enum { ANCESTORS_MAX = 1000 };	/* ends a loop in damaged or hostile data */

const struct thread *ancestor(const struct field_ctx *c, const struct thread *t, int64_t n)
{
	if (n < 0 || n > ANCESTORS_MAX || is_placeholder(t))
		return NULL;
	t = thread_main(t);
	for (int64_t i = 0; t && i < n; i++)
		t = thread_parent(c->st, t);
	return t;
}

enum what { OF_NAME, OF_EXE, OF_EXEPATH, OF_CMDLINE, OF_ARGS, OF_PID };

static enum field_found tell(const struct field_ctx *c, const struct field_ref *r,
			     const struct thread *t, enum what what, struct fval *out)
{
	if (!t)
		return missing(c);
	fval_as(out, r);
	switch (what) {
	case OF_NAME:
		return put_known(c, r, out, t, comm_of(t));
	case OF_EXE:
		return put_known(c, r, out, t, exe_of(t));
	case OF_EXEPATH:
		return put_known(c, r, out, t, t->proc->exepath);
	case OF_CMDLINE:
		cmdline_text(c, t, out);
		return c->cur->after_loss && !t->comm.len ? FIELD_LOST : LOST_OR(FIELD_FOUND);
	case OF_ARGS:
		args_text(c, t, out);
		return LOST_OR(FIELD_FOUND);
	case OF_PID:
		return put_i(r, out, t->proc->pid ? (int64_t)t->proc->pid : -1);
	}
	return FIELD_ABSENT;
}

static enum field_found all_of(const struct field_ctx *c, const struct field_ref *r,
			       enum what what, struct fval_list *out)
{
	const struct thread *t = c->cur->thread;
	struct fval v;

	if (!t)
		return missing(c);
	if (r->index != INT64_MIN) {
		const enum field_found f = tell(c, r, ancestor(c, t, r->index), what, &v);

		if (f == FIELD_FOUND)
			fval_list_add(out, &v);
		return f;
	}
	t = thread_parent(c->st, t);
	for (unsigned i = 0; t && i < ANCESTORS_MAX; i++) {
		const struct thread *up = thread_parent(c->st, t);

		if (tell(c, r, t, what, &v) == FIELD_LOST) {
			v.p = "<LOST>";
			v.len = 6;
		}
		if (what != OF_EXEPATH || v.len)	/* unknown paths are none */
			fval_list_add(out, &v);
		if (up == t || up == c->cur->thread)
			break;
		t = up;
	}
	return out->n ? FIELD_FOUND : missing(c);
}

/* Without an index: all of them, joined by blanks. */
static enum field_found one_of(const struct field_ctx *c, const struct field_ref *r,
			       enum what what, struct fval *out)
{
	struct fval_list l = { .arena = c->scratch };
	enum field_found f;
	struct buf b = {0};

	if (!c->cur->thread)
		return missing(c);
	if (r->index != INT64_MIN || what == OF_PID)
		return tell(c, r, ancestor(c, c->cur->thread, r->index == INT64_MIN ? 0 : r->index),
			    what, out);
	f = all_of(c, r, what, &l);
	if (f != FIELD_FOUND)
		return f;
	for (unsigned i = 0; i < l.n; i++) {
		if (b.len)
			buf_byte(&b, ' ');
		buf_put(&b, l.v[i].p, l.v[i].len);
	}
	return b.len ? put_buf(c, r, out, &b) : FIELD_ABSENT;
}

#define ANCESTOR(name, what)							\
	GET(get_proc_##name)							\
	{									\
		return one_of(c, r, what, out);					\
	}									\
	GET_ALL(all_proc_##name)						\
	{									\
		return all_of(c, r, what, out);					\
	}
ANCESTOR(aname, OF_NAME)
ANCESTOR(aexe, OF_EXE)
ANCESTOR(aexepath, OF_EXEPATH)
ANCESTOR(acmdline, OF_CMDLINE)
ANCESTOR(apid, OF_PID)

GET(get_proc_aargs)
{
	return one_of(c, r, OF_ARGS, out);
}

#define PARENT(name, what)							\
	GET(get_proc_##name)							\
	{									\
		const struct thread *up;					\
										\
		THREAD_OR_ABSENT();						\
		up = thread_parent(c->st, t);					\
		return up ? tell(c, r, up, what, out) : no_parent(c, t);	\
	}
PARENT(pname, OF_NAME)
PARENT(pexe, OF_EXE)
PARENT(pexepath, OF_EXEPATH)
PARENT(pcmdline, OF_CMDLINE)

GET(get_proc_loginshellid)
{
	int64_t found = -1;

	THREAD_OR_ABSENT();
	for (unsigned i = 0; t && i < ANCESTORS_MAX; i++) {
		const struct text comm = comm_of(t);

		if (comm.len >= 2 && memcmp(comm.p + comm.len - 2, "sh", 2) == 0)
			found = t->proc->pid;
		t = thread_parent(c->st, t);
	}
	return found < 0 ? FIELD_ABSENT : put_i(r, out, found);
}

/* ---- directory ---- */

GET(get_proc_cwd)
{
	struct text cwd;
	char *p;

	THREAD_OR_ABSENT();
	cwd = thread_cwd(t);
	if (c->cur->after_loss && cwd.len == 0)
		return FIELD_LOST;
	if ((!t->proc->leader && t->tid != t->proc->pid && !cwd.len)
	    || (is_placeholder(t) && !c->cur->after_loss))
		return put_str(r, out, "./");
	if (cwd.len == 0 || cwd.p[cwd.len - 1] == '/')
		return put_text(r, out, cwd);
	p = arena_strn(c->scratch, cwd.p, cwd.len + 1);
	p[cwd.len] = '/';
	return put_bytes(r, out, p, cwd.len + 1);
}
