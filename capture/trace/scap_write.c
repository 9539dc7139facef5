/* SPDX-License-Identifier: Apache-2.0 */
/* A .scap file being written: section header, lists of the snapshot, events.  The
 * lists are held back until the snapshot ends, for their blocks come in a fixed order. */
#include "capture/trace/scap_write.h"

#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/trace/scap_file.h"
#include "capture/trace/scap_note.h"
#include "capture/trace/scap_out.h"

enum { PORTION = 1 << 20 };

struct scap_writer {
	struct scap_file *file;
	bool lists_open;
	struct buf out;			/* blocks that are not written yet */
	struct buf held;		/* events from before the lists were complete */
	struct scap_lists lists;
	struct scap_encoder encoder;
	struct scap_write_stats stats;
};

static int flush(struct scap_writer *w)
{
	w->stats.raw_bytes += w->out.len;
	return scap_file_put(w->file, &w->out);
}

/* ---- order ---- */

static void section(struct scap_writer *w)
{
	const size_t at = scap_block_begin(&w->out, SCAP_SHB);

	buf_le32(&w->out, 0x1a2b3c4d);
	buf_le16(&w->out, 1);
	buf_le16(&w->out, 2);
	buf_le64(&w->out, UINT64_MAX);
	scap_block_end(&w->out, at);
	w->lists_open = true;
}

static void lists_end(struct scap_writer *w)
{
	if (!w->lists_open)
		return;
	scap_lists_flush(&w->lists, &w->out);
	buf_put(&w->out, w->held.p, w->held.len);
	buf_reset(&w->held);
	w->lists_open = false;
}

static void add_note(struct scap_writer *w, const struct event *ev)
{
	char space[SCAP_NOTE_SPACE];
	struct value text;
	const char *id = scap_note_text(ev, space, &text);

	if (id && text.state == VALUE_SET)
		scap_encode_note(ev, id, (const char *)text.p, text.len, &w->out);
	w->stats.n_notes++;
}

static void add_event(struct scap_writer *w, const struct event *ev)
{
	const int r = scap_encode(&w->encoder, ev, w->lists_open ? &w->held : &w->out);

	if (r < 0) {
		w->encoder.left->events[ev->type]++;
		w->stats.n_left_out += !event_is_pseudo(ev);
		return;
	}
	w->stats.n_events += !event_is_pseudo(ev);
	w->stats.n_cut += (unsigned)r;
}

int scap_add(struct scap_writer *w, const struct event *ev)
{
	if (ev->type == EV_SNAP_MACHINE && !w->lists_open)
		section(w);
	if (w->lists_open && scap_lists_add(&w->lists, ev))
		return 0;
	switch (ev->type) {
	case EV_SNAP_END:
		lists_end(w);
		break;
	case EV_SNAP_MOUNT:
	case EV_RESOLVED:
		w->encoder.left->events[ev->type]++;
		break;
	case EV_LOSS:
	case EV_NOTE:
	case EV_ALERT:
		lists_end(w);
		add_note(w, ev);
		break;
	case EV_CONTAINER:
		if (EV(ev, CONTAINER, json)->state != VALUE_SET) {
			w->encoder.left->events[ev->type]++;
			break;
		}
		add_event(w, ev);
		break;
	case EV_SNAP_USER:
	case EV_SNAP_GROUP:
		add_event(w, ev);
		break;
	default:
		lists_end(w);
		add_event(w, ev);
	}
	return w->out.len >= PORTION ? flush(w) : 0;
}

int scap_flush(struct scap_writer *w)
{
	return w->lists_open ? 0 : flush(w);
}

/* ---- what was left out ---- */

static void tell_params(const uint64_t (*n)[EVENT_PARAMS_MAX], enum scap_left_kind kind,
			scap_left_fn *tell, void *arg)
{
	for (unsigned i = EV_UNKNOWN + 1; i < EV__N; i++)
		for (unsigned k = 0; k < catalog[i].n_params; k++)
			if (n[i][k])
				tell(kind, catalog[i].name, catalog[i].params[k].name, n[i][k],
				     arg);
}

void scap_write_left(const struct scap_writer *w, scap_left_fn *tell, void *arg)
{
	const struct scap_left *left = w->encoder.left;

	for (unsigned i = 0; i < EV__N; i++)
		if (left->events[i])
			tell(SCAP_LEFT_EVENT, catalog[i].name, NULL, left->events[i], arg);
	tell_params(left->values, SCAP_LEFT_VALUE, tell, arg);
	tell_params(left->flags, SCAP_LEFT_FLAGS, tell, arg);
}

/* ---- opening and closing ---- */

static void release(struct scap_writer *w)
{
	scap_lists_release(&w->lists);
	arena_release(&w->encoder.codes.arena);
	free(w->encoder.left);
	free(w->encoder.ignored);
	buf_release(&w->out);
	buf_release(&w->held);
	free(w);
}

struct scap_writer *scap_create(const char *path, bool force, unsigned how,
				const struct source_info *info)
{
	struct scap_file *file = scap_file_open(path, force, how & SCAP_GZIP);
	struct scap_writer *w;

	if (!file)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->file = file;
	w->encoder.left = xcalloc(1, sizeof(*w->encoder.left));
	w->encoder.ignored = xcalloc(1, sizeof(*w->encoder.ignored));
	w->encoder.arch = info->arch;
	w->encoder.pairs = !(how & SCAP_EXIT_ONLY);
	w->lists.old = w->encoder.pairs;
	w->lists.left = w->encoder.left;
	section(w);
	return w;
}

const struct scap_write_stats *scap_write_stats(const struct scap_writer *w)
{
	struct scap_writer *changing = (struct scap_writer *)w;

	changing->stats.stored_bytes = scap_file_size(w->file);
	return &w->stats;
}

int scap_finish(struct scap_writer *w, uint64_t *stored)
{
	int r, e;

	lists_end(w);
	r = flush(w);
	e = scap_file_close(w->file, stored);
	release(w);
	return r < 0 ? r : e;
}
