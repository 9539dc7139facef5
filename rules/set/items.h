/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a set say, before it is compiled. */
#ifndef SAKER_SET_ITEMS_H
#define SAKER_SET_ITEMS_H

#include "rules/lang/engine.h"
#include "rules/lang/macro.h"
#include "rules/lang/profile.h"
#include "rules/set/correlate.h"
#include "rules/set/ruleset.h"
#include "rules/set/yaml.h"

/* Where the newest definition of something stands. */
struct place {
	const struct yaml_file *file;
	const struct yaml *node;
	uint32_t skip;			/* bytes of a scalar that were left out before */
};

/* A text joined from scalars of the files; a span for each. */
struct span {
	uint32_t at;		/* where it begins in the text */
	struct place from;
};

struct joined {
	char *p;
	size_t len, cap;
	struct span *spans;
	size_t n, spans_cap;
};

/* A text with lists put in.  Pieces: from out on, text of offset in (copied), or the
 * words of a list that stood at in. */
struct piece {
	uint32_t out, in;
	bool copied;
};

/* From out on stands an item of a list. */
struct list_mark {
	uint32_t out, index;
	const struct list_def *list;
};

struct expanded {
	struct lang_text text;
	const struct joined *from;
	struct piece *pieces;
	struct list_mark *marks;	/* in order */
	size_t n, n_marks;
};

struct list_def {
	const char *name;
	struct place at;
	const char **items;
	struct place *items_at;
	size_t n, cap, at_cap;
	uint32_t index, seen_from;	/* order of the first and of the last definition */
	bool used;
	const char **raw;		/* items with lists in them opened, one level */
	struct list_mark *raw_from;	/* whose items they are */
	size_t n_raw;
};

struct macro_def {
	const char *name;
	struct place at;
	struct joined cond;
	uint32_t index, seen_from;
	struct expanded text;
	struct macro macro;
};

/* A value of an exception: one text, or several. */
struct exc_value {
	bool list;
	const char **v;
	uint32_t n;
};

struct exc_row {
	struct exc_value *v;		/* one per field; one alone in the scalar form */
	uint32_t n;
	bool list;			/* the row is written as a list */
	struct place at;
};

struct exception {
	const char *name;
	struct place at;
	struct exc_value fields, comps;	/* comps.n is 0 where not given */
	struct exc_row *rows;
	size_t n_rows, cap;
};

/* The fields of a key. */
struct correlate_by {
	struct field_ref refs[CORRELATE_BY_MAX];
	uint32_t n;
};

struct correlate_step {
	const char *name;
	struct correlate_by by;
	struct joined cond;
	struct expanded text;
	struct ast *ast;
};

struct correlate_def {
	struct place at;
	uint64_t within;
	uint32_t count, n_steps;
	bool has_distinct, has_absence;
	struct field_ref distinct;
	struct correlate_by by;
	struct correlate_step steps[CORRELATE_STEPS_MAX], absence;
};

/* The correlations that are in force: watch.c. */
struct watches {
	struct arena arena;
	struct engine engine;
	bool has_engine;
	struct correlation *v;
	size_t n, cap;
	struct correlate_hit *hits;	/* by condition of the engine */
	size_t n_hits, hits_cap;
	struct event_set events;
	bool bulk;
};

struct rule_def {
	struct rule rule;
	struct place at;
	struct joined cond, desc, output;
	struct place output_at;
	struct exception *exceptions;
	size_t n_exceptions, exceptions_cap;
	struct correlate_def *correlate;	/* NULL: none */
	const char **tags;
	size_t n_tags, tags_cap;
	uint32_t index, seen_from;
	bool skip_unknown, warn_types, unknown_source;
	bool dropped;			/* not compiled: unknown source or field */
	struct joined whole;		/* the condition with exceptions */
	struct expanded text;
	struct ast *ast;
	uint32_t root;			/* in the graph */
	uint32_t engine_id;
};

struct ruleset_profile {
	struct profile p;
};

struct plugin_need {
	struct place at;
	const char *name, *version;
	struct plugin_need *or;		/* alternatives */
	struct plugin_need *next;
};

struct ruleset {
	struct arena arena;		/* what the files say */
	struct ruleset_options options;
	struct messages messages;
	const char **files;
	size_t n_files, files_cap;
	struct list_def **lists;
	struct list_def **odd;		/* with blanks and the like in their names */
	size_t n_odd;
	struct macro_def **macros;
	struct rule_def **rules;
	struct rule_def **by_engine;	/* by id in the engine */
	struct rule_def **refused;	/* kept to tell what else is wrong with them */
	size_t n_refused, refused_cap;
	size_t n_lists, lists_cap, n_macros, macros_cap, n_rules, rules_cap;
	struct intern list_names, macro_names, rule_names;
	struct intern failed_rules;	/* names of rules that were refused */
	uint32_t n_items;		/* counts definitions over all files */
	const struct yaml_file **yamls;	/* the files that were read, in order */
	size_t n_yamls, yamls_cap;
	struct arena code_arena;	/* of the last compilation */
	struct arena again_arena;	/* of the engine, if it was compiled again */
	struct engine engine;
	bool has_engine, finished;
	struct event_set events;
	struct watches watches;
};

