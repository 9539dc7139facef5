/* SPDX-License-Identifier: Apache-2.0 */
/* Fields: the names that rules, filters and formats use (proc.name, fd.sip), each a
 * row of replay/field/fields.def with a getter.  Semantics are Falco's
 * (saker-fields(7)). */
#ifndef SAKER_FIELD_FIELD_H
#define SAKER_FIELD_FIELD_H

#include "capture/base/buf.h"
#include "capture/base/event.h"
#include "capture/base/mem.h"
#include "replay/state/state.h"

/* Types as the rule language compares them. */
enum field_type {
	FIELD_INT,		/* signed 64 bits */
	FIELD_UINT,		/* unsigned 64 bits */
	FIELD_BOOL,
	FIELD_DOUBLE,
	FIELD_STRING,
	FIELD_BYTES,
	FIELD_PORT,
	FIELD_IP,		/* 4 or 16 bytes */
	FIELD_NET,		/* as FIELD_IP; constants have a prefix length */
	FIELD_DYN,		/* evt.rawarg: known when it is got */
};

enum field_print {	/* how values become text */
	PRINT_PLAIN, PRINT_HEX, PRINT_OCT, PRINT_PADDED9, PRINT_ID, PRINT_TIME,
};

enum field_arg_kind {
	ARG_NONE,
	ARG_INDEX_OPT,		/* proc.aname[2] */
	ARG_KEY_OPT,		/* proc.env[HOME] */
	ARG_KEY_REQ,		/* container.label[x] */
	ARG_DOT_REQ,		/* evt.rawarg.name, thread.cgroup.cpu */
	ARG_INDEX_OR_DOT,	/* evt.arg[0], evt.arg.name */
	ARG_DOT_OPT,		/* evt.abspath.src */
};

enum field_flags {
	FIELD_LIST = 1 << 0,		/* several values */
	FIELD_FILTER_ONLY = 1 << 1,	/* no output: fd.ip */
	FIELD_PRINT_ONLY = 1 << 2,
	FIELD_HIDDEN = 1 << 3,
	FIELD_DEPRECATED = 1 << 4,
	FIELD_NO_TRANSFORM = 1 << 5,
	FIELD_NO_RHS = 1 << 6,
	FIELD_ANCESTORS = 1 << 7,	/* without argument: any ancestor */
	FIELD_BOTH_ENDS = 1 << 8,	/* fd.ip, fd.net, fd.port: two values, see saker-rules(5) */
	FIELD_JSON_NS = 1 << 9,		/* in JSON ns since the epoch (evt.time ...) */
	FIELD_BULK = 1 << 10,		/* needs payload columns (evt.buffer, proc.env) */
	FIELD_TIME_VARIES = 1 << 11,	/* another value on each evaluation: never memoised */
	FIELD_OWN = 1 << 12,		/* Saker's own; Falco does not know it */
	FIELD_PLACE = 1 << 13,		/* tells of the place among events (evt.num) */
};

/* One value.  Absent is told by the getter, not by the value. */
struct fval {
	union {
		int64_t i;
		uint64_t u;
		double d;
		const char *p;
	};
	uint32_t len;		/* of p */
	uint8_t type;		/* enum field_type; for FIELD_DYN the real one */
	uint8_t print;		/* enum field_print */
};

/* What getters may look at.  scratch is reset before each event by the owner. */
struct field_ctx {
	const struct event *ev;
	const struct state *st;
	const struct state_current *cur;
	struct arena *scratch;
	struct field_env *env;		/* constants of the run */
};

/* Constants of a run. */
struct field_env {
	const char *hostname;		/* evt.hostname */
	int64_t utc_offset;		/* seconds east, taken once at start */
	const char *source;		/* "syscall" */
	uint64_t counter;		/* util.cnt */
};

struct field_desc;

/* A field as it stands in a condition or format: proc.aname[2]. */
struct field_ref {
	const struct field_desc *desc;
	const char *text;	/* canonical text with argument, owned by the arena given */
	const char *arg;	/* NULL if none */
	int64_t index;		/* of a numeric argument; INT64_MIN if none */
	const char *key;	/* of dotted and keyed arguments */
};

enum field_found { FIELD_ABSENT, FIELD_FOUND, FIELD_LOST };

/* Single-valued getter. */
typedef enum field_found field_get(const struct field_ctx *c, const struct field_ref *r,
				   struct fval *out);
