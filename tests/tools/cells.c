/* SPDX-License-Identifier: Apache-2.0 */
/* All tables of saker browse over a recording with exact numbers, for tests/browse-truth.t:
 *   cells [-j THREADS] [-r RULES] [-v VIEWS] [-n] FILE [FILTER]
 * For each view a line "view" with its definition, a line for each row with what its cells have
 * and the filter of its events, and a line "end".
 * -n: the views are asked for at once, not when the first pass is through. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/model/links.h"
#include "analyze/browse/model/query.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "tests/tools/load_rules.h"

static struct field_env env = { .hostname = "test-host", .source = "syscall" };
static struct views views;
static const char *const kinds[] = { "table", "tree", "events", "alerts", "spectrum" };

static void wait_change(struct browse *b)
{
	struct pollfd p = { .fd = browse_fd(b), .events = POLLIN };

	poll(&p, 1, 20);
	browse_changed(b);
}

static void wait_base(struct browse *b)
{
	struct browse_progress p;

	for (;;) {
		browse_progress(b, &p);
		if (p.complete)
			return;
		wait_change(b);
	}
}

static void put_text(struct buf *out, const char *p, size_t len)
{
	buf_byte(out, '"');
	quote_json(out, p, len);
	buf_byte(out, '"');
}

static void put_name(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "\"%s\":", name);
	put_text(out, text, strlen(text));
}

static void put_view(struct buf *out, const struct view *v)
{
	buf_byte(out, '{');
	put_name(out, "view", v->id);
	buf_byte(out, ',');
	put_name(out, "kind", kinds[v->kind]);
	buf_byte(out, ',');
	put_name(out, "filter", v->filter);
	buf_str(out, ",\"keys\":[");
	for (unsigned i = 0; i < v->n_keys; i++) {
		buf_str(out, i ? "," : "");
		put_text(out, v->keys[i], strlen(v->keys[i]));
	}
	buf_str(out, "],\"columns\":[");
	for (unsigned i = 0; i < v->n_columns; i++) {
		const struct view_column *c = &v->columns[i];

		buf_str(out, i ? ",{" : "{");
		put_name(out, "name", c->name);
		buf_byte(out, ',');
		put_name(out, "gather", gather_name[c->gather]);
		buf_byte(out, ',');
		put_name(out, "field", c->field ? c->field : "");
		buf_printf(out, ",\"text\":%d}", c->unit == UNIT_TEXT);
	}
	buf_str(out, "]}\n");
}

static void put_cell(struct buf *out, const struct datum *d)
{
	if (!d->known)
		buf_str(out, "null");
	else if (d->text)
		put_text(out, d->text, d->len);
	else if (d->is_signed)
		buf_i64_dec(out, (int64_t)d->u);
	else
		buf_u64_dec(out, d->u);
}

/* Of the link to the row's own events; constants in it have no line ends. */
static const char *events_filter(const struct link *links, unsigned n)
{
	for (unsigned i = 0; i < n && i < 2; i++)
		if (!links[i].alone && strcmp(links[i].view, "events") == 0)
			return links[i].filter;
	return "";
}

static void put_row(struct buf *out, const struct view *v, struct query *q,
		    const struct query_row *r)
{
	struct link links[LINKS_MAX];
	struct arena a = {0};
	const unsigned n = query_links(q, r->id, links, &a);

	buf_byte(out, '[');
	for (unsigned c = 0; c < v->n_columns; c++) {
		buf_str(out, c ? "," : "");
		put_cell(out, &r->cells[c]);
	}
	buf_str(out, "]\t");
	buf_str(out, events_filter(links, n));
	buf_byte(out, '\n');
	arena_release(&a);
}

static void print_view(struct browse *b, const struct view *v, const struct focus *f)
{
	struct query *q = query_open(b, v, f);
	struct query_rows rows = {0};
	struct query_status st;
	struct buf out = {0};

	put_view(&out, v);
	if (!q) {
		err_print();
		exit(EXIT_FAILED);
	}
	for (query_status(q, &st); !st.complete && !st.failed; query_status(q, &st))
		wait_change(b);
	query_rows(q, 0, SIZE_MAX / 2, &rows);
	for (size_t i = 0; i < rows.n; i++)
		if (!rows.v[i].beside)
			put_row(&out, v, q, &rows.v[i]);
	buf_printf(&out, "{\"end\":%zu,\"events\":%" PRIu64 ",\"left_out\":%" PRIu64 "}\n",
		   rows.n_all, st.n_events, st.n_evicted);
	fwrite(out.p, 1, out.len, stdout);
	query_rows_release(&rows);
	buf_release(&out);
	query_close(q);
}

int main(int argc, char **argv)
{
	struct browse_options o = { .env = &env, .views = &views };
	struct focus f = { .to = UINT64_MAX };
	struct ruleset *rules = NULL;
	bool at_once = false;
	struct browse *b;
	int c;

	views_init(&views);
	while ((c = getopt(argc, argv, "j:r:v:n")) != -1)
		if (c == 'j')
			o.threads = (unsigned)atoi(optarg);
		else if (c == 'v' && views_load(&views, optarg) < 0)
			return EXIT_FAILED;
		else if (c == 'v')
			continue;
		else if (c == 'r')
			o.rules = rules = load_rules(optarg);
		else if (c == 'n')
			at_once = true;
		else
			return EXIT_FAILED;
	if (argc <= optind)
		return EXIT_FAILED;
	o.path = argv[optind];
	if (argc > optind + 1)
		f.filters[f.n++] = argv[optind + 1];
	b = browse_open(&o);
	if (!b) {
		err_print();
		return EXIT_FAILED;
	}
	if (!at_once)
		wait_base(b);
	for (size_t i = 0; i < views.n; i++)
		if (views.v[i]->kind != VIEW_EVENTS && (views.v[i]->kind != VIEW_ALERTS || rules))
			print_view(b, views.v[i], &f);
	browse_close(b);
	ruleset_free(rules);
	views_release(&views);
	return EXIT_DONE;
}
