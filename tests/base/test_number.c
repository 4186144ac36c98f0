// SPDX-License-Identifier: MIT
/* Numbers and text: exact both ways, shortest, in any locale, in any floating-point mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fenv.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/number.h"
#include "base/random.h"

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void reads(const char *text, double expected)
{
    double x = -77;
    if (!rcr_parse_double(text, strlen(text), &x))
        fail_msg("'%s' is refused", text);
    if (bits_of(x) != bits_of(expected))
        fail_msg("'%s' gives %a, not %a", text, x, expected);
}

static void refuses(const char *text)
{
    double x = -77;
    if (rcr_parse_double(text, strlen(text), &x))
        fail_msg("'%s' is taken as %g", text, x);
    assert_true(x == -77);
}

static void test_parse(void **state)
{
    (void)state;
    reads("0", 0.0);
    reads("-0", -0.0);
    reads("1", 1.0);
    reads("+1.5", 1.5);
    reads(" \t-2.25e2\r\n", -225.0);
    reads(".5", 0.5);
    reads("5.", 5.0);
    reads("1E+3", 1000.0);
    reads("1e-3", 0.001);
    reads("0001.000", 1.0);
    reads("0.1", 0.1);
    reads("123456789012345678", 123456789012345678.0);
    reads("inf", (double)INFINITY);
    reads("-Infinity", -(double)INFINITY);
    reads("1e400", (double)INFINITY);
    reads("-1e99999999999999999999999", -(double)INFINITY);
    reads("1e-400", 0.0);
    reads("0e99999999999999999999999", 0.0);
    reads("1.7976931348623157e308", DBL_MAX);
    reads("1.7976931348623158e308", DBL_MAX);
    reads("1.7976931348623159e308", (double)INFINITY);
    reads("2.2250738585072014e-308", DBL_MIN);
    reads("2.2250738585072011e-308", 0x0.fffffffffffffp-1022);
    reads("4.9e-324", 0x1p-1074);
    reads("2.4703282292062327e-324", 0.0);
    reads("2.4703282292062328e-324", 0x1p-1074);
    double x = 0;
    assert_true(rcr_parse_double("nan", 3, &x) && isnan(x));
    assert_true(rcr_parse_double("-NaN", 4, &x) && isnan(x));
    assert_true(rcr_parse_double("123456", 3, &x) && x == 123); /* text need not end */
}

static void test_refuse(void **state)
{
    static const char *const wrong[] = {
        "",     " ",     "+",   "-",  ".",     "e5",    "1e",    "1e+",   "1 2", "1,5",
        "0x10", "1.2.3", "--1", "1f", "infin", "nan()", "1e5.0", "1_000", "١",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
    double x = -77;
    assert_false(rcr_parse_double("1\0", 2, &x));
    assert_false(rcr_parse_double(NULL, 0, &x));
    assert_true(x == -77);
}

/* Exactly between 1 and its neighbour: to the even one, unless a digit far behind tips it. */
static void test_halfway(void **state)
{
    static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[3000];
    (void)state;
    reads(half, 1.0);
    memset(text, '0', sizeof text);
    memcpy(text, half, sizeof half - 1);
    text[sizeof text - 1] = '\0';
    reads(text, 1.0);
    text[sizeof text - 2] = '1';
    reads(text, 1 + DBL_EPSILON);
    reads("0.99999999999999994448884876874217297881841659545898437500000000000000", 1.0);
    reads("0.99999999999999994448884876874217297881841659545898437499999999999999", 1 - DBL_EPSILON / 2);
}

/* 1000...0 and 0.000...01 with an exponent that takes the zeros back. */
static void test_many_digits(void **state)
{
    char text[5000];
    (void)state;
    memset(text, '0', sizeof text);
    text[0] = '1';
    strcpy(text + 4001, "e-4000");
    reads(text, 1.0);
    memset(text, '0', sizeof text);
    text[1] = '.';
    text[4001] = '7';
    strcpy(text + 4002, "e4000");
    reads(text, 7.0);
    memset(text, '9', sizeof text);
    strcpy(text + 4000, "e-4000");
    reads(text, 1.0);
}

static void test_parse_int(void **state)
{
    static const char *const wrong[] = {
        "", "-", "+", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "1 2", "0x1", "--1"};
    int64_t i = -77;
    (void)state;
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_false(rcr_parse_int64(wrong[k], strlen(wrong[k]), &i));
        assert_true(i == -77);
    }
    assert_true(rcr_parse_int64("9223372036854775807", 19, &i) && i == INT64_MAX);
    assert_true(rcr_parse_int64("-9223372036854775808", 20, &i) && i == INT64_MIN);
    assert_true(rcr_parse_int64(" +0042\n", 7, &i) && i == 42);
    assert_true(rcr_parse_int64("-7x", 2, &i) && i == -7);
}

