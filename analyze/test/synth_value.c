/* SPDX-License-Identifier: Apache-2.0 */
/* Values of parameters, by the types of the catalogue: names of flags and errors, numbers in
 * the base in which they are usually written, texts, addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "analyze/test/synth.h"
#include "capture/base/near.h"
#include "capture/base/timearg.h"

/* Names of numbers that are no flags of a table. */
static const struct {
	const char *param, *name;
	uint64_t value;
} words[] = {
	{ "type", "SOCK_STREAM", SOCK_STREAM }, { "type", "SOCK_DGRAM", SOCK_DGRAM },
	{ "type", "SOCK_RAW", SOCK_RAW }, { "type", "SOCK_SEQPACKET", SOCK_SEQPACKET },
	{ "type", "SOCK_CLOEXEC", SOCK_CLOEXEC }, { "type", "SOCK_NONBLOCK", SOCK_NONBLOCK },
	{ "proto", "IPPROTO_IP", 0 }, { "proto", "IPPROTO_ICMP", 1 },
	{ "proto", "IPPROTO_TCP", 6 }, { "proto", "IPPROTO_UDP", 17 },
	{ "proto", "IPPROTO_ICMPV6", 58 }, { "proto", "IPPROTO_RAW", 255 },
	{ "fd", "AT_FDCWD", (uint64_t)AT_FDCWD },
};

static bool say(struct synth *s, const struct yaml *v, const char *what)
{
	test_file_say(s->f, v, "%s", what);
	return false;
}

/* A number, the whole text; octal: without a prefix. */
static bool number(const char *p, bool octal, uint64_t *out)
{
	const bool minus = *p == '-';
	char *end;

	p += minus;
	if (*p < '0' || *p > '9')
		return false;
	if (octal && strncmp(p, "0o", 2) == 0)
		p += 2;
	errno = 0;
	*out = strtoull(p, &end, octal ? 8 : 0);
	if (errno || *end)
		return false;
	*out = minus ? -*out : *out;
	return true;
}

static bool word(const char *param, const char *name, uint64_t *out)
{
	const size_t n = strlen(param);

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t k = strlen(words[i].param);

		if (n >= k && strcmp(param + n - k, words[i].param) == 0 &&
		    strcmp(words[i].name, name) == 0) {
			*out |= words[i].value;
			return true;
		}
	}
	return false;
}

static bool one_flag(struct synth *s, enum flags_table_id table, const struct yaml *at,
		     const char *name, uint64_t *out)
{
	const struct flags_table *t = &flags_tables[table];
	struct near near;
	uint64_t n;

	if (number(name, false, &n)) {
		*out |= n;
		return true;
	}
	near_init(&near, name, strlen(name));
	for (unsigned i = 0; i < t->n; i++) {
		if (strcmp(t->flags[i].name, name) == 0 && !t->flags[i].ppm_only) {
			*out |= t->flags[i].kernel;
			return true;
		}
		near_try(&near, t->flags[i].name);
	}
	test_file_say(s->f, at, "there is no flag '%s' here%s", name, near_text(&near));
	return false;
}

bool synth_flags(struct synth *s, enum flags_table_id table, const struct yaml *v,
		 uint64_t *out)
{
	char *text, *save = NULL;

	if (v->kind == YAML_SEQUENCE) {
		for (uint32_t i = 0; i < v->n; i++)
			if (v->kids[i]->kind != YAML_SCALAR ||
			    !one_flag(s, table, v->kids[i], v->kids[i]->p, out))
				return v->kids[i]->kind == YAML_SCALAR ? false :
				       say(s, v->kids[i], "here stands the name of a flag");
		return true;
	}
	if (v->kind != YAML_SCALAR || v->len == 0)
		return say(s, v, "here stand names of flags: A|B, or a number");
	text = arena_strn(&s->f->arena, v->p, v->len);
	for (char *p = strtok_r(text, "| \t\n", &save); p; p = strtok_r(NULL, "| \t\n", &save))
		if (!one_flag(s, table, v, p, out))
			return false;
	return true;
}

/* "EACCES" is -13. */
static bool error_name(const char *p, uint64_t *out)
{
	const struct flags_table *t = &flags_tables[FT_errno];

	p += *p == '-';
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->flags[i].name, p) == 0) {
			*out = -t->flags[i].kernel;
			return true;
		}
	return false;
}

static bool fits(enum param_type type, uint64_t n)
{
	const unsigned bits = type_width(type) * 8;

	if (bits == 0 || bits >= 64)
		return true;
	if ((int64_t)n < 0)
		return type_is_signed(type) && (int64_t)n >= -(INT64_C(1) << (bits - 1));
	return n >> bits == 0;
}

