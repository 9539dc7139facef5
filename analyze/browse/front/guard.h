/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the terminal back where the browser cannot do it any more (SIGKILL, no memory left): a
 * small process that waits for its end.  It sees nothing of the recording. */
#ifndef SAKER_BROWSE_GUARD_H
#define SAKER_BROWSE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* Before the first thread and the sandbox; without it things go on, too. */
void guard_start(const struct termios *mode, const char *undo, size_t n);
/* The terminal is ours, or was given back.  Works from a signal handler. */
void guard_tell(bool taken);

#endif
