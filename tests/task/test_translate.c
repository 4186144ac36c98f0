// SPDX-License-Identifier: MIT
/* Training translators from a program: what they learn, what is refused, the same bits, failing allocations. */
#include "support/fail_alloc.h"
#include "task/translate_test.h"

/* ---- training ---- */

static void test_result(void **state)
{
    recur_translate_config c = small();
    recur_translate_result r;
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &r)); /* without a folder nothing is saved */
    /* units: 10 words and 4 special ones on both sides; E = 8, H = 16, two directions of 8 */
    int64_t encoder = 14 * 8 + 2 * 4 * 8 * (8 + 8 + 2), decoder = 14 * 8 + 4 * 16 * (8 + 16 + 2);
    int64_t bridges = 2 * 16 * (16 + 1), attention = 16 * (16 + 16 + 1 + 1), output = 8 * (32 + 1) + 14;
    assert_int_equal(r.common.parameters, encoder + decoder + bridges + attention + output);
    assert_int_equal(r.common.epochs, 2);
    assert_int_equal(r.common.train.count + r.common.valid.count + r.common.test.count, 500);
    assert_int_equal(r.common.baseline.count, r.common.test.count);
    assert_true(r.common.units_per_second > 0 && r.common.peak_bytes > 0);
    double loss = recur_score_get(&r.common.test, "loss");
    assert_true(fabs(recur_score_get(&r.common.test, "perplexity") / exp(loss) - 1) < 1e-9);
    assert_true(isnan(recur_score_get(&r.common.baseline, "loss")));
    assert_true(recur_score_get(&r.common.baseline, "exact") == 0);
    assert_non_null(strstr(r.signature, "tok:13a"));
    assert_non_null(strstr(r.signature, "case:mixed"));
}

/* Before it has learnt anything all units are alike. */
static void test_begins_without_an_opinion(void **state)
{
    recur_translate_config c = small();
    recur_translate_result r;
    c.train.lr = 1e-30;
    c.train.epochs = 1;
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &r));
    assert_true(fabs(recur_score_get(&r.common.test, "loss") / log(14) - 1) < 0.1);
}

static double exact_of(recur_ctx *cx, const recur_translate_config *c)
{
    recur_translate_result r;
    expect_ok(cx, recur_translate_train(cx, c, NULL, &r));
    return recur_score_get(&r.common.test, "exact");
}

static void test_learns(void **state)
{
    static const char *const kinds[] = {"additive", "dot", "general"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        recur_translate_config c = learner();
        c.model.attention = kinds[i];
        double exact = exact_of(*state, &c);
        print_message("%s: %.3f exact\n", kinds[i], exact);
        assert_true(exact > 0.95);
    }
}

/* Every way to build the model learns something. */
static void test_variants(void **state)
{
    for (int i = 0; i < 12; i++) {
        recur_translate_config c = learner();
        recur_translate_result r;
        c.train.epochs = 6;
        c.input_feeding = i & 8;
        c.model.attention = i & 1 ? "none" : "general";
        c.model.cell = i & 1 ? RECUR_GRU : RECUR_LSTM;
        c.model.bidirectional = !(i & 2);
        c.reverse_source = i & 2;
        c.tie = !(i & 4);
        c.share_vocab = i & 4;
        c.model.layers = 1 + (i & 1);
        c.model.embedding_dropout = i & 4 ? 0.05 : 0;
        expect_ok(*state, recur_translate_train(*state, &c, NULL, &r));
        assert_true(recur_score_get(&r.common.test, "loss") < 0.8 * log(10));
    }
}

/* What is fed changes what is said, and the search and the loss agree about it. */
static void test_input_feeding(void **state)
{
    recur_translate_config c = learner();
    c.input_feeding = true;
    assert_true(exact_of(*state, &c) > 0.95);
    recur_translate_result r;
    c.model.variational = true;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "--variational would");
}

static void test_words_learn_a_shared_vocabulary(void **state)
{
    recur_translate_config c = small();
    recur_run run = fresh();
    recur_translate_result r;
    recur_translate *t;
    c.share_vocab = true;
    expect_ok(*state, recur_translate_train(*state, &c, &run, &r));
    expect_ok(*state, recur_translate_open(&t, *state, run_folder));
    const recur_vocab *vocab = recur_translate_vocab(t, RECUR_SIDE_TEXT);
    assert_ptr_equal(vocab, recur_translate_vocab(t, RECUR_SIDE_ANSWER));
    assert_int_equal(recur_vocab_size(vocab), 24);
    recur_translate_free(t);
}

