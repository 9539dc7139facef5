/* SPDX-License-Identifier: Apache-2.0 */
/* Files of Sigma rules, and the report. */
#include "rules/set/sigma.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/base/err.h"
#include "capture/base/quote.h"
#include "rules/set/sigma_rule.h"

enum {
	FILE_MAX = 2 << 20,	/* a rule is a few kilobytes */
	FILES_DEEP = 16,
	OUT_MAX = 24 << 20,	/* what rule files may have, and some room */
};

static const char *const kind_name[SIGMA__N] = {
	[SIGMA_REFUSED] = "refused", [SIGMA_APPROXIMATE] = "approximate",
	[SIGMA_SKIPPED] = "skipped",
};

/* ---- reading ---- */

static int read_all(const char *path, FILE *in, struct buf *text)
{
	size_t n;

	do {
		n = fread(buf_room(text, 1 << 16), 1, 1 << 16, in);
		text->len += n;
	} while (n && text->len <= FILE_MAX);
	return ferror(in) ? err_sys("%s", path) : 0;
}

static void convert_text(struct sigma *s, const char *path, struct buf *text)
{
	struct arena yaml = {0}, scratch = {0};
	struct yaml_file f = { .name = path, .text = buf_text(text), .len = text->len };
	struct sigma_rule r = { .file = path };
	struct yaml at = {0};
	const bool ok = text->len <= FILE_MAX && yaml_load(&f, &yaml);

	for (size_t i = 0; ok && i < f.n_docs; i++) {
		if (s->out.len > OUT_MAX) {
			sigma_say(s, SIGMA_REFUSED, &r, f.docs[i],
				  "too many rules for one file");
			s->n_refused += f.n_docs - i;
			break;
		}
		sigma_convert(s, path, f.docs[i], &scratch);
		arena_reset(&scratch);
	}
	if (!ok) {
		at.line = f.error_line;
		at.column = f.error_column;
		sigma_say(s, SIGMA_REFUSED, &r, f.error[0] ? &at : NULL, "%s", f.error[0] ?
			  f.error : "a file of Sigma rules is not larger than 2 MiB");
		s->n_refused++;
	}
	arena_release(&scratch);
	arena_release(&yaml);
}

static int load_file(struct sigma *s, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct buf text = {0};
	int e;

	if (!in)
		return err_sys("%s", path);
	e = read_all(path, in, &text);
	if (in != stdin)
		fclose(in);
	if (e == 0) {
		s->n_files++;
		convert_text(s, path, &text);
	}
	buf_release(&text);
	return e;
}

static int is_wanted(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	if (d->d_name[0] == '.')
		return 0;
	return d->d_type == DT_DIR || d->d_type == DT_UNKNOWN ||
	       (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_path(struct sigma *s, const char *path, unsigned depth);

static int load_dir(struct sigma *s, const char *path, unsigned depth)
{
	struct dirent **names = NULL;
	const int n = depth < FILES_DEEP ? scandir(path, &names, is_wanted, by_name) : -1;
	int e = 0;

	if (n < 0)
		return depth < FILES_DEEP ? err_sys("%s", path) :
		       err(ERR_LIMIT, "%s: directories are nested too deeply", path);
	for (int i = 0; i < n; i++) {
		struct buf b = {0};

		buf_printf(&b, "%s/%s", path, names[i]->d_name);
		if (e == 0)
			e = load_path(s, buf_text(&b), depth + 1);
		buf_release(&b);
		free(names[i]);
	}
	free(names);
	return e;
}

static int load_path(struct sigma *s, const char *path, unsigned depth)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? load_dir(s, path, depth) :
							      load_file(s, path);
}

int sigma_load(struct sigma *s, const char *path)
{
	if (s->out.len == 0)
		buf_str(&s->out, "# Made from Sigma rules by saker convert-rules.\n\n"
			"- required_engine_version: 0.43.0\n");
	return load_path(s, path, 0);
}

int sigma_finish(struct sigma *s)
{
	const struct ruleset_options options = { .least = PRIORITY_DEBUG,
						 .no_suggested_output = true };
	struct ruleset *rs = ruleset_new(&options);
	int e = ruleset_load_text(rs, "rules", buf_text(&s->out), s->out.len);

	if (e >= 0)
		e = ruleset_finish(rs);
	ruleset_free(rs);
	return e < 0 ? err_at("what was made does not load") : 0;
}

/* ---- the report ---- */

void sigma_report_text(const struct sigma *s, struct buf *out)
{
	struct buf line = {0};

	for (size_t i = 0; i < s->n_said; i++) {
		const struct sigma_said *d = &s->said[i];

		buf_reset(&line);
		buf_str(&line, d->file);
		if (d->line)
			buf_printf(&line, ":%u:%u", d->line, d->column);
		buf_printf(&line, ": %s: ", kind_name[d->kind]);
		if (*d->rule)
			buf_printf(&line, "'%s': ", d->rule);
		buf_str(&line, d->text);
		quote_terminal_buf(out, line.p, line.len);
		buf_byte(out, '\n');
	}
	buf_release(&line);
}

static void put_member(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, value, strlen(value));
	buf_byte(out, '"');
}

void sigma_report_json(const struct sigma *s, struct buf *out)
{
	buf_printf(out,
		   "{\"files\":%zu,\"converted\":%zu,\"refused\":%zu,\"skipped\":%zu,\"said\":[",
		   s->n_files, s->n_written, s->n_refused, s->n_skipped);
	for (size_t i = 0; i < s->n_said; i++) {
		const struct sigma_said *d = &s->said[i];

		buf_str(out, i ? ",{" : "{");
		put_member(out, "kind", kind_name[d->kind]);
		buf_byte(out, ',');
		put_member(out, "file", d->file);
		buf_printf(out, ",\"line\":%u,\"column\":%u,", d->line, d->column);
		put_member(out, "rule", d->rule);
		buf_byte(out, ',');
		put_member(out, "reason", d->text);
		buf_byte(out, '}');
	}
	buf_str(out, "]}\n");
}

void sigma_release(struct sigma *s)
{
	if (s->has_names)
		intern_release(&s->names);
	buf_release(&s->out);
	free(s->said);
	free(s->known);
	arena_release(&s->arena);
}
