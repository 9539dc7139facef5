/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of a .scap section, in every version. */
#include "tests/unit/scap_build.h"

#include "capture/base/fdkind.h"

static struct event ev;

/* ---- processes ---- */

static const uint32_t process_blocks[] = {
	0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215
};

static void put_strings(struct buf *b, const char *s, size_t len)
{
	buf_le16(b, (uint16_t)len);
	buf_put(b, s, len);
}

/* The fields up to version 9, without its tail. */
static void add_process(struct buf *b, unsigned ver)
{
	buf_le64(b, 101);
	buf_le64(b, 100);
	buf_le64(b, 1);
	if (ver >= 6)
		buf_le64(b, 90);
	if (ver >= 8)
		buf_le64(b, ~UINT64_C(0));
	add_str16(b, "comm");
	add_str16(b, "./exe");
	if (ver >= 7)
		add_str16(b, "/bin/exe");
	put_strings(b, "a\0b c", 5);
	add_str16(b, "/tmp");
	buf_le64(b, 1024);
	buf_le32(b, 0x2001);		/* CLONE_THREAD | CLONE_FILES as Falco has them */
	buf_le32(b, 1000);
	buf_le32(b, 1001);
	if (ver >= 2) {
		buf_le32(b, 11);
		buf_le32(b, 12);
		buf_le32(b, 13);
		buf_le64(b, 14);
		buf_le64(b, 15);
	}
	if (ver >= 3)
		put_strings(b, "X=1\0Y=2", 8);
	if (ver >= 4) {
		buf_le64(b, 5);
		buf_le64(b, 4);
		put_strings(b, "cpu=/", 6);
	}
	if (ver >= 5)
		add_str16(b, "/");
}

static struct source *open_processes(unsigned ver, const void *tail, size_t tail_len)
{
	struct buf b = {0}, entry = {0};
	struct source *s;
	size_t at;

	add_section(&b);
	at = block_begin(&b, process_blocks[ver - 1]);
	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&entry);
		add_process(&entry, ver);
		buf_put(&entry, tail, tail_len);
		if (ver >= 9)
			buf_le32(&b, (uint32_t)entry.len + 4);
		buf_put(&b, entry.p, entry.len);
	}
	block_end(&b, at);
	s = open_bytes(b.p, b.len);
	assert_non_null(s);
	buf_release(&b);
	buf_release(&entry);
	return s;
}

#define T(name) EV(&ev, SNAP_THREAD, name)

static void check_process(unsigned ver)
{
	assert_int_equal(ev.tid, 101);
	assert_number(T(tid), 101);
	assert_number(T(pid), 100);
	assert_number(T(ptid), 1);
	assert_text(T(comm), "comm");
	assert_text(T(exe), "./exe");
	assert_int_equal(T(args)->len, 6);
	assert_memory_equal(T(args)->p, "a\0b c", 6);
	assert_text(T(cwd), "/tmp");
	assert_number(T(fdlimit), 1024);
	assert_number(T(flags), 0x10400);
	assert_number(T(euid), 1000);
	assert_number(T(egid), 1001);
	assert_absent(T(vpgid));
	if (ver >= 2)
		assert_number(T(pfminor), 15);
	else
		assert_absent(T(pfminor));
	if (ver >= 3)
		assert_int_equal(T(env)->len, 8);
	if (ver >= 4)
		assert_number(T(vpid), 4);
	else
		assert_absent(T(vpid));
	if (ver >= 5)
		assert_text(T(root), "/");
	if (ver >= 6)
		assert_number(T(sid), 90);
	if (ver >= 7)
		assert_text(T(exepath), "/bin/exe");
}

