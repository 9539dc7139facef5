/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, reading, writing and copying of descriptors. */
#include "tests/live/live.h"

#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char name[4096];		/* absolute, of the file that all use */

static void opens(void)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT | O_CLOEXEC, .mode = 0640,
				.resolve = RESOLVE_NO_MAGICLINKS };
	long fd, dir;

	fd = CALL(__NR_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL, 0644);
	must(fd, "openat");
	SAID("openat", N("fd", fd), N("dirfd", AT_FDCWD), S("name", name),
	     N("flags", O_RDWR | O_CREAT | O_EXCL), N("mode", 0644), dev_of(fd), ino_of(fd));
	SAID("close", N("res", CALL(__NR_close, fd)), N("fd", fd));
	fd = CALL(__NR_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL, 0644);
	SAID("openat", N("fd", -EEXIST), N("dirfd", AT_FDCWD), S("name", name),
	     N("flags", O_RDWR | O_CREAT | O_EXCL), N("mode", 0644), NO("dev"), NO("ino"));
	fd = CALL(__NR_openat, AT_FDCWD, "no/such", O_RDONLY);
	SAID("openat", N("fd", -ENOENT), N("dirfd", AT_FDCWD), S("name", "no/such"),
	     N("flags", 0), N("mode", 0), NO("dev"), NO("ino"));
	dir = CALL(__NR_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
	SAID("openat", N("fd", dir), N("dirfd", AT_FDCWD), S("name", "."),
	     N("flags", O_DIRECTORY), dev_of(dir), ino_of(dir));
	fd = CALL(__NR_openat, dir, "a file", O_WRONLY | O_APPEND | O_TRUNC | O_NOFOLLOW);
	SAID("openat", N("fd", fd), N("dirfd", dir), S("name", "a file"),
	     N("flags", O_WRONLY | O_APPEND | O_TRUNC | O_NOFOLLOW), dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	fd = CALL(__NR_openat2, dir, "a file", &how, sizeof(how));
	SAID("openat2", N("fd", fd), N("dirfd", dir), S("name", "a file"),
	     N("flags", how.flags), N("mode", 0640), N("resolve", RESOLVE_NO_MAGICLINKS),
	     dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	how.resolve = RESOLVE_BENEATH;
	fd = CALL(__NR_openat2, dir, "../x", &how, sizeof(how));
	SAID("openat2", N("fd", -EXDEV), N("dirfd", dir), S("name", "../x"),
	     N("resolve", RESOLVE_BENEATH), NO("dev"), NO("ino"));
	fd = CALL(__NR_openat, 77, "a file", O_RDONLY);
	SAID("openat", N("fd", -EBADF), N("dirfd", 77), S("name", "a file"));
	fd = CALL(__NR_openat, AT_FDCWD, "/", O_TMPFILE | O_RDWR, 0600);
	SAID("openat", N("fd", fd), S("name", "/"), N("flags", O_TMPFILE | O_RDWR),
	     N("mode", 0600), dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	SAID("close", N("res", CALL(__NR_close, 99)), N("fd", 99));
	CALL(__NR_close, dir);
}

static void old_opens(void)
{
#ifdef __NR_open
	long fd;

	fd = CALL(__NR_open, "a file", O_RDONLY | O_CLOEXEC);
	SAID("open", N("fd", fd), S("name", "a file"), N("flags", O_CLOEXEC), dev_of(fd),
	     ino_of(fd));
	CALL(__NR_close, fd);
	fd = CALL(__NR_open, name, O_RDONLY | O_DIRECTORY);
	SAID("open", N("fd", -ENOTDIR), S("name", name), N("flags", O_DIRECTORY));
	fd = CALL(__NR_open, "a file/below", O_RDONLY);
	SAID("open", N("fd", -ENOTDIR), S("name", "a file/below"));
	fd = CALL(__NR_open, ".", O_WRONLY);
	SAID("open", N("fd", -EISDIR), S("name", "."), N("flags", O_WRONLY));
	fd = CALL(__NR_creat, "created", 0755);
	SAID("creat", N("fd", fd), S("name", "created"), N("mode", 0755), dev_of(fd),
	     ino_of(fd));
	CALL(__NR_close, fd);
	fd = CALL(__NR_creat, "", 0755);
	SAID("creat", N("fd", -ENOENT), S("name", ""), N("mode", 0755));
#endif
}

static void by_handle(void)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + 128];
	} u = { .h.handle_bytes = 128 };
	const long root = CALL(__NR_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
	int mount;
	long fd;

	if (CALL(__NR_name_to_handle_at, AT_FDCWD, name, &u.h, &mount, 0) < 0)
		return;
	fd = CALL(__NR_open_by_handle_at, root, &u.h, O_RDONLY);
	if (fd >= 0)
		SAID("open_by_handle_at", N("fd", fd), N("mountfd", root), N("flags", 0),
		     S("path", name), dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	u.h.handle_type = 12345;
	fd = CALL(__NR_open_by_handle_at, root, &u.h, O_RDWR);
	SAID("open_by_handle_at", N("fd", fd), N("mountfd", root), N("flags", O_RDWR),
	     NO("path"));
	CALL(__NR_close, root);
}

static void reads_and_writes(long fd)
{
	char line[300], got[400];
	struct iovec in[3] = { { got, 5 }, { got + 100, 7 }, { got + 200, 100 } };
	struct iovec out[3] = { { line, 3 }, { line + 50, 0 }, { line + 100, 120 } };
	char joined[400];
	long r;

	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = (char)(i * 7 + 1);
	r = CALL(__NR_write, fd, "hello\n\0\x7f\x80\xff", 10);
	SAID("write", N("res", r), B("data", "hello\n\0\x7f\x80\xff", 10), N("fd", fd),
	     N("size", 10));
	r = CALL(__NR_write, fd, line, sizeof(line));
	SAID("write", N("res", 300), PAYLOAD("data", line, 300), N("fd", fd), N("size", 300));
	r = CALL(__NR_write, fd, line, 0);
	SAID("write", N("res", 0), N("fd", fd), N("size", 0));
	r = CALL(__NR_lseek, fd, 0, SEEK_SET);
	SAID("lseek", N("res", 0), N("fd", fd), N("offset", 0), N("whence", SEEK_SET));
	r = CALL(__NR_read, fd, got, 8);
	SAID("read", N("res", 8), B("data", "hello\n\0\x7f", 8), N("fd", fd), N("size", 8));
	r = CALL(__NR_pread64, fd, got, sizeof(got), 10);
	SAID("pread", N("res", 300), PAYLOAD("data", line, 300), N("fd", fd), N("size", 400),
	     N("pos", 10));
	r = CALL(__NR_pread64, fd, got, 10, 10000);
	SAID("pread", N("res", 0), N("fd", fd), N("size", 10), N("pos", 10000));
	r = CALL(__NR_pwrite64, fd, "at the end", 10, 0x123456789);
	SAID("pwrite", N("res", 10), S("data", "at the end"), N("fd", fd), N("size", 10),
	     N("pos", 0x123456789));
	r = CALL(__NR_lseek, fd, -5, SEEK_END);
	SAID("lseek", N("res", 0x123456789 + 5), N("fd", fd), N("offset", -5),
	     N("whence", SEEK_END));
	CALL(__NR_lseek, fd, 0, SEEK_SET);
	r = CALL(__NR_readv, fd, in, 3);
	memcpy(joined, "hello\n\0\x7f\x80\xff", 10);
	memcpy(joined + 10, line, 200);
	SAID("readv", N("res", 112), N("size", 112), PAYLOAD("data", joined, 112), N("fd", fd));
	r = CALL(__NR_preadv, fd, in, 2, 1, 0);
	SAID("preadv", N("res", 12), N("size", 12), B("data", joined + 1, 12), N("fd", fd),
	     N("pos", 1));
	memcpy(joined, line, 3);
	memcpy(joined + 3, line + 100, 120);
	r = CALL(__NR_writev, fd, out, 3);
	SAID("writev", N("res", 123), N("size", 123), PAYLOAD("data", joined, 123),
	     N("fd", fd));
	r = CALL(__NR_pwritev, fd, out, 1, 4096, 0);
	SAID("pwritev", N("res", 3), N("size", 3), B("data", line, 3), N("fd", fd),
	     N("pos", 4096));
	r = CALL(__NR_ftruncate, fd, 100);
	SAID("ftruncate", N("res", r), N("fd", fd), N("length", 100));
	r = CALL(__NR_ftruncate, fd, -1);
	SAID("ftruncate", N("res", -EINVAL), N("fd", fd), N("length", -1));
	r = CALL(__NR_truncate, name, 4096);
	SAID("truncate", N("res", r), S("path", name), N("length", 4096));
	r = CALL(__NR_fsync, fd);
	SAID_CALL(__NR_fsync, r, fd, 0, 0, 0, 0, 0);
}

/* What cannot be read is absent; what failed has what was asked for. */
static void failing(long fd)
{
	char *const nowhere = (char *)0x10000;
	long r;

	r = CALL(__NR_write, fd, nowhere, 10);
	SAID("write", N("res", -EFAULT), NO("data"), N("fd", fd), N("size", 10));
	CALL(__NR_lseek, fd, 0, SEEK_SET);
	r = CALL(__NR_read, fd, nowhere, 10);
	SAID("read", N("res", -EFAULT), N("fd", fd), N("size", 10));
	r = CALL(__NR_write, 99, "into nothing", 12);
	SAID("write", N("res", -EBADF), S("data", "into nothing"), N("fd", 99), N("size", 12));
	r = CALL(__NR_writev, fd, nowhere, 2);
	SAID("writev", N("res", -EFAULT), NO("data"), N("fd", fd), NO("size"));
	r = CALL(__NR_openat, AT_FDCWD, nowhere, O_RDONLY);
	SAID("openat", N("fd", -EFAULT), N("dirfd", AT_FDCWD), NO("name"), N("flags", 0));
	r = CALL(__NR_openat, AT_FDCWD, NULL, O_RDONLY);
	SAID("openat", N("fd", r), NO("name"));
	r = CALL(__NR_openat2, AT_FDCWD, "a file", nowhere, 24);
	SAID("openat2", N("fd", -EFAULT), S("name", "a file"), NO("flags"), NO("mode"),
	     NO("resolve"));
	r = CALL(__NR_read, -1, nowhere, 0);
	SAID("read", N("res", -EBADF), N("fd", -1), N("size", 0));
	r = CALL(__NR_lseek, fd, -1, SEEK_SET);
	SAID("lseek", N("res", -EINVAL), N("fd", fd), N("offset", -1), N("whence", SEEK_SET));
	r = CALL(__NR_pwrite64, fd, "x", 1, -3);
	SAID("pwrite", N("res", -EINVAL), S("data", "x"), N("pos", -3));
}

static void copies(long fd)
{
	int ends[2];
	long r, out = CALL(__NR_openat, AT_FDCWD, "copy", O_RDWR | O_CREAT, 0600);
	long long from = 3, to = 0;

	must(pipe(ends), "pipe");
	r = CALL(__NR_sendfile, out, fd, &from, 20);
	SAID("sendfile", N("res", 20), N("offset", 23), N("out_fd", out), N("in_fd", fd),
	     N("size", 20));
	r = CALL(__NR_sendfile, out, fd, NULL, 5);
	SAID("sendfile", N("res", r), NO("offset"), N("out_fd", out), N("in_fd", fd),
	     N("size", 5));
	from = 0;
	r = CALL(__NR_copy_file_range, fd, &from, out, &to, 30, 0);
	SAID("copy_file_range", N("res", 30), N("fdout", out), N("offout", 30), N("fdin", fd),
	     N("offin", 30), N("len", 30));
	r = CALL(__NR_copy_file_range, fd, NULL, 55, NULL, 30, 0);
	SAID("copy_file_range", N("res", -EBADF), N("fdout", 55), NO("offout"), N("fdin", fd),
	     NO("offin"));
	CALL(__NR_lseek, fd, 0, SEEK_SET);
	r = CALL(__NR_splice, fd, NULL, ends[1], NULL, 16, 1);
	SAID("splice", N("res", 16), N("fd_in", fd), N("fd_out", ends[1]), N("size", 16),
	     N("flags", 1));
	r = CALL(__NR_tee, ends[0], ends[1], 5, 0);
	SAID_CALL(__NR_tee, r, ends[0], ends[1], 5, 0, 0, 0);
	CALL(__NR_close, out);
}

static void copies_of_descriptors(long fd)
{
	long r;

	r = CALL(__NR_dup, fd);
	SAID("dup", N("res", r), N("oldfd", fd));
#ifdef __NR_dup2
	SAID("dup2", N("res", CALL(__NR_dup2, fd, 50)), N("oldfd", fd), N("newfd", 50));
	SAID("dup2", N("res", CALL(__NR_dup2, fd, -4)), N("oldfd", fd), N("newfd", -4));
#endif
	SAID("dup3", N("res", CALL(__NR_dup3, fd, 51, O_CLOEXEC)), N("oldfd", fd),
	     N("newfd", 51),
	     N("flags", O_CLOEXEC));
	SAID("dup3", N("res", CALL(__NR_dup3, fd, fd, 0)), N("oldfd", fd), N("newfd", fd),
	     N("flags", 0));
	SAID("fcntl", N("res", CALL(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 60)), N("fd", fd),
	     N("cmd", F_DUPFD_CLOEXEC), N("arg", 60));
	SAID("fcntl", N("res", CALL(__NR_fcntl, fd, F_GETFL)), N("fd", fd), N("cmd", F_GETFL));
	SAID("fcntl", N("res", CALL(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC)), N("fd", fd),
	     N("cmd", F_SETFD), N("arg", FD_CLOEXEC));
	SAID("fcntl", N("res", CALL(__NR_fcntl, 98, F_GETFD)), N("fd", 98), N("cmd", F_GETFD));
#ifdef __NR_close_range
	SAID("close_range", N("res", CALL(__NR_close_range, 50, ~0u, 0)), N("first", 50),
	     N("last", ~0u), N("flags", 0));
	SAID("close_range", N("res", CALL(__NR_close_range, 9, 8, 4)), N("first", 9),
	     N("last", 8),
	     N("flags", 4));
#endif
}

static void others(long fd)
{
	char room[4096];
	int n = 0;
	const long dir = CALL(__NR_openat, AT_FDCWD, ".", O_RDONLY);
	const long tty = CALL(__NR_openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY);
	struct winsize window = { .ws_row = 31, .ws_col = 132 };
	long r;

	r = CALL(__NR_getdents64, dir, room, sizeof(room));
	SAID("getdents64", N("res", r), N("fd", dir));
#ifdef __NR_getdents
	r = CALL(__NR_getdents, dir, room, sizeof(room));
	SAID("getdents", N("res", r), N("fd", dir));
#endif
	r = CALL(__NR_getdents64, fd, room, sizeof(room));
	SAID("getdents64", N("res", -ENOTDIR), N("fd", fd));
	SAID("ioctl", N("res", CALL(__NR_ioctl, fd, FIONREAD, &n)), N("fd", fd),
	     N("request", FIONREAD),
	     N("argument", (long)&n));
	SAID("ioctl", N("res", CALL(__NR_ioctl, fd, 0x80005401, 7)), N("fd", fd),
	     N("request", 0x80005401), N("argument", 7));
	SAID("ioctl", N("res", CALL(__NR_ioctl, tty, TIOCSWINSZ, &window)), N("fd", tty),
	     N("request", TIOCSWINSZ), N("argument", (long)&window), N("rows", 31),
	     N("columns", 132));
	SAID("ioctl", N("res", CALL(__NR_ioctl, fd, TIOCGWINSZ, &window)), N("fd", fd),
	     N("request", TIOCGWINSZ), N("argument", (long)&window));
	SAID("flock", N("res", CALL(__NR_flock, fd, LOCK_EX | LOCK_NB)), N("fd", fd),
	     N("operation", LOCK_EX | LOCK_NB));
	SAID("flock", N("res", CALL(__NR_flock, fd, 77)), N("fd", fd), N("operation", 77));
}

int main(void)
{
	char cwd[2048];
	long fd;

	if (!getcwd(cwd, sizeof(cwd)))
		return 2;
	snprintf(name, sizeof(name), "%s/a file", cwd);
	opens();
	old_opens();
	by_handle();
	fd = must(CALL(__NR_openat, AT_FDCWD, "work", O_RDWR | O_CREAT, 0600), "work");
	reads_and_writes(fd);
	failing(fd);
	copies(fd);
	copies_of_descriptors(fd);
	others(fd);
	say_now();
	return 0;
}
