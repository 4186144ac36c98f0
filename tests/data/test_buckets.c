// SPDX-License-Identifier: MIT
/* Batches of like lengths: every example once, little padding, the same order for the same seed and epoch. */
#include "data/text_test.h"

/* n sequences whose lengths are from low to high, many of them short. */
static recur_sequences *sequences_of(recur_ctx *cx, int64_t n, int64_t low, int64_t high)
{
    recur_sequences *s;
    int64_t id[512] = {0};
    uint64_t x = 1;
    ok(cx, recur_sequences_create(&s, cx));
    for (int64_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        int64_t r = (int64_t)(x >> 40) % (high - low + 1), q = (int64_t)(x >> 20 & 0xFFFF) % (high - low + 1);
        ok(cx, recur_sequences_add(s, id, low + (r < q ? r : q)));
    }
    return s;
}

/* Walks over an epoch: every example once; returns the share of padding. */
static double walk(recur_buckets *b, const recur_sequences *s, int64_t n, recur_bucket_options opt)
{
    char *seen = calloc((size_t)n + 1, 1);
    int64_t cells = 0, units = 0, batches = 0, examples = 0;
    recur_bucket k;
    assert_non_null(seen);
    for (; recur_buckets_next(b, &k); batches++) {
        int64_t longest = 0, sum = 0;
        assert_true(k.B >= 1 && k.B <= opt.batch);
        assert_true(opt.units == 0 || k.B == 1 || k.B * k.T <= opt.units);
        for (int64_t j = 0; j < k.B; j++) {
            assert_true(k.index[j] >= 0 && k.index[j] < n && !seen[k.index[j]]);
            seen[k.index[j]] = 1;
            assert_int_equal(k.lengths[j], recur_sequence_length(s, k.index[j]));
            longest = k.lengths[j] > longest ? k.lengths[j] : longest;
            sum += k.lengths[j];
        }
        assert_int_equal(k.T, longest);
        assert_int_equal(k.units, sum);
        cells += k.B * k.T;
        units += sum;
        examples += k.B;
    }
    free(seen);
    assert_int_equal(batches, recur_buckets_size(b));
    assert_int_equal(examples, n);
    return cells > 0 ? 1 - (double)units / (double)cells : 0;
}

static void gives_each_example_once(void **state)
{
    static const int64_t many[] = {0, 1, 31, 32, 33, 5000};
    static const recur_bucket_options how[] = {{.batch = 32, .shuffle = true},
                                               {.batch = 32},
                                               {.batch = 32, .shuffle = true, .pool = 3},
                                               {.batch = 7, .shuffle = true, .units = 100},
                                               {.batch = 1000000, .shuffle = true, .pool = 1000000},
                                               {.batch = 1, .units = 1}};
    for (size_t m = 0; m < COUNT(many); m++) {
        recur_sequences *s = sequences_of(*state, many[m], 0, 60);
        for (size_t h = 0; h < COUNT(how); h++) {
            recur_buckets *b;
            ok(*state, recur_buckets_create(&b, s, NULL, 0, &how[h]));
            int64_t size = recur_buckets_size(b);
            if (how[h].units == 0)
                assert_int_equal(size, (many[m] + how[h].batch - 1) / how[h].batch);
            for (uint64_t epoch = 0; epoch < 3; epoch++) {
                recur_buckets_seek(b, epoch, 0);
                assert_int_equal(recur_buckets_size(b), size);
                walk(b, s, many[m], how[h]);
            }
            recur_buckets_free(b);
        }
        recur_sequences_free(s);
    }
}

static void pads_little(void **state)
{
    recur_sequences *s = sequences_of(*state, 10000, 1, 400);
    recur_buckets *b;
    recur_bucket_options how = {.batch = 32, .shuffle = true, .seed = 1};
    ok(*state, recur_buckets_create(&b, s, NULL, 0, &how));
    assert_true(walk(b, s, s->n, how) < 0.1);
    recur_buckets_free(b);
    how.shuffle = false;
    ok(*state, recur_buckets_create(&b, s, NULL, 0, &how));
    assert_true(walk(b, s, s->n, how) < 0.01);
    recur_buckets_free(b);
    recur_sequences_free(s);
}

/* All examples of an epoch, batch by batch, from batch `from` on. */
static int64_t write_down(recur_buckets *b, int64_t *list)
{
    int64_t n = 0;
    recur_bucket k;
    while (recur_buckets_next(b, &k)) {
        memcpy(list + n, k.index, (size_t)k.B * sizeof *list);
        n += k.B;
    }
    return n;
}

