// SPDX-License-Identifier: MIT
/* A decoder's attention (Bahdanau et al. 2015, Luong et al. 2015), and pooling over time (Yang et al. 2016):
 * the products around attention_core.c. */
#include <recur/attention.h>
#include <recur/init.h>

#include <math.h>

#include "base/error.h"
#include "layer/attention_core.h"
#include "layer/name.h"
#include "op/shape.h"
#include "tape/tape.h"

/* --- parameters --- */

/* A weight uniform on +-1 / sqrt(last axis) at *w; does nothing where *s is an error already. */
static void add_weight(recur_tensor **w, recur_params *ps, const char *prefix, const char *name, int rank,
                       const int64_t *shape, recur_status *s)
{
    double a = shape[rank - 1] > 0 ? 1.0 / sqrt((double)shape[rank - 1]) : 0.0;
    *w = *s ? NULL : rcr_layer_param(ps, prefix, name, rank, shape);
    if (!*s)
        *s = *w ? recur_init_uniform(ps, *w, -a, a) : recur_error(ps->cx, NULL);
}

static void add_bias(recur_tensor **b, recur_params *ps, const char *prefix, const char *name, int64_t n,
                     recur_status *s)
{
    *b = *s ? NULL : rcr_layer_param(ps, prefix, name, 1, &n);
    if (!*s && !*b)
        *s = recur_error(ps->cx, NULL);
}

static recur_status check_config(recur_params *ps, const recur_attention_config *f)
{
    if (f->score < RECUR_ATTENTION_ADDITIVE || f->score > RECUR_ATTENTION_CONCAT)
        return rcr_fail(ps->cx, RECUR_EINVAL, "attention: there is no score %d", (int)f->score);
    if (f->query < 1 || f->key < 1 || f->units < 0)
        return rcr_fail(
            ps->cx, RECUR_EINVAL,
            "attention: query and key need at least 1 column, units 0 or more, not %lld, %lld and %lld",
            (long long)f->query, (long long)f->key, (long long)f->units);
    if (f->score == RECUR_ATTENTION_DOT && f->query != f->key)
        return rcr_fail(ps->cx, RECUR_EINVAL,
                        "attention: the dot score needs query and key of one width, not %lld and %lld",
                        (long long)f->query, (long long)f->key);
    return RECUR_OK;
}

recur_status recur_attention_create(recur_attention *out, recur_params *ps, const char *prefix,
                                    const recur_attention_config *config)
{
    recur_attention l = {.config = *config};
    recur_attention_config *f = &l.config;
    f->units = f->units ? f->units : f->query;
    int64_t D = f->query, E = f->key, A = f->units;
    recur_status s = check_config(ps, f);
    *out = (recur_attention){0};
    if (f->score == RECUR_ATTENTION_ADDITIVE) {
        add_weight(&l.W_q, ps, prefix, "W_q", 2, (int64_t[]){A, D}, &s);
        add_weight(&l.W_k, ps, prefix, "W_k", 2, (int64_t[]){A, E}, &s);
        if (!f->no_bias)
            add_bias(&l.b, ps, prefix, "b", A, &s);
    }
    if (f->score == RECUR_ATTENTION_GENERAL)
        add_weight(&l.W, ps, prefix, "W", 2, (int64_t[]){D, E}, &s);
    if (f->score == RECUR_ATTENTION_CONCAT)
        add_weight(&l.W, ps, prefix, "W", 2, (int64_t[]){A, D + E}, &s);
    if (f->score == RECUR_ATTENTION_ADDITIVE || f->score == RECUR_ATTENTION_CONCAT)
        add_weight(&l.v, ps, prefix, "v", 1, &A, &s);
    if (!s)
        *out = l;
    return s;
}

/* --- keys --- */

/* `name` is in the singular. */
static bool check_width(recur_tape *tp, const recur_tensor *x, int64_t width, const char *name)
{
    char shape[RCR_SHAPE_TEXT] = "NULL";
    if (rcr_stuck(tp->cx) || (x && recur_dim(x, -1) == width))
        return !rcr_stuck(tp->cx);
    rcr_stick(tp->cx, x ? RECUR_ESHAPE : RECUR_EINVAL,
              "attention: %s must end in an axis of length %lld, but is %s", name, (long long)width,
              x ? rcr_shape_text(shape, x) : shape);
    return false;
}

recur_attention_keys recur_attention_keys_of(recur_tape *tp, const recur_attention *l, recur_tensor *keys,
                                             recur_tensor *lengths, bool batch_first)
{
    const recur_attention_config *f = &l->config;
    recur_attention_keys k = {.values = keys, .projected = keys, .W_q = l->W_q};
    recur_tensor *W_k = l->W_k;
    k.steps = rcr_steps_of(tp, keys, lengths, NULL, batch_first);
    if (!k.steps || !check_width(tp, keys, f->key, "the tensor of keys"))
        return (recur_attention_keys){0};
    if (f->score == RECUR_ATTENTION_DOT)
        return k;
    if (f->score == RECUR_ATTENTION_GENERAL)
        W_k = l->W;
    if (f->score == RECUR_ATTENTION_CONCAT) { /* W is [W_q | W_k] */
        k.W_q = recur_slice(tp, l->W, 1, 0, f->query, 1);
        W_k = recur_slice(tp, l->W, 1, f->query, f->query + f->key, 1);
    }
    k.projected = recur_linear(tp, rcr_pack_steps(tp, k.steps, keys, "the keys"), W_k, l->b);
    return k.projected ? k : (recur_attention_keys){0};
}

