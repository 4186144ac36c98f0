// SPDX-License-Identifier: MIT
/* The cases of same_bits.h for the families that work above arrays: cells, optimizers, indices, norms, losses. */
#ifndef TESTS_KERNEL_SAME_BITS_CASES_H
#define TESTS_KERNEL_SAME_BITS_CASES_H

/* ---- recurrent cells: up to 17 rows, up to 40 units; the panel lies in the workspace, scratch behind it ---- */

static void run_cell_forward(const rcr_cell_kernels *c, const given *g, result *r)
{
    int64_t H = g->n % 40;
    rcr_rnn_step s = {
        .R = g->outer, .H = H, .O = H, .panel = g->workspace, .b_n = g->in[3], .h_prev = g->in[0]};
    s.c_prev = g->in[1];
    s.gates = r->y[0], s.extra = r->y[1], s.c = r->y[2], s.h = r->y[3];
    c->pack(H, H, g->in[2], g->workspace);
    c->forward(&s);
}

static void run_cell_backward(const rcr_cell_kernels *c, const given *g, result *r)
{
    int64_t H = g->n % 40;
    rcr_rnn_back b = {
        .R = g->outer, .H = H, .O = H, .panel = g->workspace, .h_prev = g->in[0], .c_prev = g->in[1]};
    b.h = g->in[1], b.dh = g->in[2], b.dz = (char *)g->workspace + RCR_WORKSPACE / 2;
    b.gates = r->y[0], b.extra = r->y[1], b.dc = r->y[2], b.dh_prev = r->y[3];
    c->pack_back(H, H, g->in[3], g->workspace);
    c->backward(&b);
}

