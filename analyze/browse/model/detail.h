/* SPDX-License-Identifier: Apache-2.0 */
/* All that is known of one event. */
#ifndef SAKER_BROWSE_DETAIL_H
#define SAKER_BROWSE_DETAIL_H

#include "analyze/browse/model/query.h"

/* Bytes of the recording; not quoted, and there is no NUL that counts. */
struct bytes {
	const char *p;
	size_t len;
};

struct detail_value {
	const char *name;	/* parameter or field */
	const char *type;	/* "FD", "CHARBUF"; of a field its class */
	struct bytes text;
	bool lost;		/* <LOST> */
};

struct detail_process {
	uint32_t pid, tid;
	uint64_t start_ts;	/* 0: not known */
	struct bytes name, exe, cmdline, cwd, user, container;
};

struct detail_fd {
	int64_t fd;
	char type;		/* Falco's letter, fd.typechar */
	struct bytes name;
	bool is_this;		/* the event is about it */
};

struct detail_rule {
	const struct rule *rule;
	struct bytes line;	/* the alert */
	struct bytes why;	/* the condition as a tree, in lines, quoted */
};

enum { DETAIL_FDS_MAX = 4096, DETAIL_ANCESTORS_MAX = 64 };

struct detail {
	uint64_t num, ts, latency;	/* latency: ns; 0: not known */
	uint32_t tid;
	uint16_t cpu;
	struct bytes type, category;
	const struct detail_value *params, *fields;
	unsigned n_params, n_fields;
	const struct detail_process *process;	/* [0], then its ancestors */
	unsigned n_process;
	const struct detail_fd *fds;	/* in order of number */
	unsigned n_fds;
	uint64_t n_fds_all;		/* more than DETAIL_FDS_MAX are not listed */
	const struct detail_rule *rules;	/* that hold on it */
	unsigned n_rules;
	struct bytes payload;		/* what was read or written, as recorded */
	const struct link *links;	/* as events_links */
	unsigned n_links;
	bool has_stream;		/* its descriptor can be followed (stream.h) */
	bool has_tty;			/* the terminal of its process can be */
	struct arena arena;
};

/* Asks for an event; only the last one asked for is fetched. */
void detail_ask(struct browse *b, uint64_t num);
/* The event asked for, to be freed by the caller.  NULL: not there yet, or *failed is why it
 * never will. */
struct detail *detail_take(struct browse *b, const char **failed);
void detail_free(struct detail *d);

/* Why a rule does or does not hold on the event: detail_ask_why, then detail_take_why until it is
 * not NULL (free it).  Lines, quoted. */
void detail_ask_why(struct browse *b, uint64_t num, const struct rule *r);
char *detail_take_why(struct browse *b);

#endif
