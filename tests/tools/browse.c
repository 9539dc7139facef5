/* SPDX-License-Identifier: Apache-2.0 */
/* The model of saker browse without a terminal: prints a view of a recording, or how long things
 * take.
 *   browse FILE rows VIEW [FILTER]	all rows as lines with tabs
 *   browse FILE time			milliseconds of each view, of jumps; memory
 *   browse FILE all			all views and what they lead to, the same for any THREADS
 * Options before: -j THREADS, -r RULES. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/browse_all.h"
#include "tests/tools/load_rules.h"

static struct field_env env = { .hostname = "h", .source = "syscall" };
static struct views views;

static double ms(uint64_t since)
{
	return (double)(monotonic_ns() - since) / 1e6;
}

/* Of all threads: what the clock says only where nobody else works. */
static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void wait_change(struct browse *b)
{
	struct pollfd p = { .fd = browse_fd(b), .events = POLLIN };

	poll(&p, 1, 20);
	browse_changed(b);
}

static void wait_query(struct browse *b, struct query *q, struct query_status *st)
{
	for (;;) {
		query_status(q, st);
		if (st->complete || st->failed)
			return;
		wait_change(b);
	}
}

static void print_rows(struct browse *b, const struct view *v, struct query *q)
{
	struct query_rows rows = {0};
	struct query_status st;
	struct buf out = {0};

	wait_query(b, q, &st);
	query_rows(q, 0, SIZE_MAX / 2, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		for (unsigned d = 0; d < rows.v[i].depth; d++)
			buf_str(&out, "  ");
		for (unsigned c = 0; c < v->n_columns; c++) {
			if (c)
				buf_byte(&out, '\t');
			datum_text(&out, &rows.v[i].cells[c], v->columns[c].unit, 0, true);
		}
		buf_byte(&out, '\n');
	}
	fwrite(out.p, 1, out.len, stdout);
	printf("# %zu rows, %" PRIu64 " events, %" PRIu64 " rows left out%s%s\n", rows.n_all,
	       st.n_events, st.n_evicted, st.failed ? ", failed: " : "",
	       st.failed ? st.failed : "");
	query_rows_release(&rows);
	buf_release(&out);
}

static void print_events(struct browse *b, const struct view *v, const struct focus *f)
{
	struct events *e = events_open(b, v, f);
	struct event_window w = {0};
	struct place p = { .num = 1 };
	struct buf out = {0};

	if (!e) {
		err_print();
		return;
	}
	do {
		for (;;) {
			events_window(e, &p, 0, 500, &w);
			if (w.complete)
				break;
			wait_change(b);
		}
		for (size_t i = 0; i < w.n; i++) {
			for (unsigned c = 0; c < v->n_columns; c++) {
				if (c)
					buf_byte(&out, '\t');
				datum_text(&out, &w.v[i].cells[c], v->columns[c].unit, 0, true);
			}
			buf_byte(&out, '\n');
		}
		fwrite(out.p, 1, out.len, stdout);
		buf_reset(&out);
		if (w.n)
			p.num = w.v[w.n - 1].num + 1;
	} while (!w.end && w.n);
	events_close(e);
	event_window_release(&w);
	buf_release(&out);
}

static long memory(const char *what)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kb = atol(line + strlen(what) + 1);
	if (f)
		fclose(f);
	return kb;
}

static void time_view(struct browse *b, const struct view *v)
{
	const struct focus all = { .to = UINT64_MAX };
	const uint64_t began = monotonic_ns();
	const double cpu = cpu_ms();
	struct query *q = query_open(b, v, &all);
	struct query_status st = {0};
	double first = 0;

	if (!q) {
		printf("view %-16s %s\n", v->id, err_text());
		return;
	}
	while (!st.complete) {
		query_status(q, &st);
		if (!first && st.n_rows)
			first = ms(began);
		if (!st.complete)
			wait_change(b);
	}
	printf("view %-16s first %7.1f ms, all %7.1f ms, cpu %7.1f ms, %8zu rows, %6ld kB\n", v->id,
	       first, ms(began), cpu_ms() - cpu, st.n_rows, memory("VmRSS:"));
	query_close(q);
}

