/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an event: a parameter by its name, or a field that says the same. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/synth.h"
#include "capture/base/err.h"
#include "capture/base/near.h"
#include "capture/base/timearg.h"
#include "replay/field/field.h"

static bool set(struct synth *s, struct synth_item *it, const struct yaml *key, unsigned i,
		const struct yaml *v)
{
	if (it->ev->v[i].state != VALUE_ABSENT) {
		test_file_say(s->f, key, "%s says %s of %s again", key->p,
			      it->desc->params[i].name, it->desc->name);
		return false;
	}
	if (v->kind == YAML_NULL)
		return true;
	return synth_value(s, it->desc, &it->desc->params[i], v, &it->ev->v[i]);
}

static bool unknown_param(struct synth *s, const struct synth_item *it, const struct yaml *key,
			  const char *name)
{
	struct near near;
	struct buf all = {0};

	near_init(&near, name, strlen(name));
	for (unsigned i = 0; i < it->desc->n_params; i++) {
		near_try(&near, it->desc->params[i].name);
		if (it->desc->params[i].src != SRC_TASK)
			buf_printf(&all, "%s%s", all.len ? ", " : "", it->desc->params[i].name);
	}
	if (near.name)
		test_file_say(s->f, key, "%s has no parameter '%s'%s", it->desc->name, name,
			      near_text(&near));
	else
		test_file_say(s->f, key, "%s has no parameter '%s'; it has %s", it->desc->name,
			      name, buf_text(&all));
	buf_release(&all);
	return false;
}

static bool parameter(struct synth *s, struct synth_item *it, const struct yaml *key,
		      const char *name, const struct yaml *v)
{
	const int i = event_param_index(it->desc, name, strlen(name));

	return i < 0 ? unknown_param(s, it, key, name) : set(s, it, key, (unsigned)i, v);
}

/* evt.arg.flags, evt.arg[1] */
static bool argument(struct synth *s, struct synth_item *it, const struct yaml *key,
		     const char *rest, const struct yaml *v)
{
	char *end;
	unsigned long i;

	if (*rest == '.')
		return parameter(s, it, key, rest + 1, v);
	i = *rest == '[' ? strtoul(rest + 1, &end, 10) : UINT32_MAX;
	if (i < it->desc->n_params && strcmp(end, "]") == 0)
		return set(s, it, key, (unsigned)i, v);
	test_file_say(s->f, key, "say evt.arg.NAME, or just the name of the parameter");
	return false;
}

static bool result(struct synth *s, struct synth_item *it, const struct yaml *key,
		   const struct yaml *v)
{
	static const char *const names[] = { "res", "fd" };

	if (read_is(v, "SUCCESS"))
		return true;
	for (unsigned i = 0; i < 2; i++)
		if (it->desc->n_params && strcmp(it->desc->params[0].name, names[i]) == 0)
			return set(s, it, key, 0, v);
	test_file_say(s->f, key, "%s has no result", it->desc->name);
	return false;
}

/* fs.path.name and its like: the parameter that it is made of. */
static bool path(struct synth *s, struct synth_item *it, const struct yaml *key,
		 const char *what, const struct yaml *v)
{
	const unsigned i = field_path_param(it->ev->type, what);

	if (i)
		return set(s, it, key, i, v);
	test_file_say(s->f, key, "%s has no %s", it->desc->name, key->p);
	return false;
}

/* A duration, or ns as the field has them. */
static bool latency(struct synth *s, struct synth_item *it, const struct yaml *v)
{
	const char *text = v->kind == YAML_SCALAR ? v->p : "";
	const bool plain = *text && strspn(text, "0123456789") == strlen(text);
	uint64_t ns = 0;

	if (it->desc->flags & (EF_TRACEPOINT | EF_PSEUDO)) {
		test_file_say(s->f, v, "%s is no call that could take time", it->desc->name);
		return false;
	}
	if (plain)
		ns = strtoull(text, NULL, 10);
	else if (time_duration(text, &ns) < 0)
		ns = 0;
	if (ns == 0 || ns > INT64_MAX) {
		test_file_say(s->f, v, "evt.latency is how long the call took: 50ms, or ns");
		return false;
	}
	it->ev->latency = ns;
	return true;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool other_field(struct synth *s, const struct yaml *key)
{
	static const char *const of_proc[] = {
		"proc.", "user.", "group.", "container.", "thread.",
	};
	const struct field_desc *f = field_find(key->p, key->len);
	const char *near;

	for (unsigned i = 0; i < sizeof(of_proc) / sizeof(of_proc[0]); i++)
		if (begins(key->p, of_proc[i])) {
			test_file_say(s->f, key, "%s is of the process: proc: {%s: ...}", key->p,
				      i == 0 || i == 4 ? key->p + strlen(of_proc[i]) :
				      i == 3 ? "container: {...}" : i == 1 ? "user" : "group");
			return false;
		}
	if (f) {
		test_file_say(s->f, key, "%s follows from the parameters of the event; it cannot "
			      "be set", key->p);
		return false;
	}
	near = field_suggest(key->p, key->len);
	test_file_say(s->f, key, near ? "there is no field '%s'; did you mean %s?" :
		      "there is no field '%s'%.0s", key->p, near);
	return false;
}

static bool field(struct synth *s, struct synth_item *it, const struct yaml *key,
		  const struct yaml *v)
{
	const char *name = key->p;

	if (begins(name, "fd."))
		return synth_fd_key(s, key, name + 3, v, &it->fd);
	if (begins(name, "evt.arg"))
		return argument(s, it, key, name + 7, v);
	if (begins(name, "evt.rawarg"))
		return argument(s, it, key, name + 10, v);
	if (strcmp(name, "evt.res") == 0 || strcmp(name, "evt.rawres") == 0)
		return result(s, it, key, v);
	if (strcmp(name, "evt.buffer") == 0)
		return parameter(s, it, key, "data", v);
	if (strcmp(name, "evt.latency") == 0)
		return latency(s, it, v);
	if (begins(name, "fs.path."))
		return path(s, it, key, name + 8, v);
	return other_field(s, key);
}

bool synth_key(struct synth *s, struct synth_item *it, const struct yaml *key,
	       const struct yaml *v)
{
	const char *name = key->p;

	if (strcmp(name, "proc") == 0 || strcmp(name, "evt") == 0 ||
	    strcmp(name, "evt.type") == 0 || strcmp(name, "time") == 0)
		return true;
	if (strcmp(name, "fd") == 0 && v->kind == YAML_MAPPING)
		return synth_fd_map(s, v, &it->fd);
	if (strcmp(name, "res") == 0)
		return result(s, it, key, v);
	if (strchr(name, '.'))
		return field(s, it, key, v);
	return parameter(s, it, key, name, v);
}
