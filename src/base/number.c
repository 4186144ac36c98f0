// SPDX-License-Identifier: MIT
/*
 * Numbers to and from text. The C library does the exact conversions, in forms that no locale changes: it
 * reads digits and an exponent without a decimal point, and of what it writes only the digits and the
 * exponent are taken.
 */
#include "base/number.h"

#include <fenv.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"

/* 767 digits tell every double from the middle between it and its neighbour; whether anything follows is one
 * digit more. */
enum { MOST_DIGITS = 800, DECIMAL_TEXT = MOST_DIGITS + 32, DOUBLE_DIGITS = 17, FLOAT_DIGITS = 9 };

/* digits * 10^exponent, the digits read as a whole number; no digits is 0. */
typedef struct decimal {
    bool negative;
    int count;
    char digits[MOST_DIGITS + 1];
    int64_t exponent;
} decimal;

typedef struct cursor {
    const char *at, *end;
} cursor;

/* Denormals and rounding to nearest while a number is converted. The C library rounds as the x87 unit is set,
 * where there is one, which rcr_float_enter() leaves alone. */
typedef struct exact_mode {
    unsigned long mode;
    int rounding;
} exact_mode;

static exact_mode enter_exact(void)
{
    exact_mode caller = {.mode = rcr_float_enter(true)};
    caller.rounding = fegetround();
    if (caller.rounding != FE_TONEAREST)
        fesetround(FE_TONEAREST);
    return caller;
}

