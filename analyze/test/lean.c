/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/test/lean.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "capture/base/err.h"
#include "capture/trace/writer.h"

enum { LEVEL = 19 };

/* A description, and what is used of it. */
struct lean_desc {
	const struct event_desc *from;
	struct event_desc desc;
	struct param_desc params[EVENT_PARAMS_MAX];
	bool used[EVENT_PARAMS_MAX];
};

struct lean {
	struct writer *w;
	struct lean_desc **v;
	size_t n, cap;
	uint64_t last_ts;
	XXH3_state_t *hash;
};

/* What writers look into themselves stays whole. */
static bool stays_whole(unsigned type)
{
	return type == EV_LOSS || type == EV_NOTE || type == EV_ALERT;
}

static struct lean_desc *find(struct lean *l, const struct event_desc *from)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->from == from)
			return l->v[i];
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(struct lean_desc *));
	l->v[l->n] = xcalloc(1, sizeof(struct lean_desc));
	l->v[l->n]->from = from;
	return l->v[l->n++];
}

static void hash_item(struct lean *l, const struct slice_item *it)
{
	const uint64_t head[4] = { it->num, it->ts, (uint64_t)it->tid << 32 | it->pid, it->type };

	XXH3_128bits_update(l->hash, head, sizeof(head));
	for (unsigned i = 0; i < it->n_params; i++) {
		const struct value *v = &it->v[i];
		const uint64_t number[2] = { v->state, v->state == VALUE_SET ? v->u : 0 };

		if (v->state == VALUE_SET && !type_is_number(it->desc->params[i].type))
			XXH3_128bits_update(l->hash, v->p, v->len);
		else
			XXH3_128bits_update(l->hash, number, sizeof(number));
	}
}

static void look_at(struct lean *l, const struct slice_item *it)
{
	struct lean_desc *d;

	hash_item(l, it);
	if (it->num && it->ts > l->last_ts)
		l->last_ts = it->ts;
	if (stays_whole(it->type))
		return;
	d = find(l, it->desc);
	for (unsigned i = 0; i < it->n_params; i++)
		d->used[i] |= it->v[i].state != VALUE_ABSENT;
}

static int learn(struct lean *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct lean_desc *d = l->v[i];

		d->desc = *d->from;
		d->desc.n_params = 0;
		d->desc.params = d->params;
		for (unsigned p = 0; p < d->from->n_params; p++)
			if (d->used[p])
				d->params[d->desc.n_params++] = d->from->params[p];
		if (writer_learn(l->w, EV_UNKNOWN, &d->desc) < 0)
			return -ERR_LIMIT;
	}
	return writer_learn(l->w, EV_NOTE, &catalog[EV_NOTE]);
}

static int add(struct lean *l, const struct slice_item *it)
{
	const struct lean_desc *d;
	struct event ev;
	unsigned n = 0;

	slice_event(it, &ev);
	if (stays_whole(it->type))
		return writer_add(l->w, &ev);
	d = find(l, it->desc);
	for (unsigned i = 0; i < it->n_params; i++)
		if (d->used[i])
			ev.v[n++] = it->v[i];
	ev.n_params = (uint16_t)n;
	ev.desc = &d->desc;
	return writer_add(l->w, &ev);
}

static int add_note(struct lean *l, const char *text)
{
	struct event ev;

	event_init(&ev, EV_NOTE);
	ev.ts = l->last_ts;
	value_bytes(&ev.v[P(NOTE, text)], text, strlen(text));
	return writer_add(l->w, &ev);
}

static int add_all(struct lean *l, const struct slice *s, const char *note)
{
	int r = learn(l);

	for (size_t i = 0; i < s->n && r == 0; i++)
		if (s->v[i].in)
			r = add(l, &s->v[i]);
	return r < 0 ? r : add_note(l, note);
}

static struct writer *open_writer(const struct lean *l, int fd, const struct source_info *info,
				  const char *note)
{
	struct writer_stamp stamp = { .created = l->last_ts };
	const struct writer_options opt = { .level = LEVEL, .lean = true, .stamp = &stamp };
	const int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	XXH128_canonical_t id;

	if (own < 0) {
		err_sys("cannot write");
		return NULL;
	}
	XXH3_128bits_update(l->hash, note, strlen(note));
	XXH128_canonicalFromHash(&id, XXH3_128bits_digest(l->hash));
	memcpy(stamp.id, id.digest, sizeof(stamp.id));
	return writer_open_fd(own, "the small recording", info, &opt);
}

int lean_write(const struct slice *s, int fd, const struct source_info *info, const char *note,
	       uint64_t *bytes)
{
	struct lean l = { .hash = XXH3_createState() };
	struct stat st;
	int r = -ERR_SYSTEM, e;

	XXH3_128bits_reset(l.hash);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].in)
			look_at(&l, &s->v[i]);
	l.w = open_writer(&l, fd, info, note);
	if (l.w) {
		r = add_all(&l, s, note);
		e = writer_close(l.w);
		r = r < 0 ? r : e;
	}
	if (r == 0 && fstat(fd, &st) < 0)
		r = err_sys("cannot write");
	*bytes = r == 0 ? (uint64_t)st.st_size : 0;
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i]);
	free(l.v);
	XXH3_freeState(l.hash);
	return r;
}
