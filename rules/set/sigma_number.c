/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, addresses and the like of Sigma as checks of ours. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/sigma_parts.h"

static bool number(const struct yaml *y, long long *out)
{
	char *end;

	errno = 0;
	*out = strtoll(y->p, &end, 10);
	return !errno && end == y->p + y->len && y->len && y->p[0] != ' ' && y->p[0] != '+';
}

void sigma_add_number(struct check *c, const struct yaml *y)
{
	static const char *const signs[] = { [SOP_LT] = "<", [SOP_LE] = "<=",
					     [SOP_GT] = ">", [SOP_GE] = ">=" };
	struct buf b = {0};
	long long v;

	if (c->type == MAP_LOGIN && strcmp(y->p, "4294967295") == 0) {
		sigma_add_equal(c, c->field, "-1", 2, false, y, NULL);
	} else if (c->k->op != SOP_EQUAL && c->k->op < SOP_LT) {
		sigma_add_none(c, y, "'%s' is a number here: it has no parts to look for",
			       c->k->name);
	} else if (!number(y, &v) || (c->type == MAP_PORT && (v < 0 || v > 65535))) {
		sigma_add_none(c, y, "'%.60s' is no %s", y->p,
			       c->type == MAP_PORT ? "port" : "number");
	} else if (c->k->op == SOP_EQUAL) {
		buf_printf(&b, "%lld", v);
		sigma_add_equal(c, c->field, (const char *)b.p, b.len, false, y, NULL);
	} else {
		buf_printf(&b, "%s %s %lld", c->field, signs[c->k->op], v);
		sigma_add_text(c, &b, y, NULL);
	}
	buf_release(&b);
}

/* "fd.sip" has a net "fd.snet". */
static void put_net(struct check *c, const char *net, const struct yaml *at)
{
	struct buf b = {0};

	buf_put(&b, c->field, strlen(c->field) - 2);
	buf_printf(&b, "net = \"%s\"", net);
	sigma_add_text(c, &b, at, NULL);
	buf_release(&b);
}

static bool is_address(const char *p)
{
	uint8_t to[16];

	return inet_pton(AF_INET, p, to) == 1 || inet_pton(AF_INET6, p, to) == 1;
}

static bool is_net(const char *p)
{
	const char *slash = strchr(p, '/');
	char address[64];
	char *end;
	long bits;

	if (!slash || slash - p >= (long)sizeof(address) || slash[1] < '0' ||
	    slash[1] > '9')
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - p), p);
	bits = strtol(slash + 1, &end, 10);
	return !*end && is_address(address) && bits <= (strchr(p, ':') ? 128 : 32) &&
	       (bits > 0 || !strchr(p, ':'));
}

/* "10." and "192.168.": whole bytes of an address. */
static bool net_of_prefix(const struct sigma_pattern *p, char out[32])
{
	unsigned v[3] = { 0, 0, 0 }, n = 0;
	char *end;
	const char *s = p->p;

	if (p->open_front || !p->open_back || p->inner || !p->n || p->p[p->n - 1] != '.')
		return false;
	for (; s < p->p + p->n; s = end + 1) {
		if (n == 3 || *s < '0' || *s > '9')
			return false;
		v[n] = (unsigned)strtoul(s, &end, 10);
		if (*end != '.' || v[n++] > 255)
			return false;
	}
	snprintf(out, 32, "%u.%u.%u.0/%u", v[0], v[1], v[2], n * 8);
	return true;
}

void sigma_add_address(struct check *c, const struct yaml *y)
{
	struct sigma_pattern p;
	char net[32];

	if (c->k->op == SOP_CIDR) {
		if (is_net(y->p))
			put_net(c, y->p, y);
		else
			sigma_add_none(c, y, "'%.60s' is no net", y->p);
		return;
	}
	sigma_pattern(c->m->pool.arena, y->p, y->len, c->k->op, &p);
	if (c->k->op > SOP_ENDS || c->k->flags >= SF_BASE64)
		sigma_add_none(c, y, "'%s' is an address: it is compared whole or by its net",
			       c->k->name);
	else if (net_of_prefix(&p, net))
		put_net(c, net, y);
	else if (p.open_front || p.open_back || p.inner || !is_address(y->p))
		sigma_add_none(c, y, "'%.60s' is no address, and no first bytes of one", y->p);
	else
		sigma_add_equal(c, c->field, y->p, y->len, false, y, NULL);
}

void sigma_add_call(struct check *c, const struct yaml *y)
{
	if (c->k->op != SOP_EQUAL || !sigma_has_ascii_letters(y->p, y->len) ||
	    strspn(y->p,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != y->len)
		sigma_add_none(c, y, "calls are compared by their names only");
	else
		sigma_add_equal(c, c->field, sigma_lowered(c, y->p, y->len, true), y->len, false, y,
				NULL);
}

/* What the field always is, or one of two words. */
void sigma_add_known(struct check *c, const struct yaml *y)
{
	struct expr_pool *pool = &c->m->pool;
	struct sigma_pattern p;
	bool yes, no;

	if (c->k->op > SOP_ENDS || c->k->flags & SF_FIELD) {
		sigma_add_none(c, y, "'%s' is compared as a word only", c->k->name);
		return;
	}
	sigma_pattern(pool->arena, y->p, y->len, c->k->op, &p);
	if (c->type == MAP_CONSTANT) {
		yes = sigma_pattern_matches(&p, c->field, c->cased);
		sigma_add(c, expr_new(pool, yes ? EXPR_TRUE : EXPR_FALSE));
		return;
	}
	yes = sigma_pattern_matches(&p, "yes", c->cased);
	no = sigma_pattern_matches(&p, "no", c->cased);
	if (yes)
		sigma_add(c, expr_check(pool, "evt.failed = false"));
	if (no)
		sigma_add(c, expr_check(pool, "evt.failed = true"));
	if (!yes && !no)
		sigma_add(c, expr_new(pool, EXPR_FALSE));
}
