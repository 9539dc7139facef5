/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/set/message.h"

#include <string.h>

#include "capture/base/quote.h"

const struct load_code_desc load_codes[LOAD__N] = {
#define CODE(name, severity, text) [LOAD_##name] = { "LOAD_" #name, text, SEVERITY_##severity },
#include "rules/set/codes.def"
#undef CODE
};

void message_text(struct buf *out, const struct message *m)
{
	const struct load_code_desc *d = &load_codes[m->code];

	buf_str(out, m->file);
	if (m->line)
		buf_printf(out, ":%u:%u", m->line, m->column);
	buf_str(out, d->severity == SEVERITY_ERROR ? ": error: " : ": warning: ");
	for (uint32_t i = m->n_steps; i-- > 0;)
		if (strcmp(m->steps[i].type, "rule") == 0 ||
		    strcmp(m->steps[i].type, "macro") == 0 ||
		    strcmp(m->steps[i].type, "list") == 0) {
			buf_printf(out, "%s '%s': ", m->steps[i].type, m->steps[i].name);
			break;
		}
	buf_printf(out, "%s [%s]\n", m->text, d->name);
	if (*m->snippet)
		buf_printf(out, "%s\n", m->snippet);
}

static void json_text(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":\"", key);
	quote_json(out, value, strlen(value));
	buf_byte(out, '"');
}

static void message_json(struct buf *out, const struct message *m)
{
	const struct load_code_desc *d = &load_codes[m->code];

	buf_byte(out, '{');
	json_text(out, "code", d->name);
	buf_byte(out, ',');
	json_text(out, "codedesc", d->text);
	buf_str(out, ",\"context\":{\"locations\":[");
	for (uint32_t i = 0; i < m->n_steps; i++) {
		const struct message_step *s = &m->steps[i];

		buf_str(out, i ? ",{" : "{");
		json_text(out, "item_name", s->name);
		buf_byte(out, ',');
		json_text(out, "item_type", s->type);
		buf_printf(out, ",\"position\":{\"column\":%u,\"line\":%u,", s->column, s->line);
		json_text(out, "name", m->file);
		buf_printf(out, ",\"offset\":%u}}", s->off);
	}
	buf_str(out, "],");
	json_text(out, "snippet", m->snippet);
	buf_str(out, "},");
	json_text(out, "message", m->text);
	buf_byte(out, '}');
}

static size_t list_json(struct buf *out, const struct messages *m, const char *file,
			enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (load_codes[m->v[i].code].severity != severity ||
		    strcmp(m->v[i].file, file) != 0)
			continue;
		if (n++)
			buf_byte(out, ',');
		message_json(out, &m->v[i]);
	}
	return n;
}

/* The structure is right, whatever the texts in it say. */
static bool well_formed(const struct messages *m, const char *file)
{
	for (size_t i = 0; i < m->n; i++)
		switch (m->v[i].code) {
		case LOAD_ERR_FILE_READ:
		case LOAD_ERR_YAML_PARSE:
		case LOAD_ERR_YAML_VALIDATE:
		case LOAD_UNKNOWN_KEY:
		case LOAD_UNKNOWN_ITEM:
			if (strcmp(m->v[i].file, file) == 0)
				return false;
			break;
		default:
			break;
		}
	return true;
}

void messages_json(struct buf *out, const struct messages *m, const char *file)
{
	size_t errors;

	buf_str(out, "{\"errors\":[");
	errors = list_json(out, m, file, SEVERITY_ERROR);
	buf_str(out, "],");
	json_text(out, "name", file);
	buf_printf(out, ",\"schema_valid\":%s,\"schema_warnings\":[],\"successful\":%s,"
		   "\"warnings\":[", well_formed(m, file) ? "true" : "false",
		   errors ? "false" : "true");
	list_json(out, m, file, SEVERITY_WARNING);
	buf_str(out, "]}");
}
