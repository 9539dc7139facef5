/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/live/sample_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/base/mem.h"
#include "capture/base/timearg.h"

/* ---- the kernel half ---- */

int sample_read_iterator(int fd, struct buf *out)
{
	enum { STEP = 64 << 10 };
	uint8_t *const room = xmalloc(STEP);
	ssize_t n;

	do {
		n = read(fd, room, STEP);
		if (n > 0)
			buf_put(out, room, (size_t)n);
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	free(room);
	return n < 0 ? -EIO : 0;
}

/* ---- /proc ---- */

static size_t read_text(int dir, const char *name, char *text, size_t size)
{
	const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	while (fd >= 0 && len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[len] = 0;
	return len;
}

/* Fields of stat, counted as in proc(5); the name stands in parentheses and may hold both. */
static bool parse_stat(const char *text, uint64_t tick, struct wire_sample *s)
{
	const char *p = strrchr(text, ')');
	unsigned long long field[40] = {0};
	char *end;

	if (!p || strlen(p) < 4)
		return false;
	p += 4;
	for (unsigned i = 4; i < 40; i++, p = end)
		field[i] = strtoull(p, &end, 10);
	s->pgft_min = field[10];
	s->pgft_maj = field[12];
	s->utime = field[14] * tick;
	s->stime = field[15] * tick;
	s->runtime = s->utime + s->stime;
	s->start = field[22] * tick;
	s->vm.size = (uint32_t)(field[23] / (unsigned long)sysconf(_SC_PAGESIZE));
	s->vm.rss = (uint32_t)field[24];
	s->cpu = (uint32_t)field[39];
	return true;
}

static void read_thread(int tasks, const char *name, uint32_t pid, uint64_t tick, struct buf *out)
{
	struct wire_sample s = { .pid = pid, .tid = (uint32_t)strtoul(name, NULL, 10) };
	char path[64], text[1024];
	unsigned long long ran;

	snprintf(path, sizeof(path), "%s/stat", name);
	if (!s.tid || !read_text(tasks, path, text, sizeof(text)) || !parse_stat(text, tick, &s))
		return;
	snprintf(path, sizeof(path), "%s/schedstat", name);
	if (read_text(tasks, path, text, sizeof(text)) && sscanf(text, "%llu", &ran) == 1 && ran)
		s.runtime = ran;
	buf_put(out, &s, sizeof(s));
}

static void read_process(int proc, const char *name, uint64_t tick, struct buf *out)
{
	const uint32_t pid = (uint32_t)strtoul(name, NULL, 10);
	const struct dirent *e;
	char path[64];
	DIR *d;
	int fd;

	snprintf(path, sizeof(path), "%.16s/task", name);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	while (d && (e = readdir(d)))
		read_thread(dirfd(d), e->d_name, pid, tick, out);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

static uint64_t tick_ns(void)
{
	const long hz = sysconf(_SC_CLK_TCK);

	return NS_PER_S / (uint64_t)(hz > 0 ? hz : 100);
}

int sample_read_proc(struct buf *out, bool (*follow)(uint32_t pid, void *arg), void *arg)
{
	DIR *const d = opendir("/proc");
	const uint64_t tick = tick_ns();
	const struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		const uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);

		if (pid && follow(pid, arg))
			read_process(dirfd(d), e->d_name, tick, out);
	}
	closedir(d);
	return 0;
}

/* ---- processors ---- */

void sample_parse_cpus(const char *text, uint64_t tick, struct buf *out)
{
	for (const char *p = text; p && *p; p = strchr(p, '\n')) {
		struct sample_cpu c = {0};
		char *end;

		p += *p == '\n';
		if (strncmp(p, "cpu", 3) != 0 || p[3] < '0' || p[3] > '9')
			continue;
		c.cpu = (uint32_t)strtoul(p + 3, &end, 10);
		for (unsigned i = 0; i < CPU_TIMES && *end == ' '; i++)
			c.ns[i] = strtoull(end, &end, 10) * tick;
		if (c.cpu < SAMPLE_CPUS_MAX)
			buf_put(out, &c, sizeof(c));
	}
}

int sample_read_cpus(struct buf *out)
{
	const int dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum { STAT_MAX = 1 << 20 };
	char *const text = xmalloc(STAT_MAX);
	size_t n = 0;

	if (dir >= 0) {
		n = read_text(dir, "stat", text, STAT_MAX);
		close(dir);
	}
	if (n)
		sample_parse_cpus(text, tick_ns(), out);
	free(text);
	return n ? 0 : -EIO;
}
