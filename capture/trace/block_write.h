/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks on their way to the file: encoded, chained and written in order, in a
 * thread of their own if wished. */
#ifndef SAKER_TRACE_BLOCK_WRITE_H
#define SAKER_TRACE_BLOCK_WRITE_H

#include "capture/trace/index.h"
#include "capture/trace/rows.h"
#include "capture/trace/writer.h"

struct block_writer;

/* Writes to fd, which it closes at the end.  The file header comes first. */
struct block_writer *block_writer_open(int fd, const char *path,
				       const struct writer_options *opt);

/* Empty rows to fill. */
struct rows *block_writer_take(struct block_writer *bw);

/* Hands rows over to be written.  Waits if too many are under way.  Negative: they or
 * earlier ones could not be written. */
int block_writer_push(struct block_writer *bw, struct rows *r);

/* Waits until all is written. */
int block_writer_drain(struct block_writer *bw);

/* What was written so far. */
void block_writer_stats(struct block_writer *bw, struct writer_stats *st);

/* Writes index and footer, closes, frees.  lost: sums by class for the index. */
int block_writer_close(struct block_writer *bw, const uint64_t lost[LOSS_CLASSES],
		       uint64_t next_num);

#endif