/* Several values (lists, ancestors, both ends): calls add for each. */
struct fval_list {
	struct fval *v;
	unsigned n, cap;
	struct arena *arena;
};
typedef enum field_found field_get_all(const struct field_ctx *c, const struct field_ref *r,
				       struct fval_list *out);

struct field_desc {
	const char *name, *class, *help;
	uint8_t type, print, arg;	/* enum field_type, field_print, field_arg_kind */
	uint16_t flags;
	const char *falco_type;		/* CHARBUF, UINT64 ...: for lists and messages */
	field_get *get;
	field_get_all *get_all;		/* NULL: one value */
	struct event_set only;		/* events on which it can be present; all-zero: any */
};

extern const struct field_desc fields[];
extern const unsigned n_fields;

/* Parses the longest field reference at the start of text ("proc.aname[2] = x" uses 13 bytes).
 * Returns its length, 0 if no field starts there (err_text tells why: unknown name, argument
 * missing or not allowed). */
size_t field_parse(struct field_ref *out, const char *text, size_t len, struct arena *a);
const struct field_desc *field_find(const char *name, size_t len);
/* Without the fields of containers and pods, which Falco has from a plugin: from now on nobody
 * finds them. */
void fields_hide_plugin(bool hide);

static inline enum field_found field_get_value(const struct field_ctx *c,
					       const struct field_ref *r, struct fval *out)
{
	return r->desc->get(c, r, out);
}
/* True if it wants payloads or environments (source_want): FIELD_BULK fields, and evt.arg of
 * such parameters. */
bool field_needs_bulk(const struct field_ref *r);
/* False if it changes with the events around it or with the run. */
static inline bool field_is_lasting(const struct field_desc *f)
{
	return !(f->flags & (FIELD_PLACE | FIELD_TIME_VARIES));
}
/* What may stand behind the name, for lists: "[n]?", ".name"; "" if nothing may. */
const char *field_argument(const struct field_desc *f);
void fval_list_add(struct fval_list *l, const struct fval *v);

/* Text of a value as Falco prints it (no quoting), and as a JSON value. */
void fval_text(struct buf *out, const struct fval *v);
void fval_json(struct buf *out, const struct fval *v);

/* The parameter that fs.path.WHAT (name, source, target, each with raw behind it or not) is made
 * of; 0: such an event has none. */
unsigned field_path_param(unsigned type, const char *what);

/* Nearest known name, for "did you mean"; NULL if nothing is near. */
const char *field_suggest(const char *name, size_t len);

/* Formats: "%proc.name did %evt.type". */
struct format;
/* NULL: err_text.  An absent field is printed as <NA>. */
struct format *format_compile(const char *text, size_t len, struct arena *a);
/* The same; *wrong is where the field that is wrong begins. */
struct format *format_compile_at(const char *text, size_t len, struct arena *a, size_t *wrong);
/* Adds a member to the JSON fields: the value of a single field, typed, or else a text.  It
 * stands in for a field of the same name. */
void format_add_field(struct format *f, const char *key, const struct format *value,
		      struct arena *a);
/* The plain fields of the text, in their order, some perhaps more than once.  Those that visit
 * wants to keep it copies. */
void format_each_field(const struct format *f, void (*visit)(void *arg, const struct field_ref *r),
		       void *arg);
/* Of the members of the JSON fields that are plain fields only those for which keep is true. */
void format_keep_fields(struct format *f, bool (*keep)(const struct field_desc *));
/* From now on the text ends before the first field that is absent, unless the format begins
 * with a star: as sysdig has it, which leaves such lines out. */
void format_stop(struct format *f);
/* False: it was ended so. */
bool format_text(const struct format *f, const struct field_ctx *c, struct buf *out);
/* "name":value,... of the distinct fields in order of name, without braces. */
bool format_json_fields(const struct format *f, const struct field_ctx *c, struct buf *out);
bool format_needs_bulk(const struct format *f);

/* What the rule language adds to formats: transformers. */
struct format_extension {
	/* As field_parse, for what is no plain field: 0 if it is none of yours, SIZE_MAX if it is
	 * wrong (err_text).  Sets what get wants and the name that JSON output has for it. */
	size_t (*parse)(const void **made, const char **name, const char *text, size_t len,
			struct arena *a);
	enum field_found (*get)(const struct field_ctx *c, const void *made, struct fval *out);
	bool (*needs_bulk)(const void *made);
	/* The plain fields in it: JSON output has these as they are. */
	size_t (*refs)(const void *made, const struct field_ref *const **out);
};
/* Once, before formats are compiled; e lives as long as the program. */
void format_extend(const struct format_extension *e);

#endif
