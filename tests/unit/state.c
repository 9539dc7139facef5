/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>

#include "replay/state/internal.h"
#include "tests/unit/state_world.h"

/* ---- threads ---- */

static struct world *shell(void)
{
	struct world *w = world_new(NULL);

	snap(w, 1, 1, 0, "init");
	snap(w, 100, 100, 1, "bash");
	snap_end(w);
	return w;
}

static void clone_makes_a_child_from_either_side(void **unused)
{
	for (int child_first = 0; child_first < 2; child_first++) {
		struct world *w = shell();

		open_at(w, 100, 3, AT_FDCWD, "/etc/passwd", 0);
		if (child_first)
			clone_event(w, 200, 0, 200, 100, 0, "bash");
		clone_event(w, 100, 200, 100, 1, 0, "bash");
		if (!child_first)
			clone_event(w, 200, 0, 200, 100, 0, "bash");
		read_fd(w, 200, 3);
		is(w, "fd.name", "/etc/passwd");
		is(w, "proc.name", "bash");
		is(w, "proc.pname", "bash");
		is(w, "proc.ppid", "100");
		is(w, "proc.aname[2]", "init");
		is(w, "proc.cwd", "/home/u/");
		is(w, "user.uid", "1000");
		close_fd(w, 200, 3, 0);
		read_fd(w, 100, 3);	/* the parent's is its own */
		is(w, "fd.name", "/etc/passwd");
		world_free(w);
	}
}

static void threads_share_descriptors_and_directory(void **unused)
{
	struct world *w = shell();

	clone_event(w, 100, 101, 100, 1, CLONE_THREAD | CLONE_FILES | CLONE_VM, "bash");
	clone_event(w, 101, 0, 100, 1, CLONE_THREAD | CLONE_FILES | CLONE_VM, "worker");
	open_at(w, 101, 4, AT_FDCWD, "x", 0);
	read_fd(w, 100, 4);
	is(w, "fd.name", "/home/u/x");
	is(w, "proc.nthreads", "2");
	read_fd(w, 101, 4);
	is(w, "proc.name", "worker");
	is(w, "proc.pid", "100");
	is(w, "proc.pname", "init");
	is(w, "thread.ismain", "false");
	world_free(w);
}

static void apart(struct world *w, uint32_t tid, uint64_t flags)
{
	begin(w, EV_UNSHARE, tid);
	num(w, "res", 0);
	num(w, "flags", flags);
	done(w);
}

static void chdir_to(struct world *w, uint32_t tid, const char *path)
{
	begin(w, EV_CHDIR, tid);
	num(w, "res", 0);
	str(w, "path", path);
	done(w);
}

static void new_thread(struct world *w, uint32_t by, uint32_t tid)
{
	const uint64_t flags = CLONE_THREAD | CLONE_FILES | CLONE_FS | CLONE_VM;

	clone_event(w, by, tid, 100, 1, flags, "bash");
	clone_event(w, tid, 0, 100, 1, flags, "bash");
}

static void fd_is(struct world *w, uint32_t tid, int64_t fd, const char *name)
{
	read_fd(w, tid, fd);
	if (name)
		is(w, "fd.name", name);
	else
		is(w, "fd.type", "absent");
}

static int feed(const struct event *ev, void *st)
{
	state_update(st, ev);
	return 0;
}

/* The world goes on with a state made from a key frame of its own. */
static void rebirth(struct world *w, bool really)
{
	struct state *st = really ? state_new(NULL) : NULL;

	if (!really)
		return;
	assert_int_equal(state_dump(w->st, w->ts, NULL, feed, st), 0);
	state_free(w->st);
	w->st = st;
}

/* Who goes apart: the main thread or another one. */
static void threads_go_apart(uint32_t who, uint32_t stays, bool keyed)
{
	struct world *w = shell();

	new_thread(w, 100, 101);
	open_at(w, 100, 3, AT_FDCWD, "/before", 0);
	apart(w, who, CLONE_FILES | CLONE_FS);
	chdir_to(w, who, "/apart");
	close_fd(w, who, 3, 0);
	open_at(w, who, 3, AT_FDCWD, "x", 0);
	rebirth(w, keyed);
	open_at(w, stays, 4, AT_FDCWD, "y", 0);
	fd_is(w, who, 3, "/apart/x");
	is(w, "proc.cwd", "/apart/");
	fd_is(w, who, 4, NULL);
	fd_is(w, stays, 3, "/before");
	is(w, "proc.cwd", "/home/u/");
	fd_is(w, stays, 4, "/home/u/y");

	new_thread(w, who, 102);	/* takes after its maker */
	rebirth(w, keyed);
	open_at(w, 102, 5, AT_FDCWD, "z", 0);
	fd_is(w, who, 5, "/apart/z");
	fd_is(w, stays, 5, NULL);
	chdir_to(w, 102, "/both");
	open_at(w, who, 6, AT_FDCWD, "z", 0);
	is(w, "fd.name", "/both/z");

	clone_event(w, who, 200, 100, 1, CLONE_FILES, "bash");
	rebirth(w, keyed);
	open_at(w, 102, 7, AT_FDCWD, "/of/all", 0);
	fd_is(w, 200, 7, "/of/all");
	fd_is(w, 200, 3, "/apart/x");
	is(w, "proc.cwd", "/both/");
	if (who == 100) {
		exec_event(w, 100, "/bin/ls", "ls");
		new_thread(w, 100, 103);
		fd_is(w, 103, 3, "/apart/x");
	}
	world_free(w);
}

