// SPDX-License-Identifier: MIT
/* Inside of the trainer. */
#ifndef RCR_TRAIN_TRAINER_H
#define RCR_TRAIN_TRAINER_H

#include <recur/train.h>

#include "train/history.h"

/* Where the training stands between two batches: whole numbers that a checkpoint keeps. */
typedef struct rcr_position {
    int64_t epoch, batch;    /* the next to learn; both from 0 */
    int64_t steps;           /* optimizer steps */
    int64_t best_epoch;      /* from 1; 0: none */
    int64_t examples, units; /* of this epoch so far; of all epochs */
    int64_t epochs, batches; /* that the schedule was made for */
    int64_t checksum;        /* of the training data */
} rcr_position;
enum { RCR_POSITION = sizeof(rcr_position) / sizeof(int64_t) };

/* The same for real numbers. */
typedef struct rcr_sums {
    double loss; /* of this epoch so far, times examples */
    double best_loss;
    double learn_seconds; /* within steps */
    double seconds;       /* of the run, until the checkpoint */
} rcr_sums;
enum { RCR_SUMS = sizeof(rcr_sums) / sizeof(double) };

struct recur_trainer {
    recur_ctx *cx;
    recur_params *ps;
    recur_train_config config;
    recur_run run; /* folder borrowed */
    const recur_meta *meta;
    size_t n_meta;
    recur_tape *tape;
    recur_optim *optim;
    recur_schedule *schedule; /* NULL: constant */
    recur_average *average;   /* NULL: none */
    void *best;               /* values of all tensors of `ps` at the best epoch, one behind the other */
    size_t best_bytes;
    rcr_position at;
    rcr_sums sums;
    rcr_history history;
    recur_status status; /* sticks */
    bool began;          /* a turn was handed out in this process */
    bool pending;        /* the epoch's last batch is learnt, but not validated */
    bool stop;           /* the observer asked for it */
    bool cut;            /* a limit ended the training within an epoch */
    bool averaged;       /* the parameters are exchanged for their averages */
    bool ended;          /* no more batches; the last checkpoint is written */
    bool early;          /* patience ran out */
    bool unsaved_model;  /* the best parameters are newer than the model file */
    int64_t first_batch; /* batches learnt before this process */
    double began_at, turn_at, saved_at, seconds_before; /* clock; seconds of earlier processes */
};

/* Seconds of a clock that only goes forward. */
double rcr_now(void);

/* Bytes of a tensor's elements, wherever they are. */
size_t rcr_tensor_bytes(const recur_tensor *x);

/* Copies all values of `ps` into (or out of) t->best. */
void rcr_best_keep(recur_trainer *t);
void rcr_best_restore(recur_trainer *t);

/* checkpoint.c: everything needed to go on; the file of the best parameters. Without a folder nothing
 * happens. */
recur_status rcr_checkpoint_save(recur_trainer *t);
recur_status rcr_checkpoint_load(recur_trainer *t);
recur_status rcr_model_save(recur_trainer *t);

/* schedule.c */
recur_status rcr_schedule_make(recur_schedule **out, recur_ctx *cx, const recur_train_config *c, double lr,
                               int64_t batches);
void rcr_schedule_batch(recur_trainer *t);
void rcr_schedule_epoch(recur_trainer *t, double metric);
/* Puts the usual numbers where a config leaves them open: lr, schedule_factor. */
void rcr_train_settle(recur_train_config *c);
/* The optimizer that a settled config describes. */
recur_optim_config rcr_optim_of(const recur_train_config *c);

#endif
