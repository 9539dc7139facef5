/* SPDX-License-Identifier: Apache-2.0 */
/* Rule sets: Falco's rule files loaded, selected, compiled and matched.
 *
 *   rs = ruleset_new(&options);
 *   ruleset_load_path(rs, "rules.yaml");	any number, in order
 *   ruleset_select(rs, ...);			any number, in order
 *   ruleset_finish(rs);
 *   then any number of threads, each with a matcher of its own: ruleset_match
 *
 * What is wrong with the files is in ruleset_messages, all of it. */
#ifndef SAKER_SET_RULESET_H
#define SAKER_SET_RULESET_H

#include "replay/field/field.h"
#include "rules/lang/cond.h"
#include "rules/set/message.h"

enum priority {
	PRIORITY_EMERGENCY, PRIORITY_ALERT, PRIORITY_CRITICAL, PRIORITY_ERROR,
	PRIORITY_WARNING, PRIORITY_NOTICE, PRIORITY_INFORMATIONAL, PRIORITY_DEBUG, PRIORITY__N
};

extern const char *const priority_name[PRIORITY__N];	/* "Emergency" ... */
/* As Falco reads them, in any case; "info" as well; -1: none. */
int priority_parse(const char *name);

/* A member added to output_fields. */
struct output_field {
	const char *key, *format;
};

struct rule {
	const char *name, *desc, *source;
	const char *output;		/* as written, with what was appended */
	const char *const *tags;	/* sorted, no doubles */
	uint32_t n_tags;
	enum priority priority;
	bool enabled;
	bool capture;
	uint64_t capture_ms;		/* 0: the default */
	struct format *format;		/* of output; after ruleset_finish */
	const struct output_field *fields;	/* more for output_fields */
	uint32_t n_fields;
	struct event_set events;
	uint32_t id;			/* order of definition */
	const char *file;
	uint32_t line;			/* of its (last) definition, from 1 */
};

/* An addition to outputs: extra text for the rules that fit. */
struct output_extra {
	const char *source, *rule;	/* NULL or "": any */
	const char *const *tags;	/* all must be there */
	uint32_t n_tags;
	const char *format;		/* added with a blank before it; NULL: nothing */
	const struct output_field *fields;	/* for output_fields only */
	uint32_t n_fields;
};

/* What files may ask for with required_plugin_versions, besides "container", which is
 * built in. */
struct plugin {
	const char *name, *version;
};

struct ruleset_options {
	bool strict;			/* Falco's behaviour where it is odd */
	bool no_suggested_output;	/* without the container fields at the end of outputs */
	enum priority least;		/* less severe rules stay off; use PRIORITY_DEBUG for all */
	const struct output_extra *extra;
	uint32_t n_extra;
	const struct plugin *plugins;
	uint32_t n_plugins;
};

struct ruleset;
struct ruleset_matcher;

struct ruleset *ruleset_new(const struct ruleset_options *o);
void ruleset_free(struct ruleset *rs);

/* Whether a file of this name in a directory is one of rules: *.yaml and *.yml, but neither
 * hidden nor a test of rules (*.test.yaml). */
bool ruleset_takes(const char *name);
/* A file, or a directory (the rule files in it, sorted).  0, or negative: err_text has
 * the first error, the messages have all. */
int ruleset_load_path(struct ruleset *rs, const char *path);
int ruleset_load_text(struct ruleset *rs, const char *name, const char *text, size_t len);
/* What another set has read, once more; no file is opened. */
int ruleset_load_again(struct ruleset *rs, const struct ruleset *from);

enum select_by { SELECT_NAME, SELECT_TAG };
/* Turns rules on or off: by name with * wildcards, or by tag.  How many it met. */
size_t ruleset_select(struct ruleset *rs, bool enable, enum select_by by, const char *what);

/* Compiles what is enabled. */
int ruleset_finish(struct ruleset *rs);

