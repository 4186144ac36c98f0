// SPDX-License-Identifier: MIT
/* Attention with several heads (Vaswani et al. 2017), as torch.nn.MultiheadAttention: the products around
 * attention_core.c. */
#include <recur/attention.h>
#include <recur/init.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "layer/attention_core.h"
#include "layer/name.h"
#include "tape/tape.h"

/* --- parameters --- */

static recur_status check_config(recur_params *ps, const recur_multihead_config *f)
{
    char number[RCR_NUMBER_SIZE];
    if (f->embed < 1 || f->heads < 1 || f->embed % f->heads)
        return rcr_fail(ps->cx, RECUR_EINVAL, "multihead: %lld columns cannot be dealt out to %lld heads",
                        (long long)f->embed, (long long)f->heads);
    if (f->kdim < 0 || f->vdim < 0 || f->embed > INT64_MAX / 3)
        return rcr_fail(ps->cx, RECUR_EINVAL,
                        "multihead: widths %lld, %lld and %lld of query, keys and values are not possible",
                        (long long)f->embed, (long long)f->kdim, (long long)f->vdim);
    if (!(f->dropout >= 0.0 && f->dropout <= 1.0))
        return rcr_fail(ps->cx, RECUR_EINVAL, "multihead: dropout must be in 0 .. 1, not %s",
                        rcr_format_double(number, f->dropout));
    return RECUR_OK;
}

/* A parameter at *w, a matrix by Glorot uniform; does nothing where *s is an error already. */
static void add(recur_tensor **w, recur_params *ps, const char *prefix, const char *name, int64_t rows,
                int64_t columns, recur_status *s)
{
    if (*s)
        return;
    *w = rcr_layer_param(ps, prefix, name, columns ? 2 : 1, (int64_t[]){rows, columns});
    if (!*w)
        *s = recur_error(ps->cx, NULL);
    else if (columns)
        *s = recur_init_xavier_uniform(ps, *w, 1.0);
}

/* A step [1, 1, E] by Glorot normal. */
static void add_step(recur_tensor **w, recur_params *ps, const char *prefix, const char *name, int64_t E,
                     recur_status *s)
{
    if (*s)
        return;
    *w = rcr_layer_param(ps, prefix, name, 3, (int64_t[]){1, 1, E});
    *s = *w ? recur_init_xavier_normal(ps, *w, 1.0) : recur_error(ps->cx, NULL);
}

recur_status recur_multihead_create(recur_multihead *out, recur_params *ps, const char *prefix,
                                    const recur_multihead_config *config)
{
    recur_multihead l = {.config = *config};
    recur_multihead_config *f = &l.config;
    int64_t E = f->embed;
    f->kdim = f->kdim ? f->kdim : E;
    f->vdim = f->vdim ? f->vdim : E;
    recur_status s = check_config(ps, f);
    *out = (recur_multihead){0};
    if (f->kdim == E && f->vdim == E) {
        add(&l.in_proj_weight, ps, prefix, "in_proj_weight", 3 * E, E, &s);
    } else {
        add(&l.q_proj_weight, ps, prefix, "q_proj_weight", E, E, &s);
        add(&l.k_proj_weight, ps, prefix, "k_proj_weight", E, f->kdim, &s);
        add(&l.v_proj_weight, ps, prefix, "v_proj_weight", E, f->vdim, &s);
    }
    if (!f->no_bias)
        add(&l.in_proj_bias, ps, prefix, "in_proj_bias", 3 * E, 0, &s);
    add(&l.out_proj_weight, ps, prefix, "out_proj.weight", E, E, &s);
    if (!s)
        s = recur_init_uniform(ps, l.out_proj_weight, -1.0 / sqrt((double)E), 1.0 / sqrt((double)E));
    if (!f->no_bias)
        add(&l.out_proj_bias, ps, prefix, "out_proj.bias", E, 0, &s);
    if (f->add_bias_kv) {
        add_step(&l.bias_k, ps, prefix, "bias_k", E, &s);
        add_step(&l.bias_v, ps, prefix, "bias_v", E, &s);
    }
    if (!s)
        *out = l;
    return s;
}

