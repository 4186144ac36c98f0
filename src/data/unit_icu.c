// SPDX-License-Identifier: MIT
/* Normal forms, lower case and boundaries, by ICU. */
#include "data/unit_icu.h"

#include <unicode/ustring.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/lines.h"

static recur_status icu_error(recur_ctx *cx, UErrorCode e, const char *what)
{
    if (e == U_MEMORY_ALLOCATION_ERROR)
        return rcr_fail(cx, RECUR_ENOMEM, "out of memory: ICU, for %s", what);
    return rcr_fail(cx, RECUR_EUNSUPPORTED, "ICU cannot do %s: %s; is its data installed?", what,
                    u_errorName(e));
}

void rcr_icu_free(rcr_icu *u)
{
    if (u->breaks)
        ubrk_close(u->breaks);
    rcr_free(u->cx, u->text);
    rcr_free(u->cx, u->other);
    *u = (rcr_icu){.cx = u->cx};
}

static recur_status reserve(rcr_icu *u, size_t n)
{
    return rcr_grow(u->cx, (void **)&u->text, &u->room, n, sizeof(UChar), "a text as UTF-16");
}

recur_status rcr_icu_load(rcr_icu *u, const char *text, size_t size)
{
    UErrorCode e = U_ZERO_ERROR;
    if (size > RCR_ICU_MOST)
        return rcr_fail(u->cx, RECUR_EUNSUPPORTED, "a text of %zu bytes in one line; at most %d", size,
                        RCR_ICU_MOST);
    recur_status s = reserve(u, size + 1); /* never more units than bytes */
    if (s != RECUR_OK)
        return s;
    u_strFromUTF8(u->text, (int32_t)size + 1, &u->n, text, (int32_t)size, &e);
    return U_SUCCESS(e) ? RECUR_OK : icu_error(u->cx, e, "UTF-16");
}

/* ---- folding: `fold` writes into u->other and says how long the result is, however little room there was ---- */

typedef int32_t fold(const rcr_icu *u, const void *how, UErrorCode *e);

static int32_t room_of(const rcr_icu *u)
{
    return u->other_room < INT32_MAX ? (int32_t)u->other_room : INT32_MAX;
}

static int32_t normalise(const rcr_icu *u, const void *how, UErrorCode *e)
{
    return unorm2_normalize(how, u->text, u->n, u->other, room_of(u), e);
}

static int32_t lower(const rcr_icu *u, const void *how, UErrorCode *e)
{
    (void)how;
    return u_strToLower(u->other, room_of(u), u->text, u->n, "", e);
}

static void swap(rcr_icu *u, int32_t n)
{
    UChar *text = u->text;
    size_t room = u->room;
    u->text = u->other;
    u->room = u->other_room;
    u->other = text;
    u->other_room = room;
    u->n = n;
}

static recur_status apply(rcr_icu *u, fold *f, const void *how, const char *what)
{
    size_t need = (size_t)u->n + 1;
    for (;;) {
        UErrorCode e = U_ZERO_ERROR;
        recur_status s = rcr_grow(u->cx, (void **)&u->other, &u->other_room, need, sizeof(UChar), what);
        if (s != RECUR_OK)
            return s;
        int32_t n = f(u, how, &e);
        if (U_SUCCESS(e)) {
            swap(u, n);
            return RECUR_OK;
        }
        if (e != U_BUFFER_OVERFLOW_ERROR || (size_t)n < u->other_room)
            return icu_error(u->cx, e, what);
        need = (size_t)n + 1;
    }
}

/* Most text is in its normal form already, which is quick to see. */
static recur_status to_form(rcr_icu *u, int form)
{
    UErrorCode e = U_ZERO_ERROR;
    if (form == RECUR_NORMAL_NONE)
        return RECUR_OK;
    const UNormalizer2 *normaliser =
        form == RECUR_NORMAL_NFKC ? unorm2_getNFKCInstance(&e) : unorm2_getNFCInstance(&e);
    int32_t same = U_SUCCESS(e) ? unorm2_spanQuickCheckYes(normaliser, u->text, u->n, &e) : 0;
    if (U_FAILURE(e))
        return icu_error(u->cx, e, "normal forms");
    return same == u->n ? RECUR_OK : apply(u, normalise, normaliser, "normal forms");
}

/* A compatible form may hold capitals, and a lower-case letter may come apart: so one, the other, and the one again. */
recur_status rcr_icu_fold(rcr_icu *u, const recur_text_config *config)
{
    recur_status s = to_form(u, config->normalise);
    if (s == RECUR_OK && config->lowercase) {
        s = apply(u, lower, NULL, "lower case");
        if (s == RECUR_OK)
            s = to_form(u, config->normalise);
    }
    return s;
}

recur_status rcr_icu_store(const rcr_icu *u, char **bytes, size_t *room, size_t *size)
{
    UErrorCode e = U_ZERO_ERROR;
    int32_t n = 0;
    if (u->n > INT32_MAX / 3 - 1)
        return rcr_fail(u->cx, RECUR_EUNSUPPORTED, "a text of %d characters in one line; at most %d", u->n,
                        INT32_MAX / 3 - 1);
    size_t most = 3 * (size_t)u->n + 1; /* bytes of UTF-8: three for one unit of UTF-16, four for two */
    recur_status s = rcr_grow(u->cx, (void **)bytes, room, most, 1, "a text");
    if (s != RECUR_OK)
        return s;
    u_strToUTF8(*bytes, (int32_t)most, &n, u->text, u->n, &e);
    *size = (size_t)n;
    return U_SUCCESS(e) ? RECUR_OK : icu_error(u->cx, e, "UTF-8");
}

/* ---- boundaries ---- */

recur_status rcr_icu_cut(rcr_icu *u, bool words)
{
    UErrorCode e = U_ZERO_ERROR;
    u->from = 0;
    if (!u->breaks)
        u->breaks = ubrk_open(words ? UBRK_WORD : UBRK_CHARACTER, "", NULL, 0, &e);
    if (U_SUCCESS(e))
        ubrk_setText(u->breaks, u->text, u->n, &e);
    if (U_SUCCESS(e))
        ubrk_first(u->breaks);
    return U_SUCCESS(e) ? RECUR_OK : icu_error(u->cx, e, "boundaries of words and characters");
}

/* Bytes of UTF-8 for one unit of UTF-16: four for the two of a pair. */
static size_t utf8_size(UChar c)
{
    return c < 0x80 ? 1 : c < 0x800 || (c >= 0xD800 && c <= 0xDFFF) ? 2 : 3;
}

bool rcr_icu_next(rcr_icu *u, size_t *size, bool *word)
{
    int32_t to = ubrk_next(u->breaks);
    if (to == UBRK_DONE)
        return false;
    *word = ubrk_getRuleStatus(u->breaks) >= UBRK_WORD_NONE_LIMIT;
    for (*size = 0; u->from < to; u->from++)
        *size += utf8_size(u->text[u->from]);
    return true;
}
