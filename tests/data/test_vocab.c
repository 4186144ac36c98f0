// SPDX-License-Identifier: MIT
/* Counts, vocabularies, and vocabularies as JSON from strangers. */
#include "data/text_test.h"

static recur_counts *counts_of(recur_ctx *cx, const char *text)
{
    recur_text_config config = recur_text_defaults();
    recur_counts *c;
    recur_units u;
    config.unit = RECUR_UNIT_SPACE;
    recur_tokenizer *t = tokenizer_of(cx, config, 0);
    ok(cx, recur_counts_create(&c, cx));
    ok(cx, recur_tokenize(t, text, strlen(text), NULL, &u));
    ok(cx, recur_counts_add_units(c, &u));
    recur_tokenizer_free(t);
    return c;
}

/* Units with blanks between them are those of the vocabulary. */
static void holds(const recur_vocab *v, const char *wanted)
{
    char line[1024] = "";
    for (int64_t i = 0; i < recur_vocab_size(v); i++) {
        recur_span s = recur_vocab_text(v, i);
        assert_int_equal(strlen(s.text), s.size);
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", i ? " " : "", s.text);
    }
    assert_string_equal(line, wanted);
}

static void makes(recur_counts *c, recur_vocab_options opt, const char *wanted)
{
    recur_vocab *v;
    assert_int_equal(recur_vocab_create(&v, c, &opt), RECUR_OK);
    holds(v, wanted);
    for (int64_t i = opt.specials ? RECUR_SPECIALS : 0; i < recur_vocab_size(v); i++) {
        recur_span s = recur_vocab_text(v, i);
        assert_int_equal(recur_vocab_find(v, s.text, s.size), i);
    }
    recur_vocab_free(v);
}

static void keeps_the_most_frequent(void **state)
{
    recur_counts *c = counts_of(*state, "b a c a b a \xC3\xA9 d d");
    int64_t times;
    assert_int_equal(recur_counts_size(c), 5);
    assert_int_equal(recur_counts_total(c), 9);
    assert_string_equal(recur_counts_at(c, 1, &times).text, "a");
    assert_int_equal(times, 3);
    makes(c, (recur_vocab_options){0}, "a b d c \xC3\xA9");
    makes(c, (recur_vocab_options){.specials = true}, "<pad> <unk> <bos> <eos> a b d c \xC3\xA9");
    makes(c, (recur_vocab_options){.size = 2}, "a b");
    makes(c, (recur_vocab_options){.min_count = 2}, "a b d");
    makes(c, (recur_vocab_options){.min_count = 3, .size = 2}, "a");
    makes(c, (recur_vocab_options){.min_count = 4, .specials = true}, "<pad> <unk> <bos> <eos>");
    makes(c, (recur_vocab_options){.sorted = true, .size = 4}, "a b c d");
    recur_counts_free(c);
}

static void numbers_units(void **state)
{
    recur_counts *c = counts_of(*state, "x y x <unk>");
    recur_vocab *v;
    recur_coverage cover;
    recur_span unit[] = {{"y", 1}, {"nobody", 6}, {"<unk>", 5}, {"<pad>", 5}};
    int64_t ids[4];
    ok(*state, recur_vocab_create(&v, c, &(recur_vocab_options){.specials = true}));
    recur_vocab_ids(v, unit, 4, ids);
    assert_int_equal(ids[0], 6);
    assert_int_equal(ids[1], RECUR_UNK);
    assert_int_equal(ids[2], 5); /* the text says so; it is no special unit */
    assert_int_equal(ids[3], RECUR_UNK);
    assert_string_equal(recur_vocab_text(v, -1).text, "");
    assert_string_equal(recur_vocab_text(v, 7).text, "");
    recur_counts_free(c);
    c = counts_of(*state, "x x x z y q");
    recur_vocab_coverage(v, c, &cover);
    assert_int_equal(cover.units, 6);
    assert_int_equal(cover.known, 4);
    assert_int_equal(cover.kinds, 4);
    assert_int_equal(cover.known_kinds, 2);
    recur_vocab_free(v);
    ok(*state, recur_vocab_create(&v, c, NULL));
    recur_vocab_ids(v, unit, 2, ids);
    assert_int_equal(ids[0], 2); /* x, q, y, z */
    assert_int_equal(ids[1], -1);
    recur_vocab_free(v);
    recur_counts_free(c);
    recur_vocab_free(NULL);
    recur_counts_free(NULL);
}

static void goes_through_json(void **state)
{
    recur_counts *c;
    recur_vocab *v, *again;
    recur_text *json, *twice;
    static const char *const unit[] = {"\"",  "\\", "\n",   "\x01", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80",
                                       "a b", "/",  "<unk>"};
    ok(*state, recur_counts_create(&c, *state));
    for (size_t i = 0; i < COUNT(unit); i++)
        ok(*state, recur_counts_add(c, unit[i], strlen(unit[i]), 100 - (int64_t)i));
    for (int specials = 0; specials < 2; specials++) {
        ok(*state, recur_vocab_create(&v, c, &(recur_vocab_options){.specials = specials}));
        ok(*state, recur_vocab_json(&json, v));
        ok(*state, recur_vocab_parse(&again, *state, json->bytes, json->size, "m.safetensors"));
        assert_int_equal(recur_vocab_size(again), recur_vocab_size(v));
        assert_int_equal(recur_vocab_specials(again), specials);
        for (int64_t i = 0; i < recur_vocab_size(v); i++)
            assert_string_equal(recur_vocab_text(again, i).text, recur_vocab_text(v, i).text);
        ok(*state, recur_vocab_json(&twice, again));
        assert_string_equal(json->bytes, twice->bytes);
        recur_text_free(json);
        recur_text_free(twice);
        recur_vocab_free(v);
        recur_vocab_free(again);
    }
    recur_counts_free(c);
}