static void writes(double x, const char *expected)
{
    char buffer[RCR_NUMBER_SIZE];
    assert_string_equal(rcr_format_double(buffer, x), expected);
}

static void test_format(void **state)
{
    (void)state;
    writes(0.0, "0");
    writes(-0.0, "-0");
    writes(0.1, "0.1");
    writes(-1.5, "-1.5");
    writes(100000, "100000");
    writes(1e15, "1000000000000000");
    writes(1e16, "1e+16");
    writes(123456789012345680.0, "1.2345678901234568e+17");
    writes(0.0001, "0.0001");
    writes(0.00001, "1e-05");
    writes(1.0 / 3, "0.3333333333333333");
    writes(5e-324, "5e-324");
    writes(DBL_MIN, "2.2250738585072014e-308");
    writes(-DBL_MAX, "-1.7976931348623157e+308");
    writes(0x1p-44,
           "5.684341886080802e-14"); /* the nearest of 16 digits is another number, the next above is this */
    writes(9007199254740993.0, "9007199254740992");
    writes(2e-300, "2e-300");
    writes((double)INFINITY, "inf");
    writes(-(double)INFINITY, "-inf");
    writes((double)NAN, "nan");
}

static void test_format_float(void **state)
{
    char b[RCR_NUMBER_SIZE];
    (void)state;
    assert_string_equal(rcr_format_float(b, 0.1f), "0.1");
    assert_string_equal(rcr_format_float(b, 16777216.0f), "16777216");
    assert_string_equal(rcr_format_float(b, 3.4028235e38f), "3.4028235e+38");
    assert_string_equal(rcr_format_float(b, 1e-45f), "1e-45");
    assert_string_equal(rcr_format_float(b, 1.0f / 3), "0.33333334");
    assert_string_equal(rcr_format_float(b, -0.0f), "-0");
}

static void test_format_short(void **state)
{
    char b[RCR_NUMBER_SIZE];
    (void)state;
    assert_string_equal(rcr_format_short(b, 1234567, 3), "1.23e+06");
    assert_string_equal(rcr_format_short(b, 0.123456, 3), "0.123");
    assert_string_equal(rcr_format_short(b, 0.99996, 4), "1");
    assert_string_equal(rcr_format_short(b, 12.0, 4), "12");
    assert_string_equal(rcr_format_short(b, -2.5e-10, 4), "-2.5e-10");
    assert_string_equal(rcr_format_short(b, 1.0 / 3, 100), "0.33333333333333331");
    assert_string_equal(rcr_format_short(b, 0.15, 0), "0.1");
}

/* Random bits: every exponent is as likely as any other. */
static void check_round_trips(uint64_t n)
{
    char buffer[RCR_NUMBER_SIZE];
    for (uint64_t i = 0; i < n; i++) {
        double x = double_of(rcr_random_u64(1, 1, i)), y;
        float f = float_of((uint32_t)rcr_random_u64(1, 2, i));
        if (isfinite(x))
            reads(rcr_format_double(buffer, x), x);
        if (!isfinite(f))
            continue;
        rcr_format_float(buffer, f);
        assert_true(rcr_parse_double(buffer, strlen(buffer), &y));
        assert_true((float)y == f && signbit((float)y) == signbit(f));
    }
}

static uint64_t rounds(void)
{
    const char *level = getenv("RECUR_TEST_LEVEL");
    return level && strcmp(level, "full") == 0 ? 300000 : 20000;
}

static void test_round_trips(void **state)
{
    (void)state;
    check_round_trips(rounds());
}

