// SPDX-License-Identifier: MIT
/* What the readers share: lines of a text, text that is safe in a message, arrays that grow. */
#include "data/lines.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void rcr_lines_init(rcr_lines *l, const void *bytes, size_t size)
{
    *l = (rcr_lines){.at = bytes, .end = (const char *)bytes + size};
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        l->at += 3;
}

bool rcr_lines_next(rcr_lines *l, const char **text, size_t *n)
{
    if (l->at == l->end)
        return false;
    const char *lf = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *stop = lf ? lf : l->end;
    const char *cr = memchr(l->at, '\r', (size_t)(stop - l->at));
    *text = l->at;
    *n = (size_t)((cr ? cr : stop) - l->at);
    l->at = cr && cr + 1 != lf ? cr + 1 : lf ? lf + 1 : l->end;
    l->line++;
    return true;
}

recur_status rcr_check_text(recur_ctx *cx, const void *bytes, size_t size, const char *name)
{
    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return rcr_fail(cx, RECUR_EFORMAT, "%s:1: this is UTF-16; save the file as UTF-8", name);
    const char *nul = size > 0 ? memchr(bytes, 0, size) : NULL;
    if (!nul)
        return RECUR_OK;
    rcr_lines l;
    rcr_lines_init(&l, bytes, (size_t)(nul - (const char *)bytes) + 1);
    for (const char *text; rcr_lines_next(&l, &text, &size);)
        ;
    return rcr_fail(cx, RECUR_EFORMAT, "%s:%lld: a NUL byte; this is not a text file", name,
                    (long long)l.line);
}

/* Length of the character at text[0 .. n), or 0: by the table of well-formed sequences in the Unicode
 * standard, 3.9. */
static size_t utf8_length(const unsigned char *text, size_t n)
{
    static const struct {
        unsigned char from, to, size, low, high; /* of the first byte; of the sequence; of the second byte */
    } rule[] = {{0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
                {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
                {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F}};
    for (size_t r = 0; r < sizeof rule / sizeof *rule; r++) {
        if (text[0] < rule[r].from || text[0] > rule[r].to)
            continue;
        size_t size = rule[r].size;
        if (size > n || (size > 1 && (text[1] < rule[r].low || text[1] > rule[r].high)))
            return 0;
        for (size_t i = 2; i < size; i++)
            if ((text[i] & 0xC0) != 0x80)
                return 0;
        return size;
    }
    return 0;
}

bool rcr_is_utf8(const char *text, size_t n)
{
    while (n > 0) {
        size_t size = utf8_length((const unsigned char *)text, n);
        if (size == 0)
            return false;
        text += size;
        n -= size;
    }
    return true;
}

bool rcr_is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

char *rcr_show(char buffer[RCR_SHOW_SIZE], const char *text, size_t n)
{
    size_t kept = n < 40 ? n : 40;
    while (kept < n && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--; /* not in the middle of a character */
    for (size_t i = 0; i < kept; i++)
        buffer[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    memcpy(buffer + kept, kept < n ? "..." : "", kept < n ? 4 : 1);
    return buffer;
}

recur_status rcr_grow(recur_ctx *cx, void **block, size_t *room, size_t n, size_t item, const char *what)
{
    if (n <= *room)
        return RECUR_OK;
    size_t twice = *room <= SIZE_MAX / 2 ? 2 * *room : n;
    size_t more = twice < 64 ? 64 : twice;
    more = more < n ? n : more;
    recur_status s = rcr_resize_array(cx, block, more, item, what);
    if (s == RECUR_OK)
        *room = more;
    return s;
}
