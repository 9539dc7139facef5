/* SPDX-License-Identifier: Apache-2.0 */
/* saker browse: look at a recording in the terminal.  Rules, views, notes and the terminal are read
 * and the helper that writes files is started first; when the recording is open the sandbox
 * closes, and only then threads begin to read it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/browse/front/files.h"
#include "analyze/browse/front/ui.h"
#include "analyze/browse_live.h"
#include "analyze/options.h"
#include "analyze/verbs.h"
#include "capture/base/err.h"
#include "capture/base/sandbox.h"

enum {
	O_RULES, O_ENABLE, O_DISABLE, O_PRIORITY, O_NO_RULES, O_VIEWS, O_VIEW, O_FILTER, O_LOCAL,
	O_DIR, O_NO_NOTES, O_COLOR, O_ASCII, O_UTF8, O_NO_MOUSE, O_JOBS,
	O_LIVE, O_SNAPLEN, O_LATENCY, O_SIZE, O_SELF,
};

static const struct opt opts[] = {
	{ O_LIVE, 0, "live", NULL,
	  "look at the running kernel; FILE, where one is named, is what is recorded" },
	{ O_SNAPLEN, 0, "snaplen", "N",
	  "with --live: keep N bytes of what is read and written (default 80)" },
	{ O_LATENCY, 0, "latency", NULL,
	  "with --live: measure how long each system call takes" },
	{ O_SIZE, 0, "size", "SIZE",
	  "with --live: how much of the recording is kept; a FILE ends there (default 256M)" },
	{ O_SELF, 0, "self", NULL, "with --live: record what the browser does, too" },
	{ O_RULES, 'r', "rules", "FILE",
	  "rule file, or directory of *.yaml; may be repeated (default: Saker's own)" },
	{ O_ENABLE, 0, "enable", "PATTERN", "enable rules of this name; * stands for any text" },
	{ O_DISABLE, 0, "disable", "PATTERN", "disable rules of this name" },
	{ O_PRIORITY, 0, "priority", "NAME", "no rules less severe than this" },
	{ O_NO_RULES, 0, "no-rules", NULL, "look for no alerts" },
	{ O_VIEWS, 0, "views", "FILE",
	  "views of your own, a YAML file or a directory of them; may be repeated" },
	{ O_VIEW, 'v', "view", "NAME", "begin with this view (saker-browse(1) lists them)" },
	{ O_FILTER, 'f', "filter", "CONDITION", "begin with this filter" },
	{ O_LOCAL, 0, "local", NULL, "times as the clock here shows them, not in UTC" },
	{ O_DIR, 'd', "directory", "DIR", "where files go that are written (default: here)" },
	{ O_NO_NOTES, 0, "no-notes", NULL, "neither read nor write notes and the last place" },
	{ O_COLOR, 0, "color", "auto|none|16|256", "colours; NO_COLOR is respected by auto" },
	{ O_ASCII, 0, "ascii", NULL, "draw with ASCII alone, quote what is not" },
	{ O_UTF8, 0, "utf8", NULL, "draw with UTF-8, whatever the locale says" },
	{ O_NO_MOUSE, 0, "no-mouse", NULL, "leave the mouse to the terminal" },
	{ O_JOBS, 'j', "jobs", "N", "threads that read (default: one per processor, at most 8)" },
};

static const struct opt_spec spec = {
	"browse", "[options] FILE | --live [options] [FILE]",
	"look at a recording in the terminal", OPTS(opts),
};

enum { VIEW_FILES_MAX = 16, JOBS_MAX = 8 };

struct browsing {
	struct run_options run;
	struct ui_options ui;
	struct term_options term;
	const char *view_files[VIEW_FILES_MAX], *folder;
	unsigned n_view_files;
	uint64_t jobs;
	bool no_rules, live;
	struct recorder recorder;
	struct recorder_options record;
	struct ruleset *rules;
	struct views views;
	struct notes notes;
	struct field_env env;
};

static int color(struct browsing *b, const char *text)
{
	static const char *const names[] = { "auto", "none", "16", "256" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			b->term.colors = (enum term_colors)i;
			return 0;
		}
	return err(ERR_USAGE, "--color: '%s' is none of auto, none, 16, 256", text);
}

/* The recorder has the same rules. */
static int keep_rules(struct browsing *b, const char *name, const char *value)
{
	struct recorder_options *const o = &b->record;

	if (o->n_rules + 2 > RECORDER_RULES_MAX)
		return err(ERR_USAGE, "%s: too many options about rules", name);
	o->rules[o->n_rules++] = name;
	o->rules[o->n_rules++] = value;
	return 0;
}

static int rule_option(struct browsing *b, const struct opt_parse *p, int key)
{
	switch (key) {
	case O_RULES:
		run_add_rules(&b->run, p->value);
		return keep_rules(b, "--rules", p->value);
	case O_ENABLE:
		run_select(&b->run, true, false, p->value);
		return keep_rules(b, "--enable", p->value);
	case O_DISABLE:
		run_select(&b->run, false, false, p->value);
		return keep_rules(b, "--disable", p->value);
	default:
		return run_priority(&b->run, p->value) < 0 ? -ERR_USAGE
			: keep_rules(b, "--priority", p->value);
	}
}

