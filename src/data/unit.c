// SPDX-License-Identifier: MIT
/*
 * Cutting a text into units. First the text is prepared (checked, brought into its normal form, lowercased), then cut
 * into pieces, and each piece becomes a unit, with marks where it touches its neighbour.
 */
#include "data/unit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/lines.h"
#include "format/text.h"

/* ---- making and freeing ---- */

recur_status recur_tokenizer_create(recur_tokenizer **out, recur_ctx *cx, const recur_text_config *config,
                                    unsigned flags)
{
    *out = NULL;
    if (config->unit < RECUR_UNIT_WORD || config->unit > RECUR_UNIT_SPACE)
        return rcr_fail(cx, RECUR_EINVAL, "a unit of %d: there are 0 to %d", config->unit, RECUR_UNIT_SPACE);
    if (config->normalise < RECUR_NORMAL_NONE || config->normalise > RECUR_NORMAL_NFKC)
        return rcr_fail(cx, RECUR_EINVAL, "a normal form of %d: there are 0 to %d", config->normalise,
                        RECUR_NORMAL_NFKC);
    if (config->max_length < 0)
        return rcr_fail(cx, RECUR_EINVAL, "a text of at most %lld units", (long long)config->max_length);
    recur_tokenizer *t = rcr_alloc_zero(cx, sizeof *t, "a tokenizer");
    if (!t)
        return RECUR_ENOMEM;
    *t = (recur_tokenizer){.cx = cx, .config = *config, .flags = flags, .icu = {.cx = cx}};
    *out = t;
    return RECUR_OK;
}

void recur_tokenizer_free(recur_tokenizer *t)
{
    if (!t)
        return;
    rcr_icu_free(&t->icu);
    rcr_free(t->cx, t->text);
    rcr_free(t->cx, t->bytes);
    rcr_free(t->cx, t->unit);
    rcr_free(t->cx, t);
}

const recur_text_config *recur_tokenizer_config(const recur_tokenizer *t)
{
    return &t->config;
}

void rcr_tokenizer_lossy(recur_tokenizer *t, bool lossy)
{
    t->config.lossy = lossy;
}

/* ---- preparing ---- */

static recur_status take_text(recur_tokenizer *t, const char *text, size_t size, bool broken)
{
    size_t room;
    if (!rcr_mul_size(size, broken ? 3 : 1, &room))
        room = SIZE_MAX;
    recur_status s = rcr_grow(t->cx, (void **)&t->text, &t->room, room, 1, "a text");
    if (s != RECUR_OK)
        return s;
    if (!broken && size > 0)
        memcpy(t->text, text, size);
    t->size = broken ? rcr_repair_utf8(t->text, text, size) : size;
    return RECUR_OK;
}

static void lower_ascii(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
}

/* A joiner of the text itself gives way to the mark; U+25A0 has as many bytes. */
static void replace_joiners(char *text, size_t size)
{
    for (char *at = text, *end = text + size; (at = memchr(at, 0xEF, (size_t)(end - at)));)
        if (end - at >= 3 && memcmp(at, RECUR_JOINER, 3) == 0)
            memcpy(at, "\xE2\x96\xA0", 3);
        else
            at++;
}

static recur_status fold_text(recur_tokenizer *t)
{
    recur_status s = rcr_icu_load(&t->icu, t->text, t->size);
    if (s == RECUR_OK)
        s = rcr_icu_fold(&t->icu, &t->config);
    return s == RECUR_OK ? rcr_icu_store(&t->icu, &t->text, &t->room, &t->size) : s;
}

/* t->text: what is to be cut. ASCII is in its normal form, whatever the form. */
static recur_status prepare(recur_tokenizer *t, const char *text, size_t size, const recur_place *where)
{
    bool ascii, broken = t->config.lossy && size > 0 && !rcr_utf8_valid(text, size);
    recur_status s =
        broken ? rcr_check_nul(t->cx, text, size, where) : rcr_check_utf8(t->cx, text, size, where, &ascii);
    if (s == RECUR_OK)
        s = take_text(t, text, size, broken);
    if (s != RECUR_OK)
        return s;
    bool folds = t->config.normalise != RECUR_NORMAL_NONE || t->config.lowercase;
    if (folds && (broken || !ascii))
        s = fold_text(t);
    else if (t->config.lowercase)
        lower_ascii(t->text, t->size);
    if (s == RECUR_OK && t->flags & RECUR_TOKENS_JOINERS && t->size > 0)
        replace_joiners(t->text, t->size);
    return s;
}

