// SPDX-License-Identifier: MIT
/* Further forms of attention with several heads: one sequence without the axis of a batch; add_bias_kv and add_zero_attn.
 * Gradients, and the twin of primitive operations. */
#include "layer/multihead_test.h"

/* --- one sequence without the axis of a batch --- */

/* p: query [4, 6], key [5, 6], in_proj_weight, out_proj.weight; options: batch_first, kind of the masks, weights */
static recur_multihead_in one_sequence(recur_tape *tp, recur_tensor *const *p, const int64_t *o,
                                       recur_multihead *l)
{
    recur_dtype dtype = recur_dtype_of(p[0]);
    *l = (recur_multihead){.config = {.embed = 6, .heads = 2, .batch_first = o[0]},
                           .in_proj_weight = p[2],
                           .out_proj_weight = p[3]};
    dims pairs = DIMS(4, 5), each = DIMS(2, 4, 5);
    return (recur_multihead_in){.query = p[0],
                                .key = p[1],
                                .key_padding_mask = mask_of(tp, dtype, o[1], (dims)DIMS(5)),
                                .attn_mask = mask_of(tp, dtype, o[1], o[0] ? pairs : each),
                                .weights = (recur_weights)o[2]};
}

static recur_tensor *unbatched(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_multihead l;
    recur_multihead_in in = one_sequence(tp, p, o, &l);
    return join(tp, recur_multihead_forward(tp, &l, &in));
}

static void same_numbers(const recur_tensor *a, const recur_tensor *b, int rank)
{
    assert_non_null(a);
    assert_int_equal(recur_rank(a), rank);
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++)
        assert_true(recur_item(a, i) == recur_item(b, i));
}

/* The bits of a batch of one, in either order of axes. */
static void unbatched_is_a_batch_of_one(const int64_t *o)
{
    static const dims shapes[] = {DIMS(4, 6), DIMS(5, 6), DIMS(18, 6), DIMS(6, 6)};
    graph g;
    recur_multihead l;
    recur_tensor *p[4];
    graph_open(&g, RECUR_F64, NULL);
    for (unsigned i = 0; i < 4; i++)
        p[i] = graph_input(g.tp, RECUR_F64, shapes[i], -1, 1, i);
    recur_multihead_in in = one_sequence(g.tp, p, o, &l);
    recur_attention_out y = recur_multihead_forward(g.tp, &l, &in);
    const int64_t q[2][3] = {{4, 1, 6}, {1, 4, 6}}, k[2][3] = {{5, 1, 6}, {1, 5, 6}};
    in.query = recur_reshape(g.tp, in.query, 3, q[o[0]]);
    in.key = recur_reshape(g.tp, in.key, 3, k[o[0]]);
    if (in.key_padding_mask)
        in.key_padding_mask = recur_reshape(g.tp, in.key_padding_mask, 2, (int64_t[]){1, 5});
    recur_attention_out z = recur_multihead_forward(g.tp, &l, &in);
    same_numbers(y.output, z.output, 2);
    same_numbers(y.weights, z.weights, o[2] == RECUR_WEIGHTS_HEADS ? 3 : 2);
    graph_close(&g);
}

static void test_unbatched(void **state)
{
    (void)state;
    for (int64_t way = 0; way < 12; way++) {
        const int64_t o[] = {way & 1, way / 4, way & 2 ? RECUR_WEIGHTS_HEADS : RECUR_WEIGHTS_MEAN};
        const gradient_case one = {.name = "unbatched",
                                   .f = unbatched,
                                   .n = 4,
                                   .shape = {DIMS(4, 6), DIMS(5, 6), DIMS(18, 6), DIMS(6, 6)},
                                   .options = {o[0], o[1], o[2]}};
        unbatched_is_a_batch_of_one(o);
        check_gradients(&one, 1);
    }
}

/* --- further keys --- */

/* p: query [2, 3, 6], key [2, 4, 6], in_proj_weight, out_proj.weight, bias_k, bias_v; options: the two flags (1, 2), kind
 * of the mask of keys, of the other mask, lengths */
static recur_multihead_in further(recur_tape *tp, recur_tensor *const *p, const int64_t *o,
                                  recur_multihead *l)
{
    static const int64_t lengths[] = {4, 2};
    recur_dtype dtype = recur_dtype_of(p[0]);
    *l = (recur_multihead){.config = {.embed = 6,
                                      .heads = 2,
                                      .batch_first = true,
                                      .add_bias_kv = o[0] & 1,
                                      .add_zero_attn = o[0] & 2},
                           .in_proj_weight = p[2],
                           .out_proj_weight = p[3],
                           .bias_k = o[0] & 1 ? p[4] : NULL,
                           .bias_v = o[0] & 1 ? p[5] : NULL};
    dims pairs = DIMS(3, 4), each = DIMS(4, 3, 4);
    return (recur_multihead_in){.query = p[0],
                                .key = p[1],
                                .lengths = o[3] ? graph_i64(tp, (dims)DIMS(2), lengths) : NULL,
                                .key_padding_mask = mask_of(tp, dtype, o[1], (dims)DIMS(2, 4)),
                                .attn_mask = mask_of(tp, dtype, o[2], o[2] == HIDE_EACH ? each : pairs),
                                .weights = RECUR_WEIGHTS_HEADS};
}

