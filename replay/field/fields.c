/* SPDX-License-Identifier: Apache-2.0 */
/* The table of fields, and on which events each can be present. */
#include "replay/field/getters.h"

_Static_assert(EV__N <= 192, "event_words.h makes three words");

/* Sets of events as constants, so that the table is one. */
#define SET FD
#define COND(flags, category) (flags) & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD)
#include "replay/field/event_words.h"

#define SET CALL
#define COND(flags, category) !((flags) & (EF_TRACEPOINT | EF_PSEUDO))
#include "replay/field/event_words.h"

#define SET DATA
#define COND(flags, category) (flags) & (EF_READS_FROM_FD | EF_WRITES_TO_FD)
#include "replay/field/event_words.h"

#define SET IO
#define COND(flags, category) \
	(category) == EC_IO_READ || (category) == EC_IO_WRITE || (category) == EC_IO_OTHER
#include "replay/field/event_words.h"

/* Sets that are listed: as the tables of fspath.c. */
#define FSPATH_EVENTS(E)							\
	E(MKDIR) E(MKDIRAT) E(RMDIR) E(UNLINK) E(UNLINKAT) E(OPEN) E(OPENAT) E(OPENAT2)	\
	E(UMOUNT) E(UMOUNT2) E(CHMOD) E(FCHMODAT) E(FCHMOD) E(FCHOWN) E(CHOWN) E(LCHOWN)	\
	E(FCHOWNAT) E(QUOTACTL) E(RENAME) E(RENAMEAT) E(RENAMEAT2) E(LINK) E(LINKAT)	\
	E(SYMLINK) E(SYMLINKAT) E(MOUNT) E(TRUNCATE) E(TRUNCATE64) E(FTRUNCATE) E(FTRUNCATE64)
#define ABS_EVENTS(E)								\
	E(OPENAT) E(OPENAT2) E(MKDIRAT) E(UNLINKAT) E(FCHMODAT) E(FCHOWNAT) E(NEWFSTATAT)	\
	E(MKNODAT) E(SYMLINKAT) E(RENAMEAT) E(RENAMEAT2) E(LINKAT)
#define POLLS_EVENTS(E) E(POLL) E(PPOLL)
#define ACCOUNT_EVENTS(E) E(PROCINFO) E(PROCEXIT)
#define COMMAND_EVENTS(E) E(EXECVE) E(EXECVEAT) E(CHDIR)

#define IN_0(id) | (uint64_t)(EV_##id / 64 == 0) << EV_##id % 64
#define IN_1(id) | (uint64_t)(EV_##id / 64 == 1) << EV_##id % 64
#define IN_2(id) | (uint64_t)(EV_##id / 64 == 2) << EV_##id % 64
enum {
	FSPATH_0 = 0 FSPATH_EVENTS(IN_0),
	FSPATH_1 = 0 FSPATH_EVENTS(IN_1),
	FSPATH_2 = 0 FSPATH_EVENTS(IN_2),
	ABS_0 = 0 ABS_EVENTS(IN_0),
	ABS_1 = 0 ABS_EVENTS(IN_1),
	ABS_2 = 0 ABS_EVENTS(IN_2),
	POLLS_0 = 0 POLLS_EVENTS(IN_0),
	ACCOUNT_0 = 0 ACCOUNT_EVENTS(IN_0),
	PROCINFO_0 = 0 IN_0(PROCINFO),
	CPUINFO_0 = 0 IN_0(CPUINFO),
	POLLS_1 = 0 POLLS_EVENTS(IN_1),
	ACCOUNT_1 = 0 ACCOUNT_EVENTS(IN_1),
	PROCINFO_1 = 0 IN_1(PROCINFO),
	CPUINFO_1 = 0 IN_1(CPUINFO),
	POLLS_2 = 0 POLLS_EVENTS(IN_2),
	ACCOUNT_2 = 0 ACCOUNT_EVENTS(IN_2),
	PROCINFO_2 = 0 IN_2(PROCINFO),
	CPUINFO_2 = 0 IN_2(CPUINFO),
	COMMAND_0 = 0 COMMAND_EVENTS(IN_0),
	COMMAND_1 = 0 COMMAND_EVENTS(IN_1),
	COMMAND_2 = 0 COMMAND_EVENTS(IN_2),
	ANY_0 = 0, ANY_1 = 0, ANY_2 = 0,
};

#define F_LIST		FIELD_LIST
#define F_PRINT_ONLY	FIELD_PRINT_ONLY
#define F_HIDDEN	FIELD_HIDDEN
#define F_DEPRECATED	FIELD_DEPRECATED
#define F_NO_RHS	FIELD_NO_RHS
#define F_NO_TRANSFORM	FIELD_NO_TRANSFORM
#define F_BOTH_ENDS	FIELD_BOTH_ENDS
#define F_JSON_NS	FIELD_JSON_NS
#define F_BULK		FIELD_BULK
#define F_TIME_VARIES	FIELD_TIME_VARIES
#define F_OWN		FIELD_OWN
#define F_PLACE		FIELD_PLACE
#define F_CONDITION	(FIELD_FILTER_ONLY | FIELD_NO_TRANSFORM | FIELD_NO_RHS)
#define F_ANCESTOR	(FIELD_ANCESTORS | FIELD_NO_TRANSFORM | FIELD_NO_RHS)

const struct field_desc fields[] = {
#define FIELD(name_, class_, type_, falco, print_, arg_, flags_, set, get_, help_)	\
	FIELD_ALL(name_, class_, type_, falco, print_, arg_, flags_, set, get_, NULL, help_)
#define FIELD_ALL(name_, class_, type_, falco, print_, arg_, flags_, set, get_, all_, help_)	\
	{									\
		.name = name_, .class = class_, .help = help_, .type = FIELD_##type_,	\
		.print = PRINT_##print_, .arg = ARG_##arg_, .flags = flags_,	\
		.falco_type = #falco, .get = get_, .get_all = all_,		\
		.only = { .bits = { set##_0, set##_1, set##_2 } },		\
	},
#include "replay/field/fields.def"
#undef FIELD
#undef FIELD_ALL
};

const unsigned n_fields = sizeof(fields) / sizeof(fields[0]);