static void processes_of_all_versions(void **state)
{
	for (unsigned ver = 1; ver <= 9; ver++) {
		struct source *s = open_processes(ver, NULL, 0);

		for (unsigned i = 0; i < 2; i++) {
			next_of(s, &ev, EV_SNAP_THREAD);
			check_process(ver);
			assert_absent(T(loginuid));
		}
		assert_int_equal(s->ops->next(s, &ev), 0);
		assert_int_equal(ev.type, EV_SNAP_END);
		assert_number(EV(&ev, SNAP_END, n), 3);
		assert_int_equal(s->damage.n_places, 0);
		s->ops->close(s);
	}
}

static void put_tail(struct buf *b, bool in_front)
{
	if (in_front) {
		buf_le64(b, 501);	/* pidns */
		buf_le32(b, 34816);	/* tty */
	}
	buf_le32(b, 502);		/* loginuid */
	buf_byte(b, 1);			/* writable */
	buf_le64(b, 1);
	buf_le64(b, 2);
	buf_le64(b, 3);
	buf_byte(b, 1);			/* upper */
	buf_le64(b, 503);
	buf_le64(b, 504);
	buf_le64(b, 505);
	buf_byte(b, 0);			/* memfd */
	buf_byte(b, 1);			/* lower */
	buf_le64(b, 506);		/* pgid */
	buf_le64(b, 0);			/* of the future */
}

static void tails_of_all_writers(void **state)
{
	static const uint8_t lens[] = { 0, 4, 5, 29, 66, 67, 68, 76, 84 };

	for (size_t i = 0; i < sizeof(lens); i++) {
		struct buf tail = {0};
		struct source *s;

		put_tail(&tail, lens[i] > 29);
		s = open_processes(9, tail.p, lens[i]);
		next_of(s, &ev, EV_SNAP_THREAD);
		next_of(s, &ev, EV_SNAP_THREAD);
		check_process(9);
		if (lens[i] >= 4)
			assert_number(T(loginuid), 502);
		if (lens[i] >= 29)
			assert_number(T(cap_effective), 3);
		if (lens[i] > 29) {
			assert_number(T(pidns_start_ts), 501);
			assert_number(T(tty), 34816);
			assert_number(T(exe_mtime), 505);
		} else {
			assert_absent(T(tty));
			assert_absent(T(exe_ino));
		}
		if (lens[i] >= 68)
			assert_number(T(exe_flags), 1 | 2 | 8);
		else if (lens[i] >= 66)
			assert_number(T(exe_flags), 1 | 2);
		else if (lens[i] >= 5)
			assert_number(T(exe_flags), 1);
		else
			assert_absent(T(exe_flags));
		if (lens[i] >= 76)
			assert_number(T(pgid), 506);
		else
			assert_absent(T(pgid));
		s->ops->close(s);
		buf_release(&tail);
	}
}

/* ---- descriptors ---- */

#define F(name) EV(&ev, SNAP_FD, name)

static void fd_entry(struct buf *b, bool lengths, unsigned type,
		     const struct buf *payload)
{
	if (lengths)
		buf_le32(b, (uint32_t)(4 + 17 + payload->len));
	buf_le64(b, 3);
	buf_le64(b, 4711);
	buf_byte(b, (uint8_t)type);
	buf_put(b, payload->p, payload->len);
}

