/* SPDX-License-Identifier: Apache-2.0 */
/* The one quoting layer: bytes of a recording are an attacker's and reach a
 * terminal, a JSON line or a log only through here. */
#ifndef SAKER_BASE_QUOTE_H
#define SAKER_BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/base/buf.h"

/* Printable text for a terminal: control bytes, invalid UTF-8, and the Unicode
 * characters that turn text around or hide it become \xHH.  A NUL ends dst. */
void quote_terminal(char *dst, size_t size, const char *p, size_t len);
void quote_terminal_buf(struct buf *out, const void *p, size_t len);

/* Text of an HTML page, or an attribute in quotes: as for a terminal, and no markup. */
void quote_html(struct buf *out, const void *p, size_t len);

/* The inside of a JSON string.  Invalid UTF-8 becomes U+FFFD, as Falco prints it. */
void quote_json(struct buf *out, const void *p, size_t len);

/* Invalid UTF-8 replaced by U+FFFD, all else as it is (rule outputs of Falco). */
void quote_utf8(struct buf *out, const void *p, size_t len);

/* Printable ASCII as it is, any other byte a dot: payloads. */
void quote_dots(struct buf *out, const void *p, size_t len);

/* Length of the valid UTF-8 sequence at p, 0 if it is none. */
size_t utf8_sequence(const unsigned char *p, size_t len);
/* The character of a valid sequence of n bytes. */
uint32_t utf8_decode(const unsigned char *p, size_t n);
/* Writes a character to out; its bytes. */
size_t utf8_encode(uint32_t c, char out[4]);
/* True of characters that control a terminal, or the direction or visibility of text. */
bool utf8_deceives(uint32_t c);

#endif
