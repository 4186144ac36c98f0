// SPDX-License-Identifier: MIT
/* Dropout inside the cell, zoneout, dropped weights, locked masks: every gradient against finite differences, the
 * fused scan against its composed twin, what the ends of each rate come to, and what is refused. */
#include "variants.h"

/* A norm of sums that hardly vary, such as those of a first step from zeros, multiplies by 300: what is far from
 * linear needs smaller differences, and rounding shows. */
static void check_gradient(const rnn_case *k, recur_mode mode, int variant, int i)
{
    rnn_setup s;
    double worst = 1.0, step = k->config.layer_norm ? 1e-6 : 1e-5, most = k->config.layer_norm ? 1e-6 : 1e-7;
    setup_rnn(&s, k);
    recur_tape_begin(s.tp, mode);
    recur_status st = recur_gradcheck(s.tp, s.ps, rnn_scalar, &s, step, &worst);
    if (st || worst > most)
        print_error("cell %d variant %d case %d: status %d, worst %g\n", k->config.cell, variant, i, st,
                    worst);
    assert_int_equal(st, RECUR_OK);
    assert_true(worst < most);
    teardown_rnn(&s);
}

/* A vector of doubles and a rest, whatever the instruction set; the widest is held against its twin in any case. */
static int64_t width(int64_t hidden)
{
    const char *level = getenv("RECUR_TEST_LEVEL");
    bool full = level && strcmp(level, "full") == 0;
    return full || hidden < 9 ? hidden : 9;
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    FOR_VARIANTS(cell, variant, i)
    {
        rnn_case k = variant_case((recur_cell)cell, variant, i);
        k.config.hidden = width(k.config.hidden);
        k.config.dropout = k.config.output_dropout = variant == ALL ? 0.2 : 0.0;
        check_gradient(&k, RECUR_TRAIN, variant, i);
    }
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int i = 0; i < 8; i += 3) {
            rnn_case k = variant_case((recur_cell)cell, ZONEOUT, i);
            check_gradient(&k, RECUR_EVAL, ZONEOUT, i);
        }
}

static void assert_close(recur_tensor *a, recur_tensor *b, double most)
{
    assert_int_equal(recur_count(a), recur_count(b));
    for (int64_t i = 0; i < recur_count(a); i++) {
        double x = recur_item(a, i), y = recur_item(b, i);
        if (!(fabs(x - y) <= most * (1.0 + fabs(y))))
            print_error("%s element %lld: %.17g against %.17g\n", recur_name(a), (long long)i, x, y);
        assert_true(fabs(x - y) <= most * (1.0 + fabs(y)));
    }
}

static void compare_twins(rnn_setup *a, rnn_setup *b, recur_mode mode)
{
    run_rnn_as(a, mode);
    run_rnn_as(b, mode);
    double most = a->spec.config.layer_norm ? 1e-10 : 1e-12;
    assert_close(a->out.y, b->out.y, most);
    assert_close(a->out.h, b->out.h, most);
    if (a->out.c)
        assert_close(a->out.c, b->out.c, most);
    for (size_t p = 0; p < recur_params_size(a->ps); p++)
        assert_close(recur_grad(recur_params_at(a->ps, p)), recur_grad(recur_params_at(b->ps, p)), most);
}

/* No dropout between or behind layers: their masks depend on the place on the tape, which is another in the twin. */
static void fused_equals_composed(void **state)
{
    (void)state;
    FOR_VARIANTS(cell, variant, i)
    {
        rnn_case fused = variant_case((recur_cell)cell, variant, i), composed = fused;
        rnn_setup a, b;
        composed.config.compose = true;
        setup_rnn(&a, &fused);
        setup_rnn(&b, &composed);
        compare_twins(&a, &b, RECUR_TRAIN);
        compare_twins(&a, &b, RECUR_EVAL);
        teardown_rnn(&a);
        teardown_rnn(&b);
    }
}

/* Runs a with one configuration and b with another over the same numbers, and expects the same bits. */
static void same_results(rnn_case ka, rnn_case kb, recur_mode mode, void (*change)(rnn_setup *b))
{
    rnn_setup a, b;
    setup_rnn(&a, &ka);
    setup_rnn(&b, &kb);
    if (change)
        change(&b);
    run_rnn_as(&a, mode);
    run_rnn_as(&b, mode);
    assert_same_bits(a.out.y, b.out.y);
    assert_same_bits(a.out.h, b.out.h);
    teardown_rnn(&a);
    teardown_rnn(&b);
}

/* Without training nothing is dropped: but for zoneout, the plain layer. */
static void evaluation_drops_nothing(void **state)
{
    (void)state;
    static const int variants[] = {DROP_CANDIDATE, DROP_STATE, WEIGHT_DROP, LOCKED};
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
            rnn_case k = variant_case((recur_cell)cell, variants[v], 5),
                     plain = variant_case((recur_cell)cell, VARIANTS, 5);
            same_results(k, plain, RECUR_EVAL, NULL);
        }
}

