/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, links, attributes: calls that take names, with names as odd as names
 * may be. */
#include "tests/live/live.h"

#include <linux/fs.h>
#include <sys/sysmacros.h>

static char cwd[2048];

static void looks(void)
{
	struct stat st;
	char room[512];
	long fd = CALL(__NR_openat, AT_FDCWD, "f", O_RDWR | O_CREAT, 0600);

#ifdef __NR_stat
	SAID("stat", N("res", CALL(__NR_stat, "f", &st)), S("path", "f"));
	SAID("stat", N("res", CALL(__NR_stat, "f/g", &st)), S("path", "f/g"));
	SAID("lstat", N("res", CALL(__NR_lstat, "none", &st)), S("path", "none"));
	SAID("access", N("res", CALL(__NR_access, "f", R_OK | X_OK)), S("name", "f"),
	     N("mode", R_OK | X_OK));
	SAID("access", N("res", CALL(__NR_access, cwd, W_OK)), S("name", cwd), N("mode", W_OK));
#endif
	SAID("fstat", N("res", CALL(__NR_fstat, fd, &st)), N("fd", fd));
	SAID("fstat", N("res", CALL(__NR_fstat, 97, &st)), N("fd", 97));
	SAID("newfstatat", N("res",
	     CALL(__NR_newfstatat, AT_FDCWD, "f", &st, AT_SYMLINK_NOFOLLOW)),
	     N("dirfd", AT_FDCWD), S("path", "f"), N("flags", AT_SYMLINK_NOFOLLOW));
	SAID("newfstatat", N("res", CALL(__NR_newfstatat, fd, "", &st, AT_EMPTY_PATH)),
	     N("dirfd", fd), S("path", ""), N("flags", AT_EMPTY_PATH));
	SAID("getcwd", N("res", CALL(__NR_getcwd, room, sizeof(room))), S("path", cwd));
	SAID("getcwd", N("res", CALL(__NR_getcwd, room, 1)), NO("path"));
	CALL(__NR_close, fd);
}

static void directories(void)
{
	long fd;

#ifdef __NR_mkdir
	SAID("mkdir", N("res", CALL(__NR_mkdir, "d", 0755)), S("path", "d"), N("mode", 0755));
	SAID("mkdir", N("res", CALL(__NR_mkdir, "d", 01700)), S("path", "d"), N("mode", 01700));
	SAID("rmdir", N("res", CALL(__NR_rmdir, "d")), S("path", "d"));
	SAID("rmdir", N("res", CALL(__NR_rmdir, "d")), S("path", "d"));
#endif
	SAID("mkdirat", N("res", CALL(__NR_mkdirat, AT_FDCWD, "e", 0700)), N("dirfd", AT_FDCWD),
	     S("path", "e"), N("mode", 0700));
	fd = CALL(__NR_openat, AT_FDCWD, "e", O_PATH);
	SAID("openat", N("fd", fd), S("name", "e"), N("flags", O_PATH), dev_of(fd), ino_of(fd));
	SAID("mkdirat", N("res", CALL(__NR_mkdirat, fd, "below", 0711)), N("dirfd", fd),
	     S("path", "below"), N("mode", 0711));
	SAID("unlinkat", N("res", CALL(__NR_unlinkat, AT_FDCWD, "e", AT_REMOVEDIR)),
	     N("dirfd", AT_FDCWD), S("name", "e"), N("flags", AT_REMOVEDIR));
	SAID("chdir", N("res", CALL(__NR_chdir, "e/below")), S("path", "e/below"));
	SAID("chdir", N("res", CALL(__NR_chdir, "nowhere")), S("path", "nowhere"));
	SAID("fchdir", N("res", CALL(__NR_fchdir, fd)), N("fd", fd));
	SAID("fchdir", N("res", CALL(__NR_fchdir, -1)), N("fd", -1));
	SAID("chdir", N("res", CALL(__NR_chdir, cwd)), S("path", cwd));
	SAID("unlinkat", N("res", CALL(__NR_unlinkat, fd, "below", AT_REMOVEDIR)),
	     N("dirfd", fd),
	     S("name", "below"), N("flags", AT_REMOVEDIR));
	CALL(__NR_close, fd);
}

