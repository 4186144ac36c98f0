// SPDX-License-Identifier: MIT
/* A step through operations, layers and losses of every family: each allocation that fails is an error and leaks nothing, and after the
 * first steps there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>

#include <cmocka.h>

#include <recur/recur.h>

#include "support/fail_alloc.h"

typedef struct net {
    recur_embedding_layer embedding;
    recur_layer_norm layer_norm;
    recur_batch_norm batch_norm;
    recur_linear_layer linear;
    recur_crf crf;
} net;

enum { B = 3, T = 5, V = 7, E = 4 };

static recur_status create(net *n, recur_params *ps)
{
    recur_status s = recur_embedding_create(&n->embedding, ps, "e", V, E, 0);
    if (!s)
        s = recur_layer_norm_create(&n->layer_norm, ps, "l", 1, (int64_t[]){E}, 1e-5, true);
    if (!s)
        s = recur_batch_norm_create(&n->batch_norm, ps, "b", E, 1e-5, 0.1, true);
    if (!s)
        s = recur_linear_create(&n->linear, ps, "o", E, V, true);
    if (!s)
        s = recur_crf_create(&n->crf, ps, "c", V, true);
    return s ? s : recur_init_orthogonal(ps, n->linear.weight, 1.0);
}

static recur_tensor *pooled(recur_tape *tp, recur_tensor *x)
{
    recur_tensor *lengths = recur_input(tp, RECUR_I64, 1, (int64_t[]){B}, (int64_t[]){5, 0, 3});
    recur_tensor *both[2] = {recur_pool_max(tp, x, lengths, true), recur_pool_mean(tp, x, lengths, true)};
    recur_tensor *y = recur_mean(tp, recur_stack(tp, both, 2, 0), 0, false);
    recur_tensor *g = recur_sigmoid(tp, recur_matmul(tp, y, recur_transpose(tp, y, 0, 1)));
    return recur_div(tp, recur_matmul(tp, g, y), recur_affine(tp, recur_exp(tp, y), 1.0, 1.0));
}

/* Losses over whole sequences of labels [B, T] from scores [B, T, V]. */
static recur_tensor *sequence_loss(recur_tape *tp, const net *n, recur_tensor *scores, recur_tensor *labels)
{
    recur_tensor *nll =
        recur_affine(tp, recur_crf_log_likelihood(tp, &n->crf, scores, labels, NULL), -1.0, 0.0);
    recur_tensor *steps = recur_log_softmax(tp, recur_transpose(tp, scores, 0, 1), 2);
    recur_tensor *target = recur_input(tp, RECUR_I64, 2, (int64_t[]){B, 2}, (int64_t[]){1, 2, 3, 3, 4, 5});
    recur_crf_viterbi(tp, &n->crf, scores, NULL);
    recur_crf_marginals(tp, &n->crf, scores, NULL);
    return recur_add(tp, recur_sum(tp, nll, 0, false),
                     recur_ctc_loss(tp, steps, target, NULL, NULL, (recur_ctc){0}));
}

/* A loss of 7 parts. */
static recur_tensor *step(recur_tape *tp, const net *n, recur_mode mode)
{
    recur_tape_begin(tp, mode);
    recur_tensor *ids =
        recur_input(tp, RECUR_I64, 2, (int64_t[]){B, T}, (int64_t[B * T]){1, 2, 3, 4, 5, 6, 0, 1});
    recur_tensor *x = recur_embedding_forward(tp, &n->embedding, ids);
    x = recur_layer_norm_forward(tp, &n->layer_norm, recur_dropout(tp, x, 0.2));
    recur_tensor *flat = recur_reshape(tp, x, 2, (int64_t[]){-1, E});
    flat = recur_batch_norm_forward(tp, &n->batch_norm, recur_relu(tp, flat));
    recur_tensor *logits = recur_linear_forward(tp, &n->linear, flat),
                 *labels = recur_reshape(tp, ids, 1, (int64_t[]){-1});
    recur_tensor *y = pooled(tp, x), *p = recur_sigmoid(tp, y),
                 *zero = recur_detach(tp, recur_affine(tp, y, 0.0, 0.0));
    recur_tensor *scores = recur_reshape(tp, logits, 3, (int64_t[]){B, T, V});
    recur_tensor *part[7] = {
        recur_cross_entropy(tp, logits, labels, RECUR_CLASS_LOSS),
        recur_nll_loss(tp, recur_log_softmax(tp, logits, 1), labels, RECUR_CLASS_LOSS),
        recur_bce_loss(tp, p, zero, RECUR_SUM),
        recur_bce_with_logits(tp, y, zero, recur_slice(tp, p, 0, 0, 1, 1), RECUR_MEAN),
        recur_huber_loss(tp, recur_max(tp, y, 1, false), recur_sum(tp, zero, 1, false), 1.0, RECUR_MEAN),
        sequence_loss(tp, n, scores, ids),
        recur_linear_cross_entropy(tp, flat, n->linear.weight, n->linear.bias, labels, RECUR_CLASS_LOSS),
    };
    return recur_sum(tp, recur_stack(tp, part, 7, 0), RECUR_ALL_AXES, false);
}

static recur_status work(const recur_allocator *allocator, void *argument)
{
    (void)argument;
    net n;
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_params *ps = NULL;
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (!s)
        s = recur_params_create(&ps, cx, RECUR_F64, 1);
    if (!s)
        s = recur_tape_create(&tp, cx, 1);
    if (!s)
        s = create(&n, ps);
    for (int i = 0; !s && i < 2; i++)
        s = recur_backward(tp, step(tp, &n, RECUR_TRAIN));
    recur_tape_free(tp);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(work, NULL) > 20);
}

static void test_steady_state(void **state)
{
    (void)state;
    fail_alloc f;
    net n;
    recur_ctx *cx;
    recur_tape *tp;
    recur_params *ps;
    fail_alloc_init(&f);
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = &f.allocator}),
                     RECUR_OK);
    assert_int_equal(recur_params_create(&ps, cx, RECUR_F32, 1), RECUR_OK);
    assert_int_equal(recur_tape_create(&tp, cx, 1), RECUR_OK);
    assert_int_equal(create(&n, ps), RECUR_OK);
    long calls = 0;
    for (int i = 0; i < 6; i++) {
        calls = i < 3 ? f.calls : calls;
        recur_tensor *loss = step(tp, &n, RECUR_TRAIN);
        assert_int_equal(recur_backward(tp, loss), RECUR_OK);
        assert_true(isfinite(recur_item(loss, 0)));
        if (i > 2)
            assert_int_equal(f.calls, calls);
    }
    recur_tape_free(tp);
    recur_params_free(ps);
    recur_ctx_free(cx);
    fail_alloc_check(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
