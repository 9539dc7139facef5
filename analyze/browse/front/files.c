/* SPDX-License-Identifier: Apache-2.0 */
/* A request is a head, a name and bytes; the answer is errno, 0 if it worked.  A file that comes in
 * pieces has a head for each; a piece that does not fit (the disk is full) leaves the file as
 * it was before, so that it ends with a whole row.
 *
 * The helper ends with the pipe, so nobody has to end it.  Signals that the terminal sends to the
 * group do not concern it: notes are saved after a hang-up too. */
#include "analyze/browse/front/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"

enum request { NEW_FILE, NOTES, FIRST_PIECE, PIECE, LAST_PIECE };

struct head {
	uint32_t request;	/* enum request */
	uint32_t name_len;
	uint64_t len;
};

static int to_helper = -1, from_helper = -1;
static char begun[FILES_NAME_MAX + 1];	/* the file that comes in pieces, for messages */

static bool put_all(int fd, const void *p, size_t len)
{
	for (const char *s = p; len > 0;) {
		const ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s += n;
		len -= (size_t)n;
	}
	return true;
}

static bool get_all(int fd, void *p, size_t len)
{
	for (char *s = p; len > 0;) {
		const ssize_t n = read(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- the helper ----------------------------------------------------------------- */

/* Takes the bytes of a request, all of them also where they cannot be kept. */
static int copy_bytes(int from, int to, uint64_t len)
{
	char piece[1 << 16];
	int failed = to < 0 ? errno : 0;

	while (len > 0) {
		const size_t n = len < sizeof(piece) ? (size_t)len : sizeof(piece);

		if (!get_all(from, piece, n))
			_exit(0);
		if (!failed && !put_all(to, piece, n))
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

/* No folders, no hidden files, nothing that a terminal or a shell would mind. */
static bool good_name(const char *name)
{
	if (!*name || *name == '.' || *name == '-' || strlen(name) > FILES_NAME_MAX)
		return false;
	for (const char *s = name; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '/')
			return false;
	return true;
}

static int create(int folder, const char *name)
{
	errno = EINVAL;
	return good_name(name) ? openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					O_CLOEXEC, 0600) : -1;
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

static void serve(int in, int out, int folder, const char *notes)
{
	struct head h;

	while (get_all(in, &h, sizeof(h))) {
		char name[FILES_NAME_MAX + 1] = "";
		int32_t failed;

		if (h.name_len > FILES_NAME_MAX || !get_all(in, name, h.name_len))
			return;
		failed = h.request == NOTES ? replace_notes(notes, in, h.len)
			: h.request == NEW_FILE ? make_file(folder, name, in, h.len)
			: piece_request(folder, &h, name, in);
		if (!put_all(out, &failed, sizeof(failed)))
			return;
	}
}

static void helper(int in, int out, const char *folder, const char *notes)
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

/* ---- the browser ---------------------------------------------------------------- */

int files_start(const char *folder, const char *notes)
{
	int request[2], answer[2];
	pid_t pid;

	if (pipe2(request, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return err_sys("pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys("fork");
	if (pid == 0) {
		close(request[1]);
		close(answer[0]);
		helper(request[0], answer[1], folder, notes ? notes : "");
	}
	close(request[0]);
	close(answer[1]);
	to_helper = request[1];
	from_helper = answer[0];
	return 0;
}

void files_stop(void)
{
	if (to_helper >= 0)
		close(to_helper);
	if (from_helper >= 0)
		close(from_helper);
	to_helper = from_helper = -1;
}

/* 0, negative with a message, or errno. */
static int ask(const struct head *h, const char *name, const void *p)
{
	int32_t failed;

	if (to_helper < 0 || !put_all(to_helper, h, sizeof(*h)) ||
	    !put_all(to_helper, name, h->name_len) || !put_all(to_helper, p, h->len) ||
	    !get_all(from_helper, &failed, sizeof(failed)))
		return err(ERR_SYSTEM, "the helper that writes files is gone");
	errno = failed;
	return failed;
}

static int ask_for_file(const struct head *h, const char *name, const void *p)
{
	int failed;

	if (!good_name(name))
		return err(ERR_USAGE, "'%s': a plain name, without folders", name);
	failed = ask(h, name, p);
	if (failed <= 0)
		return failed;
	return failed == EEXIST ? err(ERR_USAGE, "%s exists; choose another name", name)
		: err_sys("%s", name);
}

int files_new(const char *name, const void *p, size_t len)
{
	const struct head h = { NEW_FILE, (uint32_t)strlen(name), len };

	if (len > FILES_BYTES_MAX)
		return err(ERR_LIMIT, "%s would be larger than 1 GiB", name);
	return ask_for_file(&h, name, p);
}

int files_begin(const char *name)
{
	const struct head h = { FIRST_PIECE, (uint32_t)strlen(name), 0 };

	snprintf(begun, sizeof(begun), "%s", name);
	return ask_for_file(&h, name, "");
}

int files_add(const void *p, size_t len)
{
	const struct head h = { PIECE, 0, len };
	const int failed = ask(&h, "", p);

	return failed > 0 ? err_sys("%s", begun) : failed;
}

int files_end(void)
{
	const struct head h = { LAST_PIECE, 0, 0 };
	const int failed = ask(&h, "", "");

	return failed > 0 ? err_sys("%s", begun) : failed;
}

int files_notes(const void *p, size_t len)
{
	const struct head h = { NOTES, 0, len };
	const int failed = ask(&h, "", p);

	return failed > 0 ? err_sys("notes") : failed;
}