static void links(void)
{
	char room[100];
	long r;

#ifdef __NR_link
	SAID("link", N("res", CALL(__NR_link, "f", "f2")), S("oldpath", "f"),
	     S("newpath", "f2"));
	SAID("link", N("res", CALL(__NR_link, "e", "e2")), S("oldpath", "e"),
	     S("newpath", "e2"));
	SAID("symlink", N("res", CALL(__NR_symlink, "../any thing", "s")),
	     S("target", "../any thing"),
	     S("linkpath", "s"));
	SAID("rename", N("res", CALL(__NR_rename, "f2", "f3")), S("oldpath", "f2"),
	     S("newpath", "f3"));
	SAID("rename", N("res", CALL(__NR_rename, "f", "e")), S("oldpath", "f"),
	     S("newpath", "e"));
	SAID("unlink", N("res", CALL(__NR_unlink, "f3")), S("path", "f3"));
	SAID("unlink", N("res", CALL(__NR_unlink, "e")), S("path", "e"));
	r = CALL(__NR_readlink, "s", room, sizeof(room));
	SAID("syscall", N("nativeID", __NR_readlink), N("res", r), N("a2", sizeof(room)));
#endif
	SAID("linkat", N("res",
	     CALL(__NR_linkat, AT_FDCWD, "f", AT_FDCWD, "f4", AT_SYMLINK_FOLLOW)),
	     N("olddir", AT_FDCWD), S("oldpath", "f"), N("newdir", AT_FDCWD),
	     S("newpath", "f4"),
	     N("flags", AT_SYMLINK_FOLLOW));
	SAID("symlinkat", N("res", CALL(__NR_symlinkat, "", AT_FDCWD, "s2")), S("target", ""),
	     N("linkdirfd", AT_FDCWD), S("linkpath", "s2"));
	SAID("symlinkat", N("res", CALL(__NR_symlinkat, "/etc/passwd", AT_FDCWD, "s3")),
	     S("target", "/etc/passwd"), N("linkdirfd", AT_FDCWD), S("linkpath", "s3"));
#ifdef __NR_renameat
	SAID("renameat", N("res", CALL(__NR_renameat, AT_FDCWD, "f4", AT_FDCWD, "f5")),
	     N("olddirfd", AT_FDCWD), S("oldpath", "f4"), N("newdirfd", AT_FDCWD),
	     S("newpath", "f5"));
#endif
	r = CALL(__NR_renameat2, AT_FDCWD, "f5", AT_FDCWD, "f", RENAME_EXCHANGE);
	SAID("renameat2", N("res", r), N("olddirfd", AT_FDCWD), S("oldpath", "f5"),
	     N("newdirfd", AT_FDCWD), S("newpath", "f"), N("flags", RENAME_EXCHANGE));
	r = CALL(__NR_renameat2, AT_FDCWD, "f5", AT_FDCWD, "f", RENAME_NOREPLACE);
	SAID("renameat2", N("res", -EEXIST), S("oldpath", "f5"), S("newpath", "f"),
	     N("flags", RENAME_NOREPLACE));
	SAID("unlinkat", N("res", CALL(__NR_unlinkat, AT_FDCWD, "f5", 0)), N("dirfd", AT_FDCWD),
	     S("name", "f5"), N("flags", 0));
}

