/* SPDX-License-Identifier: Apache-2.0 */
/* saker test --init and --record.  Recordings are read by a child in the sandbox, which hands
 * expectations back as text; the parent knows names and places of files. */
#include "analyze/make.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/test/apart.h"
#include "analyze/test/author.h"
#include "analyze/test/shrink.h"
#include "capture/base/err.h"
#include "capture/base/output.h"
#include "capture/base/quote.h"
#include "capture/trace/source.h"

/* What the child tells beside the files. */
struct told {
	struct shrink_result shrunk;
	size_t n_groups;
	uint32_t command;		/* the first process that ran a program */
};

struct make {
	const struct make_args *args;
	struct test_rules from;
	struct test_set *set;
	struct source *in;
	struct told *told;
	int small, text;		/* in memory: the small recording, the expectations */
	char *recording, *file, *name;	/* the test file, the name of the test */
	struct buf before;		/* of the test file */
	char dir[64];			/* of the recorder's file; "" if there is none */
};

/* ---- in the sandbox ---- */

static void on_match(void *arg, const struct rule *r, const struct field_ctx *c, struct buf *out)
{
	found_note(arg, r, c, out);
}

static void on_alert(void *arg, const struct test_alert *a)
{
	found_add(arg, a->rule, a->note, a->n_note);
}