static void test_scheduled_sampling(void **state)
{
    recur_translate_config c = learner();
    recur_translate_result forced, drawn, again;
    c.train.epochs = 3;
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &forced));
    c.teacher_forcing_end = 0;
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &drawn));
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &again));
    double loss = recur_score_get(&drawn.common.test, "loss");
    assert_true(loss != recur_score_get(&forced.common.test, "loss"));
    assert_true(loss == recur_score_get(&again.common.test, "loss"));
    c.train.epochs = 30;
    c.teacher_forcing_end = 0.5;
    assert_true(exact_of(*state, &c) > 0.9);
}

/* Equal sources stay together: no source of the test part was seen in training. */
static void test_groups(void **state)
{
    char path[PATH];
    recur_translate_config c = small();
    recur_translate_result r;
    FILE *file = fopen(in_folder(path, folder, "groups.tsv"), "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fprintf(file, "%s %s\t%d\n", digits[i / 2 % 10], digits[i / 20], i);
    assert_int_equal(fclose(file), 0);
    c.data = path;
    c.split = "0.5,0.25,0.25";
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &r));
    assert_int_equal(r.common.train.count % 2, 0);
    assert_int_equal(r.common.valid.count % 2, 0);
    assert_int_equal(r.common.test.count % 2, 0);
}

typedef struct watch {
    int notes, batches, stop_after;
    char text[PATH];
} watch;

static bool observe(void *user, const recur_event *e)
{
    watch *w = user;
    w->batches += e->kind == RECUR_EVENT_BATCH;
    w->notes += e->kind == RECUR_EVENT_NOTE;
    if (e->kind == RECUR_EVENT_NOTE)
        snprintf(w->text, sizeof w->text, "%s", e->text);
    return w->stop_after == 0 || w->batches < w->stop_after;
}

static void check_resume(recur_ctx *cx, const recur_translate_config *c)
{
    recur_translate_result whole, cut;
    expect_ok(cx, recur_translate_train(cx, c, NULL, &whole));
    watch w = {.stop_after = 10};
    recur_run run = fresh();
    run.observe = observe;
    run.user = &w;
    expect_error(cx, recur_translate_train(cx, c, &run, &cut), RECUR_ESTOPPED, "stopped after 10 steps");
    run = (recur_run){.folder = run_folder, .resume = true};
    expect_ok(cx, recur_translate_train(cx, c, &run, &cut));
    assert_int_equal(whole.common.steps, cut.common.steps);
    for (int i = 0; i < whole.common.test.n; i++)
        assert_true(whole.common.test.metric[i].value == cut.common.test.metric[i].value);
}

static void test_stop_and_resume(void **state)
{
    recur_translate_config c = small();
    recur_translate_result r;
    c.model.dropout = 0.2;
    check_resume(*state, &c);
    c.teacher_forcing = 0.5;
    check_resume(*state, &c);
    c.model.hidden = 18;
    recur_run run = {.folder = run_folder, .resume = true};
    expect_error(*state, recur_translate_train(*state, &c, &run, &r), RECUR_EINVAL, "--hidden cannot change");
}

static void test_notes(void **state)
{
    char path[PATH];
    recur_translate_config c = small();
    recur_translate_result r;
    watch w = {0};
    recur_run run = {.observe = observe, .user = &w};
    in_folder(path, folder, "long.tsv");
    write_text(path, "a b\tx\na b c d\tx\na\ta b c d e f\n\tx\na\t\nb\ty\nc\tz\n");
    c.data = path;
    c.split = "1,0,0";
    c.text.max_length = 3;
    expect_ok(*state, recur_translate_train(*state, &c, &run, &r));
    assert_int_equal(r.common.train.count, 5); /* they are translated all the same */
    assert_int_equal(r.common.test.count, 0);
    assert_int_equal(w.notes, 2);
    assert_non_null(strstr(w.text, "2 of 5 pairs have a side of more than 3 units"));
}

static void test_refuses(void **state)
{
    char path[PATH];
    recur_translate_config good = small(), c = good;
    recur_translate_result r;
    c.data = NULL;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "needs pairs");
    c = good;
    c.data = "/nowhere.tsv";
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_ENOTFOUND, "/nowhere.tsv");
    c = good;
    c.model.hidden = 15;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "must be even");
    c = good;
    c.model.attention = "multihead:2";
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "multihead:2");
    c = good;
    c.model.attention = "bilinear";
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "bilinear");
    c = good;
    c.order = 3;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "an order of 3");
    c = good;
    c.teacher_forcing = 1.5;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "--teacher-forcing");
    c = good;
    c.text.min_count = 1000000;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EINVAL, "--min-count");
    c = good;
    c.data = in_folder(path, folder, "wide.tsv");
    write_text(path, "a b c\td e f\n");
    c.split = "1,0,0";
    c.text.max_length = 2;
    expect_error(*state, recur_translate_train(*state, &c, NULL, &r), RECUR_EFORMAT, "nothing to train on");
}

