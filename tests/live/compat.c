/* SPDX-License-Identifier: Apache-2.0 */
/* A 32-bit caller: int $0x80 from this 64-bit program, with the numbers and the layouts
 * of i386 and everything that pointers point to below 4 GiB. */
#include "tests/live/live.h"

#include <sys/mman.h>

#ifndef __x86_64__

int main(void)
{
	puts("# only x86_64 has 32-bit callers");
	return 0;
}

#else

/* Numbers of unistd_32.h. */
enum {
	N_READ = 3, N_WRITE = 4, N_OPEN = 5, N_CLOSE = 6, N_UNLINK = 10, N_EXECVE = 11,
	N_CHMOD = 15, N_GETPID = 20, N_UMOUNT = 22, N_ACCESS = 33, N_KILL = 37, N_MKDIR = 39,
	N_RMDIR = 40, N_PIPE = 42, N_DUP2 = 63, N_GETPPID = 64, N_TRUNCATE = 92,
	N_FTRUNCATE = 93, N_SOCKETCALL = 102, N_LLSEEK = 140, N_READV = 145, N_WRITEV = 146,
	N_PREAD64 = 180, N_MMAP2 = 192, N_TRUNCATE64 = 193, N_FTRUNCATE64 = 194,
	N_SETRESUID32 = 208, N_OPENAT = 295, N_SOCKET = 359,
};

enum { MARK = 0x8000 };		/* of a 32-bit caller's number in generic events */

static unsigned char *low;	/* a page below 4 GiB */

static int enter(int nr, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f)
{
	int r;

	/* The sixth argument is in ebp, which the compiler may be using. */
	__asm__ volatile("push %%rbp\n\tmov %7, %%ebp\n\tint $0x80\n\tpop %%rbp"
			 : "=a"(r)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "r"(f)
			 : "memory", "r8", "r9", "r10", "r11", "cc");
	return r;
}

#define CALL32(nr, ...) CALL32_(nr, __VA_ARGS__ __VA_OPT__(,) 0, 0, 0, 0, 0, 0)
#define CALL32_(nr, a, b, c, d, e, f, ...) enter(nr, (unsigned)(a), (unsigned)(b), (unsigned)(c), \
		(unsigned)(d), (unsigned)(e), (unsigned)(f))

static unsigned put(unsigned at, const void *p, size_t len)
{
	memcpy(low + at, p, len);
	return (unsigned)(uintptr_t)low + at;
}

static unsigned text(unsigned at, const char *s)
{
	return put(at, s, strlen(s) + 1);
}

static bool works(void)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(CALL32(N_GETPID) == getpid() ? 0 : 1);
	waitpid(pid, &status, 0);
	return status == 0;
}

