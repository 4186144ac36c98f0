// SPDX-License-Identifier: MIT
/* Translation from a program: training, opening, scoring, asking; what is refused; failing allocations. */
#include "support/fail_alloc.h"
#include "train/train_test.h"

static char folder[PATH], pairs[PATH], run_folder[PATH];

/* Spelt numbers, and their digits backwards: "four one" -> "1 4". */
static const char *const digits[] = {"zero", "one", "two",   "three", "four",
                                     "five", "six", "seven", "eight", "nine"};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void write_pairs(const char *path, int n, uint64_t seed)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < n; i++) {
        int length = 1 + (int)(next_random(&seed) % 4), d[4];
        for (int k = 0; k < length; k++) {
            d[k] = (int)(next_random(&seed) % 10);
            fprintf(file, "%s%s", k ? " " : "", digits[d[k]]);
        }
        for (int k = length - 1; k >= 0; k--)
            fprintf(file, "%c%d", k < length - 1 ? ' ' : '\t', d[k]);
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    make_folder(folder);
    in_folder(pairs, folder, "pairs.tsv");
    in_folder(run_folder, folder, "run");
    write_pairs(pairs, 500, 1);
    *state = context_of(1);
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static recur_translate_config small(void)
{
    recur_translate_config c = recur_translate_defaults();
    c.data = pairs;
    c.text.min_count = 1;
    c.model.hidden = 16;
    c.model.embedding = 8;
    c.model.dropout = c.model.input_dropout = 0;
    c.train.epochs = 2;
    c.train.lr = 0.01;
    c.train.checkpoint_every = 1e9;
    c.beam = 2;
    return c;
}

/* One that learns the numbers. */
static recur_translate_config learner(void)
{
    recur_translate_config c = small();
    c.group = false;
    c.model.hidden = 32;
    c.model.embedding = 16;
    c.train.epochs = 25;
    c.train.batch_size = 16;
    return c;
}

static recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

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
    for (int i = 0; i < 8; i++) {
        recur_translate_config c = learner();
        recur_translate_result r;
        c.train.epochs = 6;
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

/* ---- asking ---- */

static recur_translate *trained(recur_ctx *cx, const recur_translate_config *c)
{
    recur_translate_result r;
    recur_translate *t;
    recur_run run = fresh();
    expect_ok(cx, recur_translate_train(cx, c, &run, &r));
    expect_ok(cx, recur_translate_open(&t, cx, run_folder));
    return t;
}

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
static void test_texts_are_independent(void **state)
{
    recur_translate_config c = small();
    recur_translate *t = trained(*state, &c);
    recur_decoding how = recur_translate_decoding(t);
    recur_translations *all, *one;
    recur_span span[TEXTS];
    spans_of(span);
    how.beam = 4;
    how.n_best = 3;
    expect_ok(*state, recur_translate_texts(&all, t, span, NULL, TEXTS, &how));
    assert_int_equal(all->n, TEXTS);
    for (int i = 0; i < TEXTS; i++) {
        expect_ok(*state, recur_translate_texts(&one, t, &span[i], NULL, 1, &how));
        expect_same(&all->source[i], &one->source[0]);
        assert_int_equal(all->source[i].n, *texts[i] ? 3 : 0);
        recur_translations_free(one);
    }
    recur_translate_free(t);
    assert_string_equal(all->source[1].unit[3].text, "five"); /* needs nothing of the translator */
    recur_translations_free(all);
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
static void test_search_agrees_with_loss(void **state)
{
    char path[PATH], line[PATH];
    recur_translate_config c = learner();
    c.train.epochs = 8;
    c.label_smoothing = 0;
    recur_translate *t = trained(*state, &c);
    const recur_decoding how = {.beam = 3, .n_best = 1};
    recur_translations *found;
    recur_score score;
    recur_span span = {"one two three", 13};
    expect_ok(*state, recur_translate_texts(&found, t, &span, NULL, 1, &how));
    const recur_translation *best = &found->source[0].best[0];
    assert_true(best->finished);
    snprintf(line, sizeof line, "%s\t%s\n", span.text, best->text);
    write_text(in_folder(path, folder, "said.tsv"), line);
    expect_ok(*state, recur_translate_evaluate(t, path, &how, &score, NULL, NULL));
    assert_true(recur_score_get(&score, "exact") == 1);
    /* the search leaves out what no text holds, which takes next to nothing of the probability */
    assert_true(fabs(recur_score_get(&score, "loss") * (double)best->U + best->log_p) < 0.05);
    recur_translations_free(found);
    recur_translate_free(t);
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
    print_message("%ld allocations\n", fail_alloc_each(failing_work, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_begins_without_an_opinion),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_words_learn_a_shared_vocabulary),
        cmocka_unit_test(test_scheduled_sampling),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_stop_and_resume),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_texts_are_independent),
        cmocka_unit_test(test_n_best),
        cmocka_unit_test(test_search_agrees_with_loss),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_copies_unknown),
        cmocka_unit_test(test_long_and_broken_texts),
        cmocka_unit_test(test_two_files),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_threads_and_isa_change_nothing),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
