// SPDX-License-Identifier: MIT
/* Updates of optimizers: elementwise, each in one pass over parameter, gradient and state.
 *
 * Letters: w the parameter, dw its gradient, g = sign dw + decay w the gradient as the formulas mean it
 * (decay 0 adds nothing, even to an infinite w). All scalars come as doubles, computed once per step and
 * parameter, and are rounded to the element type once. The order of operations is that of PyTorch's
 * single-tensor loops. */
#ifndef RCR_KERNEL_OPTIM_H
#define RCR_KERNEL_OPTIM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rcr_update_scalars {
    double sign;        /* 1, or -1 to maximize */
    double decay;       /* L2 penalty, added to the gradient */
    double shrink;      /* AdamW: w is multiplied by it first; 1 elsewhere */
    double lr;          /* step size, with the first moment's bias correction where there is one */
    double lr_grad;     /* NAdam: step size of the gradient itself */
    double momentum;    /* SGD, RMSprop: 0 = none */
    double fresh;       /* SGD: 1 - dampening */
    double beta1, new1; /* decay of the first moment; 1 - beta1 */
    double beta2, new2; /* decay of the second moment (alpha, rho); 1 - beta2 */
    double correction;  /* Adam: sqrt(1 - beta2^t); NAdam: 1 - beta2^t */
    double eps;
    bool first, nesterov; /* SGD */
} rcr_update_scalars;

typedef enum rcr_update_kind {
    RCR_UPDATE_SGD = 0,  /* state: m or NULL */
    RCR_UPDATE_ADAM,     /* m, v, maximum of v or NULL; AdamW too */
    RCR_UPDATE_NADAM,    /* m, v */
    RCR_UPDATE_RMSPROP,  /* v, mean gradient or NULL, m or NULL */
    RCR_UPDATE_ADAGRAD,  /* sum of squares */
    RCR_UPDATE_ADADELTA, /* v, u: mean square of the updates */
    RCR_UPDATE_COUNT
} rcr_update_kind;

/* dw, w and every state[i] that is not NULL: n reals, no two the same array. */
typedef void rcr_update(int64_t n, const rcr_update_scalars *h, const void *dw, void *w, void *const *state);

typedef struct rcr_optim_kernels {
    rcr_update *update[RCR_UPDATE_COUNT];
} rcr_optim_kernels;

#endif
