/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/trace/inflate.h"

/* Files are read with read(2) into a buffer, not mapped: a file that is cut while it
 * is read must not end the program with SIGBUS. */
enum { CHUNK = INPUT_CHUNK };

static int check_kind(struct input *in, const char *path)
{
	struct stat st;

	if (fstat(in->fd, &st) < 0)
		return err_sys("%s", path);
	if (S_ISDIR(st.st_mode))
		return err(ERR_USAGE, "%s is a directory, not a recording", path);
	if (isatty(in->fd))
		return err(ERR_USAGE, "will not read a recording from a terminal");
	if (S_ISREG(st.st_mode)) {
		const off_t at = lseek(in->fd, 0, SEEK_CUR);

		in->size = (uint64_t)st.st_size;
		in->seekable = in->again = at == 0;
		if (at == 0 && st.st_size == 0)
			return err(ERR_FORMAT, "%s is empty", path);
		return 0;
	}
	/* Now, because the sandbox forbids it. */
	in->wake_fd = eventfd(0, EFD_CLOEXEC);
	return in->wake_fd < 0 ? err_sys("cannot read %s", path) : 0;
}

/* fd is the input's own from here on. */
static int input_begin(struct input *in, int fd, const char *name)
{
	*in = (struct input){ .fd = fd, .wake_fd = -1, .chunk = CHUNK };
	snprintf(in->path, sizeof(in->path), "%s", name);
	if (in->fd < 0)
		return err_sys("cannot open %s", in->path);
	if (check_kind(in, in->path) < 0) {
		input_close(in);
		return -ERR_USAGE;
	}
	return 0;
}

int input_open(struct input *in, const char *path)
{
	const bool standard = !strcmp(path, "-");

	return input_begin(in, standard ? dup(STDIN_FILENO)
			   : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
			   standard ? "standard input" : path);
}

int input_open_fd(struct input *in, int fd, const char *name)
{
	return input_begin(in, lseek(fd, 0, SEEK_SET) < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3),
			   name);
}

void input_limit(struct input *in, uint64_t size)
{
	if (in->seekable && size < in->size)
		in->size = size;
	in->end = in->size;
}

int input_again(struct input *out, struct input *in)
{
	*out = (struct input){ .fd = -1, .wake_fd = -1, .chunk = CHUNK };
	if (!in->seekable)
		return err(ERR_USAGE, "%s cannot be read but from its start", in->path);
	out->fd = fcntl(in->fd, F_DUPFD_CLOEXEC, 3);
	if (out->fd < 0)
		return err_sys("cannot read %s", in->path);
	out->seekable = out->again = true;
	in->shared = out->shared = true;
	out->size = in->size;
	out->end = in->end;
	memcpy(out->path, in->path, sizeof(out->path));
	return 0;
}

uint64_t input_hole(const struct input *in)
{
	off_t data;

	if (!in->seekable)
		return 0;
	data = lseek(in->fd, (off_t)in->off, SEEK_DATA);
	if (!in->shared && lseek(in->fd, (off_t)(in->off - in->pos + in->len), SEEK_SET) < 0)
		return 0;
	if (data < 0)
		data = errno == ENXIO ? (off_t)in->size : 0;
	if (in->end && (uint64_t)data > in->end)
		data = (off_t)in->end;
	return (uint64_t)data > in->off ? (uint64_t)data - in->off : 0;
}

