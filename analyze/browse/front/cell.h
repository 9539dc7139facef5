/* SPDX-License-Identifier: Apache-2.0 */
/* Text of a recording in the cells of a screen: whatever the bytes are, what comes out is
 * printable, moves no cursor and is never wider than its room. */
#ifndef SAKER_BROWSE_CELL_H
#define SAKER_BROWSE_CELL_H

#include "capture/base/buf.h"

/* Adds the text at p to out, quoted, in at most width columns; the columns that it takes.
 * Control characters, invalid UTF-8, combining and invisible characters become \xHH, in
 * ASCII all else that is not ASCII too.  What does not fit ends in an ellipsis. */
size_t cell_text(struct buf *out, const void *p, size_t len, size_t width, bool utf8);

/* Where the end begins that fits into width columns beside an ellipsis: for paths and other
 * texts whose end tells more.  0: it fits as a whole. */
size_t cell_end(const void *p, size_t len, size_t width, bool utf8);
/* As cell_text, clipped at its beginning. */
size_t cell_text_end(struct buf *out, const void *p, size_t len, size_t width, bool utf8);

/* Columns of the whole text, at most max. */
size_t cell_width(const void *p, size_t len, size_t max, bool utf8);

/* How many bytes of the text fit into width columns when nothing is left out: for lines
 * that are wrapped.  At least one where len > 0. */
size_t cell_fit(const void *p, size_t len, size_t width, bool utf8);

#endif
