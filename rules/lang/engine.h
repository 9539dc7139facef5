/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form of many conditions together.
 *
 *   slot   one distinct left or right side (proc.name, tolower(fd.name)): got at most
 *          once per event, whatever number of rules ask
 *   pred   one distinct check (slot, operator, constants): decided at most once per event
 *   dag    the conditions over preds; equal parts are one node
 *   code   tests and jumps, made from the graph specialised for one event type: what is
 *          known from the type alone (evt.type, fields that such events never have) is gone
 *
 * An engine is built once and then only read: any number of threads share it, each with
 * a matcher of its own.  Nothing is cleared between events: what a matcher remembers
 * carries the number of its event. */
#ifndef SAKER_LANG_ENGINE_H
#define SAKER_LANG_ENGINE_H

#include "replay/field/field.h"
#include "rules/lang/ast.h"
#include "rules/lang/dag.h"
#include "rules/lang/intern.h"
#include "rules/lang/search.h"

/* How many values a slot gives and what a check over them means. */
enum shape {
	SHAPE_ONE,
	SHAPE_LIST,	/* in: all of them; intersects: any */
	SHAPE_ANY,	/* ancestors: any of them */
	SHAPE_ENDS,	/* both ends of a socket: any; != all */
};

/* Where values come from. */
enum source_kind { FROM_FIELD, FROM_CONST, FROM_LIST, FROM_CALL };

struct extract {
	uint8_t from;			/* enum source_kind */
	uint8_t type;			/* enum field_type of the result */
	bool list;			/* the result is a list */
	uint8_t fn;			/* enum transform */
	struct field_ref ref;
	struct extract **kids;
	uint32_t n_kids, len;
	const char *p;			/* constant; of getopt the letter asked for */
};

struct slot {
	const char *text;
	struct extract *x;
	field_get *get;			/* of a field with one value; NULL: look at x */
	const struct field_ref *ref;	/* for get */
	uint8_t shape, type;
	bool varies;			/* another value each time: never remembered */
	uint16_t cost;			/* of getting it, in about ns */
	/* Tables over all constants that it is compared with; NULL: none.  INDEX_*. */
	struct strindex *index[3];
	/* All texts that it is searched for, in their case and in any; NULL: they are few. */
	struct among *among[2];
	uint32_t n_among[2];		/* predicates */
	uint32_t *among_preds[2];
	uint32_t found[2];		/* place of what was found in matcher.found */
};

enum { INDEX_EQUAL, INDEX_PREFIX, INDEX_SUFFIX };

/* What is done with one value and one constant. */
enum test {
	TEST_EXISTS, TEST_EQ, TEST_NE, TEST_LT, TEST_LE, TEST_GT, TEST_GE, TEST_CONTAINS,
	TEST_ICONTAINS, TEST_PREFIX, TEST_SUFFIX, TEST_GLOB, TEST_IGLOB, TEST_REGEX, TEST_PMATCH,
};

/* A constant of a check, ready to compare. */
struct constant {
	union {
		int64_t i;
		uint64_t u;
		double d;
		const struct regex *regex;
		const struct pathset *paths;
	};
	const char *p;			/* text, or address */
	uint32_t len;
	uint8_t prefix;			/* bits of a net */
	bool number;			/* i and u are valid: of FIELD_DYN */
};

enum { NO_SLOT = UINT32_MAX, NO_INDEX = 255 };

struct pred {
	const char *text;		/* canonical */
	uint32_t slot, right;		/* right side, NO_SLOT if constant */
	uint32_t n;			/* constants */
	struct constant *c;
	const struct ranges *ranges;	/* all of them, if they are many; NULL */
	uint8_t test, mod, type, shape;	/* enum test, modifier, field_type, shape */
	bool all;			/* list fields: all values must (in) */
	bool simple;			/* one value and one constant */
	bool never;			/* strict: Falco never matches here */
	bool varies;			/* as its slot */
	uint8_t index;			/* INDEX_*, NO_INDEX: compare one by one */
	bool negate;			/* what the index says is turned around */
	uint32_t bit;			/* in the rows of the index, or in what is found among */
	bool among;			/* it is in the slot's set of texts to look for */
	uint16_t cost;
	const struct lang_text *at;	/* where it was first written */
	uint32_t off;
};

