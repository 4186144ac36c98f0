// SPDX-License-Identifier: MIT
/* Prints the checksums of fifty steps of every optimizer, with clipping and a rate that a schedule sets, with
 * the best instruction set of the machine it was compiled for, after holding them against the portable
 * kernels. run.sh compares what it prints on aarch64 with what it prints here. */
#include <stdio.h>
#include <string.h>

#include "optim/variants.h"

enum { N = 77, STEPS = 50 };

/* Part k is a schedule of another kind: together they use all that schedules compute with. */
static recur_status make_schedule(recur_schedule **s, recur_ctx *cx)
{
    static const int64_t milestones[] = {10, 20, 30, 40};
    recur_schedule_config parts[] = {recur_schedule_defaults(RECUR_SCHEDULE_LINEAR),
                                     recur_schedule_defaults(RECUR_SCHEDULE_COSINE),
                                     recur_schedule_defaults(RECUR_SCHEDULE_ONE_CYCLE),
                                     recur_schedule_defaults(RECUR_SCHEDULE_EXPONENTIAL),
                                     recur_schedule_defaults(RECUR_SCHEDULE_COSINE_RESTARTS)};
    parts[1].T_max = 17;
    parts[2].total_steps = 10;
    parts[2].max_lr = 0.3;
    parts[3].gamma = 0.93;
    parts[4].T_0 = 3;
    return recur_schedule_sequence(s, cx, parts, 5, milestones, 0.05);
}

static recur_status one_step(recur_params *ps, recur_optim *o, recur_schedule *schedule, uint64_t k)
{
    double norm;
    fill_random(recur_grad(recur_params_at(ps, 0)), k, 0);
    recur_optim_set_lr(o, recur_schedule_lr(schedule));
    recur_schedule_step(schedule, 0);
    recur_status s = recur_clip_grad_norm(ps, 3, k % 2 ? 2 : 3, &norm);
    return s ? s : recur_optim_step(o);
}

/* FNV-1a over the parameter. */
static uint64_t checksum(recur_tensor *w, recur_dtype dtype)
{
    const unsigned char *p = dtype == RECUR_F32 ? (void *)recur_f32(w) : (void *)recur_f64(w);
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < N * (dtype == RECUR_F32 ? sizeof(float) : sizeof(double)); i++)
        sum = (sum ^ p[i]) * 1099511628211u;
    return sum;
}

static recur_status run(const recur_options *opt, const variant *v, recur_dtype dtype, uint64_t *sum)
{
    recur_ctx *cx = NULL;
    recur_params *ps = NULL;
    recur_optim *o = NULL;
    recur_schedule *schedule = NULL;
    int64_t n = N;
    recur_status s = recur_ctx_create(&cx, opt);
    if (!s)
        s = recur_params_create(&ps, cx, dtype, 1);
    recur_tensor *w = s ? NULL : recur_param(ps, "w", 1, &n);
    if (w) {
        fill_random(w, 7, 0);
        s = recur_optim_create(&o, ps, &v->config);
    }
    if (!s)
        s = make_schedule(&schedule, cx);
    for (uint64_t k = 0; k < STEPS && !s; k++)
        s = one_step(ps, o, schedule, k);
    if (!s)
        *sum = checksum(w, dtype);
    recur_schedule_free(schedule);
    recur_optim_free(o);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

int main(void)
{
    variant v[VARIANTS];
    variants(v);
    for (int i = 0; i < VARIANTS; i++)
        for (int d = RECUR_F32; d <= RECUR_F64; d++) {
            uint64_t best = 0, portable = 0;
            recur_status s = run(&(recur_options){.threads = 1}, &v[i], (recur_dtype)d, &best);
            if (!s)
                s = run(&(recur_options){.threads = 1, .isa = "portable"}, &v[i], (recur_dtype)d, &portable);
            if (s || best != portable) {
                fprintf(stderr, "optimizers: %s, type %d: %s\n", v[i].name, d,
                        s ? recur_status_name(s) : "other bits");
                return 1;
            }
            printf("%s, %d: %016llx\n", v[i].name, d, (unsigned long long)best);
        }
    return 0;
}
