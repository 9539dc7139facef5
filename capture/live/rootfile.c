/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/rootfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int rootfile_find(int root, const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Opens what a descriptor of O_PATH stands for, which has been looked at. */
static int reopen(int fd, int flags)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return open(self, flags | O_CLOEXEC);
}

static int open_regular(int root, const char *path)
{
	const int found = rootfile_find(root, path);
	struct stat st;
	int fd = -1;

	if (found < 0)
		return -1;
	if (fstat(found, &st) == 0 && S_ISREG(st.st_mode))
		fd = reopen(found, O_RDONLY | O_NONBLOCK);
	close(found);
	return fd;
}

int rootfile_read(int root, const char *path, size_t limit, struct buf *b)
{
	const int fd = open_regular(root, path);
	ssize_t n = -1;

	buf_reset(b);
	if (fd < 0)
		return -1;
	while (b->len <= limit) {
		n = read(fd, buf_room(b, 16384), 16384);
		if (n <= 0)
			break;
		b->len += (size_t)n;
	}
	close(fd);
	buf_text(b);
	return n == 0 ? 0 : -1;
}

uint64_t rootfile_stamp(int root, const char *path)
{
	const int fd = rootfile_find(root, path);
	struct stat st;
	int n;

	if (fd < 0)
		return 0;
	n = fstat(fd, &st);
	close(fd);
	if (n < 0 || !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000007u ^ (uint64_t)st.st_mtim.tv_nsec << 20
	     ^ (uint64_t)st.st_ino << 8 ^ (uint64_t)st.st_size ^ 1;
}

int rootfile_list(int root, const char *path, int (*visit)(const char *name, void *arg),
		  void *arg)
{
	const int found = rootfile_find(root, path);
	const struct dirent *e;
	DIR *d = NULL;
	int fd, n = 0;

	if (found < 0)
		return 0;
	fd = reopen(found, O_RDONLY | O_DIRECTORY);
	close(found);
	if (fd >= 0)
		d = fdopendir(fd);
	while (d && n == 0 && (e = readdir(d)))
		if (e->d_name[0] != '.')
			n = visit(e->d_name, arg);
	if (d)
		closedir(d);
	return n;
}
