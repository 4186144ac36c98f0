// SPDX-License-Identifier: MIT
/* A decoder's attention and pooling over time: gradients, the twin of primitive operations, layouts, padding,
 * steps, refusals, failing memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/attention_twin.h"
#include "support/fail_alloc.h"
#include "support/graph.h"

/* One number that both results enter; either may be left out. */
static recur_tensor *join(recur_tape *tp, recur_attention_out y, bool output, bool weights)
{
    recur_tensor *a = output ? graph_weigh(tp, y.output) : NULL;
    recur_tensor *b = weights ? graph_weigh(tp, y.weights) : NULL;
    return a && b ? recur_add(tp, a, b) : a ? a : b;
}

/* --- gradients --- */

enum { SCORE, BATCH_FIRST, LENGTHS, RESULTS };
enum { ONLY_OUTPUT = 1, ONLY_WEIGHTS = 2 };

/* p: query, keys, then the parameters of the score. Lengths are 4, 0, 3, .. */
static recur_tensor *attention(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    static const int64_t lengths[] = {4, 0, 3};
    recur_attention l = {.config = {.score = (recur_attention_score)o[SCORE],
                                    .query = recur_dim(p[0], -1),
                                    .key = recur_dim(p[1], -1)}};
    switch (l.config.score) {
    case RECUR_ATTENTION_ADDITIVE:
        l.W_q = p[2], l.W_k = p[3], l.v = p[4], l.b = p[5];
        break;
    case RECUR_ATTENTION_GENERAL:
        l.W = p[2];
        break;
    case RECUR_ATTENTION_CONCAT:
        l.W = p[2], l.v = p[3];
        break;
    case RECUR_ATTENTION_DOT:
        break;
    }
    recur_tensor *n = o[LENGTHS] ? graph_i64(tp, (dims)DIMS(3), lengths) : NULL;
    recur_attention_out y = recur_attention_forward(tp, &l, p[0], p[1], n, o[BATCH_FIRST]);
    return join(tp, y, o[RESULTS] != ONLY_WEIGHTS, o[RESULTS] != ONLY_OUTPUT);
}

