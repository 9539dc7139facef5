/* SPDX-License-Identifier: Apache-2.0 */
/* Address space. */
#include "tests/live/live.h"

#include <sys/mman.h>

/* The sizes are the kernel's at the call: they are there, and plausible. */
#define SIZES BETWEEN("vm_size", 100, 1 << 24), BETWEEN("vm_rss", 1, 1 << 24), N("vm_swap", 0)

int main(void)
{
	const size_t page = 4096;
	const long fd = open("/proc/self/exe", O_RDONLY);
	long a, r;

	a = CALL(__NR_mmap, 0, 10 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	SAID("mmap", N("res", a), SIZES, N("addr", 0), N("length", 10 * page),
	     N("prot", PROT_READ | PROT_WRITE),
	     N("flags", MAP_PRIVATE | MAP_ANONYMOUS), N("fd", -1), N("offset", 0));
	r = CALL(__NR_mmap, 0, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, page);
	SAID("mmap", N("res", r), N("length", 1), N("prot", PROT_READ | PROT_EXEC),
	     N("flags", MAP_PRIVATE),
	     N("fd", fd), N("offset", page));
	r = CALL(__NR_mmap, a, 0, PROT_NONE, MAP_PRIVATE | MAP_FIXED, fd, 0);
	SAID("mmap", N("res", -EINVAL), N("addr", a), N("length", 0), N("prot", 0));
	SAID("mprotect", N("res", CALL(__NR_mprotect, a, page, PROT_READ)), N("addr", a),
	     N("length", page),
	     N("prot", PROT_READ));
	SAID("mprotect", N("res", CALL(__NR_mprotect, 1, page, PROT_EXEC)), N("addr", 1),
	     N("length", page),
	     N("prot", PROT_EXEC));
	SAID("mlock", N("res", CALL(__NR_mlock, a, page)), N("addr", a), N("len", page));
	SAID("mlock2", N("res", CALL(__NR_mlock2, a, page, MLOCK_ONFAULT)), N("addr", a),
	     N("len", page),
	     N("flags", MLOCK_ONFAULT));
	SAID("munlock", N("res", CALL(__NR_munlock, a, page)), N("addr", a), N("len", page));
	SAID("munlock", N("res", CALL(__NR_munlock, 0, page)), N("addr", 0), N("len", page));
	SAID("mlockall", N("res", CALL(__NR_mlockall, 0)), N("flags", 0));
	SAID("mlockall", N("res", CALL(__NR_mlockall, MCL_CURRENT)), N("flags", MCL_CURRENT));
	SAID("munlockall", N("res", CALL(__NR_munlockall)));
	r = CALL(__NR_madvise, a, page, MADV_DONTNEED);
	SAID_CALL(__NR_madvise, r, a, page, MADV_DONTNEED, 0, 0, 0);
	r = CALL(__NR_mremap, a, page, 2 * page, 0);
	SAID_CALL(__NR_mremap, r, a, page, 2 * page, 0, 0, 0);
	SAID("munmap", N("res", CALL(__NR_munmap, a + 2 * (long)page, 8 * page)), SIZES,
	     N("addr", a + 2 * (long)page), N("length", 8 * page));
	SAID("munmap", N("res", CALL(__NR_munmap, 5, page)), N("addr", 5), N("length", page));
	r = CALL(__NR_brk, 0);
	SAID("brk", N("res", r), SIZES, N("addr", 0));
	SAID("brk", N("res", CALL(__NR_brk, r + 8192)), N("addr", r + 8192));
	SAID("brk", N("res", CALL(__NR_brk, 1)), N("addr", 1));
	say_now();
	return 0;
}
