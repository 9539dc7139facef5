/* SPDX-License-Identifier: Apache-2.0 */
/* What the browser (files.c) and the helper (files_helper.c) say to each other.
 *
 * A request is a head, a name and bytes; the answer is errno, 0 if it worked.  A file that comes in
 * pieces has a head for each; a piece that does not fit (the disk is full) leaves the file as
 * it was before, so that it ends with a whole row. */
#ifndef SAKER_BROWSE_FILES_PARTS_H
#define SAKER_BROWSE_FILES_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/browse/front/files.h"

enum request { NEW_FILE, NOTES, FIRST_PIECE, PIECE, LAST_PIECE };

struct head {
	uint32_t request;	/* enum request */
	uint32_t name_len;
	uint64_t len;
};

/* All the bytes, or false. */
bool files_put(int fd, const void *p, size_t len);
bool files_get(int fd, void *p, size_t len);
/* No folders, no hidden files, nothing that a terminal or a shell would mind. */
bool files_good_name(const char *name);

/* Serves requests until the pipe ends; does not return. */
void files_helper(int in, int out, const char *folder, const char *notes)
	__attribute__((noreturn));

#endif