static void test_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "additive, a step",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(3, 4, 2), DIMS(7, 5), DIMS(7, 2), DIMS(7), DIMS(7)},
         .n = 6,
         .options = {RECUR_ATTENTION_ADDITIVE, 1, 1}},
        {.name = "additive, all steps, time first",
         .f = attention,
         .shape = {DIMS(2, 3, 5), DIMS(4, 3, 2), DIMS(19, 5), DIMS(19, 2), DIMS(19), DIMS(19)},
         .n = 6,
         .options = {RECUR_ATTENTION_ADDITIVE, 0, 1}},
        {.name = "additive, a beam, no lengths",
         .f = attention,
         .shape = {DIMS(6, 5), DIMS(3, 4, 2), DIMS(7, 5), DIMS(7, 2), DIMS(7), DIMS(7)},
         .n = 6,
         .options = {RECUR_ATTENTION_ADDITIVE, 1, 0}},
        {.name = "additive, weights alone",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(3, 4, 2), DIMS(7, 5), DIMS(7, 2), DIMS(7), DIMS(7)},
         .n = 6,
         .options = {RECUR_ATTENTION_ADDITIVE, 1, 1, ONLY_WEIGHTS}},
        {.name = "dot, a step",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(4, 3, 5)},
         .n = 2,
         .options = {RECUR_ATTENTION_DOT, 0, 1}},
        {.name = "dot, all steps, output alone",
         .f = attention,
         .shape = {DIMS(3, 2, 5), DIMS(3, 4, 5)},
         .n = 2,
         .options = {RECUR_ATTENTION_DOT, 1, 1, ONLY_OUTPUT}},
        {.name = "general, a step",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(4, 3, 2), DIMS(5, 2)},
         .n = 3,
         .options = {RECUR_ATTENTION_GENERAL, 0, 1}},
        {.name = "general, all steps",
         .f = attention,
         .shape = {DIMS(3, 2, 5), DIMS(3, 4, 2), DIMS(5, 2)},
         .n = 3,
         .options = {RECUR_ATTENTION_GENERAL, 1, 1}},
        {.name = "concat, a step",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(3, 4, 2), DIMS(6, 7), DIMS(6)},
         .n = 4,
         .options = {RECUR_ATTENTION_CONCAT, 1, 1}},
        {.name = "no steps",
         .f = attention,
         .shape = {DIMS(3, 5), DIMS(3, 0, 5)},
         .n = 2,
         .options = {RECUR_ATTENTION_DOT, 1, 0}},
        {.name = "no sequences",
         .f = attention,
         .shape = {DIMS(0, 5), DIMS(0, 4, 2), DIMS(7, 5), DIMS(7, 2), DIMS(7), DIMS(7)},
         .n = 6,
         .options = {RECUR_ATTENTION_ADDITIVE, 1, 0}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

/* p: x, weight, bias, v */
static recur_tensor *pool(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    static const int64_t lengths[] = {4, 0, 3};
    recur_attention_pool l = {p[1], p[2], p[3]};
    recur_tensor *n = o[LENGTHS] ? graph_i64(tp, (dims)DIMS(3), lengths) : NULL;
    return join(tp, recur_attention_pool_forward(tp, &l, p[0], n, o[BATCH_FIRST]), true, true);
}

static void test_pool_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "pool",
         .f = pool,
         .shape = {DIMS(3, 4, 5), DIMS(3, 5), DIMS(3), DIMS(3)},
         .n = 4,
         .options = {0, 1, 1}},
        {.name = "pool, time first",
         .f = pool,
         .shape = {DIMS(4, 3, 5), DIMS(18, 5), DIMS(18), DIMS(18)},
         .n = 4,
         .options = {0, 0, 1}},
        {.name = "pool of all steps",
         .f = pool,
         .shape = {DIMS(4, 2, 5), DIMS(3, 5), DIMS(3), DIMS(3)},
         .n = 4,
         .options = {0, 0, 0}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

/* --- the twin --- */

static void compare(const recur_tensor *a, const recur_tensor *b, double tolerance)
{
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++) {
        double x = recur_item(a, i), y = recur_item(b, i);
        if (!(fabs(x - y) <= tolerance * fmax(1.0, fabs(y))))
            fail_msg("element %lld is %.17g, but should be %.17g", (long long)i, x, y);
    }
}

/* A layer with one parameter set; the gradients of two passes are compared through copies. */
enum { B = 5, U = 3, T = 19, D = 23, E = 21, A = 37 };
static const int64_t some_lengths[B] = {T, 1, 7, 16, 12};

typedef struct pass {
    recur_tensor *query, *keys;
    double gradient[6000];
    int64_t n;
} pass;

static void keep_gradient(pass *p, const recur_tensor *x)
{
    for (int64_t i = 0; i < recur_count(x); i++)
        p->gradient[p->n++] = recur_item(recur_grad(x), i);
}

static void run_pass(pass *p, graph *g, const recur_attention *l, bool twin)
{
    int64_t width = l->config.key;
    recur_zero_grad(g->ps);
    recur_tape_begin(g->tp, RECUR_EVAL);
    recur_dtype dtype = recur_params_dtype(g->ps);
    p->query = recur_track(graph_input(g->tp, dtype, (dims)DIMS(B, U, D), -1, 1, 1));
    p->keys = recur_track(graph_input(g->tp, dtype, (dims)DIMS(B, T, width), -1, 1, 2));
    recur_tensor *n = graph_i64(g->tp, (dims)DIMS(B), some_lengths);
    recur_attention_out y = twin ? twin_attention(g->tp, l, p->query, p->keys, n)
                                 : recur_attention_forward(g->tp, l, p->query, p->keys, n, true);
    p->n = 0;
    for (int64_t i = 0; i < recur_count(y.output); i++)
        p->gradient[p->n++] = recur_item(y.output, i);
    assert_int_equal(recur_backward(g->tp, join(g->tp, y, true, true)), RECUR_OK);
    keep_gradient(p, p->query);
    keep_gradient(p, p->keys);
    for (size_t i = 0; i < recur_params_size(g->ps); i++)
        keep_gradient(p, recur_params_at(g->ps, i));
}