static void attributes(void)
{
	const long fd = CALL(__NR_openat, AT_FDCWD, "f", O_RDWR);

#ifdef __NR_chmod
	SAID("chmod", N("res", CALL(__NR_chmod, "f", 04755)), S("filename", "f"),
	     N("mode", 04755));
	SAID("chmod", N("res", CALL(__NR_chmod, "nothing", 0777)), S("filename", "nothing"),
	     N("mode", 0777));
	SAID("chown", N("res", CALL(__NR_chown, "f", 1234, 5678)), S("path", "f"),
	     N("uid", 1234), N("gid", 5678));
	SAID("lchown", N("res", CALL(__NR_lchown, "s3", -1, 7)), S("path", "s3"),
	     N("uid", UINT32_MAX), N("gid", 7));
	SAID("mknod", N("res", CALL(__NR_mknod, "null", S_IFCHR | 0666, makedev(1, 3))),
	     S("path", "null"),
	     N("mode", S_IFCHR | 0666), N("dev", makedev(1, 3)));
#endif
	SAID("fchmod", N("res", CALL(__NR_fchmod, fd, 0400)), N("fd", fd), N("mode", 0400));
	SAID("fchmod", N("res", CALL(__NR_fchmod, 96, 0400)), N("fd", 96), N("mode", 0400));
	SAID("fchmodat", N("res", CALL(__NR_fchmodat, AT_FDCWD, "f", 0100)),
	     N("dirfd", AT_FDCWD),
	     S("filename", "f"), N("mode", 0100));
	SAID("fchown", N("res", CALL(__NR_fchown, fd, 0, 0)), N("fd", fd), N("uid", 0),
	     N("gid", 0));
	SAID("fchownat", N("res",
	     CALL(__NR_fchownat, AT_FDCWD, "s3", 1, 2, AT_SYMLINK_NOFOLLOW)),
	     N("dirfd", AT_FDCWD), S("pathname", "s3"), N("uid", 1), N("gid", 2),
	     N("flags", AT_SYMLINK_NOFOLLOW));
	SAID("mknodat", N("res", CALL(__NR_mknodat, AT_FDCWD, "fifo", S_IFIFO | 0600, 0)),
	     N("dirfd", AT_FDCWD), S("path", "fifo"), N("mode", S_IFIFO | 0600), N("dev", 0));
	SAID("mknodat", N("res", CALL(__NR_mknodat, AT_FDCWD, "fifo", S_IFREG, 0)),
	     N("dirfd", AT_FDCWD), S("path", "fifo"), N("mode", S_IFREG), N("dev", 0));
	CALL(__NR_close, fd);
}

/* Any byte but NUL may stand in a name; 4095 of them may make a path. */
static void odd_names(void)
{
	static char name[5000];
	long fd;

	for (int i = 1; i < 256; i++)
		name[i - 1] = (char)(i == '/' ? '_' : i);
	name[255] = 0;
	fd = CALL(__NR_openat, AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
	SAID("openat", N("fd", fd), S("name", name), dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	SAID("unlinkat", N("res", CALL(__NR_unlinkat, AT_FDCWD, name, 0)), S("name", name));
	memset(name, 'x', 256);
	name[256] = 0;
	fd = CALL(__NR_openat, AT_FDCWD, name, O_RDWR | O_CREAT, 0600);
	SAID("openat", N("fd", -ENAMETOOLONG), S("name", name));
	for (int i = 0; i < 4095; i += 2)
		memcpy(name + i, "./", 2);
	name[4094] = 'f';
	name[4095] = 0;
	fd = CALL(__NR_openat, AT_FDCWD, name, O_RDONLY);
	SAID("openat", N("fd", fd), S("name", name), dev_of(fd), ino_of(fd));
	CALL(__NR_close, fd);
	SAID("renameat2", N("res", CALL(__NR_renameat2, AT_FDCWD, name, AT_FDCWD, "moved", 0)),
	     S("oldpath", name), S("newpath", "moved"));
	SAID("renameat2", N("res", CALL(__NR_renameat2, AT_FDCWD, "moved", AT_FDCWD, name, 0)),
	     S("oldpath", "moved"), S("newpath", name));
	SAID("linkat", N("res", CALL(__NR_linkat, AT_FDCWD, name, AT_FDCWD, name, 0)),
	     S("oldpath", name), S("newpath", name));
}

int main(void)
{
	if (!getcwd(cwd, sizeof(cwd)))
		return 2;
	looks();
	directories();
	links();
	attributes();
	odd_names();
	say_now();
	return 0;
}
