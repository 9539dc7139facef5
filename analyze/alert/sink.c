/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/alert/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"

enum { WRITE_AT = 1 << 16 };

#define SINK(name, arg, help) extern const struct sink_ops sink_##name;
#include "analyze/alert/sinks.def"
#undef SINK

static const struct known {
	const char *name, *arg;
	const struct sink_ops *ops;
} known[] = {
#define SINK(name, arg, help) { #name, arg, &sink_##name },
#include "analyze/alert/sinks.def"
#undef SINK
};

enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

const char *sinks_known(void)
{
	static char text[256];
	size_t n = 0;

	for (unsigned i = 0; i < N_KNOWN; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s", i ? ", " : "",
				      known[i].name, known[i].arg ? ":" : "",
				      known[i].arg ? known[i].arg : "");
	return text;
}

static const struct known *find(const char *text, size_t len)
{
	for (unsigned i = 0; i < N_KNOWN; i++)
		if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0)
			return &known[i];
	return NULL;
}

int sinks_add(struct sink_set *set, const char *text)
{
	const size_t len = strcspn(text, ":");
	const struct known *k = find(text, len);
	struct sink *s = &set->sinks[set->n];

	if (!k)
		return err(ERR_USAGE, "sink '%s' is unknown; known: %s", text, sinks_known());
	if (set->n == sizeof(set->sinks) / sizeof(set->sinks[0]))
		return err(ERR_USAGE, "more than %u sinks", set->n);
	*s = (struct sink){ .ops = k->ops, .name = k->name, .fd = -1,
		.arg = text[len] == ':' ? text + len + 1 : "" };
	if (k->arg && *k->arg != '[' && !*s->arg)
		return err(ERR_USAGE, "sink %s needs an argument: %s:%s", k->name, k->name,
			   k->arg);
	if (!k->arg && *s->arg)
		return err(ERR_USAGE, "sink %s takes no argument", k->name);
	if (s->ops->open(s) < 0)
		return err_at("sink %s", text);
	set->n++;
	return 0;
}

static void check(struct sink *s, int rc)
{
	if (rc >= 0 || s->failed)
		return;
	s->failed = true;
	warn("sink %s%s%s gets no more alerts: %s", s->name, *s->arg ? ":" : "", s->arg,
	     err_text());
}

void sinks_line(struct sink_set *set, unsigned priority, const char *p, size_t len)
{
	for (struct sink *s = set->sinks; s < set->sinks + set->n; s++)
		if (!s->failed)
			check(s, s->ops->line(s, priority, p, len));
}

void sinks_flush(struct sink_set *set)
{
	for (struct sink *s = set->sinks; s < set->sinks + set->n; s++)
		if (!s->failed)
			check(s, s->ops->flush(s));
}

void sinks_reopen(struct sink_set *set)
{
	for (struct sink *s = set->sinks; s < set->sinks + set->n; s++) {
		if (!s->ops->reopen)
			continue;
		s->failed = false;
		check(s, s->ops->reopen(s));
	}
}

bool sinks_have_child(const struct sink_set *set)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->sinks[i].pid > 0)
			return true;
	return false;
}

int sinks_close(struct sink_set *set)
{
	int rc = 0;

	sinks_flush(set);
	for (struct sink *s = set->sinks; s < set->sinks + set->n; s++) {
		if (s->ops->close)
			check(s, s->ops->close(s));
		if (s->failed)
			rc = -ERR_SYSTEM;
		buf_release(&s->out);
	}
	set->n = 0;
	return rc;
}

int sink_fd_flush(struct sink *s)
{
	const uint8_t *p = s->out.p;
	size_t left = s->out.len;

	while (left > 0) {
		const ssize_t n = write(s->fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf_reset(&s->out);
			return err_sys("cannot write");
		}
		p += n;
		left -= (size_t)n;
	}
	buf_reset(&s->out);
	return 0;
}

int sink_fd_line(struct sink *s, unsigned priority, const char *p, size_t len)
{
	buf_put(&s->out, p, len);
	buf_byte(&s->out, '\n');
	return s->out.len >= WRITE_AT ? sink_fd_flush(s) : 0;
}
