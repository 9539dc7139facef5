/* SPDX-License-Identifier: Apache-2.0 */
/* proc: a process as rule authors see it.  What is not said is like this: a process of root in /
 * on the host, without a terminal and without a parent that is known. */
#include <string.h>

#include "analyze/test/synth.h"
#include "analyze/test/synth_container.h"

enum { FIRST_PID = 1000 };

/* ---- finding and making ---- */

struct synth_proc *synth_proc_find(const struct synth *s, uint32_t pid)
{
	for (size_t i = s->n_procs; i-- > 0;)
		if (s->procs[i]->pid == pid)
			return s->procs[i];
	return NULL;
}

static struct synth_proc *find_named(const struct synth *s, const char *name,
				     const struct synth_proc *but)
{
	for (size_t i = s->n_procs; i-- > 0;)
		if (s->procs[i] != but && s->procs[i]->name &&
		    strcmp(s->procs[i]->name, name) == 0)
			return s->procs[i];
	return NULL;
}

static struct synth_proc *proc_new(struct synth *s, uint32_t pid, const struct yaml *at)
{
	struct synth_proc *p;

	if (s->n_procs == SYNTH_PROCS_MAX) {
		test_file_say(s->f, at, "at most %u processes", SYNTH_PROCS_MAX);
		return NULL;
	}
	while (!pid && synth_proc_find(s, FIRST_PID + s->next_pid))
		s->next_pid++;
	p = arena_zalloc(&s->f->arena, sizeof(*p));
	*p = (struct synth_proc){ .pid = pid ? pid : FIRST_PID + s->next_pid++, .cwd = "/",
		.loginuid = UINT32_MAX, .sid = -1, .pgid = -1, .vpid = -1, .vpgid = -1,
		.last_fd = -1, .node = at };
	s->procs = mem_grow(s->procs, &s->procs_cap, s->n_procs + 1, sizeof(struct synth_proc *));
	s->procs[s->n_procs++] = p;
	return p;
}

struct synth_proc *synth_proc_fork(struct synth *s, const struct synth_proc *parent, uint32_t pid)
{
	struct synth_proc *p = synth_proc_find(s, pid);

	if (!p)
		p = proc_new(s, pid, parent->node);
	if (!p)
		return NULL;
	pid = p->pid;
	*p = *parent;
	p->pid = pid;
	p->ppid = parent->pid;
	p->vpid = -1;
	return p;
}

/* ---- parents ---- */

/* A known process of that name, or a new one. */
static struct synth_proc *by_name(struct synth *s, const struct yaml *v,
				  const struct synth_proc *but)
{
	struct synth_proc *p;
	const char *name;

	if (!synth_name(s, v, &name))
		return NULL;
	p = find_named(s, name, but);
	if (p)
		return p;
	p = proc_new(s, 0, v);
	if (p)
		p->name = p->exe = name;
	return p;
}

static bool is_digits(const struct yaml *v)
{
	return v->kind == YAML_SCALAR && v->len && strspn(v->p, "0123456789") == v->len;
}

static struct synth_proc *above(struct synth *s, const struct yaml *v,
				const struct synth_proc *of, unsigned depth)
{
	return v->kind == YAML_SCALAR && !is_digits(v) ? by_name(s, v, of) :
		synth_proc(s, v, depth + 1);
}

static bool ancestors(struct synth *s, const struct yaml *v, struct synth_proc *p, unsigned depth)
{
	if (v->kind != YAML_SEQUENCE || v->n == 0) {
		test_file_say(s->f, v, "ancestors is a list, the parent first");
		return false;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		struct synth_proc *up = above(s, v->kids[i], p, depth);

		if (!up)
			return false;
		p->ppid = up->pid;
		p->told = false;
		p = up;
	}
	return true;
}

/* pname and its like: a parent of which only this is known. */
static bool parent_by_facts(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	static const char *const keys[][2] = {
		{ "pcmdline", "cmdline" }, { "pexepath", "exepath" }, { "pexe", "exe" },
		{ "pname", "name" },
	};
	struct yaml key[4], *kids[8], parent = { .kind = YAML_MAPPING, .kids = kids };
	const struct yaml *ppid = yaml_get(map, "ppid"), *name = yaml_get(map, "pname");
	struct synth_proc *up = NULL;
	uint64_t pid = 0;

	for (unsigned i = 0; i < 4; i++) {
		const struct yaml *v = yaml_get(map, keys[i][0]);

		if (!v)
			continue;
		parent.line = v->line;
		parent.column = v->column;
		parent.off = v->off;
		key[i] = (struct yaml){ .kind = YAML_SCALAR, .p = keys[i][1],
			.len = (uint32_t)strlen(keys[i][1]) };
		kids[parent.n++] = &key[i];
		kids[parent.n++] = (struct yaml *)(uintptr_t)v;
	}
	if (ppid) {
		if (!synth_number(s, ppid, "ppid", INT32_MAX, &pid))
			return false;
		p->ppid = (uint32_t)pid;
		up = synth_proc_find(s, p->ppid);
	}
	if (parent.n == 0)
		return true;
	if (!ppid && parent.n == 2 && name)
		up = by_name(s, name, p);
	else if (!up)
		up = proc_new(s, (uint32_t)pid, map);
	if (!up || !synth_texts(s, &parent, up))
		return false;
	up->told = false;
	p->ppid = up->pid;
	return true;
}