static void files(void)
{
	const unsigned name = text(0, "from 32 bits"), data = text(100, "some payload");
	unsigned iov[4] = { data, 4, data + 5, 7 };
	int ends[2];
	long fd, r;

	fd = CALL32(N_OPEN, name, O_RDWR | O_CREAT, 0640);
	SAID("open", N("fd", fd), S("name", "from 32 bits"), N("flags", O_RDWR | O_CREAT),
	     N("mode", 0640),
	     dev_of(fd), ino_of(fd));
	r = CALL32(N_WRITE, fd, data, 12);
	SAID("write", N("res", r), S("data", "some payload"), N("fd", fd), N("size", 12));
	r = CALL32(N_WRITEV, fd, put(200, iov, sizeof(iov)), 2);
	SAID("writev", N("res", r), S("data", "somepayload"), N("fd", fd), N("size", 11));
	r = CALL32(N_LLSEEK, fd, 1, 0x20, put(300, "12345678", 8), SEEK_SET);
	SAID("llseek", N("res", r), N("fd", fd), N("offset", 0x20), N("whence", SEEK_SET),
	     N("offset_high", 1));
	r = CALL32(N_PREAD64, fd, put(400, "0123456789", 10), 4, 1, 0);
	SAID("pread", N("res", r), S("data", "ome "), N("fd", fd), N("size", 4), N("pos", 1));
	r = CALL32(N_PREAD64, fd, put(400, "0123456789", 10), 4, 1, 2);
	SAID("pread", N("res", r), N("fd", fd), N("size", 4), N("pos", 0x200000001));
	r = CALL32(N_FTRUNCATE, fd, -1);
	SAID("ftruncate", N("res", r), N("fd", fd), N("length", -1));
	r = CALL32(N_FTRUNCATE64, fd, 1, 2);
	SAID("ftruncate64", N("res", r), N("fd", fd), N("length", 0x200000001));
	r = CALL32(N_TRUNCATE64, name, 2, 1);
	SAID("truncate64", N("res", r), S("path", "from 32 bits"), N("length", 0x100000002));
	r = CALL32(N_TRUNCATE, name, 12);
	SAID("truncate", N("res", r), S("path", "from 32 bits"), N("length", 12));
	r = CALL32(N_DUP2, fd, 40);
	SAID("dup2", N("res", r), N("oldfd", fd), N("newfd", 40));
	r = CALL32(N_DUP2, fd, -1);
	SAID("dup2", N("res", r), N("oldfd", fd), N("newfd", -1));
	SAID("close", N("res", CALL32(N_CLOSE, fd)), N("fd", fd));
	fd = CALL32(N_OPENAT, AT_FDCWD, name, O_RDONLY);
	SAID("openat", N("fd", fd), N("dirfd", AT_FDCWD), S("name", "from 32 bits"),
	     N("flags", 0), ino_of(fd));
	SAID("access", N("res", CALL32(N_ACCESS, name, R_OK)), S("name", "from 32 bits"),
	     N("mode", R_OK));
	SAID("chmod", N("res", CALL32(N_CHMOD, name, 0444)), S("filename", "from 32 bits"),
	     N("mode", 0444));
	SAID("unlink", N("res", CALL32(N_UNLINK, name)), S("path", "from 32 bits"));
	SAID("mkdir", N("res", CALL32(N_MKDIR, name, 0711)), S("path", "from 32 bits"),
	     N("mode", 0711));
	SAID("rmdir", N("res", CALL32(N_RMDIR, name)), S("path", "from 32 bits"));
	SAID("open", N("fd", CALL32(N_OPEN, name, O_WRONLY)), S("name", "from 32 bits"),
	     N("flags", O_WRONLY),
	     NO("ino"));
	r = CALL32(N_PIPE, put(500, "12345678", 8));
	memcpy(ends, low + 500, 8);
	SAID("pipe", N("res", r), N("fd1", ends[0]), N("fd2", ends[1]), ino_of(ends[0]));
	r = CALL32(N_OPEN, 0xfffff000, O_RDONLY);
	SAID("open", N("fd", -EFAULT), NO("name"));
}

