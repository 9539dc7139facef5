/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "capture/base/strict.h"
#include "tests/unit/state_world.h"

static struct world *shell(void)
{
	struct world *w = world_new(NULL);

	snap(w, 1, 1, 0, "init");
	snap(w, 100, 100, 1, "sshd");
	snap(w, 200, 200, 100, "bash");
	snap_end(w);
	exec_event(w, 200, "/bin/cat", "cat");
	return w;
}

/* ---- the table ---- */

static void every_field_is_found_and_described(void **unused)
{
	for (unsigned i = 0; i < n_fields; i++) {
		const struct field_desc *d = &fields[i];

		assert_ptr_equal(field_find(d->name, strlen(d->name)), d);
		assert_true(strlen(d->help) > 5);
		assert_non_null(d->get);
		if (d->flags & (FIELD_ANCESTORS | FIELD_BOTH_ENDS | FIELD_LIST))
			assert_non_null(d->get_all);
	}
	assert_null(field_find("proc.nam", 8));
}

static void fields_are_absent_where_the_table_says_so(void **unused)
{
	struct world *w = shell();

	for (unsigned e = 1; e < EV__N; e++) {
		begin(w, e, 200);
		done(w);
		for (unsigned i = 0; i < n_fields; i++) {
			const struct field_desc *d = &fields[i];
			const struct event_set none = {0};

			if (d->arg != ARG_NONE || event_set_has(&d->only, e)
			    || !memcmp(&d->only, &none, sizeof(none)))
				continue;
			if (strcmp(got(w, d->name), "absent") != 0)
				fail_msg("%s on %s: %s", d->name, catalog[e].name, got(w, d->name));
		}
	}
	world_free(w);
}

/* ---- references ---- */

static void references_end_where_the_field_ends(void **unused)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "proc.name = x", 9 }, { "proc.aname[2] = x", 13 }, { "evt.arg.flags)", 13 },
		{ "evt.arg[0]", 10 }, { "proc.env[HOME]", 14 }, { "evt.rawarg.res<0", 14 },
		{ "proc.name.", 9 }, { "evt.abspath.src ", 15 }, { "thread.cgroup.cpu", 17 },
		{ "container.label[\"a]b\"] x", 22 }, { "evt.type, x", 8 },
		{ "proc.nameand more", 9 }, { "proc.name[0]", 9 }, { "evt.args[0]", 8 },
	};
	struct arena a = {0};
	struct field_ref r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (field_parse(&r, cases[i].text, strlen(cases[i].text), &a) != cases[i].len)
			fail_msg("%s: %s", cases[i].text, err_text());
	arena_release(&a);
}

static void wrong_references_are_explained(void **unused)
{
	static const char *const cases[][2] = {
		{ "proc.nmae", "did you mean proc.name?" }, { "nothing.such", "there is no field" },
		{ "proc.aname[x]", "takes a number" },
		{ "evt.arg", "needs an argument" }, { "container.label", "needs an argument" },
		{ "proc.aname[1", "does not end" }, { "evt.abspath.x", ".src and .dst" },
	};
	struct arena a = {0};
	struct field_ref r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(field_parse(&r, cases[i][0], strlen(cases[i][0]), &a), 0);
		assert_error_has(cases[i][1]);
	}
	arena_release(&a);
}

/* ---- events ---- */

static void latencies_are_those_of_the_source(void **unused)
{
	struct world *w = shell();

	begin(w, EV_GETUID, 200);
	w->ev.latency = UINT64_C(2000000042);
	done(w);
	is(w, "evt.latency", "2000000042");
	is(w, "evt.latency.s", "2");
	is(w, "evt.latency.ns", "000000042");
	is(w, "evt.latency.quantized", "9");
	is(w, "evt.latency.is.9", "true");
	is(w, "evt.latency.is.8", "false");
	is(w, "evt.latency.human", "2.00s");
	is(w, "evt.wait_latency", "absent");
	begin(w, EV_POLL, 200);
	w->ev.latency = 7;
	done(w);
	is(w, "evt.latency.quantized", "0");
	is(w, "evt.latency.is.2", "true");
	is(w, "evt.wait_latency", "7");
	begin(w, EV_GETUID, 200);
	done(w);
	is(w, "evt.latency", "absent");
	is(w, "evt.latency.human", "absent");
	strict_falco = true;
	is(w, "evt.latency", "0");
	is(w, "evt.latency.human", "0ns");
	is(w, "evt.wait_latency", "0");
	strict_falco = false;
	world_free(w);
}

static void times_are_printed(void **unused)
{
	struct world *w = shell();

	begin(w, EV_GETUID, 200);
	w->ev.ts = UINT64_C(1470327477000000042);
	done(w);
	is(w, "evt.time", "16:17:57.000000042");
	is(w, "evt.time.s", "16:17:57");
	is(w, "evt.datetime", "2016-08-04 16:17:57.000000042");
	is(w, "evt.time.iso8601", "2016-08-04T16:17:57.000000042+0000");
	is(w, "evt.rawtime.ns", "000000042");
	world_free(w);
}

