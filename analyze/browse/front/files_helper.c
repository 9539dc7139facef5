/* SPDX-License-Identifier: Apache-2.0 */
/* The helper ends with the pipe, so nobody has to end it.  Signals that the terminal sends to the
 * group do not concern it: notes are saved after a hang-up too. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/browse/front/files_parts.h"
#include "capture/base/mem.h"

/* Takes the bytes of a request, all of them also where they cannot be kept. */
static int copy_bytes(int from, int to, uint64_t len)
{
	char piece[1 << 16];
	int failed = to < 0 ? errno : 0;

	while (len > 0) {
		const size_t n = len < sizeof(piece) ? (size_t)len : sizeof(piece);

		if (!files_get(from, piece, n))
			_exit(0);
		if (!failed && !files_put(to, piece, n))
			failed = errno ? errno : EIO;
		len -= n;
	}
	return failed;
}

static int close_safely(int fd, int failed)
{
	if (fd < 0)
		return failed;
	if (!failed && fsync(fd) < 0 && errno != EINVAL)
		failed = errno;
	if (close(fd) < 0 && !failed)
		failed = errno;
	return failed;
}

/* ---- files ---------------------------------------------------------------------- */

static int create(int folder, const char *name)
{
	const int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	errno = EINVAL;
	return files_good_name(name) ? openat(folder, name, how, 0600) : -1;
}

static int make_file(int folder, const char *name, int in, uint64_t len)
{
	const int fd = create(folder, name);
	int failed = copy_bytes(in, fd, len);

	failed = close_safely(fd, failed);
	if (failed && fd >= 0)
		unlinkat(folder, name, 0);
	return failed;
}

/* ---- notes ---------------------------------------------------------------------- */

static void make_parents(const char *path)
{
	char *copy = xstrdup(path);

	for (char *s = copy + 1; *s; s++)
		if (*s == '/') {
			*s = 0;
			mkdir(copy, 0700);
			*s = '/';
		}
	free(copy);
}

static int replace_notes(const char *path, int in, uint64_t len)
{
	char *other = xmalloc(strlen(path) + 16);
	int fd = -1, failed;

	errno = ENOENT;
	if (path[0]) {
		make_parents(path);
		sprintf(other, "%s.XXXXXX", path);
		fd = mkostemp(other, O_CLOEXEC);
	}
	failed = copy_bytes(in, fd, len);
	failed = close_safely(fd, failed);
	if (!failed && rename(other, path) < 0)
		failed = errno;
	if (failed && fd >= 0)
		unlink(other);
	free(other);
	return failed;
}

/* ---- pieces --------------------------------------------------------------------- */

static int add_piece(int fd, int in, uint64_t len)
{
	const off_t before = fd < 0 ? 0 : lseek(fd, 0, SEEK_CUR);
	const int failed = copy_bytes(in, fd, len);

	if (failed && fd >= 0 && (ftruncate(fd, before) < 0 || lseek(fd, before, SEEK_SET) < 0))
		return EIO;
	return failed;
}

/* The last piece has come.  A file without any is not kept: its disk was full. */
static int end_pieces(int folder, const char *name, int fd)
{
	if (fd >= 0 && lseek(fd, 0, SEEK_CUR) == 0)
		unlinkat(folder, name, 0);
	return close_safely(fd, 0);
}

static int piece_request(int folder, const struct head *h, const char *name, int in)
{
	static int fd = -1;	/* of the file that comes in pieces; -1: none does */
	static char path[FILES_NAME_MAX + 1];
	int failed = 0;

	if (h->request == FIRST_PIECE) {
		end_pieces(folder, path, fd);
		snprintf(path, sizeof(path), "%s", name);
		fd = create(folder, name);
		failed = fd < 0 ? errno : 0;
	} else if (h->request == PIECE) {
		errno = EBADF;
		failed = add_piece(fd, in, h->len);
	} else {
		failed = end_pieces(folder, path, fd);
		fd = -1;
	}
	return failed;
}

/* ---- requests ------------------------------------------------------------------- */

static void serve(int in, int out, int folder, const char *notes)
{
	struct head h;

	while (files_get(in, &h, sizeof(h))) {
		char name[FILES_NAME_MAX + 1] = "";
		int32_t failed;

		if (h.name_len > FILES_NAME_MAX || !files_get(in, name, h.name_len))
			return;
		failed = h.request == NOTES ? replace_notes(notes, in, h.len)
			: h.request == NEW_FILE ? make_file(folder, name, in, h.len)
			: piece_request(folder, &h, name, in);
		if (!files_put(out, &failed, sizeof(failed)))
			return;
	}
}

void files_helper(int in, int out, const char *folder, const char *notes)
{
	static const int ignored[] = {
		SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGTSTP, SIGXFSZ,
	};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	/* A terminal that is closed must not find it there. */
	for (int fd = 0; fd < 3; fd++) {
		const int null = open("/dev/null", O_RDWR);

		if (null >= 0 && null != fd) {
			dup2(null, fd);
			close(null);
		}
	}
	serve(in, out, open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), notes);
	_exit(0);
}
