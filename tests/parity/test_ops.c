// SPDX-License-Identifier: MIT
/* Operations and layers against PyTorch: every file of reference/ops. Nothing in a file may stay unread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/attention.h>
#include <recur/layer.h>
#include <recur/op.h>

#include "support/attention_twin.h"
#include "support/reference.h"

enum { MAX_PARTS = 8 };

/* The result `output`, and the gradients of all parameters and of the n inputs. */
static void check(reference *r, recur_tensor *y, const char *const *names, recur_tensor *const *in, int n)
{
    reference_expect(r, "expect.output", y);
    reference_ok(r, recur_backward(r->tp, reference_scalar(r, (const char *[]){"output"}, &y, 1)));
    reference_expect_gradients(r, names, in, n);
}

static void check_one(reference *r, recur_tensor *y, recur_tensor *x)
{
    check(r, y, (const char *[]){"input"}, &x, 1);
}

static int axis(const reference *r, const char *key)
{
    return (int)reference_whole(r, key);
}

/* --- elementwise, along an axis, of two operands --- */

static void run_unary(reference *r, recur_tensor *f(recur_tape *, recur_tensor *))
{
    recur_tensor *x = reference_input(r, "input");
    check_one(r, f(r->tp, x), x);
}

static void run_tanh(reference *r)
{
    run_unary(r, recur_tanh);
}

static void run_sigmoid(reference *r)
{
    run_unary(r, recur_sigmoid);
}

static void run_relu(reference *r)
{
    run_unary(r, recur_relu);
}

static void run_exp(reference *r)
{
    run_unary(r, recur_exp);
}

static void run_log(reference *r)
{
    run_unary(r, recur_log);
}

static void run_softmax(reference *r)
{
    recur_tensor *x = reference_input(r, "input");
    check_one(r, recur_softmax(r->tp, x, axis(r, "dim")), x);
}

static void run_log_softmax(reference *r)
{
    recur_tensor *x = reference_input(r, "input");
    check_one(r, recur_log_softmax(r->tp, x, axis(r, "dim")), x);
}

static void run_binary(reference *r, recur_tensor *f(recur_tape *, recur_tensor *, recur_tensor *))
{
    recur_tensor *in[] = {reference_input(r, "input"), reference_input(r, "other")};
    check(r, f(r->tp, in[0], in[1]), (const char *[]){"input", "other"}, in, 2);
}

static void run_add(reference *r)
{
    run_binary(r, recur_add);
}

static void run_mul(reference *r)
{
    run_binary(r, recur_mul);
}

static void run_matmul(reference *r)
{
    run_binary(r, recur_matmul);
}

/* --- moving elements --- */

/* input.0, input.1, .. joined by f along `dim`. */
static void run_joined(reference *r, recur_tensor *f(recur_tape *, recur_tensor *const *, int, int))
{
    char name[MAX_PARTS][16];
    const char *names[MAX_PARTS];
    recur_tensor *x[MAX_PARTS];
    int n = (int)reference_whole(r, "count");
    assert_in_range(n, 1, MAX_PARTS);
    for (int i = 0; i < n; i++) {
        snprintf(name[i], sizeof name[i], "input.%d", i);
        names[i] = name[i];
        x[i] = reference_input(r, name[i]);
    }
    check(r, f(r->tp, x, n, axis(r, "dim")), names, x, n);
}

static void run_concat(reference *r)
{
    run_joined(r, recur_concat);
}

static void run_stack(reference *r)
{
    run_joined(r, recur_stack);
}

static void run_slice(reference *r)
{
    recur_tensor *x = reference_input(r, "input");
    check_one(r,
              recur_slice(r->tp, x, axis(r, "dim"), reference_whole(r, "start"), reference_whole(r, "stop"),
                          reference_whole(r, "step")),
              x);
}

static void run_transpose(reference *r)
{
    recur_tensor *x = reference_input(r, "input");
    check_one(r, recur_transpose(r->tp, x, axis(r, "dim0"), axis(r, "dim1")), x);
}

static void run_chunk(reference *r)
{
    char name[MAX_PARTS][32];
    const char *names[MAX_PARTS];
    int n = 0;
    recur_tensor *x = reference_input(r, "input"), *y[MAX_PARTS];
    recur_tensor *first = recur_split(r->tp, x, axis(r, "dim"), (int)reference_whole(r, "chunks"), &n);
    assert_int_equal(n, reference_whole(r, "returned"));
    for (int i = 0; i < n; i++) {
        y[i] = recur_output(first, i);
        snprintf(name[i], sizeof name[i], "expect.output.%d", i);
        names[i] = name[i] + strlen("expect.");
        reference_expect(r, name[i], y[i]);
    }
    reference_ok(r, recur_backward(r->tp, reference_scalar(r, names, y, n)));
    reference_expect_gradients(r, (const char *[]){"input"}, &x, 1);
}

/* --- over time --- */

static void run_over_time(reference *r, recur_tensor *f(recur_tape *, recur_tensor *, recur_tensor *, bool))
{
    recur_tensor *x = reference_input(r, "input"), *lengths = reference_input(r, "lengths");
    assert_non_null(lengths);
    check_one(r, f(r->tp, x, lengths, reference_flag(r, "batch_first")), x);
}