/* ---- models of others ---- */

static void test_open_refuses(void **state)
{
    char path[PATH];
    recur_translate *t;
    expect_error(*state, recur_translate_open(&t, *state, "/nowhere"), RECUR_ENOTFOUND, "/nowhere");
    assert_null(t);
    static float weight[100000];
    const recur_entry e = {"encoder.embedding.weight", "F32", 1, (int64_t[]){100000}, weight, sizeof weight};
    const char *vocab = "{\"specials\": true, \"units\": [\"a\"]}";
    const recur_meta large[] = {{"recur", "translate 1"},
                                {"config",
                                 "{\"data\": \"x\", \"hidden\": 100000, \"layers\": 90, \"embedding\": 9, "
                                 "\"max_length\": 5, \"max_ratio\": 1.5}"},
                                {"source_vocab", vocab},
                                {"target_vocab", vocab}};
    in_folder(path, folder, "large.safetensors");
    expect_ok(*state, recur_archive_write(*state, path, &e, 1, large, 4));
    expect_error(*state, recur_translate_open(&t, *state, path), RECUR_EFORMAT,
                 "do not fit the configuration");
    expect_ok(*state, recur_archive_write(*state, path, &e, 1, large, 3));
    expect_error(*state, recur_translate_open(&t, *state, path), RECUR_EFORMAT, "target_vocab");
    const recur_meta open[] = {{"recur", "translate 1"}, {"config", "{\"data\": \"x\"}"}};
    expect_ok(*state, recur_archive_write(*state, path, &e, 1, open, 2));
    expect_error(*state, recur_translate_open(&t, *state, path), RECUR_EFORMAT, "max_ratio");
    assert_null(t);
}

/* ---- bits ---- */

static void test_threads_and_isa_change_nothing(void **state)
{
    static const char *const isas[] = {"portable", "avx2", "avx512", NULL};
    recur_translate_config c = small();
    recur_translate_result r, first = {0};
    (void)state;
    c.train.epochs = 1;
    c.teacher_forcing = 0.5;
    c.model.dropout = 0.1;
    for (int i = 0; i < 7; i++) {
        recur_ctx *cx;
        if (recur_ctx_create(&cx, &(recur_options){.threads = 1 + i % 3, .isa = isas[i % 4]}) != RECUR_OK)
            continue;
        expect_ok(cx, recur_translate_train(cx, &c, NULL, &r));
        if (!first.common.steps)
            first = r;
        for (int k = 0; k < r.common.test.n; k++)
            assert_true(r.common.test.metric[k].value == first.common.test.metric[k].value);
        recur_ctx_free(cx);
    }
}

/* ---- failing allocations ---- */

static recur_status work(recur_ctx *cx, const recur_translate_config *c)
{
    recur_translate_result r;
    recur_translate *t = NULL;
    recur_translations *found = NULL;
    recur_run run = fresh();
    recur_score score, baseline;
    recur_span span = {"one two", 7};
    recur_status status = recur_translate_train(cx, c, &run, &r);
    if (status == RECUR_OK)
        status = recur_translate_open(&t, cx, run_folder);
    if (status == RECUR_OK)
        status = recur_translate_evaluate(t, c->data, NULL, &score, &baseline, NULL);
    if (status == RECUR_OK) {
        const recur_decoding how = {.beam = 2, .n_best = 2, .copy_unknown = true, .attention = true};
        status = recur_translate_texts(&found, t, &span, NULL, 1, &how);
    }
    recur_translations_free(found);
    recur_translate_free(t);
    return status;
}

static recur_status failing_work(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status != RECUR_OK)
        return status;
    status = work(cx, argument);
    recur_ctx_free(cx);
    return status;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    char path[PATH];
    recur_translate_config c = small();
    write_pairs(in_folder(path, folder, "few.tsv"), 12, 3);
    c.data = path;
    c.split = "0.5,0.25,0.25";
    c.model.hidden = 4;
    c.model.embedding = 2;
    c.train.epochs = 1;
    c.teacher_forcing = 0.5;
    c.input_feeding = true;
    print_message("%ld allocations\n", fail_alloc_each(failing_work, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_begins_without_an_opinion),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_input_feeding),
        cmocka_unit_test(test_words_learn_a_shared_vocabulary),
        cmocka_unit_test(test_scheduled_sampling),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_stop_and_resume),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_threads_and_isa_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
