// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* What every recorder pays on this machine before it has recorded anything: a program on the
 * way out of system calls that does nothing, one that asks for the time, and one that
 * looks at a byte of the caller's memory as well. */
#include "bpf/kernel.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sys_exit")
int empty(void *ctx)
{
	return 0;
}

SEC("tp_btf/sys_exit")
int clock(void *ctx)
{
	return bpf_ktime_get_boot_ns() == 1;
}

/* A byte from where the second argument points: the buffer of read and write. */
SEC("tp_btf/sys_exit")
int look(u64 *ctx)
{
	const struct pt_regs *const regs = (void *)ctx[0];
	u8 byte = 0;

#if defined(__TARGET_ARCH_x86)
	bpf_probe_read_user(&byte, sizeof(byte), (void *)regs->si);
#else
	bpf_probe_read_user(&byte, sizeof(byte), (void *)regs->regs[1]);
#endif
	return bpf_ktime_get_boot_ns() == 1 && byte == 1;
}