static void a_thread_can_have_descriptors_and_directory_of_its_own(void **unused)
{
	threads_go_apart(101, 100, false);
	threads_go_apart(101, 100, true);
}

static void the_main_thread_can_go_apart(void **unused)
{
	threads_go_apart(100, 101, false);
	threads_go_apart(100, 101, true);
}

static void processes_can_share_descriptors(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "/first", 0);
	clone_event(w, 100, 200, 100, 1, CLONE_FILES, "bash");
	clone_event(w, 200, 0, 200, 100, CLONE_FILES, "bash");
	open_at(w, 200, 4, AT_FDCWD, "/second", 0);
	chdir_to(w, 200, "/other");
	fd_is(w, 100, 4, "/second");
	is(w, "proc.cwd", "/home/u/");
	apart(w, 200, CLONE_FILES);
	close_fd(w, 200, 3, 0);
	fd_is(w, 100, 3, "/first");
	fd_is(w, 200, 3, NULL);
	fd_is(w, 200, 4, "/second");
	world_free(w);
}

static void exec_replaces_program_and_closes_marked_descriptors(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "/a", O_CLOEXEC);
	open_at(w, 100, 4, AT_FDCWD, "/b", 0);
	exec_event(w, 100, "../bin/prog", "prog");
	is(w, "proc.exepath", "/home/bin/prog");
	is(w, "proc.cmdline", "prog -a b c");
	is(w, "proc.args[1]", "b c");
	is(w, "proc.args[2]", "");
	is(w, "proc.env[A]", "x");
	is(w, "proc.cmdnargs", "2");
	read_fd(w, 100, 3);
	is(w, "fd.name", "");
	is(w, "fd.type", "absent");
	read_fd(w, 100, 4);
	is(w, "fd.name", "/b");
	world_free(w);
}

static void exec_ends_the_other_threads(void **unused)
{
	struct world *w = shell();

	clone_event(w, 100, 101, 100, 1, CLONE_THREAD | CLONE_FILES, "bash");
	clone_event(w, 101, 0, 100, 1, CLONE_THREAD | CLONE_FILES, "bash");
	exec_event(w, 100, "/bin/x", "x");
	is(w, "proc.nthreads", "1");
	assert_null(state_thread(w->st, 101));
	world_free(w);
}

static void children_go_to_the_reaper(void **unused)
{
	struct world *w = shell();

	snap(w, 200, 200, 100, "sub");
	snap(w, 300, 300, 200, "leaf");
	snap_end(w);
	begin(w, EV_PROCEXIT, 200);
	num(w, "status", 0);
	num(w, "reaper_tid", 100);
	done(w);
	is(w, "proc.name", "sub");	/* still there for this event */
	read_fd(w, 300, 0);
	is(w, "proc.pname", "bash");
	assert_null(state_thread(w->st, 200));
	begin(w, EV_PROCEXIT, 100);	/* the capture does not tell: init of the namespace */
	done(w);
	read_fd(w, 300, 0);
	is(w, "proc.pname", "init");
	world_free(w);
}

/* In a pid namespace: what a clone gives to the parent is a number of there. */
static void clone_inside(struct world *w, uint32_t tid, int64_t res, uint32_t ptid)
{
	begin(w, EV_CLONE, tid);
	num(w, "res", res);
	num(w, "tid", tid);
	num(w, "pid", tid);
	num(w, "ptid", ptid);
	num(w, "vtid", tid - 90);
	num(w, "vpid", tid - 90);
	str(w, "comm", "child");
	done(w);
}

static void exits(struct world *w, uint32_t tid, int64_t reaper)
{
	begin(w, EV_PROCEXIT, tid);
	num(w, "status", 0);
	num(w, "reaper_tid", reaper);
	done(w);
}

