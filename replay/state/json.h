/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up members in a short JSON text without building a tree: metadata of
 * containers, which comes from a recording and is not to be trusted. */
#ifndef SAKER_STATE_JSON_H
#define SAKER_STATE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/base/buf.h"

/* A value in the text: its bytes as they stand there, a string with its quotes. */
struct json {
	const char *p;
	size_t len;
};

/* The member of an object by name, or an empty value. */
struct json json_member(struct json object, const char *name, size_t len);
/* Goes through an object (key is set) or an array: false at the end.  *at begins empty. */
bool json_next(struct json of, struct json *at, struct json *key);
/* Appends the text of a string, unescaped; false if it is none. */
bool json_unquote(struct json v, struct buf *out);
bool json_is(struct json v, const char *literal);

#endif
