/* SPDX-License-Identifier: Apache-2.0 */
/* What pages have in common: moving, searching, bytes as text or in hex. */
#include <stdio.h>
#include <stdlib.h>

#include "analyze/browse/front/ui.h"

/* Lines of protocols end in \r\n. */
static void text_lines(struct doc *d, enum term_role role, const uint8_t *p, size_t len)
{
	struct buf b = {0};

	for (size_t i = 0; i < len; i++)
		if (p[i] != '\r' || i + 1 == len || p[i + 1] != '\n')
			buf_byte(&b, p[i]);
	doc_text(d, role, b.p ? (const char *)b.p : "", b.len);
	buf_release(&b);
}

/* 16 bytes a row, offset, hex, text; or lines of text. */
void doc_bytes(struct doc *d, enum term_role role, const uint8_t *p, size_t len, bool hex)
{
	if (!hex) {
		text_lines(d, role, p, len);
		return;
	}
	for (size_t i = 0; i < len; i += 16) {
		const size_t n = len - i < 16 ? len - i : 16;
		struct buf b = {0};

		buf_printf(&b, "%06zx ", i);
		for (size_t k = 0; k < 16; k++)
			if (k < n)
				buf_printf(&b, k == 8 ? "  %02x" : " %02x", p[i + k]);
			else
				buf_str(&b, k == 8 ? "    " : "   ");
		buf_str(&b, "  ");
		for (size_t k = 0; k < n; k++)
			buf_byte(&b, p[i + k] >= 0x20 && p[i + k] < 0x7f ? p[i + k] : '.');
		doc_add(d, role, b.p, b.len);
		buf_release(&b);
	}
}

bool doc_act(struct doc *d, enum action a, int height)
{
	switch (a) {
	case ACT_DOWN: doc_scroll(d, 1, height); return true;
	case ACT_UP: doc_scroll(d, -1, height); return true;
	case ACT_PAGE_DOWN: doc_scroll(d, height - 1, height); return true;
	case ACT_PAGE_UP: doc_scroll(d, 1 - height, height); return true;
	case ACT_HALF_DOWN: doc_scroll(d, height / 2, height); return true;
	case ACT_HALF_UP: doc_scroll(d, -height / 2, height); return true;
	case ACT_TOP: doc_scroll(d, -(long)d->n_rows, height); return true;
	case ACT_BOTTOM: doc_scroll(d, (long)d->n_rows, height); return true;
	case ACT_NEXT_PART: doc_go_section(d, 1, height); return true;
	case ACT_PREV_PART: doc_go_section(d, -1, height); return true;
	default: return false;
	}
}

void doc_search_body(struct ui *u, struct frame *f, const char *text, int dir)
{
	if (!dir) {
		free(f->search);
		f->search = text && *text ? xstrdup(text) : NULL;
		f->doc.found = f->search ? f->doc.found : SIZE_MAX;
	}
	if (f->search && !doc_search(&f->doc, f->search, dir, f->height)) {
		if (!dir)
			f->doc.found = SIZE_MAX;
		ui_say(u, "\"%s\" is not found", f->search);
	}
}
