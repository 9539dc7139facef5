/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of .scap files, and what to do where they are damaged: the next block that
 * can be one is searched, what lies between is counted, and a loss is reported. */
#include "capture/trace/scap.h"

#include <stdarg.h>
#include <stdio.h>

#include "capture/base/err.h"

enum {
	MACHINE = 0x201,
	IFACES_V2 = 0x219,
	BLOCK_MIN = 12,
	RESYNC_MAX = 1 << 20,	/* of a block where reading may start again */
	EVENT_MAX = 4 << 20,	/* of one with 40 parameters of 16 bit lengths, and more */
};

void scap_damage(struct scap *s, uint64_t lost, const char *fmt, ...)
{
	struct source_damage *d = &s->base.damage;
	va_list ap;

	d->n_places++;
	d->lost_bytes += lost;
	if (*d->first)
		return;
	va_start(ap, fmt);
	vsnprintf(d->first, sizeof(d->first), fmt, ap);
	va_end(ap);
}

bool scap_is_events(uint32_t type)
{
	switch (type) {
	case 0x204: case 0x8010abcd: case 0x208: case 0x216: case 0x217: case 0x221:
	case 0x222:
		return true;
	}
	return false;
}

bool scap_is_machine(uint32_t type)
{
	return type == MACHINE || type == 0x8002abcd;
}

size_t scap_peek(struct scap *s, size_t n, const uint8_t **p)
{
	size_t avail;

	if (input_peek(&s->in, n, p, &avail) < 0) {
		scap_damage(s, 0, "%s", err_text());
		s->base.damage.cut = true;
	}
	return avail;
}

/* The block at off is not whole, and nothing readable follows. */
static int cut(struct scap *s, uint64_t off, const char *what)
{
	const uint8_t *p;
	const size_t left = scap_peek(s, 1, &p);

	input_take(&s->in, left);
	s->base.damage.cut = true;
	scap_damage(s, s->in.off - off, "%s at byte %llu, and nothing more behind it",
		    what, (unsigned long long)off);
	s->ended = true;
	return 1;
}

/* Is there a whole block of a kind that can stand anywhere? */
static bool plausible(struct scap *s)
{
	const uint8_t *p;
	uint32_t type, total;

	if (scap_peek(s, 8, &p) < 8)
		return false;
	type = scap_get32(p);
	total = scap_get32(p + 4);
	if (!scap_is_events(type) && type != SCAP_SHB)
		return false;
	if (total < BLOCK_MIN || total % 4 || total > RESYNC_MAX)
		return false;
	return scap_peek(s, total, &p) >= total && scap_get32(p + total - 4) == total;
}

/* Looks for the next block behind one that cannot be right.  0: found; 1: none. */
static int resync(struct scap *s, uint64_t off, const char *what)
{
	const uint8_t *p;

	do
		input_take(&s->in, 4);
	while (!plausible(s) && scap_peek(s, 8, &p) >= 8);
	if (scap_peek(s, 8, &p) < 8)
		return 1;
	scap_damage(s, s->in.off - off, "%s at byte %llu, %llu bytes passed over", what,
		    (unsigned long long)off, (unsigned long long)(s->in.off - off));
	s->base.damage.lost_blocks++;
	s->loss_due = true;
	s->loss_from = s->last_ts;
	scap_enters_clear(s->enters);
	return 0;
}

/* sysdig wrote blocks of interfaces whose length does not count the lengths of the
 * entries: their true end is where the entries end and the wrong length stands again.
 * Returns the true length, 0 if it is not that. */
static uint32_t repaired(struct scap *s, uint32_t total)
{
	const uint8_t *p;
	const size_t avail = scap_peek(s, RESYNC_MAX, &p);
	size_t at = 8;

	while (at + 8 <= avail) {
		const uint32_t len = scap_get32(p + at);
		const unsigned type = (unsigned)(p[at + 4] | p[at + 5] << 8);

		if (type < 1 || type > 4 || len > 1100)
			break;
		at += 4 + (size_t)len;
	}
	at = (at + 3) & ~(size_t)3;
	if (at + 4 > avail || scap_get32(p + at) != total)
		return 0;
	return (uint32_t)at + 4;
}

static bool is_large(uint32_t type)
{
	return type == 0x221 || type == 0x222;
}

/* The longest that a block of the type can be: a length that is not true must not cost
 * memory, and few kinds can be long. */
static uint32_t longest(uint32_t type)
{
	return scap_is_events(type) && !is_large(type) ? EVENT_MAX : SCAP_BLOCK_MAX;
}

/* Does a long block reach behind the file?  Short ones are looked at: the file may have
 * grown. */
static bool reaches_behind(const struct scap *s, uint32_t total)
{
	return total > RESYNC_MAX && s->in.seekable && s->in.off <= s->in.size
		&& total > s->in.size - s->in.off;
}

int scap_next_block(struct scap *s, struct scap_block *b)
{
	const uint8_t *p;
	const char *what;
	uint32_t total;
	size_t avail;

	input_take(&s->in, s->taken);
	s->taken = 0;
again:
	p = input_here(&s->in, 8);
	avail = p ? 8 : scap_peek(s, 8, &p);
	s->base.bytes_done = s->in.gzip ? s->in.raw_off : s->in.off;
	b->off = s->in.off;
	if (avail < 8) {
		if (!avail && !input_cut(&s->in))
			return 1;
		return cut(s, b->off,
			   avail ? "incomplete block" : "end of cut gzip data");
	}
	b->type = scap_get32(p);
	total = scap_get32(p + 4);
	if (total < BLOCK_MIN || total > longest(b->type)) {
		what = "block of impossible length";
		goto damaged;
	}
	p = input_here(&s->in, total);
	if (!p && (reaches_behind(s, total) || scap_peek(s, total, &p) < total)) {
		what = "incomplete block";
		goto damaged;
	}
	if (scap_get32(p + total - 4) != total) {
		total = b->type == IFACES_V2 ? repaired(s, total) : 0;
		what = "block that ends where it should not";
		if (!total)
			goto damaged;
		scap_peek(s, total, &p);
	}
	b->body = cursor_of(p + 8, total - BLOCK_MIN);
	s->taken = total;
	s->counts.bytes = b->off + total;
	return 0;
damaged:
	if (resync(s, b->off, what) == 0)
		goto again;
	return cut(s, b->off, what);
}
