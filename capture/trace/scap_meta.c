/* SPDX-License-Identifier: Apache-2.0 */
/* The lists at the start of a .scap section, entry by entry, as snap_* events.  From the
 * second format on entries begin with their length, and new fields come at their end: a
 * field is read if it still fits. */
#include "capture/trace/scap.h"

#include <string.h>
#include <sys/socket.h>

#include "capture/base/err.h"
#include "capture/base/ppm.h"

static const struct list_block {
	uint32_t block;
	uint8_t list, version;
} list_blocks[] = {
	{ 0x202, SCAP_PROCESSES, 1 }, { 0x8000abcd, SCAP_PROCESSES, 1 },
	{ 0x207, SCAP_PROCESSES, 2 }, { 0x8013abcd, SCAP_PROCESSES, 2 },
	{ 0x209, SCAP_PROCESSES, 3 }, { 0x8014abcd, SCAP_PROCESSES, 3 },
	{ 0x210, SCAP_PROCESSES, 4 }, { 0x211, SCAP_PROCESSES, 5 },
	{ 0x212, SCAP_PROCESSES, 6 }, { 0x213, SCAP_PROCESSES, 7 },
	{ 0x214, SCAP_PROCESSES, 8 }, { 0x215, SCAP_PROCESSES, 9 },
	{ 0x203, SCAP_FDS, 1 }, { 0x8001abcd, SCAP_FDS, 1 }, { 0x218, SCAP_FDS, 2 },
	{ 0x205, SCAP_IFACES, 1 }, { 0x8011abcd, SCAP_IFACES, 1 },
	{ 0x219, SCAP_IFACES, 2 },
	{ 0x206, SCAP_USERS, 1 }, { 0x8012abcd, SCAP_USERS, 1 },
	{ 0x220, SCAP_USERS, 2 },
};

enum scap_list scap_list_of(uint32_t block, unsigned *version)
{
	for (size_t i = 0; i < sizeof(list_blocks) / sizeof(list_blocks[0]); i++)
		if (list_blocks[i].block == block) {
			*version = list_blocks[i].version;
			return list_blocks[i].list;
		}
	return SCAP_NO_LIST;
}

/* ---- fields ---- */

void scap_str16(struct cursor *c, struct value *v)
{
	const uint16_t len = cursor_u16(c);
	const uint8_t *p = cursor_bytes(c, len);

	if (p)
		value_bytes(v, p, strnlen((const char *)p, len));
}

/* A list of strings; the last may lack its NUL. */
static void strings(struct scap *s, struct cursor *c, struct value *v)
{
	const uint16_t len = cursor_u16(c);
	const uint8_t *p = cursor_bytes(c, len);

	if (!p)
		return;
	if (len && p[len - 1]) {
		p = (const uint8_t *)arena_strn(&s->scratch, p, len);
		value_bytes(v, p, len + 1u);
	} else {
		value_bytes(v, p, len);
	}
}

static void u32(struct cursor *c, struct value *v)
{
	value_number(v, cursor_u32(c));
}

static void u64(struct cursor *c, struct value *v)
{
	value_number(v, cursor_u64(c));
}

/* Thread ids: -1 where the writer did not know. */
static void id(struct cursor *c, struct value *v)
{
	value_number(v, cursor_u64(c));
	if (v->i == -1)
		v->state = VALUE_ABSENT;
}

/* The entry at c: its own cursor, and c behind it.  counted: the length includes its
 * own four bytes. */
bool scap_entry_open(struct cursor *c, bool counted, struct cursor *e)
{
	const uint32_t len = cursor_u32(c);
	const uint8_t *p;

	if (c->bad || (counted && len < 4))
		return false;
	p = cursor_bytes(c, len - (counted ? 4 : 0));
	if (!p)
		return false;
	*e = cursor_of(p, len - (counted ? 4 : 0));
	return true;
}

/* ---- processes ---- */

#define T(name) (&ev->v[P(SNAP_THREAD, name)])

/* What follows the root directory in version 9.  Writers before libs 0.10 have at most
 * 29 bytes here and begin with loginuid. */
