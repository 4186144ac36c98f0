// SPDX-License-Identifier: MIT
/* A strict reader of the JSON that a safetensors header may hold (RFC 8259). */
#include "format/json.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "format/text.h"

static size_t position(const rcr_json *j)
{
    return (size_t)(j->at - j->begin);
}

recur_status rcr_json_expected(rcr_json *j, const char *what)
{
    char found[32];
    if (j->at == j->end)
        snprintf(found, sizeof found, "the end of the %s", j->part);
    else if (*j->at > ' ' && *j->at < 0x7F)
        snprintf(found, sizeof found, "'%c'", *j->at);
    else
        snprintf(found, sizeof found, "the byte 0x%02x", (unsigned)(unsigned char)*j->at);
    return rcr_fail(j->cx, RECUR_EFORMAT, "%s: %s byte %zu: expected %s, found %s", j->file, j->part,
                    position(j), what, found);
}

static recur_status bad_text(rcr_json *j, const char *why)
{
    return rcr_fail(j->cx, RECUR_EFORMAT, "%s: %s byte %zu: %s in a text", j->file, j->part, position(j),
                    why);
}

static void skip_space(rcr_json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' || *j->at == '\r' || *j->at == '\t'))
        j->at++;
}

bool rcr_json_take(rcr_json *j, char c)
{
    skip_space(j);
    if (j->at == j->end || *j->at != c)
        return false;
    j->at++;
    return true;
}

recur_status rcr_json_need(rcr_json *j, char c, const char *what)
{
    return rcr_json_take(j, c) ? RECUR_OK : rcr_json_expected(j, what);
}

/* ---- texts ---- */

static bool hex_digit(char c, uint32_t *value)
{
    if (c >= '0' && c <= '9')
        *value = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *value = (uint32_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *value = (uint32_t)(c - 'A' + 10);
    else
        return false;
    return true;
}

/* The four hexadecimal digits after "\u". */
static bool hex4(rcr_json *j, uint32_t *code)
{
    *code = 0;
    if (j->end - j->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        uint32_t digit;
        if (!hex_digit(j->at[i], &digit))
            return false;
        *code = *code << 4 | digit;
    }
    j->at += 4;
    return true;
}

/* After "\u": one unit of UTF-16, or a pair of them. */
static recur_status unicode_escape(rcr_json *j, uint32_t *code)
{
    uint32_t low;
    if (!hex4(j, code))
        return bad_text(j, "\\u without four hexadecimal digits");
    if (*code == 0)
        return bad_text(j, "the character U+0000");
    if (*code < 0xD800 || *code > 0xDFFF)
        return RECUR_OK;
    bool pair = *code < 0xDC00 && j->end - j->at >= 2 && j->at[0] == '\\' && j->at[1] == 'u';
    if (pair)
        j->at += 2;
    if (!pair || !hex4(j, &low) || low < 0xDC00 || low > 0xDFFF)
        return bad_text(j, "half a surrogate pair");
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return RECUR_OK;
}

/* After a backslash. */
static recur_status escape(rcr_json *j, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *letter = j->at < j->end && *j->at ? strchr(letters, *j->at) : NULL;
    if (letter) {
        j->at++;
        *code = (unsigned char)values[letter - letters];
        return RECUR_OK;
    }
    if (j->at < j->end && *j->at == 'u') {
        j->at++;
        return unicode_escape(j, code);
    }
    return bad_text(j, "an unknown escape");
}

/* One character of a text. */
static recur_status character(rcr_json *j, uint32_t *code)
{
    if (*j->at == '\\') {
        j->at++;
        return escape(j, code);
    }
    if ((unsigned char)*j->at < 0x20)
        return bad_text(j, "a control character");
    size_t length = rcr_utf8_decode(j->at, (size_t)(j->end - j->at), code);
    if (!length)
        return bad_text(j, "a byte that is not UTF-8");
    j->at += length;
    return RECUR_OK;
}

recur_status rcr_json_text(rcr_json *j, const char *what, char *out, size_t *n)
{
    recur_status s = rcr_json_need(j, '"', what);
    char *to = out;
    while (!s) {
        uint32_t code = 0;
        if (j->at == j->end)
            return rcr_json_expected(j, "the closing quote of a text");
        if (*j->at == '"')
            break;
        s = character(j, &code);
        to += s ? 0 : rcr_utf8_encode(to, code); /* never longer than its source */
    }
    if (s)
        return s;
    j->at++;
    *to = '\0'; /* there was room for two quotes */
    if (n)
        *n = (size_t)(to - out);
    return RECUR_OK;
}

/* ---- whole numbers ---- */

static bool digit_at(const rcr_json *j)
{
    return j->at < j->end && *j->at >= '0' && *j->at <= '9';
}

recur_status rcr_json_whole(rcr_json *j, const char *what, int64_t *out)
{
    int64_t value = 0;
    skip_space(j);
    const char *first = j->at;
    if (!digit_at(j))
        return rcr_json_expected(j, what);
    for (; digit_at(j); j->at++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *j->at - '0', &value))
            return rcr_json_expected(j, "a number below 2^63");
    if (*first == '0' && j->at - first > 1) {
        j->at = first;
        return rcr_json_expected(j, "a number without leading zeros");
    }
    if (j->at < j->end && (*j->at == '.' || *j->at == 'e' || *j->at == 'E'))
        return rcr_json_expected(j, what);
    *out = value;
    return RECUR_OK;
}

/* ---- writing ---- */

bool rcr_json_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

size_t rcr_json_escape(char out[RCR_JSON_ESCAPE], char c)
{
    unsigned byte = (unsigned char)c;
    return (size_t)(byte < 0x20 ? snprintf(out, RCR_JSON_ESCAPE, "\\u%04x", byte)
                                : snprintf(out, RCR_JSON_ESCAPE, "\\%c", c));
}