static void others(void)
{
	unsigned args[3] = { AF_INET, SOCK_DGRAM, 0 };
	const long pid = getpid();
	int ends[2];
	long r;

	SAID("syscall", N("ID", __NR_getpid), N("nativeID", N_GETPID | MARK),
	     N("res", CALL32(N_GETPID)), N("a0", 0));
	SAID("kill", N("res", CALL32(N_KILL, pid, 0)), N("pid", pid), N("sig", 0));
	SAID("kill", N("res", CALL32(N_KILL, -0x7ffffff0, 0)), N("pid", -0x7ffffff0),
	     N("sig", 0));
	SAID("setresuid", N("res", CALL32(N_SETRESUID32, -1, -1, -1)), N("ruid", UINT32_MAX),
	     N("euid", UINT32_MAX), N("suid", UINT32_MAX));
	r = CALL32(N_MMAP2, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 7);
	SAID("mmap2", N("res", (unsigned)r), N("addr", 0), N("length", 4096),
	     N("prot", PROT_READ),
	     N("flags", MAP_PRIVATE | MAP_ANONYMOUS), N("fd", -1), N("pgoffset", 7));
	r = CALL32(N_SOCKET, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SAID("socket", N("fd", r), N("domain", AF_INET), N("type", SOCK_STREAM | SOCK_CLOEXEC),
	     N("proto", 0),
	     N("flags", SOCK_CLOEXEC));
	r = CALL32(N_SOCKETCALL, 1, put(600, args, sizeof(args)));
	SAID("socket", N("fd", r), N("domain", AF_INET), N("type", SOCK_DGRAM), N("proto", 0),
	     N("flags", 0));
	args[0] = (unsigned)r;
	args[1] = 9;
	r = CALL32(N_SOCKETCALL, 13, put(600, args, sizeof(args)));
	SAID("shutdown", N("res", r), N("fd", args[0]), N("how", 9));
	r = CALL32(N_SOCKETCALL, 8, put(600, (unsigned[]){ AF_UNIX, SOCK_STREAM, 0,
			(unsigned)(uintptr_t)low + 640 }, 16));
	memcpy(ends, low + 640, 8);
	SAID("socketpair", N("res", r), N("fd1", ends[0]), N("fd2", ends[1]), IS_SET("source"),
	     IS_SET("peer"), N("domain", AF_UNIX));
	/* send and recv: as sendto and recvfrom without an address. */
	r = CALL32(N_SOCKETCALL, 9, put(600, (unsigned[]){ (unsigned)ends[0],
			text(640, "by socketcall"), 13, 0 }, 16));
	SAID("sendto", N("res", r), S("data", "by socketcall"), N("fd", ends[0]),
	     N("size", 13));
	r = CALL32(N_SOCKETCALL, 10, put(600, (unsigned[]){ (unsigned)ends[1],
			text(640, "--------------------"), 20, 0 }, 16));
	SAID("recvfrom", N("res", r), S("data", "by socketcall"), N("fd", ends[1]),
	     N("size", 20));
	put(660, (unsigned[]){ text(640, "iovec"), 5 }, 8);
	put(670, (unsigned[7]){ 0, 0, (unsigned)(uintptr_t)low + 660, 1 }, 28);
	r = CALL32(N_SOCKETCALL, 16, put(600, (unsigned[]){ (unsigned)ends[0],
			(unsigned)(uintptr_t)low + 670, 0 }, 12));
	SAID("sendmsg", N("res", r), S("data", "iovec"), N("fd", ends[0]), N("size", 5));
	SAID("syscall", N("nativeID", N_SOCKETCALL | MARK),
	     N("res", CALL32(N_SOCKETCALL, 77, 0)), N("a0", 77));
	SAID("umount", N("res", CALL32(N_UMOUNT, text(640, "no mount"))),
	     S("name", "no mount"));
	r = CALL32(443, 0, 0, 0, 0, 0);
	SAID("syscall", N("nativeID", 443 | MARK), N("res", r));
}

static void executions(void)
{
	unsigned argv[3] = { text(700, "first"), text(710, "second"), 0 };
	const unsigned at = put(720, argv, sizeof(argv)), name = text(740, "/no/program");
	long r;
	int status;

	r = CALL32(N_EXECVE, name, at, 0);
	SAID("execve", N("res", r), S("exe", "first"), B("args", "second", 7),
	     S("filename", "/no/program"));
	r = fork();
	if (r == 0) {
		CALL32(N_EXECVE, text(740, "/bin/true"), at, 0);
		_exit(9);
	}
	SAID_BY(r, "execve", N("res", 0), S("exe", "first"), B("args", "second", 7),
		S("filename", "/bin/true"),
		N("tid", r));
	SAID_BY(r, "procexit", N("status", 0));
	waitpid((pid_t)r, &status, 0);
}

int main(void)
{
	low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			-1, 0);
	if (low == MAP_FAILED || !works()) {
		puts("# no system calls by int $0x80 here");
		return 0;
	}
	files();
	others();
	executions();
	say_now();
	return 0;
}

#endif
