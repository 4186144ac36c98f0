// SPDX-License-Identifier: MIT
/* Likelihood and calibration of probabilities. */
#include <math.h>

#include <recur/metrics.h>

void recur_perplexity_metrics(recur_perplexity *out, double sum_nll, int64_t count)
{
    double mean = count > 0 ? sum_nll / (double)count : NAN;
    *out = (recur_perplexity){
        .count = count, .mean_nll = mean, .perplexity = exp(mean), .bits = mean / 0x1.62e42fefa39efp-1};
}

/* --- reliability --- */

static int64_t first_largest(const double *p, int64_t K)
{
    int64_t k = 0;
    for (int64_t i = 1; i < K; i++)
        if (p[i] > p[k])
            k = i;
    return k;
}

/* (m / M, (m + 1) / M] */
static int64_t bin_of(double confidence, int64_t M)
{
    double m = ceil(confidence * (double)M) - 1;
    return m >= (double)M ? M - 1 : m > 0 ? (int64_t)m : 0;
}

static double brier(const double *p, int64_t target, int64_t K)
{
    double sum = 0;
    for (int64_t k = 0; k < K; k++) {
        double d = p[k] - (k == target);
        sum += d * d;
    }
    return sum;
}

/* Sums of a row; the bins hold sums as well until the end. */
static void add_row(recur_calibration *c, recur_reliability *bins, int64_t M, const double *p, int64_t target,
                    int64_t K)
{
    int64_t answer = first_largest(p, K);
    recur_reliability *bin = &bins[bin_of(p[answer], M)];
    bin->count++;
    bin->confidence += p[answer];
    bin->accuracy += answer == target;
    c->count++;
    c->confidence += p[answer];
    c->accuracy += answer == target;
    c->nll -= log(p[target]);
    c->brier += brier(p, target, K);
}

static void finish_bin(recur_calibration *c, recur_reliability *bin)
{
    double n = (double)bin->count;
    bin->confidence /= n; /* 0 / 0 where it is empty */
    bin->accuracy /= n;
    double gap = fabs(bin->accuracy - bin->confidence);
    if (bin->count > 0) {
        c->ece += n / (double)c->count * gap;
        c->mce = fmax(c->mce, gap);
    }
}

void recur_calibration_metrics(recur_calibration *out, recur_reliability *bins, int64_t M, const double *p,
                               const int64_t *target, int64_t n, int64_t K)
{
    *out = (recur_calibration){.count = 0};
    for (int64_t m = 0; m < M; m++)
        bins[m] = (recur_reliability){.count = 0};
    for (int64_t i = 0; i < n; i++)
        if (target[i] >= 0 && target[i] < K)
            add_row(out, bins, M, p + i * K, target[i], K);
    double N = (double)out->count;
    for (int64_t m = 0; m < M; m++)
        finish_bin(out, &bins[m]);
    out->accuracy /= N;
    out->confidence /= N;
    out->nll /= N;
    out->brier /= N;
    if (out->count == 0)
        out->ece = out->mce = NAN;
}

/* --- temperature --- */

/* First and second derivative by b = 1 / T of -log softmax(b z)[y]: the mean of z under softmax(b z) less z[y],
 * and its variance. z counts from its maximum, so that no exp overflows. */
static void add_slopes(double b, const double *z, int64_t y, int64_t K, double *first, double *second)
{
    double top = z[first_largest(z, K)], sum = 0, mean = 0, square = 0;
    for (int64_t k = 0; k < K; k++) {
        double d = z[k] - top, e = exp(b * d);
        if (e == 0)
            continue; /* d may be -inf */
        sum += e;
        mean += e * d;
        square += e * d * d;
    }
    mean /= sum;
    *first += mean - (z[y] - top);
    *second += square / sum - mean * mean;
}

/* Returns how many rows count. */
static int64_t slopes(double b, const double *logits, const int64_t *target, int64_t n, int64_t K,
                      double *first, double *second)
{
    int64_t rows = 0;
    *first = *second = 0;
    for (int64_t i = 0; i < n; i++)
        if (target[i] >= 0 && target[i] < K) {
            add_slopes(b, logits + i * K, target[i], K, first, second);
            rows++;
        }
    return rows;
}

double recur_temperature_fit(const double *logits, const int64_t *target, int64_t n, int64_t K)
{
    double low = 0.01, high = 100, b = 1, first, second; /* of b */
    for (int round = 0; round < 200 && high - low > 1e-14 * high; round++) {
        if (slopes(b, logits, target, n, K, &first, &second) == 0)
            return NAN;
        if (first > 0)
            high = b;
        else
            low = b;
        double next = b - first / second;
        bool inside = next > low && next < high;
        if (inside && fabs(next - b) <= 1e-15 * b)
            break;
        b = inside ? next : sqrt(low * high);
    }
    return 1 / b;
}
