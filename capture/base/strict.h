/* SPDX-License-Identifier: Apache-2.0 */
/* --strict-falco: Falco's behaviour to the letter also where it is surely a mistake, from
 * reading captures to comparing values; saker-rules(5) lists what differs.  One for the whole
 * program: set before anything is opened or compiled. */
#ifndef SAKER_BASE_STRICT_H
#define SAKER_BASE_STRICT_H

#include <stdbool.h>

extern bool strict_falco;

#endif
