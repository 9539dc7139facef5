/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/container.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/err.h"

enum { ID_MIN = 6, OPEN_DIRS = 16 };

/* nftw has no argument to pass on; only one search runs at a time. */
static struct {
	const char *id, *mount;
	char *path;
	size_t size;
	unsigned found;
} search;

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	if (type != FTW_D || !strstr(path + at->base, search.id))
		return FTW_CONTINUE;
	if (search.found++ == 0)
		snprintf(search.path, search.size, "%s", path + strlen(search.mount));
	return FTW_SKIP_SUBTREE;
}

int container_cgroup(const char *id, char *path, size_t size)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	unsigned i = 0;

	if (strlen(id) < ID_MIN)
		return err(ERR_USAGE, "--container: give at least %d characters of the id", ID_MIN);
	if (access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) != 0)
		i = 1;
	search.id = id;
	search.mount = mounts[i];
	search.path = path;
	search.size = size;
	search.found = 0;
	nftw(mounts[i], visit, OPEN_DIRS, FTW_PHYS | FTW_ACTIONRETVAL);
	if (search.found == 0)
		return err(ERR_USAGE, "--container: no control group below %s has %s in its name",
			   mounts[i], id);
	if (search.found > 1)
		return err(ERR_USAGE, "--container: %u control groups have %s in their names",
			   search.found, id);
	return 0;
}
