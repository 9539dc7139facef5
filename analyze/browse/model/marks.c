/* SPDX-License-Identifier: Apache-2.0 */
/* Places worth going to, as far as the first pass knows them. */
#include "analyze/browse/model/inside.h"

/* The first mark whose num is above num. */
static size_t behind(const struct marks *m, uint64_t num)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].num > num)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int browse_next_mark(struct browse *b, enum mark_kind kind, uint64_t num, int direction,
		     struct mark *out)
{
	const struct marks *m = &b->marks[kind];
	int found = 0;
	size_t at;

	browse_lock(b);
	at = behind(m, direction > 0 ? num : num - (num > 0));
	if (direction > 0 && at < m->n) {
		*out = m->v[at];
		found = 1;
	} else if (direction < 0 && at > 0) {
		*out = m->v[at - 1];
		found = 1;
	}
	/* What is known is all there is up to the last event that was joined. */
	if (!scan_complete(b->base) && (direction > 0 ? found == 0 : b->base->last_num + 1 < num))
		found = -1;
	browse_unlock(b);
	return found;
}

size_t browse_n_alerts(struct browse *b)
{
	size_t n;

	browse_lock(b);
	n = b->marks[MARK_ALERT].n;
	browse_unlock(b);
	return n;
}

size_t browse_alerts(struct browse *b, size_t k, struct alert_row *out, size_t max,
		     struct arena *a)
{
	const struct marks *m = &b->marks[MARK_ALERT];
	size_t n = 0;

	browse_lock(b);
	for (; n < max && k + n < m->n; n++) {
		const struct alert_line *l = &b->lines[k + n];

		out[n] = (struct alert_row){ .mark = m->v[k + n] };
		out[n].pid = l->pid;
		if (!l->line)
			continue;
		out[n].line = arena_strn(a, l->line, l->len);
		out[n].len = l->len;
	}
	browse_unlock(b);
	return n;
}

uint32_t marks_alerts(const struct browse *b, uint64_t num, uint8_t *worst)
{
	const struct marks *m = &b->marks[MARK_ALERT];
	uint32_t n = 0;

	*worst = PRIORITY__N;
	for (size_t i = num ? behind(m, num - 1) : m->n; i < m->n && m->v[i].num == num; i++, n++)
		if (m->v[i].priority < *worst)
			*worst = m->v[i].priority;
	return n;
}
