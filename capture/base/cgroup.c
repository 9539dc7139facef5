/* SPDX-License-Identifier: Apache-2.0 */
/* Runtimes name the group of a container after its id.  Where the group lies, and what
 * stands around the id, differs with the runtime, with the driver (cgroupfs or systemd)
 * and with who started it; below it, a container's own service manager makes groups as it
 * likes.  So a path is looked at component by component, and the innermost one that looks
 * like a container's wins. */
#include "capture/base/cgroup.h"

#include <ctype.h>
#include <string.h>

enum id_kind {
	HEX,		/* 64 hexadecimal digits */
	NAME,		/* whatever stands there */
	TASK,		/* 32 hexadecimal digits, then perhaps - and a number */
	UUID,
	ESCAPED,	/* a name behind "\x2d" and a number, as libvirt writes it */
};

/* A component is prefix, id, suffix below parent (NULL: anywhere; a * at its end stands for
 * the rest).  The first row that fits a component is taken. */
static const struct layout {
	const char *parent, *prefix, *suffix;
	enum id_kind id;
	const char *type;
} layouts[] = {
	{ NULL,             "docker-",          ".scope",       HEX,     "docker" },
	{ "docker",         "",                 "",             HEX,     "docker" },
	{ "ecs",            "",                 "",             HEX,     "docker" },
	{ NULL,             "libpod-payload-",  "",             HEX,     "podman" },
	{ NULL,             "libpod-",          ".scope",       HEX,     "podman" },
	{ NULL,             "libpod-",          "",             HEX,     "podman" },
	{ "libpod_parent",  "",                 "",             HEX,     "podman" },
	{ "libpod_parent",  "",                 "",             NAME,    "" },	/* conmon */
	{ NULL,             "cri-containerd-",  ".scope",       HEX,     "containerd" },
	{ NULL,             "*:cri-containerd:", "",            HEX,     "containerd" },
	{ NULL,             "nerdctl-",         ".scope",       HEX,     "containerd" },
	{ "default",        "",                 "",             HEX,     "containerd" },
	{ "k8s.io",         "",                 "",             HEX,     "containerd" },
	{ NULL,             "crio-",            ".scope",       HEX,     "cri-o" },
	{ NULL,             "crio-",            "",             HEX,     "cri-o" },
	{ "pod*",           "",                 "",             HEX,     "cri" },
	{ "kubepods*",      "",                 "",             HEX,     "cri" },
	{ "lxc",            "",                 "",             NAME,    "lxc" },
	{ NULL,             "lxc.payload.",     "",             NAME,    "lxc" },
	{ "lxc.payload",    "",                 "",             NAME,    "lxc" },
	{ "machine.slice",  "machine-lxc\\x2d", ".scope",       ESCAPED, "libvirt-lxc" },
	{ "machine",        "",                 ".libvirt-lxc", NAME,    "libvirt-lxc" },
	{ "machine.slice",  "machine-qemu",     ".scope",       NAME,    NULL },
	{ "machine.slice",  "machine-",         ".scope",       NAME,    "nspawn" },
	{ "machine.slice",  "systemd-nspawn@",  ".service",     NAME,    "nspawn" },
	{ "garden",         "",                 "",             NAME,    "bpm" },
	{ "mesos",          "",                 "",             UUID,    "mesos" },
	{ "ecs",            "",                 "",             TASK,    NULL },
	{ "ecs/*",          "",                 "",             TASK,    "docker" },
	{ NULL,             "",                 "",             HEX,     "docker" },
};

struct part {
	const char *p;
	size_t len;
};

static bool begins(struct part s, const char *with, size_t n)
{
	return s.len >= n && memcmp(s.p, with, n) == 0;
}

static bool all(struct part s, int (*is)(int), size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is((unsigned char)s.p[i]))
			return false;
	return s.len >= n;
}

static bool is_task(struct part s)
{
	if (s.len < 32 || !all(s, isxdigit, 32))
		return false;
	if (s.len == 32)
		return true;
	s = (struct part){ s.p + 33, s.len - 33 };
	return s.p[-1] == '-' && s.len > 0 && all(s, isdigit, s.len);
}

