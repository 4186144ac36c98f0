// SPDX-License-Identifier: MIT
/* Rows: a sequence of numbers per line. */
#include "data/data_test.h"

static void reads_lines(void **state)
{
    recur_rows *r = rows_of(*state, "\xEF\xBB\xBF"
                                    "1,2,3\r\n\n 4 ,\t5\n-6e1,.5,7,8");
    assert_int_equal(r->n, 3);
    assert_memory_equal(r->offset, ((int64_t[]){0, 3, 5, 9}), 4 * sizeof(int64_t));
    assert_memory_equal(r->line, ((int64_t[]){1, 3, 4}), 3 * sizeof(int64_t));
    equal(r->values, (double[]){1, 2, 3, 4, 5, -60, 0.5, 7, 8}, 9);
    recur_rows_free(r);
    recur_rows_free(NULL);
}

static const struct {
    const char *text, *words;
} bad[] = {
    {"", "r.csv:1: the file is empty"},
    {" \n\r\n", "r.csv:1: the file is empty"},
    {"1,2\n3\n", "r.csv:2: 1 number; at least 2 are needed"},
    {"Date,Close\n1,2\n", "r.csv:1: field 1: \"Date\" is not a number"},
    {"1,2\n\n3,x,5\n", "r.csv:3: field 2: \"x\" is not a number"},
    {"1,,2\n", "r.csv:1: field 2 is empty"},
    {"1,2,\n", "r.csv:1: field 3 is empty"},
    {",1\n", "r.csv:1: field 1 is empty"},
    {",\n", "r.csv:1: field 1 is empty"},
    {"1;2;3\n", "r.csv:1: field 1: \"1;2;3\" is not a number"},
    {"\"1\",2\n", "field 1: \"\"1\"\" is not a number"},
    {"1,null\n", "field 2: \"null\" is not a number"},
    {"1,nan\n", "field 2: \"nan\" is not a number"},
    {"1,inf\n", "field 2: \"inf\" is not a finite number"},
    {"1,1e400\n", "field 2: \"1e400\" is not a"},
    {"\xFF\xFE"
     "1",
     "UTF-16"},
};

static void refuses_malformed_lines(void **state)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        recur_rows *r = (recur_rows *)1;
        refused(*state, recur_rows_parse(&r, *state, bad[i].text, strlen(bad[i].text), "r.csv"),
                RECUR_EFORMAT, bad[i].words);
        assert_null(r);
    }
    recur_rows *r;
    refused(*state, recur_rows_parse(&r, *state, "1,2\n3,\0", 7, "r.csv"), RECUR_EFORMAT,
            "r.csv:2: a NUL byte");
}

static void reads_one_line(void **state)
{
    double v[3];
    int64_t n;
    ok(*state, recur_numbers_parse(*state, "1, 2", 4, "input", 1, 2, 3, v, &n));
    assert_int_equal(n, 2);
    equal(v, (double[]){1, 2}, 2);
    refused(*state, recur_numbers_parse(*state, "1,2,3,4", 7, "input", 12, 1, 3, v, &n), RECUR_EFORMAT,
            "input:12: more than 3 numbers");
    refused(*state, recur_numbers_parse(*state, "1,2", 3, "input", 0, 4, 9, v, &n), RECUR_EFORMAT,
            "input: 2 numbers; at least 4 are needed");
    refused(*state, recur_numbers_parse(*state, "", 0, "input", 7, 1, 3, v, &n), RECUR_EFORMAT,
            "input:7: field 1 is empty");
}

/* Every line of the ball is start + k * velocity, so its last number follows from the two before. */
static void reads_the_ball(void **state)
{
    char path[1024];
    recur_rows *r;
    if (!real_file(path, "ball/ball.csv"))
        skip();
    ok(*state, recur_rows_read(&r, *state, path));
    assert_int_equal(r->n, 10000);
    for (int64_t i = 0; i < r->n; i++) {
        const double *end = r->values + r->offset[i + 1];
        assert_in_range(r->offset[i + 1] - r->offset[i], 5, 10);
        assert_true(end[-1] == 2 * end[-2] - end[-3]);
        assert_int_equal(r->line[i], i + 1);
    }
    recur_rows_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reads_lines), TEST(refuses_malformed_lines), TEST(reads_one_line),
                                       TEST(reads_the_ball)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