static void test_twin(void **state)
{
    (void)state;
    for (int score = RECUR_ATTENTION_ADDITIVE; score <= RECUR_ATTENTION_CONCAT; score++) {
        static pass fused, twin;
        graph g;
        recur_attention l;
        int64_t width = score == RECUR_ATTENTION_DOT ? D : E;
        recur_attention_config config = {(recur_attention_score)score, D, width, A, false};
        graph_open(&g, RECUR_F64, NULL);
        assert_int_equal(recur_attention_create(&l, g.ps, "", &config), RECUR_OK);
        run_pass(&fused, &g, &l, false);
        run_pass(&twin, &g, &l, true);
        assert_int_equal(fused.n, twin.n);
        for (int64_t i = 0; i < fused.n; i++)
            if (!(fabs(fused.gradient[i] - twin.gradient[i]) < 1e-12 * fmax(1.0, fabs(twin.gradient[i]))))
                fail_msg("score %d: number %lld is %.17g, but that of the twin %.17g", score, (long long)i,
                         fused.gradient[i], twin.gradient[i]);
        graph_close(&g);
    }
}

static void test_pool_twin(void **state)
{
    (void)state;
    graph g;
    recur_attention_pool l;
    graph_open(&g, RECUR_F64, NULL);
    assert_int_equal(recur_attention_pool_create(&l, g.ps, "pool", E, A), RECUR_OK);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(B, T, E), -1, 1, 3);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), some_lengths);
    recur_attention_out y = recur_attention_pool_forward(g.tp, &l, x, n, true), z = twin_pool(g.tp, &l, x, n);
    check_shape(y.output, (dims)DIMS(B, E));
    check_shape(y.weights, (dims)DIMS(B, T));
    compare(y.output, z.output, 1e-13);
    compare(y.weights, z.weights, 1e-13);
    graph_close(&g);
}

/* --- rows: layouts, padding, steps, threads --- */

static void additive(recur_attention *l, graph *g)
{
    recur_attention_config config = {.query = D, .key = E, .units = A};
    graph_open(g, RECUR_F32, &(recur_options){.threads = 2});
    assert_int_equal(recur_attention_create(l, g->ps, "att", &config), RECUR_OK);
}

static void same_bits(const recur_tensor *a, int64_t at, const recur_tensor *b, int64_t from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        assert_true(recur_item(a, at + i) == recur_item(b, from + i));
}

