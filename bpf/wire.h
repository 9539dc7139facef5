/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What passes between the kernel half and capture/live: configuration one way,
 * records the other.  Both are built together, so nothing here has a version.
 *
 * Each CPU has one ring, an element of a memory-mapped array map:
 *
 *   0          struct wire_ring: positions, counters, who lost what
 *   WIRE_DATA  data: ring_size bytes (a power of two), then WIRE_SLACK
 *
 * head and tail count bytes and never wrap.  A record starts at head & (size - 1) and may
 * reach into the slack, so that it always lies in one piece; the bytes at the start
 * of the ring that it would have covered stay unused in that round.
 *
 * A record is struct wire_record, the arguments that its event needs, with WIRE_TIMED
 * another, then one blob for each operation of the system call, in order. */
#ifndef SAKER_WIRE_H
#define SAKER_WIRE_H

#include <linux/types.h>

enum {
	WIRE_NR_MAX = 512,		/* system call numbers of one table */
	WIRE_OPS_MAX = 8,
	WIRE_SLACK = 256 << 10,		/* more than the longest record */
	WIRE_DATA = 16384,		/* offset of the data in a ring */
	WIRE_VICTIMS = 256,		/* a power of two */
	WIRE_PATH_MAX = 4096,
	WIRE_ARGS_MAX = 4096,		/* of argv, of the environment */
	WIRE_SNAPLEN_MAX = 65000,
	WIRE_NAMES_LEN = 512,		/* kept of what name servers say, if anything is */
	WIRE_NAMES_MAX = 4096,		/* longer ones are something else */
	WIRE_FDLIST_MAX = 64,
	WIRE_IOV_MAX = 32,
	WIRE_RIGHTS_MAX = 253,		/* the kernel's own limit */
	WIRE_RIGHTS_BYTES = 24 << 10,	/* names of more stay unknown */
	WIRE_CMSGS_MAX = 4,
};

/* What is lost together; order and names of the table loss_class in flags.def. */
enum wire_class {
	WC_PAYLOAD,	/* bytes of an event that itself was kept */
	WC_OTHER,
	WC_FILE,
	WC_STATE,	/* descriptors, credentials, directories */
	WC_PROCESS,
	WC_NET,
	WC_WRITE,	/* files opened for writing */
	WC__N
};

struct wire_loss {
	__u64 count;
	__u64 first, last;	/* ns since boot */
};

/* What is not known any more of a thread or its process, since an event was lost that
 * would have told; also the bits of snap_lost (bpf/flags.def). */
enum wire_what {
	WW_FDS = 1 << 0,	/* descriptors of the process */
	WW_DIRS = 1 << 1,	/* current directory and root */
	WW_IDS = 1 << 2,	/* credentials */
	WW_GROUPS = 1 << 3,	/* session and process group */
	WW_NAME = 1 << 4,	/* of the thread */
	WW_BORN = 1 << 5,	/* that it exists, and what it has from its maker */
	WW_EXEC = 1 << 6,	/* which program it runs */
	WW_EXIT = 1 << 7,	/* that it does not exist */
};

/* Losses of one thread, with none of its CPU's records in between. */
struct wire_victim {
	__u64 id;		/* as in a record: pid is the high half */
	__u64 first, last;	/* ns since boot */
	__u32 what;		/* enum wire_what */
	__u32 pad;
};

struct wire_ring {
	__u64 head;		/* written by the kernel half */
	__u32 busy;		/* a program of this CPU is writing a record */
	__u32 losing;		/* the last thing that happened was a loss */
	__u64 tail_seen;	/* the kernel half's last look at tail */
	__u64 n_events;		/* records and losses: the check at the end */
	struct wire_loss loss[WC__N];
	__u64 n_victims;	/* written so far; never wraps, its place in the array does */
	__u64 unnamed;		/* victims for whom there was no place */
	__u64 tail __attribute__((aligned(256)));	/* written by user space, as the next */
	__u64 victims_tail;
	struct wire_victim victims[WIRE_VICTIMS] __attribute__((aligned(256)));
};

enum wire_type {
	WIRE_SYSCALL, WIRE_EXEC, WIRE_FORK, WIRE_EXIT, WIRE_SIGNAL, WIRE_FAULT, WIRE_SWITCH
};

enum wire_record_flag {
	WIRE_COMPAT = 1 << 0,	/* nr and arguments are of the 32-bit table */
	WIRE_X32 = 1 << 1,
	WIRE_CUT = 1 << 2,	/* payload was left out because the ring was half full */
	WIRE_TIMED = 1 << 3,	/* one more argument: ns that the call took, 0 if not known */
};

