/* SPDX-License-Identifier: Apache-2.0 */
/* A log source of Sigma is one kind of line; here it is one or several kinds of events
 * (variants), with the same thing in different fields.  The detection is made for each, and where
 * two come out alike they are joined:
 *
 *	(written and fd.name = x) or (renamed and fs.path.target = x) */
#include "rules/set/sigma_rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "rules/set/sigma_detect.h"

enum { PROBLEMS_MAX = 20, TITLE_MAX = 256 };

/* What cannot be said, each once. */
struct problems {
	struct problem {
		const struct yaml *at;
		const char *reason;
	} v[PROBLEMS_MAX];
	size_t n;
};

/* Variants that have the same condition. */
struct part {
	struct buf events, text;
	bool many;		/* events is an "or" */
	bool needs;		/* text is an "or" */
};

void sigma_say(struct sigma *s, enum sigma_kind kind, const struct sigma_rule *r,
	       const struct yaml *at, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s->said = mem_grow(s->said, &s->said_cap, s->n_said + 1, sizeof(*s->said));
	s->said[s->n_said++] = (struct sigma_said){
		.kind = kind, .file = arena_str(&s->arena, r->file),
		.rule = arena_str(&s->arena, r->name ? r->name : ""),
		.text = arena_str(&s->arena, text),
		.line = at ? at->line + 1 : 0, .column = at ? at->column + 1 : 0,
	};
}

/* ---- what stands around the detection ---- */

static const char *scalar(const struct yaml *map, const char *key)
{
	const struct yaml *y = yaml_get(map, key);

	return y && y->kind == YAML_SCALAR ? y->p : NULL;
}

static bool refuse(struct sigma *s, const struct sigma_rule *r, const char *key,
		   const char *why)
{
	const struct yaml *at = yaml_get(r->doc, key);

	sigma_say(s, SIGMA_REFUSED, r, at ? at : r->doc, "%s", why);
	return false;
}

static bool read_title(struct sigma *s, struct sigma_rule *r, struct arena *a)
{
	const struct yaml *y = yaml_get(r->doc, "title");
	struct buf b = {0};

	if (y && y->kind == YAML_SCALAR && y->len <= TITLE_MAX)
		sigma_put_line(&b, y->p, y->len);
	r->name = b.len ? arena_strn(a, b.p, b.len) : NULL;
	buf_release(&b);
	return r->name || refuse(s, r, "title", "a rule has a title of at most 256 bytes");
}

static bool read_kind(struct sigma *s, struct sigma_rule *r)
{
	static const struct { const char *key, *why; } kinds[] = {
		{ "filter", "filters are not converted: give the rule an exception" },
		{ "action", "a document that others build upon (action): spell them out" },
	};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (yaml_get(r->doc, kinds[i].key))
			return refuse(s, r, kinds[i].key, kinds[i].why);
	return true;
}

static bool is(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static bool read_source(struct sigma *s, struct sigma_rule *r)
{
	const struct yaml *y = yaml_get(r->doc, "logsource");
	const char *product, *category, *service;

	if (!y || y->kind != YAML_MAPPING)
		return refuse(s, r, "logsource",
			      "logsource: category, product or service are expected");
	product = scalar(y, "product");
	category = scalar(y, "category");
	service = scalar(y, "service");
	if (product && !is(product, "linux"))
		return refuse(s, r, "logsource", "logsource: not a rule for Linux");
	for (unsigned i = 0; i < SOURCE__N; i++) {
		const struct sigma_source *k = &sigma_sources[i];

		r->source = (enum sigma_source_id)i;
		if (k->service ? !category && is(service, k->service) :
		    is(category, k->category) && (!service || is(service, "sysmon")))
			return true;
	}
	sigma_say(s, SIGMA_REFUSED, r, y, "logsource: nothing here is like %s%.40s%s%.40s",
		  category ? "category " : "", category ? category : "",
		  service ? category ? ", service " : "service " : category ? "" : "it",
		  service ? service : "");
	return false;
}

static bool read_level(struct sigma *s, struct sigma_rule *r)
{
	static const struct { const char *level; enum priority priority; } levels[] = {
		{ "informational", PRIORITY_INFORMATIONAL }, { "low", PRIORITY_NOTICE },
		{ "medium", PRIORITY_WARNING }, { "high", PRIORITY_ERROR },
		{ "critical", PRIORITY_CRITICAL },
	};
	const char *level = scalar(r->doc, "level");

	r->priority = PRIORITY_NOTICE;
	if (!yaml_get(r->doc, "level"))
		return true;
	for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (is(level, levels[i].level)) {
			r->priority = levels[i].priority;
			return true;
		}
	return refuse(s, r, "level",
		      "level: informational, low, medium, high or critical is expected");
}

/* 1: it is not wanted. */
static int read_status(struct sigma *s, struct sigma_rule *r)
{
	const char *status = scalar(r->doc, "status");

	if (s->all || !status || (!is(status, "deprecated") && !is(status, "unsupported")))
		return 0;
	sigma_say(s, SIGMA_SKIPPED, r, yaml_get(r->doc, "status"),
		  "its status is %.40s (--all takes it)", status);
	s->n_skipped++;
	return 1;
}

/* ---- the condition ---- */

static void note(void *data, const struct expr *e)
{
	struct problems *p = data;

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].at == e->at && strcmp(p->v[i].reason, e->reason) == 0)
			return;
	if (p->n < PROBLEMS_MAX)
		p->v[p->n++] = (struct problem){ e->at, e->reason };
}

