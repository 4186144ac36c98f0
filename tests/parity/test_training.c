// SPDX-License-Identifier: MIT
/* Whole training runs against PyTorch: every file of reference/training, losses, gradients and parameters of
 * each step. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/layer.h>
#include <recur/loss.h>
#include <recur/optim.h>
#include <recur/rnn.h>

#include "support/reference.h"

enum { MAX_STEPS = 64, MAX_STATE = 4096 };

/* A network: build() adds its parameters, loss() gives the loss of step k. */
typedef struct network {
    reference *r;
    recur_rnn *rnn, *decoder;
    recur_embedding_layer embedding, dec_embedding;
    recur_linear_layer linear;
    double h[MAX_STATE], c[MAX_STATE]; /* char_lm: the state carried from step to step */
} network;

typedef struct kind {
    const char *model;
    void (*build)(network *n);
    recur_tensor *(*loss)(network *n, int64_t k);
} kind;

static int64_t number(const network *n, const char *key)
{
    return (int64_t)reference_number(n->r, key);
}

static recur_rnn *add_rnn(network *n, const char *prefix, recur_rnn_config config)
{
    recur_rnn *rnn = NULL;
    config.hidden = number(n, "hidden_size");
    reference_ok(n->r, recur_rnn_create(&rnn, n->r->ps, prefix, &config));
    return rnn;
}

static void add_linear(network *n, int64_t in, int64_t out)
{
    reference_ok(n->r, recur_linear_create(&n->linear, n->r->ps, "linear", in, out, true));
}

static void add_embedding(network *n, recur_embedding_layer *e, const char *prefix, const char *vocab,
                          int64_t padding)
{
    reference_ok(n->r, recur_embedding_create(e, n->r->ps, prefix, number(n, vocab),
                                              number(n, "embedding_dim"), padding));
}

/* The last layer's entry of h [L*D, B, H], counted from the end. */
static recur_tensor *last_state(network *n, recur_tensor *h, int64_t from_end)
{
    int64_t at = recur_dim(h, 0) - from_end, shape[] = {recur_dim(h, 1), recur_dim(h, 2)};
    return recur_reshape(n->r->tp, recur_slice(n->r->tp, h, 0, at, at + 1, 1), 2, shape);
}

/* --- sine, ball --- */

static void build_sine(network *n)
{
    n->rnn = add_rnn(n, "lstm", (recur_rnn_config){.cell = RECUR_LSTM, .input = 1, .batch_first = true});
    add_linear(n, number(n, "hidden_size"), 1);
}

static recur_tensor *sine_loss(network *n, int64_t k)
{
    (void)k;
    recur_tape *tp = n->r->tp;
    recur_tensor *y = recur_rnn_forward(tp, n->rnn, reference_input(n->r, "data.input"), NULL, NULL, NULL).y;
    recur_tensor *p = recur_linear_forward(tp, &n->linear, recur_last_step(tp, y, NULL, true));
    return recur_mse_loss(tp, p, reference_input(n->r, "data.target"), RECUR_MEAN);
}

static void build_ball(network *n)
{
    n->rnn = add_rnn(n, "rnn", (recur_rnn_config){.cell = RECUR_RNN_TANH, .input = 1, .batch_first = true});
    add_linear(n, number(n, "hidden_size"), 1);
}

static recur_rnn_out ball_forward(network *n)
{
    recur_tensor *x = reference_input(n->r, "data.input"), *lengths = reference_input(n->r, "data.lengths");
    return recur_rnn_forward(n->r->tp, n->rnn, x, lengths, NULL, NULL);
}

static recur_tensor *ball_last_loss(network *n, int64_t k)
{
    (void)k;
    recur_tensor *p = recur_linear_forward(n->r->tp, &n->linear, last_state(n, ball_forward(n).h, 1));
    return recur_mse_loss(n->r->tp, p, reference_input(n->r, "data.target"), RECUR_MEAN);
}

/* The sum of squares over the valid steps, divided by their number. */
static recur_tensor *ball_each_loss(network *n, int64_t k)
{
    (void)k;
    recur_tape *tp = n->r->tp;
    recur_tensor *p = recur_linear_forward(tp, &n->linear, ball_forward(n).y),
                 *target = reference_input(n->r, "data.target");
    recur_tensor *lengths = reference_input(n->r, "data.lengths");
    int64_t B = recur_dim(p, 0), T = recur_dim(p, 1), shape[] = {B, T, 1}, steps = 0;
    recur_tensor *mask = recur_input(tp, RECUR_F64, 3, shape, NULL);
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = 0; t < recur_i64(lengths)[b]; t++, steps++)
            recur_f64(mask)[b * T + t] = 1.0;
    recur_tensor *e = recur_mul(tp, recur_sub(tp, p, target), mask);
    return recur_affine(tp, recur_sum(tp, recur_mul(tp, e, e), RECUR_ALL_AXES, false), 1.0 / (double)steps,
                        0.0);
}

