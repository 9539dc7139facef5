/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files, and directories of them, into a set. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/base/err.h"
#include "rules/set/items.h"

static int fail_yaml(struct reader *r, const struct yaml_file *f)
{
	struct yaml at = { .line = f->error_line, .column = f->error_column, .off = f->error_off };

	reader_enter(r, "rules content", "", NULL);
	reader_enter(r, "value for", "", &at);
	reader_say(r, LOAD_ERR_YAML_PARSE, "%s", f->error);
	r->n = 0;
	return -1;
}

/* The first error of this load becomes err_text. */
static int first_error(const struct ruleset *rs, size_t from)
{
	struct buf b = {0};
	int code = err(ERR_RULE, "too many errors");

	for (size_t i = from; i < rs->messages.n; i++)
		if (load_codes[rs->messages.v[i].code].severity == SEVERITY_ERROR) {
			message_text(&b, &rs->messages.v[i]);
			if (b.len && b.p[b.len - 1] == '\n')
				b.len--;
			code = err(ERR_RULE, "%s", buf_text(&b));
			break;
		}
	buf_release(&b);
	return code;
}

static const char *add_file(struct ruleset *rs, const char *name)
{
	rs->files = mem_grow(rs->files, &rs->files_cap, rs->n_files + 1, sizeof(*rs->files));
	return rs->files[rs->n_files++] = arena_str(&rs->arena, name);
}

static int load(struct ruleset *rs, const char *name, const char *text, size_t len)
{
	struct yaml_file *f = arena_zalloc(&rs->arena, sizeof(*f));
	struct reader r = { .rs = rs, .file = f };
	const size_t errors = rs->messages.n_errors, from = rs->messages.n;
	bool ok;

	f->name = add_file(rs, name);
	f->text = text;
	f->len = len;
	ok = yaml_load(f, &rs->arena);
	rs->yamls = mem_grow(rs->yamls, &rs->yamls_cap, rs->n_yamls + 1, sizeof(*rs->yamls));
	rs->yamls[rs->n_yamls++] = f;
	if (ok) {
		/* What could be read is compiled, so that all mistakes are told at once. */
		const bool read = read_file(&r);

		ok = ruleset_build(&r) && read;
	} else {
		fail_yaml(&r, f);
	}
	if (!ok)
		ruleset_forget(rs);
	rs->finished = false;
	return ok && rs->messages.n_errors == errors ? 0 : first_error(rs, from);
}

int ruleset_load_text(struct ruleset *rs, const char *name, const char *text, size_t len)
{
	/* What is too large is refused before anything is looked at. */
	if (len <= YAML_BYTES_MAX)
		text = arena_strn(&rs->arena, text, len);
	return load(rs, name, text, len);
}

int ruleset_load_again(struct ruleset *rs, const struct ruleset *from)
{
	int rc = 0;

	for (size_t i = 0; i < from->n_yamls && rc == 0; i++) {
		const struct yaml_file *f = from->yamls[i];

		rc = ruleset_load_text(rs, f->name, f->text, f->len);
	}
	return rc;
}

/* Files are read with a bound, whatever they are: a pipe may have no end. */
static char *read_all(struct ruleset *rs, const char *path, FILE *in, size_t *len)
{
	struct buf b = {0};
	char *text = NULL;
	size_t n;

	do {
		n = fread(buf_room(&b, 1 << 16), 1, 1 << 16, in);
		b.len += n;
	} while (n && b.len <= YAML_BYTES_MAX);
	if (ferror(in)) {
		err_sys("%s", path);
	} else {
		text = arena_strn(&rs->arena, b.p, b.len);
		*len = b.len;
	}
	buf_release(&b);
	return text;
}

static int fail_read(struct ruleset *rs, const char *path)
{
	const struct yaml_file f = { .name = add_file(rs, path), .text = "" };
	struct reader r = { .rs = rs, .file = &f };

	reader_say(&r, LOAD_ERR_FILE_READ, "%s", err_text());
	return err(ERR_SYSTEM, "%s", rs->messages.v[rs->messages.n - 1].text);
}

static int load_file(struct ruleset *rs, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t len = 0;
	char *text = NULL;

	if (!in)
		err_sys("%s", path);
	else
		text = read_all(rs, path, in, &len);
	if (in && in != stdin)
		fclose(in);
	return text ? load(rs, path, text, len) : fail_read(rs, path);
}

static bool ends(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

bool ruleset_takes(const char *name)
{
	return name[0] != '.' && (ends(name, ".yaml") || ends(name, ".yml")) &&
	       !ends(name, ".test.yaml") && !ends(name, ".test.yml");
}

static int is_rules(const struct dirent *d)
{
	return ruleset_takes(d->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_dir(struct ruleset *rs, const char *path)
{
	struct dirent **names = NULL;
	const int n = scandir(path, &names, is_rules, by_name);
	int r = 0, one;

	if (n < 0) {
		err_sys("%s", path);
		return fail_read(rs, path);
	}
	for (int i = 0; i < n; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0)
			abort();
		one = load_file(rs, file);
		r = r < 0 ? r : one;
		free(file);
		free(names[i]);
	}
	free(names);
	return r;
}

int ruleset_load_path(struct ruleset *rs, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? load_dir(rs, path) :
							      load_file(rs, path);
}
