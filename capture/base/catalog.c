/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of bpf/{events,flags,syscalls}.def in memory.
 *
 * The columns TYPE and arguments of a PARAM row have several forms.  A type is a word or a
 * call (FLAGS32(file_flags)): TYPE_ pasted before it gives an initialiser either way.  Arguments
 * are a number, the name of a fact, or numbers in parentheses: HAS_PARENS tells. */
#include "capture/base/catalog.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* FACT_0 ... so that a number passes through the same paste as a fact's name. */
enum { FACT_0, FACT_1, FACT_2, FACT_3, FACT_4, FACT_5, FACT_6 };

#define SECOND(a, b, ...) b
#define HAS_COMMA(...) SECOND(__VA_ARGS__, 0, 0)
#define PARENS(...) ~, 1
#define HAS_PARENS(x) HAS_COMMA(PARENS x)
#define UNPACK(...) __VA_ARGS__
#define ARGS_1(x) UNPACK x
#define ARGS_0(x) FACT_##x
#define PASTE(a, b) a##b
#define CHOOSE(n) PASTE(ARGS_, n)
#define ARGS(x) CHOOSE(HAS_PARENS(x))(x)

#define TABLE(t, ft) .type = PT_##t, .flags = FT_##ft
#define TYPE_FLAGS8(t) TABLE(FLAGS8, t)
#define TYPE_FLAGS16(t) TABLE(FLAGS16, t)
#define TYPE_FLAGS32(t) TABLE(FLAGS32, t)
#define TYPE_ENUMFLAGS8(t) TABLE(ENUMFLAGS8, t)
#define TYPE_ENUMFLAGS16(t) TABLE(ENUMFLAGS16, t)
#define TYPE_ENUMFLAGS32(t) TABLE(ENUMFLAGS32, t)
#define TYPE_MODE(t) TABLE(MODE, t)
#define TYPE_RELPATH(d) .type = PT_RELPATH, .dir = #d
#define TYPE_DYN(list) .type = PT_DYN
#define WORD(t) .type = PT_##t
#define TYPE_INT8 WORD(INT8)
#define TYPE_INT16 WORD(INT16)
#define TYPE_INT32 WORD(INT32)
#define TYPE_INT64 WORD(INT64)
#define TYPE_UINT8 WORD(UINT8)
#define TYPE_UINT16 WORD(UINT16)
#define TYPE_UINT32 WORD(UINT32)
#define TYPE_UINT64 WORD(UINT64)
#define TYPE_FD WORD(FD)
#define TYPE_PID WORD(PID)
#define TYPE_ERRNO WORD(ERRNO)
#define TYPE_UID WORD(UID)
#define TYPE_GID WORD(GID)
#define TYPE_SYSCALLID WORD(SYSCALLID)
#define TYPE_SIGTYPE WORD(SIGTYPE)
#define TYPE_SIGSET WORD(SIGSET)
#define TYPE_RELTIME WORD(RELTIME)
#define TYPE_ABSTIME WORD(ABSTIME)
#define TYPE_BOOL WORD(BOOL)
#define TYPE_CHARBUF WORD(CHARBUF)
#define TYPE_PATH WORD(PATH)
#define TYPE_BYTEBUF WORD(BYTEBUF)
#define TYPE_CHARBUFARRAY WORD(CHARBUFARRAY)
#define TYPE_CHARBUF_PAIR_ARRAY WORD(CHARBUF_PAIR_ARRAY)
#define TYPE_SOCKADDR WORD(SOCKADDR)
#define TYPE_SOCKTUPLE WORD(SOCKTUPLE)
#define TYPE_FDLIST WORD(FDLIST)

