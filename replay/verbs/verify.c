/* SPDX-License-Identifier: Apache-2.0 */
/* saker verify: is a recording what its writer wrote?  A .scap has neither checksums nor
 * digests, but for those of gzip: of it the blocks, the lists and the lengths in events must
 * fit each other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/opt.h"
#include "capture/base/progress.h"
#include "capture/base/quote.h"
#include "capture/base/sandbox.h"
#include "capture/trace/format.h"
#include "capture/trace/scap_count.h"
#include "capture/trace/skr.h"
#include "replay/verbs/verbs.h"

enum { O_JSON, O_QUIET };

static const struct opt opts[] = {
	{ O_JSON, 'j', "json", NULL, "the result as a JSON object" },
	{ O_QUIET, 'q', "quiet", NULL, "no progress; say nothing about what is intact" },
};

static const struct opt_spec spec = {
	"verify", "[options] FILE...", "check the integrity of recordings", OPTS(opts),
	"0 intact; 2 cannot be read; 3 damaged.",
};

struct report {
	const char *path;
	bool json, quiet, damaged;
	struct buf out;
};

static void on_progress(void *arg, uint64_t done, uint64_t size)
{
	progress_step(arg, done, size, "verifying");
}

static void put_digest(struct buf *out, const uint8_t digest[DIGEST_LEN])
{
	for (unsigned i = 0; i < DIGEST_LEN; i++)
		buf_printf(out, "%02x", digest[i]);
}

static void put_json(struct buf *out, const char *path, const struct verify_report *r)
{
	const struct source_damage *d = &r->damage;

	buf_str(out, "{\"file\":\"");
	quote_json(out, path, strlen(path));
	buf_printf(out, "\",\"intact\":%s,\"blocks\":%" PRIu64 ",\"events\":%" PRIu64
		   ",\"key_frames\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"digest\":\"",
		   d->n_places ? "false" : "true", r->n_blocks, r->n_events, r->n_keys, r->bytes);
	put_digest(out, r->digest);
	buf_printf(out, "\",\"damaged_places\":%" PRIu64 ",\"lost_bytes\":%" PRIu64
		   ",\"lost_blocks\":%" PRIu64 ",\"lost_events\":%" PRIu64 ",\"cut\":%s",
		   d->n_places, d->lost_bytes, d->lost_blocks, r->lost_events,
		   d->cut ? "true" : "false");
	if (d->n_places) {
		buf_str(out, ",\"first_damage\":\"");
		quote_json(out, d->first, strlen(d->first));
		buf_byte(out, '"');
	}
	buf_str(out, "}\n");
}

static void put_counts(struct buf *out, const struct verify_report *r)
{
	buf_printf(out, "%" PRIu64 " events in %" PRIu64 " blocks, %" PRIu64 " key frames, %" PRIu64
		   " bytes", r->n_events, r->n_blocks, r->n_keys, r->bytes);
}

static void put_text(struct buf *out, const char *path, const struct verify_report *r)
{
	const struct source_damage *d = &r->damage;

	quote_terminal_buf(out, path, strlen(path));
	if (!d->n_places) {
		buf_str(out, ": intact: ");
		put_counts(out, r);
		buf_str(out, "\n  digest ");
		put_digest(out, r->digest);
	} else {
		buf_str(out, ": damaged: ");
		quote_terminal_buf(out, d->first, strlen(d->first));
		buf_printf(out, "\n  %" PRIu64 " place%s, %" PRIu64 " bytes and %" PRIu64
			   " blocks lost, %" PRIu64
			   " events missing between good blocks%s\n  good: ",
			   d->n_places, d->n_places == 1 ? "" : "s", d->lost_bytes, d->lost_blocks,
			   r->lost_events, d->cut ? ", cut at the end" : "");
		put_counts(out, r);
	}
	buf_byte(out, '\n');
}

/* ---- .scap ---- */

static void put_scap_json(struct buf *out, const char *path, const struct source_damage *d,
			  const struct scap_counts *c)
{
	buf_str(out, "{\"file\":\"");
	quote_json(out, path, strlen(path));
	buf_printf(out, "\",\"format\":\"scap\",\"gzip\":%s,\"intact\":%s"
		   ",\"sections\":%" PRIu64
		   ",\"blocks\":%" PRIu64 ",\"unknown_blocks\":%" PRIu64 ",\"events\":%" PRIu64
		   ",\"damaged_events\":%" PRIu64 ",\"bytes\":%" PRIu64
		   ",\"damaged_places\":%" PRIu64 ",\"lost_bytes\":%" PRIu64 ",\"cut\":%s",
		   c->gzip ? "true" : "false", d->n_places ? "false" : "true", c->n_sections,
		   c->n_blocks, c->n_unknown_blocks, c->n_events, c->n_damaged, c->bytes,
		   d->n_places, d->lost_bytes, d->cut ? "true" : "false");
	if (d->n_places) {
		buf_str(out, ",\"first_damage\":\"");
		quote_json(out, d->first, strlen(d->first));
		buf_byte(out, '"');
	}
	buf_str(out, "}\n");
}