/* What keeps nothing for backward and has no room for it gives the same. */
static void inference_gives_the_bits_of_evaluation(void **state)
{
    (void)state;
    FOR_VARIANTS(cell, variant, i)
    {
        rnn_case k = variant_case((recur_cell)cell, variant, i);
        rnn_setup a, b;
        setup_rnn(&a, &k);
        setup_rnn(&b, &k);
        recur_tape_begin(a.tp, RECUR_EVAL);
        recur_tape_begin(b.tp, RECUR_INFER);
        assert_non_null(rnn_scalar(a.tp, &a));
        assert_non_null(rnn_scalar(b.tp, &b));
        assert_same_bits(a.out.y, b.out.y);
        assert_same_bits(a.out.h, b.out.h);
        teardown_rnn(&a);
        teardown_rnn(&b);
    }
}

static void zero_recurrent_weights(rnn_setup *s)
{
    recur_tensor *w = recur_params_find(s->ps, "rnn.weight_hh_l0");
    assert_int_equal(recur_init_constant(s->ps, w, 0), RECUR_OK);
}

/* All of h masked, or all weights dropped: as if the recurrent weights were 0, but what a GRU remembers stays. */
static void all_dropped(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int weights = 0; weights < 2; weights++) {
            rnn_case k = variant_case((recur_cell)cell, VARIANTS, 4), plain = k;
            k.config.weight_drop = weights ? 1.0 : 0.0;
            k.config.recurrent_dropout = weights ? 0.0 : 1.0;
            k.config.recurrent_dropout_on = RECUR_DROP_STATE;
            same_results(k, plain, RECUR_TRAIN, zero_recurrent_weights);
        }
}

/* A zoneout of 1 keeps the initial states for ever, in training and, as the expectation, in evaluation. */
static void all_kept(void **state)
{
    (void)state;
    for (int cell = RECUR_RNN_TANH; cell <= RECUR_GRU_ORIGINAL; cell++)
        for (int mode = RECUR_EVAL; mode <= RECUR_TRAIN; mode++) {
            rnn_case k = variant_case((recur_cell)cell, VARIANTS, 6);
            rnn_setup s;
            k.config.zoneout_h = 1.0;
            k.config.zoneout_c = cell == RECUR_LSTM ? 1.0 : 0.0;
            setup_rnn(&s, &k);
            run_rnn_as(&s, (recur_mode)mode);
            for (int64_t i = 0; i < recur_count(s.h0); i++)
                assert_true(fabs(recur_item(s.out.h, i) - recur_item(s.h0, i)) < 1e-15);
            for (int64_t i = 0; s.out.c && i < recur_count(s.c0); i++)
                assert_true(fabs(recur_item(s.out.c, i) - recur_item(s.c0, i)) < 1e-15);
            teardown_rnn(&s);
        }
}

/* c' = f c alone, where no candidate is left; a GRU's h only shrinks. */
static void no_candidate_left(void **state)
{
    (void)state;
    rnn_case k = variant_case(RECUR_LSTM, VARIANTS, 4);
    rnn_setup s;
    k.config.recurrent_dropout = 1.0;
    setup_rnn(&s, &k);
    run_rnn(&s);
    for (int64_t i = 0; i < recur_count(s.c0); i++) {
        double c0 = recur_item(s.c0, i), c = recur_item(s.out.c, i);
        assert_true(c0 > 0 ? c >= 0 && c <= c0 : c <= 0 && c >= c0);
    }
    teardown_rnn(&s);
}

/* Where a layer is nearly linear, the mean over many steps of training comes near the evaluation: what is kept is
 * scaled right, and zoneout evaluates to its expectation. */
