/* SPDX-License-Identifier: Apache-2.0 */
/* Work on files that others wrote, done by a child of its own within the sandbox, so that whoever
 * puts files in place and starts programs never decodes a byte of them. */
#ifndef SAKER_TEST_APART_H
#define SAKER_TEST_APART_H

#include <stdbool.h>

/* Runs work in a child after sandbox_enter; returns what it returned (an exit status), or
 * EXIT_FAILED with a message on stderr. */
int apart_run(int (*work)(void *arg), void *arg);

/* The same for work that enters the sandbox by itself. */
int apart_fork(int (*work)(void *arg), void *arg);

/* The bytes of an open file become path; what stands there becomes path.old, but for force. "-":
 * standard output.  Negative with a message. */
int apart_put(int fd, const char *path, bool force);

#endif
