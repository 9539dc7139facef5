/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/base/err.h"
#include "rules/lang/events.h"
#include "rules/lang/format.h"
#include "rules/set/items.h"

struct ruleset *ruleset_new(const struct ruleset_options *o)
{
	struct ruleset *rs = xcalloc(1, sizeof(*rs));

	lang_formats(o->strict);
	rs->options = *o;
	intern_init(&rs->list_names, &rs->arena);
	intern_init(&rs->macro_names, &rs->arena);
	intern_init(&rs->rule_names, &rs->arena);
	intern_init(&rs->failed_rules, &rs->arena);
	return rs;
}

static void release_rule(struct rule_def *d)
{
	joined_release(&d->cond);
	joined_release(&d->desc);
	joined_release(&d->output);
	joined_release(&d->whole);
	free(d->exceptions);
	correlate_release(d->correlate);
	free(d->tags);
}

static void release_items(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->n_lists; i++) {
		free(rs->lists[i]->items);
		free(rs->lists[i]->items_at);
	}
	for (size_t i = 0; i < rs->n_macros; i++)
		joined_release(&rs->macros[i]->cond);
	for (size_t i = 0; i < rs->n_rules; i++)
		release_rule(rs->rules[i]);
	for (size_t i = 0; i < rs->n_refused; i++)
		release_rule(rs->refused[i]);
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	release_items(rs);
	watch_release(&rs->watches);
	if (rs->has_engine)
		engine_release(&rs->engine);
	intern_release(&rs->list_names);
	intern_release(&rs->macro_names);
	intern_release(&rs->rule_names);
	intern_release(&rs->failed_rules);
	free(rs->lists);
	free(rs->macros);
	free(rs->rules);
	free(rs->refused);
	free(rs->by_engine);
	free(rs->messages.v);
	free(rs->files);
	free(rs->yamls);
	arena_release(&rs->code_arena);
	arena_release(&rs->again_arena);
	arena_release(&rs->arena);
	free(rs);
}

/* ---- loading ---- */

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

/* ---- selection ---- */

bool name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool selected(const struct rule_def *d, enum select_by by, const char *what)
{
	if (by == SELECT_NAME)
		return name_matches(what, d->rule.name);
	for (size_t i = 0; i < d->n_tags; i++)
		if (strcmp(d->tags[i], what) == 0)
			return true;
	return false;
}

size_t ruleset_select(struct ruleset *rs, bool enable, enum select_by by, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->n_rules; i++)
		if (selected(rs->rules[i], by, what)) {
			rs->rules[i]->rule.enabled = enable;
			n++;
		}
	rs->finished = false;
	return n;
}

/* ---- compiling ---- */

static bool is_on(const struct ruleset *rs, const struct rule_def *d)
{
	return d->rule.enabled && d->rule.priority <= rs->options.least;
}

int ruleset_finish(struct ruleset *rs)
{
	const size_t n = rs->engine.n_roots;
	bool *enabled = xcalloc(n + 1, sizeof(*enabled));

	if (!rs->has_engine) {
		engine_init(&rs->engine, &rs->code_arena, rs->options.strict);
		rs->has_engine = true;
	}
	free(rs->by_engine);
	rs->by_engine = xcalloc(n + 1, sizeof(struct rule_def *));
	for (size_t i = 0; i < rs->n_rules; i++) {
		struct rule_def *d = rs->rules[i];

		d->rule.desc = d->desc.p;
		d->rule.tags = d->tags;
		d->rule.n_tags = (uint32_t)d->n_tags;
		if (d->engine_id == UINT32_MAX || d->dropped || d->engine_id >= n)
			continue;
		rs->by_engine[d->engine_id] = d;
		enabled[d->engine_id] = is_on(rs, d) && !d->correlate;
	}
	engine_finish(&rs->engine, enabled);
	free(enabled);
	if (!watch_compile(rs, is_on))
		return err(ERR_LIMIT,
			   "the conditions of correlate blocks are too many or too large");
	engine_types(&rs->engine, &rs->events);
	event_set_union(&rs->events, &rs->watches.events);
	/* Old captures number what they say of containers; rules never see it. */
	for (unsigned i = 0; i < EV__N; i++)
		if (catalog[i].flags & EF_PSEUDO)
			rs->events.bits[i / 64] &= ~(UINT64_C(1) << i % 64);
	rs->finished = true;
	return 0;
}

/* ---- questions ---- */

bool ruleset_is_on(const struct ruleset *rs, const struct rule *r)
{
	return is_on(rs, rs->rules[r->id]);
}

const struct engine *ruleset_engine(const struct ruleset *rs)
{
	return &rs->engine;
}

const char *const *ruleset_files(const struct ruleset *rs, size_t *n)
{
	*n = rs->n_files;
	return rs->files;
}

const struct messages *ruleset_messages(const struct ruleset *rs)
{
	return &rs->messages;
}

size_t ruleset_count(const struct ruleset *rs)
{
	return rs->n_rules;
}

const struct rule *ruleset_rule(const struct ruleset *rs, size_t i)
{
	return &rs->rules[i]->rule;
}

