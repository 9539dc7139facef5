/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/history.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/mem.h"

void history_add(struct history *h, const char *text)
{
	if (!*text)
		return;
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i], text) == 0) {
			char *known = h->v[i];

			memmove(h->v + i, h->v + i + 1, (h->n - i - 1) * sizeof(*h->v));
			h->v[h->n - 1] = known;
			return;
		}
	if (!h->v)
		h->v = xcalloc(HISTORY_MAX, sizeof(*h->v));
	if (h->n == HISTORY_MAX) {
		free(h->v[0]);
		memmove(h->v, h->v + 1, --h->n * sizeof(*h->v));
	}
	h->v[h->n++] = xstrdup(text);
}

void history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i]);
	free(h->v);
	*h = (struct history){0};
}
