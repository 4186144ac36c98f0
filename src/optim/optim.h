// SPDX-License-Identifier: MIT
/* Inside of optimizers. A kind is a constant structure: its defaults, what its options may be, its state and
 * its scalars; the update itself is a kernel (kernel/optim.h). */
#ifndef RCR_OPTIM_OPTIM_H
#define RCR_OPTIM_OPTIM_H

#include <recur/optim.h>

#include "kernel/optim.h"
#include "optim/option.h"

enum { RCR_STATES = 4 };

/* One state tensor per parameter. */
typedef struct rcr_state {
    const char *name;                                    /* PyTorch's; NULL: no more */
    bool (*wanted)(const recur_optim_config *config);    /* NULL: always */
    double (*initial)(const recur_optim_config *config); /* NULL: 0 */
    bool scalar; /* one float64, else of the parameter's shape and type */
} rcr_state;

typedef struct rcr_optimizer {
    const char *name;
    recur_optim_config defaults;
    const rcr_option *options;
    recur_status (*check)(recur_ctx *cx, const recur_optim_config *config); /* NULL: the ranges are all */
    rcr_state state[RCR_STATES]; /* in the order of the kernel, scalars last */
    /* Advances the scalar states by one step (state[i] holds one double for each scalar state) and changes
     * what differs from the configuration in *h, which has sign, decay, lr, momentum, eps, beta1, beta2 from
     * it, new1 = 1 - beta1, new2 = 1 - beta2, shrink = 1. */
    void (*begin)(const recur_ctx *cx, const recur_optim_config *config, double *const *state,
                  rcr_update_scalars *h);
    rcr_update_kind update;
    /* Where the configuration keeps what recur_optim_set_momentum() sets; NULL: nowhere. */
    double *(*momentum)(recur_optim_config *config);
} rcr_optimizer;

extern const rcr_optimizer rcr_sgd, rcr_adam, rcr_adamw, rcr_rmsprop, rcr_adagrad, rcr_adadelta, rcr_nadam;

/* What belongs to the parameter at the same place in the set; nothing where that is a buffer. */
typedef struct rcr_slot {
    size_t group;
    recur_tensor *state[RCR_STATES]; /* NULL: not wanted */
    rcr_update_scalars scalars;      /* of the step under way */
} rcr_slot;

typedef struct rcr_group {
    recur_optim_config config; /* lr is the present one */
    double first_lr;           /* as it was given */
} rcr_group;

struct recur_optim {
    recur_ctx *cx;
    recur_params *ps;
    const rcr_optimizer *kind;
    rcr_slot *slots;   /* [size] */
    size_t size;       /* of ps */
    rcr_group *groups; /* [n_groups]; the first is everybody's */
    size_t n_groups;
    uint64_t steps;
};

/* Makes the state tensors of a slot that `config` wants and that are not there, all with their initial
 * values; frees those that `config` does not want. `w` is the slot's parameter. */
recur_status rcr_state_make(recur_optim *o, rcr_slot *slot, const recur_tensor *w,
                            const recur_optim_config *config);
void rcr_state_trim(recur_optim *o, rcr_slot *slot, const recur_optim_config *config);
void rcr_state_free(recur_optim *o, rcr_slot *slot);

/* Advances a step count that is kept as a double and returns the number of this step, 1 for the first. What
 * is no count, in a state that somebody damaged, counts as 0. */
static inline int64_t rcr_next_step(double *step)
{
    int64_t done = *step >= 0 && *step < 0x1p53 ? (int64_t)*step : 0;
    *step = (double)(done + 1);
    return done + 1;
}

#endif
