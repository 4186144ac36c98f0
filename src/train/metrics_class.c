// SPDX-License-Identifier: MIT
/* Metrics of classes, from their confusion matrix. */
#include <math.h>

#include "train/metrics.h"

int64_t recur_confusion_add(int64_t *confusion, int64_t K, const int64_t *target, const int64_t *predicted,
                            int64_t n)
{
    int64_t added = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t t = target[i], p = predicted[i];
        if (t < 0 || t >= K || p < 0 || p >= K)
            continue;
        confusion[t * K + p]++;
        added++;
    }
    return added;
}

/* Pairs of a class: right ones, with it as target, with it as prediction. */
typedef struct counts {
    int64_t correct, target, predicted;
} counts;

static counts counts_of(const int64_t *confusion, int64_t K, int64_t k)
{
    counts c = {.correct = confusion[k * K + k]};
    for (int64_t i = 0; i < K; i++) {
        c.target += confusion[k * K + i];
        c.predicted += confusion[i * K + k];
    }
    return c;
}

static double share(int64_t part, int64_t all)
{
    return all > 0 ? (double)part / (double)all : 0;
}

recur_prf rcr_prf(int64_t correct, int64_t target, int64_t predicted)
{
    return (recur_prf){share(correct, predicted), share(correct, target),
                       share(2 * correct, predicted + target)};
}

/* sum += weight * x */
static void add(recur_prf *sum, double weight, recur_prf x)
{
    sum->precision += weight * x.precision;
    sum->recall += weight * x.recall;
    sum->f1 += weight * x.f1;
}

static void divide(recur_prf *sum, int64_t n)
{
    sum->precision /= (double)n;
    sum->recall /= (double)n;
    sum->f1 /= (double)n;
}

void recur_classification_metrics(recur_classification *out, recur_prf *per_class, const int64_t *confusion,
                                  int64_t K)
{
    counts all = {0};
    int64_t seen = 0;
    *out = (recur_classification){.count = 0};
    for (int64_t k = 0; k < K; k++)
        out->count += counts_of(confusion, K, k).target;
    for (int64_t k = 0; k < K; k++) {
        counts c = counts_of(confusion, K, k);
        recur_prf x = out->count > 0 ? rcr_prf(c.correct, c.target, c.predicted) : (recur_prf){NAN, NAN, NAN};
        all = (counts){all.correct + c.correct, all.target + c.target, all.predicted + c.predicted};
        seen += c.target > 0 || c.predicted > 0;
        add(&out->macro, 1, x);
        add(&out->weighted, (double)c.target, x);
        if (per_class)
            per_class[k] = x;
    }
    out->micro = rcr_prf(all.correct, all.target, all.predicted);
    divide(&out->micro, out->count > 0); /* 0 / 0 where there is nothing */
    out->macro_seen = out->macro;        /* a class that does not occur has added 0 */
    divide(&out->macro, K);
    divide(&out->macro_seen, seen);
    divide(&out->weighted, out->count);
    out->accuracy = out->micro.recall;
}
