/* SPDX-License-Identifier: Apache-2.0 */
/* The options that analyze and live share: which rules, which of them, how alerts look
 * and where they go. */
#ifndef SAKER_ANALYZE_OPTIONS_H
#define SAKER_ANALYZE_OPTIONS_H

#include "analyze/alert/detect.h"
#include "analyze/alert/sink.h"
#include "capture/base/opt.h"

enum run_option {
#define OPTION(key, letter, name, arg, help) RO_##key,
#include "analyze/options.def"
#undef OPTION
	RO__N
};

/* A row of an option table: #include "analyze/options.def" inside it. */
#define OPTION_ROW(key, letter, name, arg, help) { RO_##key, letter, name, arg, help },

struct selection {
	bool enable, by_tag;
	const char *pattern;
	bool may_miss;			/* no error if there is no such rule */
};

struct run_options {
	const char **rules;
	struct selection *selections;
	const char **sinks;
	size_t n_rules, n_selections, n_sinks, rules_cap, selections_cap, sinks_cap;
	unsigned n_tags;
	const char *filter, *dump;
	struct alert_style style;
	struct output_extra *extras;	/* to outputs of rules that fit */
	struct output_field *fields;	/* to output_fields of all alerts */
	size_t n_extras, extras_cap, n_fields, fields_cap;
	struct arena arena;		/* what settings need */
	bool suggested;			/* the fields of containers at the end of outputs */
	int priority;			/* least severe; 7: all */
	bool all_rules, quiet, strict;
	bool list_rules, list_fields, list_events, validate;
};

void run_options_init(struct run_options *o);
void run_options_release(struct run_options *o);

/* Takes one of the options above.  Negative with a message. */
int run_option(struct run_options *o, const struct opt_parse *p, int key);

/* -o KEY=VALUE (settings.c), and what several options do. */
int run_set(struct run_options *o, const char *text);
void run_select(struct run_options *o, bool enable, bool by_tag, const char *pattern);
void run_add_rules(struct run_options *o, const char *path);
int run_matching(struct run_options *o, const char *text);
int run_priority(struct run_options *o, const char *text);

/* Loads and selects the rules, and prints on stderr what is wrong with them.  NULL: it cannot
 * be used. */
struct ruleset *run_rules(const struct run_options *o);

/* For --list-*, --validate and --dump: true if one was asked for and *status is the
 * exit status.  Operands of --validate are rule files. */
bool run_asked(struct run_options *o, char **operands, int n, int *status);

/* Compiles -f, if there is one, into *out.  Negative with a message. */
int run_filter(const struct run_options *o, struct cond **out);

int run_sinks(const struct run_options *o, struct sink_set *set);

/* Constants of the run: host name (FALCO_HOSTNAME), time zone. */
void run_env(const struct run_options *o, struct field_env *env);

/* The summary on stderr. */
void run_summary(const struct detect_stats *s, uint64_t took_ns);

#endif
