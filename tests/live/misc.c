/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, quotas, modules, semaphores, time, futexes, and calls that nobody has. */
#include "tests/live/live.h"

#include "capture/base/catalog_types.h"

#include <linux/futex.h>
#include <linux/keyctl.h>
#include <sys/ipc.h>
#include <sys/quota.h>
#include <sys/sem.h>
#include <sys/time.h>
#include <time.h>

/* Values of keyctl carry their type. */
struct tagged { unsigned char p[9]; };

static struct tagged tagged(unsigned char type, long v)
{
	struct tagged t = { { type } };

	memcpy(t.p + 1, &v, 8);
	return t;
}

#define TAGGED(name, type, v) B(name, tagged(type, (long)(v)).p, 9)

static void keys(void)
{
	long key;

	key = CALL(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "live");
	SAID("keyctl", N("res", key), N("operation", KEYCTL_JOIN_SESSION_KEYRING),
	     S("arg2_str", "live"));
	key = CALL(__NR_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	SAID("keyctl", N("res", key), N("operation", KEYCTL_GET_KEYRING_ID),
	     TAGGED("arg2", PT_INT64, KEY_SPEC_SESSION_KEYRING), NO("arg2_str"));
	SAID("keyctl", N("res",
	     CALL(__NR_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "what", 0)),
	     N("operation", KEYCTL_SEARCH), S("arg3_str", "user"), S("arg4_str", "what"));
	SAID("keyctl", N("res", CALL(__NR_keyctl, 999, 1, 2, 3, 4)), N("operation", 999),
	     TAGGED("arg2", PT_INT64, 1), TAGGED("arg3", PT_INT64, 2),
	     TAGGED("arg4", PT_INT64, 3),
	     TAGGED("arg5", PT_INT64, 4));
}

static void quotas(void)
{
	struct if_dqblk { uint64_t v[8]; uint32_t valid; } q = { { 1, 2, 3, 4, 5, 6, 7, 8 },
			0 };
	long r;

	r = CALL(__NR_quotactl, QCMD(Q_GETQUOTA, USRQUOTA), "/no/device", 17, &q);
	SAID("quotactl", N("res", r), S("special", "/no/device"),
	     N("cmd", Q_GETQUOTA & 0xffffff),
	     N("type", USRQUOTA), N("id", 17));
	r = CALL(__NR_quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), "/no/device", 18, &q);
	SAID("quotactl", N("res", r), S("special", "/no/device"),
	     N("cmd", Q_SETQUOTA & 0xffffff),
	     N("type", GRPQUOTA), N("id", 18));
	r = CALL(__NR_quotactl, QCMD(Q_SYNC, USRQUOTA), 0, 0, 0);
	SAID("quotactl", N("res", r), NO("special"), N("cmd", Q_SYNC & 0xffffff),
	     N("type", USRQUOTA));
}

static void modules(void)
{
	SAID("init_module", N("res", CALL(__NR_init_module, "not a module", 12, "a=1")),
	     S("img", "not a module"),
	     N("length", 12), S("uargs", "a=1"));
	SAID("finit_module", N("res", CALL(__NR_finit_module, 92, "b=2", 3)), N("fd", 92),
	     S("uargs", "b=2"),
	     N("flags", 3));
	SAID("delete_module", N("res", CALL(__NR_delete_module, "no_such_module", O_NONBLOCK)),
	     S("name", "no_such_module"), N("flags", O_NONBLOCK));
}

static void semaphores(void)
{
	struct sembuf ops[2] = { { 0, 3, IPC_NOWAIT }, { 1, 1, SEM_UNDO } };
	long id;

	id = CALL(__NR_semget, IPC_PRIVATE, 2, 0600 | IPC_CREAT);
	SAID("semget", N("res", id), N("key", IPC_PRIVATE), N("nsems", 2),
	     N("semflg", 0600 | IPC_CREAT));
	SAID("semget", N("res", CALL(__NR_semget, 0x80001234, -1, 0)),
	     N("key", (int)0x80001234), N("nsems", -1));
	SAID("semctl", N("res", CALL(__NR_semctl, id, 1, SETVAL, 9)), N("semid", id),
	     N("semnum", 1),
	     N("cmd", SETVAL), N("val", 9));
	SAID("semop", N("res", CALL(__NR_semop, id, ops, 2)), N("nsops", 2), N("sem_num_0", 0),
	     N("sem_op_0", 3),
	     N("sem_flg_0", IPC_NOWAIT), N("sem_num_1", 1), N("sem_op_1", 1),
	     N("sem_flg_1", SEM_UNDO),
	     N("semid", id));
	ops[0] = (struct sembuf){ 1, -100, IPC_NOWAIT };
	SAID("semop", N("res", CALL(__NR_semop, id, ops, 1)), N("nsops", 1), N("sem_num_0", 1),
	     N("sem_op_0", -100), N("sem_flg_0", IPC_NOWAIT), NO("sem_num_1"), N("semid", id));
	SAID("semctl", N("res", CALL(__NR_semctl, id, 0, IPC_RMID, 0)), N("semid", id),
	     N("cmd", IPC_RMID));
}

static void times(void)
{
	struct timespec t = { 0, 1000001 }, bad = { -1, 5 };
	struct timeval tv;
	uint32_t word = 5;

	SAID("nanosleep", N("res", CALL(__NR_nanosleep, &t, NULL)), N("interval", 1000001));
	SAID("nanosleep", N("res", CALL(__NR_nanosleep, &bad, NULL)));
	SAID("nanosleep", N("res", CALL(__NR_nanosleep, 0x10000, NULL)), NO("interval"));
	SAID("syscall", N("nativeID", __NR_clock_nanosleep),
	     N("res", CALL(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL)),
	     N("a0", CLOCK_MONOTONIC));
	SAID("syscall", N("nativeID", __NR_gettimeofday),
	     N("res", CALL(__NR_gettimeofday, &tv, NULL)),
	     N("a0", (long)&tv));
	SAID("futex", N("res",
	     CALL(__NR_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 6, NULL)),
	     N("addr", (long)&word), N("op", FUTEX_WAIT | FUTEX_PRIVATE_FLAG), N("val", 6));
	SAID("futex", N("res", CALL(__NR_futex, &word, FUTEX_WAKE, 0x7fffffff)),
	     N("addr", (long)&word),
	     N("op", FUTEX_WAKE), N("val", 0x7fffffff));
}

/* Numbers below and above what any table has; a call with six arguments that matter. */
static void unheard_of(void)
{
	long r;

	r = CALL(490, 1, -2, 3, -4, 5, -6);
	SAID_CALL(490, r, 1, -2, 3, -4, 5, -6);
	r = CALL(60000, 1, 2, 3, 4, 5, 6);
	SAID_CALL(60000, r, 1, 2, 3, 4, 5, 6);
	r = CALL(__NR_getpriority, 0, 0);
	SAID_CALL(__NR_getpriority, r, 0, 0, 0, 0, 0, 0);
	r = CALL(__NR_sched_yield);
	SAID_CALL(__NR_sched_yield, r, 0, 0, 0, 0, 0, 0);
#ifdef __x86_64__
	/* getpid of x32, which most kernels do not have. */
	r = CALL(0x40000000 | __NR_getpid);
	SAID("syscall", N("res", r), N("a0", 0));
#endif
}

int main(void)
{
	keys();
	quotas();
	modules();
	semaphores();
	times();
	unheard_of();
	say_now();
	return 0;
}
