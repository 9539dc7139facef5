/* SPDX-License-Identifier: Apache-2.0 */
/* The getters that rows of fields.def name. */
#ifndef SAKER_FIELD_GETTERS_H
#define SAKER_FIELD_GETTERS_H

#include "replay/field/internal.h"

#define FIELD(name, class, type, falco, print, arg, flags, only, get, help) field_get get;
#define FIELD_ALL(name, class, type, falco, print, arg, flags, only, get, all, help)	\
	field_get get;									\
	field_get_all all;
#include "replay/field/fields.def"
#undef FIELD
#undef FIELD_ALL

#endif
