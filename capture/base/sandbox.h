/* SPDX-License-Identifier: Apache-2.0 */
/* A sandbox for programs that read recordings: a recording is written by the attacker,
 * so whoever decodes one first gives up whatever decoding does not need.  Afterwards no
 * file can be opened, nothing executed, no socket made; open descriptors, memory and
 * threads go on working. */
#ifndef SAKER_BASE_SANDBOX_H
#define SAKER_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_allow {
	SANDBOX_PLAIN = 0,
	SANDBOX_TERMINAL = 1 << 0,	/* change the terminal's mode: the browser */
	SANDBOX_CHILD = 1 << 1,		/* wait for children that run already: a program as sink */
};

/* Enters it for all threads of the process, for good.  What is to be opened must be open
 * and what loads lazily must be loaded.  A kernel without Landlock gets seccomp alone, one
 * without seccomp gives an error.  A refused call that decoding never makes ends the
 * process with a message and EXIT_FAILED; the harmless rest fails with EPERM.
 * Does nothing in a build with sanitizers, which need more than it allows. */
int sandbox_enter(unsigned allow);

/* The same, but files may be opened for reading, where the kernel has Landlock only these n: for
 * who reads so many that they cannot all be open. */
int sandbox_enter_reading(unsigned allow, const char *const *paths, size_t n);

/* Gives up all capabilities of the calling thread, and any way to get new ones: for who needed
 * them to begin with.  Threads that it makes later have none; those that are there keep theirs. */
void sandbox_drop_privileges(void);

/* True if this build has a sandbox. */
bool sandbox_built(void);

#endif