/* --- queries --- */

/* Where the queries stand, and the shape of the weights. */
static bool find_queries(recur_tape *tp, const recur_tensor *query, const rcr_steps *s, rcr_attend *p)
{
    int64_t B = s->padded.B, n = recur_dim(query, 0);
    int rank = recur_rank(query), batch = s->batch_first ? 0 : 1;
    if (rank == 2 && (B ? n % B == 0 : n == 0)) {
        p->q = rcr_all_rows(B, B ? n / B : 0, true);
    } else if (rank == 3 && recur_dim(query, batch) == B) {
        p->q = rcr_all_rows(B, recur_dim(query, 1 - batch), s->batch_first);
    } else {
        char shape[RCR_SHAPE_TEXT];
        rcr_stick(tp->cx, RECUR_ESHAPE,
                  "attention: the query must be [B * U, D], or [B, U, D] in the order of the keys, for %lld "
                  "sequences, "
                  "but its shape is %s",
                  (long long)B, rcr_shape_text(shape, query));
        return false;
    }
    p->weights_rank = rank;
    p->weights_shape[0] = rank == 2 ? n : B;
    p->weights_shape[1] = rank == 2 ? s->padded.T : p->q.T;
    p->weights_shape[2] = s->padded.T;
    return true;
}

recur_attention_out recur_attention_query(recur_tape *tp, const recur_attention *l,
                                          const recur_attention_keys *keys, recur_tensor *query)
{
    rcr_attend p = {.H = 1, .scale = 1.0, .weights = RECUR_WEIGHTS_HEADS};
    const rcr_steps *s = keys->steps;
    if (!s || !check_width(tp, query, l->config.query, "the query") || !find_queries(tp, query, s, &p))
        return (recur_attention_out){0};
    p.k = keys->projected == keys->values ? s->padded : s->packed;
    p.v = s->padded;
    p.D = recur_dim(keys->projected, -1);
    p.E = recur_dim(keys->values, -1);
    recur_tensor *q = keys->W_q ? recur_linear(tp, query, keys->W_q, NULL) : query;
    rcr_attend_in in = {.q = q, .k = keys->projected, .v = keys->values, .tanh_v = l->v};
    return q ? rcr_attend_heads(tp, &p, &in) : (recur_attention_out){0};
}

recur_attention_out recur_attention_forward(recur_tape *tp, const recur_attention *l, recur_tensor *query,
                                            recur_tensor *keys, recur_tensor *lengths, bool batch_first)
{
    recur_attention_keys k = recur_attention_keys_of(tp, l, keys, lengths, batch_first);
    return recur_attention_query(tp, l, &k, query);
}

/* --- pooling --- */

recur_status recur_attention_pool_create(recur_attention_pool *out, recur_params *ps, const char *prefix,
                                         int64_t F, int64_t A)
{
    recur_attention_pool l = {0};
    recur_status s = RECUR_OK;
    *out = l;
    if (F < 1 || A < 0)
        return rcr_fail(ps->cx, RECUR_EINVAL,
                        "attention: pooling needs at least 1 column and 0 or more units, not %lld and %lld",
                        (long long)F, (long long)A);
    A = A ? A : F;
    add_weight(&l.weight, ps, prefix, "weight", 2, (int64_t[]){A, F}, &s);
    add_bias(&l.bias, ps, prefix, "bias", A, &s);
    add_weight(&l.v, ps, prefix, "v", 1, &A, &s);
    if (!s)
        *out = l;
    return s;
}

recur_attention_out recur_attention_pool_forward(recur_tape *tp, const recur_attention_pool *l,
                                                 recur_tensor *x, recur_tensor *lengths, bool batch_first)
{
    const rcr_steps *s = rcr_steps_of(tp, x, lengths, NULL, batch_first);
    if (!s || !check_width(tp, x, recur_dim(l->weight, 1), "the sequence"))
        return (recur_attention_out){0};
    recur_tensor *rows = rcr_pack_steps(tp, s, x, "the sequence");
    recur_tensor *k = recur_linear(tp, rows, l->weight, l->bias);
    rcr_attend p = {.q = rcr_all_rows(s->padded.B, 1, true),
                    .k = s->packed,
                    .v = s->padded,
                    .H = 1,
                    .D = recur_dim(l->v, 0),
                    .E = recur_dim(x, -1),
                    .scale = 1.0,
                    .weights = RECUR_WEIGHTS_HEADS,
                    .weights_rank = 2,
                    .weights_shape = {s->padded.B, s->padded.T}};
    return k ? rcr_attend_heads(tp, &p, &(rcr_attend_in){.k = k, .v = x, .tanh_v = l->v})
             : (recur_attention_out){0};
}
