/* SPDX-License-Identifier: Apache-2.0 */
/* Answers questions about single events of a capture: asserts FILE.  A line of standard input
 * is "TIME KIND TEXT", the time in ns that of the event; a line of output is a JSON string.
 *
 *   F field    its text, "(absent)" or "(unknown)"
 *   E cond     true, false, or throws
 *   P format   the line, or throws
 *   J format   output_fields, or throws */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "capture/base/strict.h"
#include "capture/trace/source.h"
#include "rules/lang/cond.h"
#include "rules/lang/format.h"

enum { LINES_MAX = 4096 };

struct question {
	uint64_t ts;
	char kind;
	char *text;
	struct buf answer;
};

static struct question questions[LINES_MAX];
static size_t n_questions;

static void read_questions(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (n_questions < LINES_MAX && (n = getline(&line, &cap, stdin)) > 0) {
		struct question *q = &questions[n_questions++];
		char *p;

		line[n - 1] = '\0';
		q->ts = strtoull(line, &p, 10);
		q->kind = p[1];
		q->text = strdup(p + 3);
		buf_str(&q->answer, "(no event)");
	}
	free(line);
}

static void ask_format(struct question *q, const struct field_ctx *c, const char *text)
{
	struct arena a = {0};
	struct format *f = format_compile(text, strlen(text), &a);

	if (!f)
		buf_str(&q->answer, q->kind == 'F' ? "(unknown)" : "throws");
	else if (q->kind != 'F')
		format_stop(f);
	if (f && q->kind == 'J')
		format_json_fields(f, c, &q->answer);
	else if (f)
		format_text(f, c, &q->answer);
	arena_release(&a);
}

static void ask_field(struct question *q, const struct field_ctx *c)
{
	struct buf text = {0};
	struct cond *cond;

	buf_printf(&text, "%s exists", q->text);
	cond = cond_compile((const char *)text.p, text.len, "filter");
	if (cond && !cond_eval(cond, c)) {
		buf_str(&q->answer, "(absent)");
	} else {
		buf_reset(&text);
		buf_printf(&text, "%%%s", q->text);
		ask_format(q, c, buf_text(&text));
	}
	cond_free(cond);
	buf_release(&text);
}

static void ask_cond(struct question *q, const struct field_ctx *c)
{
	struct cond *cond = cond_compile(q->text, strlen(q->text), "filter");

	buf_str(&q->answer, !cond ? "throws" : cond_eval(cond, c) ? "true" : "false");
	cond_free(cond);
}

static void ask(struct question *q, const struct field_ctx *c)
{
	buf_reset(&q->answer);
	if (q->kind == 'F')
		ask_field(q, c);
	else if (q->kind == 'E')
		ask_cond(q, c);
	else
		ask_format(q, c, q->text);
}

static void run(struct source *s)
{
	struct state *st = state_new(NULL);
	struct field_env env = { .hostname = "host", .source = "syscall" };
	static struct event ev;
	struct arena scratch = {0};
	struct field_ctx ctx = { .ev = &ev, .st = st, .cur = state_current(st),
				 .scratch = &scratch, .env = &env };

	while (source_next(s, &ev) == 0) {
		state_update(st, &ev);
		if (ev.num == 0)
			continue;
		for (size_t i = 0; i < n_questions; i++)
			if (questions[i].ts == ev.ts) {
				arena_reset(&scratch);
				ask(&questions[i], &ctx);
			}
	}
	state_free(st);
	arena_release(&scratch);
}

int main(int argc, char **argv)
{
	struct event_set all;
	struct source *s;
	struct buf out = {0};

	strict_falco = true;
	lang_formats(true);
	if (argc != 2 || !(s = source_open(argv[1]))) {
		err_print();
		return EXIT_FAILED;
	}
	read_questions();
	event_set_fill(&all);
	source_want(s, &all, true);
	run(s);
	source_close(s);
	for (size_t i = 0; i < n_questions; i++) {
		buf_byte(&out, '"');
		quote_json(&out, questions[i].answer.p, questions[i].answer.len);
		buf_str(&out, "\"\n");
		buf_release(&questions[i].answer);
		free(questions[i].text);
	}
	fwrite(out.p, 1, out.len, stdout);
	buf_release(&out);
	return EXIT_DONE;
}