static void trusts_no_json(void **state)
{
    static const struct {
        const char *json, *words;
    } bad[] = {
        {"", "m: vocabulary byte 0: expected '{'"},
        {"{}", "expected specials"},
        {"{\"special\":true,\"units\":[]}", "vocabulary byte 1: expected specials"},
        {"{\"specials\":1,\"units\":[]}", "expected true or false, found '1'"},
        {"{\"specials\":truth,\"units\":[]}", "expected true or false, found 't'"},
        {"{\"specials\":tr", "expected true or false, found the end of the vocabulary"},
        {"{\"specials\":true}", "expected ','"},
        {"{\"specials\":true,\"words\":[]}", "expected units"},
        {"{\"specials\":true,\"units\":{}}", "expected '['"},
        {"{\"specials\":true,\"units\":[1]}", "expected a unit in quotes"},
        {"{\"specials\":true,\"units\":[\"a\",]}", "expected a unit in quotes"},
        {"{\"specials\":true,\"units\":[\"a\" \"b\"]}", "expected ',' or ']'"},
        {"{\"specials\":true,\"units\":[\"\"]}", "vocabulary byte 26: expected a unit that is not empty"},
        {"{\"specials\":true,\"units\":[\"a\",\"b\",\"a\"]}",
         "vocabulary byte 34: the unit \"a\" stands twice"},
        {"{\"specials\":true,\"units\":[\"a\",\"\\u0061\"]}", "the unit \"a\" stands twice"},
        {"{\"specials\":true,\"units\":[\"a\\u0000\"]}", "the character U+0000"},
        {"{\"specials\":true,\"units\":[\"\\ud800\"]}", "half a surrogate pair"},
        {"{\"specials\":true,\"units\":[\"\xFF\"]}", "a byte that is not UTF-8"},
        {"{\"specials\":true,\"units\":[\"a", "expected the closing quote"},
        {"{\"specials\":true,\"units\":[\"a\"]", "expected '}'"},
        {"{\"specials\":true,\"units\":[\"a\"]}x", "expected nothing behind it, found 'x'"},
    };
    recur_vocab *v;
    for (size_t i = 0; i < COUNT(bad); i++) {
        refused(*state, recur_vocab_parse(&v, *state, bad[i].json, strlen(bad[i].json), "m"), RECUR_EFORMAT,
                bad[i].words);
        assert_null(v);
    }
    ok(*state, recur_vocab_parse(&v, *state, " { \"specials\" : false , \"units\" : [ ] }", 39, "m"));
    assert_int_equal(recur_vocab_size(v), 0);
    assert_int_equal(recur_vocab_find(v, "a", 1), -1);
    recur_vocab_free(v);
}

/* A program may count anything; a model file may not hold it. */
static void saves_only_text(void **state)
{
    static const recur_span bad[] = {{"", 0}, {"a\0b", 3}, {"\xFF", 1}};
    static const char *const words[] = {"is empty", "holds a NUL byte", "is not UTF-8"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        recur_counts *c;
        recur_vocab *v;
        recur_text *json;
        ok(*state, recur_counts_create(&c, *state));
        ok(*state, recur_counts_add(c, bad[i].text, bad[i].size, 1));
        ok(*state, recur_vocab_create(&v, c, NULL));
        refused(*state, recur_vocab_json(&json, v), RECUR_EINVAL, words[i]);
        recur_vocab_free(v);
        recur_counts_free(c);
    }
}

static void holds_many_units(void **state)
{
    enum { N = 50000 };
    recur_counts *c;
    recur_vocab *v, *again;
    recur_text *json;
    char unit[16];
    ok(*state, recur_counts_create(&c, *state));
    for (int i = 0; i < 2 * N; i++) {
        snprintf(unit, sizeof unit, "u%d", i % N);
        ok(*state, recur_counts_add(c, unit, strlen(unit), 1));
    }
    ok(*state, recur_vocab_create(&v, c, &(recur_vocab_options){.specials = true, .min_count = 2}));
    ok(*state, recur_vocab_json(&json, v));
    ok(*state, recur_vocab_parse(&again, *state, json->bytes, json->size, "m"));
    assert_int_equal(recur_vocab_size(again), N + RECUR_SPECIALS);
    for (int i = 0; i < N; i++) {
        snprintf(unit, sizeof unit, "u%d", i);
        int64_t id = recur_vocab_find(again, unit, strlen(unit));
        assert_true(id >= RECUR_SPECIALS);
        assert_string_equal(recur_vocab_text(again, id).text, unit);
    }
    recur_text_free(json);
    recur_vocab_free(v);
    recur_vocab_free(again);
    recur_counts_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(keeps_the_most_frequent), TEST(numbers_units),
                                       TEST(goes_through_json),       TEST(trusts_no_json),
                                       TEST(saves_only_text),         TEST(holds_many_units)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
