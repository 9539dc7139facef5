/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/report/lint_print.h"

#include <ctype.h>
#include <string.h>

#include "capture/base/quote.h"

static void member(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, value, strlen(value));
	buf_byte(out, '"');
}

/* ---- text ---- */

static void paint(struct buf *out, bool color, const char *how)
{
	if (color)
		buf_printf(out, "\033[%sm", how);
}

static void safe(struct buf *out, const char *text)
{
	quote_terminal_buf(out, text, strlen(text));
}

/* Two lines: that of the file and that of the caret. */
static void put_snippet(struct buf *out, const char *text, bool color)
{
	const char *end = strchr(text, '\n');

	if (!end)
		return;
	for (const char *p = text; p < end; p++)
		if (*p == '\t')
			buf_byte(out, '\t');
		else
			quote_terminal_buf(out, p, 1);
	buf_byte(out, '\n');
	paint(out, color, "1;32");
	buf_str(out, end + 1);
	paint(out, color, "0");
	buf_byte(out, '\n');
}

static void put_line(struct buf *out, const char *snippet, bool color)
{
	const char *end = strchr(snippet, '\n');

	if (!*snippet || !end)
		return;
	if (memchr(snippet, '\t', (size_t)(end - snippet))) {
		put_snippet(out, snippet, color);
		return;
	}
	quote_terminal_buf(out, snippet, (size_t)(end - snippet));
	buf_byte(out, '\n');
	paint(out, color, "1;32");
	buf_str(out, end + 1);
	paint(out, color, "0");
	buf_byte(out, '\n');
}

void lint_print_text(struct buf *out, const struct finding *f, bool color)
{
	static const char *const colors[] = { "1;31", "1;35", "1;36" };
	const struct lint_code c = lint_code(f->code);

	safe(out, f->file);
	if (f->line)
		buf_printf(out, ":%u:%u", f->line, f->column);
	buf_str(out, ": ");
	paint(out, color, colors[c.severity]);
	buf_printf(out, "%s:", lint_severity_name[c.severity]);
	paint(out, color, "0");
	buf_byte(out, ' ');
	if (*f->item) {
		safe(out, f->item);
		buf_str(out, ": ");
	}
	safe(out, f->text);
	buf_printf(out, " [%s%s%s]\n", c.name, *c.number ? " " : "", c.number);
	put_line(out, f->snippet, color);
	if (*f->help) {
		buf_str(out, "  help: ");
		safe(out, f->help);
		buf_byte(out, '\n');
	}
}

/* ---- JSON ---- */

static void finding_json(struct buf *out, const struct finding *f)
{
	const struct lint_code c = lint_code(f->code);

	buf_byte(out, '{');
	member(out, "code", c.name);
	buf_byte(out, ',');
	member(out, "number", c.number);
	buf_byte(out, ',');
	member(out, "severity", lint_severity_name[c.severity]);
	buf_byte(out, ',');
	member(out, "file", f->file);
	buf_printf(out, ",\"line\":%u,\"column\":%u,", f->line, f->column);
	member(out, "item", f->item);
	buf_byte(out, ',');
	member(out, "message", f->text);
	buf_byte(out, ',');
	member(out, "help", f->help);
	buf_byte(out, ',');
	member(out, "snippet", f->snippet);
	buf_byte(out, '}');
}

void lint_print_json(struct buf *out, const struct lint *l, const struct lint_counts *c)
{
	buf_str(out, "{\"findings\":[");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		finding_json(out, &l->v[i]);
	}
	buf_printf(out, "],\n\"files\":%zu,\"rules\":%zu,\"errors\":%zu,\"warnings\":%zu,"
		   "\"notes\":%zu,\"ignored\":%zu}\n", c->files, c->rules, c->n[LINT_ERROR],
		   c->n[LINT_WARNING], c->n[LINT_NOTE], l->n_ignored);
}

/* ---- SARIF ---- */

static void rule_sarif(struct buf *out, unsigned code)
{
	const struct lint_code c = lint_code(code);

	buf_byte(out, '{');
	member(out, "id", c.name);
	buf_byte(out, ',');
	member(out, "name", c.name);
	buf_str(out, ",\"shortDescription\":{");
	member(out, "text", c.text);
	buf_str(out, "},\"fullDescription\":{");
	member(out, "text", c.text);
	buf_str(out, "},\"help\":{");
	member(out, "text", *c.help ? c.help : c.text);
	buf_printf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}",
		   lint_severity_name[c.severity]);
	buf_printf(out, ",\"properties\":{\"precision\":\"high\",\"problem.severity\":\"%s\","
		   "\"tags\":[\"falco-rules\"]}}", c.severity == LINT_NOTE ? "recommendation" :
		   lint_severity_name[c.severity]);
}

/* A path as a URI: relative ones stay so, as code scanning wants them. */
static void uri(struct buf *out, const char *path)
{
	if (*path == '/')
		buf_str(out, "file://");
	while (path[0] == '.' && path[1] == '/')
		for (path += 2; *path == '/';)
			path++;
	for (; *path; path++)
		if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
			buf_byte(out, (uint8_t)*path);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
}

static void result_sarif(struct buf *out, const struct finding *f)
{
	const struct lint_code c = lint_code(f->code);
	struct buf text = {0};

	buf_printf(&text, "%s%s%s%s%s", f->item, *f->item ? ": " : "", f->text,
		   *f->help ? "\n" : "", f->help);
	buf_byte(out, '{');
	member(out, "ruleId", c.name);
	buf_printf(out, ",\"ruleIndex\":%u,\"level\":\"%s\",\"message\":{", f->code,
		   lint_severity_name[c.severity]);
	member(out, "text", buf_text(&text));
	buf_str(out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
	uri(out, f->file);
	buf_printf(out, "\"},\"region\":{\"startLine\":%u,\"startColumn\":%u}}",
		   f->line ? f->line : 1, f->column ? f->column : 1);
	if (*f->item) {
		buf_str(out, ",\"logicalLocations\":[{");
		member(out, "fullyQualifiedName", f->item);
		buf_str(out, "}]");
	}
	buf_str(out, "}]}");
	buf_release(&text);
}

void lint_print_sarif(struct buf *out, const struct lint *l)
{
	buf_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		"\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"saker lint\","
		"\"version\":\"" SAKER_VERSION "\",\"semanticVersion\":\"" SAKER_VERSION "\","
		"\"rules\":[");
	for (unsigned i = 0; i < LINT__ALL; i++) {
		buf_str(out, i ? ",\n" : "\n");
		rule_sarif(out, i);
	}
	buf_str(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"results\":[");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		result_sarif(out, &l->v[i]);
	}
	buf_str(out, "]}]}\n");
}

/* ---- codes ---- */

void lint_print_codes(struct buf *out, bool json)
{
	for (unsigned i = 0; i < LINT__ALL; i++) {
		const struct lint_code c = lint_code(i);

		if (!json) {
			buf_printf(out, "%-6s %-30s %-8s %s%s\n", c.number, c.name,
				   lint_severity_name[c.severity], c.text, c.on ? "" :
				   " (only when asked for)");
			continue;
		}
		buf_byte(out, '{');
		member(out, "code", c.name);
		buf_byte(out, ',');
		member(out, "number", c.number);
		buf_byte(out, ',');
		member(out, "severity", lint_severity_name[c.severity]);
		buf_printf(out, ",\"on\":%s,", c.on ? "true" : "false");
		member(out, "text", c.text);
		buf_byte(out, ',');
		member(out, "help", c.help);
		buf_str(out, "}\n");
	}
}
