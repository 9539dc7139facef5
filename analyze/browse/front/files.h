/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the browser writes.  Whoever shows a recording sits in a sandbox and opens nothing, so
 * a helper, started before, does it: it never sees the recording, and does two things
 * only: it replaces the notes, whose path is fixed at the start, and it makes new files in one
 * folder, never over one that exists. */
#ifndef SAKER_BROWSE_FILES_H
#define SAKER_BROWSE_FILES_H

#include <stddef.h>

enum { FILES_NAME_MAX = 200, FILES_BYTES_MAX = 1 << 30 };

/* Starts the helper.  folder: where new files go; notes: the path of the sidecar file, NULL:
 * there is none.  Both are copied. */
int files_start(const char *folder, const char *notes);
void files_stop(void);

/* Makes a file that does not exist yet.  Negative with a message. */
int files_new(const char *name, const void *p, size_t len);
/* The same in pieces, of any length together: files_begin, files_add for each, files_end.  A piece
 * that cannot be written leaves those before it in the file.  One file at a time. */
int files_begin(const char *name);
int files_add(const void *p, size_t len);
int files_end(void);
/* Replaces the notes, at once and for good or not at all. */
int files_notes(const void *p, size_t len);

#endif