/* Where the reader is, for messages. */
struct step {
	const char *type, *name;
	const struct yaml *node;
};

enum { STEPS_MAX = 12 };

struct reader {
	struct ruleset *rs;
	const struct yaml_file *file;
	struct step steps[STEPS_MAX];
	unsigned n;
};

/* One step deeper; the caller sets r->n back. */
void reader_enter(struct reader *r, const char *type, const char *name,
		  const struct yaml *node);
/* Adds a message at the step; false for errors so that it can be returned. */
bool reader_say(struct reader *r, enum load_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at a node below the step. */
bool reader_say_at(struct reader *r, enum load_code code, const struct yaml *node,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same at a place of a condition or of an output. */
bool reader_say_lang(struct reader *r, enum load_code code, const struct lang_text *t,
		     size_t off, const char *text);

/* decode.c: values of keys.  false: message added. */
bool decode_text(struct reader *r, const struct yaml *map, const char *key, bool optional,
		 const char **out, const struct yaml **node);
bool decode_bool(struct reader *r, const struct yaml *map, const char *key, bool *out);
bool decode_number(struct reader *r, const struct yaml *map, const char *key, uint64_t *out);
bool decode_texts(struct reader *r, const struct yaml *map, const char *key, bool optional,
		  const char *element, const char ***out, uint32_t *n);
/* Warns of keys that are none of a list, which ends with NULL. */
void unknown_keys(struct reader *r, const struct yaml *item, const char *const *known);
bool scalar_bool(const struct yaml *v, bool *out);

/* read.c */
bool read_file(struct reader *r);
/* read_rule.c */
bool read_rule(struct reader *r, const struct yaml *item);
/* override.c */
struct override {
	bool present;
	const struct yaml *map;
};
enum override_op { OVERRIDE_NONE, OVERRIDE_APPEND, OVERRIDE_REPLACE };
/* Checks an item's override map and append key.  *append: the append key is true. */
bool read_override(struct reader *r, const struct yaml *item, const char *const *append_keys,
		   const char *const *replace_keys, struct override *o, bool *append);
enum override_op override_of(const struct override *o, const char *key);
/* exceptions.c */
bool read_exceptions(struct reader *r, const struct yaml *item, struct rule_def *d, bool append);
void exceptions_text(const struct rule_def *d, struct joined *out);
/* correlate.c; *out: NULL if there is no block. */
bool read_correlate(struct reader *r, const struct yaml *item, struct correlate_def **out);
/* The block alone, for a rule that is there. */
bool amend_correlate(struct reader *r, const struct yaml *item, struct rule_def *d);
void correlate_release(struct correlate_def *c);
/* watch.c */
bool watch_compile(struct ruleset *rs, bool (*is_on)(const struct ruleset *,
						     const struct rule_def *));
void watch_release(struct watches *w);
unsigned watch_match(const struct watches *w, struct matcher *m, const struct field_ctx *ctx,
		     struct correlate_hit out[CORRELATE_HITS_MAX]);
/* versions.c */
bool read_engine_version(struct reader *r, const struct yaml *item);
bool read_plugin_versions(struct reader *r, const struct yaml *item);
/* text.c */
void joined_add(struct joined *j, const char *p, size_t len, struct place from);
void joined_set(struct joined *j, const char *p, size_t len, struct place from);
void joined_release(struct joined *j);
/* A text whose places are those of j. */
void joined_text(struct lang_text *t, const struct joined *j);
void lists_resolve(struct ruleset *rs);
void lists_put_in(struct ruleset *rs, const struct joined *in, struct expanded *out);
/* The item of a list that was put in at a place of a condition; false: it was written there. */
bool list_item_at(const struct lang_text *t, size_t off, struct list_mark *out);
/* Where the node begins. */
void place_locate(const struct place *p, struct lang_place *out);
/* build.c */
bool ruleset_build(struct reader *r);
/* Again after errors, without the items that have them; their rules have no ast.  For lint. */
void ruleset_build_rest(struct ruleset *rs);
void ruleset_forget(struct ruleset *rs);
/* output.c */
bool output_check(struct reader *r, struct rule_def *d, struct arena *a);

#endif
