// SPDX-License-Identifier: MIT
/* Built-in data sets. Only +, -, *, / and rounding: the same bytes with every compiler and maths library. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "format/text.h"
#include "data/text.h"

/* A source of random numbers: a counter under a seed and a stream of its own. */
typedef struct source {
    uint64_t seed, stream, at;
} source;

static int64_t below(source *s, uint64_t n)
{
    return (int64_t)rcr_random_below(s->seed, s->stream, s->at++, n);
}

/* Near enough to a normal number: the sum of twelve uniform ones has deviation 1 and needs no logarithm. */
static double normal(source *s)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += rcr_random_uniform(s->seed, s->stream, s->at++);
    return sum;
}

/* ---- ball ---- */

static void write_ball(rcr_builder *b, source *s, int64_t n)
{
    for (int64_t i = 0; i < n && b->status == RECUR_OK; i++) {
        int64_t start = below(s, 21) - 10, v = below(s, 10) - 5, length = below(s, 6) + 5;
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

static void write_sine(rcr_builder *b, source *s, int64_t n)
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

typedef struct date {
    int year, month, day;
} date;

static date next_day(date d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = d.year % 4 == 0 && (d.year % 100 != 0 || d.year % 400 == 0);
    if (d.day < days[d.month - 1] + (d.month == 2 && leap))
        return (date){d.year, d.month, d.day + 1};
    return d.month < 12 ? (date){d.year, d.month + 1, 1} : (date){d.year + 1, 1, 1};
}

/* The next day on which there is trade; `weekday` 0 is Monday. */
static date next_weekday(date d, int64_t weekday)
{
    d = next_day(d);
    return weekday % 5 == 4 ? next_day(next_day(d)) : d;
}

static void write_date(rcr_builder *b, date d)
{
    rcr_put_int(b, d.year, 4);
    rcr_put(b, "-");
    rcr_put_int(b, d.month, 2);
    rcr_put(b, "-");
    rcr_put_int(b, d.day, 2);
}

/* A day: a small gap at the opening, a step to the close, and an excess beyond both. Steps of deviation 0.01
 * with a drift of half their variance leave the logarithm of the price without a trend. */
static double write_day(rcr_builder *b, source *s, double price)
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

static void write_stock(rcr_builder *b, source *s, int64_t n)
{
    date day = {2010, 1, 4}; /* a Monday */
    double price = 100;
    rcr_put(b, "Date,Open,High,Low,Close,Volume\n");
    for (int64_t t = 0; t < n && b->status == RECUR_OK; t++) {
        write_date(b, day);
        price = write_day(b, s, price);
        day = next_weekday(day, t);
    }
}

/* ---- by name ---- */

static const struct {
    const char *name;
    int64_t usual, most; /* lines */
    void (*write)(rcr_builder *b, source *s, int64_t n);
} sets[] = {{"ball", 10000, 1000000000, write_ball},
            {"sine", 1000, 1000000000, write_sine},
            {"stock", 2500, 100000,
             write_stock}}; /* the calendar has four digits for a year, prices must not die out */
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
        source s = {.seed = seed, .stream = rcr_stream(0, name)};
        sets[i].write(&b, &s, n ? n : sets[i].usual);
        return rcr_finish_text(out, &b);
    }
    return unknown_set(cx, name);
}
