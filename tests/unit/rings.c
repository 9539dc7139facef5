/* SPDX-License-Identifier: Apache-2.0 */
/* Who lost what, as the consumer of the rings tells it; the kernel half is played. */
#include "tests/unit/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "capture/live/rings.h"

enum { RING_SIZE = 4096, TOLD_MAX = 16 };

struct told {
	struct victim v[TOLD_MAX];
	unsigned n;
};

static int setup(void **state)
{
	static struct rings r;
	const int fd = memfd_create("rings", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, WIRE_DATA + RING_SIZE + WIRE_SLACK) < 0
	    || rings_open(&r, fd, 1, RING_SIZE) < 0)
		return -1;
	close(fd);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	rings_close(*state);
	return 0;
}

/* As the kernel half, when thread tid of process pid loses something at ts. */
static void lose(struct rings *r, uint32_t pid, uint32_t tid, uint64_t ts, uint32_t what)
{
	struct wire_ring *const ring = r->views[0].ring;
	struct wire_victim *v = &ring->victims[(ring->n_victims - 1) % WIRE_VICTIMS];
	const uint64_t id = (uint64_t)pid << 32 | tid;

	if (ring->losing && ring->n_victims != ring->victims_tail && v->id == id) {
		v->last = ts;
		v->what |= what;
		return;
	}
	v = &ring->victims[ring->n_victims++ % WIRE_VICTIMS];
	*v = (struct wire_victim){ .id = id, .first = ts, .last = ts, .what = what };
	ring->losing = 1;
}

static void write_down(const struct victim *v, void *arg)
{
	struct told *const t = arg;

	assert_true(t->n < TOLD_MAX);
	t->v[t->n++] = *v;
}

static struct told look(struct rings *r, uint64_t quiet)
{
	struct told t = {0};

	rings_victims(r, quiet, write_down, &t);
	return t;
}

static void assert_told(const struct victim *v, uint32_t tid, uint64_t ts, uint32_t what,
			bool over)
{
	assert_int_equal(v->tid, tid);
	assert_int_equal(v->ts, ts);
	assert_int_equal(v->what, what);
	assert_int_equal(v->over, over);
}

static void one_loss_that_is_over(void **state)
{
	struct rings *const r = *state;
	struct told t;

	lose(r, 10, 11, 100, WW_DIRS);
	r->views[0].ring->losing = 0;
	t = look(r, 0);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 11, 100, WW_DIRS, true);
	assert_int_equal(t.v[0].pid, 10);
	assert_int_equal(look(r, UINT64_MAX).n, 0);
}

/* It was seen before it was known to be over: somebody waits for the word that it is. */
static void one_loss_seen_at_once(void **state)
{
	struct rings *const r = *state;
	struct told t;

	lose(r, 10, 10, 100, WW_DIRS);
	t = look(r, 50);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 10, 100, WW_DIRS, false);
	assert_int_equal(look(r, 99).n, 0);
	t = look(r, 100);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 10, 100, WW_DIRS, true);
	assert_int_equal(look(r, UINT64_MAX).n, 0);
}

static void several_losses_have_two_ends(void **state)
{
	struct rings *const r = *state;
	struct told t;

	lose(r, 10, 10, 100, WW_DIRS);
	t = look(r, 50);
	assert_int_equal(t.n, 1);
	lose(r, 10, 10, 120, WW_FDS);
	lose(r, 10, 10, 130, WW_FDS);
	assert_int_equal(look(r, 50).n, 0);
	t = look(r, 130);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 10, 130, WW_DIRS | WW_FDS, true);
}

/* Whoever loses next ends the losses of the one before; after a quiet time the same thread
 * is written down anew. */
static void losses_of_several(void **state)
{
	struct rings *const r = *state;
	struct told t;

	lose(r, 10, 10, 100, WW_FDS);
	lose(r, 10, 10, 110, WW_FDS);
	lose(r, 20, 20, 120, WW_IDS);
	t = look(r, 0);
	assert_int_equal(t.n, 3);
	assert_told(&t.v[0], 10, 100, WW_FDS, false);
	assert_told(&t.v[1], 10, 110, WW_FDS, true);
	assert_told(&t.v[2], 20, 120, WW_IDS, false);
	t = look(r, 120);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 20, 120, WW_IDS, true);
	lose(r, 20, 20, 200, WW_NAME);
	t = look(r, 200);
	assert_int_equal(t.n, 1);
	assert_told(&t.v[0], 20, 200, WW_NAME, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(one_loss_that_is_over),
		T(one_loss_seen_at_once),
		T(several_losses_have_two_ends),
		T(losses_of_several),
#undef T
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