/* --- language model with carried state --- */

static void build_char_lm(network *n)
{
    add_embedding(n, &n->embedding, "embedding", "vocab", RECUR_NO_PADDING);
    n->rnn = add_rnn(
        n, "lstm",
        (recur_rnn_config){
            .cell = RECUR_LSTM, .input = number(n, "embedding_dim"), .layers = 2, .batch_first = true});
    add_linear(n, number(n, "hidden_size"), number(n, "vocab"));
}

static recur_tensor *columns(network *n, const char *name, int64_t k)
{
    int64_t chunk = number(n, "chunk");
    recur_tensor *all = reference_input(n->r, name);
    int64_t B = recur_dim(all, 0), width = recur_dim(all, 1), shape[] = {B, chunk};
    recur_tensor *part = recur_input(n->r->tp, RECUR_I64, 2, shape, NULL);
    for (int64_t b = 0; b < B; b++)
        memcpy(recur_i64(part) + b * chunk, recur_i64(all) + b * width + k * chunk,
               (size_t)chunk * sizeof(int64_t));
    return part;
}

static recur_tensor *char_lm_loss(network *n, int64_t k)
{
    recur_tape *tp = n->r->tp;
    recur_tensor *x = recur_embedding_forward(tp, &n->embedding, columns(n, "data.tokens", k));
    int64_t B = recur_dim(x, 0), chunk = recur_dim(x, 1), H = number(n, "hidden_size"), shape[] = {2, B, H};
    recur_tensor *h = recur_input(tp, RECUR_F64, 3, shape, n->h),
                 *c = recur_input(tp, RECUR_F64, 3, shape, n->c);
    recur_rnn_out o = recur_rnn_forward(tp, n->rnn, x, NULL, h, c);
    assert_non_null(o.c);
    memcpy(n->h, recur_f64(o.h), (size_t)(2 * B * H) * sizeof(double));
    memcpy(n->c, recur_f64(o.c), (size_t)(2 * B * H) * sizeof(double));
    recur_tensor *logits = recur_linear_forward(tp, &n->linear, o.y);
    logits = recur_reshape(tp, logits, 2, (int64_t[]){B * chunk, -1});
    recur_tensor *target = recur_reshape(tp, columns(n, "data.targets", k), 1, (int64_t[]){B * chunk});
    return recur_cross_entropy(tp, logits, target, RECUR_CLASS_LOSS);
}

/* --- classifier over both directions' last states --- */

static void build_classifier(network *n)
{
    add_embedding(n, &n->embedding, "embedding", "vocab", number(n, "padding_idx"));
    n->rnn = add_rnn(n, "lstm",
                     (recur_rnn_config){.cell = RECUR_LSTM,
                                        .input = number(n, "embedding_dim"),
                                        .layers = (int)number(n, "num_layers"),
                                        .bidirectional = true,
                                        .batch_first = true});
    add_linear(n, 2 * number(n, "hidden_size"), 1);
}

static recur_tensor *classifier_loss(network *n, int64_t k)
{
    (void)k;
    recur_tape *tp = n->r->tp;
    recur_tensor *x = recur_embedding_forward(tp, &n->embedding, reference_input(n->r, "data.tokens"));
    recur_tensor *h = recur_rnn_forward(tp, n->rnn, x, reference_input(n->r, "data.lengths"), NULL, NULL).h;
    recur_tensor *both = recur_concat(tp, (recur_tensor *[]){last_state(n, h, 2), last_state(n, h, 1)}, 2, 1);
    recur_tensor *logit = recur_linear_forward(tp, &n->linear, both);
    logit = recur_reshape(tp, logit, 1, (int64_t[]){-1});
    return recur_bce_with_logits(tp, logit, reference_input(n->r, "data.target"), NULL, RECUR_MEAN);
}

/* --- encoder and decoder --- */

static void build_seq2seq(network *n)
{
    recur_rnn_config config = {.cell = RECUR_LSTM, .input = number(n, "embedding_dim")};
    add_embedding(n, &n->embedding, "enc_embedding", "src_vocab", RECUR_NO_PADDING);
    add_embedding(n, &n->dec_embedding, "dec_embedding", "trg_vocab", RECUR_NO_PADDING);
    n->rnn = add_rnn(n, "encoder", config);
    n->decoder = add_rnn(n, "decoder", config);
    add_linear(n, number(n, "hidden_size"), number(n, "trg_vocab"));
}

/* Rows from .. to of an integer array [T, B]. */
static recur_tensor *time_rows(network *n, recur_tensor *all, int64_t from, int64_t to)
{
    int64_t B = recur_dim(all, 1), shape[] = {to - from, B};
    return recur_input(n->r->tp, RECUR_I64, 2, shape, recur_i64(all) + from * B);
}

