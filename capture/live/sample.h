/* SPDX-License-Identifier: Apache-2.0 */
/* What threads and processors use, looked at once in a while by a thread of the recorder's:
 * procinfo and cpuinfo events for those that did something since the last look. */
#ifndef SAKER_LIVE_SAMPLE_H
#define SAKER_LIVE_SAMPLE_H

#include "capture/live/probes.h"

struct sampler;

/* Takes the first look: what was used until now is not told as new.  NULL: nothing can be
 * looked at here, or opt->sample is 0. */
struct sampler *sampler_new(const struct probes *p, const struct live_options *opt,
			    uint32_t page_kib);
/* What a thread had used at the first look, before sampler_start; false: it was not there. */
bool sampler_first(const struct sampler *s, uint32_t tid, uint64_t *utime, uint64_t *stime);
/* The thread keeps the one capability that it needs. */
void sampler_start(struct sampler *s);
/* Takes a last look.  What was found can still be handed out. */
void sampler_finish(struct sampler *s);
void sampler_free(struct sampler *s);

/* When the next event that sampler_take hands out was so, ns since boot; 0: there is none. */
uint64_t sampler_next(const struct sampler *s);
/* Makes the event, but for its time. */
void sampler_take(struct sampler *s, struct event *ev);

#endif
