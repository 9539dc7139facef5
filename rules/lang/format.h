/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers in formats: %toupper(proc.name). */
#ifndef SAKER_LANG_FORMAT_H
#define SAKER_LANG_FORMAT_H

#include <stdbool.h>

/* Makes formats understand transformers; any number of times, before formats are
 * compiled and before there are threads.  strict: with Falco's mistakes. */
void lang_formats(bool strict);

#endif