/* ptid: parent that its event tells of; begun: before its maker's call was over. */
static void maker_ends(uint32_t ptid, bool begun)
{
	struct world *w = shell();

	clone_inside(w, 200, 0, 100);
	exec_event(w, 200, "/bin/daemon", "daemon");
	open_at(w, 200, 5, AT_FDCWD, "/run/lock", 0);
	if (begun)
		clone_inside(w, 300, 0, ptid);
	clone_inside(w, 200, 12, 100);
	exits(w, 200, 100);
	is(w, "proc.name", "daemon");
	read_fd(w, 100, 0);
	assert_null(state_thread(w->st, 200));
	if (!begun)
		clone_inside(w, 300, 0, ptid);
	read_fd(w, 300, 5);
	is(w, "fd.name", "/run/lock");
	is(w, "proc.exepath", "/bin/daemon");
	is(w, "proc.pname", "bash");
	/* It is nobody's maker any more. */
	clone_inside(w, 400, 0, 100);
	is(w, "proc.exepath", "");
	world_free(w);
}

static void a_child_may_begin_after_its_maker_has_ended(void **unused)
{
	maker_ends(200, false);
	maker_ends(100, false);
	maker_ends(200, true);
}

/* Children that never come: their makers are not kept for ever. */
static void makers_are_not_kept_for_ever(void **unused)
{
	struct world *w = shell();

	for (uint32_t i = 0; i < 1000; i++) {
		clone_inside(w, 1000 + i, 0, 100);
		clone_inside(w, 1000 + i, 12, 100);
		exits(w, 1000 + i, 100);
	}
	assert_in_range(w->st->n_dead_threads, 1, 17);
	w->ts += UINT64_C(6000000000);
	read_fd(w, 100, 0);
	read_fd(w, 100, 0);
	assert_int_equal(w->st->n_dead_threads, 0);
	clone_inside(w, 3000, 0, 100);
	clone_inside(w, 3000, 12, 100);
	exits(w, 3000, 100);
	state_clear(w->st);
	assert_int_equal(w->st->n_dead_threads, 0);
	world_free(w);
}

static void unknown_threads_are_placeholders_until_they_tell(void **unused)
{
	struct world *w = shell();

	read_fd(w, 555, 3);
	is(w, "proc.name", "<NA>");
	is(w, "proc.pid", "-1");
	is(w, "proc.pname", "absent");
	is(w, "proc.cwd", "./");
	exec_event(w, 555, "/bin/ls", "ls");
	is(w, "proc.name", "ls");
	is(w, "proc.pid", "555");
	assert_int_equal(state_stats(w->st)->invented_threads, 1);
	assert_int_equal(state_stats(w->st)->healed_threads, 1);
	world_free(w);
}

static void threads_are_bounded(void **unused)
{
	const struct state_limits few = { .threads = 100, .fds = 1000, .texts = 1000 };
	struct world *w = world_new(&few);

	for (uint32_t tid = 1; tid <= 5000; tid++) {
		snap(w, tid, tid, tid / 2, "x");
		open_at(w, tid, 3, AT_FDCWD, "/f", 0);
	}
	assert_true(state_stats(w->st)->n_threads <= 100);
	assert_int_equal(state_stats(w->st)->evicted_threads, 4900);
	world_free(w);
}

/* ---- descriptors ---- */

static void high_descriptors_are_found(void **unused)
{
	static const int64_t fds[] = { 0, 31, 32, 255, 1023, 40000, 1000000, INT32_MAX };
	struct world *w = shell();
	char name[32];

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		snprintf(name, sizeof(name), "/f%d", (int)fds[i]);
		open_at(w, 100, fds[i], AT_FDCWD, name, 0);
	}
	for (int64_t fd = 3; fd < 2000; fd++)
		if (fd != 31 && fd != 32 && fd != 255 && fd != 1023)
			open_at(w, 100, fd, AT_FDCWD, "/many", 0);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		snprintf(name, sizeof(name), "/f%d", (int)fds[i]);
		read_fd(w, 100, fds[i]);
		is(w, "fd.name", name);
	}
	close_fd(w, 100, 40000, 0);
	is(w, "fd.name", "/f40000");
	read_fd(w, 100, 40000);
	is(w, "fd.name", "");
	world_free(w);
}

static void copies_follow_dup_and_fcntl(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "/log", 0);
	begin(w, EV_DUP2, 100);
	num(w, "res", 1);
	num(w, "oldfd", 3);
	num(w, "newfd", 1);
	done(w);
	is(w, "fd.num", "1");
	is(w, "fd.name", "/log");
	begin(w, EV_FCNTL, 100);
	num(w, "res", 10);
	num(w, "fd", 1);
	num(w, "cmd", F_DUPFD_CLOEXEC);
	num(w, "arg", 10);
	done(w);
	is(w, "fd.num", "10");
	begin(w, EV_DUP2, 100);	/* of something that we do not know */
	num(w, "res", 1);
	num(w, "oldfd", 77);
	done(w);
	read_fd(w, 100, 1);
	is(w, "fd.type", "absent");
	exec_event(w, 100, "/x", "x");
	read_fd(w, 100, 10);
	is(w, "fd.type", "absent");
	read_fd(w, 100, 3);
	is(w, "fd.name", "/log");
	world_free(w);
}

