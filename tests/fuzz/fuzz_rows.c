// SPDX-License-Identifier: MIT
/* Any bytes as rows of numbers: read or refused with one line of text; then examples, parts, scalers and
 * batches. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_error(recur_ctx *cx)
{
    const char *text;
    if (recur_error(cx, &text) == RECUR_OK || strchr(text, '\n') || strchr(text, '\r'))
        abort();
}

/* Every number of a batch must be finite, and the padding 0. */
static void check_batch(const recur_batch *b)
{
    const double *x = b->x, *y = b->y;
    for (int64_t j = 0; j < b->B; j++)
        for (int64_t t = 0; t < b->T; t++)
            if (!isfinite(x[j * b->T + t]) || (t >= b->lengths[j] && x[j * b->T + t] != 0))
                abort();
    for (int64_t j = 0; j < b->B; j++)
        if (!isfinite(y[j]))
            abort();
}

static void use(recur_ctx *cx, const recur_rows *r, bool difference)
{
    recur_examples *e = NULL;
    recur_parts *p = NULL;
    recur_scaler *x = NULL, *y = NULL;
    recur_batches *b = NULL;
    recur_batch batch;
    recur_partition how = {.share = {1, 0, 0}, .shuffle = true, .distinct = true};
    recur_batch_options opt = {.batch = 3, .dtype = RECUR_F64, .shuffle = true};
    if (recur_examples_rows(&e, r, difference) != RECUR_OK || recur_parts_create(&p, e, &how) != RECUR_OK ||
        recur_scaler_fit(&x, &y, e, p->index[0], p->n[0], RECUR_SCALE_MINMAX, 1) != RECUR_OK ||
        recur_batches_create(&b, e, p->index[0], p->n[0], x, y, &opt) != RECUR_OK)
        check_error(cx);
    while (b && recur_batches_next(b, &batch))
        check_batch(&batch);
    recur_batches_free(b);
    recur_scaler_free(x);
    recur_scaler_free(y);
    recur_parts_free(p);
    recur_examples_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    recur_ctx *cx;
    recur_rows *r;
    if (recur_ctx_create(&cx, &(recur_options){.threads = 1}) != RECUR_OK)
        return 0;
    if (recur_rows_parse(&r, cx, bytes, size, "r.csv") == RECUR_OK) {
        use(cx, r, false);
        use(cx, r, true);
    } else {
        check_error(cx);
    }
    recur_rows_free(r);
    recur_ctx_free(cx);
    return 0;
}