static void process_tail(struct cursor *c, struct event *ev)
{
	uint32_t flags = 0;
	bool has_flags = false;
	static const uint32_t bits[] = { 1, 2, 4, 8 };	/* execve_flags */
	const struct {
		struct value *v;
		uint8_t len, bit;	/* bit: of the flags, plus 1 */
	} fields_in_order[] = {
		{ T(pidns_start_ts), 8, 0 }, { T(tty), 4, 0 }, { T(loginuid), 4, 0 },
		{ NULL, 1, 1 }, { T(cap_inheritable), 8, 0 }, { T(cap_permitted), 8, 0 },
		{ T(cap_effective), 8, 0 }, { NULL, 1, 2 }, { T(exe_ino), 8, 0 },
		{ T(exe_ctime), 8, 0 }, { T(exe_mtime), 8, 0 }, { NULL, 1, 3 },
		{ NULL, 1, 4 }, { T(pgid), 8, 0 },
	};
	size_t i = cursor_left(c) <= 29 ? 2 : 0;

	for (; i < sizeof(fields_in_order) / sizeof(fields_in_order[0]); i++) {
		struct value *v = fields_in_order[i].v;

		if (cursor_left(c) < fields_in_order[i].len)
			break;
		if (!v) {
			has_flags = true;
			if (cursor_u8(c))
				flags |= bits[fields_in_order[i].bit - 1];
		} else if (fields_in_order[i].len == 4) {
			u32(c, v);
		} else {
			u64(c, v);
		}
	}
	if (has_flags)
		value_number(T(exe_flags), flags);
	/* No time: what our writer has there for old readers. */
	if (T(pidns_start_ts)->u == (T(loginuid)->u | (uint64_t)(flags & 1) << 32))
		T(pidns_start_ts)->state = VALUE_ABSENT;
	if (T(pgid)->state == VALUE_SET && T(pgid)->i == -1)
		T(pgid)->state = VALUE_ABSENT;
}

static void process_memory(struct cursor *c, struct event *ev)
{
	u32(c, T(vm_size));
	u32(c, T(vm_rss));
	u32(c, T(vm_swap));
	u64(c, T(pfmajor));
	u64(c, T(pfminor));
}

static int process(struct scap *s, struct event *ev)
{
	struct scap_meta *m = &s->meta;
	const unsigned ver = m->version;
	struct cursor e, *c = &m->c;

	event_init(ev, EV_SNAP_THREAD);
	if (ver >= 9) {
		if (!scap_entry_open(&m->c, true, &e))
			return -ERR_FORMAT;
		c = &e;
	}
	id(c, T(tid));
	id(c, T(pid));
	id(c, T(ptid));
	if (ver >= 6)
		id(c, T(sid));
	if (ver >= 8)
		id(c, T(vpgid));
	scap_str16(c, T(comm));
	scap_str16(c, T(exe));
	if (ver >= 7)
		scap_str16(c, T(exepath));
	strings(s, c, T(args));
	scap_str16(c, T(cwd));
	u64(c, T(fdlimit));
	value_number(T(flags), flags_from_ppm(FT_clone_flags, cursor_u32(c)));
	u32(c, T(euid));
	u32(c, T(egid));
	if (ver >= 2)
		process_memory(c, ev);
	if (ver >= 3)
		strings(s, c, T(env));
	if (ver >= 4) {
		id(c, T(vtid));
		id(c, T(vpid));
		strings(s, c, T(cgroups));
	}
	if (ver >= 5)
		scap_str16(c, T(root));
	if (ver >= 9)
		process_tail(c, ev);
	ev->tid = (uint32_t)T(tid)->u;
	ev->pid = (uint32_t)T(pid)->u;
	return c->bad ? -ERR_FORMAT : 0;
}

/* ---- interfaces ---- */

static void iface_address(struct scap *s, struct cursor *c, size_t n, struct value *v)
{
	const uint8_t *p = cursor_bytes(c, n);
	uint8_t *out = arena_zalloc(&s->scratch, 1 + n + 2);

	if (!p)
		return;
	out[0] = n == 4 ? AF_INET : AF_INET6;
	memcpy(out + 1, p, n);
	value_bytes(v, out, 1 + n + 2);
}

