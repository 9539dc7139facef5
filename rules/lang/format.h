/* SPDX-License-Identifier: Apache-2.0 */
/* Transformers in formats: %toupper(proc.name). */
#ifndef SAKER_LANG_FORMAT_H
#define SAKER_LANG_FORMAT_H

/* Makes formats understand transformers; any number of times, before formats are
 * compiled and before there are threads. */
void lang_formats(void);

#endif
