// SPDX-License-Identifier: MIT
/* Tables: what CSV means, and what is said of CSV that is not. */
#include "data/data_test.h"

/* ---- what is read ---- */

/* A text, and its fields: the header's, then each row's, in order; NULL ends. */
static const struct {
    const char *text;
    int64_t rows, columns;
    const char *field[12];
} good[] = {
    {"a,b\n1,2\n", 1, 2, {"a", "b", "1", "2"}},
    {"a,b\r\n1,2\r\n3,4", 2, 2, {"a", "b", "1", "2", "3", "4"}},
    {"a,b\r1,2\r3,4", 2, 2, {"a", "b", "1", "2", "3", "4"}},
    {"\xEF\xBB\xBF"
     "a,b\n1,2",
     1,
     2,
     {"a", "b", "1", "2"}},
    {"\xEF\xBB\xBF\"a\",b\n1,2", 1, 2, {"a", "b", "1", "2"}},
    {"\"a,b\",\"c\"\"d\"\n\"x\ny\",\"\r\n\"\n", 1, 2, {"a,b", "c\"d", "x\ny", "\r\n"}},
    {"a\n\"\"\n", 1, 1, {"a", ""}},
    {"a,b\n,\n \t, x y \n", 2, 2, {"a", "b", "", "", "", "x y"}},
    {"a,b\n\" 1 \" , \"2\"\n", 1, 2, {"a", "b", " 1 ", "2"}},
    {"\n\na,b\n\n \n1,2\n\n", 1, 2, {"a", "b", "1", "2"}},
    {"a,b,\n1,2,\n", 1, 3, {"a", "b", "", "1", "2", ""}},
    {"a,,\n1,2,3\n", 1, 3, {"a", "", "", "1", "2", "3"}},
    {",x\n0,7\n", 1, 2, {"", "x", "0", "7"}},
    {"a,b", 0, 2, {"a", "b"}},
    {"a,b\n", 0, 2, {"a", "b"}},
    {"\"\xC3\xA9t\xC3\xA9\"\n\xE4\xBD\xA0\n", 1, 1, {"\xC3\xA9t\xC3\xA9", "\xE4\xBD\xA0"}},
    {"a\n\xFF\n", 1, 1, {"a", "\xFF"}},
};

static void reads_fields(void **state)
{
    for (size_t g = 0; g < COUNT(good); g++) {
        recur_table *t = table_of(*state, good[g].text);
        int64_t C = good[g].columns, R = good[g].rows;
        assert_int_equal(recur_table_columns(t), C);
        assert_int_equal(recur_table_rows(t), R);
        for (int64_t i = 0; i < C * (R + 1); i++)
            assert_string_equal(i < C ? recur_table_header(t, i) : recur_table_text(t, i / C - 1, i % C),
                                good[g].field[i]);
        recur_table_free(t);
    }
}

static void knows_lines_and_columns(void **state)
{
    int64_t column;
    recur_table *t = table_of(*state, "\nDate,\"Adj Close\"\r\n\r\n1,\"a\nb\"\n  \n\"\n\",3\n4,5");
    assert_int_equal(recur_table_line(t, 0), 4);
    assert_int_equal(recur_table_line(t, 1), 7);
    assert_int_equal(recur_table_line(t, 2), 9);
    assert_int_equal(recur_table_line(t, 3), 0);
    assert_int_equal(recur_table_line(t, -1), 0);
    assert_string_equal(recur_table_name(t), "t.csv");
    assert_string_equal(recur_table_text(t, 3, 0), "");
    assert_string_equal(recur_table_text(t, -1, 0), "");
    assert_string_equal(recur_table_text(t, 0, 2), "");
    assert_string_equal(recur_table_header(t, 2), "");
    ok(*state, recur_table_find(t, "Adj Close", &column));
    assert_int_equal(column, 1);
    refused(*state, recur_table_find(t, "date", &column), RECUR_ENOTFOUND,
            "no column \"date\" in t.csv; it has Date, Adj Close");
    refused(*state, recur_table_find(t, "", &column), RECUR_ENOTFOUND, "no column \"\"");
    recur_table_free(t);
    recur_table_free(NULL);
}