/* All rows one behind the other; PBASE_x is where the parameters of x start. */
static const struct param_desc params[] = {
#define EVENT(id, name, category, flags)
#define PARAM(id, pname, ptype, pfmt, psrc, parg)				\
	[PARAM_##id##_##pname] = { .name = #pname, .fmt = PF_##pfmt, TYPE_##ptype,	\
				   .src = SRC_##psrc, .arg = { ARGS(parg) } },
#include "bpf/events.def"
#undef EVENT
#undef PARAM
};

/* sizeof(struct count_x) is the number of parameters of x: each EVENT row closes the
 * struct before it. */
struct count_begin {
#define EVENT(id, name, category, flags) }; struct count_##id {
#define PARAM(id, name, type, fmt, src, arg) char p_##name;
#include "bpf/events.def"
#undef EVENT
#undef PARAM
};

const struct event_desc catalog[EV__N] = {
	[EV_UNKNOWN] = { .name = "unknown", .id = EV_UNKNOWN },
#define EVENT(eid, ename, ecategory, eflags)					\
	[EV_##eid] = { .name = #ename, .id = EV_##eid, .category = EC_##ecategory,	\
		       .flags = eflags, .n_params = sizeof(struct count_##eid),	\
		       .params = params + PBASE_##eid },
#define PARAM(id, name, type, fmt, src, arg)
#include "bpf/events.def"
#undef EVENT
#undef PARAM
};

/* The texts of evt.category. */
const char *const category_name[EC__N] = {
	[EC_UNKNOWN] = "unknown", [EC_OTHER] = "other", [EC_FILE] = "file",
	[EC_NET] = "net", [EC_IPC] = "IPC", [EC_MEMORY] = "memory",
	[EC_PROCESS] = "process", [EC_SLEEP] = "sleep", [EC_SYSTEM] = "system",
	[EC_SIGNAL] = "signal", [EC_USER] = "user", [EC_TIME] = "time",
	[EC_IO_READ] = "io_read", [EC_IO_WRITE] = "io_write", [EC_IO_OTHER] = "io_other",
	[EC_WAIT] = "wait", [EC_SCHEDULER] = "scheduler", [EC_INTERNAL] = "internal",
};

/* ---- flags ---- */

/* Each FLAGS_TABLE row closes the array before it. */
static const struct flag_desc rows_begin[] __attribute__((unused)) = {
#define FLAGS_TABLE(table) }; static const struct flag_desc rows_##table[] = {
#define FLAG(table, fname, k, falco) { .name = #fname, .kernel = k, .ppm = falco },
#define FLAG_PPM(table, fname, falco) { .name = #fname, .ppm = falco, .ppm_only = true },
#include "bpf/flags.def"
#undef FLAGS_TABLE
#undef FLAG
#undef FLAG_PPM
#undef FLAGS_NUMBER
};

/* The mask of FLAGS_NUMBER, one initialiser that overrides nothing where there is none. */
static const uint64_t number_masks[FT__N] = {
#define FLAGS_TABLE(table)
#define FLAG(table, name, kernel, ppm)
#define FLAG_PPM(table, name, ppm)
#define FLAGS_NUMBER(table, mask) [FT_##table] = mask,
#include "bpf/flags.def"
#undef FLAGS_TABLE
#undef FLAG
#undef FLAG_PPM
#undef FLAGS_NUMBER
};

const struct flags_table flags_tables[FT__N] = {
	[FT_none] = { .name = "none" },
#define FLAGS_TABLE(table) [FT_##table] = { .name = #table, .flags = rows_##table,	\
	.n = sizeof(rows_##table) / sizeof(rows_##table[0]) },
#define FLAG(table, name, kernel, ppm)
#define FLAG_PPM(table, name, ppm)
#include "bpf/flags.def"
#undef FLAGS_TABLE
#undef FLAG
#undef FLAG_PPM
#undef FLAGS_NUMBER
};

uint64_t flags_number_mask(enum flags_table_id id)
{
	return number_masks[id];
}

/* ---- system calls ---- */

const struct syscall_desc syscalls[] = {
#define SYSCALL(sname, eid, x86_64, arm64, ia32)				\
	{ .name = #sname, .event = EV_##eid,					\
	  .nr = { [ARCH_X86_64] = x86_64, [ARCH_ARM64] = arm64, [ARCH_IA32] = ia32 } },
#include "bpf/syscalls.def"
#undef SYSCALL
};
const unsigned n_syscalls = sizeof(syscalls) / sizeof(syscalls[0]);

/* ---- look-ups: built once, then read only ---- */

enum { NR_MAX = 1024, HASH = 2048 };
static const struct syscall_desc *by_nr[ARCH__N][NR_MAX];
static uint16_t event_hash[HASH], syscall_hash[HASH];	/* index + 1; 0: free */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned hash(const char *s, size_t len)
{
	unsigned h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h % HASH;
}

static void hash_add(uint16_t *table, const char *name, unsigned index)
{
	unsigned h = hash(name, strlen(name));

	while (table[h])
		h = (h + 1) % HASH;
	table[h] = (uint16_t)(index + 1);
}

static void build(void)
{
	for (unsigned i = 1; i < EV__N; i++)
		hash_add(event_hash, catalog[i].name, i);
	for (unsigned i = 0; i < n_syscalls; i++) {
		hash_add(syscall_hash, syscalls[i].name, i);
		for (int a = 0; a < ARCH__N; a++)
			if (syscalls[i].nr[a] >= 0 && syscalls[i].nr[a] < NR_MAX)
				by_nr[a][syscalls[i].nr[a]] = &syscalls[i];
	}
}

static bool same(const char *a, const char *b, size_t len)
{
	return strncmp(a, b, len) == 0 && !a[len];
}

enum event_id catalog_find(const char *name, size_t len)
{
	pthread_once(&once, build);
	for (unsigned h = hash(name, len); event_hash[h]; h = (h + 1) % HASH)
		if (same(catalog[event_hash[h] - 1].name, name, len))
			return event_hash[h] - 1;
	return EV_UNKNOWN;
}

int event_param_index(const struct event_desc *d, const char *name, size_t len)
{
	for (int i = 0; i < d->n_params; i++)
		if (same(d->params[i].name, name, len))
			return i;
	return -1;
}

const struct syscall_desc *syscall_by_nr(enum arch arch, unsigned nr)
{
	pthread_once(&once, build);
	return nr < NR_MAX ? by_nr[arch][nr] : NULL;
}

const struct syscall_desc *syscall_by_name(const char *name, size_t len)
{
	pthread_once(&once, build);
	for (unsigned h = hash(name, len); syscall_hash[h]; h = (h + 1) % HASH)
		if (same(syscalls[syscall_hash[h] - 1].name, name, len))
			return &syscalls[syscall_hash[h] - 1];
	return NULL;
}

/* ---- types ---- */

bool type_is_signed(enum param_type t)
{
	switch (t) {
	case PT_INT8: case PT_INT16: case PT_INT32: case PT_INT64:
	case PT_FD: case PT_PID: case PT_ERRNO:
		return true;
	default:
		return false;
	}
}

unsigned type_width(enum param_type t)
{
	static const uint8_t width[PT__N] = {
		[PT_INT8] = 1, [PT_INT16] = 2, [PT_INT32] = 4, [PT_INT64] = 8,
		[PT_UINT8] = 1, [PT_UINT16] = 2, [PT_UINT32] = 4, [PT_UINT64] = 8,
		[PT_FD] = 4, [PT_PID] = 4, [PT_ERRNO] = 8, [PT_UID] = 4, [PT_GID] = 4,
		[PT_FLAGS8] = 1, [PT_FLAGS16] = 2, [PT_FLAGS32] = 4,
		[PT_ENUMFLAGS8] = 1, [PT_ENUMFLAGS16] = 2, [PT_ENUMFLAGS32] = 4,
		[PT_MODE] = 4, [PT_SYSCALLID] = 2, [PT_SIGTYPE] = 1, [PT_SIGSET] = 4,
		[PT_RELTIME] = 8, [PT_ABSTIME] = 8, [PT_BOOL] = 4,
	};

	return width[t];
}

bool param_is_bulk(const struct param_desc *d)
{
	if (d->src == SRC_MSGGOT || d->src == SRC_GOT || d->src == SRC_GOTTTY)
		return false;
	if (d->type == PT_BYTEBUF)
		return d->src != SRC_TASK || d->arg[0] == FACT_ENV;
	return d->type == PT_CHARBUFARRAY && strcmp(d->name, "env") == 0;
}
