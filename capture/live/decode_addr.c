/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and connections as values (layouts in capture/base/event.h). */
#include "capture/live/decode.h"

#include <string.h>
#include <sys/socket.h>

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

size_t sockaddr_value(uint8_t *out, const uint8_t *sa, size_t len)
{
	uint16_t family;

	if (len < 2)
		return 0;
	memcpy(&family, sa, 2);
	out[0] = (uint8_t)family;
	if (family == AF_INET && len >= 8) {
		memcpy(out + 1, sa + 4, 4);
		put16(out + 5, (uint16_t)(sa[2] << 8 | sa[3]));
		return 7;
	}
	if (family == AF_INET6 && len >= 24) {
		memcpy(out + 1, sa + 8, 16);
		put16(out + 17, (uint16_t)(sa[2] << 8 | sa[3]));
		return 19;
	}
	len -= 2;
	if (len > 128)
		len = 128;
	/* A path ends at its NUL; an abstract name begins with one and has its length. */
	if (family == AF_UNIX && len && sa[2])
		len = strnlen((const char *)sa + 2, len);
	memcpy(out + 1, sa + 2, len);
	return 1 + len;
}

/* An address and a port at p. */
static size_t put_end(uint8_t *p, const uint8_t *addr, size_t n, uint16_t port)
{
	memcpy(p, addr, n);
	put16(p + n, port);
	return n + 2;
}

static size_t inet_tuple(uint8_t *p, const struct wire_tuple *t, size_t n, bool inbound)
{
	size_t at = 1;

	p[0] = (uint8_t)t->family;
	if (inbound) {
		at += put_end(p + at, t->daddr, n, t->dport);
		at += put_end(p + at, t->saddr, n, t->sport);
	} else {
		at += put_end(p + at, t->saddr, n, t->sport);
		at += put_end(p + at, t->daddr, n, t->dport);
	}
	return at;
}

/* Order of the two as in Falco's captures: outbound peer first, inbound own first. */
static size_t unix_tuple(uint8_t *p, const struct wire_tuple *t, const uint8_t *path, size_t len,
			 bool inbound)
{
	const uint64_t first = inbound ? t->unix_self : t->unix_peer;
	const uint64_t second = inbound ? t->unix_peer : t->unix_self;

	p[0] = (uint8_t)t->family;
	memcpy(p + 1, &first, 8);
	memcpy(p + 9, &second, 8);
	if (len && path[0])
		len = strnlen((const char *)path, len);
	memcpy(p + 17, path, len);
	return 17 + len;
}

/* The address that an unconnected socket was told in the call. */
static void peer_from_call(struct wire_tuple *t, const uint8_t *sa, size_t len,
			   const uint8_t **path, size_t *path_len)
{
	uint16_t family;

	if (len < 2)
		return;
	memcpy(&family, sa, 2);
	if (family == AF_INET && t->family == AF_INET && len >= 8) {
		memcpy(t->daddr, sa + 4, 4);
		t->dport = (uint16_t)(sa[2] << 8 | sa[3]);
	} else if (family == AF_INET6 && t->family == AF_INET6 && len >= 24) {
		memcpy(t->daddr, sa + 8, 16);
		t->dport = (uint16_t)(sa[2] << 8 | sa[3]);
	} else if (family == AF_UNIX && t->family == AF_UNIX) {
		*path = sa + 2;
		*path_len = len - 2 > 108 ? 108 : len - 2;
	}
}

size_t tuple_value(uint8_t *out, const struct wire_blob *b, const struct wire_blob *name,
		   bool inbound)
{
	const uint8_t *const data = (const uint8_t *)(b + 1);
	struct wire_tuple t;
	const uint8_t *path;
	size_t path_len;

	if (b->len < sizeof(t))
		return 0;
	memcpy(&t, data, sizeof(t));
	path = data + sizeof(t);
	path_len = b->len - sizeof(t);
	if (path_len > t.path_len)
		path_len = t.path_len;
	if (name && name->state == WB_SET)
		peer_from_call(&t, (const uint8_t *)(name + 1), name->len, &path, &path_len);
	if (t.family == AF_INET)
		return inet_tuple(out, &t, 4, inbound);
	if (t.family == AF_INET6)
		return inet_tuple(out, &t, 16, inbound);
	return t.family == AF_UNIX ? unix_tuple(out, &t, path, path_len, inbound) : 0;
}
