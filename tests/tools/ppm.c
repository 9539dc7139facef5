/* SPDX-License-Identifier: Apache-2.0 */
/* Converts flags between the kernel's numbers and Falco's, for tests: lines
 * "TABLE to KERNEL" and "TABLE from FALCO" become the other number, "?" without such a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/base/ppm.h"

static unsigned table_named(const char *name)
{
	for (unsigned i = 1; i < FT__N; i++)
		if (!strcmp(flags_tables[i].name, name))
			return i;
	return FT_none;
}

int main(void)
{
	char name[64], way[8];
	uint64_t n;

	while (scanf("%63s %7s %" SCNu64, name, way, &n) == 3) {
		const unsigned t = table_named(name);

		if (!t)
			puts("?");
		else if (!strcmp(way, "to"))
			printf("%" PRIu32 "\n", flags_to_ppm(t, n));
		else
			printf("%" PRIu64 "\n", flags_from_ppm(t, (uint32_t)n));
	}
	return 0;
}
