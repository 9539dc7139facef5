/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on events whose answer is known. */
#include "tests/unit/test.h"

#include "rules/lang/cond.h"
#include "tests/unit/lang_world.h"

struct sample {
	const char *cond;
	bool holds;
};

static void check_one(struct world *w, const struct sample *s)
{
	struct cond *c = cond_compile(s->cond, strlen(s->cond), "filter");

	if (!c)
		fail_msg("%s: %s", s->cond, err_text());
	/* twice: the second time everything is remembered of another event */
	for (int i = 0; i < 2; i++)
		if (cond_eval(c, &w->ctx) != s->holds)
			fail_msg("%s: not %s", s->cond, s->holds ? "true" : "false");
	cond_free(c);
}

static void check_all(struct world *w, const struct sample *s)
{
	for (; s->cond; s++)
		check_one(w, s);
}

static void operators_of_texts(void **unused)
{
	static const struct sample samples[] = {
		{ "proc.name = cat", true },
		{ "proc.name == cat", true },
		{ "proc.name = ca", false },
		{ "proc.name != dog", true },
		{ "proc.name != cat", false },
		{ "proc.name in (dog, cat)", true },
		{ "proc.name in (dog, bird)", false },
		{ "proc.name in ()", false },
		{ "proc.name intersects (dog, cat)", true },
		{ "proc.name contains a", true },
		{ "proc.name contains \"\"", true },
		{ "proc.name contains tac", false },
		{ "proc.name icontains CA", true },
		{ "proc.name icontains X", false },
		{ "proc.name startswith ca", true },
		{ "proc.name startswith \"\"", true },
		{ "proc.name startswith cats", false },
		{ "proc.name endswith at", true },
		{ "proc.name endswith \"\"", true },
		{ "proc.name endswith scat", false },
		{ "proc.name glob c*", true },
		{ "proc.name glob c?t", true },
		{ "proc.name glob [a-c]at", true },
		{ "proc.name glob \"\"", false },
		{ "proc.name glob C*", false },
		{ "proc.name iglob C*T", true },
		{ "proc.exepath glob /usr*", true },
		{ "proc.name regex c.t", true },
		{ "proc.name regex c", false },
		{ "proc.name regex '[[:lower:]]{3}'", true },
		{ "proc.name regex \"(c|d)(a|o)[tg]\"", true },
		{ "proc.exepath pmatch (/usr)", true },
		{ "proc.exepath pmatch (usr/bin/)", true },
		{ "proc.exepath pmatch (/us)", false },
		{ "proc.exepath pmatch (/usr/*/cat)", true },
		{ "proc.exepath pmatch (/opt, /*/bin)", true },
		{ "proc.exepath pmatch (/usr/sbin, /opt)", false },
		{ "proc.exepath pmatch (/)", true },
		{ "proc.exepath pmatch ()", false },
		{ "proc.name exists", true },
		{ "proc.name < 9", false },
		{ "proc.name > 9", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void contains_finds_behind_many_beginnings(void **unused)
{
	static const struct sample samples[] = {
		{ "fd.name contains aab", true },
		{ "fd.name contains aaaaaaab", true },
		{ "fd.name contains abc", true },
		{ "fd.name contains aac", false },
		{ "fd.name contains bcd", false },
		{ "fd.name contains /aaaaaaaabc", true },
		{ "fd.name contains /aaaaaaaabcd", false },
		{ "fd.name contains c", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	world_open(&w, "/aaaaaaaabc");
	check_all(&w, samples);
	world_release(&w);
}

static void modifiers_count_elements(void **unused)
{
	static const struct sample samples[] = {
		{ "proc.name = anyof (dog, cat)", true },
		{ "proc.name = anyof (dog, bird)", false },
		{ "proc.name = anyof ()", false },
		{ "proc.name != anyof (dog, cat)", true },
		{ "proc.name != allof (dog, bird)", true },
		{ "proc.name != allof (dog, cat)", false },
		{ "proc.name != allof ()", false },
		{ "proc.name startswith oneof (c, ca)", false },
		{ "proc.name startswith oneof (c, d)", true },
		{ "proc.name startswith allof (c, ca)", true },
		{ "proc.name contains allof (c, x)", false },
		{ "proc.name regex anyof (x, c.*)", true },
		{ "proc.name endswith anyof (x, t)", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void numbers_and_flags(void **unused)
{
	static const struct sample samples[] = {
		{ "evt.num = 7", true },
		{ "evt.num != 7", false },
		{ "evt.num < 8 and evt.num <= 7 and evt.num > 6 and evt.num >= 7", true },
		{ "evt.num > 7 or evt.num < 7", false },
		{ "evt.num in (1, 7)", true },
		{ "evt.num intersects (1, 2)", false },
		{ "evt.num = 0", false },
		{ "evt.num != 0", true },
		{ "evt.cpu = 3", true },
		{ "evt.cpu = 65539", true },	/* cut to 16 bits */
		{ "proc.pid = 200", true },
		{ "proc.pid > -1", true },
		{ "evt.is_open_read = true", true },
		{ "evt.is_open_read != true", false },
		{ "evt.is_open_read in (true, false)", true },
		{ "fd.num = 3", true },
		{ "fd.num >= 0", true },
		{ "evt.rawres = 3", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void what_is_absent_makes_checks_false_and_not_true(void **unused)
{
	static const struct sample samples[] = {
		{ "fd.sip exists", false },
		{ "fd.sip = 1.2.3.4", false },
		{ "fd.sip != 1.2.3.4", false },
		{ "not fd.sip = 1.2.3.4", true },
		{ "not fd.sip != 1.2.3.4", true },
		{ "proc.aname[9] = x or proc.aname[9] != x", false },
		{ "not proc.aname[9] exists", true },
		{ "fd.sip = val(fd.cip)", false },
		{ "evt.buffer contains a", false },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void ancestors(void **unused)
{
	static const struct sample samples[] = {
		{ "proc.pname = bash", true },
		{ "proc.aname[0] = cat", true },
		{ "proc.aname[1] = bash", true },
		{ "proc.aname[2] = nginx", true },
		{ "proc.aname[3] = init", true },
		{ "proc.aname = nginx", true },
		{ "proc.aname = cat", false },		/* not itself */
		{ "proc.aname != nginx", true },	/* some other is not */
		{ "not proc.aname = nginx", false },
		{ "proc.aname in (nginx, x)", true },
		{ "not proc.aname in (x, y)", true },
		{ "proc.aname startswith ng", true },
		{ "proc.apid = 50", true },
		{ "proc.aexepath = /usr/sbin/nginx", true },
		{ "proc.aname exists", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void both_ends_of_a_connection(void **unused)
{
	static const struct sample samples[] = {
		{ "fd.ip = 10.0.0.5", true },
		{ "fd.ip = 93.184.216.34", true },
		{ "fd.ip != 10.0.0.5", false },
		{ "fd.ip != 1.1.1.1", true },
		{ "fd.ip = ::1", false },
		{ "fd.ip != ::1", true },
		{ "fd.ip in (1.1.1.1, 93.184.216.34)", true },
		{ "fd.net = 10.0.0.0/8", true },
		{ "fd.net != 10.0.0.0/8", false },
		{ "fd.net != 172.16.0.0/12", true },
		{ "fd.net in (1.0.0.0/8, 93.184.0.0/16)", true },
		{ "fd.snet in (93.0.0.0/8)", true },
		{ "fd.snet in (10.0.0.0/8)", false },
		{ "fd.cnet in (10.0.0.0/8, 1.0.0.0/8)", true },
		{ "fd.snet = 93.184.216.34/31", true },
		{ "fd.snet = 93.184.216.33/32", false },
#define NETS "1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, ::/8, 5.1.0.0/16"
		{ "fd.net in (" NETS ")", false },
		{ "fd.net in (" NETS ", 93.184.0.0/16)", true },
		{ "fd.net != allof (" NETS ")", true },
		{ "fd.net != allof (" NETS ", 10.0.0.0/24)", false },
		{ "fd.net = anyof (" NETS ", 10.0.0.0/24)", true },
		{ "fd.snet in (" NETS ", 93.184.216.34/31)", true },
		{ "fd.snet != allof (" NETS ", 93.184.216.34/31)", false },
		{ "fd.snet != allof (" NETS ", 93.184.216.36/31)", true },
		{ "fd.sport in (1, 2, 3, 4, 5, 6, 443)", true },
		{ "fd.sport in (1, 2, 3, 4, 5, 6, 444)", false },
		{ "fd.port in (1, 2, 3, 4, 5, 6, 4000)", true },
		{ "fd.port != allof (1, 2, 3, 4, 5, 6, 4000)", false },
		{ "proc.apid in (2, 3, 4, 5, 6, 7, 50)", true },
		{ "fd.port = 443", true },
		{ "fd.port = https", true },
		{ "fd.port = 4000", true },
		{ "fd.port != 443", false },
		{ "fd.port in (80, 4000)", true },
		{ "fd.sport = https", true },
		{ "fd.sip = 93.184.216.34", true },
		{ "fd.sip = val(fd.cip)", false },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	world_connect(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void transformers(void **unused)
{
	static const struct sample samples[] = {
		{ "toupper(proc.name) = CAT", true },
		{ "tolower(toupper(proc.name)) = cat", true },
		{ "basename(proc.exepath) = cat", true },
		{ "basename(proc.exepath) in (dog, cat)", true },
		{ "len(proc.name) = 3", true },
		{ "len(proc.name) > 3", false },
		{ "concat(proc.name, \"-\", proc.pname) = cat-bash", true },
		{ "join(\"/\", (proc.name, proc.pname, \"x\")) = cat/bash/x", true },
		{ "join(\"/\", ()) = \"\"", true },
		{ "len(join(\"\", (proc.name, proc.pname))) = 7", true },
		{ "getopt((\"-a\", \"-bx\", \"-c\", \"y\", \"z\"), \"ab:c:\") in "
		  "(a, b, c, x, y)", true },
		{ "getopt((\"-a\", \"-bx\"), \"ab:\") in (a)", false },
		{ "getopt((\"-a\", \"-bx\"), \"ab:\") intersects (a)", true },
		{ "getopt((\"-a\", \"-bx\"), \"ab:\")[b] = x", true },
		{ "getopt((\"-c\", \"y\"), \"ab:c:\")[c] = y", true },
		{ "getopt((\"-a\"), \"ab:\")[b] exists", false },
		{ "getopt((\"--\", \"-a\"), \"a\") intersects (a)", false },
		{ "proc.name = basename(proc.exepath)", true },
		{ "proc.pname = val(proc.name)", false },
		{ "proc.exepath endswith val(proc.name)", true },
		{ "proc.pid > val(proc.ppid)", true },
		{ "b64(proc.name) exists", false },
		{ "b64(proc.pname) exists", true },
		{ "b64(join(\"W\", (\"YWFhL\", \"JiYg\"))) = aaa-bbb", true },
		{ "b64(concat(\"YWJj\", \"ZA==\")) = abcd", true },
		{ "b64(concat(\"YWJj\", \":ZA==\")) exists", false },
		{ "concat(\"proc.name\", proc.name) = proc.namecat", true },
		{ "concat(proc.name, proc.name) = catcat", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

static void conditions_that_the_type_decides(void **unused)
{
	static const struct sample samples[] = {
		{ "evt.type = openat", true },
		{ "evt.type = open", false },
		{ "evt.type in (open, openat)", true },
		{ "evt.type != openat", false },
		{ "evt.type startswith openat", true },
		{ "evt.type != anyof (openat, open)", true },
		{ "evt.type exists", true },
		{ "evt.dir = <", true },
		{ "evt.dir = >", false },
		{ "not evt.type = open and not (evt.type = close or proc.name = x)", true },
		{ "evt.type = openat and (evt.type = open or proc.name = cat)", true },
		{ "proc.name = cat and not proc.name = cat", false },
		{ "proc.name = cat or not proc.name = cat", true },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	check_all(&w, samples);
	world_release(&w);
}

/* Each distinct field and predicate at most once, and old answers do not live on. */
static void answers_belong_to_one_event(void **unused)
{
	static const char text[] = "fd.name startswith /etc and (fd.name = /etc/passwd or "
				   "fd.name = /etc/shadow)";
	struct cond *c = cond_compile(text, strlen(text), "filter");
	struct world w;

	assert_non_null(c);
	world_init(&w);
	assert_true(cond_eval(c, &w.ctx));
	world_open(&w, "/etc/hosts");
	assert_false(cond_eval(c, &w.ctx));
	world_open(&w, "/etc/shadow");
	assert_true(cond_eval(c, &w.ctx));
	cond_free(c);
	world_release(&w);
}

static void clones_share_the_code(void **unused)
{
	struct cond *c = cond_compile("proc.name regex c.*", 19, "filter");
	struct cond *d = cond_clone(c);
	struct world w;

	world_init(&w);
	assert_true(cond_eval(c, &w.ctx));
	assert_true(cond_eval(d, &w.ctx));
	cond_free(d);
	cond_free(c);
	world_release(&w);
}

/* Patterns that make a backtracking matcher work for ages. */
static void hostile_patterns_end(void **unused)
{
	static const struct sample samples[] = {
		{ "fd.name regex '/(a+)+b'", false },
		{ "fd.name regex '/(a|aa)*b'", false },
		{ "fd.name regex '/(a*)*'", true },
		{ "fd.name glob '/*a*a*a*a*a*a*a*a*b'", false },
		{ 0 },
	};
	struct world w;

	world_init(&w);
	world_open(&w, "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	check_all(&w, samples);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_of_texts),
		cmocka_unit_test(contains_finds_behind_many_beginnings),
		cmocka_unit_test(modifiers_count_elements),
		cmocka_unit_test(numbers_and_flags),
		cmocka_unit_test(what_is_absent_makes_checks_false_and_not_true),
		cmocka_unit_test(ancestors),
		cmocka_unit_test(both_ends_of_a_connection),
		cmocka_unit_test(transformers),
		cmocka_unit_test(conditions_that_the_type_decides),
		cmocka_unit_test(answers_belong_to_one_event),
		cmocka_unit_test(clones_share_the_code),
		cmocka_unit_test(hostile_patterns_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