static void close_range_closes_marks_and_parts(void **unused)
{
	struct world *w = shell();

	for (int64_t fd = 3; fd < 10; fd++)
		open_at(w, 100, fd, AT_FDCWD, "/f", 0);
	begin(w, EV_CLOSE_RANGE, 100);
	num(w, "res", 0);
	num(w, "first", 5);
	num(w, "last", 6);
	num(w, "flags", 0);
	done(w);
	read_fd(w, 100, 5);
	is(w, "fd.type", "absent");
	is(w, "proc.fdopencount", "5");
	begin(w, EV_CLOSE_RANGE, 100);
	num(w, "res", 0);
	num(w, "first", 8);
	num(w, "last", 0xffffffff);
	num(w, "flags", 4);	/* CLOSE_RANGE_CLOEXEC */
	done(w);
	exec_event(w, 100, "/x", "x");
	is(w, "proc.fdopencount", "3");
	world_free(w);
}

static void ebadf_forgets_what_was_known(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "/secret", 0);
	begin(w, EV_FSTAT, 100);
	num(w, "res", -EBADF);
	num(w, "fd", 3);
	done(w);
	is(w, "fd.name", "");
	read_fd(w, 100, 3);
	is(w, "fd.type", "absent");
	world_free(w);
}

/* ---- paths ---- */

static void paths_are_joined_and_cleaned(void **unused)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "/etc/passwd", "/etc/passwd" }, { "/etc//./x/../passwd", "/etc/passwd" },
		{ "a", "/home/u/a" }, { "../../../x", "/x" }, { "./b/", "/home/u/b" },
		{ "/", "/" }, { "/..", "/" }, { ".", "/home/u" },
		{ "/tmp/.hidden", "/tmp/.hidden" },
	};
	struct world *w = shell();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_at(w, 100, 3, AT_FDCWD, cases[i].name, 0);
		is(w, "fd.name", cases[i].want);
		open_at(w, 100, -ENOENT, AT_FDCWD, cases[i].name, 0);
		is(w, "fd.name", cases[i].want);
		is(w, "fd.num", "-1");
	}
	world_free(w);
}

/* "/xxx", with something to clean at every place of names of every length. */
static void what_needs_cleaning_is_seen_wherever_it_stands(void **unused)
{
	static const char *const parts[] = { "//", "/.", "/./" };
	struct world *w = shell();
	char name[64], expected[STATE_PATH_ROOM];

	for (size_t len = 2; len < 40; len++) {
		for (size_t at = 0; at < 3 * len; at++) {
			const char *part = parts[at % 3];

			memset(name, 'x', len);
			name[0] = '/';
			name[len] = 0;
			if (at / 3 + strlen(part) <= len)
				memcpy(name + at / 3, part, strlen(part));
			expected[state_join_path(expected, (struct text){ "", 0 }, name, len)] = 0;
			open_at(w, 100, 3, AT_FDCWD, name, 0);
			is(w, "fd.name", expected);
		}
	}
	world_free(w);
}

static void directories_count_for_relative_paths(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 5, AT_FDCWD, "/var/lib", O_DIRECTORY);
	is(w, "fd.type", "directory");
	open_at(w, 100, 6, 5, "dpkg/status", 0);
	is(w, "fd.name", "/var/lib/dpkg/status");
	is(w, "fd.nameraw", "dpkg/status");
	is(w, "fd.directory", "/var/lib/dpkg");
	is(w, "fd.filename", "status");
	open_at(w, 100, 7, 99, "x/../y", 0);
	is(w, "fd.name", "<UNKNOWN>y");
	begin(w, EV_FCHDIR, 100);
	num(w, "res", 0);
	num(w, "fd", 5);
	done(w);
	is(w, "proc.cwd", "/var/lib/");
	begin(w, EV_CHDIR, 100);
	num(w, "res", 0);
	str(w, "path", "../cache");
	done(w);
	is(w, "proc.cwd", "/var/cache/");
	world_free(w);
}

/* ---- sockets ---- */

static const char client_tuple[] = "\x02\x0a\x00\x00\x05\xa0\x0f\x5d\xb8\xd8\x22\xbb\x01";
static const char reply_tuple[] = "\x02\x5d\xb8\xd8\x22\xbb\x01\x0a\x00\x00\x05\xa0\x0f";

static void make_socket(struct world *w, int64_t fd, int64_t type)
{
	begin(w, EV_SOCKET, 100);
	num(w, "fd", fd);
	num(w, "domain", AF_INET);
	num(w, "type", type);
	num(w, "proto", 0);
	done(w);
}

