/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and as JSON. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/base/quote.h"
#include "replay/field/internal.h"

void fval_list_add(struct fval_list *l, const struct fval *v)
{
	if (l->n == l->cap) {
		const unsigned cap = l->cap ? l->cap * 2 : 16;
		struct fval *bigger = arena_alloc(l->arena, cap * sizeof(*bigger));

		if (l->n)
			memcpy(bigger, l->v, l->n * sizeof(*bigger));
		l->v = bigger;
		l->cap = cap;
	}
	l->v[l->n++] = *v;
}

static void address_text(struct buf *out, const struct fval *v)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (v->len == 4 || v->len == 16)
		inet_ntop(v->len == 4 ? AF_INET : AF_INET6, v->p, text, sizeof(text));
	buf_str(out, text);
}

static void number_text(struct buf *out, const struct fval *v)
{
	switch (v->print) {
	case PRINT_HEX:
		buf_u64_hex(out, v->u, true);
		break;
	case PRINT_OCT:
		buf_printf(out, "%#" PRIo64, v->u);
		break;
	case PRINT_PADDED9:
		buf_printf(out, "%09" PRIu64, v->u);
		break;
	default:
		if (v->type == FIELD_INT)
			buf_i64_dec(out, v->i);
		else
			buf_u64_dec(out, v->u);
	}
}

void fval_text(struct buf *out, const struct fval *v)
{
	switch ((enum field_type)v->type) {
	case FIELD_INT:
	case FIELD_UINT:
	case FIELD_PORT:
	case FIELD_DYN:
		number_text(out, v);
		break;
	case FIELD_BOOL:
		buf_str(out, v->u ? "true" : "false");
		break;
	case FIELD_DOUBLE:
		buf_printf(out, "%.1f", v->d);
		break;
	case FIELD_STRING:
		buf_put(out, v->p, v->len);
		break;
	case FIELD_BYTES:
		quote_dots(out, v->p, v->len);
		break;
	case FIELD_IP:
	case FIELD_NET:
		address_text(out, v);
		break;
	}
}

static void double_json(struct buf *out, double d)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_str(out, text);
	if (!strpbrk(text, ".eni"))
		buf_str(out, ".0");
}

void fval_json(struct buf *out, const struct fval *v)
{
	struct buf text = {0};

	switch ((enum field_type)v->type) {
	case FIELD_INT:
	case FIELD_UINT:
	case FIELD_PORT:
	case FIELD_DYN:
		if (v->print == PRINT_HEX || v->print == PRINT_OCT) {
			buf_byte(out, '"');
			if (v->print == PRINT_HEX)
				number_text(out, v);
			else
				buf_printf(out, "%" PRIo64, v->u);
			buf_byte(out, '"');
		} else if (v->type == FIELD_INT) {
			buf_i64_dec(out, v->i);
		} else {
			buf_u64_dec(out, v->u);
		}
		break;
	case FIELD_BOOL:
		fval_text(out, v);
		break;
	case FIELD_DOUBLE:
		double_json(out, v->d);
		break;
	case FIELD_STRING:
		buf_byte(out, '"');
		quote_json(out, v->p, v->len);
		buf_byte(out, '"');
		break;
	case FIELD_BYTES:
	case FIELD_IP:
	case FIELD_NET:
		fval_text(&text, v);
		buf_byte(out, '"');
		quote_json(out, text.p, text.len);
		buf_byte(out, '"');
		buf_release(&text);
		break;
	}
}
