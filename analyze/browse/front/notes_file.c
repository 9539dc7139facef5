/* SPDX-License-Identifier: Apache-2.0 */
/* Where notes are kept: beside the recording, or where its folder cannot be written, in the
 * user's state. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "analyze/browse/front/files.h"
#include "analyze/browse/front/notes.h"
#include "capture/base/err.h"
#include "capture/base/mem.h"

static char *join(const char *a, const char *b, const char *c)
{
	struct buf out = {0};

	buf_printf(&out, "%s%s%s", a, b, c);
	return (char *)(uintptr_t)buf_text(&out);
}

/* One recording may be seen by several paths, and several have one name. */
static char *state_path(const char *recording)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *real = realpath(recording, NULL), *copy, *folder, *path;
	char name[320];

	if (!real)
		real = xstrdup(recording);
	copy = xstrdup(real);
	snprintf(name, sizeof(name), "/saker/%.200s-%016" PRIx64 ".notes", basename(copy),
		 XXH3_64bits(real, strlen(real)));
	folder = state && *state == '/' ? xstrdup(state)
		: join(home && *home ? home : "/tmp", "/.local", "/state");
	path = join(folder, name, "");
	free(folder);
	free(copy);
	free(real);
	return path;
}

static bool folder_is_writable(const char *recording)
{
	char *copy = xstrdup(recording);
	const bool ok = access(dirname(copy), W_OK) == 0;

	free(copy);
	return ok;
}

static int read_file(struct notes *n, const char *path)
{
	struct buf b = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc = 0;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys("%s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > NOTES_FILE_MAX) {
		rc = err(ERR_FORMAT, "%s: it is no file of notes", path);
	} else {
		const ssize_t got = read(fd, buf_room(&b, (size_t)st.st_size + 1),
					 (size_t)st.st_size);

		b.len = got > 0 ? (size_t)got : 0;
		if (notes_parse(n, (const char *)b.p, b.len) < 0)
			rc = err_at("%s", path);
	}
	close(fd);
	buf_release(&b);
	return rc;
}

int notes_open(struct notes *n, const char *recording)
{
	char *beside = join(recording, ".notes", "");
	int rc;

	*n = (struct notes){ .place = { .to = UINT64_MAX } };
	n->elsewhere = !folder_is_writable(recording);
	n->path = n->elsewhere ? state_path(recording) : xstrdup(beside);
	/* Notes that came with a recording on a medium that cannot be written to. */
	rc = read_file(n, n->elsewhere && access(n->path, F_OK) != 0 ? beside : n->path);
	free(beside);
	return rc;
}

int notes_save(struct notes *n)
{
	struct buf b = {0};
	int rc = 0;

	if (n->changed && n->path) {
		notes_print(n, &b);
		rc = files_notes(b.p, b.len);
		buf_release(&b);
		n->changed = rc < 0;
	}
	return rc;
}
