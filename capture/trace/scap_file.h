/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a .scap file on their way to the disk: compressed and written by a thread
 * of their own, so that a recorder does not wait for either.
 *
 * Each portion is a gzip member of its own.  What a full disk or a killed recorder leaves
 * is then a valid file, and a portion that did not fit is taken back as a whole. */
#ifndef SAKER_TRACE_SCAP_FILE_H
#define SAKER_TRACE_SCAP_FILE_H

#include "capture/base/buf.h"

struct scap_file;

/* Creates path (output_create).  NULL on error. */
struct scap_file *scap_file_open(const char *path, bool force, bool gzip);

/* Writes a portion of complete blocks; b is empty afterwards.  Negative: this one or one
 * before could not be written. */
int scap_file_put(struct scap_file *f, struct buf *b);

/* Bytes that the file has by now. */
uint64_t scap_file_size(struct scap_file *f);

/* Waits for what is on its way, syncs, frees.  Negative if anything was not written.
 * size: what the file has then; may be NULL. */
int scap_file_close(struct scap_file *f, uint64_t *size);

#endif
