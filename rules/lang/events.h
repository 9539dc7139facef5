/* SPDX-License-Identifier: Apache-2.0 */
/* The types of events on which a condition can hold at all, told from its tests of
 * evt.type alone, as Falco tells it. */
#ifndef SAKER_LANG_EVENTS_H
#define SAKER_LANG_EVENTS_H

#include "capture/base/catalog.h"
#include "rules/lang/ast.h"

void events_of(const struct ast *a, struct event_set *out);
/* The names, sorted; "(all)" for all. */
void events_dump(struct buf *out, const struct event_set *s);
bool event_set_equal(const struct event_set *a, const struct event_set *b);
bool event_set_full(const struct event_set *s);
unsigned event_set_count(const struct event_set *s);

#endif
