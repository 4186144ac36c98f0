// SPDX-License-Identifier: MIT
/* Attention with several heads: gradients, the twin of primitive operations, masks, lengths, dropout, threads,
 * failing memory, parameters, refusals. tests/parity holds it against PyTorch. */
#include "layer/multihead_test.h"
#include "support/fail_alloc.h"

/* --- gradients --- */

enum { HEADS, WEIGHTS, BATCH_FIRST, LENGTHS, KEY_MASK, ATTN_MASK, DROPOUT };
static recur_multihead_in inputs(recur_tape *tp, recur_tensor *query, recur_tensor *key, const int64_t *o)
{
    static const int64_t lengths[] = {4, 0, 3};
    int batch = o[BATCH_FIRST] ? 0 : 1;
    recur_dtype dtype = recur_dtype_of(query);
    recur_tensor *k = key ? key : query;
    int64_t B = recur_dim(k, batch), Tk = recur_dim(k, 1 - batch), Tq = recur_dim(query, 1 - batch);
    dims each = DIMS(B * o[HEADS], Tq, Tk), all = DIMS(Tq, Tk), keys = DIMS(B, Tk);
    return (recur_multihead_in){.query = query,
                                .key = key,
                                .lengths = o[LENGTHS] ? recur_input(tp, RECUR_I64, 1, &B, lengths) : NULL,
                                .key_padding_mask = mask_of(tp, dtype, o[KEY_MASK], keys),
                                .attn_mask =
                                    mask_of(tp, dtype, o[ATTN_MASK], o[ATTN_MASK] == HIDE_EACH ? each : all),
                                .weights = (recur_weights)o[WEIGHTS]};
}

/* p: x, in_proj_weight, in_proj_bias, out_proj.weight, out_proj.bias */
static recur_tensor *self_attention(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_multihead l = {.config = {.embed = recur_dim(p[0], -1),
                                    .heads = o[HEADS],
                                    .batch_first = o[BATCH_FIRST],
                                    .dropout = o[DROPOUT] ? 0.4 : 0.0},
                         .in_proj_weight = p[1],
                         .in_proj_bias = p[2],
                         .out_proj_weight = p[3],
                         .out_proj_bias = p[4]};
    recur_multihead_in in = inputs(tp, p[0], NULL, o);
    return join(tp, recur_multihead_forward(tp, &l, &in));
}

/* p: query, key, value, then q, k, v and out_proj weights and in_proj_bias, or the joint weight, out_proj.weight and
 * in_proj_bias and no value of its own */
static recur_tensor *cross_attention(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_multihead l = {
        .config = {.embed = recur_dim(p[0], 2), .heads = o[HEADS], .batch_first = o[BATCH_FIRST]}};
    recur_multihead_in in = inputs(tp, p[0], p[1], o);
    if (recur_rank(p[2]) == 3) {
        in.value = p[2];
        l.q_proj_weight = p[3], l.k_proj_weight = p[4], l.v_proj_weight = p[5];
        l.out_proj_weight = p[6], l.in_proj_bias = p[7];
    } else {
        l.in_proj_weight = p[2], l.out_proj_weight = p[3], l.in_proj_bias = p[4];
    }
    return join(tp, recur_multihead_forward(tp, &l, &in));
}

#define SELF(...)                                                                                      \
    .f = self_attention, .n = 5, .shape = {DIMS(3, 4, 6), DIMS(18, 6), DIMS(18), DIMS(6, 6), DIMS(6)}, \
    .options = {__VA_ARGS__}
#define SELF_TIME_FIRST(...)                                                                           \
    .f = self_attention, .n = 5, .shape = {DIMS(4, 3, 6), DIMS(18, 6), DIMS(18), DIMS(6, 6), DIMS(6)}, \
    .options = {__VA_ARGS__}

