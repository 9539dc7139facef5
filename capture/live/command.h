/* SPDX-License-Identifier: Apache-2.0 */
/* The command that is recorded from before its first instruction: a child that waits
 * until everything else is ready. */
#ifndef SAKER_LIVE_COMMAND_H
#define SAKER_LIVE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;		/* 0: none */
	int go;			/* write end of the pipe it waits on; -1: it was told */
	bool ended;
	int status;		/* as wait() has it */
};

/* Call this before signals are caught or ignored: a command gets them as they are now. */
void command_keep_signals(void);

/* Makes the child, which keeps everything of this process: terminal, user, directory. */
int command_prepare(struct command *c, char *const *argv);
/* Lets it run. */
void command_go(struct command *c);
/* Has it ended?  Never waits. */
bool command_poll(struct command *c);
/* Ends a child that never ran. */
void command_drop(struct command *c);

#endif