static void results_have_names(void **unused)
{
	struct world *w = shell();

	open_at(w, 200, -ENOENT, AT_FDCWD, "x", 0);
	is(w, "evt.res", "ENOENT");
	is(w, "evt.rawres", "-2");
	is(w, "evt.failed", "true");
	is(w, "fd.typechar", "f");
	open_at(w, 200, -4095, AT_FDCWD, "x", 0);
	is(w, "evt.res", "-4095");
	read_fd(w, 200, 0);
	is(w, "evt.res", "SUCCESS");
	begin(w, EV_PROCEXIT, 100);
	done(w);
	is(w, "evt.res", "absent");
	is(w, "evt.dir", ">");
	is(w, "syscall.type", "absent");
	world_free(w);
}

static void parameters_have_text_and_meaning(void **unused)
{
	struct world *w = shell();

	open_at(w, 200, 3, AT_FDCWD, "notes", O_WRONLY | O_CREAT | O_CLOEXEC);
	num(w, "mode", 0750);
	is(w, "evt.args", "fd=3(<f>/home/u/notes) dirfd=-100(AT_FDCWD) name=notes(/home/u/notes)"
	   " flags=4102(O_CREAT|O_WRONLY|O_CLOEXEC) mode=0750 dev=<NA> ino=<NA>");
	is(w, "evt.arg.flags", "O_CREAT|O_WRONLY|O_CLOEXEC");
	is(w, "evt.arg.name", "/home/u/notes");
	is(w, "evt.arg[2]", "/home/u/notes");
	is(w, "evt.arg[99]", "absent");
	is(w, "evt.arg.nosuch", "absent");
	is(w, "evt.rawarg.flags", "1006");
	is(w, "evt.rawarg.fd", "3");
	is(w, "evt.is_open_write", "true");
	is(w, "evt.is_open_read", "false");
	is(w, "evt.is_open_exec", "true");
	open_at(w, 200, 3, AT_FDCWD, "/x", O_RDONLY);
	num(w, "mode", 0777);	/* what was in the register */
	is(w, "evt.arg.mode", "0");
	is(w, "evt.is_open_exec", "false");
	begin(w, EV_SETUID, 200);
	num(w, "res", 0);
	num(w, "uid", 0xffffffff);
	done(w);
	is(w, "evt.args", "res=0 uid=-1(<NONE>)");
	begin(w, EV_KILL, 200);
	num(w, "res", 0);
	num(w, "pid", 100);
	num(w, "sig", 9);
	done(w);
	is(w, "evt.args", "res=0 pid=100(sshd) sig=9(SIGKILL)");
	begin(w, EV_NANOSLEEP, 200);
	num(w, "res", 0);
	num(w, "interval", 1500000000);
	done(w);
	is(w, "evt.args", "res=0 interval=1500000000(1.5s)");
	begin(w, EV_READ, 200);
	num(w, "res", 0);
	num(w, "fd", 77);
	done(w);
	is(w, "evt.args", "res=0 data=NULL fd=77 size=<NA>");
	world_free(w);
}

static void malformed_parameters_do_no_harm(void **unused)
{
	static const char *const rubbish[] = {
		"", "\x02", "\x0a\x01\x02", "\x01\x01\x02", "\xff\xff\xff",
	};
	struct world *w = shell();

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		begin(w, EV_CONNECT, 200);
		num(w, "res", 0);
		num(w, "fd", 3);
		str(w, "tuple", rubbish[i]);
		str(w, "addr", rubbish[i]);
		done(w);
		got(w, "evt.args");
		begin(w, EV_POLL, 200);
		str(w, "fds", rubbish[i]);
		done(w);
		got(w, "evt.args");
		got(w, "fdlist.names");
		begin(w, EV_SETSOCKOPT, 200);
		str(w, "val", rubbish[i]);
		done(w);
		got(w, "evt.args");
		got(w, "evt.rawarg.val");
	}
	world_free(w);
}

static void commands_are_what_one_types(void **unused)
{
	struct world *w = shell();

	exec_event(w, 200, "/bin/cat", "cat");
	is(w, "evt.command", "cat -a b c");
	begin(w, EV_CHDIR, 200);
	num(w, "res", 0);
	str(w, "path", "../up");
	is(w, "evt.command", "cd ../up");
	num(w, "res", -ENOENT);
	is(w, "evt.command", "absent");
	begin(w, EV_GETUID, 200);
	is(w, "evt.command", "absent");
	world_free(w);
}

/* ---- processes ---- */

