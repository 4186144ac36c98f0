// SPDX-License-Identifier: MIT
/* A conditional random field by enumeration: every path of a short sequence, for tests. */
#ifndef TESTS_LAYER_CRF_PATHS_H
#define TESTS_LAYER_CRF_PATHS_H

#include <math.h>
#include <string.h>

#include <recur/crf.h>

enum { PATH_K = 4, PATH_T = 6 };

typedef struct paths {
    int64_t K, T;
    const double *e, *A, *start, *end; /* [T, K], [K, K], [K], [K] */
    const recur_crf_rules *rules;      /* or NULL */
} paths;

/* What enumeration finds: p [T, K], pairs [K, K] summed over steps, the best path. */
typedef struct found {
    double log_z, best;
    double p[PATH_T * PATH_K], pairs[PATH_K * PATH_K];
    int64_t path[PATH_T];
} found;

static bool path_allowed(const recur_crf_rules *r, const int64_t *y, int64_t T)
{
    bool ok =
        !r || (recur_crf_allows(r, RECUR_CRF_START, y[0]) && recur_crf_allows(r, y[T - 1], RECUR_CRF_END));
    for (int64_t t = 1; ok && r && t < T; t++)
        ok = recur_crf_allows(r, y[t - 1], y[t]);
    return ok;
}

static double path_score(const paths *f, const int64_t *y)
{
    double score = f->start[y[0]] + f->end[y[f->T - 1]];
    for (int64_t t = 0; t < f->T; t++)
        score += f->e[t * f->K + y[t]] + (t ? f->A[y[t - 1] * f->K + y[t]] : 0.0);
    return path_allowed(f->rules, y, f->T) ? score : -INFINITY;
}

/* The path after y, its last tag the fastest to change; false behind the last. */
static bool next_path(const paths *f, int64_t *y)
{
    int64_t t = f->T - 1;
    while (t >= 0 && ++y[t] == f->K)
        y[t--] = 0;
    return t >= 0;
}

/* Whether y comes before z read from the last step back: the choice among equals. */
static bool before(const paths *f, const int64_t *y, const int64_t *z)
{
    int64_t t = f->T - 1;
    while (t > 0 && y[t] == z[t])
        t--;
    return y[t] < z[t];
}

static found find_all(const paths *f)
{
    found all = {.best = -INFINITY};
    int64_t y[PATH_T] = {0};
    do {
        double score = path_score(f, y);
        if (score > all.best || (score == all.best && score > -INFINITY && before(f, y, all.path))) {
            all.best = score;
            memcpy(all.path, y, sizeof all.path);
        }
    } while (next_path(f, y));
    double sum = 0.0;
    do {
        double w = exp(path_score(f, y) - all.best);
        sum += w;
        for (int64_t t = 0; t < f->T; t++)
            all.p[t * f->K + y[t]] += w;
        for (int64_t t = 1; t < f->T; t++)
            all.pairs[y[t - 1] * f->K + y[t]] += w;
    } while (next_path(f, y));
    all.log_z = all.best + log(sum);
    for (int i = 0; i < PATH_T * PATH_K; i++)
        all.p[i] /= sum;
    for (int i = 0; i < PATH_K * PATH_K; i++)
        all.pairs[i] /= sum;
    return all;
}

#endif