/* Compiles what is enabled once more, from its trees as they are now (rules/lang/edit.h).
 * Matchers and explanations that were made before are of no use then.  False: it cannot be
 * compiled that way. */
bool ruleset_compile_again(struct ruleset *rs);

/* The files that were loaded or tried, in order. */
const char *const *ruleset_files(const struct ruleset *rs, size_t *n);
const struct messages *ruleset_messages(const struct ruleset *rs);
/* All rules in order of definition; those of unknown sources or fields are left out. */
size_t ruleset_count(const struct ruleset *rs);
const struct rule *ruleset_rule(const struct ruleset *rs, size_t i);
const struct rule *ruleset_find(const struct ruleset *rs, const char *name);
/* Canonical text of the expanded condition. */
void ruleset_print_condition(const struct ruleset *rs, const struct rule *r, struct buf *out);
/* The condition as a tree (rules/lang/explain.h), exceptions named; explain_release it
 * before the set.  False: it was not compiled (unknown source or field). */
struct explain;
bool ruleset_explain(const struct ruleset *rs, const struct rule *r, struct explain *out);
/* The same of step i of its correlate block, and of what must be absent behind the last one.
 * False: there is no such step. */
bool ruleset_explain_step(const struct ruleset *rs, const struct rule *r, uint32_t i,
			  struct explain *out, const char **name, struct event_set *events);
/* Where an item of a list in a condition was written: list is NULL if in the condition. */
struct ruleset_item {
	const char *list;
	struct lang_place place;
};
void ruleset_item_at(const struct lang_text *t, size_t off, struct ruleset_item *out);
/* What checks and trees are numbered by. */
struct engine;
const struct engine *ruleset_engine(const struct ruleset *rs);
/* Enabled, and severe enough. */
bool ruleset_is_on(const struct ruleset *rs, const struct rule *r);
/* What a stage of the compiler made of the rule: tokens and tree as written, with lists put
 * in and their places in the files. */
void ruleset_dump(const struct ruleset *rs, const struct rule *r, enum dump_stage stage,
		  struct buf *out);
/* Code of all enabled rules together: --dump=code. */
void ruleset_dump_code(const struct ruleset *rs, struct buf *out);

/* The types of events on which any enabled rule can hold: for source_want. */
const struct event_set *ruleset_events(const struct ruleset *rs);
bool ruleset_needs_bulk(const struct ruleset *rs);

struct ruleset_matcher *ruleset_matcher_new(const struct ruleset *rs);
void ruleset_matcher_free(struct ruleset_matcher *m);
/* The rules that hold on the event of ctx, in order of definition, at most max of them
 * (1: the first).  How many. */
unsigned ruleset_match(struct ruleset_matcher *m, const struct field_ctx *ctx,
		       const struct rule **out, unsigned max);

/* Begins an event for questions that explain_event and explain_values ask. */
struct matcher;
struct matcher *ruleset_matcher_begin(struct ruleset_matcher *m, const struct field_ctx *ctx);

/* As ruleset_match, slower, and it notes where the time goes (rules/lang/profile.h). */
struct ruleset_profile;
struct ruleset_profile *ruleset_profile_new(const struct ruleset *rs);
void ruleset_profile_free(struct ruleset_profile *p);
unsigned ruleset_match_profiled(struct ruleset_matcher *m, struct ruleset_profile *p,
				const struct field_ctx *ctx, const struct rule **out,
				unsigned max);
/* What was noted, the dearest first.  n_events: of the whole run, those of types that no rule
 * looks at included. */
void ruleset_profile_print(const struct ruleset *rs, const struct ruleset_profile *p,
			   uint64_t n_events, bool json, struct buf *out);

struct ruleset_work {
	uint64_t events, preds, slots;	/* met, decided, got */
};
struct ruleset_work ruleset_matcher_work(const struct ruleset_matcher *m);

/* Whether a name fits a pattern in which only * is special. */
bool name_matches(const char *pattern, const char *name);

#endif