static void descriptors_of_all_types(void **state)
{
	static const uint8_t kinds[22] = {
		FD_UNKNOWN, FD_FILE, FD_DIRECTORY, FD_IPV4, FD_IPV6, FD_IPV4, FD_IPV6,
		FD_PIPE, FD_UNIX, FD_EVENT, FD_UNSUPPORTED, FD_SIGNAL, FD_EPOLL,
		FD_INOTIFY, FD_TIMER, FD_NETLINK, FD_FILE, FD_BPF, FD_USERFAULT,
		FD_IOURING, FD_MEMFD,
		FD_PIDFD,
	};

	for (unsigned ver = 1; ver <= 2; ver++)
		for (unsigned type = 0; type < 22; type++) {
			const size_t addr = type == 3 || type == 5 ? 4 :
				type == 4 || type == 6 ? 16 : 0;
			struct buf b = {0}, payload = {0};
			struct source *s;
			size_t at;

			add_section(&b);
			at = block_begin(&b, ver == 1 ? 0x203 : 0x218);
			buf_le64(&b, 100);
			for (size_t i = 0; i < addr * (type <= 4 ? 2 : 1); i++)
				buf_byte(&payload, (uint8_t)i);
			if (type == 8) {
				buf_le64(&payload, 0xaa);
				buf_le64(&payload, 0xbb);
			}
			if (type == 16)
				buf_le32(&payload, 0x1001);
			if (addr) {
				if (type <= 4)
					buf_le16(&payload, 1234);
				buf_le16(&payload, 443);
				buf_byte(&payload, 2);
			} else if (type) {
				add_str16(&payload, "/name");
			}
			if (type == 16 && ver == 2)
				buf_le32(&payload, 0x801);
			fd_entry(&b, ver == 2, type, &payload);
			block_end(&b, at);
			s = open_bytes(b.p, b.len);
			next_of(s, &ev, EV_SNAP_FD);
			assert_number(F(pid), 100);
			assert_number(F(fd), 3);
			assert_number(F(ino), 4711);
			assert_number(F(kind), kinds[type]);
			if (type == 16) {
				assert_number(F(flags), 0x80000);
				if (ver == 2)
					assert_number(F(dev), 0x801);
			}
			if (type == 8) {
				assert_int_equal(F(tuple)->len, 17 + 5);
				assert_int_equal(F(tuple)->p[1], 0xaa);
			} else if (addr) {
				const uint8_t *p = F(tuple)->p;

				assert_int_equal(F(tuple)->len, 1 + 2 * (addr + 2));
				assert_int_equal(p[0], addr == 4 ? 2 : 10);
				assert_int_equal(p[1 + addr + 1] << 8 | p[1 + addr],
						 type <= 4 ? 1234 : 0);
				assert_int_equal(p[1 + addr + 2 + addr], 443 & 0xff);
				assert_number(F(proto), L4_TCP);
				assert_number(F(role),
					      type <= 4 ? ROLE_NONE : ROLE_LISTEN);
			} else if (type) {
				assert_text(F(name), "/name");
			}
			assert_int_equal(s->ops->next(s, &ev), 0);
			assert_int_equal(ev.type, EV_SNAP_END);
			assert_int_equal(s->damage.n_places, 0);
			s->ops->close(s);
			buf_release(&b);
			buf_release(&payload);
		}
}

/* ---- interfaces, users ---- */

static void iface(struct buf *b, bool lengths, unsigned type)
{
	const size_t n = type & 1 ? 4 : 16;

	if (lengths)
		buf_le32(b, (uint32_t)(4 + 3 * n + (type <= 2 ? 8 : 0) + 4));
	buf_le16(b, (uint16_t)type);
	buf_le16(b, 4);
	for (size_t i = 0; i < 3 * n; i++)
		buf_byte(b, (uint8_t)i);
	if (type <= 2)
		buf_le64(b, 1000);
	buf_str(b, "eth0");
}

static void interfaces_of_all_types(void **state)
{
	for (unsigned ver = 1; ver <= 2; ver++) {
		struct buf b = {0};
		struct source *s;
		size_t at;

		add_section(&b);
		at = block_begin(&b, ver == 1 ? 0x205 : 0x219);
		for (unsigned type = 1; type <= 4; type++)
			iface(&b, ver == 2, type);
		block_end(&b, at);
		s = open_bytes(b.p, b.len);
		for (unsigned type = 1; type <= 4; type++) {
			const size_t n = type & 1 ? 4 : 16;

			next_of(s, &ev, EV_SNAP_IFACE);
			assert_text(EV(&ev, SNAP_IFACE, name), "eth0");
			assert_int_equal(EV(&ev, SNAP_IFACE, addr)->len, 1 + n + 2);
			assert_int_equal(EV(&ev, SNAP_IFACE, mask)->p[1], n);
		}
		assert_int_equal(s->damage.n_places, 0);
		s->ops->close(s);
		buf_release(&b);
	}
}

