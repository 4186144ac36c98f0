// SPDX-License-Identifier: MIT
/* Checks that every operation goes through. */
#include "support/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>

#include <cmocka.h>

static void want_ok(const graph *g, recur_status s)
{
    const char *text;
    recur_status last = recur_error(g->cx, &text);
    if (s)
        fail_msg("%s (%s: %s)", recur_status_name(s), recur_status_name(last), text);
}

void graph_open(graph *g, recur_dtype dtype, const recur_options *options)
{
    assert_int_equal(recur_ctx_create(&g->cx, options), RECUR_OK);
    want_ok(g, recur_tape_create(&g->tp, g->cx, 7));
    want_ok(g, recur_params_create(&g->ps, g->cx, dtype, 11));
}

void graph_close(graph *g)
{
    recur_params_free(g->ps);
    recur_tape_free(g->tp);
    recur_ctx_free(g->cx);
}

/* Fixed numbers in -1 .. 1 with few bits, so that they are the same in either type. */
static double number(unsigned salt, int64_t i)
{
    uint64_t z = ((uint64_t)salt + 1) * 0x9e3779b97f4a7c15u + (uint64_t)i * 0xd1342543de82ef95u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z ^= z >> 27;
    return (double)(int64_t)(z >> 44) / (double)(1 << 19) - 1.0;
}

static void fill(recur_tensor *t, double low, double high, unsigned salt)
{
    for (int64_t i = 0; i < recur_count(t); i++) {
        double x = (double)(float)(low + (high - low) * (number(salt, i) + 1.0) / 2.0);
        if (recur_f32(t))
            recur_f32(t)[i] = (float)x;
        else
            recur_f64(t)[i] = x;
    }
}

recur_tensor *graph_param(graph *g, const char *name, dims shape, double low, double high, unsigned salt)
{
    recur_tensor *w = recur_param(g->ps, name, shape.rank, shape.n);
    assert_non_null(w);
    fill(w, low, high, salt);
    return w;
}

recur_tensor *graph_input(recur_tape *tp, recur_dtype dtype, dims shape, double low, double high,
                          unsigned salt)
{
    recur_tensor *x = recur_input(tp, dtype, shape.rank, shape.n, NULL);
    assert_non_null(x);
    fill(x, low, high, salt);
    return x;
}

recur_tensor *graph_f64(recur_tape *tp, dims shape, const double *x)
{
    return recur_input(tp, RECUR_F64, shape.rank, shape.n, x);
}

recur_tensor *graph_i64(recur_tape *tp, dims shape, const int64_t *x)
{
    return recur_input(tp, RECUR_I64, shape.rank, shape.n, x);
}

recur_tensor *graph_weigh(recur_tape *tp, recur_tensor *y)
{
    if (!y)
        return NULL;
    dims shape = {recur_rank(y), {0}};
    for (int i = 0; i < shape.rank; i++)
        shape.n[i] = recur_dim(y, i);
    recur_tensor *r = graph_input(tp, recur_dtype_of(y), shape, -1.0, 1.0, 99);
    return recur_sum(tp, recur_mul(tp, y, r), RECUR_ALL_AXES, false);
}

/* --- the checks of check_gradients() --- */

typedef struct run {
    graph g;
    const gradient_case *c;
    recur_tensor *p[GRAPH_PARAMS];
} run;

static void open_run(run *r, const gradient_case *c, recur_dtype dtype, const recur_options *options)
{
    double low = c->low == c->high ? -1.0 : c->low, high = c->low == c->high ? 1.0 : c->high;
    r->c = c;
    graph_open(&r->g, dtype, options);
    recur_tape_begin(r->g.tp, c->mode == RECUR_TRAIN ? RECUR_TRAIN : RECUR_EVAL);
    for (int i = 0; i < c->n; i++) {
        char name[] = {'p', (char)('0' + i), 0};
        r->p[i] = graph_param(&r->g, name, c->shape[i], low, high, (unsigned)i);
    }
}

static recur_tensor *build(recur_tape *tp, void *user)
{
    run *r = user;
    return graph_weigh(tp, r->c->f(tp, r->p, r->c->options));
}

/* The weighed result; gradients are in the parameters. */
static double forward_backward(run *r)
{
    recur_tape_set_step(r->g.tp, 1);
    recur_tape_begin(r->g.tp, r->c->mode == RECUR_TRAIN ? RECUR_TRAIN : RECUR_EVAL);
    recur_tensor *loss = build(r->g.tp, r);
    want_ok(&r->g, recur_backward(r->g.tp, loss));
    return recur_item(loss, 0);
}

static double gradient(const run *r, int p, int64_t i)
{
    return recur_item(recur_grad(r->p[p]), i);
}

static void check_close(const char *what, const char *name, double got, double want, double tolerance)
{
    double scale = fmax(1.0, fmax(fabs(got), fabs(want)));
    if (!(fabs(got - want) <= tolerance * scale) && !(isnan(got) && isnan(want)))
        fail_msg("%s: %s is %.17g, but should be %.17g", name, what, got, want);
}

static void check_differences(run *r)
{
    double worst = 0.0;
    want_ok(&r->g, recur_gradcheck(r->g.tp, r->g.ps, build, r, 1e-5, &worst));
    if (!(worst < 1e-8))
        fail_msg("%s: a gradient is %g away from finite differences", r->c->name, worst);
}

