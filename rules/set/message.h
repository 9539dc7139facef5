/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and warnings of rule files, with Falco's codes and places. */
#ifndef SAKER_SET_MESSAGE_H
#define SAKER_SET_MESSAGE_H

#include "capture/base/buf.h"
#include "rules/lang/lang.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

enum load_code {
#define CODE(name, severity, text) LOAD_##name,
#include "rules/set/codes.def"
#undef CODE
	LOAD__N
};

struct load_code_desc {
	const char *name;		/* LOAD_ERR_VALIDATE */
	const char *text;
	enum severity severity;
};

extern const struct load_code_desc load_codes[LOAD__N];

/* One step of the way to the place: "rule", "Read shadow". */
struct message_step {
	const char *type, *name;
	uint32_t line, column, off;	/* from 0 */
};

struct message {
	enum load_code code;
	const char *file, *text;
	struct message_step *steps;	/* outer first */
	uint32_t n_steps;
	uint32_t line, column;		/* from 1; 0: the whole file */
	const char *snippet;		/* the line and the caret, "" if none */
};

struct messages {
	struct message *v;
	size_t n, cap;
	size_t n_errors;
};

/* "file:line:column: error: text [CODE]", the line, the caret. */
void message_text(struct buf *out, const struct message *m);
/* Falco's result object of one file: {"errors":[...],"name":...,"successful":...}.
 * Of all messages only those of the file. */
void messages_json(struct buf *out, const struct messages *m, const char *file);

#endif