/* --- forward --- */

typedef struct projection {
    recur_tensor *q, *k, *v;
    int64_t q_at, k_at, v_at; /* columns where each begins */
} projection;

/* x through parts from .. from + n - 1 of in_proj_weight (0 query, 1 key, 2 value), or through `own`. */
static recur_tensor *project(recur_tape *tp, const recur_multihead *l, recur_tensor *x, recur_tensor *own,
                             int from, int n)
{
    recur_tensor *w = own ? own : l->in_proj_weight, *b = l->in_proj_bias;
    int64_t E = l->config.embed, first = from * E, end = (from + n) * E;
    if (!own && n < 3)
        w = recur_slice(tp, w, 0, first, end, 1);
    if (b && n < 3)
        b = recur_slice(tp, b, 0, first, end, 1);
    return recur_linear(tp, x, w, b);
}

/* As few products as the inputs allow: what is one tensor with one set of steps is projected together. */
static projection project_all(recur_tape *tp, const recur_multihead *l, recur_tensor *q, recur_tensor *k,
                              recur_tensor *v)
{
    int64_t E = l->config.embed;
    projection p = {0};
    if (l->in_proj_weight && q == k && k == v) {
        p = (projection){.k_at = E, .v_at = 2 * E};
        p.q = p.k = p.v = project(tp, l, q, NULL, 0, 3);
        return p;
    }
    p.q = project(tp, l, q, l->q_proj_weight, 0, 1);
    if (l->in_proj_weight && k == v) {
        p.v_at = E;
        p.k = p.v = project(tp, l, k, NULL, 1, 2);
        return p;
    }
    p.k = project(tp, l, k, l->k_proj_weight, 1, 1);
    p.v = project(tp, l, v, l->v_proj_weight, 2, 1);
    return p;
}

/* Which steps take part; the query's are the keys' in self attention where only lengths say so. */
static bool find_steps(recur_tape *tp, const recur_multihead *l, const recur_multihead_in *in,
                       const rcr_steps **q, const rcr_steps **k)
{
    bool batch_first = l->config.batch_first, self = !in->key;
    recur_tensor *mask = in->key_padding_mask, *lengths = in->query_lengths;
    if (mask && mask->dtype != RECUR_I64)
        mask = NULL; /* numbers to add: they hide nothing for sure */
    *k = *q = rcr_steps_of(tp, self ? in->query : in->key, in->lengths, mask, batch_first);
    if (*k && !(self && !mask && !lengths))
        *q = rcr_steps_of(tp, in->query, lengths || !self ? lengths : in->lengths, NULL, batch_first);
    return *q;
}

/* --- further keys: add_bias_kv, add_zero_attn --- */

static int64_t further_keys(const recur_multihead *l)
{
    return l->config.add_bias_kv + l->config.add_zero_attn;
}

/* Columns at .. at + E - 1 of packed rows as padded steps, with `bias` and zeros behind each sequence. */
static recur_tensor *lengthen(recur_tape *tp, const recur_multihead *l, const rcr_steps *steps,
                              recur_tensor *rows, int64_t at, recur_tensor *bias)
{
    const bool batch_first = l->config.batch_first;
    const int64_t E = l->config.embed, B = steps->padded.B;
    recur_tensor *part[3];
    int n = 0;
    if (recur_dim(rows, -1) != E)
        rows = recur_slice(tp, rows, -1, at, at + E, 1);
    part[n++] = rcr_unpack_steps(tp, steps, rows);
    recur_tensor *zeros = recur_input(tp, recur_dtype_of(rows), 3,
                                      (int64_t[]){batch_first ? B : 1, batch_first ? 1 : B, E}, NULL);
    if (l->config.add_bias_kv)
        part[n++] = recur_add(tp, zeros, bias);
    if (l->config.add_zero_attn)
        part[n++] = zeros;
    return recur_concat(tp, part, n, batch_first ? 1 : 0);
}

