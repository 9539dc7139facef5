/* SPDX-License-Identifier: Apache-2.0 */
/* gen TABLE: prints a table of the project as mdoc, for the manual pages. */
#include <stdio.h>
#include <string.h>

#include "analyze/browse/front/keys.h"
#include "analyze/browse/model/view.h"
#include "capture/base/catalog.h"
#include "capture/base/err.h"
#include "replay/field/field.h"
#include "rules/set/lint.h"

/* Text in a running line: a leading dot or quote would be a macro. */
static void text(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s; s++)
		if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
}

/* An argument of a macro: quoted, so that words of mdoc stay text. */
static void word(const char *s)
{
	putchar('"');
	for (; *s; s++)
		fputs(*s == '"' ? "\\(dq" : *s == '\\' ? "\\e" : (char[]){ *s, 0 }, stdout);
	putchar('"');
}

static const char *const type_names[PT__N] = {
	[PT_INT8] = "int8", [PT_INT16] = "int16", [PT_INT32] = "int32", [PT_INT64] = "int64",
	[PT_UINT8] = "uint8", [PT_UINT16] = "uint16", [PT_UINT32] = "uint32",
	[PT_UINT64] = "uint64", [PT_FD] = "descriptor", [PT_PID] = "pid",
	[PT_ERRNO] = "result", [PT_UID] = "uid", [PT_GID] = "gid", [PT_FLAGS8] = "flags",
	[PT_FLAGS16] = "flags", [PT_FLAGS32] = "flags", [PT_ENUMFLAGS8] = "one of",
	[PT_ENUMFLAGS16] = "one of", [PT_ENUMFLAGS32] = "one of", [PT_MODE] = "mode",
	[PT_SYSCALLID] = "system call", [PT_SIGTYPE] = "signal", [PT_SIGSET] = "signal set",
	[PT_RELTIME] = "duration, ns", [PT_ABSTIME] = "time, ns", [PT_BOOL] = "bool",
	[PT_CHARBUF] = "text", [PT_PATH] = "path", [PT_RELPATH] = "path", [PT_BYTEBUF] = "bytes",
	[PT_CHARBUFARRAY] = "list of text", [PT_CHARBUF_PAIR_ARRAY] = "list of pairs",
	[PT_SOCKADDR] = "address", [PT_SOCKTUPLE] = "connection", [PT_FDLIST] = "descriptors",
	[PT_DYN] = "depends",
};

static void events(bool pseudo)
{
	for (unsigned i = 1; i < EV__N; i++) {
		const struct event_desc *d = &catalog[i];

		if (!!(d->flags & EF_PSEUDO) != pseudo)
			continue;
		fputs(".Ss ", stdout);
		text(d->name);
		printf("\nCategory %s.\n.Bl -column -compact \"xxxxxxxxxxxxxxxx\" \"x\"\n",
		       category_name[d->category]);
		for (unsigned k = 0; k < d->n_params; k++) {
			fputs(".It ", stdout);
			word(d->params[k].name);
			fputs(" Ta ", stdout);
			printf("\"%s", type_names[d->params[k].type]);
			if (d->params[k].flags != FT_none)
				printf(" of %s", flags_tables[d->params[k].flags].name);
			puts("\"");
		}
		puts(".El");
	}
}

static void flags(void)
{
	for (unsigned t = 1; t < FT__N; t++) {
		fputs(".Ss ", stdout);
		text(flags_tables[t].name);
		putchar('\n');
		for (unsigned i = 0; i < flags_tables[t].n; i++) {
			text(flags_tables[t].flags[i].name);
			puts(i + 1 < flags_tables[t].n ? "," : ".");
		}
	}
}

static void field_table(void)
{
	const char *class = "";

	for (unsigned i = 0; i < n_fields; i++) {
		const struct field_desc *f = &fields[i];

		if (f->flags & FIELD_HIDDEN)
			continue;
		if (strcmp(class, f->class) != 0) {
			if (*class)
				puts(".El");
			fputs(".Ss ", stdout);
			text(f->class);
			puts("\n.Bl -tag -width Ds");
			class = f->class;
		}
		fputs(".It Va ", stdout);
		word(f->name);
		if (f->arg != ARG_NONE)
			printf(" Ns Li %s", field_argument(f));
		printf(" Pq %s%s%s\n", f->falco_type, f->flags & FIELD_LIST ? " list" : "",
		       f->flags & FIELD_OWN ? ", not in Falco" : "");
		text(f->help);
		putchar('\n');
		if (f->flags & FIELD_DEPRECATED)
			puts("Deprecated.");
		if (f->flags & FIELD_FILTER_ONLY)
			puts("Conditions only.");
		if (f->flags & FIELD_PRINT_ONLY)
			puts("Outputs only.");
	}
	if (*class)
		puts(".El");
}