/* ---- units as they come ---- */

/* Adds bytes to the last unit. */
static recur_status extend(recur_tokenizer *t, const char *text, size_t size)
{
    size_t need;
    if (!rcr_add_size(t->used, size + 1, &need))
        need = SIZE_MAX;
    recur_status s = rcr_grow(t->cx, (void **)&t->bytes, &t->byte_room, need, 1, "units of a text");
    if (s != RECUR_OK)
        return s;
    char *at = t->bytes + t->used - 1; /* over the NUL */
    memcpy(at, text, size);
    at[size] = 0;
    t->used += size;
    t->unit[t->n - 1].size += size;
    return RECUR_OK;
}

/* Begins a unit; false where there are enough. */
static bool begin_unit(recur_tokenizer *t, recur_status *s)
{
    if (t->n == t->most) {
        t->cut = true;
        return false;
    }
    *s = rcr_grow(t->cx, (void **)&t->unit, &t->unit_room, t->n + 1, sizeof *t->unit, "units of a text");
    if (*s != RECUR_OK)
        return false;
    t->unit[t->n++].size = 0;
    t->used++; /* its NUL */
    return true;
}

static bool add_unit(recur_tokenizer *t, const char *text, size_t size, recur_status *s)
{
    if (!begin_unit(t, s))
        return false;
    *s = extend(t, text, size);
    return *s == RECUR_OK;
}

/* A piece of a text of words. The mark is on the punctuation, else on the second; `behind`: on the first all the
 * same. */
static bool add_piece(recur_tokenizer *t, const char *text, size_t size, bool word, bool behind,
                      recur_status *s)
{
    bool touches = t->flags & RECUR_TOKENS_JOINERS && t->n > 0 && !t->blank;
    bool before = touches && !behind && (!word || t->after_word);
    if (t->n == t->most) {
        t->cut = true;
        return false;
    }
    if (touches && !before)
        *s = extend(t, RECUR_JOINER, strlen(RECUR_JOINER));
    if (*s != RECUR_OK || !begin_unit(t, s))
        return false;
    if (before)
        *s = extend(t, RECUR_JOINER, strlen(RECUR_JOINER));
    if (*s == RECUR_OK)
        *s = extend(t, text, size);
    t->blank = false;
    t->after_word = word;
    return *s == RECUR_OK;
}

static bool add_line_end(recur_tokenizer *t, recur_status *s)
{
    t->blank = true;
    return add_unit(t, RECUR_LINE_END, 1, s);
}

/* ---- cutting ---- */

/* The line end at s[0 .. n): its bytes, or 0. */
static size_t line_end_size(const char *s, size_t n)
{
    if (n > 0 && *s == '\n')
        return 1;
    return n == 0 || *s != '\r' ? 0 : n > 1 && s[1] == '\n' ? 2 : 1;
}

static recur_status cut_characters(recur_tokenizer *t)
{
    recur_status s = RECUR_OK;
    uint32_t code;
    for (size_t i = 0, size; i < t->size; i += size) {
        size = line_end_size(t->text + i, t->size - i);
        if (size > 0 ? !add_unit(t, RECUR_LINE_END, 1, &s)
                     : !add_unit(t, t->text + i, size = rcr_utf8_decode(t->text + i, t->size - i, &code), &s))
            break;
    }
    return s;
}

static recur_status cut_graphemes(recur_tokenizer *t)
{
    bool word;
    const char *at = t->text;
    recur_status s = rcr_icu_cut(&t->icu, false);
    for (size_t size; s == RECUR_OK && rcr_icu_next(&t->icu, &size, &word); at += size)
        if (line_end_size(at, size) > 0 ? !add_unit(t, RECUR_LINE_END, 1, &s) : !add_unit(t, at, size, &s))
            break;
    return s;
}

/* Passes over the white space at s[0 .. n), and makes units of its line ends where they are wanted: its bytes, or
 * SIZE_MAX where no more units are. */
static size_t pass_white(recur_tokenizer *t, const char *s, size_t n, recur_status *status)
{
    size_t white = rcr_white_size(s, n);
    t->blank = t->blank || white > 0;
    for (size_t i = 0, end; i < white && t->flags & RECUR_TOKENS_LINES; i += end > 0 ? end : 1) {
        end = line_end_size(s + i, white - i);
        if (end > 0 && !add_line_end(t, status))
            return SIZE_MAX;
    }
    return white;
}

