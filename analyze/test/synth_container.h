/* SPDX-License-Identifier: Apache-2.0 */
/* proc: {container: ...}: what the recorder would have found out about it. */
#ifndef SAKER_TEST_SYNTH_CONTAINER_H
#define SAKER_TEST_SYNTH_CONTAINER_H

#include "analyze/test/synth.h"

/* An id, "host", or a map; false: told what is wrong. */
bool synth_container(struct synth *s, struct synth_proc *p, const struct yaml *v);
/* The process, which the state knows, is in its container. */
void synth_container_tell(struct synth *s, const struct synth_proc *p);

#endif
