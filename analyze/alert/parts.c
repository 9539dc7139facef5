/* SPDX-License-Identifier: Apache-2.0 */
/* Parts are runs of key frames, several per thread so that none waits long for another.
 * The part whose turn it is writes to the sinks directly; a later one keeps its lines.  When
 * it ends before its turn it leaves them behind, and its thread takes the next part: who
 * ends the part whose turn it is writes what follows.  A thread pauses when the lines become
 * many, so that memory stays bounded however much alerts. */
#include "analyze/alert/parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "capture/base/err.h"

enum { PARTS_PER_THREAD = 16, KEEP_MAX = 64 << 20, LOOK_EVERY = 4096 };

struct job {
	struct parts *parts;
	const struct detect_plan *plan;
	struct sink_set *sinks;
	struct progress *progress;
	unsigned n_parts, n_keys;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	unsigned next;			/* part that nobody has begun */
	unsigned writing;		/* part whose turn it is to write */
	struct buf *left;		/* by part: lines of those that ended before their turn */
	bool *ended;
	size_t kept;			/* bytes in left */
	uint64_t bytes_done;
	int failed;			/* first failure */
	char message[512];
	struct parts_result *out;
};

struct worker {
	struct job *job;
	struct source *source;
	struct detect detect;
	unsigned part;
	struct buf kept;		/* lines: priority, length, bytes */
	uint64_t bytes_told;
	pthread_t thread;
};

static void write_lines(struct sink_set *sinks, struct buf *kept)
{
	const uint8_t *p = kept->p, *end = p + kept->len;
	uint32_t head[2];

	for (; p < end; p += head[1]) {
		memcpy(head, p, sizeof(head));
		p += sizeof(head);
		sinks_line(sinks, head[0], (const char *)p, head[1]);
	}
	buf_reset(kept);
}

static void wait_turn(struct worker *w)
{
	struct job *j = w->job;

	pthread_mutex_lock(&j->lock);
	while (j->writing != w->part && !j->failed)
		pthread_cond_wait(&j->turn, &j->lock);
	pthread_mutex_unlock(&j->lock);
}

static bool my_turn(struct worker *w)
{
	return __atomic_load_n(&w->job->writing, __ATOMIC_ACQUIRE) == w->part;
}

static int on_alert(void *arg, const struct rule *r, uint64_t ts, uint64_t num,
		    const char *line, size_t len)
{
	struct worker *w = arg;
	const uint32_t head[2] = { r->priority, (uint32_t)len };

	if (w->kept.len >= KEEP_MAX)
		wait_turn(w);
	if (my_turn(w)) {
		if (w->kept.len > 0)
			write_lines(w->job->sinks, &w->kept);
		sinks_line(w->job->sinks, r->priority, line, len);
		return 0;
	}
	buf_put(&w->kept, head, sizeof(head));
	buf_put(&w->kept, line, len);
	return 0;
}

static void fail(struct job *j, int code)
{
	pthread_mutex_lock(&j->lock);
	if (!j->failed) {
		j->failed = code;
		snprintf(j->message, sizeof(j->message), "%s", err_text());
	}
	pthread_cond_broadcast(&j->turn);
	pthread_mutex_unlock(&j->lock);
}

static void tell_progress(struct worker *w)
{
	struct job *j = w->job;
	const uint64_t done = w->source->bytes_done - w->bytes_told;

	w->bytes_told = w->source->bytes_done;
	if (!j->progress->on)
		return;
	pthread_mutex_lock(&j->lock);
	j->bytes_done += done;
	progress_step(j->progress, j->bytes_done, w->source->info.size, j->parts->path);
	pthread_mutex_unlock(&j->lock);
}

static int read_events(struct worker *w)
{
	struct event ev;
	uint64_t n = 0;
	int rc;

	while ((rc = source_next(w->source, &ev)) == 0) {
		n += ev.num != 0;
		if (detect_event(&w->detect, &ev) < 0)
			return -ERR_SYSTEM;
		if (__builtin_expect(++w->detect.n_seen % LOOK_EVERY == 0, 0)) {
			tell_progress(w);
			if (__atomic_load_n(&w->job->failed, __ATOMIC_RELAXED))
				return 0;
		}
		if (detect_past(&w->detect, &ev))
			break;
	}
	w->detect.stats.n_events += n;
	return rc < 0 ? rc : 0;
}

static int run_part(struct worker *w)
{
	struct job *j = w->job;
	const unsigned from = (unsigned)((uint64_t)j->n_keys * w->part / j->n_parts);
	const unsigned to = (unsigned)((uint64_t)j->n_keys * (w->part + 1) / j->n_parts);
	const uint64_t skipped = w->source->n_skipped;
	int rc = 0;

	detect_reset(&w->detect);
	w->source->stop_key = to < j->n_keys ? to : 0;
	if (j->n_parts > 1)
		rc = source_seek_key(w->source, from);
	else if (j->plan->from > 0)
		rc = source_seek_ts(w->source, j->plan->from);
	w->bytes_told = w->source->bytes_done;
	if (rc >= 0)
		rc = read_events(w);
	w->detect.stats.n_events += w->source->n_skipped - skipped;
	if (rc >= 0 && detect_end(&w->detect, w->source->info.last_ts) < 0)
		rc = -ERR_SYSTEM;
	return rc;
}

