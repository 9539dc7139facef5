/* SPDX-License-Identifier: Apache-2.0 */
#include <syslog.h>

#include "analyze/alert/sink.h"

/* Connected at once: the sandbox allows no socket later.  Priorities of rules are
 * numbered as syslog's levels. */
static int open_syslog(struct sink *s)
{
	openlog(*s->arg ? s->arg : "saker", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	return 0;
}

static int line_syslog(struct sink *s, unsigned priority, const char *p, size_t len)
{
	syslog((int)(priority & 7), "%.*s", (int)len, p);
	return 0;
}

static int flush_syslog(struct sink *s)
{
	return 0;
}

static int close_syslog(struct sink *s)
{
	closelog();
	return 0;
}

const struct sink_ops sink_syslog = {
	.open = open_syslog, .line = line_syslog, .flush = flush_syslog, .close = close_syslog,
};