/* Batch first, time first, side by side, one query at a time, one sequence alone: the same bits. */
static void test_layouts(void **state)
{
    (void)state;
    graph g;
    recur_attention l;
    additive(&l, &g);
    recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, U, D), -1, 1, 1);
    recur_tensor *k = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, T, E), -1, 1, 2);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), some_lengths);
    recur_attention_out y = recur_attention_forward(g.tp, &l, q, k, n, true);
    check_shape(y.output, (dims)DIMS(B, U, E));
    check_shape(y.weights, (dims)DIMS(B, U, T));

    recur_tensor *qt = recur_transpose(g.tp, q, 0, 1), *kt = recur_transpose(g.tp, k, 0, 1);
    recur_attention_out t = recur_attention_forward(g.tp, &l, qt, kt, n, false);
    check_shape(t.output, (dims)DIMS(U, B, E));
    check_shape(t.weights, (dims)DIMS(B, U, T));
    same_bits(t.weights, 0, y.weights, 0, (int64_t)B * U * T);
    same_bits(recur_transpose(g.tp, t.output, 0, 1), 0, y.output, 0, (int64_t)B * U * E);

    recur_tensor *beam = recur_reshape(g.tp, q, 2, (int64_t[]){B * U, D});
    recur_attention_out z = recur_attention_forward(g.tp, &l, beam, kt, n, false);
    check_shape(z.output, (dims)DIMS(B * U, E));
    check_shape(z.weights, (dims)DIMS(B * U, T));
    same_bits(z.output, 0, y.output, 0, (int64_t)B * U * E);
    same_bits(z.weights, 0, y.weights, 0, (int64_t)B * U * T);

    recur_attention_keys keys = recur_attention_keys_of(g.tp, &l, k, n, true);
    for (int64_t u = 0; u < U; u++) {
        recur_tensor *one = recur_slice(g.tp, q, 1, u, u + 1, 1);
        one = recur_reshape(g.tp, one, 2, (int64_t[]){B, D});
        recur_attention_out s = recur_attention_query(g.tp, &l, &keys, one);
        check_shape(s.output, (dims)DIMS(B, E));
        check_shape(s.weights, (dims)DIMS(B, T));
        for (int64_t b = 0; b < B; b++) {
            same_bits(s.output, b * E, y.output, (b * U + u) * E, E);
            same_bits(s.weights, b * T, y.weights, (b * U + u) * T, T);
        }
    }

    for (int64_t b = 0; b < B; b++) {
        recur_tensor *kb = recur_slice(g.tp, recur_slice(g.tp, k, 0, b, b + 1, 1), 1, 0, some_lengths[b], 1);
        recur_attention_out s =
            recur_attention_forward(g.tp, &l, recur_slice(g.tp, q, 0, b, b + 1, 1), kb, NULL, true);
        same_bits(s.output, 0, y.output, b * U * E, (int64_t)U * E);
    }
    graph_close(&g);
}

/* NaN in the padding changes nothing, and gets no gradient; sequences of length 0 give zeros. */
static void test_padding(void **state)
{
    static const int64_t lengths[B] = {T, 0, 7, 16, 1};
    (void)state;
    graph g;
    recur_attention l;
    recur_attention_pool pl;
    additive(&l, &g);
    assert_int_equal(recur_attention_pool_create(&pl, g.ps, "pool", E, 0), RECUR_OK);
    for (int pooling = 0; pooling < 2; pooling++) {
        double loss[2], grad[2];
        for (int nan = 0; nan < 2; nan++) {
            recur_zero_grad(g.ps);
            recur_tape_begin(g.tp, RECUR_EVAL);
            recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, D), -1, 1, 1);
            recur_tensor *k = recur_track(graph_input(g.tp, RECUR_F32, (dims)DIMS(B, T, E), -1, 1, 2));
            recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), lengths);
            for (int64_t b = 0; nan && b < B; b++)
                for (int64_t i = lengths[b] * E; i < (int64_t)T * E; i++)
                    recur_f32(k)[b * T * E + i] = NAN;
            recur_attention_out y = pooling ? recur_attention_pool_forward(g.tp, &pl, k, n, true)
                                            : recur_attention_forward(g.tp, &l, q, k, n, true);
            for (int64_t e = 0; e < E; e++)
                assert_true(recur_item(y.output, E + e) == 0.0);
            for (int64_t b = 0; b < B; b++) {
                double sum = 0.0;
                for (int64_t t = 0; t < T; t++) {
                    sum += recur_item(y.weights, b * T + t);
                    assert_true(t < lengths[b] || recur_item(y.weights, b * T + t) == 0.0);
                }
                assert_true(fabs(sum - (lengths[b] > 0)) < 1e-6);
            }
            recur_tensor *total = join(g.tp, y, true, true);
            assert_int_equal(recur_backward(g.tp, total), RECUR_OK);
            loss[nan] = recur_item(total, 0);
            grad[nan] = recur_item(recur_grad(pooling ? pl.weight : l.W_k), 3);
            assert_true(recur_item(recur_grad(k), 3) != 0.0);
            for (int64_t b = 0; b < B; b++)
                for (int64_t i = lengths[b] * E; i < (int64_t)T * E; i++)
                    assert_true(recur_item(recur_grad(k), b * T * E + i) == 0.0);
        }
        assert_true(loss[0] == loss[1] && grad[0] == grad[1]);
    }
    graph_close(&g);
}

