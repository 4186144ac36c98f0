// SPDX-License-Identifier: MIT
/* One schedule after another, each counting its own steps: SequentialLR. */
#include "base/alloc.h"
#include "base/error.h"
#include "optim/schedule.h"

static recur_status check_sequence(recur_ctx *cx, int n, const int64_t *milestones)
{
    if (n < 1 || (n > 1 && !milestones))
        return rcr_fail(
            cx, RECUR_EINVAL,
            "a sequence of schedules has at least 1 part and a milestone between two, got %d parts%s", n,
            milestones ? "" : " and no milestones");
    for (int i = 0; i < n - 1; i++) {
        int64_t least = i ? milestones[i - 1] + 1 : 1;
        if (milestones[i] < least)
            return rcr_fail(cx, RECUR_EINVAL,
                            "sequence of schedules: milestones rise from 1 on; number %d must be at least "
                            "%lld, got %lld",
                            i, (long long)least, (long long)milestones[i]);
    }
    return RECUR_OK;
}

static recur_status make_parts(recur_schedule *s, const recur_schedule_config *parts, int n)
{
    s->parts = rcr_alloc_array(s->cx, (size_t)n, sizeof *s->parts, "schedules");
    if (!s->parts)
        return RECUR_ENOMEM;
    s->n_parts = n;
    recur_status status = RECUR_OK;
    for (int i = 0; i < n && status == RECUR_OK; i++)
        status = recur_schedule_create(&s->parts[i], s->cx, &parts[i], s->base_lr);
    return status;
}

recur_status recur_schedule_sequence(recur_schedule **out, recur_ctx *cx, const recur_schedule_config *parts,
                                     int n, const int64_t *milestones, double base_lr)
{
    *out = NULL;
    recur_status status = check_sequence(cx, n, milestones);
    if (status)
        return status;
    recur_schedule *s = rcr_schedule_new(cx, &rcr_schedule_sequential, base_lr);
    if (!s)
        return RECUR_ENOMEM;
    status = make_parts(s, parts, n);
    if (status == RECUR_OK)
        status = rcr_schedule_milestones(s, milestones, n - 1);
    if (status)
        recur_schedule_free(s);
    else
        *out = s;
    return status;
}

static const recur_schedule *present_part(const recur_schedule *s)
{
    return s->parts[rcr_milestones_passed(s)];
}

/* At a milestone the next part is at its own step 0, where it was made: it is not stepped. */
static void step_part(recur_schedule *s, double metric)
{
    int i = rcr_milestones_passed(s);
    if (i == 0 || s->milestones[i - 1] != s->t)
        recur_schedule_step(s->parts[i], metric);
}

static double part_lr(const recur_schedule *s)
{
    return recur_schedule_lr(present_part(s));
}

static double part_momentum(const recur_schedule *s)
{
    return recur_schedule_momentum(present_part(s));
}

const rcr_schedule_rule rcr_schedule_sequential = {
    .name = "sequence of schedules",
    .lr = part_lr,
    .momentum = part_momentum,
    .observe = step_part,
};
