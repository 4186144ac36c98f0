// SPDX-License-Identifier: MIT
/* Edit distance (Levenshtein 1966; the table of Wagner & Fischer 1974, one row of it at a time). */
#include <math.h>

#include "base/alloc.h"
#include "train/metrics_text.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* row[j] = distance of the a read so far from b[0 .. j). */
static int64_t fill_table(const int64_t *a, int64_t n, const int64_t *b, int64_t m, int64_t *row)
{
    for (int64_t j = 0; j <= m; j++)
        row[j] = j;
    for (int64_t i = 0; i < n; i++) {
        int64_t diagonal = row[0];
        row[0] = i + 1;
        for (int64_t j = 0; j < m; j++) {
            int64_t substituted = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(substituted, 1 + least(row[j], diagonal));
        }
    }
    return row[m];
}

recur_status recur_edit_distance(int64_t *out, recur_ctx *cx, const int64_t *a, int64_t n, const int64_t *b,
                                 int64_t m)
{
    if (n < m) /* the row is as long as the shorter one; the distance has no direction */
        return recur_edit_distance(out, cx, b, m, a, n);
    for (; m > 0 && a[0] == b[0]; a++, b++, n--)
        m--;
    for (; m > 0 && a[n - 1] == b[m - 1]; n--)
        m--;
    int64_t *row = rcr_alloc_array(cx, (size_t)m + 1, sizeof *row, "edit distance");
    if (!row)
        return RECUR_ENOMEM;
    *out = fill_table(a, n, b, m, row);
    rcr_free(cx, row);
    return RECUR_OK;
}

recur_status recur_edits_add(recur_edits *total, recur_ctx *cx, recur_edit_unit unit, const char *reference,
                             const char *hypothesis)
{
    rcr_texts t = {.cx = cx};
    rcr_cut cut = unit == RECUR_EDIT_WORD ? RCR_CUT_WORDS : RCR_CUT_ALL_CHARS;
    int64_t edits = 0;
    recur_status status = rcr_texts_add(&t, cut, reference);
    if (status == RECUR_OK)
        status = rcr_texts_add(&t, cut, hypothesis);
    if (status == RECUR_OK)
        status = rcr_texts_number(&t);
    if (status == RECUR_OK)
        status = recur_edit_distance(&edits, cx, rcr_texts_at(&t, 0), (int64_t)rcr_texts_size(&t, 0),
                                     rcr_texts_at(&t, 1), (int64_t)rcr_texts_size(&t, 1));
    if (status == RECUR_OK) {
        total->edits += edits;
        total->length += (int64_t)rcr_texts_size(&t, 0);
    }
    rcr_texts_free(&t);
    return status;
}

double recur_edits_rate(const recur_edits *e)
{
    return e->length > 0 ? (double)e->edits / (double)e->length : NAN;
}
