/* SPDX-License-Identifier: Apache-2.0 */
/* The options that analyze and live share: which rules, which of them, how alerts look
 * and where they go. */
#ifndef SAKER_ANALYZE_OPTIONS_H
#define SAKER_ANALYZE_OPTIONS_H

#include "analyze/alert/detect.h"
#include "analyze/alert/sink.h"
#include "capture/base/opt.h"

enum run_option {
	RO_RULES, RO_ENABLE, RO_DISABLE, RO_TAG, RO_MATCHING, RO_PRIORITY, RO_FILTER,
	RO_JSON, RO_SET, RO_SINK, RO_QUIET, RO_LIST_RULES, RO_LIST_FIELDS, RO_LIST_EVENTS,
	RO_VALIDATE, RO_DUMP, RO__N
};

/* Rows of both verbs' tables. */
#define RUN_OPTIONS								\
	{ RO_RULES, 'r', "rules", "FILE",					\
	  "rule file, or directory of *.yaml; may be repeated (default: Saker's own)" },	\
	{ RO_ENABLE, 0, "enable", "PATTERN", "enable rules of this name; * stands for any text" },	\
	{ RO_DISABLE, 0, "disable", "PATTERN", "disable rules of this name" },	\
	{ RO_TAG, 0, "tag", "TAG", "only rules with this tag (or one of several)" },	\
	{ RO_MATCHING, 0, "rule-matching", "first|all",				\
	  "alert for the first rule that matches an event (default), or for all" },	\
	{ RO_PRIORITY, 0, "priority", "NAME", "no rules less severe than this" },	\
	{ RO_FILTER, 'f', "filter", "CONDITION", "only events for which this holds reach rules" },	\
	{ RO_JSON, 0, "json", NULL, "alerts (and lists) as JSON, an object a line" },	\
	{ RO_SET, 'o', "set", "KEY=VALUE", "how alerts look: see SETTINGS" },	\
	{ RO_SINK, 0, "sink", "NAME[:ARG]", "where alerts go: see SINKS; may be repeated" },	\
	{ RO_QUIET, 'q', "quiet", NULL, "no progress, no warnings about rules, no summary" },	\
	{ RO_LIST_RULES, 0, "list-rules", NULL, "show the rules and which are enabled" },	\
	{ RO_LIST_FIELDS, 0, "list-fields", NULL, "show the fields that rules may use" },	\
	{ RO_LIST_EVENTS, 0, "list-events", NULL, "show the types of events" },	\
	{ RO_VALIDATE, 'V', "validate", NULL, "check the rule files, do nothing else" },	\
	{ RO_DUMP, 0, "dump", "STAGE",						\
	  "show conditions after a stage of the compiler: ast, expanded, folded, events, code" }

struct selection {
	bool enable, by_tag;
	const char *pattern;
};

struct run_options {
	const char **rules;
	struct selection *selections;
	const char **sinks;
	size_t n_rules, n_selections, n_sinks, rules_cap, selections_cap, sinks_cap;
	unsigned n_tags;
	const char *filter, *dump;
	struct alert_style style;
	const char *append;		/* to every output */
	bool suggested;			/* the fields of containers at the end of outputs */
	int priority;			/* least severe; 7: all */
	bool all_rules, quiet;
	bool list_rules, list_fields, list_events, validate;
};

void run_options_init(struct run_options *o);
void run_options_release(struct run_options *o);

/* Takes one of the options above.  Negative with a message. */
int run_option(struct run_options *o, const struct opt_parse *p, int key);

/* Loads and selects the rules, and prints on stderr what is wrong with them.  NULL: it cannot
 * be used. */
struct ruleset *run_rules(const struct run_options *o);

/* For --list-*, --validate and --dump: true if one was asked for and *status is the
 * exit status. */
bool run_asked(const struct run_options *o, int *status);

/* Compiles -f, if there is one, into *out.  Negative with a message. */
int run_filter(const struct run_options *o, struct cond **out);

int run_sinks(const struct run_options *o, struct sink_set *set);

/* Constants of the run: host name (FALCO_HOSTNAME), time zone. */
void run_env(const struct run_options *o, struct field_env *env);

/* The summary on stderr. */
void run_summary(const struct detect_stats *s, uint64_t took_ns);

#endif
