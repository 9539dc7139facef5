/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of constants answer as each constant does, one by one. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

#include "rules/lang/among.h"
#include "rules/lang/ranges.h"
#include "rules/lang/search.h"

enum { NETS = 10000, VALUES = 200000 };

static uint8_t random_byte(void)
{
	/* Few different ones at times, so that networks lie in each other. */
	return (uint8_t)(rand() % 3 ? rand() : rand() % 4);
}

static struct constant net(struct arena *a, uint32_t len)
{
	uint8_t *p = arena_alloc(a, len);

	for (uint32_t i = 0; i < len; i++)
		p[i] = random_byte();
	return (struct constant){ .p = (const char *)p, .len = len,
				  .prefix = (uint8_t)(len * 8 - (unsigned)rand() %
						      (rand() % 50 ? len * 4 : len * 8 + 1)) };
}

static bool in_net(const uint8_t *v, const struct constant *c)
{
	for (unsigned bit = 0; bit < c->prefix; bit++)
		if ((v[bit / 8] ^ (uint8_t)c->p[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static void compare_nets(unsigned n, unsigned values)
{
	struct arena a = {0};
	struct constant *c = xcalloc(n + 1, sizeof(*c));
	struct ranges *r;

	for (unsigned i = 0; i < n; i++)
		c[i] = net(&a, rand() % 2 ? 4 : 16);
	r = ranges_new(&a, FIELD_NET, c, n);
	for (unsigned i = 0; i < values; i++) {
		const struct constant of = net(&a, rand() % 2 ? 4 : 16);
		const struct fval v = { .p = of.p, .len = of.len, .type = FIELD_IP };
		bool is = false;

		for (unsigned k = 0; k < n && !is; k++)
			is = c[k].len == v.len && in_net((const uint8_t *)v.p, &c[k]);
		assert_int_equal(ranges_have(r, &v), is);
	}
	free(c);
	arena_release(&a);
}

static void addresses_are_found_in_networks(void **unused)
{
	srand(3);
	for (unsigned n = 0; n < 60; n++)
		compare_nets(n, 500);
	compare_nets(NETS, 1000);
}

static void all_addresses_are_in_a_net_of_no_bits(void **unused)
{
	struct arena a = {0};
	struct constant c[2] = { { .p = "\1\2\3\4", .len = 4 },
				 { .p = "0123456789abcdef", .len = 16, .prefix = 128 } };
	const struct ranges *r = ranges_new(&a, FIELD_NET, c, 2);

	assert_true(ranges_have(r, &(struct fval){ .p = "\377\377\377\377", .len = 4 }));
	assert_true(ranges_have(r, &(struct fval){ .p = "\0\0\0\0", .len = 4 }));
	assert_true(ranges_have(r, &(struct fval){ .p = "0123456789abcdef", .len = 16 }));
	assert_false(ranges_have(r, &(struct fval){ .p = "0123456789abcdeg", .len = 16 }));
	assert_false(ranges_have(r, &(struct fval){ .p = "", .len = 0 }));
	arena_release(&a);
}

static void numbers_are_found_among_numbers(void **unused)
{
	static const int64_t odd[] = { INT64_MIN, -1, 0, 1, 80, 81, 82, INT64_MAX };
	struct arena a = {0};
	struct constant c[8];

	for (unsigned type = FIELD_INT; type <= FIELD_UINT; type++) {
		const struct ranges *r;

		for (unsigned i = 0; i < 8; i++)
			c[i] = (struct constant){ .i = odd[(i * 3) % 8] };
		r = ranges_new(&a, (enum field_type)type, c, 8);
		for (int64_t v = -5; v < 100; v++)
			assert_int_equal(ranges_have(r, &(struct fval){ .i = v }),
					 (v >= -1 && v <= 1) || (v >= 80 && v <= 82));
		assert_true(ranges_have(r, &(struct fval){ .i = INT64_MIN }));
		assert_true(ranges_have(r, &(struct fval){ .i = INT64_MAX }));
		assert_false(ranges_have(r, &(struct fval){ .i = INT64_MIN + 1 }));
	}
	arena_release(&a);
}

static void random_text(char *p, uint32_t len, const char *letters)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = letters[(size_t)rand() % 4];
}

static void check_among(uint32_t n, bool folded)
{
	struct arena a = {0};
	struct among *w = among_new(&a, folded);
	char (*what)[8] = xcalloc(n, sizeof(*what));
	uint32_t *len = xcalloc(n, sizeof(*len));
	uint64_t *bits = xcalloc(n / 64 + 1, sizeof(*bits));

	for (uint32_t i = 0; i < n; i++) {
		len[i] = 1 + (uint32_t)rand() % 7;
		random_text(what[i], len[i], "abA\xc3");
		among_add(w, what[i], len[i], i);
	}
	assert_true(among_finish(w));
	for (unsigned k = 0; k < 200; k++) {
		const uint32_t size = (uint32_t)rand() % 40;
		char *text = xmalloc(size + 1);

		random_text(text, size, k % 2 ? "abBc" : "aAb\xc3");
		memset(bits, 0, (n / 64 + 1) * sizeof(*bits));
		among_find(w, text, size, bits);
		for (uint32_t i = 0; i < n; i++) {
			const struct needle one = needle_once(what[i], len[i]);

			assert_int_equal(bits[i / 64] >> i % 64 & 1, folded ?
				text_search_folded(text, size, &one) :
				text_search(text, size, &one));
		}
		free(text);
	}
	free(what);
	free(len);
	free(bits);
	arena_release(&a);
}

static void all_texts_are_found_in_one_walk(void **unused)
{
	srand(4);
	for (uint32_t n = 1; n < 150; n += 7) {
		check_among(n, false);
		check_among(n, true);
	}
}

static void texts_of_all_bytes_and_too_many(void **unused)
{
	struct arena a = {0};
	struct among *w = among_new(&a, false);
	static char all[256], big[1 << 20];
	uint64_t bits = 0;

	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	among_add(w, all, 256, 0);
	among_add(w, all + 255, 1, 1);
	assert_true(among_finish(w));
	among_find(w, all, 255, &bits);
	assert_int_equal(bits, 0);
	among_find(w, all, 256, &bits);
	assert_int_equal(bits, 3);
	w = among_new(&a, false);
	among_add(w, big, sizeof(big), 0);
	assert_false(among_finish(w));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_found_in_networks),
		cmocka_unit_test(all_addresses_are_in_a_net_of_no_bits),
		cmocka_unit_test(numbers_are_found_among_numbers),
		cmocka_unit_test(all_texts_are_found_in_one_walk),
		cmocka_unit_test(texts_of_all_bytes_and_too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
