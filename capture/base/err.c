/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/quote.h"

enum { TEXT_MAX = 2048 };

static _Thread_local char text[TEXT_MAX];
static _Thread_local int last;
static const char *program = "saker";

/* A message may have several lines (a condition and a caret).  All but the first are
 * indented, so that a line break in a file's name cannot pass for a message. */
static void print(const char *message)
{
	struct buf out = {0};
	const char *line = message, *end;

	buf_printf(&out, "%s: ", program);
	while ((end = strchr(line, '\n'))) {
		quote_terminal_buf(&out, line, (size_t)(end - line));
		buf_byte(&out, '\n');
		line = end + 1;
		if (strncmp(line, "  ", 2) != 0)
			buf_str(&out, "  ");
	}
	quote_terminal_buf(&out, line, strlen(line));
	buf_byte(&out, '\n');
	fwrite(out.p, 1, out.len, stderr);
	buf_release(&out);
}

int err(enum err_code code, const char *fmt, ...)
{
	char new[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(new, sizeof(new), fmt, ap);
	va_end(ap);
	memcpy(text, new, sizeof(text));
	last = -(int)code;
	return last;
}

int err_sys(const char *fmt, ...)
{
	const int saved = errno;
	char new[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(new, sizeof(new), fmt, ap);
	va_end(ap);
	return err(ERR_SYSTEM, "%s: %s", new, strerror(saved));
}

int err_at(const char *fmt, ...)
{
	char place[512], old[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(place, sizeof(place), fmt, ap);
	va_end(ap);
	memcpy(old, text, sizeof(old));
	snprintf(text, sizeof(text), "%s: %.1500s", place, old);
	return last;
}

const char *err_text(void)
{
	return text;
}

void err_program(const char *name)
{
	const char *slash = strrchr(name, '/');

	program = slash ? slash + 1 : name;
}

void err_print(void)
{
	print(text);
}

void warn(const char *fmt, ...)
{
	char message[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	print(message);
}