static bool parents(struct synth *s, const struct yaml *map, struct synth_proc *p, unsigned depth)
{
	const struct yaml *parent = yaml_get(map, "parent"), *all = yaml_get(map, "ancestors");
	const struct yaml *pname = yaml_get(map, "pname");
	struct synth_proc *up;

	if ((parent != NULL) + (all != NULL) + (pname != NULL) > 1) {
		test_file_say(s->f, map, "one of parent, pname and ancestors is enough");
		return false;
	}
	if (all)
		return ancestors(s, all, p, depth);
	if (!parent)
		return parent_by_facts(s, map, p);
	up = above(s, parent, p, depth);
	if (up)
		p->ppid = up->pid;
	return up;
}

/* ---- descriptors that it has ---- */

static bool descriptor(struct synth *s, struct synth_proc *p, const struct yaml *v, int64_t num)
{
	struct synth_fd fd = { .node = v, .num = num, .server = -1 };

	if (!synth_fd_map(s, v, &fd))
		return false;
	fd.num = num;
	synth_fd_use(s, p, &fd, fd.server == 1, true);
	return true;
}

static bool descriptors(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	static const char *const keys[] = { "stdin", "stdout", "stderr" };
	const struct yaml *v, *all = yaml_get(map, "fds");
	uint64_t n;

	for (unsigned i = 0; i < 3; i++)
		if ((v = yaml_get(map, keys[i])) && !descriptor(s, p, v, i))
			return false;
	if (all && all->kind != YAML_MAPPING) {
		test_file_say(s->f, all, "fds is a map: {3: /etc/passwd}");
		return false;
	}
	for (uint32_t i = 0; all && i + 1 < all->n; i += 2)
		if (!read_number(s->f, all->kids[i], "the number of a descriptor", &n) ||
		    n > INT32_MAX || !descriptor(s, p, all->kids[i + 1], (int64_t)n))
			return false;
	return true;
}

/* ---- reading ---- */

static struct synth_proc *known(struct synth *s, const struct yaml *v)
{
	struct synth_proc *p = NULL;
	uint64_t pid;

	if (read_number(s->f, v, "pid", &pid))
		p = pid <= INT32_MAX ? synth_proc_find(s, (uint32_t)pid) : NULL;
	if (!p)
		test_file_say(s->f, v, "no process %s was told of before: proc: {pid: %s, "
			      "name: ...}", v->p, v->p);
	return p;
}

static bool take_pid(struct synth *s, const struct yaml *map, uint64_t *pid)
{
	const struct yaml *v = yaml_get(map, "pid");

	*pid = 0;
	if (!v)
		return true;
	if (!synth_number(s, v, "pid", INT32_MAX, pid))
		return false;
	if (*pid == 0)
		test_file_say(s->f, v, "processes are numbered from 1");
	return *pid != 0;
}

/* In a container is who is in its parent's, unless it is told otherwise. */
static void inherit(struct synth *s, struct synth_proc *p)
{
	const struct synth_proc *up = synth_proc_find(s, p->ppid);

	if (!up || !up->container)
		return;
	p->container = up->container;
	p->cgroups = up->cgroups;
	p->n_cgroups = up->n_cgroups;
	p->tell_container = true;
}

struct synth_proc *synth_proc(struct synth *s, const struct yaml *v, unsigned depth)
{
	static const char *const keys[] = { "pid", "ppid", "parent", "ancestors", "pname", "pexe",
		"pexepath", "pcmdline", "name", "exe", "exepath", "args", "cmdline", "env", "cwd",
		"tty", "uid", "user", "gid", "group", "euid", "egid", "loginuid", "sid", "pgid",
		"vpid", "vpgid", "cgroups", "container", "cap_inheritable", "cap_permitted",
		"cap_effective", "is_exe_writable", "is_exe_upper_layer", "is_exe_lower_layer",
		"is_exe_from_memfd", "stdin", "stdout", "stderr", "fds", NULL };
	const struct yaml *container;
	struct synth_proc *p;
	uint64_t pid;
	bool is_new;

	if (v->kind == YAML_SCALAR)
		return is_digits(v) ? known(s, v) : by_name(s, v, NULL);
	if (depth > SYNTH_DEPTH_MAX) {
		test_file_say(s->f, v, "at most %u generations", SYNTH_DEPTH_MAX);
		return NULL;
	}
	if (!read_map(s->f, v, "a process", keys) || !take_pid(s, v, &pid))
		return NULL;
	p = pid ? synth_proc_find(s, (uint32_t)pid) : NULL;
	is_new = !p;
	if (is_new && !(p = proc_new(s, (uint32_t)pid, v)))
		return NULL;
	p->told = p->told && v->n <= 2;
	container = yaml_get(v, "container");
	if (!parents(s, v, p, depth))
		return NULL;
	if (container ? !synth_container(s, p, container) : false)
		return NULL;
	if (!container && is_new)
		inherit(s, p);
	if (!synth_texts(s, v, p) || !synth_facts(s, v, p) || !descriptors(s, v, p))
		return NULL;
	return p;
}