static void depends_on_seed_and_epoch_alone(void **state)
{
    enum { N = 3000 };
    recur_sequences *s = sequences_of(*state, N, 1, 50);
    static int64_t first[N], again[N];
    for (int64_t units = 0; units < 1000; units += 500) {
        recur_bucket_options how = {.batch = 16, .shuffle = true, .seed = 7, .units = units};
        recur_buckets *a, *b;
        ok(*state, recur_buckets_create(&a, s, NULL, 0, &how));
        ok(*state, recur_buckets_create(&b, s, NULL, 0, &how));
        recur_buckets_seek(a, 5, 0);
        assert_int_equal(write_down(a, first), N);
        write_down(b, again);
        assert_memory_not_equal(first, again, sizeof first);
        recur_buckets_seek(b, 5, 0);
        write_down(b, again);
        assert_memory_equal(first, again, sizeof first);
        recur_bucket k;
        uint64_t epoch;
        int64_t at, passed = 0;
        recur_buckets_seek(a, 5, 0);
        for (int i = 0; i < 40 && recur_buckets_next(a, &k); i++)
            passed += k.B;
        recur_buckets_tell(a, &epoch, &at);
        recur_buckets_seek(b, epoch, at);
        int64_t left = write_down(b, again);
        assert_int_equal(left, N - passed);
        assert_memory_equal(first + passed, again, (size_t)left * sizeof *again);
        recur_buckets_free(a);
        recur_buckets_free(b);
        how.seed = 8;
        ok(*state, recur_buckets_create(&b, s, NULL, 0, &how));
        recur_buckets_seek(b, 5, 0);
        write_down(b, again);
        assert_memory_not_equal(first, again, sizeof first);
        recur_buckets_free(b);
    }
    recur_sequences_free(s);
}

static void takes_some_of_the_sequences(void **state)
{
    recur_sequences *s = sequences_of(*state, 10, 1, 9);
    int64_t index[] = {9, 3, 4}, list[3];
    recur_buckets *b;
    recur_bucket_options how = {.batch = 2};
    ok(*state, recur_buckets_create(&b, s, index, 3, &how));
    assert_int_equal(write_down(b, list), 3);
    for (int i = 1; i < 3; i++)
        assert_true(recur_sequence_length(s, list[i - 1]) <= recur_sequence_length(s, list[i]));
    recur_buckets_free(b);
    index[1] = 10;
    refused(*state, recur_buckets_create(&b, s, index, 3, &how), RECUR_EINVAL,
            "sequence 10 is not in 0 .. 9");
    how.batch = 0;
    refused(*state, recur_buckets_create(&b, s, NULL, 0, &how), RECUR_EINVAL, "batches of 0 examples");
    recur_buckets_free(NULL);
    recur_sequences_free(s);
}

static const struct {
    const char *path;
    recur_labelled_config how;
} sets[] = {
    {"imdb/imdb_train_part.tsv", {.text = "3", .label = "1"}},
    {"chnsenticorp_htl/ChnSentiCorp_htl_all.csv", {.text = "review", .label = "label", .header = true}},
    {"trec/TREC.train", {.format = RECUR_LABELLED_FIRST_WORD, .text = "text", .label = "label"}},
    {"eng-fra/eng-fra.tsv", {.text = "2", .label = "1"}},
};

static void pads_real_sets_little(void **state)
{
    char path[1024];
    for (size_t i = 0; i < COUNT(sets); i++) {
        const char *paths[] = {real_file(path, sets[i].path)};
        recur_corpus *c;
        recur_counts *counts;
        recur_vocab *v;
        recur_sequences *s;
        recur_buckets *b;
        if (!paths[0])
            skip();
        recur_tokenizer *t = tokenizer_of(*state, recur_text_defaults(), 0);
        ok(*state, recur_labelled_read(&c, *state, paths, 1, &sets[i].how));
        ok(*state, recur_counts_create(&counts, *state));
        ok(*state, recur_vocab_create(&v, counts, &(recur_vocab_options){.specials = true}));
        ok(*state, recur_corpus_encode(&s, c, RECUR_SIDE_TEXT, t, v, 0));
        for (int64_t batch = 16; batch <= 64; batch *= 2) {
            recur_bucket_options how = {.batch = batch, .shuffle = true, .seed = 1};
            ok(*state, recur_buckets_create(&b, s, NULL, 0, &how));
            double padding = walk(b, s, s->n, how);
            print_message("%s: batches of %d: %.1f %% padding\n", sets[i].path, (int)batch, 100 * padding);
            assert_true(padding < 0.1);
            recur_buckets_free(b);
        }
        recur_sequences_free(s);
        recur_vocab_free(v);
        recur_counts_free(counts);
        recur_corpus_free(c);
        recur_tokenizer_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(gives_each_example_once), TEST(pads_little),
                                       TEST(depends_on_seed_and_epoch_alone),
                                       TEST(takes_some_of_the_sequences), TEST(pads_real_sets_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
