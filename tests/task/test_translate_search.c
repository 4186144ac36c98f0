// SPDX-License-Identifier: MIT
/* Asking translators from a program: beams, attention, copies, texts of any kind, scores. */
#include "task/translate_test.h"

enum { TEXTS = 7 };
static const char *const texts[TEXTS] = {
    "one", "two three four five", "", "nine nine", "six seven eight", "what is zero", "four"};

static void spans_of(recur_span span[TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        span[i] = (recur_span){texts[i], strlen(texts[i])};
}

static void expect_same(const recur_translated *a, const recur_translated *b)
{
    assert_int_equal(a->n, b->n);
    for (int64_t i = 0; i < a->n; i++) {
        assert_string_equal(a->best[i].text, b->best[i].text);
        assert_true(a->best[i].log_p == b->best[i].log_p && a->best[i].score == b->best[i].score);
    }
}

/* A text is translated to the same bits alone and among others. */
static void check_independent(recur_ctx *cx, bool input_feeding)
{
    recur_translate_config c = small();
    c.input_feeding = input_feeding;
    recur_translate *t = trained(cx, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *all, *one;
    recur_span span[TEXTS];
    spans_of(span);
    how.beam = 4;
    how.n_best = 3;
    expect_ok(cx, recur_translate_texts(&all, t, span, NULL, TEXTS, &how));
    assert_int_equal(all->n, TEXTS);
    for (int i = 0; i < TEXTS; i++) {
        expect_ok(cx, recur_translate_texts(&one, t, &span[i], NULL, 1, &how));
        expect_same(&all->source[i], &one->source[0]);
        assert_int_equal(all->source[i].n, *texts[i] ? 3 : 0);
        recur_translations_free(one);
    }
    recur_translate_free(t);
    assert_string_equal(all->source[1].unit[3].text, "five"); /* needs nothing of the translator */
    recur_translations_free(all);
}

static void test_texts_are_independent(void **state)
{
    check_independent(*state, false);
    check_independent(*state, true);
}

static void check_best(const recur_translated *s, double alpha)
{
    for (int64_t i = 0; i < s->n; i++) {
        const recur_translation *t = &s->best[i];
        assert_true(t->U >= 2 && t->log_p < 0);
        assert_true(fabs(t->score - t->log_p / pow((double)t->U, alpha)) < 1e-9);
        assert_true(i == 0 || t->score <= t[-1].score || t->finished < t[-1].finished);
        for (int64_t k = 0; k < i; k++)
            assert_true(strcmp(t->text, s->best[k].text) != 0);
        assert_int_equal(strcmp(t->unit[t->U - 1].text, "<eos>") == 0, t->finished);
    }
}

static void test_n_best(void **state)
{
    recur_translate_config c = small();
    c.length_penalty = 0.7;
    recur_translate *t = trained(*state, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *found;
    recur_span span[TEXTS];
    spans_of(span);
    how.beam = how.n_best = 5;
    expect_ok(*state, recur_translate_texts(&found, t, span, NULL, TEXTS, &how));
    for (int i = 0; i < TEXTS; i++)
        check_best(&found->source[i], 0.7);
    recur_translations_free(found);
    how.n_best = 6;
    expect_error(*state, recur_translate_texts(&found, t, span, NULL, TEXTS, &how), RECUR_EINVAL,
                 "the 6 best of a beam of 5");
    recur_translate_free(t);
}

/* The search's log-probability of a translation is that of the loss, read along the reference. */
static void check_search(recur_ctx *cx, bool input_feeding)
{
    char path[PATH], line[PATH];
    recur_translate_config c = learner();
    c.train.epochs = 8;
    c.label_smoothing = 0;
    c.input_feeding = input_feeding;
    recur_translate *t = trained(cx, &c);
    const recur_decoding how = {.beam = 3, .n_best = 1};
    recur_translations *found;
    recur_score score;
    recur_span span = {"one two three", 13};
    expect_ok(cx, recur_translate_texts(&found, t, &span, NULL, 1, &how));
    const recur_translation *best = &found->source[0].best[0];
    assert_true(best->finished);
    snprintf(line, sizeof line, "%s\t%s\n", span.text, best->text);
    write_text(in_folder(path, folder, "said.tsv"), line);
    expect_ok(cx, recur_translate_evaluate(t, path, &how, &score, NULL, NULL));
    assert_true(recur_score_get(&score, "exact") == 1);
    /* the search leaves out what no text holds, which takes next to nothing of the probability */
    assert_true(fabs(recur_score_get(&score, "loss") * (double)best->U + best->log_p) < 0.05);
    recur_translations_free(found);
    recur_translate_free(t);
}

static void test_search_agrees_with_loss(void **state)
{
    check_search(*state, false);
    check_search(*state, true);
}

/* Each unit said looks at the one it translates, wherever the encoder began. */
static void check_attention(recur_ctx *cx, bool reversed)
{
    recur_translate_config c = learner();
    c.reverse_source = reversed;
    recur_translate *t = trained(cx, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *found;
    recur_span span = {"one two three four", 18};
    how.attention = true;
    expect_ok(cx, recur_translate_texts(&found, t, &span, NULL, 1, &how));
    const recur_translated *s = &found->source[0];
    const recur_translation *b = &s->best[0];
    assert_string_equal(b->text, "4 3 2 1");
    assert_int_equal(s->S, 5);
    assert_int_equal(b->U, 5);
    assert_string_equal(s->unit[0].text, "one");
    assert_string_equal(s->unit[4].text, "<eos>");
    double first = 0;
    for (int64_t u = 0; u < b->U; u++) {
        double sum = 0;
        for (int64_t j = 0; j < s->S; j++)
            sum += (double)b->attention[u * s->S + j];
        assert_true(fabs(sum - 1) < 1e-5);
    }
    for (int64_t j = 2; j < 4; j++) /* "four" is the last of the text, and said first */
        first += (double)b->attention[j];
    assert_true(first + (double)b->attention[4] > 0.5);
    recur_translations_free(found);
    recur_translate_free(t);
}

static void test_attention(void **state)
{
    check_attention(*state, false);
    check_attention(*state, true);
    recur_translate_config c = small();
    c.model.attention = "none";
    recur_translate *t = trained(*state, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *found;
    how.attention = true;
    assert_false(recur_translate_attends(t));
    expect_ok(*state, recur_translate_texts(&found, t, &(recur_span){"one", 3}, NULL, 1, &how));
    assert_null(found->source[0].best[0].attention);
    recur_translations_free(found);
    recur_translate_free(t);
}

/* Four words, one of which is a name that is too rare for the vocabulary and stands for itself. */
static void write_names(const char *path)
{
    static const char *const here[] = {"eins", "zwei", "drei", "vier"}, *const there[] = {"one", "two",
                                                                                          "three", "four"};
    uint64_t seed = 5;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 600; i++) {
        int d[4], name = (int)(next_random(&seed) % 4);
        for (int k = 0; k < 4; k++)
            d[k] = (int)(next_random(&seed) % 4);
        for (int side = 0; side < 2; side++)
            for (int k = 0; k < 4; k++) {
                if (k == name)
                    fprintf(file, "name%d", i);
                else
                    fprintf(file, "%s", (side ? there : here)[d[k]]);
                fputc(k < 3 ? ' ' : side ? '\n' : '\t', file);
            }
    }
    assert_int_equal(fclose(file), 0);
}

static void test_copies_unknown(void **state)
{
    char path[PATH];
    recur_translate_config c = learner();
    recur_translations *found;
    recur_span span = {"zwei vier zzz eins", 18};
    write_names(in_folder(path, folder, "names.tsv"));
    c.data = path;
    c.text.min_count = 3;
    recur_translate *t = trained(*state, &c);
    recur_decoding how = recur_translate_decoding(t);
    expect_ok(*state, recur_translate_texts(&found, t, &span, NULL, 1, &how));
    assert_string_equal(found->source[0].best[0].text, "two four zzz one");
    recur_translations_free(found);
    how.copy_unknown = false;
    expect_ok(*state, recur_translate_texts(&found, t, &span, NULL, 1, &how));
    assert_null(strstr(found->source[0].best[0].text, "zzz"));
    assert_null(strstr(found->source[0].best[0].text, "<unk>"));
    recur_translations_free(found);
    recur_translate_free(t);
}

static void test_long_and_broken_texts(void **state)
{
    recur_translate_config c = small();
    c.text.max_length = 6;
    recur_translate *t = trained(*state, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *found;
    char *text = calloc(1, 4001);
    assert_non_null(text);
    for (int i = 0; i < 1000; i++)
        memcpy(text + 4 * i, "one ", 4);
    expect_ok(*state, recur_translate_texts(&found, t, &(recur_span){text, 4000}, NULL, 1, &how));
    assert_true(found->source[0].cut && found->source[0].S == 7);
    assert_true(found->source[0].best[0].U <= 7);
    recur_translations_free(found);
    free(text);
    expect_error(*state, recur_translate_texts(&found, t, &(recur_span){"one \xff", 5}, NULL, 1, &how),
                 RECUR_EFORMAT, "text:1");
    expect_error(*state, recur_translate_texts(&found, t, &(recur_span){"one\0two", 7}, NULL, 1, &how),
                 RECUR_EFORMAT, "text:1");
    assert_null(found);
    recur_translate_free(t);
}

/* Two files, also as the validation part; the same as a table of both. */
static void test_two_files(void **state)
{
    char a[PATH], b[PATH], both[2 * PATH], comma[2 * PATH];
    recur_translate_config c = small();
    recur_translate_result r;
    recur_score score, same;
    write_text(in_folder(a, folder, "a"), "one two\nthree\n");
    write_text(in_folder(b, folder, "b"), "2 1\n3\n");
    snprintf(both, sizeof both, "%s\n%s", a, b);
    snprintf(comma, sizeof comma, "%s,%s", a, b);
    c.valid = comma;
    expect_ok(*state, recur_translate_train(*state, &c, NULL, &r));
    assert_int_equal(r.common.train.count, 500);
    assert_int_equal(r.common.valid.count, 2);
    assert_int_equal(r.common.test.count, 0);
    assert_int_equal(r.common.baseline.count, 2); /* of the validation part */
    recur_translate *t = trained(*state, &c);
    expect_ok(*state, recur_translate_evaluate(t, both, NULL, &score, NULL, NULL));
    for (int i = 0; i < score.n; i++)
        assert_true(score.metric[i].value == r.common.valid.metric[i].value);
    write_text(a, "one two\t2 1\nthree\t3\n");
    expect_ok(*state, recur_translate_evaluate(t, a, NULL, &same, NULL, NULL));
    for (int i = 0; i < score.n; i++)
        assert_true(score.metric[i].value == same.metric[i].value);
    recur_translate_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_independent),
        cmocka_unit_test(test_n_best),
        cmocka_unit_test(test_search_agrees_with_loss),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_copies_unknown),
        cmocka_unit_test(test_long_and_broken_texts),
        cmocka_unit_test(test_two_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
