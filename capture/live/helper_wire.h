/* SPDX-License-Identifier: Apache-2.0 */
/* What recorder and helper say to each other: one datagram each, a header and four texts,
 * each with its NUL. */
#ifndef SAKER_LIVE_HELPER_WIRE_H
#define SAKER_LIVE_HELPER_WIRE_H

#include <stdint.h>

enum { HELPER_MSG_MAX = 72 << 10 };

enum helper_kind {
	HELPER_ASK,		/* a: pid; texts: type, id */
	HELPER_ASK_PID,		/* a: pid, whose control groups do not tell */
	HELPER_CONTAINER,	/* a: pid, if it is in it by descent; texts: id, JSON */
	HELPER_USER,		/* a: uid, b: gid; texts: name, home, shell, container */
	HELPER_GROUP,		/* a: gid; texts: name, container */
	HELPER_DONE,		/* an answer is complete */
};

struct helper_msg {
	uint32_t kind, a, b, named;
	char text[];
};

/* Runs the helper on its end of the socket; returns when the other end is gone. */
void helper_main(int sock);

/* Cuts the texts out of a datagram of len bytes; false if there are not n of them. */
_Bool helper_texts(const struct helper_msg *m, unsigned long len, const char **text, unsigned n);

/* Sends one; flags as of send().  False if it was not sent. */
_Bool helper_send(int sock, const struct helper_msg *head, const char *const *text, unsigned n,
		  int flags);

#endif
