/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of passwd and group files. */
#ifndef SAKER_LIVE_ACCOUNTS_H
#define SAKER_LIVE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/event.h"

struct account {
	bool is_group;
	uint32_t uid, gid;
	const char *name, *home, *shell;	/* a group has its name alone */
};

/* Calls visit for each line of the text, which is changed; stops where it gives non-zero,
 * and returns that. */
int accounts_each(char *text, bool groups, int (*visit)(const struct account *, void *arg),
		  void *arg);

/* The snap_user or snap_group event of it; container: the id, "" for the host. */
void account_event(const struct account *a, const char *container, struct event *ev);

#endif
