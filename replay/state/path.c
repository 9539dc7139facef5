/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, as the program that used them meant them: joined with the directory
 * they are relative to, cleaned lexically.  Symbolic links are not followed: nobody
 * asks the machine.  What is relative to a directory that is not known stays relative,
 * behind <UNKNOWN> if a descriptor stands for it. */
#include <fcntl.h>

#include "replay/state/internal.h"

static const char too_long[] = "/DIR_TOO_LONG/FILENAME_TOO_LONG";
static const char unknown_dir[] = "<UNKNOWN>";

/* Takes the last component off, but nothing before floor (a leading <UNKNOWN>). */
static size_t up(const char *out, size_t n, size_t floor)
{
	while (n > floor && out[n - 1] != '/')
		n--;
	return n > floor ? n - 1 : n;
}

/* Appends the components of p to out, which holds n cleaned bytes without a slash at
 * the end.  rooted: the first one stands behind a slash. */
static size_t append(char *out, size_t n, size_t floor, bool rooted, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const size_t part = (size_t)((slash ? slash : end) - p);

		if (part == 2 && p[0] == '.' && p[1] == '.') {
			n = up(out, n, floor);
		} else if (part && !(part == 1 && p[0] == '.')) {
			if (n > floor || rooted)
				out[n++] = '/';
			memcpy(out + n, p, part);
			n += part;
		}
		p += part + 1;
	}
	return n;
}

enum { WORD = sizeof(uint64_t) };

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t word_at(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The high bit of each byte of v that is zero. */
static uint64_t zeros(uint64_t v)
{
	return ~(((v & EACH(0x7f)) + EACH(0x7f)) | v | EACH(0x7f));
}

/* Is one of eight bytes a slash with a slash or dot behind it? */
static bool special(const char *p)
{
	const uint64_t here = word_at(p), next = word_at(p + 1);

	return zeros(here ^ EACH('/')) & (zeros(next ^ EACH('/')) | zeros(next ^ EACH('.')));
}

bool path_is_clean(const char *p, size_t len)
{
	size_t i = 0;

	if (len < 2 || len > PATH_BYTES || p[0] != '/' || p[len - 1] == '/')
		return false;
	for (; i + WORD < len; i += WORD)
		if (special(p + i))
			return false;
	if (len > WORD)
		return !special(p + len - WORD - 1);
	for (i = 1; i < len; i++)
		if (p[i - 1] == '/' && (p[i] == '/' || p[i] == '.'))
			return false;
	return true;
}

size_t path_join(char *out, const char *dir, size_t dir_len, const char *name, size_t len)
{
	const size_t prefix = sizeof(unknown_dir) - 1;
	size_t n = 0, floor = 0;
	bool rooted;

	if (len && name[0] == '/')
		dir_len = 0;
	rooted = dir_len ? dir[0] == '/' : len && name[0] == '/';
	if (dir_len + len + 1 > PATH_BYTES) {
		memcpy(out, too_long, sizeof(too_long));
		return sizeof(too_long) - 1;
	}
	if (dir_len >= prefix && memcmp(dir, unknown_dir, prefix) == 0) {
		memcpy(out, dir, prefix);
		n = floor = prefix;
		dir += prefix;
		rooted = dir_len > prefix && dir[0] == '/';
		dir_len -= prefix;
	}
	n = append(out, n, floor, rooted, dir, dir_len);
	n = append(out, n, floor, rooted, name, len);
	if (n == 0 && rooted)
		out[n++] = '/';
	out[n] = 0;
	return n;
}

size_t path_raw(char *out, const char *name, size_t len)
{
	size_t n = 0;

	if (len > PATH_BYTES)
		len = PATH_BYTES;
	for (size_t i = 0; i < len; i++)
		if (name[i] != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = name[i];
	out[n] = 0;
	return n;
}

size_t state_join_path(char *out, struct text dir, const void *name, size_t len)
{
	return path_join(out, dir.p, dir.len, name, len);
}

struct text state_dirfd(const struct thread *t, int64_t dirfd)
{
	const struct fdinfo *f;

	if (dirfd == AT_FDCWD)
		return thread_cwd(t);
	f = fdtable_get(fds_of(t), dirfd);
	if (!f || f->name.len == 0)
		return (struct text){ unknown_dir, sizeof(unknown_dir) - 1 };
	return f->name;
}
