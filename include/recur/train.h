// SPDX-License-Identifier: MIT
/*
 * Training: options, the loop, the run folder.
 *
 * Three things, each of use by itself:
 *   options   a table that says what a config struct holds, from which the command line, the help,
 * config.json and the checks are all made; run       a folder that holds a model, what is needed to go on
 * training it, and what came out; trainer   epochs, optimizer, clipping, schedule, early stopping and
 * checkpoints around a loss that you build.
 *
 * Those who only want a trained model of a task need nothing of this but recur_run and recur_event: see
 * task.h.
 */
#ifndef RECUR_TRAIN_H
#define RECUR_TRAIN_H

#include "format.h"
#include "init.h"
#include "layer.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "rnn.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ options
 * A config is a plain struct of the C types below; a table of options describes its fields. Texts are
 * borrowed. */
typedef enum recur_option_kind {
    RECUR_OPTION_FLAG = 0, /* bool:         --name sets it, --no-name clears it */
    RECUR_OPTION_PICK,     /* int:          --name sets it to `low`; several picks share a field */
    RECUR_OPTION_COUNT,    /* int64_t:      a whole number */
    RECUR_OPTION_NUMBER,   /* double:       a number */
    RECUR_OPTION_TIME,     /* double:       seconds; 90, 90s, 30m, 1.5h, 2d */
    RECUR_OPTION_CHOICE,   /* int:          position of the word in `choices` */
    RECUR_OPTION_TEXT      /* const char *: anything; NULL = not given */
} recur_option_kind;

enum {
    RECUR_OPTION_LIVE = 1,   /* may differ when a run is resumed */
    RECUR_OPTION_NO_JSON = 2 /* of the command line alone: not kept in config.json */
};

typedef struct recur_option {
    const char *name; /* "batch-size": --batch-size, and "batch_size" in config.json */
    char letter;      /* -o, or 0 */
    recur_option_kind kind;
    size_t offset;              /* of the field in the struct */
    const char *value;          /* what stands for the value in the help: "N" */
    const char *help;           /* one sentence without a full stop */
    const char *const *choices; /* ends with NULL */
    double low, high;           /* the values that are accepted; low == high: any */
    unsigned flags;
} recur_option;

/* Options under one heading, ended by one without a name. A struct is described by an array of groups that
 * ends with one without a title; the offsets of a group's options count from `offset` in the struct. Groups of
 * one title that follow each other stand under one heading. */
typedef struct recur_option_group {
    const char *title;
    const recur_option *options;
    size_t offset;
} recur_option_group;

/* The option of that name ('-' and '_' are the same), or NULL; *offset (may be NULL): where its field is in
 * the struct. */
RECUR_API const recur_option *recur_option_find(const recur_option_group *groups, const char *name,
                                                size_t *offset);
/* The name in the table that looks most like `name`, or NULL if none does: for "did you mean". */
RECUR_API const char *recur_option_suggest(const recur_option_group *groups, const char *name);
/* The same among words; `words` ends with NULL. */
RECUR_API const char *recur_word_suggest(const char *const *words, const char *name);
/* Reads `text` into the field of the option `name`; NULL for a flag or pick that stands alone.
 * RECUR_ENOTFOUND: no such option; RECUR_EINVAL: a text that says what is accepted. A TEXT field then points
 * at `text`. */
RECUR_API recur_status recur_option_set(recur_ctx *cx, const recur_option_group *groups, void *config,
                                        const char *name, const char *text);
/* The field as text, as recur_option_set() takes it: at most `size` bytes, always ended by a NUL; "" where
 * nothing is set. */
RECUR_API void recur_option_get(const recur_option *option, const void *field, char *text, size_t size);

/* --- a saved configuration: a JSON object {"hidden": 32, ...}, as config.json --- */
typedef struct recur_settings recur_settings;
/* RECUR_ENOTFOUND, RECUR_EIO, or RECUR_EFORMAT with file and line. `name` is for messages. */
RECUR_API recur_status recur_settings_read(recur_settings **out, recur_ctx *cx, const char *path);
RECUR_API recur_status recur_settings_parse(recur_settings **out, recur_ctx *cx, const char *json,
                                            const char *name);
RECUR_API void recur_settings_free(recur_settings *s);
/* The value of a text member such as "task", or NULL. Lives in `s`. */
RECUR_API const char *recur_settings_text(const recur_settings *s, const char *name);
/* Puts every member into the config, except "task" and "recur". RECUR_EFORMAT names a member that no option
 * stands for, or whose value does not fit. The config's texts are borrowed from `s`. */
RECUR_API recur_status recur_settings_apply(const recur_settings *s, const recur_option_group *groups,
                                            void *config);

/* ------------------------------------------------------------------------------------------------ model
 * The recurrent stack that every task has. */
typedef enum recur_pool {
    RECUR_POOL_LAST = 0,
    RECUR_POOL_MEAN = 1,
    RECUR_POOL_MAX = 2,
    RECUR_POOL_ATTENTION = 3 /* a learnt weighted mean: of texts alone, forecasting refuses it */
} recur_pool;