static void test_gradients(void **state)
{
    static const gradient_case cases[] = {
        {.name = "self", SELF(2, RECUR_WEIGHTS_NONE, 1)},
        {.name = "self, lengths", SELF(2, RECUR_WEIGHTS_MEAN, 1, 1)},
        {.name = "self, time first", SELF_TIME_FIRST(3, RECUR_WEIGHTS_HEADS, 0, 0)},
        {.name = "self, time first, lengths", SELF_TIME_FIRST(3, RECUR_WEIGHTS_HEADS, 0, 1)},
        {.name = "self, one head", SELF(1, RECUR_WEIGHTS_MEAN, 1)},
        {.name = "self, keys hidden", SELF(2, RECUR_WEIGHTS_MEAN, 1, 0, HIDE)},
        {.name = "self, keys hidden, lengths", SELF(2, RECUR_WEIGHTS_MEAN, 1, 1, HIDE)},
        {.name = "self, numbers on keys", SELF(2, RECUR_WEIGHTS_HEADS, 1, 1, ADD)},
        {.name = "self, pairs hidden", SELF(2, RECUR_WEIGHTS_HEADS, 1, 0, 0, HIDE)},
        {.name = "self, numbers on pairs", SELF(2, RECUR_WEIGHTS_NONE, 1, 1, 0, ADD)},
        {.name = "self, pairs of each head hidden", SELF(2, RECUR_WEIGHTS_MEAN, 1, 1, ADD, HIDE_EACH)},
        {.name = "self, dropout", SELF(2, RECUR_WEIGHTS_HEADS, 1, 1, 0, 0, 1), .mode = RECUR_TRAIN},
        {.name = "self, dropout, mean", SELF(2, RECUR_WEIGHTS_MEAN, 1, 1, 0, 0, 1), .mode = RECUR_TRAIN},
        {.name = "cross",
         .f = cross_attention,
         .n = 5,
         .shape = {DIMS(2, 3, 6), DIMS(5, 3, 6), DIMS(18, 6), DIMS(6, 6), DIMS(18)},
         .options = {2, RECUR_WEIGHTS_MEAN, 0, 1}},
        {.name = "cross, other widths",
         .f = cross_attention,
         .n = 8,
         .shape = {DIMS(3, 2, 6), DIMS(3, 5, 4), DIMS(3, 5, 3), DIMS(6, 6), DIMS(6, 4), DIMS(6, 3),
                   DIMS(6, 6), DIMS(18)},
         .options = {2, RECUR_WEIGHTS_HEADS, 1, 1, HIDE}},
        {.name = "no sequences",
         .f = self_attention,
         .n = 5,
         .shape = {DIMS(0, 4, 6), DIMS(18, 6), DIMS(18), DIMS(6, 6), DIMS(6)},
         .options = {2, RECUR_WEIGHTS_MEAN, 1}},
        {.name = "no keys",
         .f = cross_attention,
         .n = 5,
         .shape = {DIMS(3, 2, 6), DIMS(3, 0, 6), DIMS(18, 6), DIMS(6, 6), DIMS(18)},
         .options = {2, RECUR_WEIGHTS_HEADS, 1}},
    };
    (void)state;
    check_gradients(cases, sizeof cases / sizeof *cases);
}

/* --- the twin --- */

enum { B = 4, Tq = 11, Tk = 19, E = 30, H = 3 };