static int iface(struct scap *s, struct event *ev)
{
	struct scap_meta *m = &s->meta;
	struct cursor e, *c = &m->c;
	unsigned type, name_len;
	const uint8_t *name;
	size_t n;

	event_init(ev, EV_SNAP_IFACE);
	if (m->version >= 2) {
		if (!scap_entry_open(&m->c, false, &e))
			return -ERR_FORMAT;
		c = &e;
	}
	type = cursor_u16(c);
	name_len = cursor_u16(c);
	if (type == 0 && m->version >= 2)
		return 1;	/* writers that count too much leave zeros here */
	if (type < 1 || type > 4)
		return -ERR_FORMAT;
	n = type & 1 ? 4 : 16;
	iface_address(s, c, n, &ev->v[P(SNAP_IFACE, addr)]);
	iface_address(s, c, n, &ev->v[P(SNAP_IFACE, mask)]);
	cursor_bytes(c, n);
	if (type <= 2)
		cursor_u64(c);
	name = cursor_bytes(c, name_len);
	if (!name)
		return -ERR_FORMAT;
	value_bytes(&ev->v[P(SNAP_IFACE, name)], name,
		    strnlen((const char *)name, name_len));
	return 0;
}

/* ---- users and groups ---- */

static int user(struct scap *s, struct event *ev)
{
	struct scap_meta *m = &s->meta;
	struct cursor e, *c = &m->c;

	if (m->version >= 2) {
		if (!scap_entry_open(&m->c, true, &e))
			return -ERR_FORMAT;
		c = &e;
	}
	if (cursor_u8(c) == 0) {
		event_init(ev, EV_SNAP_USER);
		u32(c, &ev->v[P(SNAP_USER, uid)]);
		u32(c, &ev->v[P(SNAP_USER, gid)]);
		scap_str16(c, &ev->v[P(SNAP_USER, name)]);
		scap_str16(c, &ev->v[P(SNAP_USER, homedir)]);
		scap_str16(c, &ev->v[P(SNAP_USER, shell)]);
	} else {
		event_init(ev, EV_SNAP_GROUP);
		u32(c, &ev->v[P(SNAP_GROUP, gid)]);
		scap_str16(c, &ev->v[P(SNAP_GROUP, name)]);
	}
	return c->bad ? -ERR_FORMAT : 0;
}

/* ---- machine ---- */

void scap_meta_machine(struct scap *s, struct cursor c, struct event *ev)
{
	struct source_info *info = &s->base.info;
	const uint32_t n_cpus = cursor_u32(&c);
	const uint64_t memory = cursor_u64(&c);
	const uint8_t *host;

	event_init(ev, EV_SNAP_MACHINE);
	cursor_u64(&c);		/* largest pid */
	host = cursor_bytes(&c, 128);
	if (!host)
		return;
	info->n_cpus = n_cpus;
	info->memory = memory;
	info->boot_ts = cursor_u64(&c);
	memcpy(s->hostname, host, 128);
	value_bytes(&ev->v[P(SNAP_MACHINE, hostname)], s->hostname, strlen(s->hostname));
	value_number(&ev->v[P(SNAP_MACHINE, n_cpus)], n_cpus);
	value_number(&ev->v[P(SNAP_MACHINE, memory)], memory);
	if (info->boot_ts)
		value_number(&ev->v[P(SNAP_MACHINE, boot_ts)], info->boot_ts);
}

/* ---- a block of entries ---- */

int scap_meta_next(struct scap *s, struct event *ev)
{
	if (cursor_left(&s->meta.c) < 4)
		return 1;
	switch (s->meta.list) {
	case SCAP_NO_LIST:
		return 1;
	case SCAP_PROCESSES:
		return process(s, ev);
	case SCAP_FDS:
		return scap_fd_next(s, ev);
	case SCAP_IFACES:
		return iface(s, ev);
	case SCAP_USERS:
		return user(s, ev);
	}
	return 1;
}
