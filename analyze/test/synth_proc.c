/* SPDX-License-Identifier: Apache-2.0 */
/* proc: a process as rule authors see it.  What is not said is like this: a process of root in /
 * on the host, without a terminal and without a parent that is known. */
#include <stdio.h>
#include <string.h>

#include "analyze/test/synth.h"
#include "analyze/test/synth_container.h"
#include "capture/base/near.h"
#include "capture/base/quote.h"
#include "replay/state/state.h"

enum { NAME_MAX_BYTES = 15, FIRST_PID = 1000 };

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

/* ---- keys ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool number(struct synth *s, const struct yaml *v, const char *what, uint64_t max,
		   uint64_t *out)
{
	if (v->kind == YAML_SCALAR && v->p[0] == '-' && v->p[1] == '1' && !v->p[2]) {
		*out = max;
		return true;
	}
	if (!read_number(s->f, v, what, out))
		return false;
	if (*out <= max)
		return true;
	test_file_say(s->f, v, "%s is too large", what);
	return false;
}

static bool number32(struct synth *s, const struct yaml *v, const char *what, uint32_t *out)
{
	uint64_t n;

	if (!number(s, v, what, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Numbers of terminals: pts/3, tty1, or as proc.tty shows it. */
static bool terminal(struct synth *s, const struct yaml *v, uint32_t *out)
{
	unsigned n;
	char end;

	if (v->kind == YAML_SCALAR && sscanf(v->p, "pts/%u%c", &n, &end) == 1 && n < 256) {
		*out = 136 << 8 | n;
		return true;
	}
	if (v->kind == YAML_SCALAR && sscanf(v->p, "tty%u%c", &n, &end) == 1 && n < 64) {
		*out = 4 << 8 | n;
		return true;
	}
	return number32(s, v, "tty", out);
}

static bool name_of(struct synth *s, const struct yaml *v, const char **out)
{
	if (!read_text(s->f, v, "the name of a process", out))
		return false;
	if (v->len <= NAME_MAX_BYTES)
		return true;
	test_file_say(s->f, v, "names of processes have at most %u bytes: '%.*s'", NAME_MAX_BYTES,
		      NAME_MAX_BYTES, v->p);
	return false;
}

/* "bash -c id": program, and arguments behind it. */
static bool command_line(struct synth *s, const struct yaml *v, struct synth_proc *p)
{
	const char *words;
	size_t len, first;

	if (!synth_strings(s, v, "cmdline", &words, &len))
		return false;
	if (len == 0) {
		test_file_say(s->f, v, "cmdline is a program and its arguments");
		return false;
	}
	first = strlen(words) + 1;
	p->exe = words;
	p->name = arena_printf(&s->f->arena, "%.*s", NAME_MAX_BYTES, base_name(words));
	p->args = words + first;
	p->n_args = len - first;
	return true;
}

static void add_account(struct synth *s, const struct synth_proc *p, bool group, uint32_t id,
			const char *name)
{
	struct event *ev = synth_add(s, group ? EV_SNAP_GROUP : EV_SNAP_USER);

	value_number(&ev->v[P(SNAP_USER, uid)], id);
	if (group) {
		value_number(&ev->v[P(SNAP_GROUP, gid)], id);
		synth_text(s, &ev->v[P(SNAP_GROUP, name)], name);
		if (p->container)
			synth_text(s, &ev->v[P(SNAP_GROUP, container)], p->container);
		return;
	}
	value_number(&ev->v[P(SNAP_USER, gid)], p->gid);
	synth_text(s, &ev->v[P(SNAP_USER, name)], name);
	if (p->container)
		synth_text(s, &ev->v[P(SNAP_USER, container)], p->container);
}

/* A name, and its number if that is given; else root is 0 and others get one. */
static bool account(struct synth *s, struct synth_proc *p, const struct yaml *map, bool group)
{
	const struct yaml *name = yaml_get(map, group ? "group" : "user");
	const struct yaml *id = yaml_get(map, group ? "gid" : "uid");
	uint32_t n = 0;
	const char *text;

	if (!name && !id)
		return true;
	if (name && !read_text(s->f, name, "the name of an account", &text))
		return false;
	if (id && !number32(s, id, group ? "gid" : "uid", &n))
		return false;
	if (!id && strcmp(text, "root") != 0)
		n = 1000 + s->next_uid++;
	if (name)
		add_account(s, p, group, n, text);
	if (group)
		p->gid = p->egid = n;
	else
		p->uid = p->euid = n;
	return true;
}