/* Denormals, and all powers of two with their neighbours. */
static void test_round_trips_at_edges(void **state)
{
    char buffer[RCR_NUMBER_SIZE];
    (void)state;
    for (uint64_t e = 0; e < 2047; e++)
        for (int64_t step = -1; step <= 1; step++) {
            double x = double_of((e << 52) + (uint64_t)step);
            if (isfinite(x))
                reads(rcr_format_double(buffer, x), x);
        }
    for (int e = 0; e < 52; e++)
        reads(rcr_format_double(buffer, double_of(1ull << e)), double_of(1ull << e));
}

static int digits_in(const char *text)
{
    int n = 0;
    for (; *text && *text != 'e'; text++)
        n += *text >= '0' && *text <= '9' && (n || *text != '0');
    return n;
}

/* No shorter decimal reads back: one digit less, rounded either way, is another number. */
static void test_shortest(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5000; i++) {
        char buffer[RCR_NUMBER_SIZE], text[64];
        double x = fabs(double_of(i % 3 ? rcr_random_u64(2, 1, i) : (i % 2047) << 52));
        if (!isfinite(x) || x == 0)
            continue;
        int digits = digits_in(rcr_format_double(buffer, x));
        if (digits < 2 || strchr(buffer, 'e') == NULL)
            continue;
        snprintf(text, sizeof text, "%.*e", digits - 2, x);
        double nearest = strtod(text, NULL);
        assert_true(nearest != x);
        char *e = strchr(text, 'e');
        double unit = pow(10, (int)strtol(e + 1, NULL, 10) - (digits - 2));
        snprintf(text, sizeof text, "%.*e", digits - 2, nearest + (nearest < x ? unit : -unit));
        assert_true(strtod(text, NULL) != x);
    }
}

/* Upward rounding and flushed denormals of the caller change nothing. */
static void test_any_mode(void **state)
{
    char buffer[RCR_NUMBER_SIZE];
    (void)state;
    double x = 0, y = 0;
    fesetround(FE_UPWARD);
    rcr_parse_double("1.1e-5", 6, &x);
    rcr_parse_double("1.2345678901234567e-25", 22, &y);
    rcr_format_double(buffer, 0.1);
    int rounding = fegetround();
    fesetround(FE_TONEAREST);
    assert_int_equal(rounding, FE_UPWARD);
    assert_true(x == 1.1e-5 && y == 1.2345678901234567e-25);
    assert_string_equal(buffer, "0.1");
    unsigned long mode = rcr_float_enter(false);
    rcr_format_double(buffer, double_of(1));
    rcr_float_restore(mode);
    assert_string_equal(buffer, "5e-324");
    mode = rcr_float_enter(false);
    rcr_format_float(buffer, float_of(1));
    rcr_float_restore(mode);
    assert_string_equal(buffer, "1e-45");
}

/* A locale that writes a comma: an installed one, or one made here if the system has what that needs. */
static bool choose_comma_locale(const char *folder)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8",
                                        "recur_comma"};
    char command[512];
    snprintf(command, sizeof command,
             "localedef --no-archive -i de_DE -f UTF-8 %s/recur_comma >/dev/null 2>&1", folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool own = i + 1 == sizeof names / sizeof *names;
        if (own && (setenv("LOCPATH", folder, 1) != 0 || system(command) != 0))
            return false;
        if (setlocale(LC_ALL, names[i]) && *localeconv()->decimal_point == ',')
            return true;
    }
    return false;
}

static void test_comma_locale(void **state)
{
    char folder[] = "/tmp/recur-locale-XXXXXX", remove[64], text[16];
    (void)state;
    assert_non_null(mkdtemp(folder));
    bool chosen = choose_comma_locale(folder);
    snprintf(text, sizeof text, "%.1f", 0.5);
    if (chosen) {
        check_round_trips(2000);
        test_parse(state);
        test_halfway(state);
        test_format(state);
        test_format_short(state);
        refuses("1,5");
    }
    setlocale(LC_ALL, "C");
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    assert_int_equal(system(remove), 0);
    if (!chosen)
        skip();
    assert_string_equal(text, "0,5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_halfway),      cmocka_unit_test(test_many_digits),
        cmocka_unit_test(test_parse_int),    cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_float), cmocka_unit_test(test_format_short),
        cmocka_unit_test(test_round_trips),  cmocka_unit_test(test_round_trips_at_edges),
        cmocka_unit_test(test_shortest),     cmocka_unit_test(test_any_mode),
        cmocka_unit_test(test_comma_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