struct wire_record {
	__u32 len;		/* of all of it, a multiple of 8 */
	__u8 type, flags;
	__u16 nr;
	__u64 ts;		/* ns since boot */
	__u32 tid, pid;		/* stored as one: pid is the high half */
	__s64 ret;
	__u64 args[];
};

enum wire_blob_state {
	WB_SET,
	WB_ABSENT,	/* does not apply: the call failed, the pointer was null */
	WB_UNREADABLE,	/* not resident */
	WB_CUT,		/* left out for lack of room: lost */
};

struct wire_blob {
	__u16 len;		/* of the bytes that follow, padded to 8 */
	__u8 op, state;		/* enum wire_op_kind, wire_blob_state */
	__u32 full;		/* how long it was before it was cut to what is kept */
};

/* What to fetch beyond the registers.  a: number of the argument, WIRE_RET the return
 * value; b: number of the argument with the length or count, or an offset.  Of payload d is set
 * if argument 0 may be a socket, and c is then 1 + the number of the argument with the address of
 * the other end; 0: the call has none. */
enum wire_op_kind {
	OP_NONE,
	OP_STR,		/* string at a */
	OP_BUF,		/* b bytes at a */
	OP_BUFP,	/* the same, b behind a pointer */
	OP_MEM,		/* c bytes at a + offset b */
	OP_SEM,		/* the same, if args[a + 1] structures of 6 bytes reach that far */
	OP_IOV,		/* bytes of b iovecs at a */
	OP_IOVSIZE,	/* their sum, u64 */
	OP_MSG,		/* bytes of the msghdr at a */
	OP_MSGSIZE,	/* their sum, u64 */
	OP_MSGCTL,
	OP_MSGNAME,
	OP_RIGHTS,	/* descriptors that the msghdr at a brought: struct wire_got each */
	OP_GOT,		/* descriptor a: struct wire_got */
	OP_GOTTTY,	/* the same, if argument 1 is WIRE_TIOCGPTPEER */
	OP_WINSIZE,	/* the struct winsize at a, if argument 1 is WIRE_TIOC[GS]WINSZ */
	OP_FDLIST,	/* b struct pollfd at a */
	OP_SOCKADDR,	/* struct sockaddr of b bytes at a */
	OP_PEERNAME,	/* the same for unconnected sockets */
	OP_TUPLE,	/* descriptor a: struct wire_tuple */
	OP_FILE,	/* descriptor a: struct wire_file */
	OP_FILEMEM,	/* descriptor in memory, at a + offset b: struct wire_file */
	OP_FILEPATH,	/* descriptor a */
	OP_QUEUE,	/* descriptor a: struct wire_queue */
	OP_PAIR,	/* two descriptors in memory at a: struct wire_pair */
	OP_TASK,	/* struct wire_task */
	OP_VM,		/* struct wire_vm */
	OP_CGROUPS,	/* controller=path, each with its NUL */
	OP_ARGV,	/* array of strings at a, each with its NUL */
	OP_EXEC_ARGS,	/* of the running program */
	OP_EXEC_ENV,
	OP_EXE,		/* struct wire_exe */
	OP_EXEPATH,
	OP_CWD,
	OP_FILENAME,
	OP__N
};

enum { WIRE_RET = 7 };

enum wire_op_flag {
	OPF_SUCCESS = 1 << 0,	/* only if the call did not fail */
	OPF_LIMIT_RET = 1 << 1,	/* no more bytes than the call returned (if it did not fail) */
	OPF_PAYLOAD = 1 << 2,	/* cut to snaplen, first to go */
	OPF_DEREF = 1 << 3,	/* the length is behind a pointer */
	OPF_NATIVE = 1 << 4,	/* absent for 32-bit callers */
	OPF_PEERLESS = 1 << 5,	/* only if the socket has no peer */
	OPF_MMSG = 1 << 6,	/* msghdr is part of an mmsghdr: limited by msg_len */
	OPF_IF = 1 << 7,	/* only if c <= args[b] <= d (strings) */
};

struct wire_op {
	__u8 kind, flags;
	__u8 a, b, c, d;
	__u8 pad[2];
};

enum wire_conf_flag {
	WCF_WANTED = 1 << 0,
	WCF_EXEC = 1 << 1,		/* success comes from sched_process_exec */
	WCF_SOCKETCALL = 1 << 2,
	WCF_OPEN_1 = 1 << 3,		/* argument 1 has O_*: class WC_WRITE if for writing */
	WCF_OPEN_2 = 1 << 4,
	WCF_PAYLOAD = 1 << 5,		/* an operation copies payload */
	WCF_TTY = 1 << 6,		/* wanted anyway where argument 1 is one of enum wire_tty */
};

/* Requests of ioctl by which a process gets a terminal: opens its other end, makes it its
 * controlling one; asks for its size, and sets it. */