/* Results, and the gradients of an input and a weight: with numbers added to the scores and lengths. */
static void test_twin(void **state)
{
    static const int64_t lengths[B] = {19, 3, 12, 1};
    static double kept[2][B * Tk * (E - 2) + E * (E - 2) + E * E + 3 * E];
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F64,
          &(recur_multihead_config){.embed = E, .heads = H, .kdim = E - 2, .batch_first = true});
    for (int twin = 0; twin < 2; twin++) {
        recur_zero_grad(g.ps);
        recur_tape_begin(g.tp, RECUR_EVAL);
        recur_tensor *q = recur_track(graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tq, E), -2, 2, 1));
        recur_tensor *k = recur_track(graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tk, E - 2), -2, 2, 2));
        recur_tensor *v = recur_track(graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tk, E), -2, 2, 3));
        recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), lengths);
        recur_tensor *add = graph_input(g.tp, RECUR_F64, (dims)DIMS(Tq, Tk), -2, 2, 4);
        recur_tensor *hide = recur_reshape(g.tp, twin_mask(g.tp, q, n, B, Tk), 4, (int64_t[]){B, 1, 1, Tk});
        recur_multihead_in in = {.query = q, .key = k, .value = v, .lengths = n};
        in.attn_mask = add;
        in.weights = RECUR_WEIGHTS_HEADS;
        recur_attention_out y = recur_multihead_forward(g.tp, &l, &in),
                            z = twin_multihead(g.tp, &l, q, k, v, recur_add(g.tp, hide, add));
        near(y.output, z.output);
        near(y.weights, z.weights);
        assert_int_equal(recur_backward(g.tp, join(g.tp, twin ? z : y)), RECUR_OK);
        int64_t at = 0;
        const recur_tensor *const x[] = {k, l.k_proj_weight, l.q_proj_weight, l.in_proj_bias};
        for (int j = 0; j < 4; j++)
            for (int64_t i = 0; i < recur_count(x[j]); i++)
                kept[twin][at++] = recur_item(recur_grad(x[j]), i);
    }
    for (size_t i = 0; i < sizeof kept[0] / sizeof **kept; i++)
        assert_true(fabs(kept[0][i] - kept[1][i]) < 1e-12 * fmax(1.0, fabs(kept[1][i])));
    graph_close(&g);
}

/* --- masks and lengths --- */

static recur_attention_out forward(graph *g, const recur_multihead *l, recur_multihead_in in)
{
    in.weights = RECUR_WEIGHTS_HEADS;
    recur_attention_out y = recur_multihead_forward(g->tp, l, &in);
    assert_non_null(y.output);
    assert_non_null(y.weights);
    return y;
}

static void same_bits(const recur_tensor *a, int64_t at, const recur_tensor *b, int64_t from, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        assert_true(recur_item(a, at + i) == recur_item(b, from + i));
}

static recur_multihead_config plain = {.embed = E, .heads = H, .batch_first = true};

/* Lengths, a mask of the keys with the same meaning and numbers that hide as much: the same bits. A hidden key has
 * weight 0: true means "do not attend". */
static void test_masks_agree(void **state)
{
    static const int64_t lengths[B] = {19, 3, 0, 8};
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F32, &plain);
    recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tq, E), -1, 1, 1);
    recur_tensor *k = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tk, E), -1, 1, 2);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), lengths);
    recur_tensor *hide = recur_input(g.tp, RECUR_I64, 2, (int64_t[]){B, Tk}, NULL);
    recur_tensor *each = recur_input(g.tp, RECUR_I64, 3, (int64_t[]){B * H, Tq, Tk}, NULL);
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = lengths[b]; t < Tk; t++) {
            recur_i64(hide)[b * Tk + t] = t + 1; /* anything but 0 */
            for (int64_t i = b * H * Tq; i < (b + 1) * H * Tq; i++)
                recur_i64(each)[i * Tk + t] = 1;
        }
    recur_tensor *add = recur_reshape(g.tp, twin_mask(g.tp, q, n, B, Tk), 2, (int64_t[]){B, Tk});
    recur_attention_out y = forward(&g, &l, (recur_multihead_in){.query = q, .key = k, .lengths = n});
    recur_attention_out z[] = {
        forward(&g, &l, (recur_multihead_in){.query = q, .key = k, .key_padding_mask = hide}),
        forward(&g, &l, (recur_multihead_in){.query = q, .key = k, .key_padding_mask = add}),
        forward(&g, &l, (recur_multihead_in){.query = q, .key = k, .attn_mask = each}),
        forward(&g, &l, (recur_multihead_in){.query = q, .key = k, .lengths = n, .key_padding_mask = hide}),
    };
    for (int i = 0; i < 4; i++) {
        same_bits(y.output, 0, z[i].output, 0, recur_count(y.output));
        same_bits(y.weights, 0, z[i].weights, 0, recur_count(y.weights));
    }
    for (int64_t i = 0; i < recur_count(y.weights); i++)
        assert_true((recur_item(y.weights, i) > 0.0) == (i % Tk < lengths[i / (H * Tq * Tk)]));
    graph_close(&g);
}

