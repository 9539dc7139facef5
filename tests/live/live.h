/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that make system calls and say what a recording of them must hold.
 *
 * Each call is made raw, so that it is this one and no other, with arguments that it does
 * not have as 0.  What must have been recorded is said in JSON, a line for an event:
 *
 *   {"tid":7,"type":"close","args":{"res":0,"fd":3}}
 *
 * A number is the value's 64 bits as a signed number; a text has a character per byte; null: the
 * event does not have it.  What a program cannot know exactly: {"set":1} it has it,
 * {"end":TEXT} ends so, {"min":A,"max":B} lies between.  Live.pm compares. */
#ifndef SAKER_TESTS_LIVE_H
#define SAKER_TESTS_LIVE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

enum { SNAPLEN = 80 };		/* what is recorded of payloads */

enum arg_kind { ARG_END, ARG_NUMBER, ARG_BYTES, ARG_ABSENT, ARG_SET, ARG_TAIL, ARG_RANGE };

struct arg {
	const char *name;
	enum arg_kind kind;
	long long num, max;
	const void *p;
	size_t len;
};

#define N(name, value) { name, ARG_NUMBER, (long long)(value), 0, NULL, 0 }
#define S(name, text) { name, ARG_BYTES, 0, 0, text, strlen(text) }
#define B(name, bytes, len) { name, ARG_BYTES, 0, 0, bytes, len }
/* Bytes as far as payloads are recorded. */
#define PAYLOAD(name, bytes, len) \
	{ name, ARG_BYTES, 0, 0, bytes, (size_t)(len) < SNAPLEN ? (size_t)(len) : SNAPLEN }
#define NO(name) { name, ARG_ABSENT, 0, 0, NULL, 0 }
#define IS_SET(name) { name, ARG_SET, 0, 0, NULL, 0 }
#define TAIL(name, text) { name, ARG_TAIL, 0, 0, text, strlen(text) }
#define BETWEEN(name, lo, hi) { name, ARG_RANGE, (long long)(lo), (long long)(hi), NULL, 0 }

/* The event must be there, by this thread, behind those that it said before. */
#define SAID(...) SAID_BY(gettid(), __VA_ARGS__)
#define SAID_BY(tid, type, ...) say(tid, type, (const struct arg[]){ __VA_ARGS__ __VA_OPT__(,) \
		{ NULL, ARG_END, 0, 0, NULL, 0 } })

/* Makes the call; what the kernel returned. */
#define CALL(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define CALL_(nr, a, b, c, d, e, f, ...) call_kernel(nr, (long)(a), (long)(b), (long)(c), \
		(long)(d), (long)(e), (long)(f))

static UNUSED long call_kernel(long nr, long a, long b, long c, long d, long e, long f)
{
	const long r = syscall(nr, a, b, c, d, e, f);

	return r == -1 ? -errno : r;
}

/* Lines wait here, so that saying makes no system calls of its own between the others
 * (but gettid). */
static struct {
	char text[4 << 20];
	size_t len;
	pthread_mutex_t lock;
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

static UNUSED void say_text(const char *s)
{
	const size_t n = strlen(s);

	if (said.len + n >= sizeof(said.text)) {
		fprintf(stderr, "too much to say\n");
		_exit(2);
	}
	memcpy(said.text + said.len, s, n);
	said.len += n;
}

static UNUSED void say_bytes(const unsigned char *p, size_t len)
{
	char c[8];

	say_text("\"");
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			snprintf(c, sizeof(c), "\\u%04x", p[i]);
		else
			snprintf(c, sizeof(c), "%c", p[i]);
		say_text(c);
	}
	say_text("\"");
}

static UNUSED void say_value(const struct arg *a)
{
	char t[80] = "null";

	switch (a->kind) {
	case ARG_NUMBER:
		snprintf(t, sizeof(t), "%lld", a->num);
		break;
	case ARG_SET:
		snprintf(t, sizeof(t), "{\"set\":1}");
		break;
	case ARG_RANGE:
		snprintf(t, sizeof(t), "{\"min\":%lld,\"max\":%lld}", a->num, a->max);
		break;
	case ARG_BYTES:
		say_bytes(a->p, a->len);
		return;
	case ARG_TAIL:
		say_text("{\"end\":");
		say_bytes(a->p, a->len);
		say_text("}");
		return;
	case ARG_END:
	case ARG_ABSENT:
		break;
	}
	say_text(t);
}

static UNUSED void say(long tid, const char *type, const struct arg *args)
{
	char t[96];

	pthread_mutex_lock(&said.lock);
	snprintf(t, sizeof(t), "{\"tid\":%ld,\"type\":\"%s\",\"args\":{", tid, type);
	say_text(t);
	for (const struct arg *a = args; a->kind != ARG_END; a++) {
		snprintf(t, sizeof(t), "%s\"%s\":", a == args ? "" : ",", a->name);
		say_text(t);
		say_value(a);
	}
	say_text("}}\n");
	pthread_mutex_unlock(&said.lock);
}

/* Writes what was said: at the end, and before the program is replaced. */
static UNUSED void say_now(void)
{
	size_t done = 0;

	while (done < said.len) {
		const ssize_t n = write(1, said.text + done, said.len - done);

		if (n <= 0)
			_exit(2);
		done += (size_t)n;
	}
	said.len = 0;
}

/* In a new process: its parent says what was said so far. */
static UNUSED void say_anew(void)
{
	said.len = 0;
	pthread_mutex_init(&said.lock, NULL);	/* another thread may have held it */
}

/* A child ends here. */
static UNUSED _Noreturn void say_and_exit(int code)
{
	say_now();
	syscall(__NR_exit_group, code);
	__builtin_unreachable();
}

/* What the test needs has failed: it can say nothing. */
static UNUSED long must(long r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror((int)-r));
		exit(2);
	}
	return r;
}

/* Device and inode of an open file, absent if it is none. */
static UNUSED struct arg dev_of(long fd)
{
	struct stat st;

	if (fd < 0 || fstat((int)fd, &st) < 0)
		return (struct arg)NO("dev");
	return (struct arg)N("dev", (uint32_t)st.st_dev);
}

static UNUSED struct arg ino_of(long fd)
{
	struct stat st;

	if (fd < 0 || fstat((int)fd, &st) < 0)
		return (struct arg)NO("ino");
	return (struct arg)N("ino", st.st_ino);
}

/* A generic event. */
#define SAID_CALL(nr, res, a, b, c, d, e, f) SAID("syscall", N("nativeID", nr), N("res", res), \
		N("a0", a), N("a1", b), N("a2", c), N("a3", d), N("a4", e), N("a5", f))

#endif