static void time_jumps(struct browse *b, const char *filter)
{
	const struct focus f = { .filters = { filter }, .n = filter ? 1 : 0, .to = UINT64_MAX };
	struct events *e = events_open(b, views_find(&views, "events"), &f);
	const struct source_info *info = browse_info(b);
	struct event_window w = {0};
	double worst = 0, sum = 0, seen_sum = 0;
	enum { JUMPS = 20 };

	for (unsigned i = 0; i < JUMPS; i++) {
		const uint64_t began = monotonic_ns();
		const uint64_t span = info->last_ts - info->first_ts;
		const struct place p = { .ts = info->first_ts + span / JUMPS * (i * 7 % JUMPS) };
		double took, seen = 0;

		for (;;) {
			events_window(e, &p, 20, 40, &w);
			if (w.at < w.n && !seen)
				seen = ms(began);
			if (w.complete)
				break;
			wait_change(b);
		}
		took = ms(began);
		seen_sum += seen;
		sum += took;
		worst = took > worst ? took : worst;
	}
	printf("jump to a time, %-20s seen after %.1f ms, all %.1f ms, worst %.1f ms\n",
	       filter ? filter : "all events", seen_sum / JUMPS, sum / JUMPS, worst);
	events_close(e);
	event_window_release(&w);
}

static void wait_base(struct browse *b, uint64_t began)
{
	struct browse_progress p;
	double first = 0;

	for (;;) {
		browse_progress(b, &p);
		if (!first && p.n_events)
			first = ms(began);
		if (p.complete)
			break;
		wait_change(b);
	}
	printf("first pass            first %7.1f ms, all %7.1f ms, cpu %7.1f ms, %" PRIu64
	       " events, %ld kB\n", first, ms(began), cpu_ms(), p.n_events, memory("VmRSS:"));
}

static void time_all(struct browse *b, uint64_t began)
{
	wait_base(b, began);
	for (size_t i = 0; i < views.n; i++)
		if (views.v[i]->kind != VIEW_EVENTS)
			time_view(b, views.v[i]);
	time_jumps(b, NULL);
	time_jumps(b, "evt.type = execve");
	time_jumps(b, "proc.name = sort");
	printf("memory: most %ld kB, anonymous %ld kB\n", memory("VmHWM:"), memory("RssAnon:"));
}

static void print_all(struct browse *b)
{
	struct all all = { .b = b, .views = &views, .which = UINT32_MAX, .print = true };

	all_look(&all);
	fwrite(all.text.p, 1, all.text.len, stdout);
	all_release(&all);
}

static int run(struct browse *b, int argc, char **argv, uint64_t began)
{
	const struct view *v = argc > 2 ? views_find(&views, argv[2]) : NULL;
	const struct focus f = { .filters = { argc > 3 ? argv[3] : NULL }, .n = argc > 3,
				 .to = UINT64_MAX };
	struct query *q;

	if (strcmp(argv[1], "time") == 0) {
		time_all(b, began);
		return 0;
	}
	if (strcmp(argv[1], "all") == 0) {
		print_all(b);
		return 0;
	}
	if (!v)
		return err(ERR_USAGE, "which view?");
	if (v->kind == VIEW_EVENTS) {
		print_events(b, v, &f);
		return 0;
	}
	q = query_open(b, v, &f);
	if (!q)
		return -ERR_RULE;
	print_rows(b, v, q);
	query_close(q);
	return 0;
}

int main(int argc, char **argv)
{
	struct browse_options o = { .env = &env, .views = &views };
	const uint64_t began = monotonic_ns();
	struct ruleset *rules = NULL;
	struct browse *b;
	int rc, c;

	while ((c = getopt(argc, argv, "j:r:")) != -1)
		if (c == 'j')
			o.threads = (unsigned)atoi(optarg);
		else if (c == 'r')
			o.rules = rules = load_rules(optarg);
		else
			return EXIT_FAILED;
	if (argc - optind < 2)
		return EXIT_FAILED;
	views_init(&views);
	o.path = argv[optind];
	b = browse_open(&o);
	rc = b ? run(b, argc - optind, argv + optind, began) : -1;
	if (rc < 0)
		err_print();
	browse_close(b);
	ruleset_free(rules);
	views_release(&views);
	return rc < 0 ? EXIT_FAILED : EXIT_DONE;
}