typedef struct recur_model_config {
    int cell; /* recur_cell, in the order rnn, rnn-relu, lstm, gru, gru-original */
    int64_t hidden, layers;
    bool bidirectional;
    double dropout; /* between layers, and before the output layer */
    /* how the stack is kept from learning by heart; rnn.h has formulas and sources */
    double input_dropout;     /* of what the first layer reads */
    double recurrent_dropout; /* inside the cell */
    bool variational;         /* all these masks are locked: one per sequence, the same at every step */
    double zoneout;           /* of h and c */
    double weight_drop;       /* of the recurrent weights */
    bool layer_norm;          /* lstm, gru */
    /* of texts: a task sets what it wants; forecasting refuses them */
    int64_t embedding;        /* numbers that stand for a word or a character; 0: the task's usual ones */
    double embedding_dropout; /* of whole words */
    const char *attention;    /* "none", "additive", "dot", "general", "multihead[:HEADS]"; NULL = "none" */
    int pool;                 /* recur_pool: what of the sequence goes on to the output layer */
    double init_uniform;      /* > 0: all weights and biases uniform on +-A instead of PyTorch's way */
    double forget_bias;       /* LSTM: the forget gates' bias; NaN = as initialised */
    bool orthogonal;          /* orthogonal recurrent weights */
} recur_model_config;
RECUR_API recur_model_config recur_model_defaults(void);

/* ------------------------------------------------------------------------------------------------ training
 * Defaults: recur_train_defaults(). */
typedef enum recur_plan_of_rates {
    RECUR_RATE_NONE = 0,
    RECUR_RATE_PLATEAU,     /* lr * factor after schedule_patience epochs without a better validation loss */
    RECUR_RATE_STEP,        /* lr * factor every schedule_step epochs */
    RECUR_RATE_EXPONENTIAL, /* lr * factor every epoch */
    RECUR_RATE_COSINE,      /* down to schedule_min_lr over all epochs */
    RECUR_RATE_ONECYCLE     /* up to lr and down again over all epochs, batch by batch */
} recur_plan_of_rates;

typedef struct recur_train_config {
    int64_t epochs, batch_size;
    int optimizer;                 /* recur_optim_kind: sgd adam adamw rmsprop adagrad adadelta nadam */
    double lr;                     /* 0 = the optimizer's usual one */
    double momentum, weight_decay; /* momentum: sgd, rmsprop */
    double clip_norm, clip_value;  /* 0 = off */
    int schedule;                  /* recur_plan_of_rates */
    double schedule_factor;        /* 0 = the schedule's usual one */
    int64_t schedule_step, schedule_patience;
    double schedule_min_lr;
    double average;    /* decay of the moving average of the weights that is validated and kept instead of the
                       weights; 0 = none */
    int64_t patience;  /* epochs without a better validation loss before stopping; 0 = off */
    int64_t max_steps; /* optimizer steps in all; 0 = no limit */
    double max_time;   /* seconds of training in all, resumed runs included; 0 = no limit */
    double checkpoint_every; /* seconds between checkpoints; 0 = after every batch */
    int64_t seed;
} recur_train_config;
RECUR_API recur_train_config recur_train_defaults(void);

/* ------------------------------------------------------------------------------------------------ runs */
typedef enum recur_event_kind {
    RECUR_EVENT_NOTE = 0, /* something the user should know: `text` */
    RECUR_EVENT_BATCH,    /* a batch was learnt */
    RECUR_EVENT_EPOCH     /* an epoch was learnt and validated */
} recur_event_kind;

/* What an observer is told. It lives during the call. */
typedef struct recur_event {
    recur_event_kind kind;
    const char *text;
    int64_t epoch, epochs;   /* from 1; how many at most */
    int64_t batch, batches;  /* batches learnt of this epoch; in an epoch */
    int64_t steps;           /* optimizer steps since the beginning */
    double loss, valid_loss; /* mean over this epoch so far; NaN where there is none */
    double lr;
    double units_per_second; /* training time steps that were not padding */
    double seconds;          /* of the run, resumed parts included */
    double seconds_left;     /* at most; NaN while unknown */
    bool best;               /* EPOCH: the best so far */
} recur_event;

/* Called by the thread that trains, between batches. Returning false asks to stop: everything is saved, and
 * the function that trains returns RECUR_ESTOPPED. */
typedef bool recur_observer(void *user, const recur_event *event);

/* Where a run is kept and who is told about it. {0}: nowhere, nobody. */
typedef struct recur_run {
    const char *folder; /* made if it is not there; NULL: nothing is saved */
    bool force;         /* a run that is in the folder already is replaced; without it that is RECUR_ESTATE */
    bool resume;        /* go on from the folder's checkpoint, to the bits of a run never interrupted */
    uint64_t data;      /* a checksum of the training data: a checkpoint of other data is refused */
    recur_params *carried; /* further tensors that a checkpoint keeps, such as a state carried from batch to
                              batch; borrowed while the trainer lives; NULL */
    recur_observer *observe;
    void *user;
    int lock; /* of the library: what recur_run_open() holds; begin with 0 */
} recur_run;