static void training_means_evaluation(void **state)
{
    (void)state;
    enum { STEPS = 3000, N = 9 };
    static const recur_rnn_config configs[] = {
        {.cell = RECUR_RNN_TANH, .zoneout_h = 0.4},
        {.cell = RECUR_LSTM, .zoneout_h = 0.3, .zoneout_c = 0.4},
        {.cell = RECUR_RNN_TANH, .recurrent_dropout = 0.5, .recurrent_dropout_on = RECUR_DROP_STATE},
        {.cell = RECUR_LSTM, .recurrent_dropout = 0.5},
        {.cell = RECUR_GRU, .recurrent_dropout = 0.5, .variational = true},
        {.cell = RECUR_GRU_ORIGINAL, .weight_drop = 0.5},
        {.cell = RECUR_RNN_TANH, .input_dropout = 0.5, .output_dropout = 0.2},
        {.cell = RECUR_RNN_TANH, .input_dropout = 0.5, .output_dropout = 0.2, .variational = true},
    };
    for (size_t k = 0; k < sizeof configs / sizeof *configs; k++) {
        rnn_case one = {.config = configs[k], .T = 3, .B = 1, .dtype = RECUR_F64};
        rnn_setup s;
        double mean[N] = {0}, error = 0.0, size = 0.0;
        one.config.input = 2;
        one.config.hidden = 3;
        setup_rnn(&s, &one);
        for (int64_t i = 0; i < recur_count(s.x); i++)
            recur_f64(s.x)[i] *= 0.1;
        for (int n = 0; n < STEPS; n++) {
            recur_tape_begin(s.tp, RECUR_TRAIN);
            assert_non_null(rnn_scalar(s.tp, &s));
            for (int i = 0; i < N; i++)
                mean[i] += recur_item(s.out.y, i) / STEPS;
        }
        recur_tape_begin(s.tp, RECUR_EVAL);
        assert_non_null(rnn_scalar(s.tp, &s));
        for (int i = 0; i < N; i++) {
            error += fabs(recur_item(s.out.y, i) - mean[i]);
            size += fabs(recur_item(s.out.y, i));
        }
        if (error > 0.05 * size)
            print_error("configuration %d: error %g of %g\n", (int)k, error, size);
        assert_true(error <= 0.05 * size);
        teardown_rnn(&s);
    }
}

/* In training a unit is kept whole or not at all, h and c each for itself. */
static void zoneout_keeps_whole_units(void **state)
{
    (void)state;
    enum { B = 40, H = 50 };
    rnn_case k = {.config = {.cell = RECUR_LSTM, .input = 2, .hidden = H, .zoneout_h = 0.2, .zoneout_c = 0.6},
                  .T = 1,
                  .B = B,
                  .states = true,
                  .dtype = RECUR_F32};
    rnn_setup s;
    double h = 0, c = 0, both = 0;
    setup_rnn(&s, &k);
    run_rnn(&s);
    for (int i = 0; i < B * H; i++) {
        bool kept_h = recur_f32(s.out.h)[i] == recur_f32(s.h0)[i],
             kept_c = recur_f32(s.out.c)[i] == recur_f32(s.c0)[i];
        h += kept_h / (double)(B * H);
        c += kept_c / (double)(B * H);
        both += (kept_h && kept_c) / (double)(B * H);
    }
    assert_true(fabs(h - 0.2) < 0.05 && fabs(c - 0.6) < 0.05 && fabs(both - 0.12) < 0.04);
    teardown_rnn(&s);
}

static void refuses(recur_rnn_config config, const char *part)
{
    recur_ctx *cx;
    recur_params *ps;
    recur_rnn *rnn;
    const char *text;
    assert_int_equal(recur_ctx_create(&cx, NULL), RECUR_OK);
    assert_int_equal(recur_params_create(&ps, cx, RECUR_F32, 1), RECUR_OK);
    config.input = config.hidden = 3;
    assert_int_equal(recur_rnn_create(&rnn, ps, "", &config), RECUR_EINVAL);
    recur_error(cx, &text);
    assert_non_null(strstr(text, part));
    recur_params_free(ps);
    recur_ctx_free(cx);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    refuses((recur_rnn_config){.cell = RECUR_LSTM, .input_dropout = 1.1},
            "input_dropout must be between 0 and 1");
    refuses((recur_rnn_config){.cell = RECUR_LSTM, .zoneout_h = -0.1}, "zoneout_h must be between 0 and 1");
    refuses((recur_rnn_config){.cell = RECUR_LSTM, .weight_drop = NAN},
            "weight_drop must be between 0 and 1");
    refuses((recur_rnn_config){.cell = RECUR_GRU, .zoneout_c = 0.1}, "only an LSTM has a c for zoneout_c");
    refuses((recur_rnn_config){.cell = RECUR_RNN_TANH, .recurrent_dropout = 0.1},
            "recurrent_dropout_on must be RECUR_DROP_STATE");
    refuses((recur_rnn_config){.cell = RECUR_GRU_ORIGINAL, .layer_norm = true},
            "layer_norm is for LSTM and GRU");
    refuses((recur_rnn_config){.cell = RECUR_GRU, .recurrent_dropout_on = (recur_recurrent_dropout)2},
            "there is no place 2 for recurrent dropout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(fused_equals_composed),
        cmocka_unit_test(evaluation_drops_nothing),
        cmocka_unit_test(inference_gives_the_bits_of_evaluation),
        cmocka_unit_test(all_dropped),
        cmocka_unit_test(all_kept),
        cmocka_unit_test(no_candidate_left),
        cmocka_unit_test(training_means_evaluation),
        cmocka_unit_test(zoneout_keeps_whole_units),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