uint64_t input_size_now(const struct input *in)
{
	struct stat st;

	return in->seekable && fstat(in->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void input_more(struct input *in, uint64_t size)
{
	in->size = in->end = size;
	in->eof = false;
}

void input_close(struct input *in)
{
	inflate_free(in->gzip);
	if (in->fd >= 0)
		close(in->fd);
	if (in->wake_fd >= 0)
		close(in->wake_fd);
	free(in->p);
	*in = (struct input){ .fd = -1, .wake_fd = -1 };
}

static ssize_t read_some(struct input *in, void *p, size_t n)
{
	const uint64_t at = in->off - in->pos + in->len;
	ssize_t got;

	if (in->end)
		n = at >= in->end ? 0 : n < in->end - at ? n : (size_t)(in->end - at);
	do
		got = in->shared ? pread(in->fd, p, n, (off_t)at) : read(in->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys("cannot read %s", in->path);
	in->raw_off += (uint64_t)got;
	return got;
}

int input_gunzip(struct input *in)
{
	const size_t have = in->len - in->pos;

	in->gzip = inflate_new(in->fd, in->path, in->p + in->pos, have, in->wake_fd);
	if (!in->gzip)
		return -ERR_SYSTEM;
	in->raw_off = have;
	in->pos = in->len = 0;
	in->off = 0;
	in->seekable = in->eof = false;
	return 0;
}

void input_ahead(struct input *in)
{
	if (in->gzip)
		inflate_ahead(in->gzip);
}

/* The next inflated bytes behind what is still wanted, as inflate_next. */
static ssize_t inflated(struct input *in)
{
	struct inflate_window w = { in->p, in->pos, in->len, in->cap };
	const ssize_t got = inflate_next(in->gzip, &w, &in->raw_off);

	in->p = w.p;
	in->pos = w.pos;
	in->len = w.len;
	in->cap = w.cap;
	return got;
}

/* Room for n bytes behind what is still wanted. */
static void make_room(struct input *in, size_t n)
{
	if (in->pos) {
		memmove(in->p, in->p + in->pos, in->len - in->pos);
		in->len -= in->pos;
		in->pos = 0;
	}
	if (in->cap - in->len < n)
		in->p = mem_grow(in->p, &in->cap, in->len + n, 1);
}

int input_peek(struct input *in, size_t n, const uint8_t **p, size_t *avail)
{
	int r = 0;

	while (in->len - in->pos < n && !in->eof) {
		const size_t missing = n - (in->len - in->pos);
		const size_t want = missing > in->chunk ? missing : in->chunk;
		ssize_t got;

		if (in->gzip) {
			got = inflated(in);
		} else {
			make_room(in, want);
			got = read_some(in, in->p + in->len, want);
			in->len += got > 0 ? (size_t)got : 0;
		}
		if (got < 0)
			r = (int)got;
		in->eof = got <= 0;
	}
	*p = in->p + in->pos;
	*avail = in->len - in->pos;
	return r;
}

int input_skip(struct input *in, uint64_t n)
{
	const uint64_t have = in->len - in->pos;

	if (n <= have) {
		input_take(in, (size_t)n);
		return 0;
	}
	if (in->seekable && in->size >= in->off && n <= in->size - in->off)
		return input_seek(in, in->off + n);
	while (n) {
		const uint8_t *p;
		size_t avail, take;
		const int r = input_peek(in, 1, &p, &avail);

		if (r < 0)
			return r;
		if (!avail)
			return 1;
		take = n < avail ? (size_t)n : avail;
		input_take(in, take);
		n -= take;
	}
	return 0;
}

int input_rewind(struct input *in)
{
	if (!in->again)
		return err(ERR_USAGE, "%s cannot be read but from its start", in->path);
	inflate_free(in->gzip);
	in->gzip = NULL;
	if (lseek(in->fd, 0, SEEK_SET) < 0)
		return err_sys("cannot seek in %s", in->path);
	in->pos = in->len = 0;
	in->off = in->raw_off = 0;
	in->eof = false;
	in->seekable = true;
	return 0;
}

int input_seek(struct input *in, uint64_t off)
{
	const uint64_t start = in->off - in->pos;

	if (!in->seekable)
		return err(ERR_USAGE, "%s cannot be read but from its start", in->path);
	if (off >= start && off - start <= in->len) {
		in->pos = (size_t)(off - start);
		in->off = off;
		return 0;
	}
	if (!in->shared && lseek(in->fd, (off_t)off, SEEK_SET) < 0)
		return err_sys("cannot seek in %s", in->path);
	in->pos = in->len = 0;
	in->off = in->raw_off = off;
	in->eof = false;
	return 0;
}

bool input_cut(const struct input *in)
{
	return in->gzip && inflate_cut(in->gzip);
}