/* The files of a run folder. */
#define RECUR_FILE_MODEL "model.safetensors"           /* best by validation; configuration in its metadata */
#define RECUR_FILE_CHECKPOINT "checkpoint.safetensors" /* everything needed to go on */
#define RECUR_FILE_CONFIG "config.json"                /* the effective configuration */
#define RECUR_FILE_METRICS "metrics.jsonl"             /* a line per epoch */
#define RECUR_FILE_RESULT "result.json"
#define RECUR_FILE_FORECAST "forecast.csv" /* truth, forecast and baseline on the test part */
#define RECUR_FILE_SAMPLES "samples.txt"   /* what a model wrote: texts after each epoch, translations */

/* ------------------------------------------------------------------------------------------------ trainer
 *
 *     recur_trainer_create(&tr, ps, &config, batches, &run, NULL, 0);
 *     while (recur_trainer_next(tr, &turn))
 *         if (turn.validate)
 *             recur_trainer_validate(tr, loss over the validation part, or NAN);
 *         else {
 *             ... the examples of batch turn.batch of epoch turn.epoch ...
 *             loss = ... built on recur_trainer_tape(tr), which was just begun in RECUR_TRAIN mode ...
 *             recur_trainer_step(tr, loss, examples, units);
 *         }
 *     status = recur_trainer_finish(tr, &summary);
 *
 * Errors stick: after one, next() returns false and finish() returns it. The checkpoint is written by next(),
 * between batches: whatever the process dies of, a resumed run continues with the turn that follows the last
 * checkpoint. */
typedef struct recur_trainer recur_trainer;

/* What to do next; both numbers count from 0. */
typedef struct recur_turn {
    int64_t epoch, batch;
    bool validate; /* the epoch is over, or a limit ended the training within it: validate. Otherwise learn */
    bool first;    /* the first batch of an epoch, or of this process: seek to the position */
} recur_turn;

typedef struct recur_summary {
    int64_t epochs, steps; /* learnt; an epoch that was cut short counts as one */
    int64_t best_epoch;    /* from 1; 0: none was finished */
    double best_loss; /* validation loss there (training loss without a validation part), or the criterion */
    double seconds;   /* wall time, resumed parts included */
    double units_per_second;
    bool early; /* stopped because `patience` ran out */
} recur_summary;

/* A trainer of all parameters of `ps`, which must outlive it. `batches`: per epoch. `meta` (borrowed: it must
 * outlive the trainer) goes into the model file. `run` is copied, its folder must have been opened:
 * recur_run_open(). RECUR_EINVAL where `config` is outside the ranges of its options. With run->resume the state is that of the folder's checkpoint, if there is one;
 * RECUR_EFORMAT if it does not fit these parameters, this optimizer or these data. */
RECUR_API recur_status recur_trainer_create(recur_trainer **out, recur_params *ps,
                                            const recur_train_config *config, int64_t batches,
                                            const recur_run *run, const recur_meta *meta, size_t n_meta);
RECUR_API void recur_trainer_free(recur_trainer *t);
/* For training and for validation. Begin it anew for the latter. */
RECUR_API recur_tape *recur_trainer_tape(recur_trainer *t);
RECUR_API bool recur_trainer_next(recur_trainer *t, recur_turn *turn);
/* Backward, clipping, one step of the optimizer. `loss` is a mean over `examples`; `units` are time steps
 * that were not padding. */
RECUR_API recur_status recur_trainer_step(recur_trainer *t, recur_tensor *loss, int64_t examples,
                                          int64_t units);
/* Ends the epoch: keeps a copy of the parameters if `loss` is the best yet, moves the schedule on, writes the
 * line of metrics.jsonl. NaN: there is no validation part, the training loss decides. */
RECUR_API recur_status recur_trainer_validate(recur_trainer *t, double loss);
/* The same where something else than the loss decides which epoch is best, when patience runs out and when a
 * plateau is reached: `criterion`, less is better, such as 1 - F1. */
RECUR_API recur_status recur_trainer_validate_by(recur_trainer *t, double loss, double criterion);
/* Puts the best parameters into `ps`, writes the model file, and tells how the training ended: RECUR_OK,
 * RECUR_ESTOPPED, RECUR_ENUMERIC if the loss was not finite any more, or the first error. `summary` may be
 * NULL. */
RECUR_API recur_status recur_trainer_finish(recur_trainer *t, recur_summary *summary);

/* Checks and makes the folder, and keeps it for this run until recur_run_close() or the end of the process: RECUR_ESTATE
 * if another run has it, or if it holds a run and neither force nor resume is asked for; RECUR_EIO where it cannot be
 * written. With `force` the files of the old run are removed, nothing else is. Does nothing without a folder. */
RECUR_API recur_status recur_run_open(recur_ctx *cx, recur_run *run);
/* Gives the folder back; the run may be opened again. Of a run that is not open: nothing. NULL is fine. */
RECUR_API void recur_run_close(recur_run *run);

#ifdef __cplusplus
}
#endif

#endif