enum wire_tty {
	WIRE_TIOCGPTPEER = 0x5441,
	WIRE_TIOCSCTTY = 0x540e,
	WIRE_TIOCGWINSZ = 0x5413,
	WIRE_TIOCSWINSZ = 0x5414,
	WIRE_WINSIZE = 8,		/* bytes of a struct winsize */
};

/* One for each system call number: what to do when it returns. */
struct wire_conf {
	__u8 n_args, n_ops, cls, flags;
	__u32 max;		/* longest record */
	__u32 what;		/* enum wire_what: what is not known if it is lost */
	__u32 pad;
	struct wire_op ops[WIRE_OPS_MAX];
};

enum wire_filter {
	WF_TREE = 1 << 0,
	WF_CGROUP = 1 << 1,
	WF_UID = 1 << 2,
	WF_COMM = 1 << 3,
	WF_PID = 1 << 4,	/* thread group ids in the map, no descendants */
};

/* Set by capture/live before loading; constants to the verifier. */
struct wire_settings {
	__u32 ring_size;	/* a power of two */
	__u32 snaplen;
	__u32 recorder, helper, watcher;	/* thread groups that are not recorded */
	__u32 filters;		/* enum wire_filter */
	__u64 cgroup, comm[2];
	__u32 uid;
	__u32 cgroup_level;	/* depth of cgroup: what is below it counts too */
	__u8 fork_is_silent;	/* a child does not return through sys_exit */
	__u8 have_cast;		/* 6.2: bpf_rdonly_cast */
	__u8 latency;		/* sys_enter is attached too */
	__u8 pad;
	__u32 names_len;	/* as snaplen, of what name servers say; 0: as of others */
};

struct wire_file {
	__u64 ino;
	__u32 dev;		/* the kernel's, dev_t */
	__u32 facts;		/* enum wire_file_fact */
};

enum wire_file_fact { WFF_CREATED = 1, WFF_UPPER = 2, WFF_LOWER = 4 };

/* A descriptor that was not made here; len bytes of its name follow, padded to 8.  What has no
 * name in a directory is called as the kernel does ("[eventfd]", "memfd:x") or nothing. */
struct wire_got {
	__u64 ino;
	__u32 fd;
	__u32 dev;		/* encoded as in st_dev */
	__u32 mode, flags;	/* as in st_mode; O_* */
	__u32 len;
	__u8 cloexec;
	__u8 family, type, proto;	/* of a socket */
};

struct wire_tuple {
	__u16 family;
	__u16 proto;
	__u16 sport, dport;	/* host order */
	__u8 saddr[16], daddr[16];
	__u64 unix_self, unix_peer;
	__u8 path_len;		/* of the unix path that follows, the peer's or else its own */
	__u8 has_peer;
	__u8 type;
	__u8 pad[5];
};

struct wire_queue { __u32 len, max; };
struct wire_pair { __u64 source, peer; };
struct wire_vm { __u32 size, rss, swap, pad; };

struct wire_task {
	__u64 start;			/* ns since boot */
	__u64 pidns_start;
	__u64 fdlimit, pgft_maj, pgft_min;
	__u64 cap_i, cap_p, cap_e;
	struct wire_vm vm;
	__u32 tid, pid, ptid;
	__u32 vtid, vpid, sid, pgid, vpgid;
	__u32 uid, gid, euid, egid;
	__u32 loginuid, tty, pidns_level, files_shared;
	char comm[16];
};

struct wire_exe {
	__u64 ino;
	__u64 ctime, mtime;		/* ns since the epoch */
	__u32 dev, flags;		/* enum wire_exe_flag */
};

enum wire_exe_flag { WEF_WRITABLE = 1, WEF_UPPER = 2, WEF_MEMFD = 4, WEF_LOWER = 8 };

/* What the iterator over tasks writes for each thread. */
struct wire_sample {
	__u64 start;			/* ns since boot */
	__u64 utime, stime, runtime;	/* ns; utime and stime are counted in ticks */
	__u64 pgft_maj, pgft_min;
	struct wire_vm vm;
	__u32 tid, pid;
	__u32 cpu;			/* where it ran last */
	__u32 pad;
};

/* WIRE_EXIT: args[0] exit code as wait() encodes it, args[1] reaper, args[2] threads left,
 * args[3] utime, args[4] stime, args[5] runtime, args[6] pages at most, 0: not the last thread.
 * WIRE_SIGNAL: args[0] signal, args[1] sender (thread group; -1: kernel or unknown).
 * WIRE_FAULT: args[0] address, args[1] ip, args[2] error code.
 * WIRE_SWITCH: args[0] next tid.
 * WIRE_FORK: the child; args[0] clone flags as far as the kernel still knows them. */

#endif
