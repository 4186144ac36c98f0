// SPDX-License-Identifier: MIT
/* Word vectors: files with and without a first line of counts, and files that are wrong. */
#include "data/text_test.h"

static recur_vocab *vocab_of(recur_ctx *cx, const char *const *unit, size_t n)
{
    recur_counts *c;
    recur_vocab *v;
    ok(cx, recur_counts_create(&c, cx));
    for (size_t i = 0; i < n; i++)
        ok(cx, recur_counts_add(c, unit[i], strlen(unit[i]), (int64_t)(n - i)));
    ok(cx, recur_vocab_create(&v, c, &(recur_vocab_options){.specials = true}));
    recur_counts_free(c);
    return v;
}

static recur_status read_text(const recur_vocab *v, const char *text, int64_t E, float *table, bool *found,
                              recur_vectors *out)
{
    char folder[32], path[128];
    file_of(path, make_folder(folder), "v.txt", text, strlen(text));
    recur_status s = recur_vectors_read(v, path, E, table, found, out);
    drop_folder(folder);
    return s;
}

static const char *const units[] = {"the", "caf\xC3\xA9", "new york", "7"};

static void reads_vectors(void **state)
{
    static const char *const file[] = {
        "5 2\nthe 0.5 -1\ncaf\xC3\xA9 1e-3 2 \nother x y\nthe 9 9\n7 3 4\n",
        "the 0.5 -1\r\n\r\ncaf\xC3\xA9\t1e-3\t2\r\nother x y\r\nnew york 5 6\r\n 7 3 4",
    };
    for (size_t f = 0; f < COUNT(file); f++) {
        recur_vocab *v = vocab_of(*state, units, COUNT(units));
        float table[16];
        bool found[8];
        recur_vectors out;
        for (int i = 0; i < 16; i++)
            table[i] = -7;
        ok(*state, read_text(v, file[f], 2, table, found, &out));
        assert_int_equal(out.lines, 5);
        assert_int_equal(out.found, f == 0 ? 3 : 4);
        const float wanted[] = {0.5f, -1, 1e-3f, 2, f == 0 ? -7 : 5, f == 0 ? -7 : 6, 3, 4};
        for (int i = 0; i < 16; i++)
            assert_true(table[i] == (i < 8 ? -7 : wanted[i - 8]));
        for (int i = 0; i < 8; i++)
            assert_int_equal(found[i], i == 4 || i == 5 || i == 7 || (i == 6 && f == 1));
        recur_vocab_free(v);
    }
}

static void finds_the_width(void **state)
{
    char folder[32], path[128];
    int64_t E;
    make_folder(folder);
    ok(*state, recur_vectors_width(*state, file_of(path, folder, "v", "10 300\n", 7), &E));
    assert_int_equal(E, 300);
    ok(*state, recur_vectors_width(*state, file_of(path, folder, "v", "a 1 2 3\nb", 9), &E));
    assert_int_equal(E, 3);
    refused(*state, recur_vectors_width(*state, "/nowhere", &E), RECUR_ENOTFOUND, "/nowhere");
    drop_folder(folder);
}

static const struct {
    const char *text;
    recur_status status;
    const char *words;
} wrong[] = {
    {"", RECUR_EFORMAT, "v.txt:1: the file is empty"},
    {"word\n", RECUR_EFORMAT, "v.txt:1: a word without numbers"},
    {"the 1 2 3\n", RECUR_ESHAPE, "vectors of 3 numbers, where 2 are wanted"},
    {"1 2\nthe 1\n", RECUR_EFORMAT, "v.txt:2: 1 numbers behind a word; the first vector has 2"},
    {"other 1 2\nnobody 1\n", RECUR_EFORMAT, "v.txt:2: 1 numbers behind a word"},
    {"the 1 two\n", RECUR_EFORMAT, "v.txt:1: \"two\" is not a number"},
    {"the 1 nan\n", RECUR_EFORMAT, "v.txt:1: \"nan\" is no finite number"},
    {"the 1e39 1\n", RECUR_EFORMAT, "v.txt:1: \"1e39\" is no finite number of 32 bits"},
    {"3 2\nthe 1 2\n", RECUR_EFORMAT, "the first line promises 3 vectors; there are 1"},
    {"0 2\nthe 1 2\n", RECUR_EFORMAT, "the first line promises 0 vectors; there are 1"},
};

static void says_what_is_wrong(void **state)
{
    recur_vocab *v = vocab_of(*state, units, COUNT(units));
    float table[16];
    recur_vectors out;
    for (size_t i = 0; i < COUNT(wrong); i++)
        refused(*state, read_text(v, wrong[i].text, 2, table, NULL, &out), wrong[i].status, wrong[i].words);
    refused(*state, recur_vectors_read(v, "/nowhere", 2, table, NULL, &out), RECUR_ENOTFOUND, "/nowhere");
    recur_vocab_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reads_vectors), TEST(finds_the_width), TEST(says_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