static int option(struct browsing *b, const struct opt_parse *p, int key)
{
	uint64_t unused;

	switch (key) {
	case O_RULES: case O_ENABLE: case O_DISABLE: case O_PRIORITY:
		return rule_option(b, p, key);
	case O_NO_RULES: b->no_rules = true; return 0;
	case O_VIEWS:
		if (b->n_view_files == VIEW_FILES_MAX)
			return err(ERR_USAGE, "--views: %d files at most", VIEW_FILES_MAX);
		b->view_files[b->n_view_files++] = p->value;
		return 0;
	case O_VIEW: b->ui.view = p->value; return 0;
	case O_FILTER: b->ui.filter = p->value; return 0;
	case O_LOCAL: b->ui.local = true; return 0;
	case O_DIR: b->folder = p->value; return 0;
	case O_NO_NOTES: b->ui.no_notes = true; return 0;
	case O_COLOR: return color(b, p->value);
	case O_ASCII: b->term.charset = CHARSET_ASCII; return 0;
	case O_UTF8: b->term.charset = CHARSET_UTF8; return 0;
	case O_NO_MOUSE: b->term.no_mouse = true; return 0;
	case O_LIVE: b->live = true; return 0;
	case O_LATENCY: b->record.latency = true; return 0;
	case O_SNAPLEN:
		b->record.snaplen = p->value;
		return opt_u64(p, "--snaplen", 0, 65000, &unused);
	case O_SIZE:
		return opt_size(p, "--size", 1 << 20, UINT64_C(1) << 44, &b->record.size);
	case O_SELF: b->record.self = true; return 0;
	case O_JOBS: return opt_u64(p, "--jobs", 1, JOBS_MAX, &b->jobs);
	}
	return 0;
}

/* Before the first thread, with all files open. */
static int enter(void *arg)
{
	const struct browsing *b = arg;
	int rc = term_start(&b->term);

	if (b->live)
		sandbox_drop_privileges();
	if (rc == 0)
		rc = sandbox_enter(SANDBOX_TERMINAL);
	if (rc == 0)
		term_guard();
	return rc;
}

static int check_view(const struct browsing *b)
{
	if (b->ui.view && strcmp(b->ui.view, "overview") != 0 &&
	    !views_find(&b->views, b->ui.view))
		return err(ERR_USAGE, "--view: there is no view '%s'", b->ui.view);
	return 0;
}

static int prepare(struct browsing *b)
{
	const char *sync;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err(ERR_USAGE, "browse needs a terminal");
	views_init(&b->views);
	for (unsigned i = 0; i < b->n_view_files; i++)
		if (views_load(&b->views, b->view_files[i]) < 0)
			return -ERR_FORMAT;
	if (check_view(b) < 0)
		return -ERR_USAGE;
	if (!b->no_rules) {
		b->run.quiet = true;
		b->rules = run_rules(&b->run);
		if (!b->rules)
			return -ERR_RULE;
	}
	sync = getenv("SAKER_BROWSE_SYNC");
	b->ui.sync = sync ? open(sync, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (!b->ui.no_notes && notes_open(&b->notes, b->ui.path) < 0)
		return -ERR_FORMAT;
	return files_start(b->folder ? b->folder : ".", b->notes.path);
}

static int start_recorder(struct browsing *b)
{
	const char *const path = b->ui.path;

	if (!b->live)
		return 0;
	b->record.path = path;
	b->record.alerts = path && !b->no_rules;
	if (recorder_start(&b->recorder, &b->record) < 0)
		return -ERR_PRIVILEGE;
	b->ui.path = b->recorder.path;
	b->ui.no_notes |= !path;
	b->ui.live = true;
	b->ui.recorder = b->recorder.said;
	return 0;
}

static int browse_file(struct browsing *b)
{
	struct browse_options o = {
		.views = &b->views, .env = &b->env, .threads = (unsigned)b->jobs,
		.opened = enter, .arg = b, .grows = b->live,
	};
	struct browse *model;
	int rc = start_recorder(b);

	if (rc == 0)
		rc = prepare(b);
	if (rc < 0)
		return rc;
	o.path = b->ui.path;
	o.keep = b->recorder.keeps ? b->record.size : 0;
	o.rules = b->rules;
	model = browse_open(&o);
	if (!model) {
		term_stop();
		return err_at("%s", b->ui.path);
	}
	if (b->ui.filter)
		rc = focus_check(model, b->ui.filter);
	if (rc == 0)
		rc = ui_run(model, &b->notes, &b->ui);
	term_stop();
	browse_close(model);
	return rc;
}

static int parse_and_browse(struct browsing *b, int argc, char **argv)
{
	struct opt_parse p;
	int key;

	opt_begin(&p, &spec, argc, argv);
	while ((key = opt_next(&p)) >= 0)
		if (option(b, &p, key) < 0)
			return opt_usage_error(&spec, "%s", err_text());
	if (key != OPT_END)
		return opt_status(key);
	if (p.first + 1 != argc && !(b->live && p.first == argc))
		return opt_usage_error(&spec, p.first == argc ? "which recording?" :
				       "one recording at a time");
	b->ui.path = p.first < argc ? argv[p.first] : NULL;
	run_env(&b->run, &b->env);
	if (browse_file(b) == 0)
		return EXIT_DONE;
	err_print();
	return EXIT_FAILED;
}

int verb_browse(int argc, char **argv)
{
	struct browsing b = { .record = { .snaplen = "80", .size = 256 << 20 },
			      .recorder.said = -1 };
	int status;

	run_options_init(&b.run);
	status = parse_and_browse(&b, argc, argv);
	files_stop();
	notes_release(&b.notes);
	views_release(&b.views);
	ruleset_free(b.rules);
	run_options_release(&b.run);
	recorder_release(&b.recorder);
	return status;
}
