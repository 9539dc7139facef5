/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/list.h"

#include <stdio.h>
#include <string.h>

#include "capture/base/buf.h"
#include "capture/base/quote.h"
#include "replay/field/field.h"

/* A JSON object under construction: text pairs and arrays of texts. */
static void pair(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "%s\"%s\":\"", b->len > 1 ? "," : "", key);
	quote_json(b, value, strlen(value));
	buf_byte(b, '"');
}

static void flag(struct buf *b, const char *key, bool value)
{
	buf_printf(b, "%s\"%s\":%s", b->len > 1 ? "," : "", key, value ? "true" : "false");
}

static void begin(struct buf *b)
{
	buf_reset(b);
	buf_byte(b, '{');
}

static void end(struct buf *b)
{
	buf_str(b, "}\n");
	fwrite(b->p, 1, b->len, stdout);
}

/* For programs all of it, with the fields that lists for people leave out. */
static void field_json(const struct field_desc *f, struct buf *b)
{
	static const char *const prints[] = {
		[PRINT_PLAIN] = "plain", [PRINT_HEX] = "hex", [PRINT_OCT] = "octal",
		[PRINT_PADDED9] = "padded9", [PRINT_ID] = "id", [PRINT_TIME] = "time",
	};

	begin(b);
	pair(b, "name", f->name);
	pair(b, "class", f->class);
	pair(b, "type", f->falco_type);
	pair(b, "print", prints[f->print]);
	pair(b, "argument", field_argument(f));
	flag(b, "list", f->flags & FIELD_LIST);
	flag(b, "condition_only", f->flags & FIELD_FILTER_ONLY);
	flag(b, "output_only", f->flags & FIELD_PRINT_ONLY);
	flag(b, "transformers", !(f->flags & FIELD_NO_TRANSFORM));
	flag(b, "right_side", !(f->flags & FIELD_NO_RHS));
	flag(b, "hidden", f->flags & FIELD_HIDDEN);
	flag(b, "deprecated", f->flags & FIELD_DEPRECATED);
	pair(b, "help", f->help);
	end(b);
}

void list_fields(bool json)
{
	const char *class = "";
	struct buf b = {0};

	for (unsigned i = 0; i < n_fields; i++) {
		const struct field_desc *f = &fields[i];
		char name[64];

		if (json)
			field_json(f, &b);
		if (json || f->flags & FIELD_HIDDEN)
			continue;
		if (strcmp(class, f->class) != 0)
			printf("%s%s\n", *class ? "\n" : "", f->class);
		class = f->class;
		snprintf(name, sizeof(name), "%s%s", f->name, field_argument(f));
		printf("  %-34s %-10s %s%s\n", name, f->falco_type, f->help,
		       f->flags & FIELD_DEPRECATED ? " (deprecated)" : "");
	}
	buf_release(&b);
}

static void event_json(const struct event_desc *d, struct buf *b)
{
	begin(b);
	pair(b, "name", d->name);
	pair(b, "category", category_name[d->category]);
	buf_str(b, ",\"params\":[");
	for (unsigned i = 0; i < d->n_params; i++)
		buf_printf(b, "%s\"%s\"", i ? "," : "", d->params[i].name);
	buf_byte(b, ']');
	end(b);
}

static void event_text(const struct event_desc *d)
{
	printf("%-22s", d->name);
	for (unsigned i = 0; i < d->n_params; i++)
		printf("%s%s", i ? ", " : " ", d->params[i].name);
	putchar('\n');
}

void list_events(bool json)
{
	struct event_desc generic = { .category = EC_OTHER };
	struct buf b = {0};

	for (unsigned i = EV_UNKNOWN + 1; i < EV__N; i++) {
		if (i == EV_GENERIC || catalog[i].flags & EF_PSEUDO)
			continue;
		if (json)
			event_json(&catalog[i], &b);
		else
			event_text(&catalog[i]);
	}
	for (unsigned i = 0; i < n_syscalls; i++) {
		if (syscalls[i].event != EV_GENERIC)
			continue;
		generic.name = syscalls[i].name;
		if (json)
			event_json(&generic, &b);
		else
			event_text(&generic);
	}
	buf_release(&b);
}

static void rule_json(const struct rule *r, struct buf *b)
{
	begin(b);
	pair(b, "rule", r->name);
	pair(b, "priority", priority_name[r->priority]);
	flag(b, "enabled", r->enabled);
	pair(b, "source", r->source);
	buf_str(b, ",\"tags\":[");
	for (unsigned i = 0; i < r->n_tags; i++) {
		buf_str(b, i ? ",\"" : "\"");
		quote_json(b, r->tags[i], strlen(r->tags[i]));
		buf_byte(b, '"');
	}
	buf_byte(b, ']');
	pair(b, "desc", r->desc);
	pair(b, "output", r->output);
	end(b);
}

static void rule_text(const struct rule *r, struct buf *b)
{
	buf_reset(b);
	buf_printf(b, "%-4s%-14s", r->enabled ? "on" : "off", priority_name[r->priority]);
	quote_terminal_buf(b, r->name, strlen(r->name));
	for (unsigned i = 0; i < r->n_tags; i++) {
		buf_str(b, i ? " " : "  # ");
		quote_terminal_buf(b, r->tags[i], strlen(r->tags[i]));
	}
	buf_byte(b, '\n');
	fwrite(b->p, 1, b->len, stdout);
}

void list_rules(const struct ruleset *rules, bool json)
{
	struct buf b = {0};

	for (size_t i = 0; i < ruleset_count(rules); i++)
		if (json)
			rule_json(ruleset_rule(rules, i), &b);
		else
			rule_text(ruleset_rule(rules, i), &b);
	buf_release(&b);
}