const struct rule *ruleset_find(const struct ruleset *rs, const char *name)
{
	const uint32_t i = intern_find(&rs->rule_names, name, strlen(name));

	return i == INTERN_NONE ? NULL : &rs->rules[i]->rule;
}

void ruleset_print_condition(const struct ruleset *rs, const struct rule *r, struct buf *out)
{
	const struct rule_def *d = rs->rules[r->id];

	if (d->ast && !d->dropped)
		ast_print(out, d->ast, 1 << 20);
}

void ruleset_dump(const struct ruleset *rs, const struct rule *r, enum dump_stage stage,
		  struct buf *out)
{
	const struct rule_def *d = rs->rules[r->id];

	if (!d->ast || d->dropped)
		return;
	switch (stage) {
	case DUMP_TOKENS:
		ast_dump_tokens(out, &d->text.text);
		break;
	case DUMP_AST:
		ast_dump(out, d->ast);
		break;
	case DUMP_EXPANDED:
		ast_print(out, d->ast, 1 << 20);
		buf_byte(out, '\n');
		break;
	case DUMP_FOLDED:
		engine_dump_node(&rs->engine, d->root, out);
		break;
	case DUMP_EVENTS:
		events_dump(out, &d->rule.events);
		break;
	case DUMP_CODE:
		break;
	}
}

void ruleset_dump_code(const struct ruleset *rs, struct buf *out)
{
	for (size_t i = 0; i < rs->engine.n_roots; i++)
		if (rs->by_engine[i])
			buf_printf(out, "r%zu %s\n", i, rs->by_engine[i]->rule.name);
	engine_dump_preds(&rs->engine, out);
	engine_dump_code(&rs->engine, out);
}

const struct event_set *ruleset_events(const struct ruleset *rs)
{
	return &rs->events;
}

bool ruleset_needs_bulk(const struct ruleset *rs)
{
	return engine_needs_bulk(&rs->engine) || rs->watches.bulk;
}

/* ---- matching ---- */

struct ruleset_matcher {
	const struct ruleset *rs;
	struct matcher m, parts;	/* of rules; of parts of correlations */
	uint32_t *ids;			/* room for all rules */
};

struct ruleset_matcher *ruleset_matcher_new(const struct ruleset *rs)
{
	struct ruleset_matcher *m = xcalloc(1, sizeof(*m));

	m->rs = rs;
	m->ids = xcalloc(rs->engine.n_roots + 1, sizeof(*m->ids));
	matcher_init(&m->m, &rs->engine);
	if (rs->watches.has_engine)
		matcher_init(&m->parts, &rs->watches.engine);
	return m;
}

void ruleset_matcher_free(struct ruleset_matcher *m)
{
	if (!m)
		return;
	matcher_release(&m->m);
	matcher_release(&m->parts);
	free(m->ids);
	free(m);
}

unsigned ruleset_match(struct ruleset_matcher *m, const struct field_ctx *ctx,
		       const struct rule **out, unsigned max)
{
	const struct engine *e = &m->rs->engine;
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	uint32_t one, *ids = max == 1 ? &one : m->ids;
	unsigned n;

	if (e->first[type] == e->first[type + 1])
		return 0;
	matcher_begin(&m->m, ctx);
	/* all, not max: copies of a rule are found together, and out of order */
	n = matcher_match(&m->m, type, ids, max == 1 ? 1 : (unsigned)e->n_roots);
	if (n > max)
		n = max;
	for (unsigned i = 0; i < n; i++)
		out[i] = &m->rs->by_engine[ids[i]]->rule;
	return n;
}

unsigned ruleset_match_parts(struct ruleset_matcher *m, const struct field_ctx *ctx,
			     struct correlate_hit out[CORRELATE_HITS_MAX])
{
	return m->rs->watches.n ? watch_match(&m->rs->watches, &m->parts, ctx, out) : 0;
}

unsigned ruleset_match_profiled(struct ruleset_matcher *m, struct ruleset_profile *p,
				const struct field_ctx *ctx, const struct rule **out, unsigned max)
{
	const struct engine *e = &m->rs->engine;
	const unsigned type = ctx->ev->type < EV__N ? ctx->ev->type : EV_UNKNOWN;
	unsigned n;

	if (e->first[type] == e->first[type + 1])
		return 0;
	matcher_begin(&m->m, ctx);
	n = profile_match(&p->p, &m->m, type, m->ids,
			  max < e->n_roots ? max : (unsigned)e->n_roots);
	for (unsigned i = 0; i < n; i++)
		out[i] = &m->rs->by_engine[m->ids[i]]->rule;
	return n;
}

struct matcher *ruleset_matcher_begin(struct ruleset_matcher *m, const struct field_ctx *ctx)
{
	matcher_begin(&m->m, ctx);
	return &m->m;
}

struct ruleset_work ruleset_matcher_work(const struct ruleset_matcher *m)
{
	return (struct ruleset_work){
		.events = m->m.n_events, .preds = m->m.n_preds, .slots = m->m.n_slots,
	};
}
