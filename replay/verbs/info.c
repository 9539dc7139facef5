/* SPDX-License-Identifier: Apache-2.0 */
/* saker info: what a recording is and what is in it, in sum.  A .skr with its index is
 * not read for this; anything else is, from its start to its end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/quote.h"
#include "capture/base/sandbox.h"
#include "capture/base/timearg.h"
#include "capture/trace/skr.h"
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

enum { CONTAINERS_MAX = 1000, TYPES_MAX = 64 * SET_WORDS + EV__N };

struct count {
	const char *name;
	uint64_t n;
};

struct facts {
	struct source *in;
	struct count types[TYPES_MAX];
	unsigned n_types;
	uint64_t lost[LOSS_CLASSES], n_processes, n_threads, n_keys, n_blocks, raw;
	struct arena mem;
	const char *containers[CONTAINERS_MAX];
	unsigned n_containers;
};

/* ---- gathering ---- */

static void add_type(struct facts *f, const char *name, uint64_t n)
{
	for (unsigned i = 0; i < f->n_types; i++) {
		if (strcmp(f->types[i].name, name) == 0) {
			f->types[i].n += n;
			return;
		}
	}
	if (n && f->n_types < TYPES_MAX)
		f->types[f->n_types++] = (struct count){ arena_str(&f->mem, name), n };
}

