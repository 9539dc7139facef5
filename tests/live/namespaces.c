/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces and mounts, in a mount namespace of its own that goes with the program. */
#include "tests/live/live.h"

#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

static void mounts(void)
{
	long fd, r;

	CALL(__NR_mkdirat, AT_FDCWD, "m", 0755);
	SAID("mount", N("res", CALL(__NR_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL)),
	     S("dev", "none"),
	     S("dir", "/"), NO("type"), N("flags", MS_REC | MS_PRIVATE), NO("data"));
	SAID("mount", N("res",
	     CALL(__NR_mount, "a source", "m", "tmpfs", MS_NOSUID | MS_NODEV,
	     "size=1m,mode=700")),
	     S("dev", "a source"), S("dir", "m"), S("type", "tmpfs"),
	     N("flags", MS_NOSUID | MS_NODEV),
	     S("data", "size=1m,mode=700"));
	SAID("mount", N("res", CALL(__NR_mount, "/proc", "nowhere", NULL, MS_BIND, NULL)),
	     S("dev", "/proc"),
	     S("dir", "nowhere"), NO("type"), N("flags", MS_BIND));
	SAID("umount2", N("res", CALL(__NR_umount2, "m", MNT_DETACH)), S("name", "m"),
	     N("flags", MNT_DETACH));
	SAID("umount2", N("res", CALL(__NR_umount2, "m", UMOUNT_NOFOLLOW)), S("name", "m"),
	     N("flags", UMOUNT_NOFOLLOW));
	fd = CALL(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	SAID("syscall", N("nativeID", __NR_fsopen), N("res", fd), N("a1", FSOPEN_CLOEXEC));
	r = CALL(__NR_fsconfig, fd, FSCONFIG_SET_STRING, "size", "2m", 0);
	SAID("fsconfig", N("res", r), N("fd", fd), N("cmd", FSCONFIG_SET_STRING),
	     S("key", "size"),
	     S("value_charbuf", "2m"), N("aux", 0));
	r = CALL(__NR_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	SAID("fsconfig", N("res", r), N("fd", fd), N("cmd", FSCONFIG_CMD_CREATE), NO("key"));
	r = CALL(__NR_fsmount, fd, 0, 0);
	SAID("syscall", N("nativeID", __NR_fsmount), N("res", r), N("a0", fd));
	r = CALL(__NR_move_mount, r, "", AT_FDCWD, "m", MOVE_MOUNT_F_EMPTY_PATH);
	SAID("syscall", N("nativeID", __NR_move_mount), N("res", r));
}

static void roots(void)
{
	long r;

	CALL(__NR_mkdirat, AT_FDCWD, "m/old", 0755);
	r = CALL(__NR_pivot_root, "m", "m/old");
	SAID("syscall", N("nativeID", __NR_pivot_root), N("res", r));
	SAID("chroot", N("res", CALL(__NR_chroot, "/old")), S("path", "/old"));
	SAID("chroot", N("res", CALL(__NR_chroot, "/no")), S("path", "/no"));
	SAID("chdir", N("res", CALL(__NR_chdir, "/")), S("path", "/"));
}

/* First of a pid namespace: it has two ids. */
static void new_pids(void)
{
	long fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), r;
	int status;

	SAID("unshare", N("res", CALL(__NR_unshare, CLONE_NEWPID | CLONE_NEWUTS)),
	     N("flags", CLONE_NEWPID | CLONE_NEWUTS));
	SAID("setns", N("res", CALL(__NR_setns, fd, CLONE_NEWUTS)), N("fd", fd),
	     N("nstype", CLONE_NEWUTS));
	SAID("setns", N("res", CALL(__NR_setns, 1, 0)), N("fd", 1), N("nstype", 0));
	r = CALL(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (r == 0) {
		CALL(__NR_eventfd2, 5, 0);
		syscall(__NR_exit_group, getpid() == 1 ? 6 : 66);
	}
	SAID("clone", N("res", r), N("flags", 0), N("tid", gettid()), N("vtid", gettid()));
	SAID_BY(r, "clone", N("res", 0), N("flags", 0), N("tid", r), N("pid", r),
		N("ptid", getpid()),
		N("vtid", 1), N("vpid", 1), N("pgid", getpgrp()), N("vpgid", 0));
	SAID_BY(r, "eventfd2", N("initval", 5));
	SAID_BY(r, "procexit", N("status", 6 << 8), N("pid", r));
	waitpid((pid_t)r, &status, 0);
}

int main(void)
{
	SAID("unshare", N("res", CALL(__NR_unshare, CLONE_NEWNS)), N("flags", CLONE_NEWNS));
	SAID("unshare", N("res", CALL(__NR_unshare, 0x1)), N("flags", 1));
	mounts();
	new_pids();
	roots();
	say_now();
	return 0;
}
