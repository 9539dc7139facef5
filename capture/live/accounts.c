/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/accounts.h"

#include <stdlib.h>
#include <string.h>

/* Splits a line at colons into at most n fields; returns how many there are. */
static unsigned split(char *line, char **field, unsigned n)
{
	unsigned k = 0;

	while (k < n && line)
		field[k++] = strsep(&line, ":");
	return k;
}

static bool parse(char *line, bool group, struct account *a)
{
	char *field[7];
	const unsigned n = split(line, field, 7);

	if (n < (group ? 3 : 7))
		return false;
	*a = (struct account){ .is_group = group, .name = field[0] };
	if (group) {
		a->gid = (uint32_t)strtoul(field[2], NULL, 10);
		return true;
	}
	a->uid = (uint32_t)strtoul(field[2], NULL, 10);
	a->gid = (uint32_t)strtoul(field[3], NULL, 10);
	a->home = field[5];
	a->shell = field[6];
	return true;
}

int accounts_each(char *text, bool groups, int (*visit)(const struct account *, void *arg),
		  void *arg)
{
	char *rest = text, *line;
	struct account a;
	int n = 0;

	while (n == 0 && (line = strsep(&rest, "\n")))
		if (*line && *line != '#' && parse(line, groups, &a))
			n = visit(&a, arg);
	return n;
}

static void text(struct value *v, const char *p)
{
	value_bytes(v, p, strlen(p));
}

void account_event(const struct account *a, const char *container, struct event *ev)
{
	event_init(ev, a->is_group ? EV_SNAP_GROUP : EV_SNAP_USER);
	if (a->is_group) {
		value_number(&ev->v[P(SNAP_GROUP, gid)], a->gid);
		text(&ev->v[P(SNAP_GROUP, name)], a->name);
		text(&ev->v[P(SNAP_GROUP, container)], container);
		return;
	}
	value_number(&ev->v[P(SNAP_USER, uid)], a->uid);
	value_number(&ev->v[P(SNAP_USER, gid)], a->gid);
	text(&ev->v[P(SNAP_USER, name)], a->name);
	text(&ev->v[P(SNAP_USER, homedir)], a->home);
	text(&ev->v[P(SNAP_USER, shell)], a->shell);
	text(&ev->v[P(SNAP_USER, container)], container);
}
