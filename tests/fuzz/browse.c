/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recording, .skr or .scap, in the browser's model: some of its views, and what
 * they lead to.  The last bytes say which views, and how (browse.h). */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/trace/format.h"
#include "tests/fuzz/browse.h"
#include "tests/unit/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1;
	struct control c;
	char path[64];
	uint8_t *copy;

	if (len < FILE_HEADER_LEN + CONTROL)
		return 0;
	len -= CONTROL;
	c = control_of(data + len);
	if (fd < 0)
		fd = memfd_create("browse", MFD_CLOEXEC);
	copy = xmalloc(len);
	memcpy(copy, data, len);
	if (c.sums && memcmp(data, SKR_MAGIC, 8) == 0)
		reseal(copy, len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ftruncate(fd, 0) == 0 && pwrite(fd, copy, len, 0) == (ssize_t)len)
		browse_fuzz(path, &c);
	free(copy);
	return 0;
}
