/* SPDX-License-Identifier: Apache-2.0 */
/* Events made of any bytes: a type, a thread, and for each parameter a byte that says what its
 * value is: absent, a small number, eight bytes, or a text of so many bytes. */
#ifndef SAKER_FUZZ_TAKE_H
#define SAKER_FUZZ_TAKE_H

#include "capture/base/cursor.h"
#include "capture/base/event.h"

static inline void take_value(struct cursor *c, struct value *v, uint8_t type)
{
	const uint8_t how = cursor_u8(c);

	if (how == 0)
		return;
	if (type_is_number(type)) {
		value_number(v, how < 0xf0 ? (uint64_t)(how - 1) : cursor_u64(c));
		return;
	}
	if (how <= cursor_left(c))
		value_bytes(v, cursor_bytes(c, how - 1u), how - 1u);
}

/* False: there are no more bytes. */
static inline bool take_event(struct cursor *c, struct event *ev)
{
	const unsigned type = cursor_u8(c) % EV__N;

	event_init(ev, type ? type : EV_GENERIC);
	ev->tid = cursor_u8(c) % 8;
	ev->pid = ev->tid & 4 ? ev->tid : 0;
	for (unsigned i = 0; i < ev->n_params; i++)
		take_value(c, &ev->v[i], ev->desc->params[i].type);
	return !c->bad;
}

#endif