static void lists_only_what_fits(void **state)
{
    char text[8192] = "";
    int64_t column;
    for (int i = 0; i < 500; i++)
        snprintf(text + strlen(text), 16, "%scolumn%d", i ? "," : "", i);
    recur_table *t = table_of(*state, text);
    refused(*state, recur_table_find(t, "nothing", &column), RECUR_ENOTFOUND, ", column10, column11");
    refused(*state, recur_table_find(t, "nothing", &column), RECUR_ENOTFOUND, ", ...");
    recur_table_free(t);
}

static void takes_another_delimiter(void **state)
{
    recur_table *t;
    const char *text = "a b\tc\n1,5\t \n";
    ok(*state,
       recur_table_parse(&t, *state, text, strlen(text), "t.tsv", &(recur_table_options){.delimiter = '\t'}));
    assert_string_equal(recur_table_header(t, 0), "a b");
    assert_string_equal(recur_table_text(t, 0, 0), "1,5");
    recur_table_free(t);
    refused(*state,
            recur_table_parse(&t, *state, text, strlen(text), "t", &(recur_table_options){.delimiter = '"'}),
            RECUR_EINVAL, "between fields");
    assert_null(t);
}

/* A field of a megabyte, and a hundred thousand rows: nothing has a fixed size. */
static void takes_large_files(void **state)
{
    size_t n = 1 << 20, used;
    char *text = malloc(n + 100);
    recur_table *t;
    memcpy(text, "a\n\"", 3);
    memset(text + 3, 'x', n);
    memcpy(text + 3 + n, "\"\n", 3);
    t = table_of(*state, text);
    assert_int_equal(strlen(recur_table_text(t, 0, 0)), n);
    recur_table_free(t);
    used = (size_t)snprintf(text, n, "a,b\n");
    for (int i = 0; i < 100000; i++)
        used += (size_t)snprintf(text + used, n + 100 - used, "%d,%d\n", i % 1000, i % 10);
    t = table_of(*state, text);
    assert_int_equal(recur_table_rows(t), 100000);
    assert_string_equal(recur_table_text(t, 99999, 0), "999");
    assert_int_equal(recur_table_line(t, 99999), 100001);
    recur_table_free(t);
    free(text);
}

/* ---- what is refused: the text (its size where it holds a NUL), and words of the answer ---- */

static const struct {
    const char *text;
    size_t size;
    const char *words;
} malformed[] = {
    {"", 0, "t.csv:1: the file is empty"},
    {"\n\n\r\n  \n", 0, "t.csv:1: the file is empty"},
    {"\xEF\xBB\xBF", 0, "t.csv:1: the file is empty"},
    {"a,b\n1\n", 0, "t.csv:2: 1 field, but the header has 2 columns"},
    {"a,b\n1,2\n1,2,3\n", 0, "t.csv:3: 3 fields, but the header has 2 columns"},
    {"a,b\n1,2\n\n\n1,2,\n", 0, "t.csv:5: 3 fields"},
    {"a,b\n1,2\n\"x\ny\"\n", 0, "t.csv:3: 1 field"},
    {"a\n1,2", 0, "t.csv:2: 2 fields, but the header has 1 column"},
    {"a,b\n1,\"2\n3,4\n", 0, "t.csv:2: column b: a quote is opened in this row and never closed"},
    {"a,\"b\n1,2\n", 0, "t.csv:1: a quote is opened"},
    {"\"", 0, "t.csv:1: a quote is opened"},
    {"a,b\n1,2\n1,2\"3\n", 0, "t.csv:3: column b: a quote inside an unquoted field"},
    {"a,b\n\"1\"2,3\n", 0, "t.csv:2: column a: text after the closing quote"},
    {"a,b\n\"1\" \"2\",3\n", 0, "t.csv:2: column a: text after the closing quote"},
    {"a,b\n\"x\ny\"z,3\n", 0, "t.csv:3: column a: text after the closing quote"},
    {"a\"b,c\n", 0, "t.csv:1: a quote inside an unquoted field"},
    {"a,b,a\n1,2,3\n", 0, "t.csv:1: two columns are named \"a\""},
    {"a, a\n", 0, "t.csv:1: two columns are named \"a\""},
    {",,\n1,2,3\n", 0, "t.csv:1: no column has a name"},
    {"\"\"\n", 0, "t.csv:1: no column has a name"},
    {"a,\xE9t\xE9\n1,2\n", 0, "t.csv:1: the name of column 2 is not UTF-8"},
    {"\xC0\x80\n", 0, "t.csv:1: the name of column 1 is not UTF-8"},
    {"\xED\xA0\x80\n", 0, "the name of column 1 is not UTF-8"},
    {"\xF0\x9F\x98\n", 0, "the name of column 1 is not UTF-8"},
    {"a,b\n1,\0", 7, "t.csv:2: a NUL byte"},
    {"\0", 1, "t.csv:1: a NUL byte"},
    {"a,b\n\"\n\r\0\n\",2\n", 13, "t.csv:4: a NUL byte"},
    {"\xFF\xFE"
     "a\0",
     4, "t.csv:1: this is UTF-16"},
    {"\xFE\xFF\0a", 4, "t.csv:1: this is UTF-16"},
    {"\"two\nlines\",b,\"two\nlines\"\n", 0, "t.csv:1: two columns are named \"two\\u000alines\""},
};