/* Nothing to attend: weights of 0, the output is the bias, nothing becomes NaN. */
static void test_all_hidden(void **state)
{
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F64, &plain);
    for (int64_t e = 0; e < E; e++)
        recur_f64(l.out_proj_bias)[e] = (double)e;
    recur_tensor *q = recur_track(graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tq, E), -1, 1, 1));
    recur_tensor *mask = recur_input(g.tp, RECUR_I64, 2, (int64_t[]){Tq, Tq}, NULL);
    for (int64_t i = 0; i < Tq; i++)
        recur_i64(mask)[3 * Tq + i] = 1;
    recur_attention_out y = forward(&g, &l, (recur_multihead_in){.query = q, .attn_mask = mask});
    for (int64_t b = 0; b < B; b++) {
        for (int64_t e = 0; e < E; e++)
            assert_true(recur_item(y.output, (b * Tq + 3) * E + e) == (double)e);
        for (int64_t i = 0; i < Tq; i++)
            assert_true(recur_item(y.weights, (b * H * Tq + 3) * Tq + i) == 0.0);
    }
    assert_int_equal(recur_backward(g.tp, join(g.tp, y)), RECUR_OK);
    for (int64_t i = 0; i < recur_count(q); i++)
        assert_true(isfinite(recur_item(recur_grad(q), i)));
    graph_close(&g);
}

/* Fills step t of sequence b with NaN. */
static void spoil(recur_tensor *x, int64_t b, int64_t t)
{
    int64_t width = recur_dim(x, 2), T = recur_dim(x, 1);
    for (int64_t i = 0; i < width; i++)
        recur_f32(x)[(b * T + t) * width + i] = NAN;
}

typedef struct sums {
    double loss, in, out;
} sums;

/* Self attention with lengths, and cross attention whose keys a mask hides in the middle and at the end, with or
 * without NaN in what is hidden. */
static sums padded(bool cross, bool nan)
{
    static const int64_t lengths[B] = {11, 3, 0, 8};
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F32, &plain);
    int64_t T = cross ? Tk : Tq;
    recur_tensor *q = recur_track(graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tq, E), -1, 1, 1));
    recur_tensor *k = recur_track(graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tk, E), -1, 1, 2));
    recur_tensor *mask = recur_input(g.tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL), *x = cross ? k : q;
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = 0; t < T; t++)
            if (t >= lengths[b] || (cross && t == 2)) {
                recur_i64(mask)[b * T + t] = 1;
                if (nan)
                    spoil(x, b, t);
            }
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), lengths);
    recur_attention_out y = cross ? forward(&g, &l, (recur_multihead_in){q, k, NULL, NULL, n, mask, NULL, 0})
                                  : forward(&g, &l, (recur_multihead_in){.query = q, .lengths = n});
    for (int64_t b = 0; b < B; b++) /* queries behind their length give zeros */
        for (int64_t i = lengths[b] * E; i < (int64_t)Tq * E; i++)
            assert_true(recur_item(y.output, b * Tq * E + i) == 0.0);
    recur_tensor *loss = join(g.tp, y);
    assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
    for (int64_t i = 0; i < B * T; i++)
        for (int64_t e = 0; e < E && recur_i64(mask)[i]; e++)
            assert_true(recur_item(recur_grad(x), i * E + e) == 0.0);
    sums s = {recur_item(loss, 0), recur_item(recur_grad(l.in_proj_weight), 2 * E * E + 5),
              recur_item(recur_grad(l.out_proj_weight), 5)};
    graph_close(&g);
    return s;
}

static void test_padding(void **state)
{
    (void)state;
    for (int cross = 0; cross < 2; cross++) {
        sums a = padded(cross, false), b = padded(cross, true);
        assert_true(a.loss == b.loss && a.in == b.in && a.out == b.out);
    }
}

