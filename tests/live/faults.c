/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded only if asked for: page faults and switches to other threads. */
#include "tests/live/live.h"

#include <sys/mman.h>

enum { PF_WRITE = 2, PF_USER = 4 };	/* x86_64: bits of the processor's error code */

int main(void)
{
	char *const p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (p == MAP_FAILED)
		return 2;
	*(volatile char *)(p + 5);
	p[4096 + 7] = 1;
#ifdef __x86_64__
	SAID("page_fault", N("addr", (long)p + 5), IS_SET("ip"), N("error", PF_USER));
	SAID("page_fault", N("addr", (long)p + 4096 + 7), IS_SET("ip"),
	     N("error", PF_USER | PF_WRITE));
#else
	SAID("page_fault", N("addr", (long)p + 4096 + 7), IS_SET("ip"));
#endif
	usleep(1000);
	SAID("switch", IS_SET("next"), BETWEEN("pgft_min", 1, 1 << 20),
	     BETWEEN("vm_size", 100, 1 << 24));
	say_now();
	return 0;
}