static void add_part(struct part *parts, size_t *n, const struct expr *e,
		     const struct buf *text,
		     const char *events)
{
	struct part *p = parts;

	while (p < parts + *n && (p->text.len != text->len ||
				  (text->len && memcmp(p->text.p, text->p,
						       text->len) != 0)))
		p++;
	if (p == parts + *n) {
		(*n)++;
		buf_put(&p->text, text->p, text->len);
		p->needs = e->kind == EXPR_OR;
		buf_str(&p->events, events);
		return;
	}
	if (!p->many) {
		struct buf b = {0};

		buf_printf(&b, "(%s)", buf_text(&p->events));
		buf_release(&p->events);
		p->events = b;
		p->many = true;
	}
	buf_printf(&p->events, " or (%s)", events);
}

static void put_part(struct buf *out, struct part *p)
{
	const bool both = p->events.len && p->text.len;

	buf_printf(out, p->many && both ? "(%s)" : "%s", buf_text(&p->events));
	buf_str(out, both ? " and " : "");
	buf_printf(out, p->needs && both ? "(%s)" : "%s", buf_text(&p->text));
}

static void put_parts(struct buf *out, struct part *parts, size_t n)
{
	if (n == 1) {
		put_part(out, &parts[0]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i ? " or (" : "(");
		put_part(out, &parts[i]);
		buf_byte(out, ')');
	}
}

/* What of the condition is about one variant.  NULL: nothing, or too long. */
static const char *make_part(struct sigma_rule *r, struct sigma_maker *m, struct expr *e,
			     struct part *parts, size_t *n)
{
	const char *events = sigma_variants[m->variant].events;
	struct buf text = {0};
	const char *why = NULL;

	e = expr_prune(&m->pool, e);
	if (expr_too_many(&m->pool))
		return "the detection is too large";
	if (e->kind == EXPR_NONE || e->kind == EXPR_FALSE)
		return NULL;
	if (!expr_print(e, false, &text))
		why = "the condition is too long";
	else if (!*events && e->kind == EXPR_TRUE)
		why = "it would match every system call";
	else
		add_part(parts, n, e, &text, events);
	r->variants |= 1u << m->variant;
	buf_release(&text);
	return why;
}

/* Makes the parts; why it failed, or NULL. */
static const char *make_parts(struct sigma_rule *r, struct sigma_maker *m,
			      struct problems *p,
			      struct part *parts, size_t *n)
{
	struct sigma_detection d = {0};
	const char *why = NULL;
	struct expr *e;

	if (!sigma_detection(m, yaml_get(r->doc, "detection"), &d))
		return m->wrong;
	for (unsigned v = 0; v < VARIANT__N && !why; v++) {
		if (sigma_variants[v].source != r->source)
			continue;
		m->variant = (enum sigma_variant_id)v;
		m->pool.n = 0;
		e = sigma_detect(m, &d);
		if (!e)
			return m->wrong;
		if (expr_too_many(&m->pool))
			return "the detection is too large";
		if (e->kind == EXPR_FALSE)
			continue;
		expr_problems(e, note, p);
		why = make_part(r, m, e, parts, n);
	}
	return why;
}

/* Says what is wrong; false: the rule cannot be written. */
static bool judge(struct sigma *s, struct sigma_rule *r, const struct problems *p,
		  size_t n_parts,
		  struct arena *a)
{
	const bool given = s->approximate && n_parts > 0;
	const char **left_out = arena_alloc(a, (p->n + 1) * sizeof(*left_out));