/* A sequence alone, without its padding, and time first: the same bits. */
static void test_rows(void **state)
{
    static const int64_t lengths[B] = {11, 3, 7, 8};
    (void)state;
    graph g;
    recur_multihead l, t;
    layer(&g, &l, RECUR_F32, &plain);
    t = l;
    t.config.batch_first = false;
    recur_tensor *x = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tq, E), -1, 1, 1);
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(B), lengths), *turned = recur_transpose(g.tp, x, 0, 1);
    recur_attention_out y = forward(&g, &l, (recur_multihead_in){.query = x, .lengths = n});
    recur_attention_out z = forward(&g, &t, (recur_multihead_in){.query = turned, .lengths = n});
    check_shape(z.output, (dims)DIMS(Tq, B, E));
    check_shape(z.weights, (dims)DIMS(B, H, Tq, Tq));
    same_bits(z.weights, 0, y.weights, 0, recur_count(y.weights));
    same_bits(recur_transpose(g.tp, z.output, 0, 1), 0, y.output, 0, recur_count(y.output));
    for (int64_t b = 0; b < B; b++) {
        recur_tensor *one = recur_slice(g.tp, recur_slice(g.tp, x, 0, b, b + 1, 1), 1, 0, lengths[b], 1);
        recur_attention_out s = forward(&g, &l, (recur_multihead_in){.query = one});
        same_bits(s.output, 0, y.output, b * Tq * E, lengths[b] * E);
    }
    y = forward(&g, &l, (recur_multihead_in){.query = x});
    z = forward(&g, &t, (recur_multihead_in){.query = turned});
    same_bits(recur_transpose(g.tp, z.output, 0, 1), 0, y.output, 0, recur_count(y.output));
    graph_close(&g);
}

/* --- weights and dropout --- */

static void test_mean(void **state)
{
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F64, &plain);
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tq, E), -1, 1, 1);
    recur_attention_out y = forward(&g, &l, (recur_multihead_in){.query = x});
    recur_attention_out z =
        recur_multihead_forward(g.tp, &l, &(recur_multihead_in){.query = x, .weights = RECUR_WEIGHTS_MEAN});
    check_shape(z.weights, (dims)DIMS(B, Tq, Tq));
    near(z.weights, recur_mean(g.tp, y.weights, 1, false));
    z = recur_multihead_forward(g.tp, &l, &(recur_multihead_in){.query = x});
    assert_null(z.weights);
    same_bits(z.output, 0, y.output, 0, recur_count(y.output));
    graph_close(&g);
}

/* The weights given back are those after dropout, as PyTorch's. */
static void test_dropout(void **state)
{
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F64, &plain);
    static double weights[B * H * Tq * Tq];
    int64_t dropped = 0, n = B * H * Tq * Tq;
    for (int i = 0; i < 4; i++) {
        l.config.dropout = i == 3 ? 1.0 : 0.25;
        recur_tape_begin(g.tp, i ? RECUR_TRAIN : RECUR_EVAL);
        recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(B, Tq, E), -1, 1, 1);
        recur_attention_out y = forward(&g, &l, (recur_multihead_in){.query = x});
        for (int64_t j = 0; j < n; j++) {
            double w = recur_item(y.weights, j);
            weights[j] = i ? weights[j] : w;
            assert_true(i != 3 || w == 0.0);
            assert_true(w == 0.0 || fabs(w - (i ? weights[j] / 0.75 : weights[j])) < 1e-15);
            dropped += i == 1 && w == 0.0;
        }
    }
    assert_true(fabs((double)dropped / (double)n - 0.25) < 0.03);
    graph_close(&g);
}

/* --- threads, memory --- */

