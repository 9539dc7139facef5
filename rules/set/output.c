/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs of rules: what is added to them, and whether their fields exist. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base/err.h"
#include "capture/base/strict.h"
#include "rules/set/items.h"

static const char suggested[] =
	" container_id=%container.id container_name=%container.name"
	" container_image_repository=%container.image.repository"
	" container_image_tag=%container.image.tag k8s_pod_name=%k8s.pod.name"
	" k8s_ns_name=%k8s.ns.name";

static const char info[] = "%container.info";

/* The text without %container.info, which Falco dropped. */
static bool without_info(struct buf *out, const struct joined *in)
{
	const size_t n = sizeof(info) - 1;
	bool found = false;

	for (size_t i = 0; i < in->len;) {
		if (in->len - i >= n && memcmp(in->p + i, info, n) == 0) {
			found = true;
			i += n;
		} else {
			buf_byte(out, (uint8_t)in->p[i++]);
		}
	}
	return found;
}

static bool has_tag(const struct rule_def *d, const char *tag)
{
	for (size_t i = 0; i < d->n_tags; i++)
		if (strcmp(d->tags[i], tag) == 0)
			return true;
	return false;
}

static bool fits(const struct output_extra *x, const struct rule_def *d)
{
	if (x->source && *x->source && strcmp(x->source, d->rule.source) != 0)
		return false;
	if (x->rule && *x->rule && strcmp(x->rule, d->rule.name) != 0)
		return false;
	for (uint32_t i = 0; i < x->n_tags; i++)
		if (!has_tag(d, x->tags[i]))
			return false;
	return true;
}

static bool uses(const char *text, const char *field)
{
	const size_t n = strlen(field);

	for (const char *p = text; (p = strstr(p, field)); p += n) {
		const char *s = p;

		while (s > text && isdigit((unsigned char)s[-1]))
			s--;
		if (s > text && (s[-1] == '%' || s[-1] == '(') && !isalnum((unsigned char)p[n]) &&
		    p[n] != '_')
			return true;
	}
	return false;
}

static void warn_deprecated(struct reader *r, const struct rule_def *d, const char *text)
{
	static const char *const gone[] = {
		"evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human",
	};
	const unsigned depth = r->n;

	for (size_t i = 0; i < (strict_falco ? sizeof(gone) / sizeof(gone[0]) : 1); i++) {
		if (!uses(text, gone[i]) || (i == 1 && strstr(text, "evt.latency.")))
			continue;
		reader_enter(r, "rule output", "", d->output_at.node);
		reader_say(r, LOAD_DEPRECATED_ITEM, "usage of deprecated field '%s' has been "
			   "detected in the rule output", gone[i]);
		r->n = depth;
	}
}

static bool fail(struct reader *r, struct rule_def *d, const char *text)
{
	const unsigned depth = r->n;

	/* The place is that of the output, which may stand in another file. */
	if (d->output_at.file == r->file)
		reader_enter(r, "rule output", "", d->output_at.node);
	if (d->skip_unknown) {
		d->dropped = true;
		reader_say(r, LOAD_UNKNOWN_FILTER, "%s", text);
	} else {
		reader_say(r, LOAD_ERR_COMPILE_OUTPUT, "%s", text);
	}
	r->n = depth;
	return false;
}

/* Texts and members that the extras add. */
static void add_extras(const struct ruleset *rs, struct rule_def *d, struct buf *text,
		       struct arena *a)
{
	struct output_field *more;
	uint32_t most = 0;

	for (uint32_t i = 0; i < rs->options.n_extra; i++)
		most += rs->options.extra[i].n_fields;
	more = arena_alloc(a, (most + 1) * sizeof(*more));
	d->rule.fields = more;
	d->rule.n_fields = 0;
	for (uint32_t i = 0; i < rs->options.n_extra; i++) {
		const struct output_extra *x = &rs->options.extra[i];

		if (!fits(x, d))
			continue;
		if (x->format) {
			buf_byte(text, ' ');
			buf_str(text, x->format);
		}
		for (uint32_t k = 0; k < x->n_fields; k++)
			more[d->rule.n_fields++] = x->fields[k];
	}
}

/* Each place that is wrong: what stands behind one percent sign, alone. */
static bool fail_places(struct reader *r, struct rule_def *d, struct arena *a)
{
	const char *p = d->output.p, *end = p + d->output.len, *next;
	const unsigned depth = r->n;
	bool found = false;
	struct lang_text t;

	joined_text(&t, &d->output);
	if (d->output_at.file == r->file)
		reader_enter(r, "rule output", "", d->output_at.node);
	for (p = memchr(p, '%', d->output.len); p; p = next) {
		next = memchr(p + 1, '%', (size_t)(end - p - 1));
		if (format_compile(p, (size_t)((next ? next : end) - p), a))
			continue;
		found = true;
		reader_say_lang(r, LOAD_ERR_COMPILE_OUTPUT, &t, (size_t)(p - d->output.p),
				next == p + 1 ? "a percent sign cannot be printed" :
				p + 1 == end || p[1] == ' ' || p[1] == '\n' ?
				"a percent sign without a field" : err_text());
		if (next == p + 1)
			next = memchr(p + 2, '%', (size_t)(end - p - 2));
	}
	r->n = depth;
	return found;
}

bool output_check(struct reader *r, struct rule_def *d, struct arena *a)
{
	struct ruleset *rs = r->rs;
	struct buf text = {0};
	bool ok = true;

	if (without_info(&text, &d->output)) {
		reader_enter(r, "rule output", "", d->output_at.node);
		reader_say(r, LOAD_DEPRECATED_ITEM, "usage of deprecated %%container.info has been "
			   "detected in the rule output");
		r->n--;
		if (text.len == 0)
			ok = fail(r, d, "empty formatting token");
	}
	warn_deprecated(r, d, buf_text(&text));
	add_extras(rs, d, &text, a);
	if (!rs->options.no_suggested_output)
		buf_str(&text, suggested);
	if (ok) {
		d->rule.output = arena_strn(a, text.p, text.len);
		/* Falco's formats do not have %%. */
		d->rule.format = strstr(d->output.p, "%%") ? NULL :
			format_compile(d->rule.output, text.len, a);
		ok = d->rule.format;
		if (!ok && (d->skip_unknown || !fail_places(r, d, a)))
			fail(r, d, err_text());
	}
	if (!ok)
		d->rule.output = NULL;
	buf_release(&text);
	return ok;
}
