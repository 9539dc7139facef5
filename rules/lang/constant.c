/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of conditions: text to the type of the field, as Falco reads it. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/near.h"
#include "rules/lang/check.h"
#include "rules/lang/pathset.h"
#include "rules/lang/regex.h"

enum { TEXT_MAX = 255 };

static const struct {
	const char *name;
	uint16_t port;
} services[] = {
#define SERVICE(name, port) { name, port },
#include "rules/lang/services.def"
#undef SERVICE
};

/* Names of events that Falco knows and that no longer occur. */
static const char *const old_events[] = {
#define OLD_EVENT(name) name,
#include "rules/lang/oldevents.def"
#undef OLD_EVENT
};

bool event_name_known(const char *p, size_t len)
{
	if (catalog_find(p, len) != EV_UNKNOWN || syscall_by_name(p, len))
		return true;
	for (size_t i = 0; i < sizeof(old_events) / sizeof(old_events[0]); i++)
		if (strlen(old_events[i]) == len && memcmp(old_events[i], p, len) == 0)
			return true;
	return false;
}

const char *event_name_near(const char *p, size_t len)
{
	static _Thread_local struct near near;

	near_init(&near, p, len);
	for (unsigned i = 0; i < EV__N; i++)
		if (!(catalog[i].flags & EF_PSEUDO))
			near_try(&near, catalog[i].name);
	return near_text(&near);
}

#define FAIL(code, ...) lang_fail(at->l, code, at->text, at->off, __VA_ARGS__)

/* The width of a number, as its Falco type says: larger constants are cut. */
static unsigned width(const char *falco_type)
{
	static const struct {
		const char *name;
		uint8_t bits;
	} narrow[] = {
		{ "INT8", 8 }, { "UINT8", 8 }, { "FLAGS8", 8 }, { "ENUMFLAGS8", 8 },
		{ "SIGTYPE", 8 }, { "L4PROTO", 8 }, { "SOCKFAMILY", 8 },
		{ "INT16", 16 }, { "UINT16", 16 }, { "FLAGS16", 16 }, { "ENUMFLAGS16", 16 },
		{ "SYSCALLID", 16 },
		{ "INT32", 32 }, { "UINT32", 32 }, { "FLAGS32", 32 }, { "ENUMFLAGS32", 32 },
		{ "MODE", 32 }, { "UID", 32 }, { "GID", 32 },
	};

	for (size_t i = 0; falco_type && i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (strcmp(narrow[i].name, falco_type) == 0)
			return narrow[i].bits;
	return 64;
}

/* Decimal with an optional sign.  Texts end with a NUL but may hold one. */
static bool decimal(struct constant *c, bool is_signed, const char *p, size_t len, unsigned bits)
{
	char *end;

	if (len == 0 || strlen(p) != len || isspace((unsigned char)*p))
		return false;
	if (is_signed)
		c->i = strtoll(p, &end, 10);
	else
		c->u = strtoull(p, &end, 10);
	if (*end)
		return false;
	if (bits < 64 && is_signed)
		c->i = (int64_t)((uint64_t)c->i << (64 - bits)) >> (64 - bits);
	else if (bits < 64)
		c->u &= (UINT64_C(1) << bits) - 1;
	c->number = true;
	return true;
}

static bool parse_port(const struct at *at, struct constant *c, const char *p, size_t len)
{
	size_t digits = 0;

	while (digits < len && isdigit((unsigned char)p[digits]))
		digits++;
	if (digits == len) {
		c->u = (uint16_t)strtoull(p, NULL, 10);
		return true;
	}
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(services[i].name, p) == 0) {
			c->u = services[i].port;
			return true;
		}
	return FAIL(LANG_TYPE, "unrecognized protocol %s", p);
}

/* Addresses are kept as bytes; their length tells the family. */
static bool parse_address(const struct at *at, struct constant *c, const char *p, size_t len)
{
	const bool v4 = memchr(p, '.', len) != NULL;
	unsigned char bytes[16];

	if (inet_pton(v4 ? AF_INET : AF_INET6, p, bytes) != 1 || strlen(p) != len)
		return FAIL(LANG_TYPE, "unrecognized IPv%c address %s", v4 ? '4' : '6', p);
	c->len = v4 ? 4 : 16;
	c->p = arena_strn(at->l->arena, bytes, c->len);
	c->prefix = (uint8_t)(c->len * 8);
	return true;
}

