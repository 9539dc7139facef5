/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up values in a file of bbolt, in which containerd and Podman keep what they
 * know.  The file is read as it is at the moment, without the lock that its owner holds
 * all the time: a page may be from another state, so everything is checked. */
#ifndef SAKER_LIVE_BOLT_H
#define SAKER_LIVE_BOLT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/buf.h"

struct bolt {
	struct buf file;
	uint32_t page_size;
	uint64_t root;		/* page of the outermost bucket */
};

struct bolt_bucket {
	uint64_t root;		/* page; 0: in_line */
	const uint8_t *in_line;
	size_t len;
};

struct bolt_value {
	const uint8_t *p;
	size_t len;
};

/* Negative: there is none, or it is none. */
int bolt_open(struct bolt *b, int root, const char *path);
void bolt_close(struct bolt *b);
struct bolt_bucket bolt_root(const struct bolt *b);

/* The bucket or value of that name; false if there is none. */
bool bolt_bucket(const struct bolt *b, struct bolt_bucket in, const char *key,
		 struct bolt_bucket *out);
bool bolt_value(const struct bolt *b, struct bolt_bucket in, const char *key,
		struct bolt_value *out);

/* All values of a bucket (not the buckets in it), in order. */
void bolt_each(const struct bolt *b, struct bolt_bucket in,
	       void (*visit)(struct bolt_value key, struct bolt_value value, void *arg), void *arg);

#endif