static void put_scap_text(struct buf *out, const char *path, const struct source_damage *d,
			  const struct scap_counts *c)
{
	quote_terminal_buf(out, path, strlen(path));
	if (!d->n_places) {
		buf_str(out, ": no damage found (a .scap has no checksums): ");
	} else {
		buf_str(out, ": damaged: ");
		quote_terminal_buf(out, d->first, strlen(d->first));
		buf_printf(out, "\n  %" PRIu64 " place%s, %" PRIu64 " bytes lost%s\n  good: ",
			   d->n_places, d->n_places == 1 ? "" : "s", d->lost_bytes,
			   d->cut ? ", cut at the end" : "");
	}
	buf_printf(out, "%" PRIu64 " events in %" PRIu64 " blocks and %" PRIu64
		   " section%s, %" PRIu64 " bytes%s\n", c->n_events - c->n_damaged,
		   c->n_blocks, c->n_sections,
		   c->n_sections == 1 ? "" : "s", c->bytes, c->gzip ? " after inflating" : "");
}

static int verify_scap(struct input *in, struct report *to, struct progress *p)
{
	static struct event ev;
	struct source *s = scap_open_input(in, to->path);
	int r = -ERR_FORMAT;

	while (s && (r = source_next(s, &ev)) == 0)
		on_progress(p, s->bytes_done, s->info.size);
	if (r == 1 && to->json)
		put_scap_json(&to->out, to->path, &s->damage, scap_counts(s));
	else if (r == 1 && (!to->quiet || s->damage.n_places))
		put_scap_text(&to->out, to->path, &s->damage, scap_counts(s));
	to->damaged = s && s->damage.n_places;
	source_close(s);
	return r < 0 ? r : 0;
}

/* ---- any ---- */

static int verify_skr(struct input *in, struct report *to, struct progress *p)
{
	struct verify_report r;
	const int e = skr_verify(in, &r, on_progress, p);

	if (e < 0)
		return e;
	to->damaged = r.damage.n_places;
	if (to->json)
		put_json(&to->out, to->path, &r);
	else if (!to->quiet || to->damaged)
		put_text(&to->out, to->path, &r);
	return 0;
}

static int verify_one(struct input *in, const char *path, bool json, bool quiet)
{
	struct report to = { .path = path, .json = json, .quiet = quiet };
	struct progress p;
	int e = trace_format(in);

	progress_begin(&p, quiet);
	if (e >= 0)
		e = e == TRACE_SCAP ? verify_scap(in, &to, &p) : verify_skr(in, &to, &p);
	progress_end(&p);
	if (e < 0) {
		err_at("%s", path);
		err_print();
		buf_release(&to.out);
		return EXIT_FAILED;
	}
	if (to.out.len)
		fwrite(to.out.p, 1, to.out.len, stdout);
	buf_release(&to.out);
	return to.damaged ? EXIT_DAMAGED : EXIT_DONE;
}

enum { FILES_MAX = 64 };

static int worst(int a, int b)
{
	return a == EXIT_FAILED || b == EXIT_FAILED ? EXIT_FAILED : a > b ? a : b;
}

static int verify_all(char **paths, int n, bool json, bool quiet)
{
	struct input in[FILES_MAX];
	bool open[FILES_MAX];
	int status = EXIT_DONE;

	for (int i = 0; i < n; i++) {
		open[i] = input_open(&in[i], paths[i]) == 0;
		if (!open[i]) {
			err_print();
			status = EXIT_FAILED;
		}
	}
	if (sandbox_enter(SANDBOX_PLAIN) < 0) {
		err_print();
		status = EXIT_FAILED;
	} else {
		for (int i = 0; i < n; i++)
			if (open[i])
				status = worst(status, verify_one(&in[i], paths[i], json, quiet));
	}
	for (int i = 0; i < n; i++)
		if (open[i])
			input_close(&in[i]);
	if (fflush(stdout) == EOF) {
		err_sys("standard output");
		err_print();
		return EXIT_FAILED;
	}
	return status;
}

int verb_verify(int argc, char **argv)
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
	if (p.first == argc || argc - p.first > FILES_MAX)
		return opt_usage_error(&spec, "1 to %d recordings are needed", FILES_MAX);
	return verify_all(argv + p.first, argc - p.first, json, quiet);
}