static void connect_makes_a_client(void **unused)
{
	struct world *w = shell();

	make_socket(w, 3, SOCK_STREAM | SOCK_CLOEXEC);
	is(w, "fd.name", "");
	is(w, "fd.l4proto", "<NA>");
	begin(w, EV_CONNECT, 100);
	num(w, "res", -EINPROGRESS);
	num(w, "fd", 3);
	bytes(w, "tuple", client_tuple, 13);
	done(w);
	is(w, "fd.name", "10.0.0.5:4000->93.184.216.34:443");
	is(w, "fd.l4proto", "tcp");
	is(w, "fd.cip", "10.0.0.5");
	is(w, "fd.sport", "443");
	is(w, "fd.name_changed", "true");
	is(w, "fd.connected", "true");
	begin(w, EV_GETSOCKOPT, 100);	/* SO_ERROR: it came to nothing */
	num(w, "res", 0);
	num(w, "fd", 3);
	num(w, "level", SOL_SOCKET);
	num(w, "optname", SO_ERROR);
	bytes(w, "val", "\x23\x6f\0\0\0", 5);
	done(w);
	is(w, "fd.connected", "false");
	world_free(w);
}

static void datagrams_tell_their_role(void **unused)
{
	struct world *w = shell();

	make_socket(w, 3, SOCK_DGRAM);
	begin(w, EV_SENDTO, 100);
	num(w, "res", 5);
	num(w, "fd", 3);
	bytes(w, "tuple", client_tuple, 13);
	done(w);
	is(w, "fd.name", "10.0.0.5:4000->93.184.216.34:443");
	is(w, "fd.l4proto", "udp");
	begin(w, EV_RECVFROM, 100);
	num(w, "res", 5);
	num(w, "fd", 3);
	bytes(w, "tuple", reply_tuple, 13);
	done(w);
	is(w, "fd.name", "10.0.0.5:4000->93.184.216.34:443");
	is(w, "fd.name_changed", "false");
	make_socket(w, 4, SOCK_DGRAM);
	begin(w, EV_BIND, 100);
	num(w, "res", 0);
	num(w, "fd", 4);
	bytes(w, "addr", "\x02\x00\x00\x00\x00\xa0\x0f", 7);
	done(w);
	is(w, "fd.name", "0.0.0.0:4000");
	begin(w, EV_RECVFROM, 100);
	num(w, "res", 5);
	num(w, "fd", 4);
	bytes(w, "tuple", reply_tuple, 13);
	done(w);
	is(w, "fd.name", "93.184.216.34:443->10.0.0.5:4000");
	is(w, "fd.sip", "10.0.0.5");
	world_free(w);
}

static void accept_makes_a_server(void **unused)
{
	struct world *w = shell();

	begin(w, EV_ACCEPT4, 100);
	num(w, "fd", 9);
	bytes(w, "tuple", reply_tuple, 13);
	done(w);
	is(w, "fd.cip", "93.184.216.34");
	is(w, "fd.sip", "10.0.0.5");
	is(w, "fd.sport", "4000");
	world_free(w);
}

static void descriptors_in_messages_replace_what_was_known(void **unused)
{
	static const char rights[] = "\x14\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x05\0\0\0\0\0\0\0";
	static const char came[] =
		"\x4d\0\0\0\0\0\0\0" "\5\0\0\0" "\x01\x08\0\0" "\xa4\x81\0\0"
		"\0\x80\0\0" "\6\0\0\0" "\0\0\0\0" "/etc/x\0\0"
		"\x4e\0\0\0\0\0\0\0" "\6\0\0\0" "\x08\0\0\0" "\xff\xc1\0\0"
		"\2\0\0\0" "\0\0\0\0" "\1\1\1\0";
	struct world *w = shell();

	open_at(w, 100, 5, AT_FDCWD, "/old", 0);
	begin(w, EV_RECVMSG, 100);
	num(w, "res", 1);
	num(w, "fd", 3);
	bytes(w, "msgcontrol", rights, 24);
	done(w);
	read_fd(w, 100, 5);
	is(w, "fd.type", "absent");
	begin(w, EV_RECVMSG, 100);
	num(w, "res", 1);
	num(w, "fd", 3);
	bytes(w, "msgcontrol", rights, 24);
	bytes(w, "got", came, sizeof(came) - 1);
	done(w);
	fd_is(w, 100, 5, "/etc/x");
	is(w, "fd.type", "file");
	is(w, "fd.ino", "77");
	read_fd(w, 100, 6);
	is(w, "fd.type", "unix");
	exec_event(w, 100, "/bin/ls", "ls");
	fd_is(w, 100, 5, "/etc/x");
	fd_is(w, 100, 6, NULL);
	world_free(w);
}

/* ---- others ---- */

static void credentials_follow_successful_calls(void **unused)
{
	struct world *w = shell();

	begin(w, EV_SETRESUID, 100);
	num(w, "res", -EPERM);
	num(w, "euid", 0);
	done(w);
	is(w, "user.uid", "1000");
	begin(w, EV_SETRESUID, 100);
	num(w, "res", 0);
	num(w, "ruid", 0xffffffff);
	num(w, "euid", 0);
	done(w);
	is(w, "user.uid", "0");
	is(w, "user.name", "root");
	world_free(w);
}

