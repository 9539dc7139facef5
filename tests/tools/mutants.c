/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged captures by the thousand: copies of real ones with bytes and lengths changed, cut, with
 * blocks doubled, swapped and taken out; .scap, and .skr without compression, whose checksums
 * mostly hold.  Each is read to its end, in this process, with its state; none may crash, take
 * longer than ten seconds, or need more than twice the memory of its original (and of a small one,
 * not more than 4 MiB besides).
 *
 *   mutants [-s SEED] N CAPTURE...     N mutants of all; short captures are taken more often
 *   mutants -b ...                     the browser's model looks at all of each: some views, what
 *                                      rows lead to, events; one of eight with one reader, too
 *   mutants -o NUMBER ...              only that one (which a failure names)
 *   mutants -w FILE -o NUMBER ...      writes it there, and no more */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/base/err.h"
#include "capture/base/mem.h"
#include "capture/trace/format.h"
#include "replay/state/state.h"
#include "tests/fuzz/browse.h"
#include "tests/unit/reseal.h"

enum { SECONDS = 10, BLOCKS_MAX = 1 << 16, SLACK = 4 << 20 };

/* ---- memory in use, and its peak ---- */

static size_t live, peak;

static void grows(size_t n)
{
	const size_t now = __atomic_add_fetch(&live, n, __ATOMIC_RELAXED);

	if (now > __atomic_load_n(&peak, __ATOMIC_RELAXED))
		__atomic_store_n(&peak, now, __ATOMIC_RELAXED);
}

static void shrinks(size_t n)
{
	__atomic_sub_fetch(&live, n, __ATOMIC_RELAXED);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
					      void (*)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *);
void __sanitizer_set_death_callback(void (*)(void));

static void on_malloc(const volatile void *p, size_t n)
{
	grows(n);
}

static void on_free(const volatile void *p)
{
	if (p)
		shrinks(__sanitizer_get_allocated_size(p));
}

static void watch(void (*on_death)(void))
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	__sanitizer_set_death_callback(on_death);
}

#else

#include <malloc.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

void *malloc(size_t n)
{
	void *p = __libc_malloc(n);

	grows(malloc_usable_size(p));
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	grows(malloc_usable_size(p));
	return p;
}

void *realloc(void *old, size_t n)
{
	const size_t before = malloc_usable_size(old);
	void *p = __libc_realloc(old, n);

	shrinks(before);
	grows(malloc_usable_size(p));
	return p;
}

void free(void *p)
{
	shrinks(malloc_usable_size(p));
	__libc_free(p);
}

static void watch(void (*on_death)(void))
{
}

#endif

/* ---- captures ---- */

struct memory {
	uint8_t *p;
	size_t n, cap;
};

struct capture {
	const char *path;
	struct memory raw, inflated;	/* inflated: the same where it is plain */
	size_t *block, n_blocks;	/* where they begin, in inflated */
	bool skr;
	size_t peak;
	double weight;
};

/* The block at p is so long, or there is none (0). */
static size_t block_len(bool skr, const uint8_t *p, size_t left)
{
	const size_t head = skr ? BLOCK_HEADER_LEN : 12;
	uint32_t len;

	if (left < head || (skr && memcmp(p, BLOCK_MAGIC, 8) != 0))
		return 0;
	memcpy(&len, p + (skr ? 16 : 4), 4);
	if (skr)
		return len <= left - head ? head + len : 0;
	return len >= head && len <= left ? len : 0;
}

static void find_blocks(struct capture *c)
{
	const struct memory *b = &c->inflated;
	size_t len;

	c->skr = b->n >= FILE_HEADER_LEN && memcmp(b->p, SKR_MAGIC, 8) == 0;
	c->block = xcalloc(BLOCKS_MAX, sizeof(*c->block));
	for (size_t at = c->skr ? FILE_HEADER_LEN : 0; c->n_blocks < BLOCKS_MAX; at += len) {
		len = block_len(c->skr, b->p + at, b->n - at);
		if (!len)
			break;
		c->block[c->n_blocks++] = at;
	}
}

