// SPDX-License-Identifier: MIT
/* Text from files: UTF-8, and how a name from a stranger is shown in a message. */
#include "format/text.h"

#include <stdio.h>
#include <string.h>

/* ---- UTF-8 ---- */

/* Bytes of a sequence by its first byte; 0 for a byte that begins none. */
static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

size_t rcr_utf8_decode(const char *s, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *u = (const unsigned char *)s;
    size_t length = n ? sequence_length(u[0]) : 0;
    if (!length || length > n)
        return 0;
    uint32_t value = u[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (u[i] & 0x3F);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return length;
}

size_t rcr_utf8_encode(char s[4], uint32_t code)
{
    static const unsigned char mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        s[i] = (char)(0x80 | (code & 0x3F));
    s[0] = (char)(mark[length] | code);
    return length;
}

bool rcr_utf8_valid(const char *s, size_t n)
{
    uint32_t code;
    for (size_t length; n; s += length, n -= length) {
        length = rcr_utf8_decode(s, n, &code);
        if (!length)
            return false;
    }
    return true;
}

/* ---- in messages ---- */

/* Controls, and marks that are not seen or turn the line around. */
static bool printable(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200B, 0x200F},
                  {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return false;
    return true;
}

enum { PIECE = 16, DOTS = 3 };

/* The first character of s[0 .. n) as it is shown; returns how many bytes of `s` that was. */
static size_t show_one(char piece[PIECE], const char *s, size_t n)
{
    uint32_t code;
    size_t length = rcr_utf8_decode(s, n, &code);
    if (!length) {
        snprintf(piece, PIECE, "\\x%02x", (unsigned)(unsigned char)*s);
        return 1;
    }
    if (printable(code)) {
        memcpy(piece, s, length);
        piece[length] = '\0';
    } else
        snprintf(piece, PIECE, "\\u%04x", (unsigned)code);
    return length;
}

static void show(char *buffer, size_t size, const char *text)
{
    size_t n = strlen(text), used = 0;
    while (n) {
        char piece[PIECE];
        size_t taken = show_one(piece, text, n), length = strlen(piece);
        bool last = taken == n;
        if (used + length + (last ? 0 : DOTS) >= size) {
            memcpy(buffer + used, "...", DOTS);
            used += DOTS;
            break;
        }
        memcpy(buffer + used, piece, length);
        used += length;
        text += taken;
        n -= taken;
    }
    buffer[used] = '\0';
}

const char *rcr_show_name(char buffer[RCR_SHOWN], const char *text)
{
    show(buffer, RCR_SHOWN, text);
    return buffer;
}

const char *rcr_show_path(char buffer[RCR_SHOWN_PATH], const char *path)
{
    enum { KEPT = 200 };
    size_t n = strlen(path);
    if (n <= KEPT) {
        show(buffer, RCR_SHOWN_PATH, path);
        return buffer;
    }
    path += n - KEPT;
    while ((*path & 0xC0) == 0x80) /* not the middle of a character */
        path++;
    memcpy(buffer, "...", DOTS);
    show(buffer + DOTS, RCR_SHOWN_PATH - DOTS, path);
    return buffer;
}

const char *rcr_show_shape(char buffer[RCR_SHOWN], int rank, const int64_t *shape)
{
    enum { LENGTH = 24, END = 8 }; /* ", -9223372036854775808"; ", ...]" */
    size_t used = 1;
    buffer[0] = '[';
    for (int i = 0; i < rank; i++) {
        const char *comma = i ? ", " : "";
        if (used + LENGTH + END > RCR_SHOWN) {
            used += (size_t)snprintf(buffer + used, RCR_SHOWN - used, "%s...", comma);
            break;
        }
        used += (size_t)snprintf(buffer + used, RCR_SHOWN - used, "%s%lld", comma, (long long)shape[i]);
    }
    snprintf(buffer + used, RCR_SHOWN - used, "]");
    return buffer;
}
