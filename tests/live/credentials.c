/* SPDX-License-Identifier: Apache-2.0 */
/* Who a process is. Each change is made by a child, for there is no way back from some. */
#include "tests/live/live.h"

#include <grp.h>
#include <linux/capability.h>

static void in_child(void (*what)(void))
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		say_anew();
		what();
		say_and_exit(0);
	}
	waitpid(pid, &status, 0);
}

static void asking(void)
{
	uint32_t r, e, s;

	SAID("getuid", N("uid", CALL(__NR_getuid)));
	SAID("geteuid", N("euid", CALL(__NR_geteuid)));
	SAID("getgid", N("gid", CALL(__NR_getgid)));
	SAID("getegid", N("egid", CALL(__NR_getegid)));
	SAID("getresuid", N("res", CALL(__NR_getresuid, &r, &e, &s)), N("ruid", r),
	     N("euid", e), N("suid", s));
	SAID("getresgid", N("res", CALL(__NR_getresgid, &r, &e, &s)), N("rgid", r),
	     N("egid", e), N("sgid", s));
	SAID("getresuid", N("res", CALL(__NR_getresuid, 0x10000, &e, &s)), NO("ruid"),
	     NO("euid"));
}

static void uids(void)
{
	SAID("setresuid", N("res", CALL(__NR_setresuid, 11, 12, 0)), N("ruid", 11),
	     N("euid", 12), N("suid", 0));
	asking();
	SAID("setresuid", N("res", CALL(__NR_setresuid, -1, 0, -1)), N("ruid", UINT32_MAX),
	     N("euid", 0),
	     N("suid", UINT32_MAX));
	SAID("setreuid", N("res", CALL(__NR_setreuid, 21, 22)), N("ruid", 21), N("euid", 22));
	asking();
	SAID("setreuid", N("res", CALL(__NR_setreuid, 0, 0)), N("ruid", 0), N("euid", 0));
}

static void one_uid(void)
{
	SAID("setuid", N("res", CALL(__NR_setuid, 65534)), N("uid", 65534));
	asking();
	SAID("setuid", N("res", CALL(__NR_setuid, 0)), N("uid", 0));
	SAID("setgid", N("res", CALL(__NR_setgid, 1)), N("gid", 1));
	SAID("chroot", N("res", CALL(__NR_chroot, ".")), S("path", "."));
	SAID("openat", N("fd", CALL(__NR_openat, AT_FDCWD, "/etc/shadow", O_RDONLY)),
	     S("name", "/etc/shadow"));
#ifdef __NR_mknod
	SAID("mknod", N("res", CALL(__NR_mknod, "/tmp/saker-null", S_IFCHR | 0600, 0x103)),
	     S("path", "/tmp/saker-null"), N("mode", S_IFCHR | 0600), N("dev", 0x103));
#endif
	SAID("kill", N("res", CALL(__NR_kill, 1, 0)), N("pid", 1), N("sig", 0));
}

static void gids(void)
{
	gid_t list[] = { 5, 6, 7 };

	SAID("syscall", N("nativeID", __NR_setgroups), N("res", CALL(__NR_setgroups, 3, list)),
	     N("a0", 3));
	SAID("setresgid", N("res", CALL(__NR_setresgid, 31, 32, 33)), N("rgid", 31),
	     N("egid", 32), N("sgid", 33));
	asking();
	SAID("setregid", N("res", CALL(__NR_setregid, 41, 42)), N("rgid", 41), N("egid", 42));
	asking();
	SAID("setgid", N("res", CALL(__NR_setgid, 55)), N("gid", 55));
	asking();
}

static void capabilities(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { .effective = 1 << CAP_CHOWN,
						 .permitted = 1 << CAP_CHOWN | 1 << CAP_KILL,
						 .inheritable = 1 << CAP_CHOWN } };

	SAID("capset", N("res", CALL(__NR_capset, &h, d)), N("cap_inheritable", 1 << CAP_CHOWN),
	     N("cap_permitted", 1 << CAP_CHOWN | 1 << CAP_KILL),
	     N("cap_effective", 1 << CAP_CHOWN));
	d[0].permitted = ~0u;
	SAID("capset", N("res", CALL(__NR_capset, &h, d)), N("cap_inheritable", 1 << CAP_CHOWN),
	     N("cap_permitted", 1 << CAP_CHOWN | 1 << CAP_KILL),
	     N("cap_effective", 1 << CAP_CHOWN));
	SAID("setuid", N("res", CALL(__NR_setuid, 5)), N("uid", 5));
}

int main(void)
{
	asking();
	in_child(uids);
	in_child(one_uid);
	in_child(gids);
	in_child(capabilities);
	say_now();
	return 0;
}
