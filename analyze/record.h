/* SPDX-License-Identifier: Apache-2.0 */
/* The recording that saker live can write beside its alerts: all events, key frames as the
 * recorder makes them, and each alert behind its event. */
#ifndef SAKER_ANALYZE_RECORD_H
#define SAKER_ANALYZE_RECORD_H

#include "capture/trace/source.h"
#include "capture/trace/writer.h"
#include "replay/state/state.h"
#include "rules/set/ruleset.h"

struct recording {
	struct writer *writer;		/* NULL: nothing is recorded */
	const struct state *state;
	bool in_snapshot;
	uint64_t key_time;		/* of the last key frame, monotonic */
};

/* Negative with a message.  keep: as in writer_options.  The state is that which sees
 * the same events. */
int recording_open(struct recording *r, const char *path, bool force, uint64_t keep,
		   const struct source_info *info, const struct state *state);
int recording_event(struct recording *r, const struct event *ev);
int recording_alert(struct recording *r, const struct rule *rule, uint64_t ts, uint64_t num,
		    const char *line, size_t len);
/* Now and then, after the state has seen the event at ts: a key frame if one is due. */
int recording_key(struct recording *r, uint64_t ts);
/* Bytes of the file by now, less those that were given up. */
uint64_t recording_size(const struct recording *r);
int recording_flush(struct recording *r);
int recording_close(struct recording *r);

#endif
