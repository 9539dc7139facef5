/* SPDX-License-Identifier: Apache-2.0 */
/* A message is a header of 12 bytes, questions, then records.  A name is a row of labels, each
 * with its length before it; a length from 0xc0 on and the byte behind it are the place of the
 * rest.  Each such jump must go back before where the name's last part began, so there is no
 * loop and the number of jumps ends by itself.
 *
 * The C library's parser (ns_initparse) and those of c-ares and ldns refuse a message that is
 * not whole, which is what a recording mostly has. */
#include "replay/state/dns.h"

#include <string.h>
#include <sys/socket.h>


enum {
	HEADER = 12, QR = 0x8000, OPCODE = 0x7800, RCODE = 0x000f,
	TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, CLASS_IN = 1,
	CLASS_MASK = 0x7fff,	/* the first bit is multicast DNS's own */
	POINTER = 0xc0,
};

struct name {
	uint8_t wire[DNS_WIRE_MAX];	/* labels with their lengths, small letters */
	uint8_t len;
};

struct record {
	struct name owner;
	uint16_t type, class, data_len;
	size_t data;		/* offset in the message */
};

struct message {
	const uint8_t *p;
	size_t len;
	size_t records;		/* where they begin */
	uint16_t flags, n_questions, n_records;
	struct name alias[DNS_ALIASES_MAX];	/* the question, and what it is an alias of */
	unsigned n_aliases;
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint8_t small(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool add_label(struct name *n, const uint8_t *p)
{
	const uint8_t len = *p;

	if (n->len + 1u + len + 1u > DNS_WIRE_MAX)	/* the root needs its byte, too */
		return false;
	n->wire[n->len++] = len;
	for (unsigned i = 1; i <= len; i++)
		n->wire[n->len++] = small(p[i]);
	return true;
}

/* The name at *at, which is moved behind it; false: it is none, or it is cut. */
static bool read_name(const struct message *m, size_t *at, struct name *out)
{
	size_t off = *at, part = *at;
	bool jumped = false;

	out->len = 0;
	while (off < m->len) {
		const uint8_t c = m->p[off];

		if (c == 0) {
			*at = jumped ? *at : off + 1;
			return true;
		}
		if ((c & POINTER) == POINTER) {
			if (off + 2 > m->len)
				return false;
			*at = jumped ? *at : off + 2;
			jumped = true;
			off = be16(m->p + off) & 0x3fff;
			if (off >= part)
				return false;
			part = off;
			continue;
		}
		if (c & POINTER || off + 1 + c > m->len || !add_label(out, m->p + off))
			return false;
		off += 1u + c;
	}
	return false;
}

static bool same_name(const struct name *a, const struct name *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

/* One record at *at, which is moved behind it; its data is all there. */
static bool read_record(const struct message *m, size_t *at, struct record *r)
{
	const uint8_t *p;

	if (!read_name(m, at, &r->owner) || m->len - *at < 10)
		return false;
	p = m->p + *at;
	r->type = be16(p);
	r->class = be16(p + 2) & CLASS_MASK;
	r->data_len = be16(p + 8);
	r->data = *at + 10;
	if (m->len - r->data < r->data_len)
		return false;
	*at = r->data + r->data_len;
	return true;
}

/* ---- aliases ---- */

static bool is_asked(const struct message *m, const struct name *n)
{
	for (unsigned i = 0; i < m->n_aliases; i++)
		if (same_name(&m->alias[i], n))
			return true;
	return false;
}

static bool note_alias(struct message *m, const struct record *r)
{
	struct name target;
	size_t at = r->data;

	if (r->type != TYPE_CNAME || r->class != CLASS_IN || m->n_aliases == DNS_ALIASES_MAX
	    || !is_asked(m, &r->owner) || !read_name(m, &at, &target)
	    || at != r->data + r->data_len || is_asked(m, &target))
		return false;
	m->alias[m->n_aliases++] = target;
	return true;
}

/* They mostly come in order, but nothing says so: again while there are new ones. */
static void find_aliases(struct message *m)
{
	struct record r;
	bool more = true;

	while (more) {
		size_t at = m->records;

		more = false;
		for (unsigned i = 0; i < m->n_records && read_record(m, &at, &r); i++)
			more |= note_alias(m, &r);
	}
}

/* ---- addresses ---- */

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t name_text(char out[DNS_TEXT_MAX], const struct name *n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n->len; i += n->wire[i] + 1u) {
		if (i)
			out[len++] = '.';
		for (unsigned k = i + 1; k <= i + n->wire[i]; k++) {
			const uint8_t c = n->wire[k];

			if (is_host_char(c)) {
				out[len++] = (char)c;
				continue;
			}
			out[len++] = '\\';
			out[len++] = (char)('0' + c / 100);
			out[len++] = (char)('0' + c / 10 % 10);
			out[len++] = (char)('0' + c % 10);
		}
	}
	out[len] = 0;
	return len;
}

static bool take_address(const struct message *m, const struct record *r, struct dns_address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, none[16];
	const uint8_t *const p = m->p + r->data;

	if (r->class != CLASS_IN)
		return false;
	memset(a->addr, 0, sizeof(a->addr));
	if (r->type == TYPE_A && r->data_len == 4) {
		a->family = AF_INET;
		memcpy(a->addr, p, 4);
	} else if (r->type == TYPE_AAAA && r->data_len == 16) {
		a->family = memcmp(p, mapped, 12) == 0 ? AF_INET : AF_INET6;
		memcpy(a->addr, a->family == AF_INET ? p + 12 : p, a->family == AF_INET ? 4 : 16);
	} else {
		return false;
	}
	return memcmp(a->addr, none, 16) != 0;	/* "there is no such host", of a blocker */
}

static unsigned tell_addresses(const struct message *m,
			       void (*found)(const struct dns_address *, void *), void *arg)
{
	size_t at = m->records;
	char text[DNS_TEXT_MAX];
	struct dns_address a;
	struct record r;
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_records && n < DNS_ADDRESSES_MAX
	     && read_record(m, &at, &r); i++) {
		if (!take_address(m, &r, &a) || (m->n_questions && !is_asked(m, &r.owner)))
			continue;
		a.len = name_text(text, m->n_questions ? &m->alias[0] : &r.owner);
		a.name = text;
		if (a.len == 0)
			continue;
		found(&a, arg);
		n++;
	}
	return n;
}

/* Behind the question; false: the message is no answer that tells anything. */
static bool read_head(struct message *m)
{
	size_t at = HEADER;

	if (m->len < HEADER)
		return false;
	m->flags = be16(m->p + 2);
	m->n_questions = be16(m->p + 4);
	m->n_records = be16(m->p + 6);
	if (!(m->flags & QR) || m->flags & (OPCODE | RCODE) || m->n_questions > 1)
		return false;
	if (m->n_records > DNS_RECORDS_MAX)
		m->n_records = DNS_RECORDS_MAX;
	if (m->n_questions) {
		if (!read_name(m, &at, &m->alias[0]) || m->len - at < 4)
			return false;
		m->n_aliases = 1;
		at += 4;
	}
	m->records = at;
	return true;
}

unsigned dns_read(const uint8_t *p, size_t len, bool stream,
		  void (*found)(const struct dns_address *, void *), void *arg)
{
	struct message m = { .p = p, .len = len };

	/* One read of the length and one of the message is what the C library does; others
	 * read both at once, of which the recorder may have kept a part. */
	if (stream && len > 2 + HEADER && be16(p) >= len - 2 && (be16(p + 4) & QR)) {
		m.p += 2;
		m.len -= 2;
	}
	if (!read_head(&m))
		return 0;
	if (m.n_questions)
		find_aliases(&m);
	return tell_addresses(&m, found, arg);
}
