/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/base/err.h"
#include "capture/base/strict.h"
#include "capture/base/timearg.h"
#include "rules/lang/cond.h"

void run_options_init(struct run_options *o)
{
	*o = (struct run_options){ .style = alert_style_default, .priority = PRIORITY_DEBUG };
}

void run_options_release(struct run_options *o)
{
	free(o->rules);
	free(o->selections);
	free(o->sinks);
	free(o->extras);
	free(o->fields);
	arena_release(&o->arena);
}

void run_select(struct run_options *o, bool enable, bool by_tag, const char *pattern)
{
	o->selections = mem_grow(o->selections, &o->selections_cap, o->n_selections + 1,
				 sizeof(*o->selections));
	o->selections[o->n_selections++] = (struct selection){
		.enable = enable, .by_tag = by_tag, .pattern = pattern,
	};
}

/* The first tag asked for turns everything else off. */
static void select_tag(struct run_options *o, const char *tag)
{
	if (o->n_tags++ == 0)
		run_select(o, false, false, "*");
	run_select(o, true, true, tag);
}

static void add(const char ***list, size_t *n, size_t *cap, const char *text)
{
	*list = mem_grow(*list, cap, *n + 1, sizeof(**list));
	(*list)[(*n)++] = text;
}

int run_matching(struct run_options *o, const char *text)
{
	if (strcmp(text, "first") != 0 && strcmp(text, "all") != 0)
		return err(ERR_USAGE, "--rule-matching: '%s' is neither first nor all", text);
	o->all_rules = *text == 'a';
	return 0;
}

int run_priority(struct run_options *o, const char *text)
{
	o->priority = priority_parse(text);
	if (o->priority < 0)
		return err(ERR_USAGE, "--priority: '%s' is none of emergency, alert, critical, "
			   "error, warning, notice, informational, debug", text);
	return 0;
}

void run_add_rules(struct run_options *o, const char *path)
{
	add(&o->rules, &o->n_rules, &o->rules_cap, path);
}

int run_option(struct run_options *o, const struct opt_parse *p, int key)
{
	switch ((enum run_option)key) {
	case RO_RULES:
		run_add_rules(o, p->value);
		return 0;
	case RO_ENABLE:
	case RO_DISABLE:
		run_select(o, key == RO_ENABLE, false, p->value);
		return 0;
	case RO_TAG:
		select_tag(o, p->value);
		return 0;
	case RO_MATCHING:
		return run_matching(o, p->value);
	case RO_PRIORITY:
		return run_priority(o, p->value);
	case RO_FILTER:
		o->filter = p->value;
		return 0;
	case RO_JSON:
		o->style.json = true;
		return 0;
	case RO_SET:
		return run_set(o, p->value);
	case RO_SINK:
		add(&o->sinks, &o->n_sinks, &o->sinks_cap, p->value);
		return 0;
	case RO_STRICT:
		o->strict = strict_falco = true;
		return 0;
	case RO_NO_PLUGIN:
		fields_hide_plugin(true);
		return 0;
	case RO_QUIET:
		o->quiet = true;
		return 0;
	case RO_LIST_RULES:
		o->list_rules = true;
		return 0;
	case RO_LIST_FIELDS:
		o->list_fields = true;
		return 0;
	case RO_LIST_EVENTS:
		o->list_events = true;
		return 0;
	case RO_VALIDATE:
		o->validate = true;
		return 0;
	case RO_DUMP:
		o->dump = p->value;
		return 0;
	case RO__N:
		break;
	}
	return err(ERR_USAGE, "option %d", key);
}

int run_filter(const struct run_options *o, struct cond **out)
{
	*out = NULL;
	if (!o->filter)
		return 0;
	*out = cond_compile(o->filter, strlen(o->filter), "filter");
	return *out ? 0 : -ERR_RULE;
}

int run_sinks(const struct run_options *o, struct sink_set *set)
{
	for (size_t i = 0; i < o->n_sinks; i++)
		if (sinks_add(set, o->sinks[i]) < 0)
			return -ERR_USAGE;
	return o->n_sinks > 0 ? 0 : sinks_add(set, "stdout");
}

void run_env(const struct run_options *o, struct field_env *env)
{
	static char name[256];
	const char *told = getenv("FALCO_HOSTNAME");

	if (told && *told)
		snprintf(name, sizeof(name), "%s", told);
	else if (gethostname(name, sizeof(name) - 1) < 0)
		snprintf(name, sizeof(name), "localhost");
	*env = (struct field_env){ .hostname = name, .utc_offset = time_utc_offset(),
		.source = "syscall" };
}

void run_summary(const struct detect_stats *s, uint64_t took_ns)
{
	char took[TIME_TEXT_MAX];
	struct buf text = {0};
	const uint64_t n = detect_alerts(s);
	const char *sep = " (";

	time_span(took, took_ns);
	buf_printf(&text, "%" PRIu64 " events, %" PRIu64 " alert%s", s->n_events, n,
		   n == 1 ? "" : "s");
	for (unsigned i = 0; i < DETECT_PRIORITIES; i++)
		if (s->n_alerts[i] > 0) {
			buf_printf(&text, "%s%" PRIu64 " %s", sep, s->n_alerts[i],
				   priority_name[i]);
			sep = ", ";
		}
	if (n > 0)
		buf_byte(&text, ')');
	if (s->n_lost > 0)
		buf_printf(&text, "; %" PRIu64 " events missing", s->n_lost);
	if (s->n_evicted > 0)
		buf_printf(&text, "; %" PRIu64 " windows of correlations had no room",
			   s->n_evicted);
	buf_printf(&text, "; %s, %.0f events/s", took,
		   took_ns ? (double)s->n_events * 1e9 / (double)took_ns : 0.0);
	fprintf(stderr, "saker: %s\n", buf_text(&text));
	buf_release(&text);
}
