// SPDX-License-Identifier: MIT
/* What is in a data set: lengths, coverage, classes, repeats. */
#include "data/text_test.h"

static recur_corpus *corpus_of(recur_ctx *cx, const char *content)
{
    char folder[32], path[128];
    const char *paths[] = {file_of(path, make_folder(folder), "x.tsv", content, strlen(content))};
    recur_labelled_config how = {.text = "1", .label = "2"};
    recur_corpus *c;
    ok(cx, recur_labelled_read(&c, cx, paths, 1, &how));
    drop_folder(folder);
    return c;
}

static void tells_lengths(void **state)
{
    recur_sequences *s;
    recur_lengths l;
    int64_t id[200] = {0};
    ok(*state, recur_sequences_create(&s, *state));
    ok(*state, recur_lengths_of(&l, s));
    assert_int_equal(l.n, 0);
    for (int64_t i = 0; i < 100; i++)
        ok(*state, recur_sequences_add(s, id, i < 3 ? 0 : i + 1));
    ok(*state, recur_lengths_of(&l, s));
    assert_int_equal(l.n, 100);
    assert_int_equal(l.units, 5050 - 1 - 2 - 3);
    assert_int_equal(l.shortest, 0);
    assert_int_equal(l.empty, 3);
    assert_int_equal(l.longest, 100);
    assert_int_equal(l.p50, 50);
    assert_int_equal(l.p90, 90);
    assert_int_equal(l.p99, 99);
    near(l.mean, 50.44, 1e-12);
    assert_int_equal(l.bar[0], 3);
    assert_int_equal(l.bar[1], 0);
    assert_int_equal(l.bar[3], 4);  /* 4 .. 7 */
    assert_int_equal(l.bar[7], 37); /* 64 .. 127 */
    recur_sequences_free(s);
}

static void tells_classes_and_coverage(void **state)
{
    recur_corpus *c = corpus_of(*state, "a b c\tpos\na a\tneg\na b d\tneg\n\tneg\n");
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    recur_description *d;
    recur_parts *p;
    ok(*state,
       recur_parts_split(&p, *state, c->n, NULL, &(recur_partition){.share = {2, 1, 1}, .counts = true}));
    ok(*state, recur_corpus_describe(&d, c, true, t, p));
    assert_int_equal(d->n, 4);
    assert_int_equal(d->units, 8);
    assert_int_equal(d->kinds, 4);
    assert_int_equal(d->once, 2);
    assert_int_equal(d->text.empty, 1);
    assert_int_equal(d->n_coverage, 1);
    assert_int_equal(d->coverage[0].size, 4);
    assert_true(d->coverage[0].share == 1);
    assert_int_equal(d->n_labels, 2);
    assert_string_equal(d->label[0].text, "neg");
    assert_int_equal(d->label_count[0], 3);
    assert_int_equal(d->known[RECUR_PART_TRAIN].known, 5);
    assert_int_equal(d->known[RECUR_PART_VALID].units, 3);
    assert_int_equal(d->known[RECUR_PART_VALID].known, 2);
    assert_int_equal(d->known[RECUR_PART_VALID].kinds, 3);
    assert_int_equal(d->known[RECUR_PART_VALID].known_kinds, 2);
    assert_int_equal(d->known[RECUR_PART_TEST].units, 0);
    recur_description_free(d);
    recur_description_free(NULL);
    recur_parts_free(p);
    recur_tokenizer_free(t);
    recur_corpus_free(c);
}

static void tells_the_coverage_of_sizes(void **state)
{
    char *text = malloc(1 << 20);
    size_t used = 0;
    assert_non_null(text);
    for (int i = 0; i < 12000; i++) /* word i stands 12000 / (i + 1) times, at most 30 */
        for (int k = 0; k < 30 && k * (i + 1) < 12000; k++)
            used += (size_t)sprintf(text + used, "w%d\tx\n", i);
    recur_corpus *c = corpus_of(*state, text);
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    recur_description *d;
    ok(*state, recur_corpus_describe(&d, c, true, t, NULL));
    static const int64_t sizes[] = {1000, 2000, 5000, 10000, 12000};
    assert_int_equal(d->n_coverage, COUNT(sizes));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(d->coverage[i].size, sizes[i]);
        assert_true(i == 0 || d->coverage[i].share > d->coverage[i - 1].share);
    }
    near(d->coverage[4].share, 1, 1e-12);
    recur_description_free(d);
    recur_tokenizer_free(t);
    recur_corpus_free(c);
    free(text);
}