/* One test: where to go on when it holds and when not. */
struct insn {
	uint32_t test;			/* a pred, or n_preds + a part */
	uint32_t yes, no;		/* another insn, or CODE_* */
};

enum { CODE_TRUE = UINT32_MAX, CODE_FALSE = UINT32_MAX - 1, CODE_NONE = UINT32_MAX - 2 };

/* How a test is decided (quick.c). */
enum way {
	WAY_GENERAL, WAY_RANGE, WAY_SAME, WAY_TABLE, WAY_SEARCH, WAY_AMONG, WAY_PART,
};

struct quick {
	uint8_t way;			/* enum way */
	uint8_t index;			/* INDEX_* */
	bool negate;			/* what is found is turned around */
	uint32_t slot;
	union {
		struct {		/* WAY_RANGE: both ends hold */
			uint64_t low, span;
		};
		struct {		/* WAY_SAME: a text of at most eight bytes */
			uint64_t head;
			uint32_t size;
		};
		struct {		/* WAY_TABLE */
			const struct strindex *table;
			uint32_t bit;
		};
		struct needle needle;	/* WAY_SEARCH */
		uint32_t pc;		/* WAY_PART */
	};
};

/* A condition that is in force for an event type. */
struct entry {
	uint32_t id;			/* as engine_add gave it */
	uint32_t pc;			/* insn, or CODE_TRUE */
	uint32_t same;			/* others with the same condition: their place in
					 * engine.same + 1, or 0 */
};

/* A question that takes many conditions out (keys.c). */
struct key {
	uint32_t test;			/* of a key that is a test */
	uint32_t slot;			/* is its text plain for this table?  NO_SLOT: a test */
	uint8_t index;			/* INDEX_* */
};

/* A key is asked; the answer leads to another one, or to a leaf. */
struct ask {
	struct key key;
	uint32_t next[2];		/* place in asks, or ASK_LEAF | answers of all keys */
};

#define ASK_LEAF UINT32_C(0x80000000)

struct type_keys {
	uint32_t first;			/* of keys.v */
	uint8_t n;			/* 0: all conditions are run */
	uint32_t ask;			/* as next of an ask */
	size_t masks;			/* by the keys' answers, of conditions that can hold */
	size_t leaves;			/* by the keys' answers: where their code is in pcs + 1, 0:
					 * that of the entries */
};

struct keys {
	struct key *v;
	struct ask *asks;
	uint64_t *masks;
	uint32_t *leaves, *pcs;
	size_t n, cap, n_asks, asks_cap, n_masks, masks_cap, n_leaves, leaves_cap, n_pcs,
	       pcs_cap;
	struct type_keys type[EV__N];
};

struct engine {
	struct arena *arena;
	bool strict;
	struct intern slot_names, pred_names;
	struct slot *slots;
	struct pred *preds;
	size_t slots_cap, preds_cap;
	struct dag dag;
	struct regex *regexes;
	uint32_t *roots;		/* by id of the condition */
	struct event_set *root_events;
	size_t n_roots, roots_cap, events_cap;
	/* made by engine_finish */
	bool indexed;
	struct quick *quick;		/* by test */
	struct insn *code;
	size_t n_code, code_cap;
	uint32_t *part_pc;		/* code of parts that several conditions share */
	size_t n_parts, parts_cap;
	struct entry *entries;
	size_t n_entries, entries_cap;
	struct same {
		uint32_t id, next;	/* next: place + 1 */
	} *same;
	size_t n_same, same_cap;
	uint32_t n_found, n_found_words;	/* of matcher.found and its bits */
	uint32_t first[EV__N + 1];	/* entries of a type: first[t] .. first[t + 1] */
	struct keys keys;
};

void engine_init(struct engine *e, struct arena *a, bool strict);
void engine_release(struct engine *e);

/* Checks types and constants of an expanded tree: its node in the graph, or
 * INTERN_NONE and l has the error.  What was checked before is not checked again. */
uint32_t engine_check(struct engine *e, struct lang *l, const struct ast *a);

/* Adds a condition: its id, counted from 0. */
uint32_t engine_add(struct engine *e, uint32_t root, const struct event_set *events);