static void test_threads(void **state)
{
    static const int threads[] = {1, 2, 7};
    (void)state;
    double first[4] = {0};
    for (int i = 0; i < 3; i++) {
        graph g;
        recur_multihead l;
        graph_open(&g, RECUR_F32, &(recur_options){.threads = threads[i]});
        recur_tape_begin(g.tp, RECUR_TRAIN);
        recur_multihead_config config = {.embed = 64, .heads = 4, .dropout = 0.1};
        assert_int_equal(recur_multihead_create(&l, g.ps, "", &config), RECUR_OK);
        recur_tensor *x = graph_param(&g, "x", (dims)DIMS(50, 12, 64), -1, 1, 1);
        recur_multihead_in in = {.query = x, .weights = RECUR_WEIGHTS_MEAN};
        recur_tensor *loss = join(g.tp, recur_multihead_forward(g.tp, &l, &in));
        assert_int_equal(recur_backward(g.tp, loss), RECUR_OK);
        double got[4] = {recur_item(loss, 0), recur_item(recur_grad(l.in_proj_weight), 9999),
                         recur_item(recur_grad(l.in_proj_bias), 77), recur_item(recur_grad(x), 7777)};
        if (i == 0)
            memcpy(first, got, sizeof got);
        assert_memory_equal(first, got, sizeof got);
        graph_close(&g);
    }
}

static recur_status create_and_step(const recur_allocator *allocator, void *cross)
{
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_params *ps = NULL;
    recur_multihead l;
    recur_multihead_config config = {.embed = 6, .heads = 2, .kdim = cross ? 5 : 0, .dropout = 0.5};
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 2, .allocator = allocator});
    s = s ? s : recur_params_create(&ps, cx, RECUR_F32, 1);
    s = s ? s : recur_tape_create(&tp, cx, 1);
    s = s ? s : recur_multihead_create(&l, ps, "a", &config);
    if (!s) {
        int64_t lengths[] = {3, 5}, hidden[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        recur_tape_begin(tp, RECUR_TRAIN);
        recur_tensor *x = recur_track(recur_input(tp, RECUR_F32, 3, (int64_t[]){5, 2, 6}, NULL));
        recur_multihead_in in = {.query = x, .weights = RECUR_WEIGHTS_MEAN};
        in.lengths = recur_input(tp, RECUR_I64, 1, (int64_t[]){2}, lengths);
        if (cross) {
            in.key = recur_input(tp, RECUR_F32, 3, (int64_t[]){5, 2, 5}, NULL);
            in.value = x;
            in.key_padding_mask = recur_input(tp, RECUR_I64, 2, (int64_t[]){2, 5}, hidden);
        }
        recur_tensor *y = recur_multihead_forward(tp, &l, &in).output;
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
    assert_true(fail_alloc_each(create_and_step, NULL) > 0);
    assert_true(fail_alloc_each(create_and_step, &plain) > 0);
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
    recur_multihead a, b, c;
    graph_open(&g, RECUR_F32, NULL);
    assert_int_equal(
        recur_multihead_create(&a, g.ps, "enc", &(recur_multihead_config){.embed = 8, .heads = 2}), RECUR_OK);
    assert_int_equal(
        recur_multihead_create(&b, g.ps, "",
                               &(recur_multihead_config){.embed = 8, .heads = 1, .kdim = 8, .vdim = 24}),
        RECUR_OK);
    assert_int_equal(recur_multihead_create(
                         &c, g.ps, "c", &(recur_multihead_config){.embed = 8, .heads = 8, .no_bias = true}),
                     RECUR_OK);
    static const char *const names[] = {"enc.in_proj_weight", "enc.in_proj_bias", "enc.out_proj.weight",
                                        "enc.out_proj.bias",  "q_proj_weight",    "k_proj_weight",
                                        "v_proj_weight",      "in_proj_bias",     "out_proj.weight",
                                        "out_proj.bias",      "c.in_proj_weight", "c.out_proj.weight"};
    assert_int_equal(recur_params_size(g.ps), 12);
    for (size_t i = 0; i < 12; i++)
        assert_string_equal(recur_name(recur_params_at(g.ps, i)), names[i]);
    check_shape(a.in_proj_weight, (dims)DIMS(24, 8));
    check_shape(b.in_proj_bias, (dims)DIMS(24));
    check_shape(b.v_proj_weight, (dims)DIMS(8, 24));
    check_range(a.in_proj_weight, sqrt(6.0 / 32.0));
    check_range(b.q_proj_weight, sqrt(6.0 / 16.0));
    check_range(b.v_proj_weight, sqrt(6.0 / 32.0));
    check_range(a.in_proj_bias, 0.0);
    check_range(a.out_proj_bias, 0.0);
    check_range(a.out_proj_weight, 1.0 / sqrt(8.0));
    assert_null(c.in_proj_bias);
    assert_null(c.bias_k);
    recur_multihead d;
    assert_int_equal(
        recur_multihead_create(
            &d, g.ps, "d",
            &(recur_multihead_config){.embed = 8, .heads = 2, .no_bias = true, .add_bias_kv = true}),
        RECUR_OK);
    assert_string_equal(recur_name(recur_params_at(g.ps, 14)), "d.bias_k");
    assert_string_equal(recur_name(recur_params_at(g.ps, 15)), "d.bias_v");
    check_shape(d.bias_v, (dims)DIMS(1, 1, 8));
    graph_close(&g);
}

static void check_refused(graph *g, recur_multihead_config config, const char *part)
{
    const char *text;
    recur_multihead l;
    assert_int_equal(recur_multihead_create(&l, g->ps, "r", &config), RECUR_EINVAL);
    recur_error(g->cx, &text);
    assert_non_null(strstr(text, part));
    assert_int_equal(recur_params_size(g->ps), 4);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g;
    recur_multihead l;
    layer(&g, &l, RECUR_F32, &plain);
    check_refused(&g, (recur_multihead_config){.embed = 8, .heads = 3},
                  "8 columns cannot be dealt out to 3 heads");
    check_refused(&g, (recur_multihead_config){.embed = 8}, "0 heads");
    check_refused(&g, (recur_multihead_config){.embed = 8, .heads = 2, .vdim = -1}, "widths 8, 8 and -1");
    check_refused(&g, (recur_multihead_config){.embed = 8, .heads = 2, .dropout = 1.5}, "in 0 .. 1, not 1.5");
    recur_tensor *q = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tq, E), -1, 1, 1);
    recur_tensor *k = graph_input(g.tp, RECUR_F32, (dims)DIMS(B, Tk, E), -1, 1, 2);
    recur_tensor *few = recur_slice(g.tp, k, 0, 0, 2, 1), *thin = recur_slice(g.tp, k, 2, 0, 4, 1);
    recur_tensor *mask = recur_input(g.tp, RECUR_I64, 2, (int64_t[]){Tk, Tq}, NULL);
    recur_tensor *add = recur_input(g.tp, RECUR_F64, 2, (int64_t[]){B, Tq}, NULL);
