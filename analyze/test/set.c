/* SPDX-License-Identifier: Apache-2.0 */
/* Rule sets of cases.  Nothing of the machine shows: times are UTC, the host has no name. */
#include <stdlib.h>
#include <string.h>

#include "analyze/test/revision.h"
#include "analyze/test/run.h"
#include "capture/base/err.h"
#include "capture/base/quote.h"

static void put_messages(struct test_set *s)
{
	const struct messages *all = ruleset_messages(s->rules);
	struct buf text = {0};

	for (size_t i = 0; i < all->n; i++)
		if (load_codes[all->v[i].code].severity == SEVERITY_ERROR)
			message_text(&text, &all->v[i]);
	if (text.len == 0)
		buf_printf(&text, "%s\n", err_text());
	for (size_t at = 0, end; at < text.len; at = end + 1) {
		const uint8_t *nl = memchr(text.p + at, '\n', text.len - at);

		end = nl ? (size_t)(nl - text.p) : text.len;
		quote_terminal_buf(&s->messages, text.p + at, end - at);
		buf_byte(&s->messages, '\n');
	}
	buf_release(&text);
}

static int select_each(struct ruleset *rs, const char *const *v, uint32_t n, bool enable,
		       enum select_by by)
{
	for (uint32_t i = 0; i < n; i++)
		if (ruleset_select(rs, enable, by, v[i]) == 0 && strcmp(v[i], "*") != 0)
			return err(ERR_USAGE, "options: no rule has the %s '%s'",
				   by == SELECT_TAG ? "tag" : "name", v[i]);
	return 0;
}

static int load_files(struct test_set *s)
{
	const struct test_rules *f = s->from;
	int rc = 0;

	for (uint32_t i = 0; i < f->n; i++)
		if (ruleset_load_path(s->rules, f->paths[i]) < 0)
			rc = -ERR_RULE;
	for (uint32_t i = 0; i < f->n_texts; i++)
		if (ruleset_load_text(s->rules, f->texts[i].name, f->texts[i].text,
				      f->texts[i].len) < 0)
			rc = -ERR_RULE;
	return rc;
}

static int load(struct test_set *s, const struct test_set *like)
{
	const struct test_rules *f = s->from;
	const int rc = like ? ruleset_load_again(s->rules, like->rules) : load_files(s);

	if (rc < 0)
		return rc;
	if (f->n_tags > 0)
		ruleset_select(s->rules, false, SELECT_NAME, "*");
	if (select_each(s->rules, f->tags, f->n_tags, true, SELECT_TAG) < 0 ||
	    select_each(s->rules, f->enable, f->n_enable, true, SELECT_NAME) < 0 ||
	    select_each(s->rules, f->disable, f->n_disable, false, SELECT_NAME) < 0)
		return -ERR_USAGE;
	return ruleset_finish(s->rules);
}

static struct test_set *make(const struct test_rules *from, const struct test_set *like)
{
	const struct ruleset_options options = { .least = (enum priority)from->priority,
		.strict = from->strict, .no_suggested_output = true };
	struct alert_style style = alert_style_default;
	struct test_set *s = xcalloc(1, sizeof(*s));

	s->from = from;
	s->rules = ruleset_new(&options);
	s->plan = (struct detect_plan){ .rules = s->rules, .all_rules = from->all,
		.to = UINT64_MAX, .env = { .hostname = "localhost", .source = "syscall" } };
	style.hostname = s->plan.env.hostname;
	if (load(s, like) >= 0)
		s->plan.printer = s->printer = alert_printer_new(&style, s->rules);
	if (!s->printer) {
		put_messages(s);
		ruleset_free(s->rules);
		s->plan.rules = s->rules = NULL;
	}
	return s;
}

struct test_set *test_set_new(const struct test_rules *from)
{
	return make(from, NULL);
}

struct test_set *test_set_copy(const struct test_set *s)
{
	return make(s->from, s);
}

void test_set_free(struct test_set *s)
{
	if (!s)
		return;
	alert_printer_free(s->printer);
	ruleset_free(s->rules);
	buf_release(&s->messages);
	free(s);
}
