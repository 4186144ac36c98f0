// SPDX-License-Identifier: MIT
/* Gradients against central differences. */
#include <recur/tape.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tape/tensor.h"

typedef struct check {
    recur_tape *tp;
    recur_params *ps;
    recur_graph_fn *f;
    void *user;
    recur_mode mode;
    uint64_t step; /* of every evaluation: the same dropout masks */
} check;

static recur_tensor *begin(const check *k)
{
    recur_tape_set_step(k->tp, k->step - 1);
    recur_tape_begin(k->tp, k->mode);
    return k->f(k->tp, k->user);
}

static recur_status evaluate(const check *k, double *value)
{
    recur_tensor *loss = begin(k);
    if (!loss)
        return recur_error(k->ps->cx, NULL)
                   ? recur_error(k->ps->cx, NULL)
                   : rcr_fail(k->ps->cx, RECUR_EINVAL, "gradcheck: the graph returned NULL");
    *value = recur_item(loss, 0);
    return RECUR_OK;
}

/* |a - n| / max(1, |a|, |n|); a NaN on either side counts as infinite. */
static double deviation(double a, double n)
{
    double d = fabs(a - n) / fmax(1.0, fmax(fabs(a), fabs(n)));
    return isnan(d) ? (double)INFINITY : d;
}

/* (f(x + h) - f(x - h)) / 2h for each element of w, against the gradient that backward left there. */
static recur_status check_param(const check *k, recur_tensor *w, double h, double *worst)
{
    double *x = w->data;
    const double *dx = w->grad->data;
    for (int64_t i = 0; i < w->count; i++) {
        double x0 = x[i], above = 0.0, below = 0.0;
        x[i] = x0 + h;
        recur_status s = evaluate(k, &above);
        x[i] = x0 - h;
        if (!s)
            s = evaluate(k, &below);
        x[i] = x0;
        if (s)
            return s;
        *worst = fmax(*worst, deviation(dx[i], (above - below) / (2.0 * h)));
    }
    return RECUR_OK;
}

recur_status recur_gradcheck(recur_tape *tp, recur_params *ps, recur_graph_fn *f, void *user, double h,
                             double *worst)
{
    *worst = 0.0;
    if (ps->dtype != RECUR_F64)
        return rcr_fail(ps->cx, RECUR_EDTYPE, "gradcheck: the parameters must be float64");
    recur_mode mode = recur_tape_mode(tp) == RECUR_TRAIN ? RECUR_TRAIN : RECUR_EVAL;
    check k = {tp, ps, f, user, mode, recur_tape_step(tp) + 1};
    recur_zero_grad(ps);
    recur_tensor *loss = begin(&k);
    recur_status s = recur_backward(tp, loss);
    for (size_t i = 0; !s && i < ps->size; i++)
        if (ps->tensors[i]->trainable && !ps->tensors[i]->frozen)
            s = check_param(&k, ps->tensors[i], h > 0.0 ? h : 1e-5, worst);
    return s;
}