/* Sizes at which threads share the work: results and gradients keep their bits. */
static void test_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    double first[4] = {0};
    for (int i = 0; i < 3; i++) {
        graph g;
        recur_attention l;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads[i]});
        recur_attention_config config = {.query = 130, .key = 70, .units = 100};
        assert_int_equal(recur_attention_create(&l, g.ps, "", &config), RECUR_OK);
        recur_tensor *q = graph_param(&g, "q", (dims)DIMS(2, 30, 130), -1, 1, 1);
        recur_tensor *k = graph_param(&g, "k", (dims)DIMS(25, 30, 70), -1, 1, 2);
        recur_attention_out y = recur_attention_forward(g.tp, &l, q, k, NULL, false);
        recur_tensor *loss = join(g.tp, y, true, true);
        assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
        double got[4] = {recur_item(loss, 0), recur_item(recur_grad(l.v), 99), recur_item(recur_grad(q), 777),
                         recur_item(recur_grad(k), 7777)};
        if (i == 0)
            memcpy(first, got, sizeof got);
        assert_memory_equal(first, got, sizeof got);
        graph_close(&g);
    }
}

/* Without recording: the same bits, and no weights are needed for what is not asked. */
static void test_infer(void **state)
{
    (void)state;
    graph g;
    recur_attention l;
    float output[2][B * E];
    additive(&l, &g);
    for (int infer = 0; infer < 2; infer++) {
        recur_tape_begin(g.tp, infer ? RECUR_INFER : RECUR_EVAL);
        recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, D), -1, 1, 1);
        recur_tensor *k = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, T, E), -1, 1, 2);
        recur_attention_out y = recur_attention_forward(g.tp, &l, q, k, NULL, true);
        memcpy(output[infer], recur_f32(y.output), sizeof output[infer]);
    }
    assert_memory_equal(output[0], output[1], sizeof output[0]);
    graph_close(&g);
}

/* --- memory --- */

/* Keys, then steps of a decoder in which each output is part of the next query. */
static recur_status decode(recur_tape *tp, recur_params *ps, const recur_attention *l, int steps)
{
    static const int64_t lengths[] = {3, 5};
    recur_tape_begin(tp, RECUR_TRAIN);
    recur_tensor *k = recur_track(graph_input(tp, RECUR_F32, (dims)DIMS(5, 2, 4), -1, 1, 2));
    recur_tensor *n = recur_input(tp, RECUR_I64, 1, (int64_t[]){2}, lengths);
    recur_attention_keys keys = recur_attention_keys_of(tp, l, k, n, false);
    recur_tensor *q = recur_input(tp, RECUR_F32, 2, (int64_t[]){2, 4}, NULL);
    for (int i = 0; i < steps; i++)
        q = recur_add(tp, q, recur_attention_query(tp, l, &keys, q).output);
    recur_zero_grad(ps);
    return recur_backward(tp, recur_mean(tp, q, RECUR_ALL_AXES, false));
}

static void test_steady(void **state)
{
    (void)state;
    fail_alloc f;
    graph g;
    recur_attention l;
    fail_alloc_init(&f);
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 1, .allocator = &f.allocator});
    assert_int_equal(recur_attention_create(&l, g.ps, "", &(recur_attention_config){.query = 4, .key = 4}),
                     RECUR_OK);
    assert_int_equal(decode(g.tp, g.ps, &l, 30), RECUR_OK);
    assert_int_equal(decode(g.tp, g.ps, &l, 30), RECUR_OK);
    long calls = f.calls;
    assert_int_equal(decode(g.tp, g.ps, &l, 30), RECUR_OK);
    assert_int_equal(f.calls, calls);
    graph_close(&g);
    fail_alloc_check(&f);
}

