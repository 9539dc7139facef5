/* SPDX-License-Identifier: Apache-2.0 */
/* A .scap file being written: section header, lists of the snapshot, events.  The
 * lists are held back until the snapshot ends, for their blocks come in a fixed order. */
#include "capture/trace/scap_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/trace/scap_out.h"

enum { FLUSH_AT = 1 << 18, OUT = 1 << 16 };

struct scap_writer {
	int fd;
	bool gzip, pairs, failed, lists_open;
	char *path;
	enum arch arch;
	struct buf out;			/* blocks that are not written yet */
	struct buf held;		/* events from before the lists were complete */
	struct scap_lists lists;
	struct scap_codes codes;
	struct scap_write_stats stats;
	z_stream z;
	uint8_t deflated[OUT];
};

/* ---- bytes ---- */

static int write_all(struct scap_writer *w, const uint8_t *p, size_t n)
{
	while (n) {
		const ssize_t done = write(w->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			w->failed = true;
			return err_sys("cannot write %s", w->path);
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int deflate_all(struct scap_writer *w, int how)
{
	int r;

	w->z.next_in = w->out.p;
	w->z.avail_in = (uInt)w->out.len;
	do {
		w->z.next_out = w->deflated;
		w->z.avail_out = OUT;
		deflate(&w->z, how);
		r = write_all(w, w->deflated, OUT - w->z.avail_out);
	} while (r == 0 && w->z.avail_out == 0);
	return r;
}

static int flush(struct scap_writer *w, bool last)
{
	int r;

	if (w->failed)
		return err(ERR_SYSTEM, "cannot write %s", w->path);
	w->stats.n_bytes += w->out.len;
	r = w->gzip ? deflate_all(w, last ? Z_FINISH : Z_NO_FLUSH)
		    : write_all(w, w->out.p, w->out.len);
	buf_reset(&w->out);
	return r;
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

static void note(struct scap_writer *w, const struct event *ev, const char *id,
		 const struct value *text)
{
	if (text->state == VALUE_SET)
		scap_encode_note(ev, id, (const char *)text->p, text->len, &w->out);
}

static void add_note(struct scap_writer *w, const struct event *ev)
{
	struct value lost;
	char text[64];
	int len;

	switch (ev->type) {
	case EV_LOSS:
		len = snprintf(text, sizeof(text), "%llu events lost",
			       (unsigned long long)value_u64(EV(ev, LOSS, count), 0));
		value_bytes(&lost, text, (size_t)len);
		note(w, ev, "saker.loss", &lost);
		break;
	case EV_NOTE:
		note(w, ev, "saker.note", EV(ev, NOTE, text));
		break;
	case EV_ALERT:
		note(w, ev, "saker.alert", EV(ev, ALERT, output));
		break;
	}
}

static void add_event(struct scap_writer *w, const struct event *ev)
{
	const int r = scap_encode(&w->codes, w->arch, w->pairs, ev,
				  w->lists_open ? &w->held : &w->out);

	if (r < 0) {
		w->stats.n_left_out += !event_is_pseudo(ev);
		return;
	}
	w->stats.n_events++;
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
		break;		/* the format has no place for mounts */
	case EV_LOSS:
	case EV_NOTE:
	case EV_ALERT:
		lists_end(w);
		add_note(w, ev);
		break;
	case EV_CONTAINER:
		add_event(w, ev);
		break;
	default:
		lists_end(w);
		add_event(w, ev);
	}
	return w->out.len >= FLUSH_AT ? flush(w, false) : 0;
}

/* ---- opening and closing ---- */

static void release(struct scap_writer *w)
{
	if (w->gzip)
		deflateEnd(&w->z);
	if (w->fd >= 0)
		close(w->fd);
	scap_lists_release(&w->lists);
	arena_release(&w->codes.arena);
	buf_release(&w->out);
	buf_release(&w->held);
	free(w->path);
	free(w);
}

struct scap_writer *scap_create(const char *path, bool force, unsigned how,
				const struct source_info *info)
{
	struct scap_writer *w = xcalloc(1, sizeof(*w));

	w->path = xstrdup(path);
	w->arch = info->arch;
	w->fd = output_create(path, force);
	if (w->fd < 0)
		goto fail;
	if (how & SCAP_GZIP &&
	    deflateInit2(&w->z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0) != Z_OK) {
		err(ERR_SYSTEM, "cannot start to compress %s", path);
		goto fail;
	}
	w->gzip = how & SCAP_GZIP;
	w->pairs = w->lists.old = how & SCAP_PAIRS;
	section(w);
	return w;
fail:
	release(w);
	return NULL;
}

const struct scap_write_stats *scap_write_stats(const struct scap_writer *w)
{
	return &w->stats;
}

int scap_finish(struct scap_writer *w)
{
	int r = 0;

	lists_end(w);
	if (w->out.len || w->gzip)
		r = flush(w, true);
	if (r == 0 && fsync(w->fd) < 0 && errno != EINVAL && errno != EROFS)
		r = err_sys("cannot write %s", w->path);
	release(w);
	return r;
}
