// SPDX-License-Identifier: MIT
/* Options: every kind is read, written, refused; names are found and guessed; configurations go to JSON and
 * back. */
#include "train/option.h"
#include "train_test.h"

typedef struct sample {
    bool flag;
    int pick, choice;
    int64_t count;
    double number, time;
    const char *text;
} sample;

static const char *const colours[] = {"red", "green", "light-blue", NULL};

static const recur_option inner[] = {
    {"flag", 'f', RECUR_OPTION_FLAG, offsetof(sample, flag), NULL, "", NULL, 0, 0, 0},
    {"first-way", 0, RECUR_OPTION_PICK, offsetof(sample, pick), NULL, "", NULL, 1, 1, 0},
    {"second-way", 0, RECUR_OPTION_PICK, offsetof(sample, pick), NULL, "", NULL, 2, 2, 0},
    {"colour", 0, RECUR_OPTION_CHOICE, offsetof(sample, choice), "NAME", "", colours, 0, 0, 0},
    {"batch-count", 0, RECUR_OPTION_COUNT, offsetof(sample, count), "N", "", NULL, 1, 100, 0},
    {"number", 0, RECUR_OPTION_NUMBER, offsetof(sample, number), "F", "", NULL, 0, INFINITY,
     RECUR_OPTION_LIVE},
    {"time", 0, RECUR_OPTION_TIME, offsetof(sample, time), "TIME", "", NULL, 0, 0, 0},
    {"text", 0, RECUR_OPTION_TEXT, offsetof(sample, text), "FILE", "", NULL, 0, 0, 0},
    {0},
};

/* The struct inside another one: offsets add up. */
typedef struct outer {
    double before;
    sample s;
} outer;
static const recur_option_group groups[] = {{"Sample", inner, offsetof(outer, s)}, {0}};

static int set_up(void **state)
{
    *state = context_of(1);
    return 0;
}

static int tear_down(void **state)
{
    recur_ctx_free(*state);
    return 0;
}

static void test_read_every_kind(void **state)
{
    outer o = {0};
    expect_ok(*state, recur_option_set(*state, groups, &o, "flag", NULL));
    expect_ok(*state, recur_option_set(*state, groups, &o, "second-way", NULL));
    expect_ok(*state, recur_option_set(*state, groups, &o, "colour", "light_blue"));
    expect_ok(*state, recur_option_set(*state, groups, &o, "batch_count", "42"));
    expect_ok(*state, recur_option_set(*state, groups, &o, "number", "2.5e-3"));
    expect_ok(*state, recur_option_set(*state, groups, &o, "time", "1.5h"));
    expect_ok(*state, recur_option_set(*state, groups, &o, "text", "a b.csv"));
    assert_true(o.s.flag);
    assert_int_equal(o.s.pick, 2);
    assert_int_equal(o.s.choice, 2);
    assert_int_equal(o.s.count, 42);
    assert_true(o.s.number == 2.5e-3);
    assert_true(o.s.time == 5400);
    assert_string_equal(o.s.text, "a b.csv");
    assert_true(o.before == 0);
    expect_ok(*state, recur_option_set(*state, groups, &o, "flag", "false"));
    assert_false(o.s.flag);
}

