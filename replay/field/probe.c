/* SPDX-License-Identifier: Apache-2.0 */
/* Commands with which a runtime asks a container for its health, and who runs them. */
#include "replay/field/getters.h"

#define ANCESTORS_MAX 64

static const char healthcheck[] = "Healthcheck", liveness[] = "LivenessProbe",
	readiness[] = "ReadinessProbe";

/* The next string of an array, unescaped. */
static bool next_string(struct json of, struct json *at, struct buf *b)
{
	struct json key;

	b->len = 0;
	return json_next(of, at, &key) && json_unquote(*at, b);
}

static struct json args_of(struct json probe)
{
	return json_member(probe, "args", 4);
}

/* The command of a container's probe; false if it has none. */
static bool probe_exe(struct json probe, struct buf *exe)
{
	return json_unquote(json_member(probe, "exe", 3), exe) && exe->len;
}

static enum field_found put_probe(const struct field_ctx *c, const struct field_ref *r,
				  struct fval *out, const char *name)
{
	const struct json probe = json_member(container_json(c), name, strlen(name));
	struct json at = {0};
	struct buf b = {0}, arg = {0};

	if (!probe_exe(probe, &b)) {
		buf_release(&b);
		return FIELD_ABSENT;
	}
	while (next_string(args_of(probe), &at, &arg)) {
		buf_byte(&b, ' ');
		buf_put(&b, arg.p, arg.len);
	}
	buf_release(&arg);
	return put_buf(c, r, out, &b);
}

GET(get_container_healthcheck)
{
	return put_probe(c, r, out, healthcheck);
}

GET(get_container_liveness_probe)
{
	return put_probe(c, r, out, liveness);
}

GET(get_container_readiness_probe)
{
	return put_probe(c, r, out, readiness);
}

/* ---- processes ---- */

static bool buf_is(const struct buf *b, const char *p, size_t len)
{
	return b->len == len && (len == 0 || memcmp(b->p, p, len) == 0);
}

/* Each argument of the process is one of the command, and no more. */
static bool same_args(const struct process *p, struct json args)
{
	const char *s = p->args.p, *const end = s + p->args.len;
	struct json at = {0};
	struct buf arg = {0};
	bool same = true;

	while (same && next_string(args, &at, &arg)) {
		const size_t len = s < end ? strnlen(s, (size_t)(end - s)) : 0;

		same = s < end && buf_is(&arg, s, len);
		s += len + 1;
	}
	buf_release(&arg);
	return same && s >= end;
}

static bool runs_probe(const struct process *p, struct json probe)
{
	struct buf exe = {0};
	const bool same = probe_exe(probe, &exe) && buf_is(&exe, p->exe.p, p->exe.len)
		&& same_args(p, args_of(probe));

	buf_release(&exe);
	return same;
}

/* The runtime starts a probe from outside: of the processes from this one up, the last
 * that is in the container.  The first process of the container is none. */
static const struct process *entered_by(const struct field_ctx *c)
{
	const struct thread *t = c->cur->thread, *up;

	for (unsigned n = 0; n < ANCESTORS_MAX; n++) {
		up = thread_parent(c->st, t);
		if (!up || up->proc->container != t->proc->container)
			break;
		t = up;
	}
	return t->proc->vpid == 1 ? NULL : t->proc;
}

static enum field_found put_is_probe(const struct field_ctx *c, const struct field_ref *r,
				     struct fval *out, const char *name)
{
	const struct json probe = json_member(container_json(c), name, strlen(name));
	const struct process *p;

	if (!probe.len || !c->cur->thread)
		return FIELD_ABSENT;
	p = entered_by(c);
	return put_bool(r, out, p && runs_probe(p, probe));
}

GET(get_proc_is_container_healthcheck)
{
	return put_is_probe(c, r, out, healthcheck);
}

GET(get_proc_is_container_liveness_probe)
{
	return put_is_probe(c, r, out, liveness);
}

GET(get_proc_is_container_readiness_probe)
{
	return put_is_probe(c, r, out, readiness);
}
