/* SPDX-License-Identifier: Apache-2.0 */
/* Where alerts go.  A sink gets whole lines; one that fails is reported once, and
 * the others go on. */
#ifndef SAKER_ALERT_SINK_H
#define SAKER_ALERT_SINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "capture/base/buf.h"

struct sink;

struct sink_ops {
	int (*open)(struct sink *s);
	/* One line without its end, with the number of its priority (0 emergency .. 7 debug). */
	int (*line)(struct sink *s, unsigned priority, const char *p, size_t len);
	int (*flush)(struct sink *s);
	int (*reopen)(struct sink *s);	/* NULL: nothing to reopen */
	int (*close)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	const char *name, *arg;		/* arg: "" if none was given */
	struct buf out;			/* lines not yet written */
	int fd;
	pid_t pid;			/* of a program */
	bool terminal, failed;
};

struct sink_set {
	struct sink sinks[8];
	unsigned n;
};

/* Adds NAME[:ARGUMENT] (text must live as long as the set) and opens it.  Negative with
 * a message. */
int sinks_add(struct sink_set *set, const char *text);
void sinks_line(struct sink_set *set, unsigned priority, const char *p, size_t len);
/* Everything so far gets out. */
void sinks_flush(struct sink_set *set);
/* After a log rotation. */
void sinks_reopen(struct sink_set *set);
/* True if one of them is a program that must be waited for. */
bool sinks_have_child(const struct sink_set *set);
/* Flushes and closes; negative if any line got lost. */
int sinks_close(struct sink_set *set);
/* "stdout, file:PATH, ...": for messages and the manual. */
const char *sinks_known(void);

/* For sinks that write to a descriptor. */
int sink_fd_line(struct sink *s, unsigned priority, const char *p, size_t len);
int sink_fd_flush(struct sink *s);

#endif
