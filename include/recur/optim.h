// SPDX-License-Identifier: MIT
/* Optimizers, gradient clipping and learning-rate schedules, with PyTorch's formulas, defaults and state
 * names. */
#ifndef RECUR_OPTIM_H
#define RECUR_OPTIM_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_optim_kind {
    RECUR_SGD = 0,  /* momentum: Sutskever et al. 2013, PyTorch's form */
    RECUR_ADAM,     /* Kingma and Ba 2015; AMSGrad: Reddi et al. 2018 */
    RECUR_ADAMW,    /* Loshchilov and Hutter 2019 */
    RECUR_RMSPROP,  /* Tieleman and Hinton 2012; centred: Graves 2013 */
    RECUR_ADAGRAD,  /* Duchi et al. 2011 */
    RECUR_ADADELTA, /* Zeiler 2012 */
    RECUR_NADAM     /* Dozat 2016 */
} recur_optim_kind;

/* Begin with recur_optim_defaults(kind), which holds torch.optim's defaults; fields that the kind does not
 * use are ignored. */
typedef struct recur_optim_config {
    recur_optim_kind kind;
    double lr, weight_decay;
    double momentum, dampening; /* SGD; momentum also RMSprop */
    bool nesterov;              /* SGD */
    double beta1, beta2, eps;   /* Adam, AdamW, NAdam; eps also RMSprop, Adagrad, Adadelta */
    bool amsgrad;               /* Adam, AdamW */
    double alpha;               /* RMSprop */
    bool centered;              /* RMSprop */
    double lr_decay;            /* Adagrad */
    double initial_accumulator; /* Adagrad */
    double rho;                 /* Adadelta */
    double momentum_decay;      /* NAdam */
    bool maximize;
} recur_optim_config;
RECUR_API recur_optim_config recur_optim_defaults(recur_optim_kind kind);

typedef struct recur_optim recur_optim;

/* An optimizer of all trained parameters of `ps`, which must outlive it and may not grow afterwards.
 * RECUR_EINVAL, with the option's name and range, for what torch.optim refuses too: a negative lr, betas
 * outside [0, 1), nesterov without momentum. A parameter that is frozen when a step comes is passed over:
 * neither it nor its state changes, and its own count of steps stands still. */
RECUR_API recur_status recur_optim_create(recur_optim **out, recur_params *ps,
                                          const recur_optim_config *config);
RECUR_API void recur_optim_free(recur_optim *o);
/* Other options (of the same kind) for the parameters whose name begins with `prefix`: a parameter group.
 * Before the first step, and before any state is filled in; a later group takes a parameter from an earlier
 * one. RECUR_ENOTFOUND: no name begins with `prefix`. */
RECUR_API recur_status recur_optim_group(recur_optim *o, const char *prefix,
                                         const recur_optim_config *config);
/* One update of every parameter; then all gradients are zero. Allocates nothing. */
RECUR_API recur_status recur_optim_step(recur_optim *o);
RECUR_API double recur_optim_lr(const recur_optim *o);
/* The learning rate of the next steps. Groups keep the ratio that they had to the rate of
 * recur_optim_create(); where that is 0, they keep their own. */
RECUR_API void recur_optim_set_lr(recur_optim *o, double lr);
/* The momentum of the next steps, in all groups: beta1 for the Adam family. RECUR_EINVAL: outside what the
 * option may be, or Adagrad and Adadelta, which have none; RECUR_ESTATE: SGD or RMSprop made with momentum
 * 0, and so without the buffer that it needs. */
RECUR_API recur_status recur_optim_set_momentum(recur_optim *o, double momentum);
RECUR_API uint64_t recur_optim_steps(const recur_optim *o);
RECUR_API void recur_optim_set_steps(recur_optim *o, uint64_t steps);
/* The state, for checkpoints: tensors named parameter + "." + PyTorch's buffer name (momentum_buffer,
 * exp_avg, exp_avg_sq, max_exp_avg_sq, square_avg, grad_avg, sum, acc_delta, step, mu_product), by position;
 * NULL past the end. They belong to `o`. They have the parameter's type and shape, but for step (the updates
 * of this parameter so far) and mu_product: one RECUR_F64 each. Their contents and recur_optim_steps(), put
 * into an optimizer made alike, continue with the same bits. */
RECUR_API recur_tensor *recur_optim_state(recur_optim *o, size_t index);

/* Scales all gradients of `ps` by min(1, max_norm / (norm + 1e-6)), where norm (also put into *norm if not
 * NULL) is the norm over all gradients together, computed in double; norm_type 2, another p >= 1, or
 * INFINITY. As clip_grad_norm_: an infinite gradient becomes NaN and the others 0, a NaN makes all NaN.
 * Frozen parameters do not count. Allocates nothing. */
RECUR_API recur_status recur_clip_grad_norm(recur_params *ps, double max_norm, double norm_type,
                                            double *norm);
/* Clamps every gradient to +-limit; NaN stays. Frozen parameters are passed over. */
RECUR_API recur_status recur_clip_grad_value(recur_params *ps, double limit);

