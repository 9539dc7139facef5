/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files and directories, and who may what. */
#include "tests/live/case.h"

#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <grp.h>

static int a_file(const char *name)
{
	return (int)must(open(name, O_RDWR | O_CREAT, 0666), name);
}

static int a_dir(const char *name)
{
	mkdir(name, 0777);
	return (int)must(open(name, O_RDONLY | O_DIRECTORY), name);
}

/* ---- directories ---- */

static void walking(void)
{
	const int dir = a_dir("one");

	a_dir("one/two");
	must(chdir("one/../one/./two"), "chdir");
	mark_all();
	a_file("../../there");
	must(chdir(".."), "..");
	a_file("two/../here");
	must(fchdir(dir), "fchdir");
	mark_all();
	must(chdir("/"), "/");
	must(chdir("../../etc"), "etc");
	mark_all();
	must(chdir("nowhere") < 0 ? 0 : -1, "nowhere");
	mark_all();
}

static void by_links(void)
{
	a_dir("real");
	a_dir("real/below");
	must(symlink("real/below", "link"), "symlink");
	must(chdir("link"), "link");
	mark_process();
	a_file("a");
	must(chdir(".."), "..");	/* of where the link leads */
	mark_process();
	mark_fds();
}

static void renamed_directory(void)
{
	close(a_dir("old"));		/* its name would stay that of its opening */
	must(chdir("old"), "old");
	must(rename("../old", "../new"), "rename");
	must(chdir("."), ".");
	mark_process();
	a_file("file");
	mark_fds();
}

static void removed_directory(void)
{
	a_dir("gone");
	must(chdir("gone"), "gone");
	must(rmdir("../gone"), "rmdir");
	mark_process();
	must(chdir(".."), "..");
	mark_process();
}

static void beside(void)
{
	const int dir = a_dir("dir"), path = open("dir", O_PATH | O_DIRECTORY);

	must(openat(dir, "x", O_RDWR | O_CREAT, 0600), "x");
	must(openat(path, "../dir/x", O_RDWR), "x");
	must(openat(dir, "/etc/hosts", O_RDONLY), "hosts");
	must(openat(-1, "/etc/group", O_RDONLY), "group");
	must(openat(path, "..", O_PATH), "..");
	must(openat(path, ".", O_RDONLY | O_DIRECTORY), ".");
	open("/etc", O_PATH);
	open("/etc/hosts", O_PATH | O_NOFOLLOW);
	mark_fds();
}

static int open2(int dir, const char *name, unsigned long long resolve)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600, .resolve = resolve };

	return (int)CALL(__NR_openat2, dir, name, &how, sizeof(how));
}

static void resolving(void)
{
	const int dir = a_dir("dir");

	must(open2(dir, "beneath", RESOLVE_BENEATH), "beneath");
	must(open2(dir, "no links", RESOLVE_NO_SYMLINKS), "no links");
	must(open2(dir, "/as root", RESOLVE_IN_ROOT), "in root");
	must(open2(dir, "../../../above", RESOLVE_IN_ROOT), "above");
	must(open2(dir, "../out", RESOLVE_BENEATH) < 0 ? 0 : -1, "out");
	mark_fds();
}

static void by_numbers(void)
{
	const int dir = a_dir("dir");
	char path[64];
	int fd;

	fd = a_file("file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	must(chdir(path), path);
	mark_process();
	a_file("in it");
	must(chdir("/"), "/");
	mark_process();
	close(fd);
	mark_fds();
}

static void odd_names(void)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = 0;
	a_file(name);
	a_file("with\nnew line");
	a_file("with \"quotes\"");
	a_file("\xc3\xa4");
	a_file("..hidden");
	a_file(".x");
	a_file("a//b" + 3);
	mark_fds();
}

static void long_paths(void)
{
	char name[201], path[4096] = "";

	memset(name, 'd', 200);
	name[200] = 0;
	for (int i = 0; i < 8; i++) {
		strcat(path, name);
		must(mkdir(path, 0700), "mkdir");
		strcat(path, "/");
	}
	must(chdir(path), "chdir");
	mark_process();
	a_file("deep");
	mark_fds();
}

static void unnamed(void)
{
	char path[64];
	const int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		skip("O_TMPFILE");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(linkat(AT_FDCWD, path, AT_FDCWD, "now", AT_SYMLINK_FOLLOW), "linkat");
	close(fd);
	a_file("now");
	mark_fds();
}

/* ---- roots and mounts ---- */

static void in_jail(void)
{
	close(a_dir("jail"));
	close(a_dir("jail/etc"));
	must(chroot("jail"), "chroot");
	must(chdir("/"), "/");
	mark_process();
	a_file("/etc/inside");
	must(chdir("etc"), "etc");
	a_file("relative");
	mark_all();
	in_child(mark_all);
}

