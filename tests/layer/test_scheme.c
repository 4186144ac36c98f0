// SPDX-License-Identifier: MIT
/* Schemes of tags that mark spans: tags taken apart, sets recognised, what may follow what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <recur/scheme.h>

static void test_tags(void **state)
{
    static const struct {
        const char *name, *type;
        char part;
    } tags[] = {{"B-PER", "PER", 'B'}, {"I-PER.NOM", "PER.NOM", 'I'},
                {"E-LOC", "LOC", 'E'}, {"S-x-y", "x-y", 'S'},
                {"L-LOC", "LOC", 'E'}, {"U-LOC", "LOC", 'S'},
                {"M-LOC", "LOC", 'I'}, {"O", "", 'O'},
                {"B", "", 'B'},        {"I-", "", 'I'},
                {"NOUN", "", 0},       {"O-PER", "", 0},
                {"", "", 0},           {"b-PER", "", 0},
                {"BPER", "", 0},       {"-", "", 0},
                {"IN", "", 0},         {"\xe5\x9c\xb0-X", "", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        recur_span_tag t = recur_span_tag_of(tags[i].name);
        assert_int_equal(t.part, tags[i].part);
        assert_string_equal(t.type, tags[i].type);
    }
}

#define SCHEME_OF(...) \
    recur_scheme_of((const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static void test_sets(void **state)
{
    (void)state;
    assert_int_equal(SCHEME_OF("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), RECUR_SCHEME_IOB2);
    assert_int_equal(SCHEME_OF("I-LOC", "B-LOC"), RECUR_SCHEME_IOB2);
    assert_int_equal(SCHEME_OF("B", "I", "O"), RECUR_SCHEME_IOB2);
    assert_int_equal(SCHEME_OF("O", "B-PER"), RECUR_SCHEME_IOB2);
    assert_int_equal(SCHEME_OF("O", "B-PER", "I-PER", "I-LOC"), RECUR_SCHEME_IOB1);
    assert_int_equal(SCHEME_OF("O", "I-PER", "I-LOC"), RECUR_SCHEME_IOB1);
    assert_int_equal(SCHEME_OF("O", "B-PER", "I-PER", "E-PER", "S-PER"), RECUR_SCHEME_IOBES);
    assert_int_equal(SCHEME_OF("O", "B-PER", "I-PER", "L-PER", "U-PER"), RECUR_SCHEME_IOBES);
    assert_int_equal(SCHEME_OF("B", "M", "E", "S"), RECUR_SCHEME_IOBES);
    assert_int_equal(SCHEME_OF("O", "S-PER"), RECUR_SCHEME_IOBES);
    assert_int_equal(SCHEME_OF("O"), RECUR_SCHEME_NONE);
    assert_int_equal(SCHEME_OF("NOUN", "VERB"), RECUR_SCHEME_NONE);
    assert_int_equal(SCHEME_OF("O", "B-PER", "X"), RECUR_SCHEME_NONE);
    assert_int_equal(recur_scheme_of(NULL, 0), RECUR_SCHEME_NONE);
}

/* Every pair of tags of two types, the start (row 0) and the end (column 0): 1 where it is allowed. */
enum { TAGS = 6 };
static const char *const iob[TAGS] = {NULL, "O", "B-X", "I-X", "B-Y", "I-Y"};

static void check_table(recur_scheme s, const char *const *names, int n, const char *want)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (recur_scheme_allows(s, names[i], names[j]) != (want[i * n + j] == '1'))
                fail_msg("scheme %d, %s after %s: should be %c", (int)s, names[j] ? names[j] : "the end",
                         names[i] ? names[i] : "the start", want[i * n + j]);
}

static void test_transitions(void **state)
{
    (void)state;
    check_table(RECUR_SCHEME_IOB1, iob, TAGS,
                "110101"
                "110101"
                "111101"
                "111101"
                "110111"
                "110111");
    check_table(RECUR_SCHEME_IOB2, iob, TAGS,
                "111010"
                "111010"
                "111110"
                "111110"
                "111011"
                "111011");
    check_table(RECUR_SCHEME_NONE, iob, TAGS,
                "111111"
                "111111"
                "111111"
                "111111"
                "111111"
                "111111");
    check_table(RECUR_SCHEME_IOBES, (const char *[]){NULL, "O", "B-X", "M-X", "L-X", "S-X", "E-Y"}, 7,
                "1110010"
                "1110010"
                "0001100"
                "0001100"
                "1110010"
                "1110010"
                "1110010");
    check_table(RECUR_SCHEME_IOB2, (const char *[]){NULL, "<pad>", "I-X"}, 3,
                "110"
                "111"
                "111");
}

static void test_sequences(void **state)
{
    static const char *const names[] = {"O", "B-X", "I-X", "E-X", "S-X"};
    (void)state;
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOB2, names, (int64_t[]){0, 1, 2, 1, 0}, 5), -1);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOB2, names, (int64_t[]){2, 1, 2}, 3), 0);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOB1, names, (int64_t[]){2, 1, 2}, 3), -1);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOB1, names, (int64_t[]){2, 0, 1}, 3), 2);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOBES, names, (int64_t[]){4, 1, 3, 0, 1}, 5), 5);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOBES, names, (int64_t[]){1, 2, 0}, 3), 2);
    assert_int_equal(recur_scheme_break(RECUR_SCHEME_IOBES, names, NULL, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