static recur_status create_and_step(const recur_allocator *allocator, void *score)
{
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_params *ps = NULL;
    recur_attention l;
    recur_attention_pool pl;
    recur_attention_config config = {.score = *(recur_attention_score *)score, .query = 4, .key = 4};
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 2, .allocator = allocator});
    s = s ? s : recur_params_create(&ps, cx, RECUR_F32, 1);
    s = s ? s : recur_tape_create(&tp, cx, 1);
    s = s ? s : recur_attention_create(&l, ps, "a", &config);
    s = s ? s : recur_attention_pool_create(&pl, ps, "p", 4, 0);
    if (!s) {
        int64_t lengths[] = {3, 5};
        recur_tensor *k = recur_track(recur_input(tp, RECUR_F32, 3, (int64_t[]){5, 2, 4}, NULL));
        recur_tensor *n = recur_input(tp, RECUR_I64, 1, (int64_t[]){2}, lengths);
        recur_tensor *q = recur_attention_pool_forward(tp, &pl, k, n, false).output;
        recur_tensor *y = recur_attention_forward(tp, &l, q, k, n, false).output;
        s = recur_backward(tp, recur_mean(tp, y, RECUR_ALL_AXES, false));
    }
    recur_tape_free(tp);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static void test_failing_memory(void **state)
{
    (void)state;
    for (int i = RECUR_ATTENTION_ADDITIVE; i <= RECUR_ATTENTION_CONCAT; i++) {
        recur_attention_score score = (recur_attention_score)i;
        assert_true(fail_alloc_each(create_and_step, &score) > 0);
    }
}

/* --- parameters and refusals --- */

static void check_range(const recur_tensor *w, double a)
{
    double most = 0.0;
    for (int64_t i = 0; i < recur_count(w); i++)
        most = fmax(most, fabs(recur_item(w, i)));
    assert_true(most <= a && (most > 0.8 * a || a == 0.0));
}

static void test_create(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, NULL);
    recur_attention a, c, d;
    recur_attention_pool p;
    assert_int_equal(recur_attention_create(&a, g.ps, "dec.att",
                                            &(recur_attention_config){.query = 16, .key = 9, .units = 25}),
                     RECUR_OK);
    assert_int_equal(
        recur_attention_create(
            &c, g.ps, "", &(recur_attention_config){.score = RECUR_ATTENTION_CONCAT, .query = 16, .key = 9}),
        RECUR_OK);
    assert_int_equal(
        recur_attention_create(&d, g.ps, "d",
                               &(recur_attention_config){.score = RECUR_ATTENTION_DOT, .query = 9, .key = 9}),
        RECUR_OK);
    assert_int_equal(recur_attention_pool_create(&p, g.ps, "pool", 16, 0), RECUR_OK);
    static const char *const names[] = {"dec.att.W_q", "dec.att.W_k", "dec.att.b", "dec.att.v", "W",
                                        "v",           "pool.weight", "pool.bias", "pool.v"};
    assert_int_equal(recur_params_size(g.ps), 9);
    for (size_t i = 0; i < 9; i++)
        assert_string_equal(recur_name(recur_params_at(g.ps, i)), names[i]);
    check_shape(a.W_q, (dims)DIMS(25, 16));
    check_shape(a.W_k, (dims)DIMS(25, 9));
    check_shape(c.W, (dims)DIMS(16, 25));
    check_shape(p.weight, (dims)DIMS(16, 16));
    check_range(a.W_q, 0.25);
    check_range(a.W_k, 1.0 / 3.0);
    check_range(a.b, 0.0);
    check_range(a.v, 0.2);
    check_range(c.W, 0.2);
    assert_null(d.v);
    assert_null(c.b);
    graph_close(&g);
}

