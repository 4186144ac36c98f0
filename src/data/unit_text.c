// SPDX-License-Identifier: MIT
/* Before a text is cut: is it UTF-8, where is it not, what is a blank. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "data/unit.h"
#include "format/text.h"

/* ---- messages ---- */

int64_t rcr_characters(const char *text, size_t size)
{
    int64_t n = 0;
    uint32_t code;
    for (size_t i = 0; i < size; n++) {
        size_t length = rcr_utf8_decode(text + i, size - i, &code);
        i += length ? length : 1;
    }
    return n;
}

const char *rcr_show_place(char buffer[RCR_PLACE_SIZE], const recur_place *where, const char *text,
                           size_t bytes)
{
    char name[RCR_SHOWN_PATH];
    long long at = (long long)rcr_characters(text, bytes);
    rcr_show_path(name, where && where->name ? where->name : "text");
    if (!where || where->line <= 0)
        snprintf(buffer, RCR_PLACE_SIZE, "%s: character %lld: ", name, at + 1);
    else if (where->column <= 0)
        snprintf(buffer, RCR_PLACE_SIZE, "%s:%lld: character %lld of the text: ", name,
                 (long long)where->line, at + 1);
    else
        snprintf(buffer, RCR_PLACE_SIZE, "%s:%lld:%lld: ", name, (long long)where->line,
                 (long long)where->column + at);
    return buffer;
}

/* ---- UTF-8 ---- */

/* How much of text[0 .. size) is plain ASCII without a NUL, eight bytes at a time. */
static size_t ascii_size(const char *text, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (uint64_t eight; size - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, text + i, sizeof eight);
        if ((eight | (eight - ones)) & high) /* a byte above 0x7F, or 0 */
            break;
    }
    while (i < size && (unsigned char)text[i] < 0x80 && text[i])
        i++;
    return i;
}

static recur_status bad_nul(recur_ctx *cx, const char *text, size_t at, const recur_place *where)
{
    char place[RCR_PLACE_SIZE];
    return rcr_fail(cx, RECUR_EFORMAT, "%sa NUL byte; this is not a text",
                    rcr_show_place(place, where, text, at));
}

recur_status rcr_check_nul(recur_ctx *cx, const char *text, size_t size, const recur_place *where)
{
    const char *nul = size > 0 ? memchr(text, 0, size) : NULL;
    return nul ? bad_nul(cx, text, (size_t)(nul - text), where) : RECUR_OK;
}

static recur_status check(recur_ctx *cx, const char *text, size_t size, const recur_place *where, bool *ascii,
                          const char *advice)
{
    char place[RCR_PLACE_SIZE];
    uint32_t code;
    size_t i = ascii_size(text, size);
    if (ascii)
        *ascii = i == size;
    while (i < size) {
        size_t length = rcr_utf8_decode(text + i, size - i, &code);
        if (length && code == 0)
            return bad_nul(cx, text, i, where);
        if (!length)
            return rcr_fail(cx, RECUR_EFORMAT, "%sthe byte 0x%02x is not UTF-8; %s",
                            rcr_show_place(place, where, text, i), (unsigned)(unsigned char)text[i], advice);
        i += length;
        i += ascii_size(text + i, size - i);
    }
    return RECUR_OK;
}

recur_status rcr_check_utf8(recur_ctx *cx, const char *text, size_t size, const recur_place *where,
                            bool *ascii)
{
    return check(cx, text, size, where, ascii, "convert the file, or pass --lossy to read it as U+FFFD");
}

recur_status rcr_check_label(recur_ctx *cx, const char *text, size_t size, const recur_place *where)
{
    return check(cx, text, size, where, NULL, "convert the file: labels and tags are never guessed");
}

/* Bytes at s[0 .. n), which is not the beginning of a character, that one could begin with: 1 to 3. The second byte is
 * what decides about values that are too small, too large or surrogates. */
static size_t broken_size(const unsigned char *s, size_t n)
{
    unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    size_t most = s[0] < 0xC2 || s[0] > 0xF4 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4, i = 1;
    while (i < n && i < most && s[i] >= (i == 1 ? low : 0x80) && s[i] <= (i == 1 ? high : 0xBF))
        i++;
    return i;
}

size_t rcr_repair_utf8(char *to, const char *text, size_t size)
{
    char *at = to;
    uint32_t code;
    for (size_t i = 0; i < size;) {
        size_t length = rcr_utf8_decode(text + i, size - i, &code);
        memcpy(at, length ? text + i : "\xEF\xBF\xBD", length ? length : 3);
        at += length ? length : 3;
        i += length ? length : broken_size((const unsigned char *)text + i, size - i);
    }
    return (size_t)(at - to);
}

/* ---- blanks ---- */

bool rcr_is_white(uint32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r');
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

size_t rcr_white_size(const char *s, size_t n)
{
    size_t i = 0;
    uint32_t code;
    for (size_t length; i < n; i += length) {
        length = rcr_utf8_decode(s + i, n - i, &code);
        if (!length || !rcr_is_white(code))
            break;
    }
    return i;
}

size_t rcr_plain_blanks(char *s, size_t n)
{
    char *to = s;
    uint32_t code;
    for (size_t i = 0, length; i < n; i += length) {
        length = rcr_utf8_decode(s + i, n - i, &code);
        if (rcr_is_white(code) && code != '\n' && code != '\r') {
            *to++ = ' ';
            continue;
        }
        memmove(to, s + i, length);
        to += length;
    }
    return (size_t)(to - s);
}
