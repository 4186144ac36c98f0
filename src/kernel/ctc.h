// SPDX-License-Identifier: MIT
/*
 * The recursions of connectionist temporal classification (Graves et al. 2006), one sequence at a time.
 *
 * A target of L labels y has n = 2 L + 1 states: a blank before, between and behind its labels. An alignment
 * stays in a state, goes to the next, or skips the blank between two different labels.
 *
 *     alpha_t[s] = lp_t[s] + log(e^alpha_t-1[s] + e^alpha_t-1[s-1] + e^alpha_t-1[s-2] where that may skip)
 *     beta_t[s]  = the same from behind, without lp_t[s]
 *
 * lp_t[s] is the log-probability of the class of state s. Each alpha is kept less its greatest element.
 */
#ifndef RCR_KERNEL_CTC_H
#define RCR_KERNEL_CTC_H

#include <stdint.h>

/* T >= 1 steps of C log-probabilities, `step` reals apart; labels y [L]. */
typedef struct rcr_ctc_steps {
    int64_t T, step;
    const void *lp;
    int64_t blank, L;
    const int64_t *y;
} rcr_ctc_steps;

/* Reals of work for n states. */
static inline int64_t rcr_ctc_work(int64_t n)
{
    return 4 * (n + 4);
}

typedef struct rcr_ctc_kernels {
    /* The log-probability of the target, -infinity where no alignment fits; alpha [T, n] is for backward. */
    double (*forward)(const rcr_ctc_steps *q, void *alpha, void *work);
    /* dlp_t[c] -= g times the expected share of step t that class c takes; rows of dlp as those of lp. The
     * target has an alignment. */
    void (*backward)(const rcr_ctc_steps *q, const void *alpha, double g, void *dlp, void *work);
} rcr_ctc_kernels;

#endif
