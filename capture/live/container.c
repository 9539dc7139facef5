/* SPDX-License-Identifier: Apache-2.0 */
/* A container is a directory in the tree of control groups.  With version 2, alone or beside
 * version 1, the kernel half can ask whether a task is below it.  With version 1 alone it cannot:
 * then the container's first process and its descendants are what is followed. */
#include "capture/live/container.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/live/inspect.h"
#include "capture/live/rootfile.h"

enum { ID_MIN = 6, OPEN_DIRS = 16 };

/* nftw has no argument to pass on; only one search runs at a time. */
static struct {
	const char *text, *mount;
	struct inspect in;
	char path[4096];
	unsigned found;
} search;

static bool is_named(const struct cgroup_container *c)
{
	struct buf name = {0};
	const bool is = inspect_name(&search.in, c, &name)
		&& strcmp(buf_text(&name), search.text) == 0;

	buf_release(&name);
	return is;
}

/* The outermost directory whose own name makes it a container's; the text in any other name
 * will do too, as long as it is no short one. */
static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	const char *const below = path + strlen(search.mount), *const base = path + at->base;
	struct cgroup_container c;
	bool is;

	if (type != FTW_D || at->level == 0)
		return FTW_CONTINUE;
	is = strlen(search.text) >= ID_MIN && strstr(base, search.text);
	if (!is && (!cgroup_container(below, strlen(below), &c) || c.id < base || !is_named(&c)))
		return FTW_CONTINUE;
	if (search.found++ == 0)
		snprintf(search.path, sizeof(search.path), "%s", below);
	return FTW_SKIP_SUBTREE;
}

static void look_below(const char *mount)
{
	search.mount = mount;
	nftw(mount, visit, OPEN_DIRS, FTW_PHYS | FTW_ACTIONRETVAL);
}

/* The first process is the one that the others came from. */
static uint32_t first_process(const char *mount)
{
	struct buf b = {0};
	char path[8192];
	unsigned long first = 0, pid;
	char *p, *end;

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", mount, search.path);
	if (rootfile_read(search.in.root, path, 1 << 20, &b) == 0)
		for (p = (char *)b.p; (pid = strtoul(p, &end, 10)) && end != p; p = end)
			if (first == 0 || pid < first)
				first = pid;
	buf_release(&b);
	return (uint32_t)first;
}

static int by_version_1(struct container_place *out)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory",
		"/sys/fs/cgroup/freezer", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/cpu" };

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]) && !search.found; i++) {
		look_below(mounts[i]);
		out->pid = search.found == 1 ? first_process(mounts[i]) : 0;
	}
	if (search.found == 1 && !out->pid)
		return err(ERR_USAGE, "--container: %s has no process", search.text);
	return 0;
}

int container_find(const char *text, struct container_place *out)
{
	int n = 0;

	*out = (struct container_place){0};
	memset(&search, 0, sizeof(search));
	search.text = text;
	search.in.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0)
		look_below("/sys/fs/cgroup/unified");
	else if (access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0)
		look_below("/sys/fs/cgroup");
	if (search.found)
		snprintf(out->cgroup, sizeof(out->cgroup), "%s", search.path);
	else
		n = by_version_1(out);
	close(search.in.root);
	if (n < 0)
		return n;
	if (search.found == 0)
		return err(ERR_USAGE, "--container: no container is called %s or has it in its id "
			   "(of which at least %d characters are needed)", text, ID_MIN);
	if (search.found > 1)
		return err(ERR_USAGE, "--container: %u control groups have %s in their names",
			   search.found, text);
	return 0;
}
