/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The fields of the kernel's structures that the programs read, and no others: each
 * is found in the running kernel by name (CO-RE).  Where a field changed between
 * kernels there is a flavour (name___variant); the comment says when. */
#ifndef SAKER_KERNEL_H
#define SAKER_KERNEL_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, r10, r8, r9, bx, cx, bp, orig_ax, ip;
};
#else
struct pt_regs {
	unsigned long regs[31], pc;
	unsigned long orig_x0;
	int syscallno;
};
#endif

struct thread_info {
	unsigned long flags;
	u32 status;		/* x86: TS_COMPAT */
};

typedef struct { u32 val; } kuid_t;
typedef struct { u64 val; } kernel_cap_t;	/* two u32 until 6.3 */
struct user_namespace { int level; };

struct cred {
	kuid_t uid, gid, euid, egid, fsuid, fsgid;
	struct user_namespace *user_ns;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
};

struct qstr { u32 len; const unsigned char *name; };
struct super_block {
	u32 s_dev;
	unsigned long s_flags, s_magic;
};
struct timespec64 { s64 tv_sec; long tv_nsec; };
struct inode {
	u16 i_mode;
	kuid_t i_uid, i_gid;
	u32 i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	s64 i_mtime_sec, i_ctime_sec;		/* 6.11 */
	u32 i_mtime_nsec, i_ctime_nsec;
};
struct inode___ctime {				/* 6.6, 6.7 */
	struct timespec64 __i_ctime, __i_mtime;
};
struct inode___old {
	struct timespec64 i_ctime, i_mtime;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
	int mnt_flags;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct fs_struct { struct path root, pwd; };
struct file_operations;
struct file {
	u32 f_mode, f_flags;
	const struct file_operations *f_op;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *close_on_exec;
};
typedef struct { int counter; } atomic_t;
struct files_struct {
	atomic_t count;
	struct fdtable *fdt;
};

struct percpu_counter { s64 count; };
struct mm_struct {
	unsigned long total_vm, hiwater_rss;
	unsigned long arg_start, arg_end, env_start, env_end;
	struct percpu_counter rss_stat[4];	/* 6.2 */
	struct file *exe_file;
};
struct mm_rss_stat { s64 count[4]; };
struct mm_struct___old { struct mm_rss_stat rss_stat; };

struct pid_namespace {
	unsigned int level;
	struct task_struct *child_reaper;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct nsproxy { struct pid_namespace *pid_ns_for_children; };

struct kernfs_node {
	u64 id;
	struct kernfs_node *parent;		/* until 6.14 */
	const char *name;
};
struct kernfs_node___615 { struct kernfs_node *__parent; };
struct cgroup { struct kernfs_node *kn; };
struct cgroup_subsys_state { struct cgroup *cgroup; };
struct css_set {
	struct cgroup_subsys_state *subsys[8];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id {
	cpuset_cgrp_id, cpu_cgrp_id, cpuacct_cgrp_id, io_cgrp_id, memory_cgrp_id
};

struct tty_driver { int major, minor_start; };
struct tty_struct {
	struct tty_driver *driver;
	int index;
};
struct rlimit { unsigned long rlim_cur; };
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID };
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[4];
	struct tty_struct *tty;
	unsigned long min_flt, maj_flt;
	struct rlimit rlim[16];
	unsigned int is_child_subreaper: 1;
};
struct sched_entity { u64 sum_exec_runtime; };

struct list_head { struct list_head *next; };
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int exit_code;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct list_head children;
	u64 start_boottime;			/* 5.5 */
	struct sched_entity se;
	int wake_cpu;
	u64 utime, stime;
	unsigned long min_flt, maj_flt;
	const struct cred *cred;
	char comm[16];
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct css_set *cgroups;
	kuid_t loginuid;
};
struct audit_task_info___cos { kuid_t loginuid; };
struct task_struct___cos { struct audit_task_info___cos *audit; };

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct linux_binprm {
	const char *filename;
	struct file *file;
};

struct kernel_siginfo {
	int si_signo, si_errno, si_code;
	union {
		struct { int _pid; } _kill;
	} _sifields;
};

/* Sockets */
struct in6_addr { u8 s6_addr[16]; };
struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_dport, skc_num;
	u16 skc_family;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_type, sk_protocol;
	u32 sk_ack_backlog, sk_max_ack_backlog;
	struct socket *sk_socket;
};
struct inet_sock {
	struct sock sk;
	u32 inet_saddr;
	u16 inet_sport;
};
struct sockaddr_un { unsigned short sun_family; char sun_path[108]; };
struct unix_address {
	int len;
	struct sockaddr_un name[0];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
};
struct socket {
	struct sock *sk;
	struct file *file;
};

#pragma clang attribute pop

#endif
