/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/model/original.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"

static size_t read_head(const struct original *o, uint8_t *head)
{
	const ssize_t n = pread(o->fd, head, ORIGINAL_HEAD, 0);

	return n > 0 ? (size_t)n : 0;
}

int original_open(struct original *o, const char *path)
{
	*o = (struct original){ .fd = -1 };
	if (stat(path, &o->st) < 0 || !S_ISREG(o->st.st_mode))
		return 0;	/* who reads it tells what is wrong */
	o->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (o->fd < 0 || fstat(o->fd, &o->st) < 0)
		return err_sys("cannot open %s", path);
	o->n_head = read_head(o, o->head);
	return 0;
}

int original_check(const struct original *o, const char *path)
{
	struct stat now;

	if (o->fd >= 0 && (stat(path, &now) < 0 || now.st_ino != o->st.st_ino
			   || now.st_dev != o->st.st_dev))
		return err(ERR_USAGE, "another file took its place while it was opened");
	return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

const char *original_change(struct original *o, uint64_t size)
{
	uint8_t head[ORIGINAL_HEAD];
	struct stat now;

	if (o->change || o->fd < 0 || fstat(o->fd, &now) < 0)
		return o->change;
	if (now.st_size < (size ? (off_t)size : o->st.st_size)) {
		o->change = "the file was cut since it was opened: what is shown is not all";
	} else if (!same_time(&now.st_mtim, &o->st.st_mtim)) {
		o->st.st_mtim = now.st_mtim;
		if (read_head(o, head) < o->n_head || memcmp(head, o->head, o->n_head) != 0)
			o->change = "the file is another one since it was opened: "
				    "what is shown may be of both";
		else if (now.st_size == o->st.st_size)
			o->change = "the file was written to since it was opened: "
				    "what is shown may be wrong";
	}
	return o->change;
}

void original_close(struct original *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}
