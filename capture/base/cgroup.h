/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, told from the names of its control groups alone. */
#ifndef SAKER_BASE_CGROUP_H
#define SAKER_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

enum { CONTAINER_SHORT_ID = 12, CONTAINER_FULL_ID = 64 };

struct cgroup_container {
	const char *type;	/* as container.type has it */
	const char *id;		/* in the path that was given */
	size_t len;
	bool named;		/* the id is a name, which is never shortened */
};

/* The innermost container of a path; false if it is none. */
bool cgroup_container(const char *path, size_t len, struct cgroup_container *out);

/* The same of a list "subsystem=path", each with its NUL: the first that is in one. */
bool cgroups_container(const char *list, size_t len, struct cgroup_container *out);

/* How many characters of the id container.id shows. */
static inline size_t cgroup_shown(const struct cgroup_container *c)
{
	return c->named || c->len < CONTAINER_SHORT_ID ? c->len : CONTAINER_SHORT_ID;
}

#endif