#define CELL_CASES(name, cell_)                       \
    CASE(case_##name)                                 \
    {                                                 \
        run_cell_forward(&k->rnn.cell[cell_], g, r);  \
    }                                                 \
    CASE(case_##name##_back)                          \
    {                                                 \
        run_cell_backward(&k->rnn.cell[cell_], g, r); \
    }
CELL_CASES(rnn_tanh, 0)
CELL_CASES(rnn_relu, 1)
CELL_CASES(lstm, 2)
CELL_CASES(gru, 3)
CELL_CASES(original, 4)

/* With layer norm: W_ih x in y[1], W_hh h in y[2], other results behind each other in y[3]; inputs at other places. */
static rcr_rnn_norm norm_given(const rcr_kernels *k, const given *g, result *r, int64_t GH, int64_t H)
{
    rcr_rnn_norm q = {
        .eps = 1e-5, .gain_ih = g->in[1], .gain_hh = g->in[2], .gain_c = g->in[3], .bias_c = g->in[0]};
    q.bias = g->seed & 1 ? g->in[3] : NULL;
    q.x = r->y[1], q.z = r->y[2];
    char *rest = r->y[3];
    q.stats = rest, rest += (size_t)(g->outer * RCR_RNN_STATS) * k->item;
    q.dgain_ih = rest, rest += (size_t)GH * k->item;
    q.dgain_hh = rest, rest += (size_t)GH * k->item;
    q.dgain_c = rest, rest += (size_t)H * k->item;
    q.dbias_c = rest;
    return q;
}

static void run_normed(const rcr_kernels *k, const given *g, result *r, int cell, bool back)
{
    const rcr_cell_kernels *c = &k->rnn.normed[cell];
    int64_t H = g->n % 40, at = g->outer * H;
    char *extra = (char *)r->y[0] + (size_t)(4 * at) * k->item, *state = (char *)r->y[3] + 2048 * k->item;
    rcr_rnn_step s = {
        .R = g->outer, .H = H, .O = H, .panel = g->workspace, .b_n = g->in[3], .h_prev = g->in[0]};
    s.c_prev = g->in[1], s.drop = g->seed & 2 ? g->in[2] : NULL,
    s.norm = norm_given(k, g, r, c->gates * H, H);
    s.gates = r->y[0], s.extra = extra, s.c = state, s.h = state + (size_t)at * k->item;
    rcr_rnn_back b = {
        .R = g->outer, .H = H, .O = H, .panel = g->workspace, .h_prev = g->in[0], .c_prev = g->in[1]};
    b.drop = s.drop, b.dh = g->in[2], b.dz = (char *)g->workspace + RCR_WORKSPACE / 2, b.norm = s.norm;
    b.gates = s.gates, b.extra = extra, b.dc = state, b.dh_prev = s.h;
    (back ? c->pack_back : c->pack)(H, H, g->in[2], g->workspace);
    if (back)
        c->backward(&b);
    else
        c->forward(&s);
}

#define NORMED_CASES(name, cell)          \
    CASE(case_##name)                     \
    {                                     \
        run_normed(k, g, r, cell, false); \
    }                                     \
    CASE(case_##name##_back)              \
    {                                     \
        run_normed(k, g, r, cell, true);  \
    }
NORMED_CASES(lstm_norm, 2)
NORMED_CASES(gru_norm, 3)

CASE(case_product)
{
    int64_t N = g->n % 70, K = g->n % 37;
    k->rnn.product_pack(N, K, g->in[0], K, 1, g->workspace);
    k->rnn.product(g->outer, N, K, g->in[1], K + 1, g->workspace, g->seed & 1 ? g->in[2] : NULL, r->y[0]);
}

/* ---- masks: of zeros and other numbers, as drawn ---- */

CASE(case_mask)
{
    k->drop.draw(g->n, g->seed, g->seed >> 7, g->seed >> 3, 0.4, 0.0, 1.7, r->y[0]);
    k->drop.times(g->n, r->y[0], g->in[0], r->y[1]);
    k->drop.times_add(g->n, r->y[0], g->in[1], r->y[2]);
}

CASE(case_zone)
{
    const void *keep = g->seed & 1 ? r->y[0] : NULL;
    k->drop.draw(g->n, g->seed, 1, 0, 0.4, 1.0, 0.0, r->y[0]);
    k->drop.zone(g->n, keep, 0.4, g->in[0], r->y[1]);
    k->drop.zone_back(g->n, keep, 0.4, r->y[2], r->y[3]);
}

/* ---- optimizers ---- */

static void run_update(const rcr_kernels *k, const given *g, result *r, rcr_update_kind kind)
{
    rcr_update_scalars h = {.sign = g->seed >> 16 & 1 ? 1 : -1, .decay = g->seed >> 17 & 1 ? 0.01 : 0};
    void *state[3] = {r->y[1], r->y[2], g->seed >> 18 & 1 ? r->y[3] : NULL};
    h.shrink = 0.99, h.lr = 0.1, h.lr_grad = 0.05, h.momentum = g->seed >> 19 & 1 ? 0.9 : 0, h.fresh = 0.8;
    h.beta1 = 0.9, h.new1 = 0.1, h.beta2 = 0.99, h.new2 = 0.01, h.correction = 0.7, h.eps = 1e-8;
    h.first = g->seed >> 20 & 1, h.nesterov = g->seed >> 21 & 1;
    k->optim.update[kind](g->n, &h, g->in[0], r->y[0], state);
}

#define UPDATE_CASE(name, kind)    \
    CASE(case_##name)              \
    {                              \
        run_update(k, g, r, kind); \
    }
UPDATE_CASE(sgd, RCR_UPDATE_SGD)
UPDATE_CASE(adam, RCR_UPDATE_ADAM)
UPDATE_CASE(nadam, RCR_UPDATE_NADAM)
UPDATE_CASE(rmsprop, RCR_UPDATE_RMSPROP)
UPDATE_CASE(adagrad, RCR_UPDATE_ADAGRAD)
UPDATE_CASE(adadelta, RCR_UPDATE_ADADELTA)

/* ---- indices ---- */

CASE(case_index)
{
    k->index.gather(g->n, g->in[0], 1, 2, g->index, r->y[0]);
    k->index.scatter_add(g->n, g->in[0], 0, 3, g->index, r->y[1]);
    k->index.running_max(g->n, 5, g->in[0], r->y[2], r->index);
}

/* ---- norms ---- */

CASE(case_layer_norm)
{
    int64_t n = g->k * g->inner;
    const void *w = g->seed >> 16 & 1 ? g->in[1] : NULL;
    k->norm.layer_norm(g->outer, n, 1e-5, g->in[0], w, w ? g->in[2] : NULL, r->y[0], r->y[1], r->y[2]);
}

CASE(case_layer_norm_backward)
{
    int64_t n = g->k * g->inner;
    const void *w = g->seed >> 16 & 1 ? g->in[1] : NULL;
    k->norm.layer_norm_dx(g->outer, n, g->in[0], w, g->in[1], g->in[2], g->in[3], r->y[0]);
    k->norm.layer_norm_dw(g->outer, n, n / 3, n, g->in[0], g->in[1], g->in[2], g->in[3], r->y[1], r->y[2]);
}

/* Up to 8 channels: their statistics are doubles. */
CASE(case_batch_norm)
{
    int64_t C = g->k < 8 ? g->k : 8;
    double mean[8] = {0}, var[8] = {0}, sum[8] = {0}, sumx[8] = {0};
    k->norm.channel_moments(g->outer, C, g->inner, 0, C, g->in[0], mean, var);
    k->norm.channel_norm(g->outer, C, g->inner, 0, C, g->in[0], mean, var, g->in[1], g->in[2], r->y[0]);
    k->norm.channel_sums(g->outer, C, g->inner, 0, C, g->in[0], mean, var, g->in[3], sum, sumx);
    k->norm.channel_dx(g->outer, C, g->inner, 0, C, g->in[0], mean, var, g->in[1], sum, sumx, g->in[3],
                       r->y[1]);
    for (int64_t c = 0; c < C; c++)
        r->scalar[c] = mean[c] + 2 * var[c] + 4 * sum[c] + 8 * sumx[c];
}

/* ---- losses ---- */

#define PAIR_CASE(name)                                                       \
    CASE(case_##name)                                                         \
    {                                                                         \
        const void *w = g->seed >> 16 & 1 ? g->in[3] : NULL;                  \
        k->loss.name.value(g->n, 0.7, g->in[0], g->in[1], w, r->y[0]);        \
        k->loss.name.dx(g->n, 0.7, g->in[0], g->in[1], w, g->in[2], r->y[1]); \
        k->loss.name.dt(g->n, 0.7, g->in[0], g->in[1], w, g->in[2], r->y[2]); \
    }
PAIR_CASE(mse)
PAIR_CASE(smooth_l1)
PAIR_CASE(huber)
PAIR_CASE(bce)
PAIR_CASE(bce_with_logits)

/* Class 3 is ignored; the targets are 0 .. 6. */
static rcr_classes classes_of(const given *g)
{
    return (rcr_classes){.target = g->index,
                         .weight = g->seed >> 16 & 1 ? g->in[3] : NULL,
                         .ignore = 3,
                         .smoothing = g->seed >> 17 & 1 ? 0.1 : 0};
}

CASE(case_cross_entropy)
{
    rcr_classes c = classes_of(g);
    if (g->k < 7)
        return;
    k->loss.cross_entropy(g->outer, g->k, g->inner, g->in[0], &c, r->y[0], r->y[1], r->y[2]);
    k->loss.cross_entropy_dx(g->outer, g->k, g->inner, g->in[0], &c, g->in[1], g->in[2], g->in[2], r->y[3]);
}

CASE(case_cross_entropy_in_place)
{
    rcr_classes c = classes_of(g);
    if (g->k >= 7)
        k->loss.cross_entropy_dx(g->outer, g->k, 1, r->y[0], &c, g->in[1], g->in[2], g->in[2], r->y[0]);
}

CASE(case_nll)
{
    rcr_classes c = classes_of(g);
    if (g->k < 7)
        return;
    k->loss.nll(g->outer, g->k, g->inner, g->in[0], &c, r->y[0]);
    k->loss.nll_dx(g->outer, g->k, g->inner, &c, g->in[2], r->y[1]);
    r->scalar[0] = k->loss.class_weights(g->outer * g->inner, &c);
    r->scalar[1] = (double)k->loss.outside(g->n, -1, 1, g->in[0]);
}

/* ---- conditional random field: up to 23 tags, 17 steps; the model lies in the workspace ---- */

static rcr_crf_model crf_model_of(const rcr_kernels *k, const given *g, int64_t K, int64_t P)
{
    char *row[8];
    for (int i = 0; i < 8; i++)
        row[i] = (char *)g->workspace + (size_t)(i * K * P) * k->item;
    rcr_crf_model m = {.K = K, .P = P, .start = row[0], .end = row[1]};
    m.ahead = (rcr_crf_matrix){row[2], row[3], row[4], row[6]};
    m.back = (rcr_crf_matrix){row[3], row[2], row[5], row[7]};
    k->crf.allow(1, K, P, g->in[0], NULL, m.start);
    k->crf.allow(1, K, P, g->in[0], NULL, m.end);
    k->crf.allow(K, K, P, g->in[1], g->seed & 1 ? (const uint8_t *)g->index : NULL, m.ahead.X);
    k->crf.transpose(K, P, m.ahead.X, m.back.X);
    k->crf.prepare(K, P, m.ahead.X, m.ahead.E, m.ahead.m);
    k->crf.prepare(K, P, m.back.X, m.back.E, m.back.m);
    return m;
}

CASE(case_crf)
{
    int64_t K = 1 + g->n % 23, P = (K + RCR_LANES - 1) / RCR_LANES * RCR_LANES;
    rcr_crf_model m = crf_model_of(k, g, K, P);
    rcr_crf_steps q = {.T = g->outer, .step = K, .e = g->in[2]};
    char *work = (char *)g->workspace + RCR_WORKSPACE / 2, *half = r->y[2] + SPACE / 2 * k->item;
    rcr_crf_gradient d = {.g = 0.7, .de = r->y[1], .U = r->y[2], .V = r->y[3], .first = half};
    r->scalar[0] = k->crf.viterbi(&m, &q, r->index, 1, r->y[0], work);
    r->scalar[1] = k->crf.forward(&m, &q, r->y[0], work);
    if (r->scalar[1] == -INFINITY)
        return;
    r->scalar[2] = k->crf.backward(&m, &q, r->y[0], &d, work);
    rcr_crf_gradient low = {
        .g = 0.7, .dA = r->y[3] + SPACE / 2 * k->item, .last = half + K * (int64_t)k->item};
    r->scalar[3] = k->crf.backward(&m, &q, r->y[0], &low, work);
    if (r->index[0] >= 0)
        k->crf.path_dA(q.T, K, r->index, 1, -0.3, low.dA, half, NULL);
}

/* ---- connectionist temporal classification: 8 classes, the last blank; up to 19 labels and 17 steps ---- */

CASE(case_ctc)
{
    rcr_ctc_steps q = {.T = g->outer, .step = 8, .lp = g->in[0], .blank = 7, .L = g->n % 20, .y = g->index};
    r->scalar[0] = k->ctc.forward(&q, r->y[0], g->workspace);
    if (r->scalar[0] != -INFINITY)
        k->ctc.backward(&q, r->y[0], 0.7, r->y[1], g->workspace);
}

/* ---- attention: rows of up to 40 columns one apart; in a softmax, some numbers hide their steps ---- */

CASE(case_tanh_scores)
{
    int64_t A = g->n % 41, n = g->outer;
    const void *q = g->seed >> 16 & 1 ? g->in[0] : NULL;
    void *dp = g->seed >> 17 & 1 ? r->y[1] : NULL, *dv = g->seed >> 18 & 1 ? r->y[3] : NULL;
    k->attention.tanh_scores(n, A, q, g->in[1], A + 1, g->in[2], r->y[0]);
    k->attention.tanh_scores_back(n, A, q, g->in[1], A + 1, g->in[2], g->in[3], dp, r->y[2], dv);
}

CASE(case_attend_softmax)
{
    int64_t n = g->k < 200 ? g->k : 200, ld = n + 1;
    k->attention.hide(n, g->index, r->y[3]);
    k->attention.softmax(g->outer, n, ld, 0.3, g->seed >> 16 & 1 ? r->y[3] : NULL,
                         g->seed >> 17 & 1 ? g->in[1] : NULL, n, r->y[0]);
    k->attention.softmax_back(g->outer, n, ld, 0.3, g->in[2], g->seed >> 18 & 1 ? g->in[3] : g->in[2],
                              r->y[1]);
}

/* clang-format off */
#define MORE_BITS_CASES                                                                                      \
    {"rnn_tanh", case_rnn_tanh}, {"rnn_tanh backward", case_rnn_tanh_back},                                  \
    {"rnn_relu", case_rnn_relu}, {"rnn_relu backward", case_rnn_relu_back},                                  \
    {"lstm", case_lstm}, {"lstm backward", case_lstm_back},                                                  \
    {"gru", case_gru}, {"gru backward", case_gru_back},                                                      \
    {"original gru", case_original}, {"original gru backward", case_original_back},                          \
    {"lstm_norm", case_lstm_norm}, {"lstm_norm backward", case_lstm_norm_back},                              \
    {"gru_norm", case_gru_norm}, {"gru_norm backward", case_gru_norm_back},                                  \
    {"product", case_product}, {"mask", case_mask}, {"zone", case_zone}, {"sgd", case_sgd}, {"adam", case_adam}, {"nadam", case_nadam},                \
    {"rmsprop", case_rmsprop}, {"adagrad", case_adagrad}, {"adadelta", case_adadelta},                       \
    {"index", case_index}, {"layer_norm", case_layer_norm},                                                  \
    {"layer_norm backward", case_layer_norm_backward}, {"batch_norm", case_batch_norm},                      \
    {"mse", case_mse}, {"smooth_l1", case_smooth_l1}, {"huber", case_huber}, {"bce", case_bce},              \
    {"bce_with_logits", case_bce_with_logits}, {"cross_entropy", case_cross_entropy}, {"cross_entropy in place", case_cross_entropy_in_place}, {"nll", case_nll},              \
    {"crf", case_crf}, {"ctc", case_ctc}, {"tanh_scores", case_tanh_scores}, {"attention softmax", case_attend_softmax},
/* clang-format on */

#endif