static void containers_come_from_control_groups(void **unused)
{
	static const char id[] = "b199b3b57988e3e14b08e95a0259000e048e894187d0326d61320500d0e82bb8";
	static const char *const paths[][2] = {
		{ "cpuset=/docker/%s", "b199b3b57988" },
		{ "cpu=/system.slice/docker-%s.scope", "b199b3b57988" },
		{ "=/machine.slice/libpod-%s.scope", "b199b3b57988" },
		{ "cpu=/kubepods/burstable/pod123/%s", "b199b3b57988" },
		{ "cpu=/kubepods.slice/x/cri-containerd-%s.scope", "b199b3b57988" },
		{ "cpu=/kubepods.slice/x/crio-%s.scope", "b199b3b57988" },
		{ "cpu=/lxc/web", "web" },
		{ "cpu=/user.slice/user-1000.slice", "host" },
	};
	char text[200];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct world *w = shell();

		snprintf(text, sizeof(text), paths[i][0], id);
		begin(w, EV_EXECVE, 100);
		num(w, "res", 0);
		num(w, "pid", 100);
		bytes(w, "cgroups", text, strlen(text) + 1);
		done(w);
		is(w, "container.id", paths[i][1]);
		world_free(w);
	}
}

static void container_events_describe(void **unused)
{
	static const char json[] = "{\"container\":{\"id\":\"web\",\"name\":\"shop\",\"type\":1,"
		"\"image\":\"nginx:1\",\"imagerepo\":\"nginx\",\"imagetag\":\"1\","
		"\"privileged\":true,"
		"\"labels\":{\"io.kubernetes.pod.name\":\"p\\u00e9\",\"x\":\"y\"},"
		"\"Mounts\":[{\"Source\":\"/a\",\"Destination\":\"/b\",\"RW\":true}]}}";
	struct world *w = shell();

	begin(w, EV_CONTAINER, 0);
	str(w, "json", json);
	done(w);
	begin(w, EV_EXECVE, 100);
	num(w, "res", 0);
	num(w, "pid", 100);
	bytes(w, "cgroups", "cpu=/lxc/web", 13);
	done(w);
	is(w, "container.name", "shop");
	is(w, "container.type", "lxc");
	is(w, "container.image.repository", "nginx");
	is(w, "container.privileged", "true");
	is(w, "k8s.pod.name", "p\xc3\xa9");
	is(w, "container.label[x]", "y");
	is(w, "container.mount.dest[/a]", "/b");
	is(w, "container.mount.dest[/z]", "absent");
	world_free(w);
}

static void unknown_after_a_loss_is_lost(void **unused)
{
	struct world *w = shell();

	read_fd(w, 100, 9);
	is(w, "fd.type", "absent");
	begin(w, EV_LOSS, 0);
	num(w, "class", 3);
	num(w, "count", 12);
	done(w);
	read_fd(w, 100, 9);
	is(w, "fd.type", "<LOST>");
	is(w, "fd.name", "<LOST>");
	read_fd(w, 777, 1);
	is(w, "proc.name", "<LOST>");
	is(w, "thread.tid", "777");
	exec_event(w, 777, "/bin/ls", "ls");
	is(w, "proc.name", "ls");
	assert_int_equal(state_stats(w->st)->lost, 12);
	world_free(w);
}

static void lose(struct world *w, uint32_t tid, uint32_t pid, int64_t what)
{
	begin(w, EV_SNAP_LOST, tid);
	num(w, "tid", tid);
	num(w, "pid", pid);
	num(w, "what", what);
	done(w);
}

enum { FDS = 1, DIRS = 2, IDS = 4, GROUPS = 8, NAME = 16, EXEC = 64, EXIT = 128 };

static void what_was_lost_of_a_thread_is_unknown_and_nothing_else(void **unused)
{
	struct world *w = shell();

	snap(w, 200, 200, 1, "other");
	open_at(w, 100, 3, AT_FDCWD, "/etc/passwd", 0);
	open_at(w, 200, 3, AT_FDCWD, "/etc/group", 0);
	lose(w, 100, 100, FDS);
	fd_is(w, 100, 3, "<LOST>");
	is(w, "proc.name", "bash");
	is(w, "proc.cwd", "/home/u/");
	fd_is(w, 200, 3, "/etc/group");
	open_at(w, 100, 3, AT_FDCWD, "/etc/hosts", 0);
	fd_is(w, 100, 3, "/etc/hosts");

	lose(w, 100, 100, DIRS | IDS | GROUPS);
	read_fd(w, 100, 3);
	is(w, "proc.cwd", "<LOST>");
	is(w, "user.uid", "<LOST>");
	is(w, "proc.sid", "<LOST>");
	is(w, "fd.name", "/etc/hosts");
	open_at(w, 100, 4, AT_FDCWD, "relative", 0);
	is(w, "fd.name", "<LOST>");
	chdir_to(w, 100, "below");	/* of what is not known */
	is(w, "proc.cwd", "<LOST>");
	chdir_to(w, 100, "/tmp");
	is(w, "proc.cwd", "/tmp/");

	lose(w, 100, 100, NAME);
	read_fd(w, 100, 3);
	is(w, "proc.name", "<LOST>");
	is(w, "proc.cmdline", "<LOST>");
	is(w, "proc.exe", "bash");
	world_free(w);
}

