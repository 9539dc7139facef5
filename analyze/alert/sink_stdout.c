/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "analyze/alert/sink.h"
#include "capture/base/quote.h"

static int open_stdout(struct sink *s)
{
	s->fd = STDOUT_FILENO;
	s->terminal = isatty(s->fd);
	return 0;
}

static int line_stdout(struct sink *s, unsigned priority, const char *p, size_t len)
{
	if (!s->terminal)
		return sink_fd_line(s, priority, p, len);
	quote_terminal_buf(&s->out, p, len);
	buf_byte(&s->out, '\n');
	return sink_fd_flush(s);
}

const struct sink_ops sink_stdout = {
	.open = open_stdout, .line = line_stdout, .flush = sink_fd_flush,
};