static void run_last_step(reference *r)
{
    run_over_time(r, recur_last_step);
}

static void run_pool_sum(reference *r)
{
    run_over_time(r, recur_pool_sum);
}

static void run_pool_mean(reference *r)
{
    run_over_time(r, recur_pool_mean);
}

static void run_pool_max(reference *r)
{
    run_over_time(r, recur_pool_max);
}

/* --- layers --- */

static void run_linear(reference *r)
{
    recur_linear_layer l;
    recur_tensor *x = reference_input(r, "input");
    reference_ok(r, recur_linear_create(&l, r->ps, "", reference_whole(r, "in_features"),
                                        reference_whole(r, "out_features"), reference_flag(r, "bias")));
    reference_load(r);
    check_one(r, recur_linear_forward(r->tp, &l, x), x);
}

static void run_embedding(reference *r)
{
    recur_embedding_layer l;
    recur_tensor *ids = reference_input(r, "input");
    int64_t padding =
        reference_is(r, "padding_idx", "none") ? RECUR_NO_PADDING : reference_whole(r, "padding_idx");
    reference_ok(r, recur_embedding_create(&l, r->ps, "", reference_whole(r, "num_embeddings"),
                                           reference_whole(r, "embedding_dim"), padding));
    reference_load(r);
    check(r, recur_embedding_forward(r->tp, &l, ids), NULL, NULL, 0);
}

/* "[3, 4]" */
static int shape_of(const char *text, int64_t shape[RECUR_MAX_RANK])
{
    int rank = 0;
    for (char *end; *text != ']'; text = end) {
        assert_in_range(rank, 0, RECUR_MAX_RANK - 1);
        shape[rank++] = strtol(text + 1, &end, 10);
        assert_true(*end == ',' || *end == ']');
    }
    return rank;
}

static void run_layer_norm(reference *r)
{
    recur_layer_norm l;
    int64_t shape[RECUR_MAX_RANK];
    recur_tensor *x = reference_input(r, "input");
    int rank = shape_of(reference_text(r, "normalized_shape"), shape);
    reference_ok(r, recur_layer_norm_create(&l, r->ps, "", rank, shape, reference_number(r, "eps"),
                                            reference_flag(r, "elementwise_affine")));
    reference_load(r);
    check_one(r, recur_layer_norm_forward(r->tp, &l, x), x);
}

static void expect_batch(reference *r, const char *prefix, const char *name, int k, recur_tensor *t)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s.%d", prefix, name, k);
    reference_expect(r, full, t);
}

static void check_batch(reference *r, const recur_batch_norm *l, recur_tensor *x, int k)
{
    char output[32];
    const char *name = output;
    snprintf(output, sizeof output, "output.%d", k);
    recur_tensor *y = recur_batch_norm_forward(r->tp, l, x);
    expect_batch(r, "expect.", "output", k, y);
    reference_ok(r, recur_backward(r->tp, reference_scalar(r, &name, &y, 1)));
    expect_batch(r, "expect.grad.", "input", k, recur_grad(x));
    if (l->weight) {
        expect_batch(r, "expect.grad.", "weight", k, recur_grad(l->weight));
        expect_batch(r, "expect.grad.", "bias", k, recur_grad(l->bias));
    }
    expect_batch(r, "expect.", "running_mean", k, l->running_mean);
    expect_batch(r, "expect.", "running_var", k, l->running_var);
}

/* Files say how many batches were tracked only where that enters the average. */
static void run_batch_norm_train(reference *r)
{
    recur_batch_norm l;
    bool cumulative = reference_is(r, "momentum", "none");
    reference_ok(r, recur_batch_norm_create(
                        &l, r->ps, "", reference_whole(r, "num_features"), reference_number(r, "eps"),
                        cumulative ? -1.0 : reference_number(r, "momentum"), reference_flag(r, "affine")));
    reference_load_some(r);
    for (int k = 0; k < reference_whole(r, "batches"); k++) {
        char input[32], tracked[64];
        snprintf(input, sizeof input, "input.%d", k);
        snprintf(tracked, sizeof tracked, "expect.num_batches_tracked.%d", k);
        recur_zero_grad(r->ps);
        recur_tape_begin(r->tp, RECUR_TRAIN);
        check_batch(r, &l, reference_input(r, input), k);
        reference_expect_if(r, tracked, l.num_batches_tracked);
        assert_int_equal(recur_item(l.num_batches_tracked, 0), k + 1);
    }
}

static void run_batch_norm_eval(reference *r)
{
    recur_batch_norm l;
    recur_tensor *x = reference_input(r, "input");
    reference_ok(r, recur_batch_norm_create(&l, r->ps, "", reference_whole(r, "num_features"),
                                            reference_number(r, "eps"), 0.1, true));
    reference_load_some(r);
    check_one(r, recur_batch_norm_forward(r->tp, &l, x), x);
    reference_expect(r, "param.running_mean", l.running_mean);
    reference_expect(r, "param.running_var", l.running_var);
    assert_int_equal(recur_item(l.num_batches_tracked, 0), 0);
}

