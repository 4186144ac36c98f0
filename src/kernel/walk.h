// SPDX-License-Identifier: MIT
/* Walks up to three arrays of one shape and different strides together, row-major, a run of the innermost
 * axis at a time. Axes of length 1 are left out, and neighbours that all arrays step through evenly are
 * joined, so that runs are as long as can be. */
#ifndef RCR_KERNEL_WALK_H
#define RCR_KERNEL_WALK_H

#include <recur/tensor.h>

enum { RCR_WALK_ARRAYS = 3 };

typedef struct rcr_walk {
    int rank;                      /* axes outside the run */
    int64_t n;                     /* length of a run */
    int64_t step[RCR_WALK_ARRAYS]; /* strides within the run */
    int64_t at[RCR_WALK_ARRAYS];   /* where the run begins in each array, in elements */
    int64_t shape[RECUR_MAX_RANK], index[RECUR_MAX_RANK];
    int64_t stride[RECUR_MAX_RANK][RCR_WALK_ARRAYS];
} rcr_walk;

/* The first run; false if there is no element. Strides that are not needed may be NULL. */
bool rcr_walk_first(rcr_walk *w, int rank, const int64_t *shape, const int64_t *s0, const int64_t *s1,
                    const int64_t *s2);
/* The next one; false at the end. */
bool rcr_walk_next(rcr_walk *w);

#endif