/* A mask whose last axis is that of the keys, with n columns of zeros more. */
static recur_tensor *widen(recur_tape *tp, recur_tensor *mask, int64_t n)
{
    int64_t shape[RECUR_MAX_RANK];
    if (!mask || recur_rank(mask) == 0)
        return mask;
    for (int i = 0; i < mask->rank; i++)
        shape[i] = mask->shape[i];
    shape[mask->rank - 1] = n;
    recur_tensor *both[] = {mask, recur_input(tp, mask->dtype, mask->rank, shape, NULL)};
    return recur_concat(tp, both, 2, -1);
}

/* [B, Tk]: 1 where lengths or a mask of flags hide a key. Both were checked when the steps were found. */
static recur_tensor *hidden_keys(recur_tape *tp, const recur_multihead_in *in, int64_t B, int64_t Tk)
{
    recur_tensor *hidden = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, Tk}, NULL),
                 *mask = in->key_padding_mask;
    bool flags = mask && mask->dtype == RECUR_I64;
    for (int64_t i = 0; hidden && i < B * Tk; i++) {
        bool padding = in->lengths && i % Tk >= recur_i64(in->lengths)[i / Tk];
        recur_i64(hidden)[i] = padding || (flags && recur_i64(mask)[i]);
    }
    return hidden;
}

/* Numbers to add to the scores, -infinity where a key is hidden. */
static recur_tensor *hide_by_numbers(recur_tape *tp, recur_tensor *numbers, recur_tensor *hidden)
{
    recur_tensor *mask = recur_input(tp, numbers->dtype, numbers->rank, numbers->shape, numbers->data);
    for (int64_t i = 0; mask && i < recur_count(mask) && i < recur_count(hidden); i++)
        if (!recur_i64(hidden)[i])
            continue;
        else if (mask->dtype == RECUR_F32)
            recur_f32(mask)[i] = -INFINITY;
        else
            recur_f64(mask)[i] = -INFINITY;
    return mask;
}

/* Keys and values after their projection, and the masks, with the further ones; their steps, or NULL. */
static const rcr_steps *add_keys(recur_tape *tp, const recur_multihead *l, const rcr_steps *ks, projection *x,
                                 recur_multihead_in *in)
{
    const int64_t n = further_keys(l);
    recur_tensor *k = lengthen(tp, l, ks, x->k, x->k_at, l->bias_k);
    recur_tensor *v = lengthen(tp, l, ks, x->v, x->v_at, l->bias_v);
    recur_tensor *hidden = widen(tp, hidden_keys(tp, in, ks->padded.B, ks->padded.T), n);
    recur_tensor *mask = in->key_padding_mask ? widen(tp, in->key_padding_mask, n) : NULL;
    in->attn_mask = widen(tp, in->attn_mask, n);
    if (rcr_stuck(tp->cx))
        return NULL;
    in->key_padding_mask = mask && mask->dtype != RECUR_I64 ? hide_by_numbers(tp, mask, hidden) : hidden;
    ks = rcr_steps_of(tp, k, NULL, hidden, l->config.batch_first);
    x->k = ks ? rcr_pack_steps(tp, ks, k, "the key") : NULL;
    x->v = ks ? rcr_pack_steps(tp, ks, v, "the value") : NULL;
    x->k_at = x->v_at = 0;
    return x->v ? ks : NULL;
}

static rcr_attend attend_of(const recur_multihead *l, const recur_multihead_in *in, const projection *x,
                            const rcr_steps *q, const rcr_steps *k)
{
    int64_t H = l->config.heads, D = l->config.embed / H, B = q->padded.B;
    rcr_attend p = {.q = q->packed, .k = k->packed, .v = k->packed, .H = H, .D = D, .E = D};
    p.q_at = x->q_at, p.k_at = x->k_at, p.v_at = x->v_at;
    p.scale = 1.0 / sqrt((double)D);
    p.dropout = l->config.dropout;
    p.weights = in->weights;
    bool heads = in->weights == RECUR_WEIGHTS_HEADS;
    int64_t each[] = {B, H, q->padded.T, k->padded.T}, mean[] = {B, q->padded.T, k->padded.T};
    p.weights_rank = heads ? 4 : 3;
    memcpy(p.weights_shape, heads ? each : mean, heads ? sizeof each : sizeof mean);
    return p;
}