static void a_lost_exec_leaves_what_it_keeps(void **unused)
{
	struct world *w = shell();

	new_thread(w, 100, 101);
	open_at(w, 100, 3, AT_FDCWD, "/kept", 0);
	open_at(w, 100, 4, AT_FDCWD, "/closed", O_CLOEXEC);
	lose(w, 100, 100, EXEC);
	assert_null(state_thread(w->st, 101));
	fd_is(w, 100, 3, "/kept");
	is(w, "proc.name", "<LOST>");
	is(w, "proc.exepath", "<LOST>");
	is(w, "proc.cmdline", "<LOST>");
	is(w, "proc.cwd", "/home/u/");
	fd_is(w, 100, 4, "<LOST>");
	clone_event(w, 100, 300, 100, 1, 0, "who it is");	/* tells of itself */
	is(w, "proc.name", "who it is");
	exec_event(w, 100, "/bin/ls", "ls");
	is(w, "proc.exepath", "/bin/ls");
	world_free(w);
}

static void a_lost_exit_leaves_children_without_a_parent(void **unused)
{
	struct world *w = shell();

	clone_event(w, 100, 200, 100, 1, 0, "bash");
	clone_event(w, 200, 0, 200, 100, 0, "bash");
	lose(w, 100, 100, EXIT);
	assert_null(state_thread(w->st, 100));
	read_fd(w, 200, 3);
	is(w, "proc.name", "bash");
	is(w, "proc.ppid", "<LOST>");
	is(w, "proc.pname", "<LOST>");
	snap(w, 200, 200, 1, "bash");	/* as /proc has it */
	read_fd(w, 200, 3);
	is(w, "proc.pname", "init");
	world_free(w);
}

static void nothing_is_sure_while_nobody_is_named(void **unused)
{
	for (int keyed = 0; keyed < 2; keyed++) {
		struct world *w = shell();

		open_at(w, 100, 3, AT_FDCWD, "/etc/passwd", 0);
		lose(w, 0, 0, EXIT);
		rebirth(w, keyed);
		open_at(w, 100, 4, AT_FDCWD, "/etc/group", 0);
		is(w, "fd.name", "/etc/group");
		fd_is(w, 100, 4, "<LOST>");
		is(w, "proc.name", "<LOST>");
		lose(w, 0, 0, 0);
		rebirth(w, keyed);
		open_at(w, 100, 4, AT_FDCWD, "/etc/group", 0);
		fd_is(w, 100, 4, "/etc/group");
		is(w, "proc.name", "<LOST>");
		exec_event(w, 100, "/bin/ls", "ls");
		is(w, "proc.name", "ls");
		world_free(w);
	}
}

static void processes_can_share_directories(void **unused)
{
	for (int keyed = 0; keyed < 2; keyed++) {
		struct world *w = shell();

		clone_event(w, 100, 200, 100, 1, CLONE_FS, "bash");
		clone_event(w, 200, 0, 200, 100, CLONE_FS, "bash");
		rebirth(w, keyed);
		chdir_to(w, 200, "/both");
		read_fd(w, 100, 3);
		is(w, "proc.cwd", "/both/");
		apart(w, 200, CLONE_FS);
		rebirth(w, keyed);
		chdir_to(w, 200, "/one");
		read_fd(w, 100, 3);
		is(w, "proc.cwd", "/both/");
		world_free(w);
	}
}

static void own(struct world *w, uint32_t pid)
{
	w->ev.pid = pid;
	done(w);
}

static void what_a_recorder_tells_beyond_captures_is_followed(void **unused)
{
	struct world *w = shell();

	begin(w, EV_PRCTL, 100);
	num(w, "res", 0);
	num(w, "option", 15);
	str(w, "arg2_str", "longer than fifteen");
	own(w, 100);
	is(w, "proc.name", "longer than fif");
	begin(w, EV_CHDIR, 100);
	num(w, "res", 0);
	str(w, "path", "a link");
	str(w, "cwd", "/where/it/leads");
	own(w, 100);
	is(w, "proc.cwd", "/where/it/leads/");
	begin(w, EV_SETRESUID, 100);
	num(w, "res", 0);
	num(w, "ruid", -1);
	num(w, "euid", 0);
	num(w, "now_real", 7);
	num(w, "now_effective", 0);
	num(w, "cap_effective", 1 << 5);
	own(w, 100);
	is(w, "user.uid", "0");
	is(w, "thread.cap_effective", "CAP_KILL");
	world_free(w);
}

