// SPDX-License-Identifier: MIT
/* Series: text to numbers, and missing values. */
#include "data/data_test.h"

static const char *const both[] = {"a", "b"};

static const char gaps[] = "t,a,b\n"
                           "1,,1\n"     /* a has no value yet */
                           "2,1,null\n" /* b is missing */
                           "3,NA,3\n"
                           "4,n/a,4\n"
                           "5,4, NaN \n"
                           "6,5,7\n"
                           "7,6,Null\n"; /* b has no value after this */

/* How `gaps` is treated: what remains, and what is reported. */
static const struct {
    recur_missing how;
    int64_t R, dropped, filled;
    double values[12];
    int64_t row[6];
} treated[] = {
    {RECUR_MISSING_DROP, 1, 6, 0, {5, 7}, {5}},
    {RECUR_MISSING_PREVIOUS, 6, 1, 5, {1, 1, 1, 3, 1, 4, 4, 4, 5, 7, 6, 7}, {1, 2, 3, 4, 5, 6}},
    {RECUR_MISSING_LINEAR, 5, 2, 4, {1, 2, 2, 3, 3, 4, 4, 5.5, 5, 7}, {1, 2, 3, 4, 5}},
};

static void treats_missing_values(void **state)
{
    recur_table *t = table_of(*state, gaps);
    for (size_t i = 0; i < COUNT(treated); i++) {
        recur_series *s;
        ok(*state, recur_series_create(&s, t, both, 2, treated[i].how));
        assert_int_equal(s->R, treated[i].R);
        assert_int_equal(s->C, 2);
        assert_int_equal(s->missing, 6);
        assert_int_equal(s->dropped, treated[i].dropped);
        assert_int_equal(s->filled, treated[i].filled);
        for (int64_t k = 0; k < 2 * s->R; k++)
            near(s->values[k], treated[i].values[k], 1e-15);
        for (int64_t r = 0; r < s->R; r++)
            assert_int_equal(s->row[r], treated[i].row[r]);
        recur_series_free(s);
    }
    recur_series *s;
    refused(*state, recur_series_create(&s, t, both, 2, RECUR_MISSING_ERROR), RECUR_EFORMAT,
            "t.csv:2: column a: \"\" is a missing value");
    assert_null(s);
    recur_table_free(t);
    recur_series_free(NULL);
}

static void reports_nothing_where_nothing_is_missing(void **state)
{
    recur_table *t = table_of(*state, "x\n1\n-2.5e3\n .5 \n+7.\n");
    const char *const x[] = {"x"};
    for (int how = 0; how <= RECUR_MISSING_ERROR; how++) {
        recur_series *s;
        ok(*state, recur_series_create(&s, t, x, 1, (recur_missing)how));
        equal(s->values, (double[]){1, -2500, 0.5, 7}, 4);
        assert_int_equal(s->missing + s->dropped + s->filled, 0);
        recur_series_free(s);
    }
    recur_table_free(t);
}

/* A table, the answer to reading its columns a and b. */
static const struct {
    const char *text, *words;
    recur_status status;
} bad[] = {
    {"a,b\n1,2\n3,abc\n", "t.csv:3: column b: \"abc\" is not a number", RECUR_EFORMAT},
    {"a,b\n\"1,234\",2\n", "t.csv:2: column a: \"1,234\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,2\n\n\"x\ny\",2\n", "t.csv:4: column a: \"x\\u000ay\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,inf\n", "t.csv:2: column b: \"inf\" is not a finite number", RECUR_EFORMAT},
    {"a,b\n1,-Infinity\n", "t.csv:2: column b: \"-Infinity\" is not a", RECUR_EFORMAT},
    {"a,b\n1,1e999\n", "t.csv:2: column b: \"1e999\" is not a", RECUR_EFORMAT},
    {"a,b\n1,0x10\n", "column b: \"0x10\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,1 2\n", "column b: \"1 2\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,-\n", "column b: \"-\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,-nan\n", "column b: \"-nan\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,nulls\n", "column b: \"nulls\" is not a number", RECUR_EFORMAT},
    {"a,b\n1,\nNA,\n", "t.csv: column b has no numbers (2 rows)", RECUR_EFORMAT},
    {"a,b\n1,\n,2\n", "t.csv: no row has a number in each of the 2 columns", RECUR_EFORMAT},
    {"a,b\n", "t.csv has a header but no rows", RECUR_EFORMAT},
    {"a,c\n1,2\n", "no column \"b\" in t.csv; it has a, c", RECUR_ENOTFOUND},
    {"a,b\n1,\xE9\x1B[31m\n", "column b: \"\\xe9\\u001b[31m\" is not a number", RECUR_EFORMAT},
};