#define REFUSED(status, part, ...)                                                                        \
    check_error(&g, recur_multihead_forward(g.tp, &l, &(recur_multihead_in){__VA_ARGS__}).output, status, \
                part)
    REFUSED(RECUR_EINVAL, "the sequence is NULL", .query = NULL);
    REFUSED(RECUR_ESHAPE, "the query has 4 sequences, but the keys have 2", .query = q, .key = few);
    REFUSED(RECUR_ESHAPE, "the value must have 4 sequences of 19 steps, but its shape is [2, 19, 30]",
            .query = q, .key = k, .value = few);
    REFUSED(RECUR_ESHAPE, "must end in an axis of length 30", .query = q, .key = thin);
    REFUSED(RECUR_ESHAPE, "the mask must have shape [11, 19], but has [19, 11]", .query = q, .key = k,
            .attn_mask = mask);
    REFUSED(RECUR_ESHAPE, "the mask of the keys must have shape [4, 11], but has [19, 11]", .query = q,
            .key_padding_mask = mask);
    REFUSED(RECUR_EDTYPE, "the mask of the keys is float64, but the first operand is float32", .query = q,
            .key_padding_mask = add);
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),   cmocka_unit_test(test_twin),
        cmocka_unit_test(test_masks_agree), cmocka_unit_test(test_all_hidden),
        cmocka_unit_test(test_padding),     cmocka_unit_test(test_rows),
        cmocka_unit_test(test_mean),        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_threads),     cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_create),      cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