static void new_roots(void)
{
	in_child(in_jail);
	mark_all();
}

static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip("mount namespaces");
}

static void bound(void)
{
	own_mounts();
	a_dir("from");
	a_dir("to");
	a_file("from/file");
	must(mount("from", "to", NULL, MS_BIND, NULL), "mount");
	must(chdir("to"), "to");
	mark_process();
	a_file("file");
	mark_fds();
	in_child(mark_process);
}

static void binds(void)
{
	in_child(bound);
	mark_all();
}

static void pivots(void)
{
	own_mounts();
	a_dir("root");
	must(mount("none", "root", "tmpfs", 0, NULL), "tmpfs");
	must(chdir("root"), "root");
	mkdir("old", 0700);
	must(CALL(__NR_pivot_root, ".", "old"), "pivot_root");
	must(chdir("/"), "/");
	mark_process();
	a_file("/new file");
	close(0);
	mark_process();
}

static void other_root(void)
{
	in_child(pivots);
	mark_process();
}

static int mounts_of = -1;

static void enters(void)
{
	must(setns(mounts_of, CLONE_NEWNS), "setns");
	mark_process();
	must(chdir("etc"), "etc");
	mark_process();
}

static void namespaces(void)
{
	mounts_of = openat(PROC_FD, "self/ns/mnt", O_RDONLY);
	own_mounts();
	in_child(enters);
	mark_process();
}

/* ---- credentials ---- */

static void real_and_effective(void)
{
	must(setreuid(1001, 1002), "setreuid");
	mark_process();
	in_child(mark_process);
}

static void back_and_forth(void)
{
	must(setresuid(0, 1003, 0), "setresuid");
	mark_process();
	must(seteuid(0), "seteuid");
	mark_process();
	must(setresgid(5, 6, 7), "setresgid");
	must(setregid(-1, 7), "setregid");
	mark_process();
	must(setgid(9), "setgid");
	must(setuid(1004), "setuid");
	mark_process();
}

static void saved_id(void)
{
	must(setresuid(1001, 1002, 1003), "setresuid");
	mark_process();
	must(setuid(1003), "setuid");
	mark_process();
	must(setuid(0) < 0 ? 0 : -1, "setuid");
	mark_process();
}

static void keeps_rights(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	must(setuid(1001), "setuid");
	mark_process();
}

static void for_files_only(void)
{
	setfsuid(1001);		/* rights for files go and come back with it */
	setfsgid(1002);
	setfsuid(0);
	mark_process();
	must(setgroups(0, NULL), "setgroups");
	mark_process();
}

static void identities(void)
{
	in_child(real_and_effective);
	in_child(back_and_forth);
	in_child(saved_id);
	in_child(keeps_rights);
	in_child(for_files_only);
	mark_process();
}

static void capabilities(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { 0x1, 0x3, 0x4 }, { 0, 0, 0 } };

	must(CALL(__NR_capset, &h, d), "capset");
	mark_process();
	in_child(mark_process);
	prctl(PR_CAPBSET_DROP, CAP_NET_RAW);
	mark_process();
}

static void set_id_program_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_process();
}

static void copy_self(const char *to)
{
	char command[9000];

	snprintf(command, sizeof(command), "cp '%s' '%s'", self, to);
	must(system(command) ? -1 : 0, "cp");
}

static void runs_it(void)
{
	must(setresgid(1001, 1001, 1001), "setresgid");
	must(setresuid(1001, 1001, 1001), "setresuid");
	become("./program", "x");
}

static void set_id_program(void)
{
	chmod(".", 0777);
	chmod("..", 0777);
	chmod("../..", 0777);
	copy_self("program");
	must(chown("program", 1002, 1003), "chown");
	must(chmod("program", 06755), "chmod");
	in_child(runs_it);
}

static void file_rights_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	mark_process();
}

static void file_rights(void)
{
	const uint32_t caps[5] = { 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0 };

	chmod(".", 0777);
	copy_self("program");
	if (setxattr("program", "security.capability", caps, sizeof(caps), 0) < 0)
		skip("file capabilities");
	in_child(runs_it);
}

static void new_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER) < 0)
		skip("user namespaces");
	in_child(mark_fds);
}

static const struct one_case cases[] = {
	CASE(walking), CASE(by_links), CASE(renamed_directory), CASE(removed_directory),
	CASE(beside), CASE(resolving), CASE(by_numbers), CASE(odd_names), CASE(long_paths),
	CASE(unnamed), CASE(new_roots), CASE(binds), CASE(other_root), CASE(namespaces),
	CASE(identities), CASE(capabilities), CASE2(set_id_program), CASE2(file_rights),
	CASE(new_user_namespace),
	{ NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	return run_cases(argc, argv, cases);
}