static recur_tensor *seq2seq_loss(network *n, int64_t k)
{
    (void)k;
    recur_tape *tp = n->r->tp;
    recur_tensor *src = reference_input(n->r, "data.src"), *trg = reference_input(n->r, "data.trg");
    int64_t T = recur_dim(trg, 0);
    recur_class_loss options = RECUR_CLASS_LOSS;
    options.ignore_index = number(n, "ignore_index");
    recur_rnn_out e =
        recur_rnn_forward(tp, n->rnn, recur_embedding_forward(tp, &n->embedding, src), NULL, NULL, NULL);
    recur_tensor *x = recur_embedding_forward(tp, &n->dec_embedding, time_rows(n, trg, 0, T - 1));
    recur_tensor *y = recur_rnn_forward(tp, n->decoder, x, NULL, e.h, e.c).y;
    recur_tensor *logits = recur_linear_forward(tp, &n->linear, y);
    logits = recur_reshape(tp, logits, 2, (int64_t[]){-1, recur_dim(logits, -1)});
    recur_tensor *target = recur_reshape(tp, time_rows(n, trg, 1, T), 1, (int64_t[]){-1});
    return recur_cross_entropy(tp, logits, target, options);
}

static const kind kinds[] = {
    {"sine", build_sine, sine_loss},
    {"ball_last", build_ball, ball_last_loss},
    {"ball_each", build_ball, ball_each_loss},
    {"char_lm", build_char_lm, char_lm_loss},
    {"bi_classifier", build_classifier, classifier_loss},
    {"seq2seq", build_seq2seq, seq2seq_loss},
};

/* --- the run --- */

static recur_optim *make_optimizer(const network *n)
{
    const reference *r = n->r;
    recur_optim *o = NULL;
    bool adam = reference_is(r, "optimizer", "Adam");
    recur_optim_config config = recur_optim_defaults(adam ? RECUR_ADAM : RECUR_SGD);
    config.lr = reference_number(r, "lr");
    config.weight_decay = reference_number(r, "weight_decay");
    if (adam) {
        config.beta1 = reference_number(r, "beta1");
        config.beta2 = reference_number(r, "beta2");
        config.eps = reference_number(r, "eps");
        config.amsgrad = reference_flag(r, "amsgrad");
    } else {
        config.momentum = reference_number(r, "momentum");
        config.dampening = reference_number(r, "dampening");
        config.nesterov = reference_flag(r, "nesterov");
    }
    reference_ok(r, recur_optim_create(&o, r->ps, &config));
    return o;
}

static void expect_all(reference *r, const char *prefix, bool gradients)
{
    for (size_t i = 0; i < recur_params_size(r->ps); i++) {
        char name[256];
        recur_tensor *p = recur_params_at(r->ps, i);
        snprintf(name, sizeof name, "%s.%s", prefix, recur_name(p));
        reference_expect(r, name, gradients ? recur_grad(p) : p);
    }
}

static void train(network *n, const kind *k)
{
    reference *r = n->r;
    double losses[MAX_STEPS], norms[MAX_STEPS];
    int64_t steps = number(n, "steps");
    double clip =
        reference_is(r, "clip_grad_norm", "none") ? (double)INFINITY : reference_number(r, "clip_grad_norm");
    recur_optim *o = make_optimizer(n);
    assert_true(steps <= MAX_STEPS);
    for (int64_t s = 0; s < steps; s++) {
        recur_tape_begin(r->tp, RECUR_TRAIN);
        recur_tensor *loss = k->loss(n, s);
        reference_ok(r, recur_backward(r->tp, loss));
        losses[s] = recur_item(loss, 0);
        if (s == 0)
            expect_all(r, "expect.grad_step0", true);
        reference_ok(r, recur_clip_grad_norm(r->ps, clip, 2.0, &norms[s]));
        reference_ok(r, recur_optim_step(o));
        if (s == 0)
            expect_all(r, "expect.after_step0", false);
    }
    reference_expect_values(r, "expect.loss", losses, steps);
    reference_expect_values(r, "expect.grad_norm", norms, steps);
    expect_all(r, "expect.final", false);
    recur_optim_free(o);
}

static void run_case(reference *r)
{
    static network n;
    memset(&n, 0, sizeof n);
    n.r = r;
    const kind *k = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (reference_is(r, "model", kinds[i].model))
            k = &kinds[i];
    assert_non_null(k);
    k->build(&n);
    reference_ok(r, recur_params_load(r->ps, r->archive, "param.", RECUR_LOAD_EXTRA));
    train(&n, k);
    if (reference_has(r, "expect.carry.0")) {
        int64_t count = 2 * 3 * number(&n, "hidden_size");
        reference_expect_values(r, "expect.carry.0", n.h, count);
        reference_expect_values(r, "expect.carry.1", n.c, count);
    }
    recur_rnn_free(n.rnn);
    recur_rnn_free(n.decoder);
}

static void training_runs_agree(void **state)
{
    (void)state;
    print_message("%d files\n", reference_each("training", NULL, NULL, run_case));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(training_runs_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