static bool flag(struct synth *s, const struct yaml *map, const char *key, uint32_t bit,
		 uint32_t *bits)
{
	const struct yaml *v = yaml_get(map, key);
	bool on;

	if (!v)
		return true;
	if (!read_bool(s->f, v, key, &on))
		return false;
	*bits = on ? *bits | bit : *bits & ~bit;
	return true;
}

static bool ids(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	const struct {
		const char *key;
		int64_t *to;
	} keys[] = {
		{ "sid", &p->sid }, { "pgid", &p->pgid }, { "vpid", &p->vpid },
		{ "vpgid", &p->vpgid },
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml *v = yaml_get(map, keys[i].key);
		uint64_t n;

		if (!v)
			continue;
		if (!number(s, v, keys[i].key, INT32_MAX, &n))
			return false;
		*keys[i].to = (int64_t)n;
	}
	return true;
}

static bool capabilities(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	const struct {
		const char *key;
		uint64_t *to;
	} keys[] = {
		{ "cap_inheritable", &p->cap_i }, { "cap_permitted", &p->cap_p },
		{ "cap_effective", &p->cap_e },
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml *v = yaml_get(map, keys[i].key);

		if (!v)
			continue;
		*keys[i].to = 0;
		p->has_caps = true;
		if (!synth_flags(s, FT_capability_bits, v, keys[i].to))
			return false;
	}
	return true;
}

static bool numbers(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	const struct yaml *v;

	if ((v = yaml_get(map, "tty")) && !terminal(s, v, &p->tty))
		return false;
	if ((v = yaml_get(map, "loginuid")) && !number32(s, v, "loginuid", &p->loginuid))
		return false;
	if (!account(s, p, map, true) || !account(s, p, map, false))
		return false;
	if ((v = yaml_get(map, "euid")) && !number32(s, v, "euid", &p->euid))
		return false;
	if ((v = yaml_get(map, "egid")) && !number32(s, v, "egid", &p->egid))
		return false;
	return flag(s, map, "is_exe_writable", 1, &p->exe_flags) &&
	       flag(s, map, "is_exe_upper_layer", 2, &p->exe_flags) &&
	       flag(s, map, "is_exe_from_memfd", 4, &p->exe_flags) &&
	       flag(s, map, "is_exe_lower_layer", 8, &p->exe_flags) && ids(s, map, p) &&
	       capabilities(s, map, p);
}

static bool texts(struct synth *s, const struct yaml *map, struct synth_proc *p)
{
	const struct yaml *line = yaml_get(map, "cmdline"), *args = yaml_get(map, "args"), *v;

	if (line && args) {
		test_file_say(s->f, args, "cmdline has the arguments already");
		return false;
	}
	if (line && !command_line(s, line, p))
		return false;
	if (args && !synth_strings(s, args, "args", &p->args, &p->n_args))
		return false;
	if ((v = yaml_get(map, "env")) && !synth_strings(s, v, "env", &p->env, &p->n_env))
		return false;
	if ((v = yaml_get(map, "cgroups")) &&
	    !synth_strings(s, v, "cgroups", &p->cgroups, &p->n_cgroups))
		return false;
	if ((v = yaml_get(map, "cwd")) && !read_text(s->f, v, "cwd", &p->cwd))
		return false;
	if ((v = yaml_get(map, "exepath"))) {
		if (!read_text(s->f, v, "exepath", &p->exepath))
			return false;
		p->exe = line ? p->exe : p->exepath;
		p->name = line ? p->name : arena_printf(&s->f->arena, "%.*s", NAME_MAX_BYTES,
							base_name(p->exepath));
	}
	if ((v = yaml_get(map, "exe")) && !read_text(s->f, v, "exe", &p->exe))
		return false;
	if ((v = yaml_get(map, "name")) && !name_of(s, v, &p->name))
		return false;
	if (!p->exe)
		p->exe = p->name;
	return true;
}

/* ---- parents ---- */

/* A known process of that name, or a new one. */
static struct synth_proc *by_name(struct synth *s, const struct yaml *v,
				  const struct synth_proc *but)
{
	struct synth_proc *p;
	const char *name;

	if (!name_of(s, v, &name))
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
		if (!number(s, ppid, "ppid", INT32_MAX, &pid))
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
	if (!up || !texts(s, &parent, up))
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
	if (!number(s, v, "pid", INT32_MAX, pid))
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
	if (!texts(s, v, p) || !numbers(s, v, p) || !descriptors(s, v, p))
		return NULL;
	return p;
}

/* ---- telling ---- */

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
