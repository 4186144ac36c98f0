// SPDX-License-Identifier: MIT
/* Inside of schedules. A kind is a constant structure with its own rule: the rate as a function of the number
 * of steps, or (plateau, sequences) of what it observed. */
#ifndef RCR_OPTIM_SCHEDULE_H
#define RCR_OPTIM_SCHEDULE_H

#include <recur/optim.h>

#include "optim/option.h"

/* Numbers that a rule keeps beside the count of steps. */
enum { RCR_SCHEDULE_MEMORY = 4 };

typedef struct rcr_schedule_rule {
    const char *name;
    recur_schedule_config defaults;
    const rcr_option *options;
    double (*lr)(const recur_schedule *s);
    double (*momentum)(const recur_schedule *s); /* NULL: has none */
    /* Where the rate depends on more than the count of steps: */
    size_t n_memory;
    void (*start)(recur_schedule *s);
    void (*observe)(recur_schedule *s, double metric); /* after t was advanced */
} rcr_schedule_rule;

extern const rcr_schedule_rule rcr_schedule_constant, rcr_schedule_plateau, rcr_schedule_step,
    rcr_schedule_multi_step, rcr_schedule_exponential, rcr_schedule_cosine, rcr_schedule_cosine_restarts,
    rcr_schedule_one_cycle, rcr_schedule_linear, rcr_schedule_sequential;

struct recur_schedule {
    recur_ctx *cx;
    const rcr_schedule_rule *rule;
    recur_schedule_config c; /* without the borrowed milestones */
    int64_t *milestones;     /* [n_milestones], our own copy: multi-step, sequence */
    int n_milestones;
    double base_lr;
    int64_t t;                          /* steps so far */
    double memory[RCR_SCHEDULE_MEMORY]; /* [rule->n_memory] */
    recur_schedule **parts;             /* [n_parts], of a sequence */
    int n_parts;
};

recur_schedule *rcr_schedule_new(recur_ctx *cx, const rcr_schedule_rule *rule, double base_lr);
/* Keeps a copy of n milestones. */
recur_status rcr_schedule_milestones(recur_schedule *s, const int64_t *milestones, int n);

/* How many of the milestones have been reached. */
static inline int rcr_milestones_passed(const recur_schedule *s)
{
    int n = 0;
    for (int i = 0; i < s->n_milestones; i++)
        n += s->milestones[i] <= s->t;
    return n;
}

#endif
