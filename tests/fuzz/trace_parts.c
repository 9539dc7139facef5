/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the insides of a .skr's block: rows, a dictionary, an index or a column, as
 * the first byte says.  Much faster than whole files (trace.c). */
#include <stdlib.h>

#include "capture/trace/skr.h"
#include "capture/trace/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile unsigned sink;

static void look(const struct event *ev)
{
	unsigned sum = ev->desc->flags + (unsigned)ev->ts + ev->tid;

	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct value *v = &ev->v[i];

		if (v->state != VALUE_SET)
			continue;
		if (type_is_number(ev->desc->params[i].type))
			sum += (unsigned)v->u;
		else
			for (uint32_t k = 0; k < v->len; k++)
				sum += v->p[k];
	}
	sink += sum;
}

static const struct dict *own_dict(void)
{
	static const struct event_desc *events[EV__N];
	static struct dict *d;
	struct buf b = {0};

	for (unsigned i = 1; i < EV__N && !d; i++)
		events[i] = &catalog[i];
	if (!d) {
		dict_encode(&b, events, EV__N, &(struct source_info){0});
		d = dict_decode(b.p, b.len);
		buf_release(&b);
	}
	return d;
}

/* Number of rows, payload. */
static void decode_rows(const uint8_t *p, size_t n)
{
	static struct unit u;
	static struct event ev;
	struct block b = { .kind = BLOCK_EVENTS };
	uint16_t rows, frames;

	if (n < 4)
		return;
	memcpy(&rows, p, 2);
	memcpy(&frames, p + 2, 2);
	b.n_rows = rows;
	b.stored = (uint32_t)n - 2;
	for (size_t i = 0; i < frames && 4 + 8 * i + 8 <= n; i++) {
		uint32_t raw;

		memcpy(&raw, p + 4 + 8 * i + 4, 4);
		b.raw += raw;
	}
	if (b.raw > BLOCK_RAW_MAX || unit_open(&u, &b, p + 2, own_dict(), true) < 0)
		return;
	unit_check(&u);
	while (u.row < u.n_rows && unit_event(&u, &ev) == 0)
		look(&ev);
}

static void decode_column(const uint8_t *p, size_t n)
{
	struct arena a = {0};
	struct column c;

	if (n > 2)
		column_decode(&c, cursor_of(p + 2, n - 2), p[0] + 256U * p[1], &a);
	arena_release(&a);
}

static void decode_part(const uint8_t *p, size_t n)
{
	struct index x = {0};

	switch (*p % 4) {
	case 0:
		decode_rows(p + 1, n - 1);
		break;
	case 1:
		dict_free(dict_decode(p + 1, n - 1));
		break;
	case 2:
		if (index_decode(&x, p + 1, n - 1, 1 << 20) == 0)
			index_release(&x);
		break;
	case 3:
		decode_column(p + 1, n - 1);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len)
		decode_part(data, len);
	return 0;
}
