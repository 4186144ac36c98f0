// SPDX-License-Identifier: MIT
/* All parameters of a set laid end to end and cut into chunks: small models are one task, large ones many,
 * and where the cuts are depends on the sizes alone. */
#ifndef RCR_OPTIM_SPAN_H
#define RCR_OPTIM_SPAN_H

#include "tape/tensor.h"

enum { RCR_OPTIM_CHUNK = 1 << 14 };

/* The pieces of one chunk; set it up with rcr_span_of(). */
typedef struct rcr_span {
    const recur_params *ps;
    int64_t skip, left; /* elements before the next piece; elements still to come */
    size_t next;
    /* the present piece: elements from .. from + n of parameter w at `index` of the set */
    size_t index;
    recur_tensor *w;
    int64_t from, n;
} rcr_span;

/* Elements of all parameters, frozen ones included, buffers not. */
int64_t rcr_span_total(const recur_params *ps);
int64_t rcr_span_chunks(int64_t total, int64_t chunk);

static inline rcr_span rcr_span_of(const recur_params *ps, int64_t index, int64_t chunk)
{
    return (rcr_span){.ps = ps, .skip = index * chunk, .left = chunk};
}

/* Moves to the next piece; false at the end. */
bool rcr_span_next(rcr_span *s);

/* Address of element `i`. */
static inline void *rcr_element(const recur_tensor *t, int64_t i)
{
    return (char *)t->data + (size_t)i * rcr_item_size(t->dtype);
}

#endif