static recur_attention_out attend_batch(recur_tape *tp, const recur_multihead *l,
                                        const recur_multihead_in *given)
{
    const rcr_steps *qs, *ks;
    recur_attention_out y = {0};
    recur_multihead_in in = *given;
    if (!find_steps(tp, l, &in, &qs, &ks))
        return y;
    recur_tensor *key = in.key ? in.key : in.query, *value = in.value ? in.value : key;
    recur_tensor *q = rcr_pack_steps(tp, qs, in.query, "the query");
    recur_tensor *k = key == in.query && ks == qs ? q : rcr_pack_steps(tp, ks, key, "the key");
    recur_tensor *v = value == key ? k : rcr_pack_steps(tp, ks, value, "the value");
    projection x = project_all(tp, l, q, k, v);
    if (!rcr_stuck(tp->cx) && further_keys(l))
        ks = add_keys(tp, l, ks, &x, &in);
    if (rcr_stuck(tp->cx))
        return y;
    rcr_attend p = attend_of(l, &in, &x, qs, ks);
    recur_tensor *mask = in.key_padding_mask;
    mask = mask && mask->dtype == RECUR_I64 && !ks->holes ? NULL : mask;
    rcr_attend_in parts = {.q = x.q, .k = x.k, .v = x.v, .key_mask = mask, .attn_mask = in.attn_mask};
    y = rcr_attend_heads(tp, &p, &parts);
    y.output = recur_linear(tp, y.output, l->out_proj_weight, l->out_proj_bias);
    y.output = rcr_unpack_steps(tp, qs, y.output);
    return y.output ? y : (recur_attention_out){0};
}

/* --- one sequence without the axis of a batch --- */

/* x of `rank` axes with one of length 1 put in; any other x as it is. */
static recur_tensor *put_axis(recur_tape *tp, recur_tensor *x, int rank, int axis)
{
    int64_t shape[RECUR_MAX_RANK];
    if (!x || recur_rank(x) != rank)
        return x;
    for (int i = 0; i <= rank; i++)
        shape[i] = i == axis ? 1 : recur_dim(x, i < axis ? i : i - 1);
    return recur_reshape(tp, x, rank + 1, shape);
}

static recur_tensor *drop_axis(recur_tape *tp, recur_tensor *x, int axis)
{
    int64_t shape[RECUR_MAX_RANK];
    int n = 0;
    for (int i = 0; i < recur_rank(x); i++)
        if (i != axis)
            shape[n++] = recur_dim(x, i);
    return x ? recur_reshape(tp, x, n, shape) : NULL;
}

static recur_attention_out attend_one(recur_tape *tp, const recur_multihead *l, const recur_multihead_in *in)
{
    int batch = l->config.batch_first ? 0 : 1;
    recur_multihead_in one = *in;
    one.query = put_axis(tp, in->query, 2, batch);
    one.key = in->key == in->query ? one.query : put_axis(tp, in->key, 2, batch);
    one.value = in->value == in->query ? one.query
                : in->value == in->key ? one.key
                                       : put_axis(tp, in->value, 2, batch);
    one.key_padding_mask = put_axis(tp, in->key_padding_mask, 1, 0);
    recur_attention_out y = attend_batch(tp, l, &one);
    return (recur_attention_out){drop_axis(tp, y.output, batch), drop_axis(tp, y.weights, 0)};
}

recur_attention_out recur_multihead_forward(recur_tape *tp, const recur_multihead *l,
                                            const recur_multihead_in *in)
{
    return (recur_rank(in->query) == 2 ? attend_one : attend_batch)(tp, l, in);
}
