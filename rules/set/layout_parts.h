/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the layout of rule files. */
#ifndef SAKER_SET_LAYOUT_PARTS_H
#define SAKER_SET_LAYOUT_PARTS_H

#include "rules/set/layout.h"
#include "rules/set/layout_text.h"

struct lines {
	const char *text;
	size_t len;
	uint32_t *at;			/* where each begins; one more at the end */
	size_t n;
};

struct layout {
	struct arena arena;
	struct yaml_file file;
	struct lines lines;
	struct buf *out;
};

struct key {
	const struct yaml *name, *value;
	size_t first, last;		/* lines, without comments before */
	size_t comments;		/* line where those begin */
	unsigned order;
	struct text_span remark;	/* "# ..." behind the value on its line */
};

/* layout_lines.c: lines by number; without blanks at the end, and as they are */
void lines_split(struct layout *l);
struct text_span lines_get(const struct lines *s, size_t i);
struct text_span lines_whole(const struct lines *s, size_t i);
/* The line of a place in the text. */
size_t lines_at(const struct lines *s, uint32_t off);
size_t line_indent(struct text_span s);
bool line_is_comment(struct text_span s);
void layout_comment(struct layout *l, struct text_span s, size_t indent);
/* Comments of the lines from..to; blank lines between them stay, one at a time. */
void layout_comments(struct layout *l, size_t from, size_t to, size_t indent, bool blanks);

/* layout_key.c: a text behind > or | */
bool layout_is_block(const struct layout *l, const struct yaml *v);
/* A key with its comments; column: where the keys of the item stood. */
void layout_key(struct layout *l, const struct key *k, bool first, size_t column);

#endif