static void a_child_made_for_another_parent_has_its_makers_descriptors(void **unused)
{
	for (int child_first = 0; child_first < 2; child_first++) {
		struct world *w = shell();

		clone_event(w, 100, 200, 100, 1, 0, "bash");
		clone_event(w, 200, 0, 200, 100, 0, "bash");
		open_at(w, 100, 3, AT_FDCWD, "/the/parent's", 0);
		open_at(w, 200, 4, AT_FDCWD, "/the/maker's", 0);
		if (child_first)
			clone_event(w, 300, 0, 300, 100, CLONE_PARENT, "bash");
		begin(w, EV_CLONE, 200);
		num(w, "res", 300);
		num(w, "tid", 200);
		num(w, "pid", 200);
		num(w, "ptid", 100);
		num(w, "vtid", 200);
		num(w, "vpid", 200);
		num(w, "flags", CLONE_PARENT);
		own(w, 200);
		if (!child_first)
			clone_event(w, 300, 0, 300, 100, CLONE_PARENT, "bash");
		fd_is(w, 300, 4, "/the/maker's");
		is(w, "proc.ppid", "100");
		fd_is(w, 300, 3, NULL);
		world_free(w);
	}
}

static void a_name_below_its_own_root_does_not_lead_out(void **unused)
{
	struct world *w = shell();

	open_at(w, 100, 3, AT_FDCWD, "/jail", O_DIRECTORY);
	begin(w, EV_OPENAT2, 100);
	num(w, "fd", 4);
	num(w, "dirfd", 3);
	str(w, "name", "/../..//a/../etc/passwd");
	num(w, "resolve", 0x10);
	done(w);
	is(w, "fd.name", "/jail/etc/passwd");
	world_free(w);
}

static void a_new_section_forgets_the_old(void **unused)
{
	struct world *w = shell();

	read_fd(w, 100, 0);
	begin(w, EV_SNAP_MACHINE, 0);
	str(w, "hostname", "other");
	done(w);
	assert_null(state_thread(w->st, 100));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clone_makes_a_child_from_either_side),
		cmocka_unit_test(threads_share_descriptors_and_directory),
		cmocka_unit_test(a_thread_can_have_descriptors_and_directory_of_its_own),
		cmocka_unit_test(the_main_thread_can_go_apart),
		cmocka_unit_test(processes_can_share_descriptors),
		cmocka_unit_test(exec_replaces_program_and_closes_marked_descriptors),
		cmocka_unit_test(exec_ends_the_other_threads),
		cmocka_unit_test(children_go_to_the_reaper),
		cmocka_unit_test(a_child_may_begin_after_its_maker_has_ended),
		cmocka_unit_test(makers_are_not_kept_for_ever),
		cmocka_unit_test(unknown_threads_are_placeholders_until_they_tell),
		cmocka_unit_test(threads_are_bounded),
		cmocka_unit_test(high_descriptors_are_found),
		cmocka_unit_test(copies_follow_dup_and_fcntl),
		cmocka_unit_test(close_range_closes_marks_and_parts),
		cmocka_unit_test(ebadf_forgets_what_was_known),
		cmocka_unit_test(paths_are_joined_and_cleaned),
		cmocka_unit_test(what_needs_cleaning_is_seen_wherever_it_stands),
		cmocka_unit_test(directories_count_for_relative_paths),
		cmocka_unit_test(connect_makes_a_client),
		cmocka_unit_test(datagrams_tell_their_role),
		cmocka_unit_test(accept_makes_a_server),
		cmocka_unit_test(descriptors_in_messages_replace_what_was_known),
		cmocka_unit_test(credentials_follow_successful_calls),
		cmocka_unit_test(containers_come_from_control_groups),
		cmocka_unit_test(container_events_describe),
		cmocka_unit_test(unknown_after_a_loss_is_lost),
		cmocka_unit_test(what_was_lost_of_a_thread_is_unknown_and_nothing_else),
		cmocka_unit_test(a_lost_exec_leaves_what_it_keeps),
		cmocka_unit_test(a_lost_exit_leaves_children_without_a_parent),
		cmocka_unit_test(nothing_is_sure_while_nobody_is_named),
		cmocka_unit_test(processes_can_share_directories),
		cmocka_unit_test(what_a_recorder_tells_beyond_captures_is_followed),
		cmocka_unit_test(a_child_made_for_another_parent_has_its_makers_descriptors),
		cmocka_unit_test(a_name_below_its_own_root_does_not_lead_out),
		cmocka_unit_test(a_new_section_forgets_the_old),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