static recur_status cut_at_blanks(recur_tokenizer *t)
{
    recur_status s = RECUR_OK;
    uint32_t code;
    for (size_t i = 0, size; i < t->size; i += size) {
        size = pass_white(t, t->text + i, t->size - i, &s);
        if (size == SIZE_MAX)
            break;
        if (size > 0)
            continue;
        for (size_t n; i + size < t->size; size += n) {
            n = rcr_utf8_decode(t->text + i + size, t->size - i - size, &code);
            if (rcr_is_white(code))
                break;
        }
        if (!add_unit(t, t->text + i, size, &s))
            break;
    }
    return s;
}

/* Bytes of s[0 .. n) up to and with its first apostrophe; n without one. */
static size_t apostrophe_size(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == '\'')
            return i + 1;
        else if (n - i >= 3 && memcmp(s + i, "\xE2\x80\x99", 3) == 0)
            return i + 3;
    return n;
}

/* A word comes apart behind its apostrophes where it must be put together again. */
static bool add_word(recur_tokenizer *t, const char *text, size_t size, recur_status *s)
{
    bool behind = false;
    for (size_t i = 0, n; i < size; i += n, behind = true) {
        n = t->flags & RECUR_TOKENS_JOINERS ? apostrophe_size(text + i, size - i) : size;
        if (!add_piece(t, text + i, n, true, behind, s))
            return false;
    }
    return true;
}

/* ICU's segments are words, numbers, single marks, and blanks. (Some blanks, U+202F among them, it takes for parts of a
 * word, so they have become spaces.) What belongs to the character before it stays with a blank
 * too. */
static recur_status cut_words(recur_tokenizer *t)
{
    bool word;
    const char *at = t->text;
    recur_status s = rcr_icu_cut(&t->icu, true);
    for (size_t size; s == RECUR_OK && rcr_icu_next(&t->icu, &size, &word); at += size) {
        size_t white = pass_white(t, at, size, &s);
        if (white == SIZE_MAX)
            break;
        if (white == size)
            continue;
        if (word ? !add_word(t, at + white, size - white, &s)
                 : !add_piece(t, at + white, size - white, false, false, &s))
            break;
    }
    return s;
}

static recur_status cut(recur_tokenizer *t)
{
    if (t->config.unit == RECUR_UNIT_CHAR)
        return cut_characters(t);
    if (t->config.unit == RECUR_UNIT_SPACE)
        return cut_at_blanks(t);
    if (t->config.unit == RECUR_UNIT_WORD)
        t->size = rcr_plain_blanks(t->text, t->size);
    recur_status s = rcr_icu_load(&t->icu, t->text, t->size);
    if (s != RECUR_OK)
        return s;
    return t->config.unit == RECUR_UNIT_WORD ? cut_words(t) : cut_graphemes(t);
}

/* ---- the calls ---- */

recur_status rcr_tokenize(recur_tokenizer *t, const char *text, size_t size, const recur_place *where,
                          size_t most, recur_units *out)
{
    *out = (recur_units){0};
    recur_status s = prepare(t, text, size, where);
    t->n = t->used = 0;
    t->most = most;
    t->cut = t->blank = t->after_word = false;
    if (s == RECUR_OK && t->size > 0)
        s = cut(t);
    if (s != RECUR_OK)
        return s;
    const char *at = t->bytes;
    for (size_t i = 0; i < t->n; i++) {
        t->unit[i].text = at;
        at += t->unit[i].size + 1;
    }
    *out = (recur_units){.n = (int64_t)t->n, .unit = t->unit, .cut = t->cut};
    return RECUR_OK;
}

recur_status recur_tokenize(recur_tokenizer *t, const char *text, size_t size, const recur_place *where,
                            recur_units *out)
{
    return rcr_tokenize(t, text, size, where, t->config.max_length ? (size_t)t->config.max_length : SIZE_MAX,
                        out);
}

recur_status recur_tokenize_whole(recur_tokenizer *t, const char *text, size_t size, const recur_place *where,
                                  recur_span *out)
{
    recur_status s = prepare(t, text, size, where);
    *out = (recur_span){"", 0};
    if (s == RECUR_OK)
        s = rcr_grow(t->cx, (void **)&t->text, &t->room, t->size + 1, 1, "a text");
    if (s != RECUR_OK)
        return s;
    t->text[t->size] = 0;
    *out = (recur_span){t->text, t->size};
    return RECUR_OK;
}