static bool any_number(struct synth *s, const struct param_desc *d, const struct yaml *v,
		       uint64_t *out)
{
	const bool octal = d->fmt == PF_OCT || d->type == PT_MODE;

	if (v->kind != YAML_SCALAR || v->len == 0)
		return say(s, v, "here stands a number");
	*out = 0;
	if (number(v->p, octal, out) || word(d->name, v->p, out))
		return true;
	if (type_is_signed(d->type) && error_name(v->p, out))
		return true;
	if (type_is_signed(d->type) && v->p[0] == 'E')
		test_file_say(s->f, v, "there is no error '%s'", v->p);
	else
		test_file_say(s->f, v, "'%s' is no number", v->p);
	return false;
}

static bool words_of(struct synth *s, const struct param_desc *d, const struct yaml *v,
		     uint64_t *out)
{
	char *text = arena_strn(&s->f->arena, v->p, v->len), *save = NULL;
	uint64_t sum = 0;

	if (strchr(v->p, '|') == NULL)
		return false;
	for (char *p = strtok_r(text, "| ", &save); p; p = strtok_r(NULL, "| ", &save)) {
		uint64_t n = 0;

		if (!word(d->name, p, &n) && !number(p, false, &n))
			return false;
		sum |= n;
	}
	*out = sum;
	return true;
}

static bool duration(struct synth *s, const struct yaml *v, uint64_t *out)
{
	if (v->kind == YAML_SCALAR && time_duration(v->p, out) == 0)
		return true;
	return say(s, v, "here stands a time: 10ms, 2s");
}

static bool put_number(struct synth *s, const struct param_desc *d, const struct yaml *v,
		       struct value *out)
{
	const struct syscall_desc *call;
	uint64_t n = 0;
	bool ok;

	switch ((enum param_type)d->type) {
	case PT_BOOL: {
		bool yes;

		ok = read_bool(s->f, v, d->name, &yes);
		n = ok && yes;
		break;
	}
	case PT_RELTIME:
	case PT_ABSTIME:
		ok = duration(s, v, &n);
		break;
	case PT_SIGTYPE:
		ok = synth_flags(s, FT_signal, v, &n);
		break;
	case PT_SYSCALLID:
		call = v->kind == YAML_SCALAR ? syscall_by_name(v->p, v->len) : NULL;
		n = call ? (uint64_t)call->nr[ARCH_X86_64] : 0;
		ok = call || any_number(s, d, v, &n);
		break;
	default:
		if (d->flags && d->type != PT_MODE && d->type != PT_ERRNO)
			ok = synth_flags(s, d->flags, v, &n);
		else if (d->type == PT_MODE && v->kind == YAML_SCALAR && v->p[0] == 'S')
			ok = synth_flags(s, d->flags, v, &n);
		else
			ok = (v->kind == YAML_SCALAR && words_of(s, d, v, &n)) ||
			     any_number(s, d, v, &n);
		break;
	}
	if (ok && !fits(d->type, n)) {
		test_file_say(s->f, v, "%s does not fit %s: %u bits", v->p ? v->p : "it", d->name,
			      type_width(d->type) * 8);
		ok = false;
	}
	value_number(out, n);
	return ok;
}

bool synth_strings(struct synth *s, const struct yaml *v, const char *what, const char **out,
		   size_t *len)
{
	struct buf b = {0};

	if (v->kind == YAML_SEQUENCE) {
		for (uint32_t i = 0; i < v->n; i++) {
			if (v->kids[i]->kind == YAML_SEQUENCE || v->kids[i]->kind == YAML_MAPPING ||
			    !read_count(s->f, v)) {
				test_file_say(s->f, v->kids[i], "%s is a list of texts", what);
				buf_release(&b);
				return false;
			}
			if (v->kids[i]->p)
				buf_put(&b, v->kids[i]->p, strlen(v->kids[i]->p));
			buf_byte(&b, 0);
		}
	} else if (v->kind == YAML_SCALAR) {
		for (const char *p = v->p; *(p += strspn(p, " \t\n")); p += strcspn(p, " \t\n")) {
			buf_put(&b, p, strcspn(p, " \t\n"));
			buf_byte(&b, 0);
		}
	} else {
		test_file_say(s->f, v, "%s is a text, or a list of texts", what);
		return false;
	}
	*out = arena_strn(&s->f->arena, b.p, b.len);
	*len = b.len;
	buf_release(&b);
	return true;
}

