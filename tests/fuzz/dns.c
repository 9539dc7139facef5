/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message of a name server, on datagrams and on streams: what is told fits its
 * bounds and has nothing in it that no host name has. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "replay/state/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look(const struct dns_address *a, void *arg)
{
	unsigned *n = arg;

	if (++*n > DNS_ADDRESSES_MAX || a->len == 0 || a->len >= DNS_TEXT_MAX
	    || strlen(a->name) != a->len || (a->family != AF_INET && a->family != AF_INET6))
		abort();
	for (size_t i = 0; i < a->len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.\\", a->name[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned n = 0;

	if (dns_read(data, len, false, look, &n) != n)
		abort();
	n = 0;
	if (dns_read(data, len, true, look, &n) != n)
		abort();
	return 0;
}