static void load(struct capture *c, const char *path)
{
	const int fd = open(path, O_RDONLY);
	gzFile z = fd < 0 ? NULL : gzopen(path, "rb");
	struct stat st;
	int got;

	if (!z || fstat(fd, &st) < 0) {
		fprintf(stderr, "mutants: cannot read %s\n", path);
		exit(EXIT_FAILED);
	}
	c->path = path;
	c->raw.n = (size_t)st.st_size;
	c->raw.p = xmalloc(c->raw.n + 1);
	if (read(fd, c->raw.p, c->raw.n) != st.st_size)
		exit(EXIT_FAILED);
	close(fd);
	do {
		struct memory *b = &c->inflated;

		b->p = mem_grow(b->p, &b->cap, b->n + (1 << 16), 1);
		got = gzread(z, b->p + b->n, 1 << 16);
		b->n += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	gzclose(z);
	find_blocks(c);
	c->weight = 1.0 / (double)(c->inflated.n + 200000);
}

/* ---- mutations ---- */

static uint64_t rng;

static uint64_t next_random(void)
{
	uint64_t z = rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t below(size_t n)
{
	return n ? (size_t)(next_random() % n) : 0;
}

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = {
		0, 1, 3, 4, 11, 12, 13, 26, 28, 255, 65535, 65536, 1 << 20, 1 << 26,
		0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff, ~UINT64_C(0),
	};

	return next_random() & 1 ? odd[below(sizeof(odd) / sizeof(odd[0]))] : next_random();
}

static void put(struct memory *b, size_t at, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n && at + i < b->n; i++)
		b->p[at + i] = (uint8_t)(v >> 8 * i);
}

/* Replaces n bytes at `at` by m of those at p, which may be b's own. */
static void replace(struct memory *b, size_t at, size_t n, const uint8_t *p, size_t m)
{
	uint8_t *copy = xmalloc(m + 1);

	if (m)
		memcpy(copy, p, m);
	b->p = mem_grow(b->p, &b->cap, b->n - n + m, 1);
	memmove(b->p + at + m, b->p + at + n, b->n - at - n);
	if (m)
		memcpy(b->p + at, copy, m);
	b->n = b->n - n + m;
	free(copy);
}

struct range {
	size_t at, n;
};

static struct range some_block(const struct capture *c, const struct memory *b)
{
	const size_t i = below(c->n_blocks);
	struct range r = { c->n_blocks ? c->block[i] : 0, 0 };
	const size_t end = i + 1 < c->n_blocks ? c->block[i + 1] : c->inflated.n;

	if (r.at > b->n)
		r.at = b->n;
	r.n = end > r.at ? end - r.at : 0;
	if (r.n > b->n - r.at)
		r.n = b->n - r.at;
	return r;
}

static void mutate_block(const struct capture *c, struct memory *b)
{
	const struct range r = some_block(c, b), other = some_block(c, b);

	if (c->skr && below(3) == 0) {
		put(b, r.at + 8 + below(BLOCK_HEADER_LEN - 8), odd_number(), 1u << below(4));
		return;
	}
	switch (c->skr ? below(4) == 0 ? below(3) : 8 : below(9)) {
	case 0:		/* doubled, or moved somewhere else */
		replace(b, other.at, 0, b->p + r.at, r.n);
		return;
	case 1:
		replace(b, r.at, r.n, NULL, 0);
		return;
	case 2:		/* one in the place of another */
		replace(b, r.at, r.n, b->p + other.at, other.n);
		return;
	case 3:
		put(b, r.at, odd_number(), 4);		/* type */
		return;
	case 4:
		put(b, r.at + 4, odd_number(), 4);	/* length */
		return;
	case 5:
		put(b, r.at + (r.n >= 4 ? r.n - 4 : 0), odd_number(), 4);
		return;
	case 6:		/* both lengths agree, and are wrong */
		put(b, r.at + 4, r.n + 4, 4);
		put(b, r.at + r.n, r.n + 4, 4);
		return;
	case 7:		/* an event's length, code, number of parameters; an entry's length */
		put(b, r.at + 8 + below(30), odd_number(), 1u << below(4));
		return;
	default:	/* any number inside of it */
		put(b, r.at + 8 + below(r.n), odd_number(), 1u << below(4));
	}
}

static void mutate_bytes(struct memory *b)
{
	const size_t at = below(b->n);
	size_t n = below(64);

	if (n > b->n - at)
		n = b->n - at;
	switch (below(6)) {
	case 0:
		b->n = at;
		return;
	case 1:
		replace(b, at, n, NULL, 0);
		return;
	case 2:
		replace(b, at, 0, b->p + below(b->n - n), n);
		return;
	case 3:
		memset(b->p + at, 0, n);
		return;
	default:
		for (size_t i = 0, k = 1 + below(8); b->n && i < k; i++)
			b->p[below(b->n)] ^= (uint8_t)(1 << below(8));
	}
}

static void make_mutant(const struct capture *c, struct memory *b)
{
	const bool zipped = c->raw.n != c->inflated.n && below(5) == 0;
	const struct memory *from = zipped ? &c->raw : &c->inflated;

	b->n = 0;
	replace(b, 0, 0, from->p, from->n);
	for (size_t i = 0, n = 1 + below(4); i < n; i++) {
		if (zipped || !c->n_blocks || below(3) == 0)
			mutate_bytes(b);
		else
			mutate_block(c, b);
	}
	if (c->skr && below(8))
		reseal(b->p, b->n);
}

/* ---- running ---- */

