// SPDX-License-Identifier: MIT
/* The configuration of a model: attention in words, what fits together, what a task refuses, and the
 * recurrent layer it comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <recur/recur.h>

#include "train/option.h"

static recur_ctx *context(void)
{
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, NULL), RECUR_OK);
    return cx;
}

static void expect_text(recur_ctx *cx, const char *part)
{
    const char *text;
    recur_error(cx, &text);
    if (!strstr(text, part))
        print_error("\"%s\" is not in \"%s\"\n", part, text);
    assert_non_null(strstr(text, part));
}

static void attention_in_words(void **state)
{
    static const struct {
        const char *text;
        rcr_attention_kind kind;
        int64_t heads;
    } good[] = {{NULL, RCR_ATTENTION_NONE, 1},
                {"none", RCR_ATTENTION_NONE, 1},
                {"additive", RCR_ATTENTION_ADDITIVE, 1},
                {"dot", RCR_ATTENTION_DOT, 1},
                {"general", RCR_ATTENTION_GENERAL, 1},
                {"multihead", RCR_ATTENTION_MULTIHEAD, RCR_ATTENTION_HEADS},
                {"multihead:8", RCR_ATTENTION_MULTIHEAD, 8}};
    static const char *const bad[] = {"",           "dots",        "do",           "dot:2",
                                      "multihead:", "multihead:0", "multihead:-1", "multihead:2x"};
    (void)state;
    recur_ctx *cx = context();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        rcr_attention_kind kind = RCR_ATTENTION_NONE;
        int64_t heads = 0;
        assert_int_equal(rcr_attention_parse(cx, good[i].text, &kind, &heads), RECUR_OK);
        assert_int_equal(kind, good[i].kind);
        assert_int_equal(heads, good[i].heads);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rcr_attention_kind kind;
        int64_t heads;
        assert_int_equal(rcr_attention_parse(cx, bad[i], &kind, &heads), RECUR_EINVAL);
        expect_text(cx, "is not one of none, additive, dot, general or multihead");
    }
    recur_ctx_free(cx);
}

static void refuses(recur_ctx *cx, const recur_model_config *m, const char *part)
{
    assert_int_equal(rcr_model_check(cx, m), RECUR_EINVAL);
    expect_text(cx, part);
}

static void what_fits_together(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_model_config m = recur_model_defaults();
    assert_int_equal(rcr_model_check(cx, &m), RECUR_OK);
    m.layer_norm = true;
    assert_int_equal(rcr_model_check(cx, &m), RECUR_OK);
    m.cell = RECUR_GRU_ORIGINAL;
    refuses(cx, &m, "--layer-norm: of the cells lstm and gru alone");
    m = recur_model_defaults();
    m.cell = RECUR_GRU;
    m.forget_bias = 1;
    refuses(cx, &m, "--forget-bias: only an LSTM");
    m = recur_model_defaults();
    m.attention = "much";
    refuses(cx, &m, "--attention: \"much\"");
    recur_ctx_free(cx);
}

static void forecast_refuses(recur_ctx *cx, recur_model_config m, const char *part)
{
    recur_forecast_config c = recur_forecast_defaults();
    recur_forecast_result r;
    c.data = "nowhere.csv";
    c.model = m;
    assert_int_equal(recur_forecast_train(cx, &c, &(recur_run){0}, &r), RECUR_EINVAL);
    expect_text(cx, part);
}

static void forecasting_has_no_text(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_model_config m = recur_model_defaults();
    m.pool = RECUR_POOL_ATTENTION;
    forecast_refuses(cx, m, "--pool: 3 is not the place of one of last, mean or max");
    m = recur_model_defaults();
    m.attention = "dot";
    forecast_refuses(cx, m, "forecasting reads numbers: no embedding, no attention");
    m = recur_model_defaults();
    m.embedding = 16;
    forecast_refuses(cx, m, "forecasting reads numbers");
    m = recur_model_defaults();
    m.embedding_dropout = 0.1;
    forecast_refuses(cx, m, "forecasting reads numbers");
    recur_ctx_free(cx);
}

static void the_layer_of_a_model(void **state)
{
    (void)state;
    recur_model_config m = recur_model_defaults();
    m.dropout = 0.1;
    m.input_dropout = 0.2;
    m.recurrent_dropout = 0.3;
    m.zoneout = 0.4;
    m.weight_drop = 0.5;
    m.variational = m.layer_norm = m.bidirectional = true;
    recur_rnn_config lstm = rcr_model_rnn(&m, 7);
    assert_true(lstm.cell == RECUR_LSTM && lstm.input == 7 && lstm.hidden == 32 && lstm.layers == 1);
    assert_true(lstm.bidirectional && lstm.batch_first && lstm.variational && lstm.layer_norm);
    assert_true(lstm.dropout == 0.1 && lstm.input_dropout == 0.2 && lstm.recurrent_dropout == 0.3);
    assert_true(lstm.zoneout_h == 0.4 && lstm.zoneout_c == 0.4 && lstm.weight_drop == 0.5);
    assert_int_equal(lstm.recurrent_dropout_on, RECUR_DROP_CANDIDATE);
    m.cell = RECUR_RNN_TANH;
    recur_rnn_config rnn = rcr_model_rnn(&m, 7);
    assert_true(rnn.zoneout_h == 0.4 && rnn.zoneout_c == 0);
    assert_int_equal(rnn.recurrent_dropout_on, RECUR_DROP_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_in_words),
        cmocka_unit_test(what_fits_together),
        cmocka_unit_test(forecasting_has_no_text),
        cmocka_unit_test(the_layer_of_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