static void test_refuse(void **state)
{
    static const struct {
        const char *name, *text, *words;
        recur_status status;
    } cases[] = {
        {"flag", "perhaps", "--flag: \"perhaps\" is not true or false", RECUR_EINVAL},
        {"colour", "blue", "--colour: \"blue\" is not one of red, green or light-blue", RECUR_EINVAL},
        {"batch-count", "3.5", "--batch-count: \"3.5\" is not a whole number", RECUR_EINVAL},
        {"batch-count", "0", "--batch-count: 0 is outside 1 .. 100", RECUR_EINVAL},
        {"batch-count", "99999999999999999999", "is not a whole number", RECUR_EINVAL},
        {"batch-count", NULL, "--batch-count needs a value: N", RECUR_EINVAL},
        {"number", "abc", "--number: \"abc\" is not a number", RECUR_EINVAL},
        {"number", "-1", "--number: -1 is less than 0", RECUR_EINVAL},
        {"number", "nan", "--number: nan", RECUR_EINVAL},
        {"number", "inf", "--number: inf", RECUR_EINVAL},
        {"time", "m", "--time: \"m\" is not a time", RECUR_EINVAL},
        {"time", "3y", "--time: \"3y\" is not a time", RECUR_EINVAL},
        {"text", "", "--text: the value is empty", RECUR_EINVAL},
        {"colur", "red", "unknown option --colur: did you mean --colour?", RECUR_ENOTFOUND},
        {"zzz", "red", "unknown option --zzz", RECUR_ENOTFOUND},
    };
    outer o = {.s = {.count = 7, .number = 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(*state, recur_option_set(*state, groups, &o, cases[i].name, cases[i].text),
                     cases[i].status, cases[i].words);
    assert_int_equal(o.s.count, 7); /* what is refused changes nothing */
    assert_true(o.s.number == 1);
}

static void test_suggest(void **state)
{
    (void)state;
    static const char *const words[] = {"train", "evaluate", "predict", NULL};
    assert_string_equal(recur_option_suggest(groups, "colur"), "colour");
    assert_string_equal(recur_option_suggest(groups, "tmie"), "time");
    assert_string_equal(recur_option_suggest(groups, "batch"), "batch-count");
    assert_string_equal(recur_option_suggest(groups, "batch_cuont"), "batch-count");
    assert_null(recur_option_suggest(groups, "xyz"));
    assert_null(recur_option_suggest(groups, ""));
    assert_null(recur_option_suggest(groups, "a-word-that-is-far-too-long-to-be-compared-with-anything"));
    assert_string_equal(recur_word_suggest(words, "trian"), "train");
    assert_null(recur_word_suggest(words, "sing"));
}

/* To JSON and back; also numbers that have no short decimal. */
static void test_round_trip(void **state)
{
    outer o = {.s = {true, 1, 1, 77, 0.1 + 0.2, 90, "quote \" back \\ tab \t \xc3\xa9"}}, back = {0};
    rcr_doc d;
    rcr_doc_begin(&d, *state, true);
    rcr_doc_object(&d, NULL);
    rcr_doc_text(&d, "task", "sample");
    rcr_options_write(&d, groups, &o);
    rcr_doc_end(&d, '}');
    expect_ok(*state, d.status);
    recur_settings *s;
    expect_ok(*state, recur_settings_parse(&s, *state, d.text, "saved"));
    assert_string_equal(recur_settings_text(s, "task"), "sample");
    assert_null(recur_settings_text(s, "other"));
    expect_ok(*state, recur_settings_apply(s, groups, &back));
    assert_null(rcr_options_differ(groups, &o, &back));
    assert_true(back.s.number == o.s.number);
    assert_string_equal(back.s.text, o.s.text);
    recur_settings_free(s);
    rcr_doc_free(&d);
}

static void test_differ(void **state)
{
    (void)state;
    outer a = {.s = {.text = "x"}}, b = {.s = {.text = "x"}};
    b.s.number = 3; /* live: may change */
    assert_null(rcr_options_differ(groups, &a, &b));
    b.s.text = NULL;
    assert_string_equal(rcr_options_differ(groups, &a, &b)->name, "text");
    b = a;
    b.s.flag = true;
    assert_string_equal(rcr_options_differ(groups, &a, &b)->name, "flag");
    b = a;
    b.s.time = 1e-9;
    assert_string_equal(rcr_options_differ(groups, &a, &b)->name, "time");
}

/* A program may fill in anything. */
static void test_check(void **state)
{
    outer o = {.s = {.count = 1, .number = NAN}};
    expect_ok(*state, rcr_options_check(*state, groups, &o));
    o.s.count = 101;
    expect_error(*state, rcr_options_check(*state, groups, &o), RECUR_EINVAL,
                 "--batch-count: 101 is outside");
    o.s.count = 1;
    o.s.choice = 3;
    expect_error(*state, rcr_options_check(*state, groups, &o), RECUR_EINVAL, "--colour: 3 is not the place");
    o.s.choice = 0;
    o.s.number = INFINITY;
    expect_error(*state, rcr_options_check(*state, groups, &o), RECUR_EINVAL, "--number: inf");
}

static void test_refuse_settings(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "f.json:1: "},
        {"[1]", "f.json: a configuration is a JSON object"},
        {"{\"number\": 1,\n\"number\": 2}", "f.json:2: duplicate"},
        {"{\"colour\": [1]}", "f.json: \"colour\" must be a text, a number"},
        {"{\"colour\": \"blue\"}", "f.json: colour: \"blue\" is not one of"},
        {"{\"batch_count\": 1e300}", "f.json: batch_count: "},
        {"{\"colur\": \"red\"}", "f.json: unknown option \"colur\": did you mean \"colour\"?"},
        {"{\"flag\": 1}", "f.json: flag: \"1\" is not true or false"},
    };
    outer o = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        recur_settings *s = NULL;
        recur_status status = recur_settings_parse(&s, *state, cases[i].json, "f.json");
        if (status == RECUR_OK)
            status = recur_settings_apply(s, groups, &o);
        const char *text;
        recur_error(*state, &text);
        assert_int_equal(status, RECUR_EFORMAT);
        if (!strstr(text, cases[i].words))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].json, text, cases[i].words);
        recur_settings_free(s);
        recur_clear(*state);
    }
}

