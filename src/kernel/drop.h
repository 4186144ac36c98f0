// SPDX-License-Identifier: MIT
/* Masks that are kept and used more than once: over the steps of a sequence, and by the steps of a cell. A mask is
 * an array of the type of what it acts on. */
#ifndef RCR_KERNEL_DROP_H
#define RCR_KERNEL_DROP_H

#include <stdint.h>

/* So many positions of a random stream give so many elements of a mask. */
enum { RCR_MASK_POSITIONS = 8, RCR_MASK_DRAWS = 32 };

typedef struct rcr_drop_kernels {
    /* y[i] = the element's uniform number (32 bits) < p ? below : above. The numbers are words of the stream's
     * positions from `position` on. */
    void (*draw)(int64_t n, uint64_t seed, uint64_t stream, uint64_t position, double p, double below,
                 double above, void *y);
    /* y = x mask, an exact 0 where the mask is 0 (whatever x is); times_add: y += the same. */
    void (*times)(int64_t n, const void *mask, const void *x, void *y);
    void (*times_add)(int64_t n, const void *mask, const void *x, void *y);
    /* Zoneout (Krueger et al. 2017): x stays where keep is 0 and becomes `old` where it is 1. Without a mask its
     * expectation: x + p (old - x). */
    void (*zone)(int64_t n, const void *keep, double p, const void *old, void *x);
    /* The gradient d of that result in two: `kept` gets the part of `old`, d keeps the part of x. */
    void (*zone_back)(int64_t n, const void *keep, double p, void *d, void *kept);
} rcr_drop_kernels;

#endif
