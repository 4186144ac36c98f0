// SPDX-License-Identifier: MIT
/* Texts cut into numbered tokens. */
#include "train/metrics_text.h"

#include <string.h>

#include "base/alloc.h"
#include "data/unit.h"
#include "format/sort.h"
#include "format/text.h"

void rcr_texts_clear(rcr_texts *t)
{
    t->bytes.n = t->n = t->n_texts = 0;
}

void rcr_texts_free(rcr_texts *t)
{
    rcr_free(t->cx, t->bytes.at);
    rcr_free(t->cx, t->work.at);
    rcr_free(t->cx, t->next.at);
    rcr_free(t->cx, t->token);
    rcr_free(t->cx, t->first);
    rcr_free(t->cx, t->id);
    rcr_free(t->cx, (void *)t->order);
}

recur_status rcr_metrics_reserve(recur_ctx *cx, void **items, size_t *room, size_t n, size_t item)
{
    size_t more = n < 64 ? 64 : n + n / 2;
    if (n <= *room)
        return RECUR_OK;
    recur_status status = rcr_resize_array(cx, items, more, item, "texts of a metric");
    if (status == RECUR_OK)
        *room = more;
    return status;
}

recur_status rcr_bytes_reserve(recur_ctx *cx, rcr_bytes *b, size_t n)
{
    void *at = b->at;
    recur_status status = rcr_metrics_reserve(cx, &at, &b->room, n, 1);
    b->at = at;
    return status;
}

/* Python's white space, which these metrics split at: Unicode's and the separators U+001C .. U+001F. */
static bool is_white(uint32_t code)
{
    return rcr_is_white(code) || (code >= 0x1C && code <= 0x1F);
}

/* The character at s[0 .. n), n >= 1: a byte that is not UTF-8 is one. */
static size_t next_char(const char *s, size_t n, bool *white)
{
    uint32_t code = 0;
    size_t size = rcr_utf8_decode(s, n, &code);
    *white = size && is_white(code);
    return size ? size : 1;
}

/* work without the white space at its end, and at its beginning if `both`. */
void rcr_texts_strip(rcr_texts *t, bool both)
{
    rcr_bytes *b = &t->work;
    size_t from = 0, to = 0;
    bool white;
    for (size_t i = 0, n; i < b->n; i += n) {
        n = next_char(b->at + i, b->n - i, &white);
        if (!white)
            to = i + n;
        else if (to == 0 && both)
            from = i + n;
    }
    b->n = to > from ? to - from : 0;
    memmove(b->at, b->at + from, b->n);
}

/* --- cutting --- */

static recur_status add_token(rcr_texts *t, const char *s, size_t size)
{
    void *tokens = t->token;
    recur_status status = rcr_metrics_reserve(t->cx, &tokens, &t->room, t->n + 1, sizeof *t->token);
    t->token = tokens;
    if (status == RECUR_OK)
        status = rcr_bytes_reserve(t->cx, &t->bytes, t->bytes.n + size);
    if (status != RECUR_OK)
        return status;
    memcpy(t->bytes.at + t->bytes.n, s, size);
    t->token[t->n++] = (rcr_token){.at = t->bytes.n, .size = size};
    t->bytes.n += size;
    return RECUR_OK;
}

/* Bytes of the token that begins at s[0 .. n), n >= 1; 0 for white space that belongs to none. */
static size_t token_size(const char *s, size_t n, rcr_cut cut)
{
    bool white;
    size_t size = next_char(s, n, &white);
    if (cut == RCR_CUT_ALL_CHARS)
        return size;
    if (white)
        return 0;
    while (cut != RCR_CUT_CHARS && size < n) {
        size_t more = next_char(s + size, n - size, &white);
        if (white)
            break;
        size += more;
    }
    return size;
}

static recur_status split(rcr_texts *t, rcr_cut cut)
{
    const char *s = t->work.at;
    recur_status status = RECUR_OK;
    bool white;
    for (size_t i = 0; i < t->work.n && status == RECUR_OK;) {
        size_t size = token_size(s + i, t->work.n - i, cut);
        if (size > 0)
            status = add_token(t, s + i, size);
        i += size > 0 ? size : next_char(s + i, t->work.n - i, &white);
    }
    return status;
}

static recur_status take(rcr_texts *t, const char *text)
{
    t->work.n = strlen(text);
    recur_status status = rcr_bytes_reserve(t->cx, &t->work, t->work.n + 1);
    if (status == RECUR_OK)
        memcpy(t->work.at, text, t->work.n);
    return status;
}

recur_status rcr_texts_add(rcr_texts *t, rcr_cut cut, const char *text)
{
    void *first = t->first;
    recur_status status =
        rcr_metrics_reserve(t->cx, &first, &t->room_texts, t->n_texts + 2, sizeof *t->first);
    t->first = first;
    if (status == RECUR_OK)
        status = take(t, text);
    if (status == RECUR_OK && cut == RCR_CUT_13A)
        status = rcr_tokens_13a(t);
    if (status == RECUR_OK && cut == RCR_CUT_ZH)
        status = rcr_tokens_zh(t);
    if (status != RECUR_OK)
        return status;
    t->first[t->n_texts] = t->n;
    status = split(t, cut);
    t->first[++t->n_texts] = t->n;
    return status;
}

/* --- numbering --- */

static int by_text(const void *x, const void *y)
{
    const rcr_token *a = x, *b = y;
    int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* Each token knows its text and the place of its number; those are in the texts' order, -1 behind each text. */
static void find_places(rcr_texts *t)
{
    for (size_t k = 0; k < t->n_texts; k++) {
        for (size_t i = t->first[k]; i < t->first[k + 1]; i++) {
            t->token[i].text = t->bytes.at + t->token[i].at;
            t->token[i].place = i + k;
            t->order[i] = &t->token[i];
        }
        t->id[t->first[k + 1] + k] = -1;
    }
}

recur_status rcr_texts_number(rcr_texts *t)
{
    void *id = t->id, *order = (void *)t->order;
    recur_status status = rcr_metrics_reserve(t->cx, &id, &t->room_id, t->n + t->n_texts, sizeof *t->id);
    t->id = id;
    if (status == RECUR_OK)
        status = rcr_metrics_reserve(t->cx, &order, &t->room_order, t->n, sizeof *t->order);
    t->order = order;
    if (status != RECUR_OK)
        return status;
    find_places(t);
    rcr_sort(t->order, t->n, by_text);
    int64_t id_now = -1;
    for (size_t i = 0; i < t->n; i++) {
        const rcr_token *token = t->order[i];
        id_now += i == 0 || by_text(t->order[i - 1], token) != 0;
        t->id[token->place] = id_now;
    }
    return RECUR_OK;
}

size_t rcr_texts_size(const rcr_texts *t, size_t k)
{
    return t->first[k + 1] - t->first[k];
}

int64_t *rcr_texts_at(const rcr_texts *t, size_t k)
{
    return t->id + t->first[k] + k;
}