static recur_tensor *further_loss(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_multihead l;
    recur_multihead_in in = further(tp, p, o, &l);
    return join(tp, recur_multihead_forward(tp, &l, &in));
}

/* What the masks and lengths of `in` come to, as numbers for the twin: [2, 2, 3, 4 + n]. */
static recur_tensor *as_numbers(recur_tape *tp, const recur_multihead_in *in, int64_t n)
{
    int64_t T = 4 + n;
    recur_tensor *sum = recur_input(tp, RECUR_F64, 4, (int64_t[]){2, 2, 3, T}, NULL);
    const recur_tensor *keys = in->key_padding_mask, *pairs = in->attn_mask;
    for (int64_t i = 0; i < recur_count(sum); i++) {
        int64_t k = i % T, q = i / T % 3, h = i / T / 3;
        if (k >= 4)
            continue;
        double a = keys ? recur_item(keys, h / 2 * 4 + k) : 0;
        double b = pairs ? recur_item(pairs, (recur_rank(pairs) == 3 ? h * 12 : 0) + q * 4 + k) : 0;
        bool hide = (in->lengths && k >= recur_i64(in->lengths)[h / 2]) ||
                    (keys && recur_dtype_of(keys) == RECUR_I64 && a != 0) ||
                    (pairs && recur_dtype_of(pairs) == RECUR_I64 && b != 0);
        a = keys && recur_dtype_of(keys) == RECUR_I64 ? 0 : a;
        b = pairs && recur_dtype_of(pairs) == RECUR_I64 ? 0 : b;
        recur_f64(sum)[i] = hide ? -INFINITY : a + b;
    }
    return sum;
}

static void further_like_twin(const gradient_case *c)
{
    graph g;
    recur_multihead l;
    recur_tensor *p[6];
    graph_open(&g, RECUR_F64, NULL);
    for (unsigned i = 0; i < 6; i++)
        p[i] = graph_input(g.tp, RECUR_F64, c->shape[i], -1, 1, i);
    recur_multihead_in in = further(g.tp, p, c->options, &l);
    recur_attention_out y = recur_multihead_forward(g.tp, &l, &in);
    int64_t n = (c->options[0] & 1) + c->options[0] / 2;
    recur_attention_out z = twin_multihead(g.tp, &l, in.query, in.key, in.key, as_numbers(g.tp, &in, n));
    near(y.output, z.output);
    near(y.weights, z.weights);
    graph_close(&g);
}

enum { E = 30, H = 3 };

/* Self attention projects all in one: the same as with the query as key, where nothing is left out of it. */
static void further_in_self_attention(bool batch_first)
{
    graph g;
    recur_multihead_config config = {.embed = E, .heads = H, .batch_first = batch_first};
    config.add_bias_kv = config.add_zero_attn = true;
    recur_multihead l;
    layer(&g, &l, RECUR_F64, &config);
    const int64_t lengths[] = {3, 0, 2}, b = batch_first ? 3 : 4, t = batch_first ? 4 : 3;
    recur_tensor *x = graph_input(g.tp, RECUR_F64, (dims)DIMS(b, t, E), -1, 1, 1);
    recur_tensor *same = recur_reshape(g.tp, x, 3, (int64_t[]){b, t, E});
    recur_tensor *n = graph_i64(g.tp, (dims)DIMS(3), lengths);
    recur_multihead_in self = {.query = x, .lengths = n, .weights = RECUR_WEIGHTS_MEAN}, cross = self;
    cross.key = same;
    cross.query_lengths = n;
    recur_attention_out y = recur_multihead_forward(g.tp, &l, &self),
                        z = recur_multihead_forward(g.tp, &l, &cross);
    near(y.output, z.output);
    near(y.weights, z.weights);
    assert_int_equal(recur_dim(y.weights, 2), 6);
    for (int64_t i = 0; i < 3; i++) { /* weights of the first query: what is hidden has none, all sum to 1 */
        double sum = 0;
        for (int64_t k = 0; k < 6; k++) {
            double w = recur_item(y.weights, i * 4 * 6 + k);
            assert_true((k >= 4 || k < lengths[i]) == (w > 0) || lengths[i] == 0);
            sum += w;
        }
        assert_true(fabs(sum - (lengths[i] > 0)) < 1e-12);
    }
    graph_close(&g);
}

static void test_further_keys(void **state)
{
    static const int64_t masks[][3] = {{NO_MASK, NO_MASK, 0}, {NO_MASK, NO_MASK, 1}, {HIDE, ADD, 1},
                                       {ADD, HIDE, 1},        {ADD, HIDE_EACH, 0},   {HIDE, NO_MASK, 0}};
    (void)state;
    for (int64_t flags = 1; flags < 4; flags++)
        for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
            const gradient_case c = {.name = "further keys",
                                     .f = further_loss,
                                     .n = flags & 1 ? 6 : 4,
                                     .shape = {DIMS(2, 3, 6), DIMS(2, 4, 6), DIMS(18, 6), DIMS(6, 6),
                                               DIMS(1, 1, 6), DIMS(1, 1, 6)},
                                     .options = {flags, masks[i][0], masks[i][1], masks[i][2]}};
            further_like_twin(&c);
            if (i == 2 || flags == 3)
                check_gradients(&c, 1);
        }
    further_in_self_attention(true);
    further_in_self_attention(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbatched),
        cmocka_unit_test(test_further_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
