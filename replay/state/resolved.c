/* SPDX-License-Identifier: Apache-2.0 */
/* Which names addresses were given by the answers that the recorded machine got or gave.
 *
 * A recorder learns them from payload and writes each piece of news as an event (resolved) before
 * the answer; readers learn from those events alone.  Whatever is no news changes nothing here, so
 * that both forget the same addresses in the same order. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <xxhash.h>

#include "replay/state/dns.h"
#include "replay/state/internal.h"

enum { NAMED_MAX = 16384 };

/* ---- the table ---- */

static uint32_t key_of(uint8_t family, const uint8_t *addr)
{
	return (uint32_t)XXH3_64bits_withSeed(addr, family == AF_INET ? 4 : 16, family);
}

static struct named *find(const struct names *t, uint8_t family, const uint8_t *addr)
{
	struct named *n = map_get(&t->by_addr, key_of(family, addr));

	while (n && (n->family != family || memcmp(n->addr, addr, family == AF_INET ? 4 : 16)))
		n = n->next;
	return n;
}

static void unlink_age(struct names *t, struct named *n)
{
	*(n->older ? &n->older->newer : &t->oldest) = n->newer;
	*(n->newer ? &n->newer->older : &t->newest) = n->older;
}

static void make_newest(struct names *t, struct named *n)
{
	n->older = t->newest;
	n->newer = NULL;
	*(t->newest ? &t->newest->newer : &t->oldest) = n;
	t->newest = n;
}

static void unlink_hash(struct names *t, struct named *n)
{
	const uint32_t key = key_of(n->family, n->addr);
	struct named *first = map_get(&t->by_addr, key);

	if (first != n) {
		while (first->next != n)
			first = first->next;
		first->next = n->next;
	} else if (n->next) {
		map_put(&t->by_addr, key, n->next);
	} else {
		map_del(&t->by_addr, key);
	}
}

static void forget(struct state *st, struct named *n)
{
	for (unsigned i = 0; i < STATE_NAMES; i++)
		text_drop(st, &n->name[i]);
	unlink_age(&st->names, n);
	unlink_hash(&st->names, n);
	slab_give(&st->names.slab, n);
}

static struct named *need(struct state *st, uint8_t family, const uint8_t *addr)
{
	struct names *t = &st->names;
	struct named *n = find(t, family, addr);
	const uint32_t key = key_of(family, addr);

	if (n) {
		unlink_age(t, n);
	} else {
		if (t->slab.n_live >= NAMED_MAX) {
			forget(st, t->oldest);
			st->stats.evicted_names++;
		}
		n = slab_take(&t->slab);
		n->family = family;
		memcpy(n->addr, addr, family == AF_INET ? 4 : 16);
		for (unsigned i = 0; i < STATE_NAMES; i++)
			n->name[i] = text_none();
		n->next = map_get(&t->by_addr, key);
		map_put(&t->by_addr, key, n);
	}
	make_newest(t, n);
	return n;
}

/* true: that is news. */
static bool learn(struct state *st, uint8_t family, const uint8_t *addr, const void *name,
		  size_t len)
{
	struct named *n = find(&st->names, family, addr);
	struct text t;
	unsigned k = 0;

	if (n && n->name[0].len == len && memcmp(n->name[0].p, name, len) == 0)
		return false;
	t = text_new(st, name, len);
	if (!t.len)
		return false;
	n = need(st, family, addr);
	while (k < STATE_NAMES - 1 && n->name[k].p != t.p)
		k++;
	text_drop(st, &n->name[k]);
	memmove(&n->name[1], &n->name[0], k * sizeof(n->name[0]));
	n->name[0] = t;
	return true;
}

size_t state_names(const struct state *st, uint8_t family, const uint8_t *addr,
		   struct text out[STATE_NAMES])
{
	const struct named *n = st->names.slab.n_live ? find(&st->names, family, addr) : NULL;
	size_t k = 0;

	for (; n && k < STATE_NAMES && n->name[k].len; k++)
		out[k] = n->name[k];
	return k;
}

int names_each(const struct state *st,
	       int (*visit)(const struct named *, struct text name, void *), void *arg)
{
	int e = 0;

	for (const struct named *n = st->names.oldest; n && !e; n = n->newer)
		for (unsigned i = STATE_NAMES; i-- && !e;)
			e = n->name[i].len ? visit(n, n->name[i], arg) : 0;
	return e;
}

void names_untell(struct state *st)
{
	while (st->names.n_told)
		text_drop(st, &st->names.told[--st->names.n_told].name);
}