static bool browses;
static const char *written;

static volatile unsigned sink;
static uint64_t number;
static const char *running = "";

static void tell(void)
{
	char text[600];
	const int n = snprintf(text, sizeof(text), "mutants: at number %" PRIu64 " of %s\n",
			       number, running);

	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		return;
}

static void on_signal(int sig)
{
	tell();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void look(const struct event *ev)
{
	unsigned sum = ev->desc->flags;

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

static void read_path(const char *path)
{
	static struct event ev;
	struct state *st = state_new(NULL);
	struct source *s = source_open(path);

	while (s && source_next(s, &ev) == 0) {
		state_update(st, &ev);
		look(&ev);
	}
	source_close(s);
	state_free(st);
}

static void browse_path(const char *path, bool original)
{
	struct control c = { .which = (uint32_t)next_random(), .twice = below(8) == 0,
			     .correlate = below(4) == 0 };

	if (original)
		c = (struct control){ .which = UINT32_MAX };
	else
		c.which &= (uint32_t)next_random();
	browse_fuzz(path, &c);
}

static void save(const struct memory *b)
{
	FILE *f = fopen(written, "w");

	if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
		exit(EXIT_FAILED);
}

/* Reads the capture; returns the most memory that was in use at once. */
static size_t read_all(const struct memory *b, bool original)
{
	static int fd = -1;
	const size_t before = live;
	char path[64];

	if (fd < 0)
		fd = memfd_create("mutant", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, b->p, b->n, 0) != (ssize_t)b->n)
		exit(EXIT_FAILED);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	peak = live;
	alarm(SECONDS);
	if (browses)
		browse_path(path, original);
	else
		read_path(path);
	alarm(0);
	return peak - before;
}

static const struct capture *choose(const struct capture *c, unsigned n, double sum)
{
	double at = (double)(next_random() >> 11) / 9007199254740992.0 * sum;

	for (unsigned i = 0; i < n; i++) {
		at -= c[i].weight;
		if (at < 0)
			return &c[i];
	}
	return &c[n - 1];
}

static int run(struct capture *c, unsigned n, uint64_t seed, uint64_t from, uint64_t to)
{
	struct memory mutant = {0};
	unsigned worst_of = 0;
	double worst = 0, sum = 0;
	int status = EXIT_DONE;

	for (unsigned i = 0; i < n; i++) {
		running = c[i].path;
		c[i].peak = written ? 0 : read_all(&c[i].raw, true);
		sum += c[i].weight;
	}
	for (number = from; number < to; number++) {
		const struct capture *of;
		size_t used;
		double share;

		rng = seed * UINT64_C(0x2545f4914f6cdd1d) + number;
		of = choose(c, n, sum);
		running = of->path;
		make_mutant(of, &mutant);
		if (written) {
			save(&mutant);
			break;
		}
		used = read_all(&mutant, false);
		share = (double)used / (double)of->peak;
		if (share > worst) {
			worst = share;
			worst_of = (unsigned)(of - c);
		}
		if (used > 2 * of->peak && used > of->peak + SLACK) {
			fprintf(stderr, "mutants: number %" PRIu64 " of %s takes %zu bytes, "
				"its original %zu\n", number, of->path, used, of->peak);
			status = EXIT_FINDINGS;
		}
	}
	if (!written)
		printf("%" PRIu64 " mutants of %u captures; the most memory is %.2f of the "
		       "original's (%s, %zu bytes)\n", to - from, n, worst, c[worst_of].path,
		       c[worst_of].peak);
	free(mutant.p);
	return status;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, only = UINT64_MAX, count;
	struct capture *c;
	unsigned n = 0;
	int status, o;

	while ((o = getopt(argc, argv, "bs:o:w:")) != -1)
		switch (o) {
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'b':
			browses = true;
			break;
		case 'w':
			written = optarg;
			break;
		case 'o':
			only = strtoull(optarg, NULL, 10);
			break;
		default:
			return EXIT_FAILED;
		}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: mutants [-b] [-s SEED] [-o NUMBER] [-w FILE] "
			"N CAPTURE...\n");
		return EXIT_FAILED;
	}
	watch(tell);
	signal(SIGALRM, on_signal);
	signal(SIGSEGV, on_signal);
	signal(SIGABRT, on_signal);
	count = strtoull(argv[optind], NULL, 10);
	c = xcalloc((size_t)(argc - optind), sizeof(*c));
	for (int i = optind + 1; i < argc; i++)
		load(&c[n++], argv[i]);
	status = only == UINT64_MAX ? run(c, n, seed, 0, count) : run(c, n, seed, only, only + 1);
	for (unsigned i = 0; i < n; i++) {
		free(c[i].raw.p);
		free(c[i].inflated.p);
		free(c[i].block);
	}
	free(c);
	return status;
}
