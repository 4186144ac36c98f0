// SPDX-License-Identifier: MIT
/* One network that classifies: embedding -> recurrent stack -> attention -> pooling -> layers -> a number per class.
 */
#include "task/classify.h"
#include "train/option.h"

/* ---- making ---- */

static recur_status add_heads(rcr_class_member *m, recur_params *ps, const char *prefix)
{
    char name[RCR_NAME];
    rcr_attention_kind kind;
    recur_multihead_config c = {.embed = m->encoder.width, .batch_first = true};
    recur_ctx *cx = recur_params_ctx(ps);
    recur_status status = rcr_attention_parse(cx, m->config->model.attention, &kind, &c.heads);
    m->heads = kind == RCR_ATTENTION_MULTIHEAD;
    if (status == RECUR_OK)
        status = rcr_named(cx, name, prefix, "attention");
    return status == RECUR_OK && m->heads ? recur_multihead_create(&m->attention, ps, name, &c) : status;
}

static recur_status add_pool(rcr_class_member *m, recur_params *ps, const char *prefix)
{
    char name[RCR_NAME];
    if (m->config->model.pool != RECUR_POOL_ATTENTION)
        return RECUR_OK;
    recur_status status = rcr_named(recur_params_ctx(ps), name, prefix, "pool");
    return status == RECUR_OK ? recur_attention_pool_create(&m->pool, ps, name, m->encoder.width, 0) : status;
}

static recur_status add_linear(recur_linear_layer *l, recur_params *ps, const char *prefix, const char *part,
                               int64_t in, int64_t out)
{
    char name[RCR_NAME];
    recur_status status = rcr_named(recur_params_ctx(ps), name, prefix, part);
    return status == RECUR_OK ? recur_linear_create(l, ps, name, in, out, true) : status;
}

static recur_status add_layers(rcr_class_member *m, recur_params *ps, const char *prefix, int64_t K)
{
    char name[RCR_NAME];
    const recur_classify_config *c = m->config;
    int64_t width = m->encoder.width;
    recur_status status = rcr_named(recur_params_ctx(ps), name, prefix, "norm");
    if (status == RECUR_OK && c->dense > 0) {
        status = add_linear(&m->dense, ps, prefix, "dense", width, c->dense);
        width = c->dense;
    }
    if (status == RECUR_OK && c->batch_norm)
        status = recur_batch_norm_create(&m->norm, ps, name, width, 1e-5, 0.1, true);
    return status == RECUR_OK ? add_linear(&m->output, ps, prefix, "output", width, K) : status;
}

recur_status rcr_class_member_create(rcr_class_member *m, recur_params *ps, const char *prefix,
                                     const recur_classify_config *c, int64_t V, int64_t K)
{
    *m = (rcr_class_member){.config = c};
    recur_status status = rcr_encoder_create(&m->encoder, ps, prefix, &c->model, V, 0);
    if (status == RECUR_OK)
        status = add_heads(m, ps, prefix);
    if (status == RECUR_OK)
        status = add_pool(m, ps, prefix);
    return status == RECUR_OK ? add_layers(m, ps, prefix, K) : status;
}

void rcr_class_member_free(rcr_class_member *m)
{
    rcr_encoder_free(&m->encoder);
}

/* ---- running ---- */

/* a [B, T, T], row by row how much a unit looks at each: the mean over the units that there are, [B, T]. */
static recur_tensor *attention_got(recur_tape *tp, recur_tensor *a, recur_tensor *lengths)
{
    return recur_pool_mean(tp, a, lengths, true);
}

/* h + attention(h): with the sum each unit keeps what it has read itself. */
static recur_tensor *attend(recur_tape *tp, const rcr_class_member *m, recur_tensor *h, const rcr_ids *in,
                            recur_tensor **weights)
{
    recur_weights want = weights ? RECUR_WEIGHTS_MEAN : RECUR_WEIGHTS_NONE;
    recur_attention_out a = recur_multihead_forward(
        tp, &m->attention, &(recur_multihead_in){.query = h, .lengths = in->lengths, .weights = want});
    if (weights)
        *weights = attention_got(tp, a.weights, in->lengths);
    return recur_add(tp, h, a.output);
}

static recur_tensor *pool(recur_tape *tp, const rcr_class_member *m, recur_rnn_out out, const rcr_ids *in,
                          recur_tensor **weights)
{
    recur_attention_out a;
    switch ((recur_pool)m->config->model.pool) {
    case RECUR_POOL_MEAN:
        return recur_pool_mean(tp, out.y, in->lengths, true);
    case RECUR_POOL_MAX:
        return recur_pool_max(tp, out.y, in->lengths, true);
    case RECUR_POOL_ATTENTION:
        a = recur_attention_pool_forward(tp, &m->pool, out.y, in->lengths, true);
        if (weights)
            *weights = a.weights;
        return a.output;
    default: /* the states at both ends, unless attention has mixed them */
        return m->heads ? recur_last_step(tp, out.y, in->lengths, true)
                        : rcr_last_state(tp, m->encoder.rnn, out.h);
    }
}

static recur_tensor *drop(recur_tape *tp, const rcr_class_member *m, recur_tensor *s)
{
    return m->config->model.dropout > 0 ? recur_dropout(tp, s, m->config->model.dropout) : s;
}

/* s [B, width] -> [B, K] */
static recur_tensor *layers(recur_tape *tp, const rcr_class_member *m, recur_tensor *s)
{
    const recur_classify_config *c = m->config;
    if (c->dense > 0)
        s = recur_linear_forward(tp, &m->dense, drop(tp, m, s));
    if (c->batch_norm)
        s = recur_batch_norm_forward(tp, &m->norm, s);
    if (c->dense > 0)
        s = recur_relu(tp, s);
    return recur_linear_forward(tp, &m->output, drop(tp, m, s));
}

recur_tensor *rcr_class_member_forward(recur_tape *tp, const rcr_class_member *m, const rcr_ids *in,
                                       recur_tensor **weights)
{
    recur_rnn_out out = rcr_encoder_forward(tp, &m->encoder, in);
    if (weights)
        *weights = NULL;
    if (m->heads)
        out.y = attend(tp, m, out.y, in, weights);
    return layers(tp, m, pool(tp, m, out, in, weights));
}
