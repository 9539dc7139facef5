/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/record.h"

#include <string.h>

#include "capture/base/err.h"
#include "capture/base/progress.h"

/* A key frame when so much was written since the last one, and it is worth it. */
enum { KEY_RAW = 32 << 20, KEY_WORTH = 16 };
static const uint64_t key_interval = UINT64_C(30) * 1000 * 1000 * 1000;

int recording_open(struct recording *r, const char *path, bool force, uint64_t keep,
		   const struct source_info *info, const struct state *state)
{
	const struct writer_options opt = { .background = true, .keep = keep };

	*r = (struct recording){ .state = state, .in_snapshot = true };
	r->writer = writer_open(path, force, info, &opt);
	if (!r->writer || writer_key_begin(r->writer) < 0)
		return err_at("%s", path);
	return 0;
}

int recording_alert(struct recording *r, const struct rule *rule, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	struct event ev;

	event_init(&ev, EV_ALERT);
	ev.ts = ts;
	value_bytes(&ev.v[P(ALERT, rule)], rule->name, strlen(rule->name));
	value_number(&ev.v[P(ALERT, priority)], rule->priority);
	value_bytes(&ev.v[P(ALERT, output)], line, len);
	value_number(&ev.v[P(ALERT, num)], num);
	return writer_add(r->writer, &ev);
}

/* The events of the snapshot are one key frame, the first. */
int recording_event(struct recording *r, const struct event *ev)
{
	const int rc = writer_add(r->writer, ev);

	if (rc < 0 || !r->in_snapshot || ev->type != EV_SNAP_END)
		return rc;
	r->in_snapshot = false;
	r->key_time = monotonic_ns();
	return writer_key_end(r->writer);
}

static bool key_due(const struct recording *r)
{
	const struct writer_stats *s = writer_stats(r->writer);

	if (r->in_snapshot || s->raw_since_key < KEY_WORTH * state_stats(r->state)->bytes)
		return false;
	return s->raw_since_key > KEY_RAW
		|| (s->raw_since_key > KEY_RAW / 8 && monotonic_ns() - r->key_time > key_interval);
}

static int add_state(const struct event *ev, void *arg)
{
	return writer_add(arg, ev);
}

int recording_key(struct recording *r, uint64_t ts)
{
	int rc;

	if (!key_due(r))
		return 0;
	rc = writer_key_begin(r->writer);
	if (rc >= 0)
		rc = state_dump(r->state, ts, NULL, add_state, r->writer);
	r->key_time = monotonic_ns();
	return rc < 0 ? rc : writer_key_end(r->writer);
}

uint64_t recording_size(const struct recording *r)
{
	const struct writer_stats *const s = writer_stats(r->writer);

	return s->stored_bytes - s->given_up;
}

int recording_flush(struct recording *r)
{
	return r->in_snapshot ? 0 : writer_flush(r->writer);
}

int recording_close(struct recording *r)
{
	const int rc = r->in_snapshot ? writer_key_end(r->writer) : 0;
	const int closed = writer_close(r->writer);

	r->writer = NULL;
	return rc < 0 ? rc : closed;
}
