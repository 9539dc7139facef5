/* SPDX-License-Identifier: Apache-2.0 */
/* Rule files in one canonical layout: order of keys, indentation, line lengths.  Comments stay
 * where they were said; what the files mean does not change. */
#ifndef SAKER_SET_LAYOUT_H
#define SAKER_SET_LAYOUT_H

#include "rules/set/yaml.h"
#include "capture/base/buf.h"

enum { LAYOUT_WIDTH = 100 };

/* The file laid out anew; false with a message: it is no YAML, or no list of items.
 * Items that hold what cannot be laid out safely (anchors, tags, a comment inside a value) are
 * left as they are. */
bool layout_file(const char *name, const char *text, size_t len, struct buf *out);

#endif
