/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the constants SET_0 to SET_3, the words of an event set that has the events for
 * which COND(flags, category) holds, and EV_UNKNOWN, which may be anything.  Included
 * once for each set, hence no guard. */
#define WORDS_NAME_(set, word) set##_##word
#define WORDS_NAME(set, word) WORDS_NAME_(set, word)
#define PARAM(id, name, type, fmt, src, arg)

enum {
	WORDS_NAME(SET, 0) = UINT64_C(1)
#define EVENT(id, name, category, flags) \
	| (uint64_t)(EV_##id / 64 == 0 && (COND((flags), EC_##category))) << EV_##id % 64
#include "bpf/events.def"
#undef EVENT
	,
	WORDS_NAME(SET, 1) = UINT64_C(0)
#define EVENT(id, name, category, flags) \
	| (uint64_t)(EV_##id / 64 == 1 && (COND((flags), EC_##category))) << EV_##id % 64
#include "bpf/events.def"
#undef EVENT
	,
	WORDS_NAME(SET, 2) = UINT64_C(0)
#define EVENT(id, name, category, flags) \
	| (uint64_t)(EV_##id / 64 == 2 && (COND((flags), EC_##category))) << EV_##id % 64
#include "bpf/events.def"
#undef EVENT
};

#undef PARAM
#undef WORDS_NAME
#undef WORDS_NAME_
#undef SET
#undef COND
