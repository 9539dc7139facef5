/* SPDX-License-Identifier: Apache-2.0 */
/* Comments that hide findings: "# saker-lint: ignore=CODE,CODE", or "ignore" for all codes.
 * Above an item it is for the item, above another line or at the end of one for that line. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/set/lint_parts.h"

struct hidden {
	uint32_t first, last;		/* lines, from 1 */
	bool all;
	bool codes[LINT__ALL];
};

struct hides {
	struct hidden *v;
	size_t n, cap;
};

enum { COMMENTS_MAX = 1024 };

/* The last line of the item that begins at the line; the line itself if none does. */
static uint32_t end_of(const struct yaml_file *f, uint32_t line)
{
	for (size_t d = 0; d < f->n_docs; d++)
		for (uint32_t i = 0; f->docs[d]->kind == YAML_SEQUENCE && i < f->docs[d]->n; i++) {
			if (f->docs[d]->kids[i]->line + 1 != line)
				continue;
			if (i + 1 < f->docs[d]->n)
				return f->docs[d]->kids[i + 1]->line;
			return d + 1 < f->n_docs ? f->docs[d + 1]->line : UINT32_MAX;
		}
	return line;
}

/* The codes behind "ignore"; false: no such comment. */
static bool parse(struct linter *t, const char *p, const char *end, struct hidden *h,
		  struct place at)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (end - p < 6 || memcmp(p, "ignore", 6) != 0)
		return false;
	p += 6;
	h->all = p == end || *p != '=';
	if (h->all)
		return true;
	for (p++; p < end;) {
		const char *word = p;
		char name[64];
		bool found = false;

		while (p < end && (isalnum((unsigned char)*p) || *p == '-' || *p == '_'))
			p++;
		snprintf(name, sizeof(name), "%.*s", (int)(p - word < 63 ? p - word : 63), word);
		for (unsigned i = 0; i < LINT__ALL; i++) {
			const struct lint_code c = lint_code(i);

			if (strcasecmp(name, c.name) == 0 ||
			    (*c.number && strcasecmp(name, c.number) == 0))
				found = h->codes[i] = true;
		}
		if (!found)
			lint_say(t, LINT_UNKNOWN_IGNORE, at, "there is no code '%s'", name);
		while (p < end && isspace((unsigned char)*p))
			p++;
		if (p >= end || *p != ',')
			break;
		for (p++; p < end && isspace((unsigned char)*p);)
			p++;
	}
	return true;
}

static bool is_alone(const char *line, const char *hash)
{
	while (line < hash && isspace((unsigned char)*line))
		line++;
	return line == hash;
}

/* The next line that is neither blank nor a comment, and where it begins. */
static uint32_t next_line(const char *p, const char *end, uint32_t line, const char **at)
{
	for (; p < end; line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		*at = p;
		while (p < end && *p != '\n' && isspace((unsigned char)*p))
			p++;
		if (p < end && *p != '\n' && *p != '#')
			return line;
		p = stop ? stop + 1 : end;
	}
	return line;
}

static void collect(struct linter *t, const struct yaml_file *f, struct hides *all)
{
	static const char mark[] = "saker-lint:";
	const char *end = f->text + f->len, *p = f->text, *counted = f->text;
	const char *target = f->text;		/* of the comments just above it */
	uint32_t line = 1, target_line = 0;

	while (all->n < COMMENTS_MAX &&
	       (p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1))) {
		const char *start = p, *stop = memchr(p, '\n', (size_t)(end - p));
		const char *hash = p;
		struct hidden h = {0};

		stop = stop ? stop : end;
		for (; counted < p; counted++)
			line += *counted == '\n';
		while (start > f->text && start[-1] != '\n')
			start--;
		while (hash > start && *hash != '#')
			hash--;
		p += sizeof(mark) - 1;
		const struct yaml node = { .line = line - 1, .column = (uint32_t)(hash - start) };
		if (*hash != '#' || !parse(t, p, stop, &h, (struct place){ f, &node }))
			continue;
		if (is_alone(start, hash) && p > target)
			target_line = next_line(*stop ? stop + 1 : stop, end, line + 1, &target);
		h.first = is_alone(start, hash) ? target_line : line;
		h.last = is_alone(start, hash) ? end_of(f, h.first) : line;
		all->v = mem_grow(all->v, &all->cap, all->n + 1, sizeof(*all->v));
		all->v[all->n++] = h;
	}
}

static bool is_hidden(const struct hides *all, const struct finding *f)
{
	if (f->code >= LINT__N && lint_code(f->code).severity == LINT_ERROR)
		return false;	/* the set does not load */
	for (size_t i = 0; i < all->n; i++)
		if (f->line >= all->v[i].first && f->line <= all->v[i].last &&
		    (all->v[i].all || all->v[i].codes[f->code]))
			return true;
	return false;
}

static void apply(struct lint *l, const struct yaml_file *f, const struct hides *all)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].file, f->name) == 0 && is_hidden(all, &l->v[i]))
			l->n_ignored++;
		else
			l->v[n++] = l->v[i];
	}
	l->n = n;
}

void lint_ignores(struct linter *t)
{
	lint_item(t, NULL, NULL);
	for (size_t i = 0; i < t->rs->n_yamls; i++) {
		struct hides all = {0};

		collect(t, t->rs->yamls[i], &all);
		if (all.n)
			apply(t->out, t->rs->yamls[i], &all);
		free(all.v);
	}
}
