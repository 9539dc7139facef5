/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/crumbs.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/mem.h"

void crumbs_copy(struct crumbs *to, const struct crumbs *from)
{
	*to = (struct crumbs){ .n = from->n, .from = from->from, .to = from->to };
	for (unsigned i = 0; i < from->n; i++)
		to->v[i] = xstrdup(from->v[i]);
}

void crumbs_release(struct crumbs *c)
{
	for (unsigned i = 0; i < c->n; i++)
		free(c->v[i]);
	*c = (struct crumbs){ .to = UINT64_MAX };
}

bool crumbs_add(struct crumbs *c, const char *filter)
{
	if (!*filter)
		return true;
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->v[i], filter) == 0)
			return true;
	if (c->n == FOCUS_MAX)
		return false;
	c->v[c->n++] = xstrdup(filter);
	return true;
}

void crumbs_remove(struct crumbs *c, unsigned i)
{
	free(c->v[i]);
	memmove(c->v + i, c->v + i + 1, (c->n - i - 1) * sizeof(*c->v));
	c->n--;
}

bool crumbs_range(const struct crumbs *c)
{
	return c->from || c->to != UINT64_MAX;
}

void crumbs_focus(const struct crumbs *c, struct focus *out)
{
	*out = (struct focus){ .n = c->n, .from = c->from, .to = c->to };
	for (unsigned i = 0; i < c->n; i++)
		out->filters[i] = c->v[i];
}