void names_release(struct state *st)
{
	names_untell(st);
	while (st->names.oldest)
		forget(st, st->names.oldest);
}

/* ---- from events ---- */

size_t address_text(char out[46], uint8_t family, const uint8_t *addr)
{
	return inet_ntop(family, addr, out, 46) ? strlen(out) : 0;
}

/* As dns_read makes them: nothing that a terminal or a rule would stumble over. */
static bool is_name(const struct value *v)
{
	if (v->state != VALUE_SET || !v->len || v->len >= DNS_TEXT_MAX)
		return false;
	for (uint32_t i = 0; i < v->len; i++)
		if (v->p[i] <= ' ' || v->p[i] >= 0x7f)
			return false;
	return true;
}

HANDLER(on_resolved)
{
	const struct value *text = EV(ev, RESOLVED, addr), *name = EV(ev, RESOLVED, name);
	char addr[46] = {0};
	uint8_t bytes[16];
	int family;

	if (text->state != VALUE_SET || text->len >= sizeof(addr) || !is_name(name))
		return;
	memcpy(addr, text->p, text->len);
	family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, addr, bytes) == 1)
		learn(st, (uint8_t)family, bytes, name->p, name->len);
}

/* ---- from payload ---- */

void state_learn_names(struct state *st)
{
	st->names.learns = true;
}

static void found(const struct dns_address *a, void *arg)
{
	struct state *st = arg;
	struct names *t = &st->names;
	struct told_name *told;

	if (!learn(st, a->family, a->addr, a->name, a->len))
		return;
	t->told = mem_grow(t->told, &t->told_cap, t->n_told + 1, sizeof(*t->told));
	told = &t->told[t->n_told++];
	told->family = a->family;
	memcpy(told->addr, a->addr, sizeof(told->addr));
	told->name = text_ref(t->newest->name[0]);
}

static const struct value *payload(const struct event *ev, bool *incoming)
{
	*incoming = true;
	switch (ev->type) {
	case EV_READ:
		return EV(ev, READ, data);
	case EV_READV:
		return EV(ev, READV, data);
	case EV_RECV:
		return EV(ev, RECV, data);
	case EV_RECVFROM:
		return EV(ev, RECVFROM, data);
	case EV_RECVMSG:
		return EV(ev, RECVMSG, data);
	case EV_RECVMMSG:
		return EV(ev, RECVMMSG, data);
	}
	*incoming = false;
	switch (ev->type) {
	case EV_WRITE:
		return EV(ev, WRITE, data);
	case EV_WRITEV:
		return EV(ev, WRITEV, data);
	case EV_SEND:
		return EV(ev, SEND, data);
	case EV_SENDTO:
		return EV(ev, SENDTO, data);
	case EV_SENDMSG:
		return EV(ev, SENDMSG, data);
	case EV_SENDMMSG:
		return EV(ev, SENDMMSG, data);
	}
	return NULL;
}

/* Answers come from the port of a name server: what a process sends to one proves nothing. */
static bool from_server(const struct fdinfo *f, bool incoming)
{
	if (f->proto != L4_UDP && f->proto != L4_TCP)
		return false;
	if (f->role != ROLE_CLIENT && f->role != ROLE_SERVER)
		return false;
	return dns_is_port(incoming == (f->role == ROLE_CLIENT) ? f->dst.port : f->src.port);
}

void names_learn(struct state *st, const struct event *ev)
{
	const struct fdinfo *f = st->cur.fd;
	bool incoming;
	const struct value *v = payload(ev, &incoming);

	if (!v || v->state != VALUE_SET || value_i64(event_value(ev, 0), -1) <= 0
	    || !from_server(f, incoming))
		return;
	dns_read(v->p, v->len, f->proto == L4_TCP, found, st);
}

int state_names_told(const struct state *st, const struct event *ev,
		     int (*emit)(const struct event *, void *), void *arg)
{
	struct event told;
	char addr[46];
	int e = 0;

	for (size_t i = 0; i < st->names.n_told && e >= 0; i++) {
		const struct told_name *n = &st->names.told[i];

		event_init(&told, EV_RESOLVED);
		told.ts = ev->ts;
		told.cpu = ev->cpu;
		value_bytes(&told.v[P(RESOLVED, addr)], addr,
			    address_text(addr, n->family, n->addr));
		value_bytes(&told.v[P(RESOLVED, name)], n->name.p, n->name.len);
		e = emit(&told, arg);
	}
	return e < 0 ? e : 0;
}