/* Leaves the lines of a part whose turn has not come; false: it has, or they are many. */
static bool leave(struct worker *w)
{
	struct job *j = w->job;
	bool left;

	pthread_mutex_lock(&j->lock);
	left = j->writing != w->part && j->kept + w->kept.len <= KEEP_MAX;
	if (left) {
		j->kept += w->kept.len;
		j->left[w->part] = w->kept;
		j->ended[w->part] = true;
		w->kept = (struct buf){0};
	}
	pthread_mutex_unlock(&j->lock);
	return left;
}

/* The next part's turn: writes what was left until one comes that still runs. */
static void pass_turn(struct job *j)
{
	struct buf lines = {0};
	size_t written = 0;

	for (;;) {
		pthread_mutex_lock(&j->lock);
		j->kept -= written;
		__atomic_store_n(&j->writing, j->writing + 1, __ATOMIC_RELEASE);
		if (j->writing == j->n_parts || !j->ended[j->writing])
			break;
		buf_release(&lines);
		lines = j->left[j->writing];
		j->left[j->writing] = (struct buf){0};
		written = lines.len;
		pthread_mutex_unlock(&j->lock);
		write_lines(j->sinks, &lines);
	}
	pthread_cond_broadcast(&j->turn);
	pthread_mutex_unlock(&j->lock);
	buf_release(&lines);
}

static void end_part(struct worker *w)
{
	if (leave(w))
		return;
	wait_turn(w);
	if (w->job->failed)
		return;
	write_lines(w->job->sinks, &w->kept);
	pass_turn(w->job);
}

static bool take_part(struct worker *w)
{
	struct job *j = w->job;
	bool taken;

	pthread_mutex_lock(&j->lock);
	taken = j->next < j->n_parts && !j->failed;
	if (taken)
		w->part = j->next++;
	pthread_mutex_unlock(&j->lock);
	return taken;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (take_part(w)) {
		const int rc = run_part(w);

		if (rc < 0)
			fail(w->job, rc);
		end_part(w);
	}
	return NULL;
}

static void sum_up(struct worker *w)
{
	struct source_damage *all = &w->job->out->damage;
	const struct source_damage *one = &w->source->damage;

	detect_stats_add(&w->job->out->stats, &w->detect.stats);
	if (!all->first[0])
		memcpy(all->first, one->first, sizeof(all->first));
	all->n_places += one->n_places;
	all->lost_bytes += one->lost_bytes;
	all->lost_blocks += one->lost_blocks;
	all->cut |= one->cut;
}

static void run_workers(struct job *j, struct worker *workers, unsigned n)
{
	unsigned started = 1;

	for (; started < n; started++)
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
			break;
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
}

int parts_run(struct parts *p, const struct detect_plan *plan, struct sink_set *sinks,
	      struct progress *progress, struct parts_result *out)
{
	struct job j = { .parts = p, .plan = plan, .sinks = sinks, .progress = progress,
		.n_keys = source_n_keys(p->sources[0]), .out = out,
		.lock = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER };
	struct worker *workers = xcalloc(p->n, sizeof(*workers));
	unsigned ready = 0;

	*out = (struct parts_result){0};
	j.n_parts = p->n > 1 ? p->n * PARTS_PER_THREAD : 1;
	if (j.n_parts > j.n_keys)
		j.n_parts = j.n_keys > 0 ? j.n_keys : 1;
	j.left = xcalloc(j.n_parts, sizeof(*j.left));
	j.ended = xcalloc(j.n_parts, sizeof(*j.ended));
	for (; ready < p->n; ready++) {
		struct worker *w = &workers[ready];

		w->job = &j;
		w->source = p->sources[ready];
		detect_init(&w->detect, plan, on_alert, w);
		detect_want(&w->detect, w->source);
	}
	run_workers(&j, workers, ready);
	sinks_flush(sinks);
	for (unsigned i = 0; i < ready; i++) {
		sum_up(&workers[i]);
		detect_release(&workers[i].detect);
		buf_release(&workers[i].kept);
	}
	for (unsigned i = 0; i < j.n_parts; i++)
		buf_release(&j.left[i]);
	free(j.left);
	free(j.ended);
	free(workers);
	return j.failed ? err(ERR_FORMAT, "%s", j.message) : 0;
}

void parts_many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

int parts_open(struct parts *p, const char *path, unsigned n_threads)
{
	*p = (struct parts){ .path = path };
	p->sources[0] = source_open(path);
	if (!p->sources[0])
		return -ERR_SYSTEM;
	p->n = 1;
	if (source_n_keys(p->sources[0]) < 2)
		return 0;
	while (p->n < n_threads && p->n < PARTS_THREADS_MAX) {
		p->sources[p->n] = source_open(path);
		if (!p->sources[p->n])
			break;
		p->n++;
	}
	return 0;
}

void parts_close(struct parts *p)
{
	for (unsigned i = 0; i < p->n; i++)
		source_close(p->sources[i]);
	p->n = 0;
}
