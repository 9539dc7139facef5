/* SPDX-License-Identifier: Apache-2.0 */
/* What saker info finds, and how it is printed. */
#ifndef SAKER_VERBS_INFO_H
#define SAKER_VERBS_INFO_H

#include "capture/base/buf.h"
#include "capture/base/mem.h"
#include "capture/trace/skr.h"

enum { INFO_CONTAINERS_MAX = 1000, INFO_TYPES_MAX = 64 * SET_WORDS + EV__N + 1024 };

struct info_count {
	const char *name;
	uint64_t n;
};

struct info_facts {
	struct source *in;
	struct info_count types[INFO_TYPES_MAX];
	unsigned n_types;
	uint64_t lost[LOSS_CLASSES], n_processes, n_threads, n_keys, n_blocks, raw;
	bool timed;		/* it is known of calls how long they took */
	struct arena mem;
	const char *containers[INFO_CONTAINERS_MAX];
	unsigned n_containers;
};

struct scap_counts;
/* Lines, or members of an object with a comma in front. */
void info_scap_text(struct buf *b, const struct scap_counts *c);
void info_scap_json(struct buf *b, const struct scap_counts *c);

void info_text(struct buf *b, const struct info_facts *f);
void info_json(struct buf *b, const struct info_facts *f);

#endif