/* "1.2.3.4:80", "[::1]:80", either without its port. */
bool synth_address(const char *text, struct synth_end *out)
{
	char ip[64];
	const char *port = NULL;
	const size_t n = strlen(text);
	uint64_t v;

	if (n >= sizeof(ip))
		return false;
	if (*text == '[') {
		const char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return false;
		memcpy(ip, text + 1, (size_t)(end - text) - 1);
		ip[end - text - 1] = '\0';
		port = end[1] ? end + 2 : NULL;
	} else {
		const char *colon = strchr(text, ':');

		strcpy(ip, text);
		if (colon && !strchr(colon + 1, ':')) {
			ip[colon - text] = '\0';
			port = colon + 1;
		}
	}
	if (port) {
		if (!number(port, false, &v) || v > UINT16_MAX)
			return false;
		out->port = (uint16_t)v;
		out->has_port = true;
	}
	out->has_ip = true;
	out->family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	memset(out->addr, 0, sizeof(out->addr));
	return inet_pton(out->family, ip, out->addr) == 1;
}

static bool put_address(struct synth *s, const struct param_desc *d, const struct yaml *v,
			struct value *out)
{
	struct synth_fd fd = { .node = v, .num = -1, .server = -1 };
	const char *arrow = v->kind == YAML_SCALAR ? strstr(v->p, "->") : NULL;

	if (v->kind != YAML_SCALAR || v->len == 0)
		return say(s, v, "here stands an address: 192.0.2.1:80, [2001:db8::1]:80, /path");
	if (v->p[0] == '/' || v->p[0] == '@') {
		fd.kind = FD_UNIX;
		fd.name = v->p;
	} else if (arrow) {
		const char *from = arena_strn(&s->f->arena, v->p, (size_t)(arrow - v->p));

		if (!synth_address(from, &fd.client) || !synth_address(arrow + 2, &fd.server_end))
			return say(s, v, "this is no pair of addresses");
	} else if (!synth_address(v->p, &fd.server_end)) {
		return say(s, v, "this is no address");
	}
	if (d->type == PT_SOCKTUPLE)
		synth_fd_tuple(s, &fd, false, false, out);
	else
		synth_fd_addr(s, &fd, false, out);
	return true;
}

static bool put_fds(struct synth *s, const struct yaml *v, struct value *out)
{
	const uint32_t n = v->kind == YAML_SEQUENCE ? v->n : 0;
	struct buf b = {0};
	uint64_t fd;
	bool ok = n > 0 && n < 1024;

	buf_le16(&b, (uint16_t)n);
	for (uint32_t i = 0; ok && i < n; i++) {
		ok = v->kids[i]->kind == YAML_SCALAR && number(v->kids[i]->p, false, &fd);
		buf_le64(&b, ok ? fd : 0);
		buf_le16(&b, 1);
	}
	if (ok)
		value_bytes(out, arena_strn(&s->f->arena, b.p, b.len), b.len);
	else
		say(s, v, "here stands a list of descriptors: [3, 4]");
	buf_release(&b);
	return ok;
}

/* What depends on another parameter: a number, or a text. */
static bool put_dyn(struct synth *s, const struct yaml *v, struct value *out)
{
	uint8_t *p = arena_alloc(&s->f->arena, v->len + 9);
	uint64_t n;

	if (v->kind != YAML_SCALAR)
		return say(s, v, "here stands a number or a text");
	if (number(v->p, false, &n)) {
		p[0] = PT_UINT64;
		memcpy(p + 1, &n, sizeof(n));
		value_bytes(out, p, 9);
	} else {
		p[0] = PT_CHARBUF;
		memcpy(p + 1, v->p, v->len);
		value_bytes(out, p, v->len + 1);
	}
	return true;
}

bool synth_value(struct synth *s, const struct event_desc *e, const struct param_desc *d,
		 const struct yaml *v, struct value *out)
{
	const char *text;
	size_t len;

	if (type_is_number(d->type))
		return put_number(s, d, v, out);
	switch ((enum param_type)d->type) {
	case PT_SOCKADDR:
	case PT_SOCKTUPLE:
		return put_address(s, d, v, out);
	case PT_FDLIST:
		return put_fds(s, v, out);
	case PT_DYN:
		return put_dyn(s, v, out);
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
		if (!synth_strings(s, v, d->name, &text, &len))
			return false;
		value_bytes(out, text, len);
		return true;
	default:
		break;
	}
	if (v->kind == YAML_SEQUENCE && d->type == PT_BYTEBUF) {
		if (!synth_strings(s, v, d->name, &text, &len))
			return false;
		value_bytes(out, text, len);
		return true;
	}
	if (v->kind != YAML_SCALAR) {
		test_file_say(s->f, v, "%s of %s is a text", d->name, e->name);
		return false;
	}
	value_bytes(out, v->p, v->len);
	return true;
}
