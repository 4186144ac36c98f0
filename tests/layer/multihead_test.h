// SPDX-License-Identifier: MIT
/* What the tests of attention with several heads share. */
#ifndef TESTS_LAYER_MULTIHEAD_TEST_H
#define TESTS_LAYER_MULTIHEAD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/attention_twin.h"
#include "support/graph.h"

enum { NO_MASK, HIDE, ADD, HIDE_EACH };

/* One number that both results enter. */
static inline recur_tensor *join(recur_tape *tp, recur_attention_out y)
{
    recur_tensor *a = graph_weigh(tp, y.output), *b = y.weights ? graph_weigh(tp, y.weights) : NULL;
    return a && b ? recur_add(tp, a, b) : a;
}

/* A mask of these axes: about a third of the pairs hidden, or numbers to add. */
static inline recur_tensor *mask_of(recur_tape *tp, recur_dtype dtype, int64_t kind, dims shape)
{
    if (kind == NO_MASK)
        return NULL;
    recur_tensor *numbers = graph_input(tp, dtype, shape, -1, 1, 50);
    if (kind == ADD)
        return numbers;
    recur_tensor *mask = recur_input(tp, RECUR_I64, shape.rank, shape.n, NULL);
    for (int64_t i = 0; i < recur_count(mask); i++)
        recur_i64(mask)[i] = recur_item(numbers, i) > 0.3;
    return mask;
}

static inline void layer(graph *g, recur_multihead *l, recur_dtype dtype,
                         const recur_multihead_config *config)
{
    graph_open(g, dtype, &(recur_options){.threads = 2});
    assert_int_equal(recur_multihead_create(l, g->ps, "att", config), RECUR_OK);
    for (int64_t i = 0; i < recur_count(l->in_proj_bias); i++) /* zeros would hide much */
        if (dtype == RECUR_F64)
            recur_f64(l->in_proj_bias)[i] = (double)(i % 7) / 5.0 - 0.5;
        else
            recur_f32(l->in_proj_bias)[i] = (float)(i % 7) / 5.0f - 0.5f;
}

static inline void near(const recur_tensor *a, const recur_tensor *b)
{
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++)
        if (!(fabs(recur_item(a, i) - recur_item(b, i)) < 1e-12))
            fail_msg("element %lld is %.17g, but should be %.17g", (long long)i, recur_item(a, i),
                     recur_item(b, i));
}

#endif