static void refuses_what_is_no_number(void **state)
{
    for (size_t i = 0; i < COUNT(bad); i++) {
        recur_series *s = (recur_series *)1;
        recur_table *t = table_of(*state, bad[i].text);
        refused(*state, recur_series_create(&s, t, both, 2, RECUR_MISSING_DROP), bad[i].status, bad[i].words);
        assert_null(s);
        recur_table_free(t);
    }
}

static void takes_huge_numbers_and_repeated_columns(void **state)
{
    recur_series *s;
    const char *const names[] = {"v", "w", "v"};
    recur_table *t = table_of(*state, "v,w\n57921400005105,1e-400\n-1.7976931348623157e308,4e-324\n");
    ok(*state, recur_series_create(&s, t, names, 3, RECUR_MISSING_DROP));
    equal(s->values,
          (double[]){57921400005105, 0, 57921400005105, -1.7976931348623157e308, 4e-324,
                     -1.7976931348623157e308},
          6);
    recur_series_free(s);
    refused(*state, recur_series_create(&s, t, names, 0, RECUR_MISSING_DROP), RECUR_EINVAL,
            "at least one column");
    recur_table_free(t);
}

static void takes_arrays(void **state)
{
    recur_series *s;
    const double v[] = {1, 2, 3, 4, 5, INFINITY};
    ok(*state, recur_series_from(&s, *state, v, 2, 2));
    equal(s->values, v, 4);
    assert_int_equal(s->row[1], 1);
    recur_series_free(s);
    refused(*state, recur_series_from(&s, *state, v, 3, 2), RECUR_EINVAL, "row 2, column 1");
    assert_null(s);
    refused(*state, recur_series_from(&s, *state, v, 0, 2), RECUR_EINVAL, "needs rows and columns");
}

static void names_the_ways(void **state)
{
    recur_missing how;
    for (int m = 0; m <= RECUR_MISSING_ERROR; m++) {
        ok(*state, recur_missing_parse(*state, recur_missing_name((recur_missing)m), &how));
        assert_int_equal(how, m);
    }
    assert_null(recur_missing_name((recur_missing)4));
    refused(*state, recur_missing_parse(*state, "zero", &how), RECUR_EINVAL, "\"zero\"");
}

/* The counts that the files' own description gives. */
static void reads_real_files(void **state)
{
    static const struct {
        const char *file, *column;
        int64_t R, missing;
        double first, last;
    } real[] = {{"timeseries/airline-passengers.csv", "Passengers", 144, 0, 112, 432},
                {"timeseries/monthly-sunspots.csv", "Sunspots", 2820, 0, 58.0, 33.4},
                {"timeseries/daily-min-temperatures.csv", "Temp", 3650, 0, 20.7, 13.0},
                {"timeseries/ETTh1.csv", "OT", 17420, 0, 30.5310001373291, 9.56700038909912},
                {"timeseries/601988.SS.csv", "Close", 3364, 9, 3.671310, 3.45},
                {"timeseries/sp500-2000.csv", "volume", 5105, 0, 931800000, 5792140000}};
    char path[1024];
    if (!real_file(path, real[0].file))
        skip();
    for (size_t i = 0; i < COUNT(real); i++) {
        recur_table *t;
        recur_series *s;
        ok(*state, recur_table_read(&t, *state, real_file(path, real[i].file), NULL));
        ok(*state, recur_series_create(&s, t, &real[i].column, 1, RECUR_MISSING_DROP));
        assert_int_equal(s->R, real[i].R);
        assert_int_equal(s->missing, real[i].missing);
        assert_int_equal(s->dropped, real[i].missing);
        near(s->values[0], real[i].first, 0);
        near(s->values[s->R - 1], real[i].last, 0);
        ok(*state, recur_table_check_order(t, recur_table_header(t, 0)));
        recur_series_free(s);
        recur_table_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(treats_missing_values),
        TEST(reports_nothing_where_nothing_is_missing),
        TEST(refuses_what_is_no_number),
        TEST(takes_huge_numbers_and_repeated_columns),
        TEST(takes_arrays),
        TEST(names_the_ways),
        TEST(reads_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