static void check_refused(graph *g, recur_attention_config config, const char *part)
{
    const char *text;
    recur_attention l;
    assert_int_equal(recur_attention_create(&l, g->ps, "r", &config), RECUR_EINVAL);
    recur_error(g->cx, &text);
    assert_non_null(strstr(text, part));
    assert_int_equal(recur_params_size(g->ps), 4);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    recur_attention l;
    recur_attention_pool p;
    additive(&l, &g);
    check_refused(&g, (recur_attention_config){.query = 0, .key = 3}, "at least 1 column");
    check_refused(&g, (recur_attention_config){.query = 3, .key = 3, .units = -1}, "not 3, 3 and -1");
    check_refused(&g, (recur_attention_config){.score = RECUR_ATTENTION_DOT, .query = 3, .key = 4},
                  "of one width, not 3 and 4");
    check_refused(&g, (recur_attention_config){.score = (recur_attention_score)9, .query = 3, .key = 4},
                  "there is no score 9");
    assert_int_equal(recur_attention_pool_create(&p, g.ps, "r", 0, 1), RECUR_EINVAL);

    recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, D), -1, 1, 1);
    recur_tensor *k = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, T, E), -1, 1, 2);
    recur_tensor *f64 = graph_input(g.tp, RECUR_F64, (dims)DIMS(B, D), -1, 1, 1);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), (int64_t[]){1, 2, 3, 4, T + 1});
    recur_tensor *few = graph_i64(g.tp, (dims)DIMS(2), (int64_t[]){1, 2});
#define REFUSED(q, k, n, status, part) \
    check_error(&g, recur_attention_forward(g.tp, &l, q, k, n, true).output, status, part)
    REFUSED(NULL, k, NULL, RECUR_EINVAL,
            "attention: the query must end in an axis of length 23, but is NULL");
    REFUSED(q, NULL, NULL, RECUR_EINVAL, "attention: the sequence is NULL");
    REFUSED(q, q, NULL, RECUR_ESHAPE, "the sequence must have 3 axes, but its shape is [5, 23]");
    REFUSED(k, k, NULL, RECUR_ESHAPE, "the query must end in an axis of length 23, but is [5, 19, 21]");
    REFUSED(q, recur_slice(g.tp, k, 2, 0, 20, 1), NULL, RECUR_ESHAPE,
            "the tensor of keys must end in an axis of length 21, but is [5, 19, 20]");
    REFUSED(q, k, n, RECUR_EINVAL, "length 20 of sequence 4 is outside 0 .. 19");
    REFUSED(q, k, few, RECUR_ESHAPE, "attention: ");
    REFUSED(q, k, q, RECUR_EDTYPE, "must be int64");
    REFUSED(recur_slice(g.tp, q, 0, 0, 4, 1), k, NULL, RECUR_ESHAPE,
            "the query must be [B * U, D], or [B, U, D] in the order of the keys, for 5 sequences, but its "
            "shape is [4, 23]");
    REFUSED(recur_reshape(g.tp, q, 3, (int64_t[]){1, B, D}), k, NULL, RECUR_ESHAPE,
            "but its shape is [1, 5, 23]");
    REFUSED(f64, k, NULL, RECUR_EDTYPE, "float64");
    check_error(
        &g,
        recur_attention_pool_forward(g.tp, &(recur_attention_pool){l.W_k, l.b, l.v}, q, NULL, true).output,
        RECUR_ESHAPE, "the sequence must have 3 axes");
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_pool_gradients),
        cmocka_unit_test(test_twin),      cmocka_unit_test(test_pool_twin),
        cmocka_unit_test(test_layouts),   cmocka_unit_test(test_padding),
        cmocka_unit_test(test_threads),   cmocka_unit_test(test_infer),
        cmocka_unit_test(test_steady),    cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_create),    cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
