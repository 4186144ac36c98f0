// SPDX-License-Identifier: MIT
/* Tagging from a program: training, scoring, asking; what is refused; failing allocations. */
#include <math.h>

#include "support/fail_alloc.h"
#include "train/train_test.h"

static char folder[PATH], data[PATH], run_folder[PATH];

static int set_up(void **state)
{
    recur_text *text;
    recur_ctx *cx = context_of(1);
    make_folder(folder);
    in_folder(data, folder, "tags.conll");
    in_folder(run_folder, folder, "run");
    expect_ok(cx, recur_synthetic(&text, cx, "tags", 60, 1));
    expect_ok(cx, recur_text_save(text, data));
    recur_text_free(text);
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static recur_tag_config config(void)
{
    recur_tag_config c = recur_tag_defaults();
    c.data = data;
    c.char_hidden = 6;
    c.char_embedding = 5;
    c.model.hidden = 10;
    c.model.embedding = 8;
    c.model.dropout = c.model.input_dropout = 0.1;
    c.train.epochs = 3;
    c.train.lr = 0.02;
    c.train.batch_size = 8;
    c.train.checkpoint_every = 1e9;
    return c;
}

static recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

static recur_tagger *trained(recur_ctx *cx, const recur_tag_config *c, recur_result *r)
{
    recur_tagger *t;
    recur_run run = fresh();
    expect_ok(cx, recur_tag_train(cx, c, &run, r));
    expect_ok(cx, recur_tag_open(&t, cx, run_folder));
    return t;
}

static void test_learns(void **state)
{
    recur_tag_config c = config();
    recur_result r;
    c.train.epochs = 40;
    c.train.patience = 0;
    c.train.schedule = RECUR_RATE_NONE;
    c.crf = true;
    expect_ok(*state, recur_tag_train(*state, &c, NULL, &r)); /* without a folder nothing is saved */
    assert_true(r.train.count > r.test.count && r.test.count > 0 && r.valid.count > 0);
    assert_int_equal(r.baseline.count, r.test.count);
    assert_true(recur_score_get(&r.train, "accuracy") > 0.95);
    assert_true(recur_score_get(&r.train, "f1") > 0.9);
    assert_true(recur_score_get(&r.train, "loss") < 0.5);
    assert_true(isnan(recur_score_get(&r.baseline, "loss")));
}

/* What evaluate finds in the file is what training found in its part. */
static void test_evaluate_agrees(void **state)
{
    for (int crf = 0; crf < 2; crf++) {
        recur_tag_config c = config();
        recur_result r;
        recur_score score;
        recur_entities *e;
        c.crf = crf;
        c.split = "1,0,0";
        recur_tagger *t = trained(*state, &c, &r);
        expect_ok(*state, recur_tag_evaluate(t, data, &score, &e));
        assert_int_equal(score.count, r.train.count);
        for (int i = 0; i < score.n; i++)
            assert_true(recur_score_get(&score, score.metric[i].name) ==
                        recur_score_get(&r.train, score.metric[i].name));
        assert_non_null(e);
        assert_true(recur_entities_score(e).f1 == recur_score_get(&score, "f1"));
        recur_entities_free(e);
        recur_tag_free(t);
    }
}

static recur_span span(const char *text)
{
    return (recur_span){text, strlen(text)};
}

static void test_predict(void **state)
{
    recur_tag_config c = config();
    recur_result r;
    recur_tagged out;
    c.crf = true;
    recur_tagger *t = trained(*state, &c, &r);
    const recur_span words[] = {span("Maria"), span("saw"), span("Zzyzx"), span("\xe4\xb8\xad\xe6\x96\x87")};
    expect_ok(*state, recur_tag_predict(t, words, 4, NULL, &out));
    assert_int_equal(out.n, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(recur_vocab_find(recur_tag_names(t), out.tag[i], strlen(out.tag[i])) >= 0);
        assert_true(out.probability[i] > 0 && out.probability[i] <= 1 + 1e-6);
    }
    char *tag[4];
    for (int i = 0; i < 4; i++)
        tag[i] = strdup(out.tag[i]);
    recur_tag_line words_of;
    const recur_place here = {.name = "in.txt", .line = 7, .column = 1};
    const int64_t columns[] = {3, 9, 13, 16};
    expect_ok(*state,
              recur_tag_words(t, span("  Maria saw\t\xe4\xb8\xad\xe6\x96\x87 Zzyzx "), &here, &words_of));
    assert_int_equal(words_of.n, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(words_of.place[i].line, 7);
        assert_int_equal(words_of.place[i].column, columns[i]);
    }
    expect_ok(*state, recur_tag_words(t, span(""), &here, &words_of));
    assert_int_equal(words_of.n, 0);
    expect_ok(*state,
              recur_tag_words(t, span("  Maria saw\tZzyzx \xe4\xb8\xad\xe6\x96\x87 "), NULL, &words_of));
    assert_int_equal(words_of.n, 4);
    expect_ok(*state, recur_tag_predict(t, words_of.token, words_of.n, words_of.place, &out));
    for (int i = 0; i < 4; i++) {
        assert_string_equal(out.tag[i], tag[i]);
        free(tag[i]);
    }
    expect_ok(*state, recur_tag_predict(t, NULL, 0, NULL, &out));
    assert_int_equal(out.n, 0);
    const recur_span bad[] = {span("fine"), span("\xff")}, empty[] = {span("")};
    expect_error(*state, recur_tag_predict(t, bad, 2, NULL, &out), RECUR_EFORMAT, "UTF-8");
    const recur_place places[] = {here, {.name = "in.txt", .line = 8, .column = 4}};
    expect_error(*state, recur_tag_predict(t, bad, 2, places, &out), RECUR_EFORMAT,
                 "in.txt:8:4: the byte 0xff");
    recur_tag_lossy(t, true);
    expect_ok(*state, recur_tag_predict(t, bad, 2, places, &out));
    recur_tag_lossy(t, false);
    expect_error(*state, recur_tag_predict(t, bad, 2, places, &out), RECUR_EFORMAT, "UTF-8");
    expect_error(*state, recur_tag_predict(t, empty, 1, NULL, &out), RECUR_EFORMAT, "empty");
    recur_tag_free(t);
}

/* Tags that the model has never seen are wrong, and the loss leaves them out. */
static void test_unknown_tags(void **state)
{
    char other[PATH];
    recur_tag_config c = config();
    recur_result r;
    recur_score score;
    in_folder(other, folder, "other.conll");
    write_text(other, "Maria\tB-PLANET\nsaw\tO\n\nMaria\tB-PLANET\n");
    for (int crf = 0; crf < 2; crf++) {
        c.crf = crf;
        recur_tagger *t = trained(*state, &c, &r);
        recur_entities *e;
        recur_entity_score planets;
        expect_ok(*state, recur_tag_evaluate(t, other, &score, &e));
        assert_int_equal(score.count, 3);
        int64_t last = recur_entities_types(e) - 1;
        while (last >= 0 && strcmp(recur_entities_type(e, last, &planets), "PLANET") != 0)
            last--;
        assert_true(last >= 0 && planets.gold == 2 && planets.recall == 0);
        assert_true(recur_entities_score(e).gold == 2 && recur_score_get(&score, "recall") == 0);
        recur_entities_free(e);
        assert_true(recur_score_get(&score, "accuracy") < 0.34);
        assert_true(crf ? isnan(recur_score_get(&score, "loss")) : isfinite(recur_score_get(&score, "loss")));
        recur_tag_free(t);
    }
}

/* Trains on `text` with a CRF: the scheme that the model file names, and the tag of "a" alone. */
static void scheme_of(recur_ctx *cx, const char *text, const char *scheme, const char *tag)
{
    char path[PATH], model[PATH];
    recur_tag_config c = config();
    recur_result r;
    recur_tagged out;
    recur_archive *file;
    const recur_span words[] = {span("a"), span("d")};
    in_folder(path, folder, "scheme.conll");
    in_folder(model, run_folder, RECUR_FILE_MODEL);
    write_text(path, text);
    c.data = path;
    c.split = "1,0,0";
    c.crf = true;
    c.text.min_count = 1;
    c.train.epochs = 60;
    c.train.schedule = RECUR_RATE_NONE;
    c.model.dropout = c.model.input_dropout = 0;
    recur_tagger *t = trained(cx, &c, &r);
    expect_ok(cx, recur_archive_open(&file, cx, model));
    assert_string_equal(recur_archive_meta(file, "scheme"), scheme);
    recur_archive_free(file);
    expect_ok(cx, recur_tag_predict(t, words, 2, NULL, &out));
    assert_string_equal(out.tag[0], tag);
    recur_tag_free(t);
}

/* The names are the same, I-X, B-X and O: only the sentences tell IOB1 from IOB2. Where they keep to neither, nothing is
 * forbidden. */
static void test_schemes(void **state)
{
    scheme_of(*state, "a I-X\nb B-X\nd O\n\nd O\na I-X\n\na I-X\nd O\n", "iob1", "I-X");
    scheme_of(*state, "a B-X\nb I-X\nd O\n\nd O\na B-X\n\na B-X\nd O\n", "iob2", "B-X");
    scheme_of(*state, "a I-X\nd O\nb B-X\n\nd O\na I-X\n\na I-X\nd O\n", "none", "I-X");
    scheme_of(*state, "a S-X\nb B-X\nc E-X\nd O\n\na S-X\nd O\n", "iobes", "S-X");
    scheme_of(*state, "a DET\nd NOUN\n\na DET\n", "none", "DET");
}

/* Word 1 is a in two of three cases, word 2 is unknown to the training part: the most frequent tag. */
static void test_baseline(void **state)
{
    char train[PATH], test[PATH];
    recur_tag_config c = config();
    recur_result r;
    in_folder(train, folder, "train.conll");
    in_folder(test, folder, "test.conll");
    write_text(train, "x A\ny B\n\nx A\ny B\n\nx B\nz B\n");
    write_text(test, "x A\nnew B\nx B\n");
    c.data = train;
    c.test = test;
    c.split = "1,0,0";
    c.train.epochs = 1;
    expect_ok(*state, recur_tag_train(*state, &c, NULL, &r));
    assert_int_equal(r.baseline.count, 3);
    assert_true(fabs(recur_score_get(&r.baseline, "accuracy") - 2.0 / 3) < 1e-12);
    assert_true(isnan(recur_score_get(&r.baseline, "f1"))); /* no scheme of entities */
}

static void test_threads_change_nothing(void **state)
{
    recur_tag_config c = config();
    recur_result r, first = {0};
    (void)state;
    c.crf = true;
    for (int threads = 1; threads <= 7; threads += 2) {
        recur_ctx *cx = context_of(threads);
        expect_ok(cx, recur_tag_train(cx, &c, NULL, &r));
        if (threads == 1)
            first = r;
        assert_true(recur_score_get(&r.train, "loss") == recur_score_get(&first.train, "loss"));
        recur_ctx_free(cx);
    }
}

/* ---- failing allocations ---- */

static recur_status work(recur_ctx *cx, const recur_tag_config *c)
{
    recur_result r;
    recur_tagger *t = NULL;
    recur_score score;
    recur_entities *e = NULL;
    recur_tagged out;
    recur_run run = fresh();
    const recur_span words[] = {span("Maria"), span("saw")};
    recur_status status = recur_tag_train(cx, c, &run, &r);
    if (status == RECUR_OK)
        status = recur_tag_open(&t, cx, run_folder);
    if (status == RECUR_OK)
        status = recur_tag_evaluate(t, c->data, &score, &e);
    if (status == RECUR_OK)
        status = recur_tag_predict(t, words, 2, NULL, &out);
    recur_entities_free(e);
    recur_tag_free(t);
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
    char few[PATH];
    recur_tag_config c = config();
    (void)state;
    in_folder(few, folder, "few.conll");
    write_text(few, "a B-X\nb O\n\na B-X\nc O\n\nb O\n");
    c.data = few;
    c.split = "1,0,0";
    c.crf = true;
    c.train.max_steps = 2;
    assert_true(fail_alloc_each(failing_work, &c) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_evaluate_agrees),
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_unknown_tags),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_baseline),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
