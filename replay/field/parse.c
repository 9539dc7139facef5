/* SPDX-License-Identifier: Apache-2.0 */
/* References to fields in conditions and formats: proc.name, proc.aname[2],
 * evt.arg.flags, proc.env[HOME]. */
#include <ctype.h>
#include <stdlib.h>

#include "capture/base/err.h"
#include "capture/base/near.h"
#include "replay/field/internal.h"

enum { INDEX_SLOTS = 1024, NAME_MAX_LEN = 128 };

/* Open hash from names to rows, made once before main. */
static uint16_t by_name[INDEX_SLOTS];	/* row + 1 */

static uint32_t hash(const char *p, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619u;
	return h;
}

static void __attribute__((constructor)) index_fields(void)
{
	for (unsigned i = 0; i < n_fields; i++) {
		uint32_t at = hash(fields[i].name, strlen(fields[i].name)) % INDEX_SLOTS;

		while (by_name[at])
			at = (at + 1) % INDEX_SLOTS;
		by_name[at] = (uint16_t)(i + 1);
	}
}

static bool plugin_hidden;

void fields_hide_plugin(bool hide)
{
	plugin_hidden = hide;
}

static bool is_hidden(const struct field_desc *d)
{
	return plugin_hidden && (strcmp(d->class, "container") == 0 ||
				 strcmp(d->class, "k8s") == 0);
}

const struct field_desc *field_find(const char *name, size_t len)
{
	uint32_t at = hash(name, len) % INDEX_SLOTS;

	for (; by_name[at]; at = (at + 1) % INDEX_SLOTS) {
		const struct field_desc *d = &fields[by_name[at] - 1];

		if (strncmp(d->name, name, len) == 0 && d->name[len] == 0)
			return is_hidden(d) ? NULL : d;
	}
	return NULL;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static bool takes_dot(const struct field_desc *d)
{
	return d->arg == ARG_DOT_REQ || d->arg == ARG_DOT_OPT || d->arg == ARG_INDEX_OR_DOT;
}

static bool takes_brackets(const struct field_desc *d)
{
	return d->arg != ARG_NONE && d->arg != ARG_DOT_REQ && d->arg != ARG_DOT_OPT;
}

/* The longest name of a field that text begins with; *len is its length.  What follows
 * need not be the end of the word: formats go on with any text. */
static const struct field_desc *longest(const char *text, size_t word, size_t *len)
{
	for (size_t n = word; n > 0; n--) {
		const struct field_desc *d;

		d = field_find(text, n);
		if (d) {
			*len = n;
			return d;
		}
	}
	return NULL;
}

static bool all_digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)p[i]))
			return false;
	return len > 0 && len < 20;
}

static int bad(const struct field_desc *d, const char *what)
{
	return err(ERR_USAGE, "field %s %s", d->name, what);
}

static int set_argument(struct field_ref *r, const char *p, size_t len, struct arena *a)
{
	const struct field_desc *d = r->desc;
	const bool number = all_digits(p, len);

	r->arg = arena_strn(a, p, len);
	if (number)
		r->index = strtoll(r->arg, NULL, 10);
	switch ((enum field_arg_kind)d->arg) {
	case ARG_NONE:
		return bad(d, "takes no argument");
	case ARG_INDEX_OPT:
	case ARG_INDEX_OR_DOT:
		return number ? 0 : bad(d, "takes a number in brackets");
	case ARG_KEY_OPT:
	case ARG_KEY_REQ:
		r->key = r->arg;
		return len ? 0 : bad(d, "takes a name in brackets");
	case ARG_DOT_REQ:
	case ARG_DOT_OPT:
		return bad(d, "takes its argument behind a dot");
	}
	return 0;
}

static int set_dotted(struct field_ref *r, const char *p, size_t len, struct arena *a)
{
	const struct field_desc *d = r->desc;

	if (len == 0)
		return bad(d, "ends with a dot");
	r->arg = r->key = arena_strn(a, p, len);
	if (d->arg == ARG_DOT_OPT && strcmp(r->key, "src") != 0 && strcmp(r->key, "dst") != 0)
		return bad(d, "has .src and .dst only");
	if (all_digits(p, len))
		r->index = strtoll(r->key, NULL, 10);
	return 0;
}

