/* SPDX-License-Identifier: Apache-2.0 */
/* What there is: fields, events, rules, as a table for people or one JSON object a line. */
#ifndef SAKER_ANALYZE_LIST_H
#define SAKER_ANALYZE_LIST_H

#include <stdbool.h>

#include "rules/set/ruleset.h"

void list_fields(bool json);
void list_events(bool json);
void list_rules(const struct ruleset *rules, bool json);

#endif
