/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/buf.h"
#include "capture/base/err.h"

enum { NEW = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
       OLD = O_WRONLY | O_CLOEXEC | O_NOCTTY };

static int to_stdout(void)
{
	const int fd = isatty(STDOUT_FILENO) ? -1 : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd >= 0)
		return fd;
	return isatty(STDOUT_FILENO) ? err(ERR_USAGE, "will not write a recording to a terminal")
		: err_sys("standard output");
}

static int keep_old(const char *path)
{
	struct buf old = {0};
	int e;

	buf_printf(&old, "%s.old", path);
	e = rename(path, buf_text(&old)) < 0 ? err_sys("cannot rename %s", path) : 0;
	buf_release(&old);
	return e;
}

/* Something stands there already: an empty file and what is no file are used as they are. */
static int reuse(const char *path, bool force)
{
	const int fd = open(path, OLD);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode))
		return fd;
	if (st.st_size > 0 && !force) {
		close(fd);
		return keep_old(path) < 0 ? -1 : open(path, NEW, 0600);
	}
	if (ftruncate(fd, 0) < 0 || fchmod(fd, 0600) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool output_has_holes(int fd)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0;
}

int output_create(const char *path, bool force)
{
	int fd;

	if (strcmp(path, "-") == 0)
		return to_stdout();
	fd = open(path, NEW, 0600);
	if (fd < 0 && errno == EEXIST)
		fd = reuse(path, force);
	return fd < 0 ? err_sys("cannot create %s", path) : fd;
}

static int write_all(int fd, const void *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		const ssize_t w = write(fd, (const char *)p + done, n - done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		done += (size_t)w;
	}
	return 0;
}

/* A new file is not seen by others before it is whole. */
static int put_in_place(const char *temp, const char *path, enum output_old old)
{
	struct stat st;

	if (old == OUTPUT_KEEP && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    keep_old(path) < 0)
		return -ERR_SYSTEM;
	return rename(temp, path) < 0 ? err_sys("cannot write %s", path) : 0;
}

/* A link stays one: what it points to is written. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path);
}

int output_put(const char *path, enum output_old old, unsigned mode, const void *p, size_t n)
{
	char *real = real_path(path), *temp = NULL;
	struct stat st;
	int fd, rc = 0;

	if (!real || asprintf(&temp, "%s.XXXXXX", real) < 0)
		abort();
	if (stat(real, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			rc = err(ERR_USAGE, "%s is no regular file", path);
		else if (old == OUTPUT_REPLACE)
			mode = st.st_mode & 07777;
	}
	fd = rc < 0 ? -1 : mkostemp(temp, O_CLOEXEC);
	if (rc == 0 && fd < 0)
		rc = err_sys("cannot write %s", path);
	if (fd >= 0) {
		if (write_all(fd, p, n) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0)
			rc = err_sys("cannot write %s", path);
		else
			rc = put_in_place(temp, real, old);
		if (rc < 0)
			unlink(temp);
		close(fd);
	}
	free(temp);
	free(real);
	return rc;
}