static bool is_uuid(struct part s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s.p[i] != '-'
		    : !isxdigit((unsigned char)s.p[i]))
			return false;
	return true;
}

/* Of "4107\x2dweb" the "web". */
static struct part escaped(struct part s)
{
	size_t n = 0;

	while (n < s.len && isdigit((unsigned char)s.p[n]))
		n++;
	s = (struct part){ s.p + n, s.len - n };
	if (n == 0 || !begins(s, "\\x2d", 4))
		return (struct part){0};
	return (struct part){ s.p + 4, s.len - 4 };
}

static struct part id_of(enum id_kind kind, struct part s)
{
	const struct part none = {0};

	switch (kind) {
	case HEX:
		return s.len == CONTAINER_FULL_ID && all(s, isxdigit, s.len) ? s : none;
	case NAME:
		return s;
	case TASK:
		return is_task(s) ? s : none;
	case UUID:
		return is_uuid(s) ? s : none;
	case ESCAPED:
		return escaped(s);
	}
	return none;
}

/* parent: the component before, above: the one before that. */
static bool parent_fits(const char *want, struct part parent, struct part above)
{
	const size_t n = want ? strlen(want) : 0;

	if (!want)
		return true;
	if (n > 2 && strcmp(want + n - 2, "/*") == 0)
		return above.len == n - 2 && begins(above, want, n - 2);
	if (want[n - 1] == '*')
		return begins(parent, want, n - 1);
	return parent.len == n && begins(parent, want, n);
}

/* What is left of s behind the prefix, which may begin with anything if a * stands there. */
static bool take_prefix(const char *prefix, struct part *s)
{
	const size_t n = strlen(prefix);
	const char *at = s->p;

	if (*prefix == '*') {
		at = memmem(s->p, s->len, prefix + 1, n - 1);
		if (!at)
			return false;
		at += n - 1;
	} else {
		if (!begins(*s, prefix, n))
			return false;
		at += n;
	}
	*s = (struct part){ at, (size_t)(s->p + s->len - at) };
	return true;
}

static struct part fits(const struct layout *l, struct part s, struct part parent,
			struct part above)
{
	const size_t n = strlen(l->suffix);

	if (!parent_fits(l->parent, parent, above) || !take_prefix(l->prefix, &s))
		return (struct part){0};
	if (s.len <= n || memcmp(s.p + s.len - n, l->suffix, n) != 0)
		return (struct part){0};
	return id_of(l->id, (struct part){ s.p, s.len - n });
}

static void look_at(struct part s, struct part parent, struct part above,
		    struct cgroup_container *found)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct layout *const l = &layouts[i];
		const struct part id = fits(l, s, parent, above);

		if (!id.len)
			continue;
		if (l->type)
			*found = (struct cgroup_container){ l->type, id.p, id.len,
							    l->id == NAME || l->id == ESCAPED };
		return;
	}
}

/* systemd-nspawn runs its own part beside the payload. */
static bool is_outside(struct part s)
{
	return s.len == 10 && memcmp(s.p, "supervisor", 10) == 0;
}

bool cgroup_container(const char *path, size_t len, struct cgroup_container *out)
{
	struct part above = {0}, parent = {0};
	const char *const end = path + len;

	*out = (struct cgroup_container){0};
	for (const char *p = path; p < end;) {
		const char *const slash = memchr(p, '/', (size_t)(end - p));
		const struct part s = { p, (size_t)((slash ? slash : end) - p) };

		if (s.len && out->named && is_outside(s))
			*out = (struct cgroup_container){0};
		if (s.len) {
			look_at(s, parent, above, out);
			above = parent;
			parent = s;
		}
		p += s.len + 1;
	}
	return out->len > 0;
}

bool cgroups_container(const char *list, size_t len, struct cgroup_container *out)
{
	const char *const end = list + len;

	*out = (struct cgroup_container){0};
	for (const char *p = list; p < end;) {
		const size_t n = strnlen(p, (size_t)(end - p));
		const char *const path = memchr(p, '=', n);

		if (path && cgroup_container(path + 1, n - (size_t)(path + 1 - p), out))
			return true;
		p += n + 1;
	}
	return false;
}
