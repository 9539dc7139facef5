/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerations that the rows of bpf/events.def use.  Also included by the kernel
 * half, so: no headers, no functions. */
#ifndef SAKER_BASE_CATALOG_TYPES_H
#define SAKER_BASE_CATALOG_TYPES_H

enum event_category {
	EC_UNKNOWN, EC_OTHER, EC_FILE, EC_NET, EC_IPC, EC_MEMORY, EC_PROCESS, EC_SLEEP,
	EC_SYSTEM, EC_SIGNAL, EC_USER, EC_TIME, EC_IO_READ, EC_IO_WRITE, EC_IO_OTHER,
	EC_WAIT, EC_SCHEDULER, EC_INTERNAL, EC__N
};

enum event_flag {
	EF_CREATES_FD = 1 << 0,		/* parameter 0 is the new descriptor */
	EF_DESTROYS_FD = 1 << 1,
	EF_USES_FD = 1 << 2,		/* has a descriptor that fd.* fields describe */
	EF_READS_FROM_FD = 1 << 3,
	EF_WRITES_TO_FD = 1 << 4,
	EF_MODIFIES_STATE = 1 << 5,	/* the state must see it */
	EF_WAITS = 1 << 6,
	EF_TRACEPOINT = 1 << 7,		/* not a system call */
	EF_PSEUDO = 1 << 8,		/* made by Saker: snapshot, loss, note */
	/* A call without an event in Falco's table: generic in captures, and in recordings older
	 * than its row. */
	EF_OWN = 1 << 9,
};

/* Types of parameters.  Numbers first: they are carried in 64 bits, sign-extended
 * where signed; then those carried as bytes. */
enum param_type {
	PT_NONE,
	PT_INT8, PT_INT16, PT_INT32, PT_INT64,
	PT_UINT8, PT_UINT16, PT_UINT32, PT_UINT64,
	PT_FD, PT_PID, PT_ERRNO, PT_UID, PT_GID,
	PT_FLAGS8, PT_FLAGS16, PT_FLAGS32, PT_ENUMFLAGS8, PT_ENUMFLAGS16, PT_ENUMFLAGS32,
	PT_MODE, PT_SYSCALLID, PT_SIGTYPE, PT_SIGSET, PT_RELTIME, PT_ABSTIME, PT_BOOL,
	PT_FIRST_BYTES,
	PT_CHARBUF = PT_FIRST_BYTES,	/* text, no NUL counted */
	PT_PATH,			/* path as given to the call, relative to cwd */
	PT_RELPATH,			/* path relative to a descriptor parameter */
	PT_BYTEBUF,
	PT_CHARBUFARRAY,		/* NUL-ended strings, one behind the other */
	PT_CHARBUF_PAIR_ARRAY,
	PT_SOCKADDR,			/* see event.h */
	PT_SOCKTUPLE,			/* see event.h */
	PT_FDLIST,			/* see event.h */
	PT_DYN,				/* first byte: PT_ of the value; then 8 bytes or text */
	PT__N
};

enum param_fmt { PF_NA, PF_DEC, PF_HEX, PF_OCT };

/* Where the kernel half finds a value: bpf/sources.def. */
enum param_src {
#define SOURCE(kind, arguments, what) SRC_##kind,
#include "bpf/sources.def"
	SRC__N
};

enum task_fact {
#define TASK_FACT(name, what) FACT_##name,
#include "bpf/sources.def"
	FACT__N
};

#endif
