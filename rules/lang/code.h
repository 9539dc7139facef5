/* SPDX-License-Identifier: Apache-2.0 */
/* The code of an engine's conditions; see code.c. */
#ifndef SAKER_LANG_CODE_H
#define SAKER_LANG_CODE_H

#include "rules/lang/engine.h"

/* Entries hold nodes of the graph until here; from here on their code. */
void code_make(struct engine *e);

#endif
