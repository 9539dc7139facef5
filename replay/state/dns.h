/* SPDX-License-Identifier: Apache-2.0 */
/* Which names a DNS answer gives to addresses.
 *
 * A message comes from the network and is cut to what the recorder keeps, so whatever of it is
 * whole is taken and nothing is trusted.  Only addresses that belong to the question count, by
 * way of aliases (CNAME): what else a server adds is nobody's business.  Multicast DNS answers
 * without a question; there each address counts under its own name. */
#ifndef SAKER_STATE_DNS_H
#define SAKER_STATE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_PORT = 53, MDNS_PORT = 5353, LLMNR_PORT = 5355,
	DNS_WIRE_MAX = 255,			/* of a name, RFC 1035 */
	DNS_TEXT_MAX = 4 * DNS_WIRE_MAX + 1,	/* each byte as \ddd, and a NUL */
	DNS_RECORDS_MAX = 256,			/* looked at */
	DNS_ALIASES_MAX = 16,
	DNS_ADDRESSES_MAX = 64,			/* told of one message */
};

struct dns_address {
	const char *name;	/* small letters; what no host name has is \ddd (RFC 1035, 5.1) */
	size_t len;
	uint8_t family;		/* AF_INET, AF_INET6 */
	uint8_t addr[16];
};

/* Calls found for each address that the message gives to the name that was asked for.  Its number;
 * 0: no answer, or an error.  stream: the length may stand in front, as on TCP. */
unsigned dns_read(const uint8_t *p, size_t len, bool stream,
		  void (*found)(const struct dns_address *, void *), void *arg);

static inline bool dns_is_port(uint16_t port)
{
	return port == DNS_PORT || port == MDNS_PORT || port == LLMNR_PORT;
}

#endif