static void test_settings_file(void **state)
{
    char folder[PATH], path[PATH];
    recur_settings *s;
    outer o = {0};
    make_folder(folder);
    expect_error(*state, recur_settings_read(&s, *state, in_folder(path, folder, "none.json")),
                 RECUR_ENOTFOUND, "none.json");
    assert_null(s);
    write_text(in_folder(path, folder, "a.json"),
               "{\"batch-count\": 5, \"text\": 7.5, \"first_way\": true, \"time\": null}");
    expect_ok(*state, recur_settings_read(&s, *state, path));
    expect_ok(*state, recur_settings_apply(s, groups, &o));
    assert_int_equal(o.s.count, 5);
    assert_int_equal(o.s.pick, 1);
    assert_string_equal(o.s.text, "7.5");
    recur_settings_free(s);
    remove_folder(folder);
}

/* Every default of the public tables reads back to itself, and stands in its own range. */
static void test_public_tables(void **state)
{
    recur_forecast_config c = recur_forecast_defaults(), back = recur_forecast_defaults();
    char text[RCR_OPTION_TEXT];
    for (const recur_option_group *g = recur_forecast_options(); g->title; g++)
        for (const recur_option *o = g->options; o->name; o++) {
            assert_true(strlen(o->help) > 0);
            recur_option_get(o, (char *)&c + g->offset + o->offset, text, sizeof text);
            if (text[0] && o->kind != RECUR_OPTION_TEXT) /* that would go on pointing at `text` */
                expect_ok(*state, recur_option_set(*state, recur_forecast_options(), &back, o->name, text));
        }
    const recur_option *other = rcr_options_differ(recur_forecast_options(), &c, &back);
    if (other)
        fail_msg("--%s does not read back", other->name);
}

/* ---- documents ---- */

static void test_document(void **state)
{
    rcr_doc d;
    rcr_doc_begin(&d, *state, false);
    rcr_doc_object(&d, NULL);
    rcr_doc_array(&d, "a");
    rcr_doc_real(&d, NULL, 0.1);
    rcr_doc_real(&d, NULL, NAN);
    rcr_doc_int(&d, NULL, INT64_MIN);
    rcr_doc_end(&d, ']');
    rcr_doc_bool(&d, "b", true);
    rcr_doc_null(&d, "c");
    rcr_doc_text(&d, "d", "\x01\n\"\\");
    rcr_doc_end(&d, '}');
    expect_ok(*state, d.status);
    assert_string_equal(d.text, "{\"a\": [0.1, null, -9223372036854775808], \"b\": true, \"c\": null, "
                                "\"d\": \"\\u0001\\u000a\\\"\\\\\"}");
    rcr_doc_free(&d);
}

static void test_document_refuses_bad_text(void **state)
{
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rcr_doc d;
        rcr_doc_begin(&d, *state, false);
        rcr_doc_text(&d, NULL, bad[i]);
        expect_error(*state, d.status, RECUR_EINVAL, "is not UTF-8");
        rcr_doc_free(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuse, set_up, tear_down),
        cmocka_unit_test(test_suggest),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test(test_differ),
        cmocka_unit_test_setup_teardown(test_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuse_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_public_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_document, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_document_refuses_bad_text, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