static bool needs_argument(const struct field_desc *d)
{
	return d->arg == ARG_KEY_REQ || d->arg == ARG_DOT_REQ || d->arg == ARG_INDEX_OR_DOT;
}

/* Brackets may hold a quoted text, in which a bracket does not end it. */
static size_t bracket_end(const char *p, size_t len)
{
	const char quote = len > 1 && (p[1] == '"' || p[1] == '\'') ? p[1] : 0;

	for (size_t i = quote ? 2 : 1; i < len; i++) {
		if (quote && p[i] == quote && i + 1 < len && p[i + 1] == ']')
			return i + 2;
		if (!quote && p[i] == ']')
			return i + 1;
	}
	return 0;
}

static size_t parse_brackets(struct field_ref *r, const char *p, size_t len, struct arena *a)
{
	const size_t end = bracket_end(p, len);
	const char *arg = p + 1;
	size_t n = end - 2;

	if (end == 0) {
		bad(r->desc, "has a bracket that does not end");
		return 0;
	}
	if (n >= 2 && (arg[0] == '"' || arg[0] == '\'') && arg[n - 1] == arg[0]) {
		arg++;
		n -= 2;
	}
	return set_argument(r, arg, n, a) < 0 ? 0 : end;
}

size_t field_parse(struct field_ref *out, const char *text, size_t len, struct arena *a)
{
	size_t word = 0, name, n;

	while (word < len && word < NAME_MAX_LEN && is_name_char(text[word]))
		word++;
	while (word && text[word - 1] == '.')
		word--;
	*out = (struct field_ref){ .index = INT64_MIN };
	out->desc = longest(text, word, &name);
	if (!out->desc) {
		const char *near = field_suggest(text, word);

		err(ERR_USAGE, "there is no field '%.*s'%s%s%s", (int)word, text,
		    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		return 0;
	}
	n = name;
	if (name < word && text[name] == '.' && takes_dot(out->desc)) {
		if (set_dotted(out, text + name + 1, word - name - 1, a) < 0)
			return 0;
		n = word;
	} else if (n < len && text[n] == '[' && takes_brackets(out->desc)) {
		const size_t end = parse_brackets(out, text + n, len - n, a);

		if (!end)
			return 0;
		n += end;
	}
	if (!out->arg && needs_argument(out->desc)) {
		bad(out->desc, "needs an argument");
		return 0;
	}
	out->text = arena_strn(a, text, n);
	return n;
}

/* ---- the nearest name ---- */

const char *field_suggest(const char *name, size_t len)
{
	struct near n;

	near_init(&n, name, len);
	for (unsigned i = 0; i < n_fields; i++) {
		if (fields[i].flags & FIELD_HIDDEN || is_hidden(&fields[i]))
			continue;
		/* proc.cmd: what it may become is nearer than what it may have been */
		if (len > 5 && strncmp(fields[i].name, name, len) == 0)
			return fields[i].name;
		near_try(&n, fields[i].name);
	}
	return n.name;
}

/* ---- others ---- */

const char *field_argument(const struct field_desc *f)
{
	switch ((enum field_arg_kind)f->arg) {
	case ARG_NONE:
		return "";
	case ARG_INDEX_OPT:
		return "[n]?";
	case ARG_KEY_OPT:
		return "[key]?";
	case ARG_KEY_REQ:
		return "[key]";
	case ARG_DOT_REQ:
		return ".name";
	case ARG_INDEX_OR_DOT:
		return "[n] or .name";
	case ARG_DOT_OPT:
		return ".name?";
	}
	return "";
}

bool field_needs_bulk(const struct field_ref *r)
{
	if (r->desc->flags & FIELD_BULK)
		return true;
	if (r->desc->arg != ARG_INDEX_OR_DOT && r->desc->type != FIELD_DYN)
		return false;
	if (!r->key)
		return true;	/* evt.arg[1] may be the payload */
	for (unsigned e = 0; e < EV__N; e++) {
		const struct event_desc *d = &catalog[e];
		const int i = event_param_index(d, r->key, strlen(r->key));

		if (i >= 0 && param_is_bulk(&d->params[i]))
			return true;
	}
	return false;
}
