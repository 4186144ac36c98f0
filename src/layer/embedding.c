// SPDX-License-Identifier: MIT
/* Embedding: normal numbers, the padding row zeros. */
#include <recur/init.h>
#include <recur/layer.h>

#include <string.h>

#include "base/error.h"
#include "layer/name.h"
#include "tape/tensor.h"

recur_status recur_embedding_create(recur_embedding_layer *out, recur_params *ps, const char *prefix,
                                    int64_t V, int64_t E, int64_t padding_idx)
{
    *out = (recur_embedding_layer){.padding_idx = RECUR_NO_PADDING};
    bool padded = padding_idx != RECUR_NO_PADDING;
    if (padded && (padding_idx < -V || padding_idx >= V))
        return rcr_fail(ps->cx, RECUR_EINVAL, "embedding: padding_idx %lld is outside the table of %lld rows",
                        (long long)padding_idx, (long long)V);
    recur_embedding_layer l = {.padding_idx = padding_idx};
    l.weight = rcr_layer_param(ps, prefix, "weight", 2, (int64_t[]){V, E});
    if (!l.weight)
        return recur_error(ps->cx, NULL);
    recur_status s = recur_init_normal(ps, l.weight, 0.0, 1.0);
    if (s)
        return s;
    if (padded && E) {
        size_t row = (size_t)E * rcr_item_size(l.weight->dtype);
        l.padding_idx += padding_idx < 0 ? V : 0;
        memset((char *)l.weight->data + (size_t)l.padding_idx * row, 0, row);
    }
    *out = l;
    return RECUR_OK;
}

recur_tensor *recur_embedding_forward(recur_tape *tp, const recur_embedding_layer *l, recur_tensor *ids)
{
    recur_tensor *x = recur_embedding(tp, l->weight, ids, l->padding_idx);
    return l->dropout > 0.0 ? recur_word_dropout(tp, x, ids, l->dropout) : x;
}