static void ancestors_are_counted_from_the_process(void **unused)
{
	struct world *w = shell();

	read_fd(w, 200, 0);
	is(w, "proc.aname[0]", "cat");
	is(w, "proc.aname[1]", "sshd");
	is(w, "proc.aname[2]", "init");
	is(w, "proc.aname[3]", "absent");
	is(w, "proc.aname", "sshd init");
	is(w, "proc.apid[1]", "100");
	is(w, "proc.apid", "200");
	is(w, "proc.exeline", "cat -a b c");
	is(w, "proc.cmdlenargs", "5");
	world_free(w);
}

static void paths_of_calls_are_absolute(void **unused)
{
	struct world *w = shell();

	begin(w, EV_RENAME, 200);
	num(w, "res", 0);
	str(w, "oldpath", "a");
	str(w, "newpath", "/tmp/../b");
	done(w);
	is(w, "fs.path.source", "/home/u/a");
	is(w, "fs.path.target", "/b");
	is(w, "fs.path.sourceraw", "a");
	is(w, "fs.path.name", "absent");
	begin(w, EV_UNLINK, 200);
	num(w, "res", -EPERM);
	str(w, "path", "/etc/passwd");
	done(w);
	is(w, "fs.path.name", "absent");
	world_free(w);
}

/* ---- formats ---- */

static const char *formatted(struct world *w, const char *text, bool json)
{
	const struct field_ctx c = { &w->ev, w->st, state_current(w->st), &w->scratch, &w->env };
	struct format *f = format_compile(text, strlen(text), &w->scratch);

	buf_reset(&w->text);
	if (!f)
		return err_text();
	if (json)
		format_json_fields(f, &c, &w->text);
	else
		format_text(f, &c, &w->text);
	return buf_text(&w->text);
}

static void formats_fill_in_fields(void **unused)
{
	struct world *w = shell();

	open_at(w, 200, 3, AT_FDCWD, "/etc/x", 0);
	assert_string_equal(formatted(w, "%proc.name did %evt.type: 100%%", false),
			    "cat did openat: 100%");
	assert_string_equal(formatted(w, "[%8proc.name|%-8proc.name]", false),
			    "[cat     |     cat]");
	assert_string_equal(formatted(w, "%2proc.name%proc.pidand %proc.name.", false),
			    "ca200and cat.");
	assert_string_equal(formatted(w, "%fd.cip %proc.pname", false), "<NA> sshd");
	assert_string_equal(formatted(w, "%fd.name %evt.type %fd.num %fd.name %fd.cip %proc.pid"
				      " %fd.dev %fd.types %evt.time", true),
			    "\"evt.time\":1700000000000006000,\"evt.type\":\"openat\","
			    "\"fd.cip\":null,"
			    "\"fd.dev\":\"0\",\"fd.name\":\"/etc/x\",\"fd.num\":3,"
			    "\"fd.types\":[\"file\"],\"proc.pid\":200");
	assert_non_null(strstr(formatted(w, "%fd.nmae", false), "did you mean fd.name"));
	assert_string_equal(formatted(w, "%fd.ip", false), "<NA>");
	world_free(w);
}

static void hostile_text_stays_inside_json(void **unused)
{
	struct world *w = shell();

	open_at(w, 200, 3, AT_FDCWD, "/a\"\n\xff\\", 0);
	assert_string_equal(formatted(w, "%fd.name", true),
			    "\"fd.name\":\"/a\\\"\\n\xef\xbf\xbd\\\\\"");
	world_free(w);
}

static void payloads_are_asked_for_when_wanted(void **unused)
{
	static const struct {
		const char *text;
		bool bulk;
	} cases[] = {
		{ "%evt.type %proc.cmdline", false },
		{ "%evt.buffer", true }, { "%evt.args", true },
		{ "%evt.arg.flags", false }, { "%evt.arg.data", true }, { "%evt.arg[1]", true },
		{ "%proc.env[A]", true },
	};
	struct arena a = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct format *f = format_compile(cases[i].text, strlen(cases[i].text), &a);

		assert_non_null(f);
		assert_int_equal(format_needs_bulk(f), cases[i].bulk);
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_found_and_described),
		cmocka_unit_test(fields_are_absent_where_the_table_says_so),
		cmocka_unit_test(references_end_where_the_field_ends),
		cmocka_unit_test(wrong_references_are_explained),
		cmocka_unit_test(latencies_are_those_of_the_source),
		cmocka_unit_test(times_are_printed),
		cmocka_unit_test(results_have_names),
		cmocka_unit_test(parameters_have_text_and_meaning),
		cmocka_unit_test(malformed_parameters_do_no_harm),
		cmocka_unit_test(commands_are_what_one_types),
		cmocka_unit_test(ancestors_are_counted_from_the_process),
		cmocka_unit_test(paths_of_calls_are_absolute),
		cmocka_unit_test(formats_fill_in_fields),
		cmocka_unit_test(hostile_text_stays_inside_json),
		cmocka_unit_test(payloads_are_asked_for_when_wanted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