/* Compiles what was added; the conditions of a type are tried in order of id.
 * enabled by id; NULL: all. */
void engine_finish(struct engine *e, const bool *enabled);

/* The ways of all tests; part of engine_finish. */
void engine_make_quick(struct engine *e);

/* The slot of a field text (for dumps and lint). */
uint32_t engine_slot(struct engine *e, struct lang *l, const struct ast *a,
		     const struct operand *o);

/* The predicate of a check that was checked before. */
uint32_t engine_pred(const struct engine *e, const struct node *n);
/* True if it looks at payloads or environments. */
bool engine_pred_bulk(const struct engine *e, uint32_t pred);

/* What a pred is for every event of this type: 0, 1, or -1 if it depends. */
int engine_pred_known(const struct engine *e, const struct pred *p, unsigned type);

/* The types for which there is code. */
void engine_types(const struct engine *e, struct event_set *out);

/* True if any code needs payload columns. */
bool engine_needs_bulk(const struct engine *e);

void engine_dump_preds(const struct engine *e, struct buf *out);
void engine_dump_node(const struct engine *e, uint32_t root, struct buf *out);
void engine_dump_code(const struct engine *e, struct buf *out);

/* What one thread remembers of the event at hand. */
struct slot_value {
	uint32_t stamp;
	uint8_t found, looked;		/* looked: bits of INDEX_* */
	uint32_t row[3];
	struct fval v;			/* SHAPE_ONE */
	struct fval_list all;		/* the others */
};

/* How often texts were looked for in a slot, and room for what one walk over it finds. */
struct found_among {
	uint32_t stamp, asked;		/* asked: texts that were looked for one by one */
	uint32_t n_words;
	uint64_t *bits;
};

struct matcher {
	const struct engine *e;
	const struct field_ctx *ctx;
	uint32_t stamp;			/* of the event at hand, even */
	uint32_t *memo;			/* by test: stamp | result */
	struct slot_value *values;
	struct found_among *found;
	uint64_t *found_bits;
	void *regex_data;
	uint64_t n_events, n_preds, n_slots;	/* work done, for --profile and tests */
};

void matcher_init(struct matcher *m, const struct engine *e);
void matcher_release(struct matcher *m);
/* Starts an event: forgets all that was remembered. */
void matcher_begin(struct matcher *m, const struct field_ctx *ctx);
/* The conditions of the type that hold, by id and in their order, at most max of them.
 * How many. */
unsigned matcher_match(struct matcher *m, unsigned type, uint32_t *ids, unsigned max);
/* Puts ids in order: copies of a rule match with the first of them. */
void match_sort(uint32_t *ids, unsigned n);
/* What the keys of a type leave. */
struct able {
	const uint64_t *mask;		/* a bit for each entry of the type; NULL: all */
	const uint32_t *pcs;		/* their code in this case; NULL: as the entries say */
};
struct able matcher_able(struct matcher *m, unsigned type);
/* Whether the slot's text is met by nothing that matters in the table (strindex_plain). */
bool matcher_plain(struct matcher *m, uint32_t slot, unsigned index);
/* Whether the condition of an entry holds; a predicate or shared part, as in an insn. */
bool matcher_run(struct matcher *m, uint32_t pc);
bool matcher_find_out(struct matcher *m, uint32_t test);
static inline bool matcher_test(struct matcher *m, uint32_t test)
{
	const uint32_t seen = m->memo[test];

	return (seen ^ m->stamp) <= 1 ? seen & 1 : matcher_find_out(m, test);
}
/* One predicate, with all that it needs: for why. */
bool matcher_pred(struct matcher *m, uint32_t pred);
/* The predicate over a value that was got elsewhere. */
bool matcher_decide(struct matcher *m, const struct pred *p, struct slot_value *v);
const struct slot_value *matcher_slot(struct matcher *m, uint32_t slot);
/* Whether one of its constants, or another, holds alone. */
bool matcher_constant(struct matcher *m, const struct pred *p, const struct constant *c);

/* The extraction of transformers. */
bool transform_get(struct matcher *m, const struct extract *x, struct fval *v,
		   struct fval_list *l);

#endif