static void lint_table(void)
{
	for (unsigned i = 0; i < LINT__N; i++) {
		const struct lint_code c = lint_code(i);

		fputs(".It Cm ", stdout);
		word(c.name);
		printf(" Pq %s, %s%s\n", c.number, lint_severity_name[c.severity],
		       c.on ? "" : ", only when asked for");
		text(c.text);
		putchar('\n');
		text(c.help);
		putchar('\n');
	}
}

/* Columns of a view, hidden ones in parentheses. */
static void view_columns(const struct view *v)
{
	for (unsigned k = 0; k < v->n_columns; k++) {
		const struct view_column *c = &v->columns[k];

		printf(".It %s%s%s ", c->hidden ? "(" : "", c->name, c->hidden ? ")" : "");
		printf("Ta %s", gather_name[c->gather]);
		if (c->field)
			printf(" %s", c->field);
		fputs(" Ta ", stdout);
		text(c->help);
		putchar('\n');
	}
}

static void view_rows_table(void)
{
	struct views vs;

	views_init(&vs);
	for (size_t i = 0; i < vs.n; i++) {
		const struct view *v = vs.v[i];

		printf(".Ss %s (%s)\n", v->title, v->id);
		text(v->help);
		putchar('.');
		putchar('\n');
		if (v->n_keys)
			fputs("A row for each", stdout);
		for (unsigned k = 0; k < v->n_keys; k++)
			printf("%s %s", k ? "," : "", v->keys[k]);
		if (*v->filter) {
			fputs(v->n_keys ? "; only events with " : "Events with ", stdout);
			text(v->filter);
		}
		puts(v->n_keys || *v->filter ? "." : "All events.");
		puts(".Bl -column -compact \"CONTAINER NAME\" \"distinct proc.is_exe_writable\"");
		view_columns(v);
		puts(".El");
	}
	views_release(&vs);
}

/* Names for the JSON schema of test files: between the quotes of the first and the last. */
static void names(const char *const *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		printf("%s%s", i ? "\", \"" : "", v[i]);
	putchar('\n');
}

static void event_names(void)
{
	const char *v[EV__N];
	unsigned n = 0;

	for (unsigned i = 1; i < EV__N; i++)
		if (!(catalog[i].flags & EF_PSEUDO))
			v[n++] = catalog[i].name;
	names(v, n);
}

static void operators(void)
{
	static const char *const v[] = {
#define OP(id, text, class, types) text,
#include "rules/lang/ops.def"
#undef OP
	};

	names(v, sizeof(v) / sizeof(v[0]));
}

static void key_table(void)
{
	const char *group = "";

	for (enum action a = 1; a < ACT__N; a++) {
		const struct key_desc k = key_row(a);
		char places[100];

		if (strcmp(k.group, group) != 0) {
			if (*group)
				puts(".El");
			printf(".Ss %s\n.Bl -tag -width \"PgDn C-f Space\"\n", group = k.group);
		}
		fputs(".It Cm \"\\&", stdout);	/* keys may be what mdoc takes for an end */
		for (const char *s = k.keys; *s; s++)
			fputs(*s == ' ' ? " \\&" : (char[]){ *s, 0 }, stdout);
		puts("\"");
		text(k.help);
		key_places(k.where, places, sizeof(places));
		printf(*places ? "\n.Pq %s\n" : "\n", places);
	}
	puts(".El");
}

static void view_table(void)
{
	struct views vs;

	views_init(&vs);
	for (size_t i = 0; i < vs.n; i++) {
		fputs(".It Cm ", stdout);
		word(vs.v[i]->id);
		fputs(" Pq ", stdout);
		word(vs.v[i]->title);
		putchar('\n');
		text(vs.v[i]->help);
		puts(":");
		for (unsigned k = 0; k < vs.v[i]->n_columns; k++) {
			fputs(vs.v[i]->columns[k].name, stdout);
			puts(k + 1 < vs.v[i]->n_columns ? "," : ".");
		}
	}
	views_release(&vs);
}

int main(int argc, char **argv)
{
	const char *table = argc > 1 ? argv[1] : "";

	if (strcmp(table, "events") == 0)
		events(false);
	else if (strcmp(table, "view_columns") == 0)
		view_rows_table();
	else if (strcmp(table, "pseudo") == 0)
		events(true);
	else if (strcmp(table, "flags") == 0)
		flags();
	else if (strcmp(table, "fields") == 0)
		field_table();
	else if (strcmp(table, "lint") == 0)
		lint_table();
	else if (strcmp(table, "event-names") == 0)
		event_names();
	else if (strcmp(table, "operators") == 0)
		operators();
	else if (strcmp(table, "keys") == 0)
		key_table();
	else if (strcmp(table, "views") == 0)
		view_table();
	else {
		warn("gen: there is no table '%s'", table);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
