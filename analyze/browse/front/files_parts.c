/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/browse/front/files_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool files_put(int fd, const void *p, size_t len)
{
	for (const char *s = p; len > 0;) {
		const ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s += n;
		len -= (size_t)n;
	}
	return true;
}

bool files_get(int fd, void *p, size_t len)
{
	for (char *s = p; len > 0;) {
		const ssize_t n = read(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s += n;
		len -= (size_t)n;
	}
	return true;
}

bool files_good_name(const char *name)
{
	if (!*name || *name == '.' || *name == '-' || strlen(name) > FILES_NAME_MAX)
		return false;
	for (const char *s = name; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '/')
			return false;
	return true;
}
