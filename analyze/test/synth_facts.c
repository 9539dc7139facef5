/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a process that say something of it alone. */
#include <stdio.h>
#include <string.h>

#include "analyze/test/synth.h"

enum { NAME_MAX_BYTES = 15 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool synth_number(struct synth *s, const struct yaml *v, const char *what, uint64_t max,
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

	if (!synth_number(s, v, what, UINT32_MAX, &n))
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

bool synth_name(struct synth *s, const struct yaml *v, const char **out)
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
		if (!synth_number(s, v, keys[i].key, INT32_MAX, &n))
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

bool synth_facts(struct synth *s, const struct yaml *map, struct synth_proc *p)
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

bool synth_texts(struct synth *s, const struct yaml *map, struct synth_proc *p)
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
	if ((v = yaml_get(map, "name")) && !synth_name(s, v, &p->name))
		return false;
	if (!p->exe)
		p->exe = p->name;
	return true;
}