/* Texts of 40 words; each fifth is an earlier one, as it is or with a word changed. */
static void finds_repeats(void **state)
{
    enum { N = 500, WORDS = 40 };
    static int word[N][WORDS];
    char *text = malloc(1 << 20);
    size_t used = 0;
    int64_t same = 0, alike = 0, conflicts = 0;
    uint64_t x = 3;
    assert_non_null(text);
    for (int i = 0; i < N; i++) {
        int kind = i % 10 == 5 ? 1 : i % 10 == 9 ? 2 : 0;
        for (int k = 0; k < WORDS; k++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            word[i][k] = kind ? word[i - 5][k] : (int)(x >> 40) % 3000;
        }
        if (kind == 2)
            word[i][20] = 5000;
        for (int k = 0; k < WORDS; k++)
            used += (size_t)sprintf(text + used, "w%d ", word[i][k]);
        used += (size_t)sprintf(text + used, "\t%d\n", i % 20 == 5);
        same += kind == 1;
        alike += kind == 2;
        conflicts += kind == 1 && i % 20 == 5;
    }
    recur_corpus *c = corpus_of(*state, text);
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    recur_description *d, *again;
    recur_parts *p;
    ok(*state, recur_corpus_describe(&d, c, true, t, NULL));
    assert_int_equal(d->repeats.repeated, same);
    assert_int_equal(d->repeats.conflicting, conflicts);
    near((double)d->repeats.near, (double)alike, 0.1);
    assert_int_equal(d->repeats.leaked[RECUR_PART_TEST], 0);
    recur_description_free(d);
    ok(*state,
       recur_parts_split(&p, *state, N, NULL, &(recur_partition){.every = 10, .share = {0, 0.1, 0.1}}));
    ok(*state, recur_corpus_describe(&d, c, true, t, p)); /* test: those with a word changed */
    assert_int_equal(d->repeats.leaked[RECUR_PART_TEST], 0);
    near((double)d->repeats.leaked_near[RECUR_PART_TEST], 50, 0.1);
    assert_int_equal(d->repeats.leaked_near[RECUR_PART_VALID], 0);
    ok(*state, recur_corpus_describe(&again, c, true, t, p));
    assert_memory_equal(&d->repeats, &again->repeats, sizeof d->repeats);
    recur_description_free(again);
    recur_description_free(d);
    recur_parts_free(p);
    ok(*state,
       recur_parts_split(&p, *state, N, NULL, &(recur_partition){.share = {0.5, 0, 0.5}, .shuffle = true}));
    ok(*state, recur_corpus_describe(&d, c, true, t, p));
    assert_true(d->repeats.leaked[RECUR_PART_TEST] > 5 && d->repeats.leaked[RECUR_PART_TEST] < 50);
    recur_description_free(d);
    recur_parts_free(p);
    recur_tokenizer_free(t);
    recur_corpus_free(c);
    free(text);
}

static void describes_pairs_and_sentences(void **state)
{
    char folder[32], path[128];
    static const char tagged[] = "The\tD\ncat\tN\n\nThe\tD\ncat\tX\n\nruns\tV\n";
    recur_corpus *c = corpus_of(*state, "a b\tx y z\na b\tx\nc\t\xC3\xA9\n");
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    recur_tagged_config how = recur_tagged_defaults();
    recur_description *d;
    recur_sentences *s;
    ok(*state, recur_corpus_describe(&d, c, false, t, NULL));
    assert_int_equal(d->answer.n, 3);
    assert_int_equal(d->answer.longest, 3);
    assert_int_equal(d->n_labels, 0);
    assert_int_equal(d->repeats.repeated, 1);
    assert_int_equal(d->repeats.conflicting, 1);
    recur_description_free(d);
    recur_corpus_free(c);
    const char *paths[] = {file_of(path, make_folder(folder), "x", tagged, sizeof tagged - 1)};
    ok(*state, recur_tagged_read(&s, *state, paths, 1, &how, true));
    ok(*state, recur_sentences_describe(&d, s, t, NULL));
    assert_int_equal(d->n, 3);
    assert_int_equal(d->units, 5);
    assert_int_equal(d->n_labels, 4);
    assert_string_equal(d->label[0].text, "D");
    assert_int_equal(d->repeats.conflicting, 1);
    recur_description_free(d);
    recur_sentences_free(s);
    drop_folder(folder);
    recur_tokenizer_free(t);
}

static void describes_real_sets(void **state)
{
    char path[1024];
    const char *paths[] = {real_file(path, "waimai_10k/waimai_10k.csv")};
    recur_labelled_config how = {.text = "review", .label = "label", .header = true};
    recur_corpus *c;
    recur_description *d;
    recur_parts *p;
    if (!paths[0])
        skip();
    recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
    ok(*state, recur_labelled_read(&c, *state, paths, 1, &how));
    ok(*state, recur_parts_split(&p, *state, c->n, NULL,
                                 &(recur_partition){.share = {0.8, 0.1, 0.1}, .shuffle = true, .seed = 1}));
    ok(*state, recur_corpus_describe(&d, c, true, t, p));
    print_message(
        "%d reviews, %d kinds of words, %d repeated, %d near, %d + %d of the test part in training\n",
        (int)d->n, (int)d->kinds, (int)d->repeats.repeated, (int)d->repeats.near,
        (int)d->repeats.leaked[RECUR_PART_TEST], (int)d->repeats.leaked_near[RECUR_PART_TEST]);
    assert_true(d->repeats.repeated > 0 && d->repeats.repeated < 500);
    assert_int_equal(d->label_count[0], 7189);
    recur_description_free(d);
    recur_parts_free(p);
    recur_corpus_free(c);
    recur_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_lengths), TEST(tells_classes_and_coverage),    TEST(tells_the_coverage_of_sizes),
        TEST(finds_repeats), TEST(describes_pairs_and_sentences), TEST(describes_real_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
