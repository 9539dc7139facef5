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

static void print(const char *message)
{
	char safe[TEXT_MAX * 4];

	quote_terminal(safe, sizeof(safe), message, strlen(message));
	fprintf(stderr, "%s: %s\n", program, safe);
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