static void restore(exact_mode caller)
{
    if (caller.rounding != FE_TONEAREST)
        fesetround(caller.rounding);
    rcr_float_restore(caller.mode);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static cursor trimmed(const char *text, size_t n)
{
    cursor c = {text, n ? text + n : text};
    while (c.at < c.end && is_space(*c.at))
        c.at++;
    while (c.at < c.end && is_space(c.end[-1]))
        c.end--;
    return c;
}

static bool take(cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_sign(cursor *c)
{
    bool negative = take(c, '-');
    if (!negative)
        take(c, '+');
    return negative;
}

/* Whether the rest is `word`, in letters of either case. */
static bool rest_is(cursor c, const char *word)
{
    for (; c.at < c.end && *word; c.at++, word++)
        if ((*c.at | 0x20) != *word)
            return false;
    return c.at == c.end && !*word;
}

/* One more digit, before the point or after it. Of digits that no double needs only the first that is not 0
 * is kept. */
static void append(decimal *d, char digit, bool fraction)
{
    bool leading_zero = d->count == 0 && digit == '0';
    if (!leading_zero && d->count < MOST_DIGITS) {
        d->digits[d->count++] = digit;
        d->exponent -= fraction;
        return;
    }
    d->exponent += leading_zero ? -(int64_t)fraction : (int64_t)!fraction;
    if (!leading_zero && digit != '0')
        d->digits[MOST_DIGITS] = '1';
}

static int64_t take_digits(cursor *c, decimal *d, bool fraction)
{
    const char *begin = c->at;
    for (; c->at < c->end && is_digit(*c->at); c->at++)
        append(d, *c->at, fraction);
    return c->at - begin;
}

/* "e-5"; nothing is 0. False where 'e' is not followed by digits. Stops growing far outside of what a double
 * can be. */
static bool take_exponent(cursor *c, int64_t *exponent)
{
    int64_t value = 0;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    bool negative = take_sign(c);
    const char *begin = c->at;
    for (; c->at < c->end && is_digit(*c->at); c->at++)
        if (value < INT64_MAX / 100)
            value = 10 * value + (*c->at - '0');
    *exponent += negative ? -value : value;
    return c->at > begin;
}

static bool read_decimal(cursor c, decimal *d)
{
    d->count = 0;
    d->exponent = 0;
    d->digits[MOST_DIGITS] = '0';
    int64_t seen = take_digits(&c, d, false);
    if (take(&c, '.'))
        seen += take_digits(&c, d, true);
    if (!seen || !take_exponent(&c, &d->exponent) || c.at != c.end)
        return false;
    if (d->count == MOST_DIGITS) {
        d->count++;
        d->exponent--;
    }
    return true;
}

/* "digits e exponent", without a point. */
static void write_plain(char text[DECIMAL_TEXT], const decimal *d)
{
    const int64_t most = 2 * DECIMAL_TEXT; /* beyond it every double is 0 or infinite */
    int64_t e = d->exponent > most ? most : d->exponent < -most ? -most : d->exponent;
    memcpy(text, d->digits, (size_t)d->count);
    snprintf(text + d->count, 32, "e%d", (int)e);
}

/* Up to 15 digits and 10^22 are doubles themselves: one operation rounds once. */
static bool convert_small(const decimal *d, double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || d->count > DBL_DIG || d->exponent > 22 || d->exponent < -22)
        return false;
    int64_t whole = 0;
    for (int i = 0; i < d->count; i++)
        whole = 10 * whole + (d->digits[i] - '0');
    *out = d->exponent < 0 ? (double)whole / power[-d->exponent] : (double)whole * power[d->exponent];
    return true;
}

static double convert(const decimal *d)
{
    char text[DECIMAL_TEXT];
    double x;
    if (d->count == 0)
        return 0.0;
    if (convert_small(d, &x))
        return x;
    write_plain(text, d);
    return strtod(text, NULL);
}

bool rcr_parse_double(const char *text, size_t n, double *out)
{
    decimal d;
    double x;
    cursor c = trimmed(text, n);
    d.negative = take_sign(&c);
    if (rest_is(c, "inf") || rest_is(c, "infinity")) {
        x = (double)INFINITY;
    } else if (rest_is(c, "nan")) {
        x = (double)NAN;
    } else if (read_decimal(c, &d)) {
        exact_mode caller = enter_exact();
        x = convert(&d);
        restore(caller);
    } else {
        return false;
    }
    *out = d.negative ? -x : x;
    return true;
}

bool rcr_parse_int64(const char *text, size_t n, int64_t *out)
{
    int64_t value = 0;
    cursor c = trimmed(text, n);
    bool negative = take_sign(&c);
    if (c.at == c.end)
        return false;
    for (; c.at < c.end; c.at++) {
        int digit = *c.at - '0';
        if (!is_digit(*c.at) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}

/* |x|, finite, correctly rounded to `precision` digits; zeros at the end are dropped. */
static void round_decimal(decimal *d, double x, int precision)
{
    char text[64];
    const char *at = text;
    snprintf(text, sizeof text, "%.*e", precision - 1, fabs(x));
    d->negative = signbit(x);
    d->count = 0;
    for (; *at != 'e'; at++)
        if (is_digit(*at))
            d->digits[d->count++] = *at;
    d->exponent = strtol(at + 1, NULL, 10) - (d->count - 1);
    while (d->count > 1 && d->digits[d->count - 1] == '0') {
        d->count--;
        d->exponent++;
    }
}

/* The next larger decimal with the same precision. */
static void next_decimal(decimal *d, int precision)
{
    for (; d->count < precision; d->exponent--)
        d->digits[d->count++] = '0';
    int i = d->count - 1;
    for (; i >= 0 && d->digits[i] == '9'; i--) {
        d->count--;
        d->exponent++;
    }
    if (i >= 0)
        d->digits[i]++;
    else
        d->digits[d->count++] = '1';
}

static bool same_double(const decimal *d, double x)
{
    char text[DECIMAL_TEXT];
    write_plain(text, d);
    return strtod(text, NULL) == fabs(x);
}

/* As a float, and as a double that is then rounded to float, which is how rcr_parse_double() is used. */
static bool same_float(const decimal *d, double x)
{
    char text[DECIMAL_TEXT];
    write_plain(text, d);
    return (double)strtof(text, NULL) == fabs(x) && (double)(float)strtod(text, NULL) == fabs(x);
}

/*
 * The shortest decimal that is still x. The nearest of some precision is tried, then the next above it: where
 * x is a power of two, the numbers that round to it reach twice as far up as down, so that the nearest may
 * miss while the next does not.
 */
static void shorten(decimal *d, double x, int least, int most, bool (*same)(const decimal *d, double x))
{
    for (int precision = least; precision < most; precision++) {
        round_decimal(d, x, precision);
        if (same(d, x))
            return;
        next_decimal(d, precision);
        if (same(d, x))
            return;
    }
    round_decimal(d, x, most);
}

/* Writes d0.d1d2...e+XX, or without an exponent where that has at most `most` digits before the point and few
 * zeros after it. */
static void lay_out(char buffer[RCR_NUMBER_SIZE], const decimal *d, int most)
{
    int n = d->count, e = (int)d->exponent, first = e + n - 1;
    const char *sign = d->negative ? "-" : "", *digits = d->digits, *point = n > 1 ? "." : "";
    if (first < -4 || first >= most)
        snprintf(buffer, RCR_NUMBER_SIZE, "%s%c%s%.*se%+03d", sign, digits[0], point, n - 1, digits + 1,
                 first);
    else if (e >= 0)
        snprintf(buffer, RCR_NUMBER_SIZE, "%s%.*s%.*s", sign, n, digits, e, "00000000000000000000");
    else if (first >= 0)
        snprintf(buffer, RCR_NUMBER_SIZE, "%s%.*s.%.*s", sign, first + 1, digits, n - first - 1,
                 digits + first + 1);
    else
        snprintf(buffer, RCR_NUMBER_SIZE, "%s0.%.*s%.*s", sign, -first - 1, "0000", n, digits);
}

/* Whether x is not a number to be laid out; writes it then. */
static bool special(char buffer[RCR_NUMBER_SIZE], double x)
{
    if (isfinite(x))
        return false;
    snprintf(buffer, RCR_NUMBER_SIZE, "%s", isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return true;
}

enum { MOST_WHOLE = 16 }; /* digits before the point: below 10^16, as Python does */

char *rcr_format_double(char buffer[RCR_NUMBER_SIZE], double x)
{
    decimal d = {0};
    exact_mode caller = enter_exact();
    if (!special(buffer, x)) {
        shorten(&d, x, isnormal(x) ? DBL_DIG : 1, DOUBLE_DIGITS, same_double);
        lay_out(buffer, &d, MOST_WHOLE);
    }
    restore(caller);
    return buffer;
}

char *rcr_format_float(char buffer[RCR_NUMBER_SIZE], float x)
{
    decimal d = {0};
    exact_mode caller = enter_exact();
    if (!special(buffer, (double)x)) {
        shorten(&d, (double)x, isnormal(x) ? FLT_DIG : 1, FLOAT_DIGITS, same_float);
        lay_out(buffer, &d, MOST_WHOLE);
    }
    restore(caller);
    return buffer;
}

char *rcr_format_short(char buffer[RCR_NUMBER_SIZE], double x, int digits)
{
    decimal d = {0};
    int precision = digits < 1 ? 1 : digits > DOUBLE_DIGITS ? DOUBLE_DIGITS : digits;
    exact_mode caller = enter_exact();
    if (!special(buffer, x)) {
        round_decimal(&d, x, precision);
        lay_out(buffer, &d, precision);
    }
    restore(caller);
    return buffer;
}
