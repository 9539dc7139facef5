/* SPDX-License-Identifier: Apache-2.0 */
/* Captures that are written and read again. */
#include "tests/unit/scap_build.h"

#include "capture/base/fdkind.h"
#include "capture/base/ppm.h"
#include "capture/trace/scap.h"
#include "capture/trace/scap_write.h"

static struct event ev, back;

struct file {
	char path[64];
	struct scap_writer *w;
};

static void open_file(struct file *f, unsigned how)
{
	const struct source_info info = { .arch = ARCH_X86_64 };
	int fd;

	snprintf(f->path, sizeof(f->path), "%s/scap_write.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	f->w = scap_create(f->path, true, how, &info);
	assert_non_null(f->w);
}

static struct source *read_back(struct file *f)
{
	struct source *s;
	struct input in;

	assert_int_equal(scap_finish(f->w, NULL), 0);
	assert_int_equal(input_open(&in, f->path), 0);
	s = scap_open_input(&in, f->path);
	assert_non_null(s);
	unlink(f->path);
	return s;
}

static void start_event(unsigned type)
{
	event_init(&ev, type);
	ev.ts = 1000;
	ev.tid = 7;
	ev.cpu = 2;
}

/* ---- every event ---- */

static uint64_t number_for(const struct param_desc *d, unsigned i)
{
	const unsigned bits = 8 * type_width(d->type);
	uint64_t v = UINT64_C(0x0102030405060708) * (i + 3);

	if (d->flags && d->flags != FT_none) {
		const struct flags_table *t = &flags_tables[d->flags];

		for (unsigned k = 0; k < t->n; k++)
			if (!t->flags[(k + i) % t->n].ppm_only)
				return t->flags[(k + i) % t->n].kernel;
		return 0;
	}
	if (bits < 64)
		v &= (UINT64_C(1) << bits) - 1;
	if (type_is_signed(d->type) && bits < 64)
		v = (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
	return v;
}

static void fill(void)
{
	static const uint8_t tuple[13] = { 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const uint8_t addr[7] = { 2, 127, 0, 0, 1, 80, 0 };
	static const uint8_t fds[12] = { 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t dyn[10] = { PT_BYTEBUF, 1, 2, 3 };

	for (unsigned i = 0; i < ev.n_params; i++) {
		const struct param_desc *d = &ev.desc->params[i];

		if (type_is_number(d->type))
			value_number(&ev.v[i], number_for(d, i));
		else if (d->type == PT_SOCKTUPLE)
			value_bytes(&ev.v[i], tuple, sizeof(tuple));
		else if (d->type == PT_SOCKADDR)
			value_bytes(&ev.v[i], addr, sizeof(addr));
		else if (d->type == PT_FDLIST)
			value_bytes(&ev.v[i], fds, sizeof(fds));
		else if (d->type == PT_DYN)
			value_bytes(&ev.v[i], dyn, 4);
		else
			value_bytes(&ev.v[i], "text", 4);
	}
}

/* Parameters whose value Falco has otherwise, or not at all; see events.def. */
static bool is_special(unsigned type, const char *name)
{
	return type == EV_GENERIC || !strcmp(name, "facts") ||
		!strcmp(name, "creat_flags") || !strcmp(name, "mode") ||
		((type == EV_PTRACE || type == EV_KEYCTL) && strcmp(name, "res") != 0);
}

static void check_same(const struct scap_code *code)
{
	for (unsigned i = 0; i < code->n; i++) {
		const int to = code->p[i].to;
		const struct param_desc *d = &ev.desc->params[to];
		const struct value *v = &ev.v[to], *b = &back.v[to];
		const unsigned bits = 8 * type_width(code->p[i].type);
		const uint64_t mask = !bits || bits == 64 ? ~UINT64_C(0)
			: (UINT64_C(1) << bits) - 1;

		if (is_special(ev.type, d->name))
			continue;
		if (b->state != VALUE_SET)
			fail_msg("%s.%s is lost", ev.desc->name, d->name);
		if (type_is_number(d->type)) {
			/* Falco's type may be narrower; unknown numbers stay beside. */
			if ((v->u & mask) != (b->u & mask) && !(b->u & PPM_NUMBER))
				fail_msg("%s.%s was %llx, is %llx", ev.desc->name,
					 d->name, (unsigned long long)v->u,
					 (unsigned long long)b->u);
		} else if (v->len != b->len || memcmp(v->p, b->p, v->len)) {
			fail_msg("%s.%s differs", ev.desc->name, d->name);
		}
	}
}

static void each_comes_back(unsigned how)
{
	struct scap_codes codes = {0};

	for (unsigned type = EV_UNKNOWN + 1; type < EV__N; type++) {
		const char *name = catalog[type].name;
		const struct scap_code *code = scap_code_named(&codes, name);
		struct source *s;
		struct file f;

		if (catalog[type].flags & (EF_PSEUDO | EF_OWN))
			continue;	/* EF_OWN: as calls without rows, below */
		if (!code)
			fail_msg("%s has no code", catalog[type].name);
		open_file(&f, how);
		start_event(type);
		fill();
		assert_int_equal(scap_add(f.w, &ev), 0);
		assert_int_equal(scap_write_stats(f.w)->n_events, 1);
		s = read_back(&f);
		if (next_real(s, &back) != 0)
			fail_msg("%s is lost", catalog[type].name);
		assert_int_equal(back.type, type);
		assert_int_equal(back.ts, 1000);
		assert_int_equal(back.tid, 7);
		assert_int_equal(back.cpu, 2);
		check_same(code);
		assert_int_equal(s->damage.n_places, 0);
		assert_int_equal(next_real(s, &back), 1);
		s->ops->close(s);
	}
	arena_release(&codes.arena);
}

static void each_event_of_the_catalogue_comes_back(void **state)
{
	each_comes_back(SCAP_EXIT_ONLY);
}

static void and_once_where_old_readers_get_more(void **state)
{
	each_comes_back(0);
}

/* ---- particulars ---- */

static void opens_keep_what_the_kernel_did(void **state)
{
	struct source *s;
	struct file f;

	open_file(&f, SCAP_GZIP);
	start_event(EV_OPENAT);
	value_number(&ev.v[P(OPENAT, flags)], 0x80042);	/* O_RDWR|O_CREAT|O_CLOEXEC */
	value_number(&ev.v[P(OPENAT, mode)], 0644);
	value_number(&ev.v[P(OPENAT, facts)], 3);
	scap_add(f.w, &ev);
	value_number(&ev.v[P(OPENAT, flags)], 0);	/* mode means nothing */
	scap_add(f.w, &ev);
	start_event(EV_PIPE2);
	value_number(&ev.v[P(PIPE2, flags)], 0x80000);
	scap_add(f.w, &ev);
	s = read_back(&f);
	assert_int_equal(next_real(s, &back), 0);
	assert_number(EV(&back, OPENAT, flags), 0x80042);
	assert_number(EV(&back, OPENAT, mode), 0644);
	assert_number(EV(&back, OPENAT, facts), 3);
	assert_int_equal(next_real(s, &back), 0);
	assert_number(EV(&back, OPENAT, flags), 0);
	assert_number(EV(&back, OPENAT, mode), 0);
	assert_int_equal(next_real(s, &back), 0);
	assert_number(EV(&back, PIPE2, flags), 0x80000);
	s->ops->close(s);
}

static void system_calls_without_rows_keep_their_name(void **state)
{
	struct source *s;
	struct file f;

	open_file(&f, 0);
	start_event(EV_GENERIC);
	ev.nr = 158;	/* arch_prctl */
	value_number(&ev.v[P(GENERIC, ID)], 158);
	value_number(&ev.v[P(GENERIC, nativeID)], 158);
	scap_add(f.w, &ev);
	s = read_back(&f);
	assert_int_equal(next_real(s, &back), 0);
	assert_int_equal(back.nr, 158);
	assert_number(EV(&back, GENERIC, ID), 158);
	s->ops->close(s);
}

static void calls_that_falco_has_no_event_for_keep_their_number(void **state)
{
	struct scap_codes codes = {0};
	unsigned n = 0;

	for (unsigned type = EV_UNKNOWN + 1; type < EV__N; type++) {
		const struct event_desc *d = &catalog[type];
		const struct syscall_desc *call = syscall_by_name(d->name, strlen(d->name));
		struct source *s;
		struct file f;

		if (!(d->flags & EF_OWN))
			continue;
		assert_null(scap_code_named(&codes, d->name));
		if (call->nr[ARCH_X86_64] < 0)
			continue;	/* of 32-bit callers alone */
		open_file(&f, 0);
		start_event(type);
		fill();
		ev.nr = (uint16_t)call->nr[ARCH_X86_64];
		assert_int_equal(scap_add(f.w, &ev), 0);
		s = read_back(&f);
		assert_int_equal(next_real(s, &back), 0);
		assert_int_equal(back.type, EV_GENERIC);
		assert_int_equal(back.nr, ev.nr);
		assert_int_equal(back.ts, ev.ts);
		s->ops->close(s);
		n++;
	}
	assert_int_equal(n, 2);
	arena_release(&codes.arena);
}

static void long_payloads_are_cut_to_what_readers_accept(void **state)
{
	static uint8_t data[200000];
	struct source *s;
	struct file f;

	open_file(&f, 0);
	start_event(EV_WRITE);
	value_number(&ev.v[P(WRITE, res)], sizeof(data));
	value_bytes(&ev.v[P(WRITE, data)], data, sizeof(data));
	value_number(&ev.v[P(WRITE, fd)], 1);
	scap_add(f.w, &ev);
	assert_int_equal(scap_write_stats(f.w)->n_cut, 1);
	start_event(EV_CONTAINER);	/* has 32 bits for the length */
	memset(data, 'x', sizeof(data));
	value_bytes(&ev.v[P(CONTAINER, json)], data, sizeof(data));
	scap_add(f.w, &ev);
	s = read_back(&f);
	assert_int_equal(next_real(s, &back), 0);
	assert_in_range(EV(&back, WRITE, data)->len, 60000, 65000);
	assert_int_equal(next_real(s, &back), 0);
	assert_int_equal(EV(&back, CONTAINER, json)->len, sizeof(data));
	assert_int_equal(s->damage.n_places, 0);
	s->ops->close(s);
}

static void pairs_read_as_one_event_and_old_kinds_are_kept_out(void **state)
{
	struct source *s;
	struct file f;

	open_file(&f, 0);
	event_init(&ev, EV_SNAP_FD);
	value_number(&ev.v[P(SNAP_FD, pid)], 7);
	value_number(&ev.v[P(SNAP_FD, fd)], 3);
	value_number(&ev.v[P(SNAP_FD, kind)], FD_PIDFD);
	scap_add(f.w, &ev);
	start_event(EV_READ);
	value_number(&ev.v[P(READ, res)], 5);
	value_number(&ev.v[P(READ, fd)], 3);
	value_number(&ev.v[P(READ, size)], 10);
	scap_add(f.w, &ev);
	assert_int_equal(scap_write_stats(f.w)->n_events, 1);
	s = read_back(&f);
	next_of(s, &back, EV_SNAP_FD);
	assert_number(EV(&back, SNAP_FD, kind), FD_UNSUPPORTED);
	assert_int_equal(next_real(s, &back), 0);
	assert_int_equal(back.type, EV_READ);
	assert_number(EV(&back, READ, fd), 3);
	assert_int_equal(next_real(s, &back), 1);
	s->ops->close(s);
}

/* The beginning of a call stands where it was, also of one that old programs do not know. */
static void latencies_are_told_by_the_beginnings(void **state)
{
	static const unsigned types[] = { EV_READ, EV_DUP3, EV_EXECVEAT, EV_OPENAT2 };
	struct source *s;
	struct file f;

	open_file(&f, 0);
	for (unsigned i = 0; i < 4; i++) {
		start_event(types[i]);
		value_number(&ev.v[0], 5);
		ev.ts = 1000000 * (i + 1);
		ev.latency = 500 + i;
		scap_add(f.w, &ev);
	}
	start_event(EV_READ);
	ev.ts = 5000000;
	scap_add(f.w, &ev);
	s = read_back(&f);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(next_real(s, &back), 0);
		assert_int_equal(back.type, types[i]);
		assert_int_equal(back.latency, 500 + i);
	}
	assert_int_equal(next_real(s, &back), 0);
	assert_int_equal(back.latency, 0);
	s->ops->close(s);
}

static void losses_and_notes_go_as_notifications_and_come_back(void **state)
{
	struct source *s;
	struct file f;

	open_file(&f, 0);
	start_event(EV_LOSS);
	value_number(&ev.v[P(LOSS, count)], 42);
	value_number(&ev.v[P(LOSS, class)], 4);
	value_number(&ev.v[P(LOSS, to)], 1000);
	scap_add(f.w, &ev);
	start_event(EV_NOTE);
	value_bytes(&ev.v[P(NOTE, text)], "remark", 6);
	scap_add(f.w, &ev);
	start_event(EV_ALERT);
	value_bytes(&ev.v[P(ALERT, output)], "found", 5);
	scap_add(f.w, &ev);
	assert_int_equal(scap_write_stats(f.w)->n_notes, 3);
	s = read_back(&f);
	next_of(s, &back, EV_LOSS);
	assert_number(EV(&back, LOSS, count), 42);
	assert_number(EV(&back, LOSS, class), 4);
	assert_number(EV(&back, LOSS, to), 1000);
	assert_absent(EV(&back, LOSS, cpu));
	assert_int_equal(back.num, 0);
	next_of(s, &back, EV_NOTE);
	assert_text(EV(&back, NOTE, text), "remark");
	assert_int_equal(next_real(s, &back), 0);
	assert_string_equal(back.desc->name, "notification");
	assert_text(&back.v[0], "saker.alert");
	assert_text(&back.v[1], "found");
	s->ops->close(s);
}

static void a_call_that_old_readers_do_not_know_is_told_twice_and_read_once(void **state)
{
	struct source *s;
	struct file f;

	open_file(&f, 0);
	start_event(EV_DUP3);
	value_number(&ev.v[P(DUP3, res)], 9);
	value_number(&ev.v[P(DUP3, oldfd)], 3);
	value_number(&ev.v[P(DUP3, newfd)], 9);
	value_number(&ev.v[P(DUP3, flags)], 0x80000);
	scap_add(f.w, &ev);
	/* DUP_E, DUP_X for the state, DUP3_X */
	assert_int_equal(scap_write_stats(f.w)->n_events, 1);
	s = read_back(&f);
	assert_int_equal(s->ops->next(s, &back), 0);
	while (event_is_pseudo(&back) && back.type != EV_DUP)
		assert_int_equal(s->ops->next(s, &back), 0);
	assert_int_equal(back.type, EV_DUP3);
	assert_number(EV(&back, DUP3, flags), 0x80000);
	assert_int_equal(next_real(s, &back), 1);
	s->ops->close(s);
}

struct seen {
	uint64_t n[3];
};

static void count_left(enum scap_left_kind kind, const char *event, const char *param,
		       uint64_t n, void *arg)
{
	((struct seen *)arg)->n[kind] += n;
}

static void what_is_left_out_is_counted(void **state)
{
	struct seen seen = {0};
	struct source *s;
	struct file f;

	open_file(&f, 0);
	event_init(&ev, EV_SNAP_MOUNT);
	scap_add(f.w, &ev);
	start_event(EV_GENERIC);
	value_number(&ev.v[P(GENERIC, ID)], 158);
	value_number(&ev.v[P(GENERIC, a0)], 1);
	scap_add(f.w, &ev);
	start_event(EV_OPENAT);
	value_number(&ev.v[P(OPENAT, fd)], 3);
	value_number(&ev.v[P(OPENAT, flags)], 1 << 30);	/* no flag of Falco's */
	scap_add(f.w, &ev);
	scap_write_left(f.w, count_left, &seen);
	assert_int_equal(seen.n[SCAP_LEFT_EVENT], 1);
	assert_int_equal(seen.n[SCAP_LEFT_VALUE], 1);
	assert_int_equal(seen.n[SCAP_LEFT_FLAGS], 1);
	s = read_back(&f);
	s->ops->close(s);
}

/* ---- the snapshot ---- */

static void add_fd(struct file *f, uint64_t pid, unsigned kind, unsigned role,
		   const void *tuple, size_t len)
{
	event_init(&ev, EV_SNAP_FD);
	value_number(&ev.v[P(SNAP_FD, pid)], pid);
	value_number(&ev.v[P(SNAP_FD, fd)], 3);
	value_number(&ev.v[P(SNAP_FD, kind)], kind);
	value_number(&ev.v[P(SNAP_FD, role)], role);
	if (len)
		value_bytes(&ev.v[P(SNAP_FD, tuple)], tuple, len);
	else
		value_bytes(&ev.v[P(SNAP_FD, name)], "/x", 2);
	scap_add(f->w, &ev);
}

static void a_snapshot_comes_back(void **state)
{
	static const uint8_t tuple[13] = { 2, 1, 1, 1, 1, 11, 0, 2, 2, 2, 2, 22, 0 };
	struct source *s;
	struct file f;

	open_file(&f, SCAP_EXIT_ONLY);
	event_init(&ev, EV_SNAP_MACHINE);
	value_bytes(&ev.v[P(SNAP_MACHINE, hostname)], "box", 3);
	scap_add(f.w, &ev);
	start_event(EV_CONTAINER);	/* before the lists are complete */
	value_bytes(&ev.v[P(CONTAINER, json)], "{}", 2);
	scap_add(f.w, &ev);
	event_init(&ev, EV_SNAP_THREAD);
	value_number(&ev.v[P(SNAP_THREAD, tid)], 5);
	value_number(&ev.v[P(SNAP_THREAD, exe_flags)], 8 | 1);
	value_number(&ev.v[P(SNAP_THREAD, pgid)], 4);
	value_bytes(&ev.v[P(SNAP_THREAD, args)], "a\0b", 4);
	scap_add(f.w, &ev);
	add_fd(&f, 5, FD_FILE, ROLE_NONE, NULL, 0);
	add_fd(&f, 5, FD_IPV4, ROLE_CLIENT, tuple, 13);
	add_fd(&f, 6, FD_IPV4, ROLE_SERVER, tuple, 13);
	add_fd(&f, 6, FD_IPV4, ROLE_LISTEN, tuple, 13);
	add_fd(&f, 6, FD_IPV4, ROLE_NONE, NULL, 0);	/* a socket without addresses */
	event_init(&ev, EV_SNAP_END);
	scap_add(f.w, &ev);
	s = read_back(&f);
	assert_string_equal(s->info.hostname, "box");
	next_of(s, &back, EV_SNAP_THREAD);
	assert_number(EV(&back, SNAP_THREAD, exe_flags), 9);
	assert_number(EV(&back, SNAP_THREAD, pgid), 4);
	assert_absent(EV(&back, SNAP_THREAD, vpid));
	assert_int_equal(EV(&back, SNAP_THREAD, args)->len, 4);
	next_of(s, &back, EV_SNAP_FD);
	assert_text(EV(&back, SNAP_FD, name), "/x");
	next_of(s, &back, EV_SNAP_FD);
	assert_memory_equal(EV(&back, SNAP_FD, tuple)->p, tuple, 13);
	next_of(s, &back, EV_SNAP_FD);
	assert_number(EV(&back, SNAP_FD, pid), 6);
	assert_memory_equal(EV(&back, SNAP_FD, tuple)->p + 1, tuple + 7, 6);
	next_of(s, &back, EV_SNAP_FD);
	assert_number(EV(&back, SNAP_FD, role), ROLE_LISTEN);
	assert_memory_equal(EV(&back, SNAP_FD, tuple)->p + 7, tuple + 7, 6);
	next_of(s, &back, EV_SNAP_FD);
	assert_number(EV(&back, SNAP_FD, kind), FD_UNSUPPORTED);
	next_of(s, &back, EV_SNAP_END);
	next_of(s, &back, EV_CONTAINER);
	assert_int_equal(s->damage.n_places, 0);
	s->ops->close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_of_the_catalogue_comes_back),
		cmocka_unit_test(and_once_where_old_readers_get_more),
		cmocka_unit_test(opens_keep_what_the_kernel_did),
		cmocka_unit_test(system_calls_without_rows_keep_their_name),
		cmocka_unit_test(calls_that_falco_has_no_event_for_keep_their_number),
		cmocka_unit_test(long_payloads_are_cut_to_what_readers_accept),
		cmocka_unit_test(pairs_read_as_one_event_and_old_kinds_are_kept_out),
		cmocka_unit_test(latencies_are_told_by_the_beginnings),
		cmocka_unit_test(losses_and_notes_go_as_notifications_and_come_back),
		cmocka_unit_test(a_call_that_old_readers_do_not_know_is_told_twice_and_read_once),
		cmocka_unit_test(what_is_left_out_is_counted),
		cmocka_unit_test(a_snapshot_comes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