static void check_adding(run *r)
{
    recur_zero_grad(r->g.ps);
    forward_backward(r);
    double first[GRAPH_PARAMS];
    for (int p = 0; p < r->c->n; p++)
        first[p] = recur_count(r->p[p]) ? gradient(r, p, 0) : 0.0;
    forward_backward(r);
    for (int p = 0; p < r->c->n; p++)
        if (recur_count(r->p[p]))
            check_close("a gradient added twice", r->c->name, gradient(r, p, 0), 2.0 * first[p], 1e-12);
}

static void copy_gradients(const run *r, double *copy[GRAPH_PARAMS])
{
    for (int p = 0; p < r->c->n; p++) {
        copy[p] = calloc((size_t)recur_count(r->p[p]) + 1, sizeof(double));
        for (int64_t i = 0; i < recur_count(r->p[p]); i++)
            copy[p][i] = gradient(r, p, i);
    }
}

/* All gradients but that of `zero` are those of `want`, to the bit where the tolerance is 0. */
static void compare_gradients(const run *r, double *const *want, int zero, double tolerance, const char *what)
{
    for (int p = 0; p < r->c->n; p++)
        for (int64_t i = 0; i < recur_count(r->p[p]); i++)
            check_close(what, r->c->name, gradient(r, p, i), p == zero ? 0.0 : want[p][i], tolerance);
}

static void check_frozen(run *r, double *const *want)
{
    for (int p = 0; r->c->n > 1 && p < r->c->n; p++) {
        recur_param_freeze(r->p[p], true);
        recur_zero_grad(r->g.ps);
        forward_backward(r);
        recur_param_freeze(r->p[p], false);
        compare_gradients(r, want, p, 0.0, "a gradient beside a frozen parameter");
    }
}

/* Threads and instruction sets; those that this machine has not are passed over. The first is the one
 * compared with. */
static const recur_options machines[] = {
    {.threads = 1, .isa = "portable"}, {.threads = 2},
    {.threads = 3, .isa = "avx2"},     {.threads = 7, .isa = "portable"},
    {.threads = 1, .isa = "avx512"},   {.threads = 3, .isa = "neon"},
};

static bool usable(const recur_options *options)
{
    recur_ctx *cx;
    recur_status s = recur_ctx_create(&cx, options);
    if (!s)
        recur_ctx_free(cx);
    return !s;
}

static void check_float(const gradient_case *c, double loss, double *const *want)
{
    double first_loss = 0.0, *first[GRAPH_PARAMS];
    for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
        run r;
        if (!usable(machines + m))
            continue;
        open_run(&r, c, RECUR_F32, machines + m);
        double got = forward_backward(&r);
        if (m == 0) {
            first_loss = got;
            copy_gradients(&r, first);
            check_close("the float32 result", c->name, got, loss, 3e-5);
            compare_gradients(&r, want, -1, 3e-5, "a float32 gradient");
        }
        check_close("the result with other threads or instructions", c->name, got, first_loss, 0.0);
        compare_gradients(&r, first, -1, 0.0, "a gradient with other threads or instructions");
        graph_close(&r.g);
    }
    for (int p = 0; p < c->n; p++)
        free(first[p]);
}

static void check_case(const gradient_case *c)
{
    run r;
    double *want[GRAPH_PARAMS];
    open_run(&r, c, RECUR_F64, &(recur_options){.threads = 1});
    check_differences(&r);
    check_adding(&r);
    recur_zero_grad(r.g.ps);
    double loss = forward_backward(&r);
    copy_gradients(&r, want);
    check_frozen(&r, want);
    check_float(c, loss, want);
    for (int p = 0; p < c->n; p++)
        free(want[p]);
    graph_close(&r.g);
}

void check_gradients(const gradient_case *c, size_t cases)
{
    for (size_t i = 0; i < cases; i++)
        check_case(c + i);
}

/* --- results and errors --- */

void check_shape(const recur_tensor *y, dims shape)
{
    assert_non_null(y);
    assert_int_equal(recur_rank(y), shape.rank);
    for (int i = 0; i < shape.rank; i++)
        assert_int_equal(recur_dim(y, i), shape.n[i]);
}

void check_tensor(const recur_tensor *y, dims shape, const double *want)
{
    check_shape(y, shape);
    for (int64_t i = 0; i < recur_count(y); i++) {
        double got = recur_item(y, i), scale = fmax(1.0, fabs(want[i]));
        bool same = isnan(want[i]) ? isnan(got) : got == want[i] || fabs(got - want[i]) <= 1e-12 * scale;
        if (!same)
            fail_msg("element %lld is %.17g, but should be %.17g", (long long)i, got, want[i]);
    }
}

void check_error(graph *g, const recur_tensor *y, recur_status status, const char *part)
{
    const char *text;
    recur_status s = recur_error(g->cx, &text);
    assert_null(y);
    if (s != status || !strstr(text, part))
        fail_msg("expected %s and \"%s\", got %s: %s", recur_status_name(status), part, recur_status_name(s),
                 text);
    recur_clear(g->cx);
}
