// SPDX-License-Identifier: MIT
/* Text from files: UTF-8, and how a name from a stranger is shown in a message. */
#ifndef RCR_FORMAT_TEXT_H
#define RCR_FORMAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at the beginning of s[0 .. n): its bytes, 1 to 4, or 0 where that is not UTF-8 (cut off, too
 * long for its value, a surrogate, past U+10FFFF). */
size_t rcr_utf8_decode(const char *s, size_t n, uint32_t *code);
/* Writes a code point (not a surrogate, at most U+10FFFF); returns its bytes, 1 to 4. */
size_t rcr_utf8_encode(char s[4], uint32_t code);
bool rcr_utf8_valid(const char *s, size_t n);

/* `text` for a message: on one line, control characters, direction marks and bytes that are not UTF-8 as
 * escapes, and "..." where it does not fit. Returns `buffer`. */
enum { RCR_SHOWN = 96 };
const char *rcr_show_name(char buffer[RCR_SHOWN], const char *text);
/* The same for a file name: its end is kept. */
enum { RCR_SHOWN_PATH = 256 };
const char *rcr_show_path(char buffer[RCR_SHOWN_PATH], const char *path);
/* "[2, 3, 4]", of a long shape its beginning. */
const char *rcr_show_shape(char buffer[RCR_SHOWN], int rank, const int64_t *shape);

#endif
