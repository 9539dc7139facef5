/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/choices.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/mem.h"

void choices_add(struct choices *c, const char *text, size_t len)
{
	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->v[i]) == len && memcmp(c->v[i], text, len) == 0)
			return;
	if (c->n == CHOICES_MAX) {
		c->more = true;
		return;
	}
	if (!c->v)
		c->v = xcalloc(CHOICES_MAX, sizeof(*c->v));
	c->v[c->n++] = xmemdup0(text, len);
}

void choices_release(struct choices *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i]);
	free(c->v);
	*c = (struct choices){0};
}
