// SPDX-License-Identifier: MIT
/* Units back to text. */
#include <string.h>

#include "data/text.h"
#include "data/unit.h"

enum { MARK = sizeof RECUR_JOINER - 1 };

static bool marked_before(recur_span u)
{
    return u.size >= MARK && memcmp(u.text, RECUR_JOINER, MARK) == 0;
}

static bool marked_behind(recur_span u)
{
    return u.size >= MARK && memcmp(u.text + u.size - MARK, RECUR_JOINER, MARK) == 0;
}

static bool is_line_end(recur_span u)
{
    return u.size == 1 && *u.text == '\n';
}

bool recur_detokenize_next(const recur_tokenizer *t, const recur_span *previous, recur_span unit,
                           recur_span *shown)
{
    bool joiners = t->flags & RECUR_TOKENS_JOINERS && t->config.unit == RECUR_UNIT_WORD;
    bool together = t->config.unit == RECUR_UNIT_CHAR || t->config.unit == RECUR_UNIT_GRAPHEME || !previous ||
                    is_line_end(*previous) || is_line_end(unit) ||
                    (joiners && (marked_behind(*previous) || marked_before(unit)));
    *shown = unit;
    if (joiners && marked_before(*shown))
        *shown = (recur_span){shown->text + MARK, shown->size - MARK};
    if (joiners && marked_behind(*shown))
        shown->size -= MARK;
    return !together;
}

recur_status recur_detokenize(recur_text **out, const recur_tokenizer *t, const recur_span *unit, int64_t n)
{
    rcr_builder b = {.cx = t->cx};
    for (int64_t i = 0; i < n; i++) {
        recur_span shown;
        if (recur_detokenize_next(t, i > 0 ? &unit[i - 1] : NULL, unit[i], &shown))
            rcr_put(&b, " ");
        rcr_put_bytes(&b, shown.text, shown.size);
    }
    rcr_put(&b, "");
    return rcr_finish_text(out, &b);
}
