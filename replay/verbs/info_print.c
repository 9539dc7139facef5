/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/verbs/info.h"

#include <inttypes.h>
#include <string.h>

#include "capture/base/quote.h"
#include "capture/base/timearg.h"
#include "capture/trace/scap_count.h"

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

static void put_file(struct buf *b, const struct info_facts *f)
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
		buf_printf(b, "\nblocks      %" PRIu64 ", of which %" PRIu64 " key frame%s",
			   f->n_blocks, f->n_keys, f->n_keys == 1 ? "" : "s");
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

static void put_sums(struct buf *b, const struct info_facts *f)
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
			buf_printf(b, "%s%" PRIu64 " %s", lost++ ? ", " : "", f->lost[i],
				   class_name(i));
	buf_printf(b, "%s\n%sevents      %" PRIu64 "\n", lost ? "" : "nothing",
		   f->timed ? "latency     known of calls (evt.latency)\n" : "",
		   f->in->info.n_events);
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

static void json_counts(struct buf *b, const struct info_facts *f)
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

void info_json(struct buf *b, const struct info_facts *f)
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
	buf_printf(b, ",\"latency\":%s", f->timed ? "true" : "false");
	json_counts(b, f);
	if (scap_counts(f->in))
		info_scap_json(b, scap_counts(f->in));
	json_number(b, "damaged_places", f->in->damage.n_places);
	buf_str(b, "}\n");
}

void info_text(struct buf *b, const struct info_facts *f)
{
	put_file(b, f);
	put_host(b, &f->in->info);
	put_times(b, &f->in->info);
	if (scap_counts(f->in))
		info_scap_text(b, scap_counts(f->in));
	put_sums(b, f);
}