static int put_text(int fd, const struct buf *text)
{
	for (size_t done = 0; done < text->len;) {
		const ssize_t n = write(fd, text->p + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return err_sys("cannot write in memory");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* What fires, as expectations. */
static int tell_alerts(struct make *m, struct source *in)
{
	struct found found;
	const struct test_watch w = { .note = on_match, .alert = on_alert, .arg = &found };
	struct test_runner *r = test_runner_new();
	struct buf text = {0};
	int rc;

	found_init(&found, m->set);
	rc = test_runner_events(r, m->set, in, &w);
	if (rc >= 0 && (in->damage.n_places || in->damage.cut))
		rc = err(ERR_FORMAT, "it is damaged: %s", in->damage.first);
	found_end(&found);
	m->told->n_groups = found.n;
	author_expectations(&text, 0, &found);
	if (rc >= 0)
		rc = put_text(m->text, &text);
	buf_release(&text);
	found_release(&found);
	test_runner_free(r);
	return rc;
}

static int in_sandbox_init(void *arg)
{
	struct make *m = arg;

	if (tell_alerts(m, m->in) >= 0)
		return EXIT_DONE;
	err_at("%s", m->recording);
	err_print();
	return EXIT_FAILED;
}

static int shrink_it(struct make *m)
{
	struct alert_printer *printer = alert_printer_new(&oracle_style, m->set->rules);
	struct detect_plan plan = m->set->plan;
	const struct shrink_job job = { .in = m->in, .plan = &plan, .out = m->small };
	int rc;

	plan.printer = printer;
	rc = printer ? shrink(&job, &m->told->shrunk) : -ERR_RULE;
	alert_printer_free(printer);
	return rc;
}

/* The command's first event of its own is its execve. */
static int find_command(struct make *m)
{
	struct event ev;
	int rc = source_seek_ts(m->in, 0);

	while (rc == 0 && !m->told->command && (rc = source_next(m->in, &ev)) == 0)
		if (ev.type == EV_EXECVE || ev.type == EV_EXECVEAT)
			m->told->command = ev.pid ? ev.pid : ev.tid;
	return rc < 0 ? rc : 0;
}

static int work_record(struct make *m)
{
	struct source *small;
	int rc = shrink_it(m);

	if (rc < 0)
		return rc;
	if (m->told->shrunk.n_alerts == 0)
		return find_command(m);
	small = source_open_fd(m->small, "the small recording");
	if (!small)
		return -ERR_FORMAT;
	rc = tell_alerts(m, small);
	source_close(small);
	return rc;
}

static int in_sandbox_record(void *arg)
{
	if (work_record(arg) >= 0)
		return EXIT_DONE;
	err_print();
	return EXIT_FAILED;
}

/* ---- the test file ---- */

static int read_file(const char *path, struct buf *out)
{
	FILE *in = fopen(path, "re");
	size_t n;

	if (!in)
		return errno == ENOENT ? 0 : err_sys("%s", path);
	do {
		n = fread(buf_room(out, 1 << 16), 1, 1 << 16, in);
		out->len += n;
	} while (n && out->len <= TEST_BYTES_MAX);
	n = (size_t)ferror(in);
	fclose(in);
	if (out->len > TEST_BYTES_MAX)
		return err(ERR_LIMIT, "%s is too large", path);
	return n ? err_sys("%s", path) : 0;
}

static int make_text(const struct make *m, const char *expect, struct buf *out)
{
	const struct author_test t = { .name = m->name, .recording = m->recording,
		.rules = m->args->rules, .n_rules = m->args->n_rules, .expect = expect };

	return author_add(&t, m->file, (const char *)m->before.p, m->before.len, out);
}

/* Before any work: can it be added there? */
static int check_file(struct make *m)
{
	struct buf out = {0};
	int rc = 0;

	if (strcmp(m->file, "-") != 0)
		rc = read_file(m->file, &m->before);
	buf_text(&m->before);
	if (rc >= 0)
		rc = make_text(m, "", &out);
	buf_release(&out);
	return rc;
}

static int write_file(struct make *m)
{
	struct buf out = {0}, expect = {0};
	struct stat st;
	int rc = 0;

	if (fstat(m->text, &st) == 0 && st.st_size > 0) {
		buf_room(&expect, (size_t)st.st_size);
		expect.len = (size_t)st.st_size;
		if (pread(m->text, expect.p, expect.len, 0) != (ssize_t)expect.len)
			rc = err_sys("cannot read in memory");
	}
	if (rc >= 0)
		rc = make_text(m, buf_text(&expect), &out);
	if (rc >= 0 && strcmp(m->file, "-") == 0)
		fwrite(out.p, 1, out.len, stdout);
	else if (rc >= 0)
		rc = output_put(m->file, OUTPUT_REPLACE, 0644, out.p, out.len);
	buf_release(&out);
	buf_release(&expect);
	return rc;
}

static void tell(const struct make *m)
{
	const size_t n = m->told->n_groups;
	struct buf safe = {0};

	quote_terminal_buf(&safe, m->file, strlen(m->file));
	buf_str(&safe, ": ");
	quote_terminal_buf(&safe, m->name, strlen(m->name));
	if (n == 0)
		buf_str(&safe, ": no rule may fire");
	else
		buf_printf(&safe, ": %zu expectation%s", n, n == 1 ? "" : "s");
	if (m->args->record && n > 0)
		buf_printf(&safe, "; %" PRIu64 " of %" PRIu64 " events, %" PRIu64 " bytes",
			   m->told->shrunk.kept_events, m->told->shrunk.n_events,
			   m->told->shrunk.bytes);
	fprintf(stderr, "saker: %s\n", buf_text(&safe));
	buf_release(&safe);
}

/* ---- recording ---- */

static void own_program(const char *name, char path[PATH_MAX])
{
	char exe[PATH_MAX - 64];
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	snprintf(path, PATH_MAX, "%.*s/%s", slash ? (int)(slash - exe) : 0, exe, name);
}

/* Ctrl-C is for the program: this one waits for what it leaves. */
static int run_program(const char *name, const char *const *argv)
{
	char path[PATH_MAX];
	int status = 0;
	pid_t pid;

	own_program(name, path);
	if (access(path, X_OK) < 0)
		return err(ERR_UNSUPPORTED, "%s is not here: built with NO_BPF=1?", path);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys("cannot start %s", path);
	if (pid == 0) {
		execv(path, (char *const *)argv);
		_exit(EXIT_FAILED);
	}
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_FAILED)
		return 0;
	return err(ERR_SYSTEM, "nothing was recorded");
}

static char *raw_path(const struct make *m)
{
	char *path;

	if (asprintf(&path, "%s/raw.skr", m->dir) < 0)
		abort();
	return path;
}

static int capture(struct make *m)
{
	const struct make_args *const a = m->args;
	const char **argv = xcalloc((size_t)a->n_operands + 8, sizeof(*argv));
	char *raw;
	int n = 0, rc;

	snprintf(m->dir, sizeof(m->dir), "/tmp/saker-record-XXXXXX");
	if (!mkdtemp(m->dir)) {
		m->dir[0] = '\0';
		free(argv);
		return err_sys("cannot make a folder in /tmp");
	}
	raw = raw_path(m);
	argv[n++] = "saker";
	argv[n++] = "capture";
	argv[n++] = "-q";
	argv[n++] = "-o";
	argv[n++] = raw;
	argv[n++] = "--";
	for (int i = 0; i < a->n_operands; i++)
		argv[n++] = a->operands[i];
	rc = run_program("saker-capture", argv);
	if (rc == 0) {
		m->in = source_open(raw);
		rc = m->in ? 0 : -ERR_FORMAT;
	}
	free(raw);
	free(argv);
	return rc;
}

/* Nothing fires: what the command did stays, of the machine only what that needs. */
static int cut(const struct make *m)
{
	char pid[16], *raw = raw_path(m);
	const char *const argv[] = { "saker", "cut", "-q", "--anonymous", "--tree", pid, raw,
		m->recording, NULL };
	int rc;

	snprintf(pid, sizeof(pid), "%" PRIu32, m->told->command);
	rc = m->told->command ? run_program("saker-replay", argv)
		: err(ERR_USAGE, "the command ran no program");
	free(raw);
	return rc;
}

static int put_recording(const struct make *m)
{
	return m->told->shrunk.n_alerts ? apart_put(m->small, m->recording, false) : cut(m);
}

static void remove_raw(const struct make *m)
{
	char *raw;

	if (!m->dir[0])
		return;
	raw = raw_path(m);
	unlink(raw);
	rmdir(m->dir);
	free(raw);
}

/* ---- both ---- */

static bool cut_end(char *s, const char *end)
{
	const size_t n = strlen(s), m = strlen(end);
	const bool has = n > m && !strcmp(s + n - m, end);

	if (has)
		s[n - m] = '\0';
	return has;
}

/* dir/case.scap.gz: case in dir/case.test.yaml. */
static void name_files(struct make *m)
{
	const struct make_args *const a = m->args;
	char *stem = xstrdup(a->init ? a->init : a->record), *slash;

	cut_end(stem, ".gz");
	if (!cut_end(stem, ".skr"))
		cut_end(stem, ".scap");
	slash = strrchr(stem, '/');
	m->name = xstrdup(slash ? slash + 1 : stem);
	if (a->init)
		m->recording = xstrdup(a->init);
	else if (asprintf(&m->recording, "%s.skr", stem) < 0)
		abort();
	if (a->output)
		m->file = xstrdup(a->output);
	else if (asprintf(&m->file, "%s.test.yaml", stem) < 0)
		abort();
	free(stem);
}

static int load_rules(struct make *m)
{
	m->from = (struct test_rules){ .paths = (const char **)m->args->rules,
		.n = (uint32_t)m->args->n_rules, .priority = PRIORITY_DEBUG };
	m->set = test_set_new(&m->from);
	if (m->set->messages.len)
		fwrite(m->set->messages.p, 1, m->set->messages.len, stderr);
	return m->set->rules ? 0 : -ERR_RULE;
}

/* Before a command is run for nothing. */
static int check_folder(const struct make *m)
{
	const char *slash = strrchr(m->recording, '/');
	char *dir = slash ? xmemdup0(m->recording, (size_t)(slash - m->recording) + 1)
		: xstrdup(".");
	const int rc = m->args->record && access(dir, W_OK | X_OK) < 0 ?
		       err_sys("cannot write %s", m->recording) : 0;

	free(dir);
	return rc;
}

static int prepare(struct make *m)
{
	name_files(m);
	m->told = mmap(NULL, sizeof(*m->told), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	m->small = memfd_create("small.skr", MFD_CLOEXEC);
	m->text = memfd_create("expect", MFD_CLOEXEC);
	if (m->told == MAP_FAILED || m->small < 0 || m->text < 0)
		return err_sys("no memory");
	if (m->args->init) {
		m->in = source_open(m->args->init);
		if (!m->in)
			return -ERR_FORMAT;
	}
	return check_folder(m) < 0 ? -ERR_SYSTEM : check_file(m);
}

static int make(struct make *m)
{
	const bool record = m->args->record;
	int rc = load_rules(m);

	if (rc < 0)
		return EXIT_FAILED;
	rc = prepare(m);
	if (rc == 0 && record)
		rc = capture(m);
	if (rc == 0 && apart_run(record ? in_sandbox_record : in_sandbox_init, m) != EXIT_DONE)
		return EXIT_FAILED;
	if (rc == 0 && record)
		rc = put_recording(m);
	if (rc == 0)
		rc = write_file(m);
	if (rc < 0) {
		err_print();
		return EXIT_FAILED;
	}
	tell(m);
	return EXIT_DONE;
}

int make_check(const struct make_args *a, bool operands, bool others)
{
	const int n = !!a->init + !!a->record + a->update;

	if (n > 1)
		return err(ERR_USAGE, "one of --init, --record and --update");
	if (n > 0 && others)
		return err(ERR_USAGE, "--init, --record and --update go with no other kind of run");
	if (a->yes && !a->update)
		return err(ERR_USAGE, "--yes goes with --update");
	if (a->output && !make_asked(a))
		return err(ERR_USAGE, "--into goes with --init or --record");
	if (a->init && operands)
		return err(ERR_USAGE, "--init makes a test of one recording");
	if (a->record && !operands)
		return err(ERR_USAGE, "--record NAME -r RULES -- COMMAND: which command?");
	return 0;
}

int make_test(const struct make_args *a)
{
	struct make m = { .args = a, .small = -1, .text = -1 };
	int status;

	status = a->n_rules ? make(&m) : EXIT_FAILED;
	if (a->n_rules == 0)
		warn("which rules? -r FILE");
	remove_raw(&m);
	if (m.in)
		source_close(m.in);
	test_set_free(m.set);
	buf_release(&m.before);
	free(m.recording);
	free(m.file);
	free(m.name);
	return status;
}
