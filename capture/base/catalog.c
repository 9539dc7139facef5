/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of bpf/{events,flags,syscalls}.def in memory. */
#include "capture/base/catalog.h"

#include <string.h>

#include "capture/base/catalog_src.h"

/* Parameter rows of all events one behind the other; PBASE_x is where x starts. */
static const struct param_desc params[] = {
#define EVENT(id, name, category, flags)
#define PARAM(id, pname, ptype, pfmt, psrc, parg)				\
	[PARAM_##id##_##pname] = { .name = #pname, .fmt = PF_##pfmt, TYPE_##ptype, SRC_##psrc(parg) },
#include "bpf/events.def"
#undef EVENT
#undef PARAM
};
