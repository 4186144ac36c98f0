// SPDX-License-Identifier: MIT
/* Walks over the parameters in chunks. */
#include "optim/span.h"

int64_t rcr_span_total(const recur_params *ps)
{
    int64_t total = 0;
    for (size_t i = 0; i < ps->size; i++)
        total += ps->tensors[i]->trainable ? ps->tensors[i]->count : 0;
    return total;
}

int64_t rcr_span_chunks(int64_t total, int64_t chunk)
{
    return total / chunk + (total % chunk != 0);
}

bool rcr_span_next(rcr_span *s)
{
    while (s->left > 0 && s->next < s->ps->size) {
        s->index = s->next++;
        s->w = s->ps->tensors[s->index];
        int64_t count = s->w->trainable ? s->w->count : 0;
        if (s->skip >= count) {
            s->skip -= count;
            continue;
        }
        s->from = s->skip;
        s->n = count - s->skip < s->left ? count - s->skip : s->left;
        s->skip = 0;
        s->left -= s->n;
        return true;
    }
    return false;
}
