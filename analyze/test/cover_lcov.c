/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage in the form of geninfo(1), for programs that show coverage of code.
 *
 * A rule is a function: its count is that of the events on which it held.  A predicate is two
 * branches, true and false, an item of a list is one.  The count of a line is on how many events
 * something on it decided. */
#include <inttypes.h>

#include "analyze/test/cover_print.h"

/* Names are the rest of a line: a comma ends the number before, a line end would end them. */
static void put_name(struct buf *out, const char *p)
{
	for (; *p; p++)
		buf_byte(out, (uint8_t)*p < ' ' || *p == 0x7f ? '?' : (uint8_t)*p);
}

static void put_functions(const struct coverage *c, const char *file, struct buf *out)
{
	uint64_t n = 0, hit = 0;

	for (size_t i = 0; i < c->n_sites; i++) {
		const struct cover_site *s = &c->sites[i];

		if (s->kind != COVER_RULE || strcmp(s->place.file, file) != 0)
			continue;
		n++;
		hit += s->hits.is[1] > 0;
		buf_printf(out, "FN:%u,", s->place.line);
		put_name(out, s->text);
		buf_printf(out, "\nFNDA:%" PRIu64 ",", s->hits.is[1]);
		put_name(out, s->text);
		buf_byte(out, '\n');
	}
	buf_printf(out, "FNF:%" PRIu64 "\nFNH:%" PRIu64 "\n", n, hit);
}

struct branches {
	struct buf *out;
	uint64_t n, hit;
};

static void put_branch(struct branches *b, unsigned line, unsigned block, unsigned branch,
		       uint64_t count, bool asked)
{
	buf_printf(b->out, "BRDA:%u,%u,%u,", line, block, branch);
	if (asked)
		buf_printf(b->out, "%" PRIu64 "\n", count);
	else
		buf_str(b->out, "-\n");
	b->n++;
	b->hit += count > 0;
}

/* Blocks are columns: two predicates of a line are told apart. */
static void put_branches(const struct cover_site *from, const struct cover_site *to,
			 struct buf *out)
{
	struct branches b = { .out = out };

	for (const struct cover_site *s = from; s < to; s++) {
		const bool asked = s->hits.is[0] + s->hits.is[1] > 0;

		if (s->kind == COVER_PREDICATE) {
			put_branch(&b, s->place.line, s->place.column, 0, s->hits.is[1], asked);
			put_branch(&b, s->place.line, s->place.column, 1, s->hits.is[0], asked);
		} else if (s->kind == COVER_ITEM) {
			put_branch(&b, s->place.line, s->place.column, 2, s->hits.is[1], true);
		}
	}
	buf_printf(out, "BRF:%" PRIu64 "\nBRH:%" PRIu64 "\n", b.n, b.hit);
}

static void put_lines(const struct cover_site *from, const struct cover_site *to,
		      struct buf *out)
{
	uint64_t n = 0, hit = 0;

	while (from < to) {
		const unsigned line = from->place.line;
		uint64_t count = 0;
		bool any = false;

		for (; from < to && from->place.line == line; from++) {
			any |= from->kind != COVER_RULE;
			if (from->kind != COVER_RULE && from->hits.decided > count)
				count = from->hits.decided;
		}
		if (!any)
			continue;
		buf_printf(out, "DA:%u,%" PRIu64 "\n", line, count);
		n++;
		hit += count > 0;
	}
	buf_printf(out, "LF:%" PRIu64 "\nLH:%" PRIu64 "\n", n, hit);
}

void coverage_lcov(const struct coverage *c, struct buf *out)
{
	const struct cover_site *s = c->sites, *end = c->sites + c->n_sites;

	buf_str(out, "TN:saker\n");
	while (s < end) {
		const struct cover_site *from = s;

		while (s < end && strcmp(s->place.file, from->place.file) == 0)
			s++;
		buf_str(out, "SF:");
		put_name(out, from->place.file);
		buf_byte(out, '\n');
		put_functions(c, from->place.file, out);
		put_branches(from, s, out);
		put_lines(from, s, out);
		buf_str(out, "end_of_record\n");
	}
}
