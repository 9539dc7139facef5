/* SPDX-License-Identifier: Apache-2.0 */
/* Two layers.  seccomp: a list of calls that work, a list of calls that no decoder makes
 * (exploits do) and that end the process, EPERM for all else.  Landlock: no access to
 * any file or port, which holds even where a call on the first list had a way in.
 *
 * Executable memory is refused too: PCRE2 compiles when rules are loaded, before. */
#include "capture/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "capture/base/err.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

void sandbox_drop_privileges(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	syscall(SYS_capset, &head, none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool sandbox_built(void)
{
#ifdef SANITIZED
	return false;
#else
	return true;
#endif
}

#ifdef SANITIZED

int sandbox_enter(unsigned allow)
{
	return 0;
}

int sandbox_enter_reading(unsigned allow, const char *const *paths, size_t n)
{
	return 0;
}

#else

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

enum {
	LANDLOCK_VERSION = 1 << 0,
	ACCESS_FS_V1 = (1 << 13) - 1, ACCESS_FS_REFER = 1 << 13, ACCESS_FS_TRUNCATE = 1 << 14,
	ACCESS_FS_IOCTL = 1 << 15, ACCESS_NET = 3, SCOPE = 3,
	ACCESS_FS_READ_FILE = 1 << 2, PATH_BENEATH = 1,
	READING = 1 << 16,		/* beside enum sandbox_allow: files may be opened */
};

/* Flags of openat of which none may be set. */
#define CHANGING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_DIRECTORY | O_PATH)

/* Files that may be read. */
struct files {
	const char *const *paths;
	size_t n;
};

static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(preadv2),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev),
	SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fadvise64),
	SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(tgkill), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(membarrier),
};

/* What an exploit would want first. */
static const int fatal[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept),
	SCMP_SYS(accept4), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(io_uring_setup), SCMP_SYS(memfd_create), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setresuid), SCMP_SYS(kill),
};

static void put(const char *s)
{
	if (write(STDERR_FILENO, s, strlen(s)) < 0)
		return;
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	char digits[12], *p = digits + sizeof(digits) - 1;
	unsigned n = (unsigned)info->si_syscall;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	put("saker: stopped by the sandbox at system call ");
	put(p);
	put(": the input made the program do what it never should. "
	    "Keep the input and report it\n");
	_exit(EXIT_FAILED);
}

/* What cannot be opened now cannot be then. */
static int allow_files(int ruleset, const struct files *files)
{
	struct {
		uint64_t access;
		int32_t fd;
	} __attribute__((packed)) rule = { .access = ACCESS_FS_READ_FILE };
	long rc = 0;

	for (size_t i = 0; rc == 0 && i < files->n; i++) {
		rule.fd = open(files->paths[i], O_PATH | O_CLOEXEC);
		if (rule.fd < 0)
			continue;
		rc = syscall(__NR_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0);
		close(rule.fd);
	}
	return rc < 0 ? -1 : 0;
}

static int landlock(const struct files *files)
{
	struct {
		uint64_t fs, net, scope;
	} attr = { .fs = ACCESS_FS_V1 };
	const long version = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	size_t size = sizeof(attr.fs);
	int fd;

	if (version < 1)
		return 0;
	attr.fs |= (version >= 2 ? ACCESS_FS_REFER : 0) | (version >= 3 ? ACCESS_FS_TRUNCATE : 0)
		| (version >= 5 ? ACCESS_FS_IOCTL : 0);
	if (version >= 4) {
		attr.net = ACCESS_NET;
		size = sizeof(attr.fs) + sizeof(attr.net);
	}
	if (version >= 6) {
		attr.scope = SCOPE;
		size = sizeof(attr);
	}
	fd = (int)syscall(__NR_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return err_sys("sandbox: Landlock");
	if (allow_files(fd, files) < 0 || syscall(__NR_landlock_restrict_self, fd, 0) < 0) {
		close(fd);
		return err_sys("sandbox: Landlock");
	}
	close(fd);
	return 0;
}

static int allow_ioctls(scmp_filter_ctx f, bool terminal)
{
	static const unsigned long reading[] = { TCGETS, TIOCGWINSZ, FIONREAD };
	static const unsigned long changing[] = { TCSETS, TCSETSW, TCSETSF, TCFLSH, TIOCGPGRP };
	int rc = 0;

	for (unsigned i = 0; i < sizeof(reading) / sizeof(reading[0]); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, reading[i]));
	for (unsigned i = 0; terminal && i < sizeof(changing) / sizeof(changing[0]); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, changing[i]));
	return rc;
}

static int fill(scmp_filter_ctx f, unsigned allow)
{
	int rc = 0;

	for (unsigned i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_TRAP, fatal[i], 0);
	rc |= allow_ioctls(f, allow & SANDBOX_TERMINAL);
	if (allow & SANDBOX_TERMINAL)	/* --live opens its recording anew */
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(eventfd2), 0);
	if (allow & SANDBOX_CHILD)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(wait4), 0);
	if (allow & READING)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, CHANGING, 0));
	/* Threads, but no processes.  clone3 keeps its flags in memory where a filter
	 * cannot look; told that it does not exist, the C library uses clone. */
	rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	rc |= seccomp_rule_add(f, SCMP_ACT_TRAP, SCMP_SYS(clone), 1,
			       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* The socket to syslog is connected already: send without an address. */
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_EQ, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
	return rc;
}

static int filter(unsigned allow)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!f)
		return err(ERR_UNSUPPORTED, "sandbox: seccomp cannot be used");
	seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = fill(f, allow);
	if (rc != 0)
		rc = err(ERR_UNSUPPORTED, "sandbox: libseccomp refuses a rule");
	else if ((rc = seccomp_load(f)) < 0) {
		errno = -rc;
		rc = err_sys("sandbox: seccomp");
	}
	seccomp_release(f);
	return rc;
}

static int enter(unsigned allow, const struct files *files)
{
	const struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys("sandbox: no_new_privs");
	if (sigaction(SIGSYS, &sa, NULL) < 0)
		return err_sys("sandbox: SIGSYS");
	if (landlock(files) < 0)
		return -ERR_SYSTEM;
	return filter(allow);
}

int sandbox_enter(unsigned allow)
{
	const struct files none = {0};

	return enter(allow, &none);
}

int sandbox_enter_reading(unsigned allow, const char *const *paths, size_t n)
{
	const struct files files = { paths, n };

	return enter(allow | READING, &files);
}

#endif
