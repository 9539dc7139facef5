/* SPDX-License-Identifier: Apache-2.0 */
/* Makes as many calls of getppid as its argument says, by as many threads as the second
 * one says; with a third argument again and again, a millisecond between, until that
 * file is there. */
#include "tests/live/live.h"

static long n;

static void *flood(void *arg)
{
	for (long i = 0; i < n; i++)
		syscall(__NR_getppid);
	return arg;
}

int main(int argc, char **argv)
{
	const int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t t[64];

	n = argc > 1 ? atol(argv[1]) : 1000;
	do {
		for (int i = 0; i < threads && i < 64; i++)
			pthread_create(&t[i], NULL, flood, NULL);
		for (int i = 0; i < threads && i < 64; i++)
			pthread_join(t[i], NULL);
	} while (argc > 3 && access(argv[3], F_OK) < 0 && usleep(1000) == 0);
	return 0;
}