	for (size_t i = 0; i < p->n; i++) {
		sigma_say(s, given ? SIGMA_APPROXIMATE : SIGMA_REFUSED, r, p->v[i].at, "%s",
			  p->v[i].reason);
		left_out[i] = arena_printf(a, "line %u: %s",
					   p->v[i].at ? p->v[i].at->line + 1 : 0,
						   p->v[i].reason);
	}
	r->left_out = left_out;
	r->n_left_out = p->n;
	if (n_parts == 0 && p->n == 0)
		refuse(s, r, "detection",
		       "no event can match: the log lines it asks for do not occur");
	return n_parts > 0 && (given || p->n == 0);
}

static bool make_condition(struct sigma *s, struct sigma_rule *r, struct arena *a)
{
	struct sigma_maker m = { .pool = { .arena = a } };
	struct part parts[VARIANT__N] = {0};
	struct problems problems = { .n = 0 };
	size_t n = 0;
	const char *why;
	bool ok = false;

	if (!yaml_get(r->doc, "detection"))
		return refuse(s, r, "detection", "a rule has a detection");
	why = make_parts(r, &m, &problems, parts, &n);
	if (why)
		sigma_say(s, SIGMA_REFUSED, r, m.wrong ? m.wrong_at : yaml_get(r->doc,
									       "detection"),
			  "%s", why);
	else
		ok = judge(s, r, &problems, n, a);
	if (ok)
		put_parts(&r->condition, parts, n);
	for (size_t i = 0; i < n; i++) {
		buf_release(&parts[i].events);
		buf_release(&parts[i].text);
	}
	return ok;
}

/* ---- the whole ---- */

/* A rule of the same title gets a number; case does not make two. */
static const char *unique_name(struct sigma *s, const char *title, struct arena *a)
{
	const char *name = title;
	bool is_new = false;

	if (!s->has_names)
		intern_init(&s->names, &s->arena);
	s->has_names = true;
	for (unsigned i = 2; ; i++) {
		char *folded = arena_str(a, name);

		sigma_lower(folded, strlen(folded));
		intern_add(&s->names, folded, strlen(folded), &is_new);
		if (is_new)
			return name;
		name = arena_printf(a, "%s (%u)", title, i);
	}
}

/* The engine has the last word. */
static bool loads(struct sigma *s, const struct sigma_rule *r, const char *name)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
						 .no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&options);
	struct buf text = {0};
	const char *what;
	bool ok;

	sigma_put_rule(&text, r, name);
	ok = ruleset_load_text(rs, "rule", buf_text(&text), text.len) >= 0 &&
	     ruleset_finish(rs) >= 0;
	if (!ok) {
		what = strstr(err_text(), "error: ");
		what = what ? what + 7 : err_text();
		sigma_say(s, SIGMA_REFUSED, r, yaml_get(r->doc, "detection"), "%.*s",
			  (int)(strcspn(what, "\n") < 300 ? strcspn(what, "\n") : 300),
				  what);
	}
	buf_release(&text);
	ruleset_free(rs);
	return ok;
}

static bool write_rule(struct sigma *s, const struct sigma_rule *r, struct arena *a)
{
	const char *name = unique_name(s, r->name, a);
	const bool ok = loads(s, r, name);

	if (!ok)
		return false;
	sigma_put_rule(&s->out, r, name);
	if (!r->correlate.len)
		sigma_remember(s, r, name);
	return true;
}

static bool convert_rule(struct sigma *s, struct sigma_rule *r, struct arena *scratch)
{
	if (yaml_get(r->doc, "correlation"))
		return read_level(s, r) && sigma_correlate(s, r, write_rule, scratch);
	return read_source(s, r) && read_level(s, r) && make_condition(s, r, scratch) &&
	       write_rule(s, r, scratch);
}

void sigma_convert(struct sigma *s, const char *file, const struct yaml *doc,
		   struct arena *scratch)
{
	struct sigma_rule r = { .file = file, .doc = doc };
	bool ok;

	if (doc->kind == YAML_NULL)
		return;
	if (doc->kind != YAML_MAPPING) {
		sigma_say(s, SIGMA_REFUSED, &r, doc,
			  "not a Sigma rule: title, logsource, detection "
			  "are expected");
		s->n_refused++;
		return;
	}
	ok = read_title(s, &r, scratch) && read_kind(s, &r);
	if (ok && read_status(s, &r))
		return;
	ok = ok && convert_rule(s, &r, scratch);
	s->n_written += ok;
	s->n_refused += !ok;
	buf_release(&r.condition);
	buf_release(&r.correlate);
}
