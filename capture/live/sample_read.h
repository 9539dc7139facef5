/* SPDX-License-Identifier: Apache-2.0 */
/* One look at what threads and processors have used. */
#ifndef SAKER_LIVE_SAMPLE_READ_H
#define SAKER_LIVE_SAMPLE_READ_H

#include "capture/base/buf.h"
#include "capture/live/probes.h"

enum { SAMPLE_CPUS_MAX = 4096 };

/* Of a processor, ns since boot: the columns of /proc/stat. */
enum cpu_time {
	CPU_USER, CPU_NICE, CPU_SYSTEM, CPU_IDLE, CPU_IOWAIT, CPU_IRQ, CPU_SOFTIRQ, CPU_STEAL,
	CPU_TIMES
};

struct sample_cpu {
	uint32_t cpu;
	uint64_t ns[CPU_TIMES];
};

/* Appends a struct wire_sample for each thread.  Negative: that cannot be read. */
int sample_read_iterator(int fd, struct buf *out);
/* The same from /proc; of the processes that follow says yes to. */
int sample_read_proc(struct buf *out, bool (*follow)(uint32_t pid, void *arg), void *arg);
/* Appends a struct sample_cpu for each processor that is online. */
int sample_read_cpus(struct buf *out);
/* The same from the text of /proc/stat, whose numbers are ticks of so many ns. */
void sample_parse_cpus(const char *text, uint64_t tick, struct buf *out);

#endif