static void refuses_malformed_text(void **state)
{
    for (size_t m = 0; m < COUNT(malformed); m++) {
        recur_table *t = (recur_table *)1;
        size_t size = malformed[m].size ? malformed[m].size : strlen(malformed[m].text);
        recur_status s = recur_table_parse(&t, *state, malformed[m].text, size, "t.csv", NULL);
        refused(*state, s, RECUR_EFORMAT, malformed[m].words);
        assert_null(t);
    }
}

static void names_missing_files(void **state)
{
    recur_table *t;
    recur_rows *r;
    refused(*state, recur_table_read(&t, *state, "/nowhere/at-all.csv", NULL), RECUR_ENOTFOUND,
            "/nowhere/at-all.csv");
    refused(*state, recur_rows_read(&r, *state, "/nowhere/at-all.csv"), RECUR_ENOTFOUND,
            "/nowhere/at-all.csv");
}

/* Every prefix of a difficult text is read or refused, and so is every text with a byte changed. */
static void survives_cuts_and_changes(void **state)
{
    static const char whole[] = "\xEF\xBB\xBF"
                                "\"D,\"\"a\",b c\r\n\"x\n\"\"\",1\n ,\r\r\n3,\"\"\n";
    static const char other[] = "\",\n\r\0 \xFFz";
    char text[sizeof whole];
    recur_table *t;
    for (size_t n = 0; n < sizeof whole; n++) {
        if (recur_table_parse(&t, *state, whole, n, "t.csv", NULL) == RECUR_OK)
            recur_table_free(t);
        for (size_t o = 0; n < sizeof whole - 1 && o < sizeof other; o++) {
            memcpy(text, whole, sizeof whole);
            text[n] = other[o];
            if (recur_table_parse(&t, *state, text, sizeof whole - 1, "t.csv", NULL) == RECUR_OK)
                recur_table_free(t);
        }
    }
    recur_clear(*state);
}

/* ---- order of time ---- */

static void checks_the_order(void **state)
{
    recur_table *t = table_of(*state, "d,n,m\n2020-01-01,9,1\n2020-01-02,10,1\n2020-01-02,11,0\n");
    ok(*state, recur_table_check_order(t, "d"));
    ok(*state, recur_table_check_order(t, "n"));
    refused(*state, recur_table_check_order(t, "m"), RECUR_EFORMAT,
            "t.csv:4: column m: \"0\" comes after \"1\"");
    refused(*state, recur_table_check_order(t, "q"), RECUR_ENOTFOUND, "no column \"q\"");
    recur_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_fields),         TEST(knows_lines_and_columns),
        TEST(lists_only_what_fits), TEST(takes_another_delimiter),
        TEST(takes_large_files),    TEST(refuses_malformed_text),
        TEST(names_missing_files),  TEST(survives_cuts_and_changes),
        TEST(checks_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