static bool parse_net(const struct at *at, struct constant *c, const char *p, size_t len)
{
	const char *slash = memchr(p, '/', len);
	struct constant bits = {0};

	if (!slash)
		return FAIL(LANG_TYPE, "unrecognized IP net %s", p);
	if (!parse_address(at, c, arena_strn(at->l->arena, p, (size_t)(slash - p)),
			   (size_t)(slash - p)))
		return false;
	if (!decimal(&bits, true, slash + 1, len - (size_t)(slash + 1 - p), 64))
		return FAIL(LANG_TYPE, "%s is not a valid number", slash + 1);
	if (bits.i > c->len * 8 || bits.i < (c->len == 4 ? 0 : 1))
		return FAIL(LANG_TYPE, "invalid netmask %s", slash + 1);
	c->prefix = (uint8_t)bits.i;
	return true;
}

static int nibble(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

static bool parse_hex(const struct at *at, struct constant *c, const char *p, size_t len)
{
	char *out = arena_alloc(at->l->arena, len / 2 + 1);

	for (size_t i = 0; i + 1 < len; i += 2) {
		const int hi = nibble((unsigned char)p[i]), lo = nibble((unsigned char)p[i + 1]);

		if (hi < 0 || lo < 0)
			len = 1;
		else
			out[i / 2] = (char)(hi << 4 | lo);
	}
	if (len % 2)
		return FAIL(LANG_TYPE, "filter error: bcontains and bstartswith operator "
			    "support hex strings only");
	out[len / 2] = 0;
	c->p = out;
	c->len = (uint32_t)len / 2;
	return true;
}

static bool parse_text(const struct at *at, struct constant *c, enum field_type type,
		       enum op op, const char *p, size_t len)
{
	if (len > TEXT_MAX)
		return FAIL(LANG_TYPE, "filter parameter too long (used=%zu, available=%d)",
			    len + 1, TEXT_MAX + 1);
	if (type == FIELD_STRING && memchr(p, 0, len))
		return FAIL(LANG_TYPE, "a text cannot hold a NUL byte");
	c->p = p;
	c->len = (uint32_t)len;
	if (op == OP_BCONTAINS || op == OP_BSTARTSWITH)
		return parse_hex(at, c, p, len);
	if (op == OP_REGEX) {
		c->regex = regex_compile(at->l, at->text, at->off, p, len);
		return c->regex;
	}
	return true;
}

static bool parse_bool(const struct at *at, struct constant *c, const char *p)
{
	c->u = strcmp(p, "true") == 0;
	if (!c->u && strcmp(p, "false") != 0)
		return FAIL(LANG_TYPE, "filter error: unrecognized boolean value %s", p);
	return true;
}

bool constant_parse(const struct at *at, struct constant *c, enum field_type type,
		    const char *falco_type, enum op op, const char *p, size_t len)
{
	*c = (struct constant){0};
	switch (type) {
	case FIELD_INT:
	case FIELD_UINT:
		return decimal(c, type == FIELD_INT, p, len, width(falco_type)) ||
		       FAIL(LANG_TYPE, "%s is not a valid number", p);
	case FIELD_DOUBLE:
		if (!decimal(c, true, p, len, 64))
			return FAIL(LANG_TYPE, "%s is not a valid number", p);
		c->d = (double)c->i;
		return true;
	case FIELD_BOOL:
		return parse_bool(at, c, p);
	case FIELD_PORT:
		return parse_port(at, c, p, len);
	case FIELD_IP:
		return parse_address(at, c, p, len);
	case FIELD_NET:
		return parse_net(at, c, p, len);
	case FIELD_STRING:
	case FIELD_BYTES:
		return parse_text(at, c, type, op, p, len);
	case FIELD_DYN:
		decimal(c, true, p, len, 64);
		return parse_text(at, c, FIELD_BYTES, op, p, len);
	}
	return false;
}