/* --- averages of parameters: torch.optim.swa_utils.AveragedModel --- */
typedef struct recur_average recur_average;

/* A moving average of all parameters of `ps` (Polyak and Juditsky 1992), which must outlive it and may not
 * grow afterwards. After update n (from 1): mean += (w - mean) max(1 - decay, 1 / n), that is the plain mean of
 * the first updates, and later get_ema_multi_avg_fn(decay). Its weights generalise better than the last ones,
 * most of all on small data sets. RECUR_EINVAL: a decay outside [0, 1). */
RECUR_API recur_status recur_average_create(recur_average **out, recur_params *ps, double decay);
RECUR_API void recur_average_free(recur_average *a);
/* Takes in the parameters as they are: after each optimizer step. Allocates nothing. RECUR_ESTATE where the set has
 * grown. */
RECUR_API recur_status recur_average_update(recur_average *a);
/* Exchanges the parameters and their averages: once before the averages are used, and again before training
 * goes on. Buffers stay. */
RECUR_API void recur_average_swap(recur_average *a);
/* What a checkpoint has to keep: the averages under the parameters' names, and "n_averaged". It belongs to `a`. */
RECUR_API recur_params *recur_average_state(recur_average *a);

/* --- schedules: torch.optim.lr_scheduler --- */
typedef enum recur_schedule_kind {
    RECUR_SCHEDULE_CONSTANT = 0,
    RECUR_SCHEDULE_PLATEAU,         /* ReduceLROnPlateau */
    RECUR_SCHEDULE_STEP,            /* StepLR */
    RECUR_SCHEDULE_MULTI_STEP,      /* MultiStepLR */
    RECUR_SCHEDULE_EXPONENTIAL,     /* ExponentialLR */
    RECUR_SCHEDULE_COSINE,          /* CosineAnnealingLR */
    RECUR_SCHEDULE_COSINE_RESTARTS, /* CosineAnnealingWarmRestarts */
    RECUR_SCHEDULE_ONE_CYCLE,       /* OneCycleLR */
    RECUR_SCHEDULE_LINEAR           /* LinearLR: warm-up */
} recur_schedule_kind;

/* Begin with recur_schedule_defaults(kind). Fields that the kind does not use are ignored. */
typedef struct recur_schedule_config {
    recur_schedule_kind kind;
    double gamma;              /* step, multi-step, exponential: factor; default 0.1 */
    int64_t step_size;         /* step */
    const int64_t *milestones; /* multi-step: borrowed during recur_schedule_create() only */
    int n_milestones;
    int64_t T_max;       /* cosine */
    double eta_min;      /* cosine, cosine with restarts */
    int64_t T_0, T_mult; /* cosine with restarts */
    /* plateau */
    bool maximize; /* mode='max' */
    double factor;
    int64_t patience, cooldown;
    double threshold, min_lr, eps;
    bool threshold_abs; /* threshold_mode='abs' */
    /* one-cycle */
    double max_lr, pct_start, div_factor, final_div_factor, base_momentum, max_momentum;
    int64_t total_steps;
    bool linear_anneal, three_phase, cycle_momentum;
    /* linear */
    double start_factor, end_factor;
    int64_t total_iters;
} recur_schedule_config;
RECUR_API recur_schedule_config recur_schedule_defaults(recur_schedule_kind kind);

typedef struct recur_schedule recur_schedule;
/* A schedule at its step 0: recur_schedule_lr() has the first rate already, which for linear and one-cycle is
 * not base_lr. One-cycle takes its rates from max_lr alone and stays at its end after total_steps - 1 steps.
 * It drives nothing by itself: hand its rate to recur_optim_set_lr(). RECUR_EINVAL with the option's name and
 * range; step_size, T_max, T_0, max_lr and total_steps have no default. */
RECUR_API recur_status recur_schedule_create(recur_schedule **out, recur_ctx *cx,
                                             const recur_schedule_config *config, double base_lr);
/* SequentialLR: part i until milestones[i] steps (n - 1 of them, rising, borrowed), each part counting its
 * own steps. */
RECUR_API recur_status recur_schedule_sequence(recur_schedule **out, recur_ctx *cx,
                                               const recur_schedule_config *parts, int n,
                                               const int64_t *milestones, double base_lr);
RECUR_API void recur_schedule_free(recur_schedule *s);
/* One step (of an epoch or a batch, as the caller decides); `metric` is for plateau only. */
RECUR_API void recur_schedule_step(recur_schedule *s, double metric);
RECUR_API double recur_schedule_lr(const recur_schedule *s);
RECUR_API double recur_schedule_momentum(const recur_schedule *s); /* one-cycle; NaN for others */
/* The state as plain numbers, for checkpoints: writes at most n, returns how many there are. Restored into a
 * schedule made alike, it continues with the same bits; RECUR_EINVAL for numbers that are no such state. */
RECUR_API size_t recur_schedule_state(const recur_schedule *s, double *state, size_t n);
RECUR_API recur_status recur_schedule_restore(recur_schedule *s, const double *state, size_t n);

#ifdef __cplusplus
}
#endif

#endif
