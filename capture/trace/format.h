/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that source_open tells apart by their first bytes. */
#ifndef SAKER_TRACE_FORMAT_H
#define SAKER_TRACE_FORMAT_H

#include "capture/trace/input.h"
#include "capture/trace/source.h"

enum trace_format { TRACE_UNKNOWN, TRACE_SKR, TRACE_SCAP };

/* Looks at the first bytes.  Negative: they cannot be read.  TRACE_SCAP: a .scap or any gzip
 * data. */
int trace_format(struct input *in);

/* Each takes the input over (also when it fails: then it is closed) and frees it with
 * the source.  NULL on error.  path lives as long as the source (copied). */
struct source *skr_open_input(struct input *in, const char *path);
struct source *skr_open_growing(struct input *in, const char *path);
/* in stands at the gzip magic or at the section header of a .scap. */
struct source *scap_open_input(struct input *in, const char *path);

/* A source over n events in memory, which the caller keeps.  They are delivered as
 * they are, in order, and numbered. */
struct source *memory_open(const struct event *events, size_t n);

#endif