static int by_count(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static void add_container(struct facts *f, const struct value *id)
{
	char *text;

	if (id->state != VALUE_SET || id->len == 0 || f->n_containers == CONTAINERS_MAX)
		return;
	text = arena_strn(&f->mem, id->p, id->len);
	for (unsigned i = 0; i < f->n_containers; i++)
		if (strcmp(f->containers[i], text) == 0)
			return;
	f->containers[f->n_containers++] = text;
}

static void take_index(struct facts *f, const struct index *x, const struct dict *dict)
{
	for (unsigned i = 0; dict && i < 64 * SET_WORDS; i++)
		if (x->count[i] && dict->event[i].desc && !(dict->event[i].desc->flags & EF_PSEUDO))
			add_type(f, dict->event[i].desc->name, x->count[i]);
	memcpy(f->lost, x->lost, sizeof(f->lost));
	f->n_processes = x->n_processes;
	f->n_threads = x->n_threads;
}

static void take_blocks(struct facts *f, const struct index *x)
{
	f->n_blocks = x->n;
	for (size_t i = 0; i < x->n; i++) {
		f->raw += x->entry[i].raw;
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

static void take_pseudo(struct facts *f, const struct event *ev, bool sums)
{
	if (ev->type == EV_CONTAINER)
		add_container(f, EV(ev, CONTAINER, id));
	if (ev->type == EV_LOSS && !sums) {
		const uint64_t class = value_u64(EV(ev, LOSS, class), 0);

		f->lost[class < LOSS_CLASSES ? class : 0] += value_u64(EV(ev, LOSS, count), 0);
	}
}

/* Reads the events; those of a recording with sums only where pseudo events are. */
static int read_events(struct facts *f, bool sums, struct progress *p)
{
	static struct event ev;
	struct source_info *info = &f->in->info;
	struct event_set want = {0};
	struct seen pids = {0}, tids = {0};
	uint64_t *counts = xcalloc(EV__N, sizeof(*counts)), n = 0;
	int r;

	if (!sums)
		event_set_fill(&want);
	source_want(f->in, &want, false);
	while ((r = source_next(f->in, &ev)) == 0) {
		if (event_is_pseudo(&ev)) {
			take_pseudo(f, &ev, sums);
			continue;
		}
		if (ev.type == EV_UNKNOWN)
			add_type(f, ev.desc->name, 1);
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
	if (!sums) {
		info->n_events = n;
		f->n_processes = pids.n;
		f->n_threads = tids.n;
	}
	free(counts);
	free(pids.bits);
	free(tids.bits);
	return r < 0 ? r : 0;
}

static int gather(struct facts *f, bool quiet)
{
	const struct index *x = skr_index(f->in);
	const bool sums = x && x->has_sums;
	struct progress p;
	int r;

	if (x)
		take_blocks(f, x);
	if (sums)
		take_index(f, x, skr_dict(f->in));
	progress_begin(&p, quiet);
	r = read_events(f, sums, &p);
	progress_end(&p);
	qsort(f->types, f->n_types, sizeof(f->types[0]), by_count);
	return r;
}

/* ---- printing ---- */

static void put_hex(struct buf *b, const uint8_t *p, size_t n)
{
	while (n--)
		buf_printf(b, "%02x", *p++);
}

static void put_safe(struct buf *b, const char *s)
{
	quote_terminal_buf(b, s && *s ? s : "?", s && *s ? strlen(s) : 1);
}

static const char *class_name(unsigned class)
{
	const struct flags_table *t = &flags_tables[FT_loss_class];

	for (unsigned i = 0; i < t->n; i++)
		if (t->flags[i].kernel == class)
			return t->flags[i].name;
	return "UNKNOWN";
}

static void put_size(struct buf *b, uint64_t n)
{
	static const char unit[][4] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	unsigned u = 0;

	for (; v >= 1024 && u < 4; u++)
		v /= 1024;
	buf_printf(b, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
}

static void put_file(struct buf *b, const struct facts *f)
{
	const struct source_info *i = &f->in->info;
	const uint8_t *id = skr_id(f->in);

	buf_str(b, "file        ");
	put_safe(b, i->path);
	buf_printf(b, " (%s", i->format);
	if (i->size) {
		buf_str(b, ", ");
		put_size(b, i->size);
	}
	if (i->size && i->n_events)
		buf_printf(b, ", %.2f bytes per event", (double)i->size / (double)i->n_events);
	if (i->size && f->raw)
		buf_printf(b, ", compressed %.1f : 1", (double)f->raw / (double)i->size);
	buf_str(b, ")\n");
	if (!id)
		return;
	buf_str(b, "recording   ");
	put_hex(b, id, 16);
	if (f->n_blocks) {
		buf_str(b, "\ndigest      ");
		put_hex(b, i->digest, sizeof(i->digest));
		buf_printf(b, "\nblocks      %" PRIu64 ", of which %" PRIu64 " key frame%s", f->n_blocks,
			   f->n_keys, f->n_keys == 1 ? "" : "s");
	}
	buf_byte(b, '\n');
}

static void put_host(struct buf *b, const struct source_info *i)
{
	buf_str(b, "host        ");
	put_safe(b, i->hostname);
	buf_str(b, ", kernel ");
	put_safe(b, i->kernel);
	buf_str(b, ", ");
	put_safe(b, i->arch_name);
	if (i->n_cpus)
		buf_printf(b, ", %" PRIu32 " CPUs", i->n_cpus);
	if (i->memory) {
		buf_str(b, ", ");
		put_size(b, i->memory);
	}
	buf_str(b, "\nwritten by  ");
	put_safe(b, i->writer);
	buf_byte(b, '\n');
}

static void put_times(struct buf *b, const struct source_info *i)
{
	const int64_t offset = time_utc_offset();
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX], span[TIME_TEXT_MAX];

	if (!i->first_ts)
		return;
	time_date(from, i->first_ts, offset, ' ');
	time_date(to, i->last_ts, offset, ' ');
	time_span(span, i->last_ts - i->first_ts);
	buf_printf(b, "from        %s\nto          %s (%s)\n", from, to, span);
}

static void put_sums(struct buf *b, const struct facts *f)
{
	uint64_t lost = 0;

	buf_printf(b, "processes   %" PRIu64 " (%" PRIu64 " threads) made calls\n", f->n_processes,
		   f->n_threads);
	buf_printf(b, "containers  %u", f->n_containers);
	for (unsigned i = 0; i < f->n_containers && i < 20; i++) {
		buf_str(b, i ? ", " : ": ");
		put_safe(b, f->containers[i]);
	}
	buf_str(b, f->n_containers > 20 ? ", ...\nlost        " : "\nlost        ");
	for (unsigned i = 0; i < LOSS_CLASSES; i++)
		if (f->lost[i])
			buf_printf(b, "%s%" PRIu64 " %s", lost++ ? ", " : "", f->lost[i], class_name(i));
	buf_printf(b, "%s\nevents      %" PRIu64 "\n", lost ? "" : "nothing", f->in->info.n_events);
	for (unsigned i = 0; i < f->n_types; i++) {
		buf_printf(b, "  %12" PRIu64 "  ", f->types[i].n);
		put_safe(b, f->types[i].name);
		buf_byte(b, '\n');
	}
}

static void json_text(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, ",\"%s\":\"", key);
	quote_json(b, value ? value : "", value ? strlen(value) : 0);
	buf_byte(b, '"');
}

static void json_number(struct buf *b, const char *key, uint64_t value)
{
	buf_printf(b, ",\"%s\":%" PRIu64, key, value);
}

static void json_counts(struct buf *b, const struct facts *f)
{
	const char *comma = "";

	buf_str(b, ",\"types\":{");
	for (unsigned i = 0; i < f->n_types; i++) {
		buf_printf(b, "%s\"", i ? "," : "");
		quote_json(b, f->types[i].name, strlen(f->types[i].name));
		buf_printf(b, "\":%" PRIu64, f->types[i].n);
	}
	buf_str(b, "},\"lost\":{");
	for (unsigned i = 0; i < LOSS_CLASSES; i++) {
		if (!f->lost[i])
			continue;
		buf_printf(b, "%s\"%s\":%" PRIu64, comma, class_name(i), f->lost[i]);
		comma = ",";
	}
	buf_str(b, "},\"containers\":[");
	for (unsigned i = 0; i < f->n_containers; i++) {
		buf_printf(b, "%s\"", i ? "," : "");
		quote_json(b, f->containers[i], strlen(f->containers[i]));
		buf_byte(b, '"');
	}
	buf_byte(b, ']');
}

static void put_json(struct buf *b, const struct facts *f)
{
	const struct source_info *i = &f->in->info;
	const uint8_t *id = skr_id(f->in);

	buf_str(b, "{\"file\":\"");
	quote_json(b, i->path, strlen(i->path));
	buf_byte(b, '"');
	json_text(b, "format", i->format);
	json_number(b, "size", i->size);
	if (id) {
		buf_str(b, ",\"recording\":\"");
		put_hex(b, id, 16);
		buf_str(b, "\",\"digest\":\"");
		put_hex(b, i->digest, sizeof(i->digest));
		buf_byte(b, '"');
	}
	json_text(b, "host", i->hostname);
	json_text(b, "kernel", i->kernel);
	json_text(b, "arch", i->arch_name);
	json_text(b, "writer", i->writer);
	json_number(b, "cpus", i->n_cpus);
	json_number(b, "memory", i->memory);
	json_number(b, "first_ns", i->first_ts);
	json_number(b, "last_ns", i->last_ts);
	json_number(b, "blocks", f->n_blocks);
	json_number(b, "key_frames", f->n_keys);
	json_number(b, "raw_bytes", f->raw);
	json_number(b, "processes", f->n_processes);
	json_number(b, "threads", f->n_threads);
	json_number(b, "events", i->n_events);
	json_counts(b, f);
	json_number(b, "damaged_places", f->in->damage.n_places);
	buf_str(b, "}\n");
}

static int print(const struct facts *f, bool json)
{
	struct buf b = {0};
	int r;

	if (json) {
		put_json(&b, f);
	} else {
		put_file(&b, f);
		put_host(&b, &f->in->info);
		put_times(&b, &f->in->info);
		put_sums(&b, f);
	}
	r = fwrite(b.p, 1, b.len, stdout) != b.len || fflush(stdout) == EOF
		? err_sys("standard output") : 0;
	buf_release(&b);
	return r;
}

static int info(const char *path, bool json, bool quiet)
{
	static struct facts f;
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
