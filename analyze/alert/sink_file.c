/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <unistd.h>

#include "analyze/alert/sink.h"
#include "capture/base/err.h"

/* Alerts hold command lines and file names: for the owner alone. */
static int open_file(struct sink *s)
{
	s->fd = open(s->arg, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return s->fd < 0 ? err_sys("cannot open") : 0;
}

static int close_file(struct sink *s)
{
	const int rc = sink_fd_flush(s);

	if (s->fd >= 0 && close(s->fd) < 0 && rc == 0)
		return err_sys("cannot close");
	s->fd = -1;
	return rc;
}

static int reopen_file(struct sink *s)
{
	const int rc = close_file(s);

	return open_file(s) < 0 ? -ERR_SYSTEM : rc;
}

const struct sink_ops sink_file = {
	.open = open_file, .line = sink_fd_line, .flush = sink_fd_flush,
	.reopen = reopen_file, .close = close_file,
};