/* --- attention --- */

/* A option that may be "none". */
static int64_t whole_or_0(const reference *r, const char *key)
{
    return reference_is(r, key, "none") ? 0 : reference_whole(r, key);
}

static void run_multihead(reference *r)
{
    recur_multihead l;
    const char *const self[] = {"input"}, *const cross[] = {"query", "key", "value"};
    bool alone = reference_flag(r, "self_attention");
    recur_multihead_config config = {.embed = reference_whole(r, "embed_dim"),
                                     .heads = reference_whole(r, "num_heads"),
                                     .kdim = whole_or_0(r, "kdim"),
                                     .vdim = whole_or_0(r, "vdim"),
                                     .no_bias = !reference_flag(r, "bias"),
                                     .batch_first = reference_flag(r, "batch_first")};
    reference_ok(r, recur_multihead_create(&l, r->ps, "", &config));
    reference_load(r);
    recur_tensor *x[] = {reference_input(r, alone ? "input" : "query"), reference_input(r, "key"),
                         reference_input(r, "value")};
    bool average = reference_flag(r, "average_attn_weights");
    recur_multihead_in in = {.query = x[0],
                             .key = x[1],
                             .value = x[2],
                             .key_padding_mask = reference_input(r, "key_padding_mask"),
                             .attn_mask = reference_input(r, "attn_mask"),
                             .weights = average ? RECUR_WEIGHTS_MEAN : RECUR_WEIGHTS_HEADS};
    recur_attention_out y = recur_multihead_forward(r->tp, &l, &in);
    reference_expect(r, "expect.weights", y.weights);
    check(r, y.output, alone ? self : cross, x, alone ? 1 : 3);
}

/* The file's scores are those of all steps, padding included. */
static void run_decoder_attention(reference *r, recur_attention_score score, bool bias)
{
    recur_attention l;
    recur_entry v = {.shape = (int64_t[]){0}};
    recur_tensor *x[] = {reference_input(r, "query"), reference_input(r, "keys")};
    recur_tensor *lengths = reference_input(r, "lengths");
    recur_archive_find(r->archive, "param.v", &v);
    recur_attention_config config = {score, recur_dim(x[0], -1), recur_dim(x[1], -1), v.shape[0], !bias};
    reference_ok(r, recur_attention_create(&l, r->ps, "", &config));
    reference_load(r);
    assert_int_equal(recur_rank(x[0]), reference_flag(r, "multi_query") ? 3 : 2);
    recur_attention_out y = recur_attention_forward(r->tp, &l, x[0], x[1], lengths, true);
    recur_tensor *scores = twin_scores(r->tp, &l, x[0], x[1]);
    int64_t shape[] = {recur_dim(x[1], 0), recur_dim(x[1], 1)};
    reference_expect(r, "expect.scores",
                     recur_rank(x[0]) == 2 ? recur_reshape(r->tp, scores, 2, shape) : scores);
    reference_expect(r, "expect.weights", y.weights);
    check(r, y.output, (const char *[]){"query", "keys"}, x, 2);
}

static void run_additive(reference *r)
{
    run_decoder_attention(r, RECUR_ATTENTION_ADDITIVE, reference_flag(r, "bias"));
}

static void run_luong(reference *r)
{
    run_decoder_attention(r,
                          reference_is(r, "form", "dot")       ? RECUR_ATTENTION_DOT
                          : reference_is(r, "form", "general") ? RECUR_ATTENTION_GENERAL
                                                               : RECUR_ATTENTION_CONCAT,
                          false);
}

static const reference_kind kinds[] = {
    {"add", run_add},
    {"attention_additive", run_additive},
    {"attention_luong", run_luong},
    {"batch_norm_eval", run_batch_norm_eval},
    {"batch_norm_train", run_batch_norm_train},
    {"bmm", run_matmul},
    {"chunk", run_chunk},
    {"concat", run_concat},
    {"embedding", run_embedding},
    {"exp", run_exp},
    {"last_step", run_last_step},
    {"layer_norm", run_layer_norm},
    {"linear", run_linear},
    {"log", run_log},
    {"log_softmax", run_log_softmax},
    {"matmul", run_matmul},
    {"mul", run_mul},
    {"multihead_attention", run_multihead},
    {"pool_max", run_pool_max},
    {"pool_mean", run_pool_mean},
    {"pool_sum", run_pool_sum},
    {"relu", run_relu},
    {"sigmoid", run_sigmoid},
    {"slice", run_slice},
    {"softmax", run_softmax},
    {"stack", run_stack},
    {"tanh", run_tanh},
    {"transpose", run_transpose},
};

static int skipped;

static void run_case(reference *r)
{
    r->elementwise = true;
    reference_run_kind(r, kinds, sizeof kinds / sizeof *kinds);
    skipped += r->skipped;
}

static void operations_agree(void **state)
{
    (void)state;
    int count = reference_each("ops", NULL, NULL, run_case);
    print_message("%d files, %d skipped\n", count, skipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
