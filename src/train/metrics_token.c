// SPDX-License-Identifier: MIT
/*
 * The tokenisations of BLEU, in bytes: all that they look for is ASCII, and a byte of a longer character is
 * neither a digit nor a mark, as that character is neither.
 *
 * mteval-v13a separates, in four passes over the line of which each sees what the one before made,
 *
 *     1  each mark but ' - . ,
 *     2  a point or comma that follows no digit
 *     3  a point or comma before something that is no digit
 *     4  a dash that follows a digit
 */
#include <string.h>

#include "base/alloc.h"
#include "format/text.h"
#include "train/metrics_text.h"

static void put(rcr_bytes *b, char c)
{
    b->at[b->n++] = c;
}

/* Makes next, which a pass fills with at most `most` bytes for each of work, the new work. */
static recur_status begin_pass(rcr_texts *t, size_t most)
{
    size_t n;
    t->next.n = 0;
    if (!rcr_mul_size(t->work.n, most, &n))
        n = SIZE_MAX; /* cannot be had either */
    return rcr_bytes_reserve(t->cx, &t->next, n);
}

static void end_pass(rcr_texts *t)
{
    rcr_bytes work = t->work;
    t->work = t->next;
    t->next = work;
}

/* --- the marks --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_no_digit(char c)
{
    return !is_digit(c);
}

static bool is_stop(char c)
{
    return c == '.' || c == ',';
}

static bool is_dash(char c)
{
    return c == '-';
}

/* ASCII from the space on but letters, digits and ' - . , */
static bool is_mark(char c)
{
    return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static recur_status separate_marks(rcr_texts *t)
{
    recur_status status = begin_pass(t, 3);
    if (status != RECUR_OK)
        return status;
    for (size_t i = 0; i < t->work.n; i++) {
        char c = t->work.at[i];
        bool mark = is_mark(c);
        if (mark)
            put(&t->next, ' ');
        put(&t->next, c);
        if (mark)
            put(&t->next, ' ');
    }
    end_pass(t);
    return RECUR_OK;
}

/* Two neighbours, and where spaces go: always between them. What matched is not looked at again. */
typedef struct pair_pass {
    bool (*first)(char c);
    bool (*second)(char c);
    bool before, behind;
} pair_pass;

static recur_status separate_pairs(rcr_texts *t, const pair_pass *p)
{
    recur_status status = begin_pass(t, 2);
    if (status != RECUR_OK)
        return status;
    for (size_t i = 0; i < t->work.n; i++) {
        const char *c = t->work.at + i;
        if (i + 1 == t->work.n || !p->first(c[0]) || !p->second(c[1])) {
            put(&t->next, c[0]);
            continue;
        }
        if (p->before)
            put(&t->next, ' ');
        put(&t->next, c[0]);
        put(&t->next, ' ');
        put(&t->next, c[1]);
        if (p->behind)
            put(&t->next, ' ');
        i++;
    }
    end_pass(t);
    return RECUR_OK;
}

static recur_status separate(rcr_texts *t)
{
    static const pair_pass passes[] = {{is_no_digit, is_stop, false, true},
                                       {is_stop, is_no_digit, true, false},
                                       {is_digit, is_dash, false, true}};
    recur_status status = separate_marks(t);
    for (size_t i = 0; i < sizeof passes / sizeof *passes && status == RECUR_OK; i++)
        status = separate_pairs(t, &passes[i]);
    return status;
}

/* --- 13a --- */

/* `to` is no longer than `from`. */
static void replace(rcr_bytes *b, const char *from, const char *to)
{
    size_t n = strlen(from), m = strlen(to), out = 0;
    for (size_t i = 0; i < b->n;) {
        if (b->n - i >= n && memcmp(b->at + i, from, n) == 0) {
            memcpy(b->at + out, to, m);
            out += m;
            i += n;
        } else {
            b->at[out++] = b->at[i++];
        }
    }
    b->n = out;
}

recur_status rcr_tokens_13a(rcr_texts *t)
{
    static const struct {
        const char *from, *to;
    } unescape[] = {{"<skipped>", ""}, {"-\n", ""},   {"\n", " "},  {"&quot;", "\""},
                    {"&amp;", "&"},    {"&lt;", "<"}, {"&gt;", ">"}};
    rcr_texts_strip(t, false);
    for (size_t i = 0; i < sizeof unescape / sizeof *unescape; i++)
        replace(&t->work, unescape[i].from, unescape[i].to);
    recur_status status = rcr_bytes_reserve(t->cx, &t->work, t->work.n + 2);
    if (status != RECUR_OK)
        return status;
    memmove(t->work.at + 1, t->work.at, t->work.n);
    t->work.at[0] = t->work.at[t->work.n + 1] = ' ';
    t->work.n += 2;
    return separate(t);
}

/* --- zh --- */

/* The ranges that sacrebleu separates. It means U+2000 .. U+2A6D by what it writes for the supplementary planes,
 * whose characters stay together. */
static bool is_chinese(uint32_t code)
{
    static const uint32_t range[][2] = {
        {0x2001, 0x2A6D}, {0x2E80, 0x2FDF}, {0x2FF0, 0x303F}, {0x3100, 0x312F}, {0x31A0, 0x31BF},
        {0x31C0, 0x31EF}, {0x3200, 0x4DB5}, {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A},
        {0xFA70, 0xFAD9}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}};
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (code >= range[i][0] && code <= range[i][1])
            return true;
    return false;
}

recur_status rcr_tokens_zh(rcr_texts *t)
{
    rcr_texts_strip(t, true);
    recur_status status = begin_pass(t, 3);
    if (status != RECUR_OK)
        return status;
    for (size_t i = 0, n; i < t->work.n; i += n) {
        uint32_t code = 0;
        n = rcr_utf8_decode(t->work.at + i, t->work.n - i, &code);
        bool alone = n && is_chinese(code);
        n = n ? n : 1;
        if (alone)
            put(&t->next, ' ');
        for (size_t j = 0; j < n; j++)
            put(&t->next, t->work.at[i + j]);
        if (alone)
            put(&t->next, ' ');
    }
    end_pass(t);
    return separate(t);
}
