/* SPDX-License-Identifier: Apache-2.0 */
/* saker info: what a recording is and what is in it, in sum.  A .skr with its index is
 * not read for this, but for the system calls without rows of their own, of which the index
 * does not know the names; anything else is read from its start to its end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"
#include "replay/verbs/info.h"
#include "replay/verbs/verbs.h"

enum { O_JSON, O_QUIET };

static const struct opt opts[] = {
	{ O_JSON, 'j', "json", NULL, "as a JSON object" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress" },
};

static const struct opt_spec spec = {
	"info", "[options] FILE", "describe a recording", OPTS(opts),
	"0 done; 2 failure; 3 the recording is damaged or cut.",
};

/* ---- gathering ---- */

static void add_type(struct info_facts *f, const char *name, uint64_t n)
{
	for (unsigned i = 0; i < f->n_types; i++) {
		if (strcmp(f->types[i].name, name) == 0) {
			f->types[i].n += n;
			return;
		}
	}
	if (n && f->n_types < INFO_TYPES_MAX)
		f->types[f->n_types++] = (struct info_count){ arena_str(&f->mem, name), n };
}

static int by_count(const void *a, const void *b)
{
	const struct info_count *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static void add_container(struct info_facts *f, const struct value *id)
{
	char *text;

	if (id->state != VALUE_SET || id->len == 0 || f->n_containers == INFO_CONTAINERS_MAX)
		return;
	text = arena_strn(&f->mem, id->p, id->len);
	for (unsigned i = 0; i < f->n_containers; i++)
		if (strcmp(f->containers[i], text) == 0)
			return;
	f->containers[f->n_containers++] = text;
}

static void take_index(struct info_facts *f, const struct index *x, const struct dict *dict)
{
	for (unsigned i = 0; dict && i < 64 * SET_WORDS; i++)
		if (x->count[i] && dict->event[i].desc && !(dict->event[i].desc->flags & EF_PSEUDO)
		    && dict->event[i].desc->id != EV_GENERIC)
			add_type(f, dict->event[i].desc->name, x->count[i]);
	memcpy(f->lost, x->lost, sizeof(f->lost));
	f->n_processes = x->n_processes;
	f->n_threads = x->n_threads;
}

static void take_blocks(struct info_facts *f, const struct index *x)
{
	f->n_blocks = x->n;
	for (size_t i = 0; i < x->n; i++) {
		f->raw += x->entry[i].raw;
		f->timed |= x->entry[i].flags & BLOCK_TIMED;
		f->n_keys += x->entry[i].kind == BLOCK_STATE && x->entry[i].flags & BLOCK_FIRST;
	}
}

/* Numbers that were seen, as bits. */
struct seen {
	uint64_t *bits;
	uint64_t n;
};

static void seen_add(struct seen *s, uint32_t id)
{
	enum { IDS = 1 << 22 };

	if (!s->bits)
		s->bits = xcalloc(IDS / 64, sizeof(*s->bits));
	if (!id || id >= IDS || s->bits[id / 64] >> id % 64 & 1)
		return;
	s->bits[id / 64] |= UINT64_C(1) << id % 64;
	s->n++;
}

static void take_pseudo(struct info_facts *f, const struct event *ev, bool sums)
{
	if (ev->type == EV_CONTAINER)
		add_container(f, EV(ev, CONTAINER, id));
	if (ev->type == EV_LOSS && !sums) {
		const uint64_t class = value_u64(EV(ev, LOSS, class), 0);

		f->lost[class < LOSS_CLASSES ? class : 0] += value_u64(EV(ev, LOSS, count), 0);
	}
}

enum { CALLS = 1 << 16 };

/* Calls without rows of their own, by their number. */
static void take_calls(struct info_facts *f, const uint64_t *calls)
{
	for (unsigned nr = 0; nr < CALLS; nr++) {
		const struct syscall_desc *call = syscall_by_nr(f->in->info.arch, nr);

		if (calls[nr])
			add_type(f, call ? call->name : catalog[EV_GENERIC].name, calls[nr]);
	}
}

/* Falco's useradded, for one, is one of our types but not called so. */
static bool has_own_name(const struct event *ev)
{
	return ev->desc != &catalog[ev->type] && ev->type != EV_GENERIC
		&& strcmp(ev->desc->name, catalog[ev->type].name);
}

/* Reads the events; of a recording with sums only pseudo events and generic ones. */
static int read_events(struct info_facts *f, bool sums, struct progress *p)
{
	static struct event ev;
	struct source_info *info = &f->in->info;
	struct event_set want = {0};
	struct seen pids = {0}, tids = {0};
	uint64_t *counts = xcalloc(EV__N, sizeof(*counts)), n = 0;
	uint64_t *calls = xcalloc(CALLS, sizeof(*calls));
	int r;

	if (!sums)
		event_set_fill(&want);
	event_set_add(&want, EV_GENERIC);
	source_want(f->in, &want, false);
	while ((r = source_next(f->in, &ev)) == 0) {
		if (event_is_pseudo(&ev)) {
			take_pseudo(f, &ev, sums);
			continue;
		}
		f->timed |= ev.latency != 0;
		if (ev.type == EV_UNKNOWN || has_own_name(&ev))
			add_type(f, ev.desc->name, 1);
		else if (ev.type == EV_GENERIC)
			calls[ev.nr]++;
		else
			counts[ev.type]++;
		seen_add(&pids, ev.pid);
		seen_add(&tids, ev.tid);
		n++;
		if (!info->first_ts || ev.ts < info->first_ts)
			info->first_ts = ev.ts;
		if (ev.ts > info->last_ts)
			info->last_ts = ev.ts;
		if (n % 65536 == 0)
			progress_step(p, f->in->bytes_done, info->size, "reading");
	}
	for (unsigned i = 1; i < EV__N; i++)
		if (counts[i])
			add_type(f, catalog[i].name, counts[i]);
	take_calls(f, calls);
	if (!sums) {
		info->n_events = n;
		f->n_processes = pids.n;
		f->n_threads = tids.n;
	}
	free(counts);
	free(calls);
	free(pids.bits);
	free(tids.bits);
	return r < 0 ? r : 0;
}

static int gather(struct info_facts *f, bool quiet)
{
	const struct index *x = skr_index(f->in);
	const bool sums = x && x->has_sums;
	struct progress p;
	int r;

	if (x)
		take_blocks(f, x);
	progress_begin(&p, quiet);
	r = read_events(f, sums, &p);
	progress_end(&p);
	if (sums)	/* now, because the last dictionary has all types */
		take_index(f, x, skr_dict(f->in));
	qsort(f->types, f->n_types, sizeof(f->types[0]), by_count);
	return r;
}

static int print(const struct info_facts *f, bool json)
{
	struct buf b = {0};
	int r;

	if (json)
		info_json(&b, f);
	else
		info_text(&b, f);
	r = fwrite(b.p, 1, b.len, stdout) != b.len || fflush(stdout) == EOF
		? err_sys("standard output") : 0;
	buf_release(&b);
	return r;
}

static int info(const char *path, bool json, bool quiet)
{
	static struct info_facts f;
	int status = EXIT_DONE;

	f.in = source_open(path);
	time_utc_offset();
	if (!f.in || sandbox_enter(SANDBOX_PLAIN) < 0 || gather(&f, quiet) < 0
	    || print(&f, json) < 0) {
		err_print();
		status = EXIT_FAILED;
	} else if (f.in->damage.n_places) {
		warn("%s: %s", path, f.in->damage.first);
		status = EXIT_DAMAGED;
	}
	source_close(f.in);
	arena_release(&f.mem);
	return status;
}

int verb_info(int argc, char **argv)
{
	bool json = false, quiet = false;
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0) {
		json |= key == O_JSON;
		quiet |= key == O_QUIET;
	}
	if (key != OPT_END)
		return opt_status(key);
	if (argc - p.first != 1)
		return opt_usage_error(&spec, "one recording is needed, %d were given",
				       argc - p.first);
	return info(argv[p.first], json, quiet);
}
