/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a .skr: read to the end as a file with seeking, and verified; once as they
 * are and once with checksums that hold. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/trace/format.h"
#include "capture/trace/skr.h"
#include "tests/unit/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile unsigned sink;

static void look(const struct event *ev)
{
	unsigned sum = ev->desc->flags + (unsigned)ev->ts + ev->tid;

	for (unsigned i = 0; i < ev->n_params; i++) {
		const struct value *v = &ev->v[i];

		if (v->state != VALUE_SET)
			continue;
		if (type_is_number(ev->desc->params[i].type))
			sum += (unsigned)v->u;
		else
			for (uint32_t k = 0; k < v->len; k++)
				sum += v->p[k];
	}
	sink += sum;
}

static void read_all(struct source *s)
{
	static struct event ev;

	while (source_next(s, &ev) == 0)
		look(&ev);
}

static void read_in_all_ways(const char *path)
{
	struct source *s = source_open(path);
	struct verify_report report;
	struct event_set some = {0};
	struct input in;

	if (s) {
		read_all(s);
		for (unsigned i = 0; i < source_n_keys(s) && i < 4; i++) {
			s->stop_key = i + 1;
			if (source_seek_key(s, i) == 0)
				read_all(s);
		}
		s->stop_key = 0;
		event_set_add(&some, EV_CLOSE);
		source_want(s, &some, false);
		if (source_seek_ts(s, s->info.last_ts) == 0)
			read_all(s);
		source_close(s);
	}
	if (input_open(&in, path) == 0) {
		skr_verify(&in, &report, NULL, NULL);
		input_close(&in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1;
	char path[64];
	uint8_t *copy;

	if (len < FILE_HEADER_LEN || memcmp(data, SKR_MAGIC, 8))
		return 0;
	if (fd < 0)
		fd = memfd_create("trace", MFD_CLOEXEC);
	copy = malloc(len);
	memcpy(copy, data, len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (unsigned pass = 0; pass < 2; pass++) {
		if (pass)
			reseal(copy, len);
		if (ftruncate(fd, 0) < 0 || pwrite(fd, copy, len, 0) != (ssize_t)len)
			break;
		read_in_all_ways(path);
	}
	free(copy);
	return 0;
}
