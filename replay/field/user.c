/* SPDX-License-Identifier: Apache-2.0 */
/* user.* and group.*: under whose name. */
#include "replay/field/getters.h"

#define THREAD_OR_ABSENT()							\
	const struct thread *t = c->cur->thread;				\
	if (!t)									\
		return missing(c)

static const struct user *user_of(const struct field_ctx *c, const struct thread *t, uint32_t uid)
{
	return state_user(c->st, t->proc->container, uid);
}

static enum field_found known_or(const struct field_ctx *c, const struct field_ref *r,
				 struct fval *out, const struct text *known, uint32_t id,
				 const char *of_root)
{
	if (known)
		return put_text(r, out, *known);
	if (id == UINT32_MAX && c->cur->after_loss)
		return FIELD_LOST;
	return put_str(r, out, id == 0 ? of_root : "<NA>");
}

GET(get_user_uid)
{
	THREAD_OR_ABSENT();
	return t->euid == UINT32_MAX && c->cur->after_loss ? FIELD_LOST : put_u(r, out, t->euid);
}

GET(get_user_name)
{
	const struct user *u;

	THREAD_OR_ABSENT();
	u = user_of(c, t, t->euid);
	return known_or(c, r, out, u ? &u->name : NULL, t->euid, "root");
}

GET(get_user_homedir)
{
	const struct user *u;

	THREAD_OR_ABSENT();
	u = user_of(c, t, t->euid);
	return known_or(c, r, out, u ? &u->home : NULL, t->euid, "/root");
}

GET(get_user_shell)
{
	const struct user *u;

	THREAD_OR_ABSENT();
	u = user_of(c, t, t->euid);
	return known_or(c, r, out, u ? &u->shell : NULL, t->euid, "<NA>");
}

GET(get_user_loginuid)
{
	THREAD_OR_ABSENT();
	return put_i(r, out, t->loginuid == UINT32_MAX ? -1 : (int64_t)t->loginuid);
}

GET(get_user_loginname)
{
	const struct user *u;

	THREAD_OR_ABSENT();
	u = user_of(c, t, t->loginuid);
	return known_or(c, r, out, u ? &u->name : NULL, t->loginuid, "root");
}

GET(get_group_gid)
{
	THREAD_OR_ABSENT();
	return t->egid == UINT32_MAX && c->cur->after_loss ? FIELD_LOST : put_u(r, out, t->egid);
}

GET(get_group_name)
{
	const struct user *g;

	THREAD_OR_ABSENT();
	g = state_group(c->st, t->proc->container, t->egid);
	return known_or(c, r, out, g ? &g->name : NULL, t->egid, "root");
}