/* sysdig 0.29 writes these with a block length that does not count the entries' own. */
static void the_writers_wrong_length_is_repaired(void **state)
{
	struct buf b = {0};
	struct params p = {0};
	struct source *s;
	size_t at;

	add_section(&b);
	at = block_begin(&b, 0x219);
	for (unsigned type = 1; type <= 4; type++)
		iface(&b, true, type);
	block_end(&b, at);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *len = b.p + (i ? b.len - 4 : at + 4);

		len[0] = (uint8_t)(len[0] - 16);
	}
	add_num(&p, 0, 8);
	add_event(&b, EV_V2, 5, 1, 7, &p);
	s = open_bytes(b.p, b.len);
	for (unsigned type = 1; type <= 4; type++)
		next_of(s, &ev, EV_SNAP_IFACE);
	next_of(s, &ev, EV_CLOSE);
	assert_int_equal(s->damage.n_places, 0);
	s->ops->close(s);
	buf_release(&b);
}

static void users_and_groups(void **state)
{
	for (unsigned ver = 1; ver <= 2; ver++) {
		struct buf b = {0};
		struct source *s;
		size_t at;

		add_section(&b);
		at = block_begin(&b, ver == 1 ? 0x206 : 0x220);
		if (ver == 2)
			buf_le32(&b, 4 + 1 + 8 + 6 + 4 + 5 + 7);
		buf_byte(&b, 0);
		buf_le32(&b, 1000);
		buf_le32(&b, 1001);
		add_str16(&b, "user");
		add_str16(&b, "/home");
		add_str16(&b, "/bin/sh");
		if (ver == 2)
			buf_le32(&b, 4 + 1 + 4 + 2 + 5);
		buf_byte(&b, 1);
		buf_le32(&b, 5);
		add_str16(&b, "group");
		block_end(&b, at);
		s = open_bytes(b.p, b.len);
		next_of(s, &ev, EV_SNAP_USER);
		assert_number(EV(&ev, SNAP_USER, uid), 1000);
		assert_text(EV(&ev, SNAP_USER, homedir), "/home");
		assert_text(EV(&ev, SNAP_USER, shell), "/bin/sh");
		next_of(s, &ev, EV_SNAP_GROUP);
		assert_number(EV(&ev, SNAP_GROUP, gid), 5);
		assert_text(EV(&ev, SNAP_GROUP, name), "group");
		assert_int_equal(s->damage.n_places, 0);
		s->ops->close(s);
		buf_release(&b);
	}
}

/* ---- damage ---- */

static void lists_that_lie_about_lengths_are_counted(void **state)
{
	static const uint32_t blocks[] = {
		0x215, 0x214, 0x218, 0x203, 0x219, 0x205, 0x220, 0x206
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (unsigned fill = 0; fill < 2; fill++) {
			struct buf b = {0};
			struct source *s;
			size_t at;

			add_section(&b);
			at = block_begin(&b, blocks[i]);
			for (unsigned k = 0; k < 16; k++)
				buf_byte(&b, fill ? 0xff : 2);
			block_end(&b, at);
			add_machine(&b, "x");
			s = open_bytes(b.p, b.len);
			next_of(s, &ev, EV_SNAP_END);
			assert_int_equal(s->damage.n_places, 1);
			assert_non_null(strstr(s->damage.first, "list before byte"));
			s->ops->close(s);
			buf_release(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_of_all_versions),
		cmocka_unit_test(tails_of_all_writers),
		cmocka_unit_test(descriptors_of_all_types),
		cmocka_unit_test(interfaces_of_all_types),
		cmocka_unit_test(the_writers_wrong_length_is_repaired),
		cmocka_unit_test(users_and_groups),
		cmocka_unit_test(lists_that_lie_about_lengths_are_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
