// SPDX-License-Identifier: MIT
/* Built-in data sets. Only +, -, *, / and rounding: the same bytes with every compiler and maths library. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "format/text.h"
#include "data/synthetic.h"

int64_t rcr_source_below(rcr_source *s, int64_t n)
{
    return (int64_t)rcr_random_below(s->seed, s->stream, s->at++, (uint64_t)n);
}

/* Near enough to a normal number: the sum of twelve uniform ones has deviation 1 and needs no logarithm. */
static double normal(rcr_source *s)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += rcr_random_uniform(s->seed, s->stream, s->at++);
    return sum;
}

/* ---- ball ---- */

static void write_ball(rcr_builder *b, rcr_source *s, int64_t n)
{
    for (int64_t i = 0; i < n && b->status == RECUR_OK; i++) {
        int64_t start = rcr_source_below(s, 21) - 10, v = rcr_source_below(s, 10) - 5,
                length = rcr_source_below(s, 6) + 5;
        v += v >= 0; /* -5 .. -1, 1 .. 5 */
        for (int64_t k = 0; k < length; k++) {
            rcr_put_int(b, start + k * v, 1);
            rcr_put(b, k < length - 1 ? "," : "\n");
        }
    }
}

/* ---- sine ---- */

enum { SINE_PERIOD = 25 };

/* wave[k] = sin(2 pi k / 25), by turning (cos, sin) through the angle again and again. */
static void fill_wave(double wave[SINE_PERIOD])
{
    const double cosine = 0.968583161128631, sine = 0.24868988716485479; /* of 2 pi / 25 */
    double x = 1, y = 0;
    for (int k = 0; k < SINE_PERIOD; k++) {
        wave[k] = y;
        double turned = x * cosine - y * sine;
        y = x * sine + y * cosine;
        x = turned;
    }
}

static void write_sine(rcr_builder *b, rcr_source *s, int64_t n)
{
    double wave[SINE_PERIOD];
    fill_wave(wave);
    rcr_put(b, "t,value\n");
    for (int64_t t = 0; t < n && b->status == RECUR_OK; t++) {
        rcr_put_int(b, t, 1);
        rcr_put(b, ",");
        rcr_put_fixed(b, wave[t % SINE_PERIOD] + 0.1 * normal(s), 6);
        rcr_put(b, "\n");
    }
}

/* ---- stock ---- */

int rcr_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

void rcr_put_date(rcr_builder *b, rcr_date d)
{
    rcr_put_int(b, d.year, 4);
    rcr_put(b, "-");
    rcr_put_int(b, d.month, 2);
    rcr_put(b, "-");
    rcr_put_int(b, d.day, 2);
}

static rcr_date next_day(rcr_date d)
{
    if (d.day < rcr_days(d.year, d.month))
        return (rcr_date){d.year, d.month, d.day + 1};
    return d.month < 12 ? (rcr_date){d.year, d.month + 1, 1} : (rcr_date){d.year + 1, 1, 1};
}

/* The next day on which there is trade; `weekday` 0 is Monday. */
static rcr_date next_weekday(rcr_date d, int64_t weekday)
{
    d = next_day(d);
    return weekday % 5 == 4 ? next_day(next_day(d)) : d;
}

/* A day: a small gap at the opening, a step to the close, and an excess beyond both. Steps of deviation 0.01
 * with a drift of half their variance leave the logarithm of the price without a trend. */
static double write_day(rcr_builder *b, rcr_source *s, double price)
{
    double open = price * (1 + 0.003 * normal(s));
    double close = open * (1 + 0.00005 + 0.01 * normal(s));
    double up = fabs(0.004 * normal(s)), down = fabs(0.004 * normal(s));
    double price_of[4] = {open, (open > close ? open : close) * (1 + up),
                          (open < close ? open : close) * (1 - down), close};
    for (int i = 0; i < 4; i++) {
        rcr_put(b, ",");
        rcr_put_fixed(b, price_of[i], 2);
    }
    rcr_put(b, ",");
    rcr_put_int(b, 1000000 + (int64_t)(500000 * fabs(normal(s))), 1);
    rcr_put(b, "\n");
    return close;
}

static void write_stock(rcr_builder *b, rcr_source *s, int64_t n)
{
    rcr_date day = {2010, 1, 4}; /* a Monday */
    double price = 100;
    rcr_put(b, "Date,Open,High,Low,Close,Volume\n");
    for (int64_t t = 0; t < n && b->status == RECUR_OK; t++) {
        rcr_put_date(b, day);
        price = write_day(b, s, price);
        day = next_weekday(day, t);
    }
}

/* ---- by name ---- */

/* The calendar has four digits for a year, and prices must not die out. */
static const struct {
    const char *name;
    int64_t usual, most; /* lines, or sentences */
    void (*write)(rcr_builder *b, rcr_source *s, int64_t n);
} sets[] = {{"ball", 10000, 1000000000, write_ball},      {"sine", 1000, 1000000000, write_sine},
            {"stock", 2500, 100000, write_stock},         {"reviews", 4000, 100000000, rcr_write_reviews},
            {"dates", 10000, 100000000, rcr_write_dates}, {"tags", 3000, 100000000, rcr_write_tags}};
enum { SETS = sizeof sets / sizeof *sets };

const char *recur_synthetic_name(size_t index)
{
    return index < SETS ? sets[index].name : NULL;
}

static recur_status unknown_set(recur_ctx *cx, const char *name)
{
    char list[128] = "", shown[RCR_SHOWN];
    size_t used = 0;
    for (size_t i = 0; i < SETS; i++) {
        size_t n = strlen(sets[i].name);
        memcpy(list + used, ", ", i ? 2 : 0);
        used += i ? 2 : 0;
        memcpy(list + used, sets[i].name, n + 1);
        used += n;
    }
    return rcr_fail(cx, RECUR_ENOTFOUND, "no built-in data set \"%s\"; there are %s",
                    rcr_show_name(shown, name), list);
}

recur_status recur_synthetic(recur_text **out, recur_ctx *cx, const char *name, int64_t n, uint64_t seed)
{
    *out = NULL;
    for (size_t i = 0; i < SETS; i++) {
        if (strcmp(name, sets[i].name) != 0)
            continue;
        if (n < 0 || n > sets[i].most)
            return rcr_fail(cx, RECUR_EINVAL, "%lld lines of %s; 1 to %lld, or 0 for the usual %lld",
                            (long long)n, name, (long long)sets[i].most, (long long)sets[i].usual);
        rcr_builder b = {.cx = cx};
        rcr_source s = {.seed = seed, .stream = rcr_stream(0, name)};
        sets[i].write(&b, &s, n ? n : sets[i].usual);
        return rcr_finish_text(out, &b);
    }
    return unknown_set(cx, name);
}
