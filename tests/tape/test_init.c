// SPDX-License-Identifier: MIT
/* Initialisers: distributions, fans, orthogonality, streams of their own, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/graph.h"

enum { ROWS = 60, COLUMNS = 100, REST = 5, COUNT = ROWS * COLUMNS * REST };

static const dims shape = DIMS(ROWS, COLUMNS, REST);

/* Mean, deviation and the greatest distance from 0. */
typedef struct moments {
    double mean, deviation, reach;
} moments;

static moments moments_of(const recur_tensor *w)
{
    moments m = {0};
    for (int64_t i = 0; i < recur_count(w); i++) {
        m.mean += recur_item(w, i) / COUNT;
        m.deviation += recur_item(w, i) * recur_item(w, i) / COUNT;
        m.reach = fmax(m.reach, fabs(recur_item(w, i)));
    }
    m.deviation = sqrt(m.deviation - m.mean * m.mean);
    return m;
}

static void check_moments(const recur_tensor *w, double mean, double deviation, double reach)
{
    moments m = moments_of(w);
    assert_true(fabs(m.mean - mean) < 5.0 * deviation / sqrt(COUNT));
    assert_true(fabs(m.deviation / deviation - 1.0) < 0.02);
    assert_true(reach > 0.0 ? m.reach <= reach && m.reach > 0.99 * reach : m.reach > 3.5 * deviation);
}

static void test_distributions(void **state)
{
    (void)state;
    for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++) {
        graph g;
        graph_open(&g, t, NULL);
        recur_tensor *w = graph_param(&g, "w", shape, 0, 0, 0);
        double in = COLUMNS * REST, out = ROWS * REST, r3 = sqrt(3.0);
        assert_int_equal(recur_init_uniform(g.ps, w, -1.0, 1.0), RECUR_OK);
        check_moments(w, 0.0, 1.0 / r3, 1.0);
        assert_int_equal(recur_init_uniform(g.ps, w, 2.0, 4.0), RECUR_OK);
        check_moments(w, 3.0, 1.0 / r3, 4.0);
        assert_int_equal(recur_init_normal(g.ps, w, 0.0, 2.0), RECUR_OK);
        check_moments(w, 0.0, 2.0, 0.0);
        assert_int_equal(recur_init_xavier_uniform(g.ps, w, 3.0), RECUR_OK);
        check_moments(w, 0.0, 3.0 * sqrt(2.0 / (in + out)), 3.0 * sqrt(6.0 / (in + out)));
        assert_int_equal(recur_init_xavier_normal(g.ps, w, 3.0), RECUR_OK);
        check_moments(w, 0.0, 3.0 * sqrt(2.0 / (in + out)), 0.0);
        assert_int_equal(recur_init_kaiming_uniform(g.ps, w, 2.0, RECUR_FAN_IN), RECUR_OK);
        check_moments(w, 0.0, 2.0 / sqrt(in), 2.0 * sqrt(3.0 / in));
        assert_int_equal(recur_init_kaiming_normal(g.ps, w, 2.0, RECUR_FAN_OUT), RECUR_OK);
        check_moments(w, 0.0, 2.0 / sqrt(out), 0.0);
        assert_int_equal(recur_init_constant(g.ps, w, 0.25), RECUR_OK);
        assert_true(recur_item(w, 0) == 0.25 && recur_item(w, COUNT - 1) == 0.25);
        graph_close(&g);
    }
}

/* Rows (or columns, where there are fewer) are orthonormal times the gain. */
static void check_orthogonal(const recur_tensor *w, int64_t rows, int64_t columns, double gain,
                             double tolerance)
{
    bool by_rows = rows <= columns;
    int64_t m = by_rows ? rows : columns, n = by_rows ? columns : rows;
    for (int64_t a = 0; a < m; a++)
        for (int64_t b = 0; b <= a; b++) {
            double dot = 0.0;
            for (int64_t i = 0; i < n; i++)
                dot += recur_item(w, by_rows ? a * columns + i : i * columns + a) *
                       recur_item(w, by_rows ? b * columns + i : i * columns + b);
            assert_true(fabs(dot - (a == b ? gain * gain : 0.0)) < tolerance);
        }
}

static void test_orthogonal(void **state)
{
    static const dims shapes[] = {DIMS(7, 7), DIMS(5, 30), DIMS(30, 5), DIMS(4, 2, 3),
                                  DIMS(1, 1), DIMS(0, 3),  DIMS(3, 0)};
    (void)state;
    for (recur_dtype t = RECUR_F32; t <= RECUR_F64; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            graph g;
            graph_open(&g, t, NULL);
            recur_tensor *w = graph_param(&g, "w", shapes[i], 0, 0, 0);
            assert_int_equal(recur_init_orthogonal(g.ps, w, 1.5), RECUR_OK);
            int64_t rows = shapes[i].n[0], columns = rows ? recur_count(w) / rows : 0;
            check_orthogonal(w, rows, columns, 1.5, t == RECUR_F32 ? 1e-6 : 1e-14);
            graph_close(&g);
        }
}

static void test_eye(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F64, NULL);
    recur_tensor *w = graph_param(&g, "w", (dims)DIMS(3, 3), 5, 6, 0);
    assert_int_equal(recur_init_eye(g.ps, w, 0.5), RECUR_OK);
    check_tensor(w, (dims)DIMS(3, 3), (double[]){0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5});
    graph_close(&g);
}

/* A parameter's numbers follow from the seed and its position, in either type and on every instruction set.
 */
static void test_streams(void **state)
{
    static const char *const isas[] = {NULL, "portable", "avx2", "avx512", "neon"};
    (void)state;
    double first[2] = {0};
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        recur_ctx *cx;
        recur_params *ps;
        if (recur_ctx_create(&cx, &(recur_options){.isa = isas[i]}))
            continue;
        assert_int_equal(recur_params_create(&ps, cx, i % 2 ? RECUR_F32 : RECUR_F64, 5), RECUR_OK);
        recur_tensor *a = recur_param(ps, "a", 1, (int64_t[]){37}),
                     *b = recur_param(ps, "b", 2, (int64_t[]){7, 9});
        recur_init_normal(ps, b, 0.0, 1.0);
        recur_init_normal(ps, a, 0.0, 1.0);
        const double got[2] = {recur_item(a, 36), recur_item(b, 36)};
        recur_init_orthogonal(ps, b, 1.0);
        for (int j = 0; j < 2; j++) {
            first[j] = i == 0 ? got[j] : first[j];
            assert_true(got[j] == (i % 2 ? (double)(float)first[j] : first[j]));
        }
        assert_true(got[0] != got[1]);
        recur_params_free(ps);
        recur_ctx_free(cx);
    }
}

static void check_refusal(const graph *g, recur_status got, recur_status want, const char *part)
{
    const char *text;
    recur_error(g->cx, &text);
    assert_int_equal(got, want);
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void test_refusals(void **state)
{
    (void)state;
    graph g, other;
    graph_open(&g, RECUR_F64, NULL);
    graph_open(&other, RECUR_F64, NULL);
    recur_tensor *w = graph_param(&g, "w", (dims)DIMS(2, 3), 0, 0, 0),
                 *b = graph_param(&g, "b", (dims)DIMS(3), 0, 0, 0);
    recur_tensor *n = recur_buffer(g.ps, "n", RECUR_I64, 0, NULL);
    check_refusal(&g, recur_init_uniform(g.ps, NULL, 0, 1), RECUR_EINVAL, "the parameter is NULL");
    check_refusal(&g, recur_init_constant(g.ps, n, 0), RECUR_EDTYPE, "n is int64");
    check_refusal(&other, recur_init_constant(other.ps, w, 0), RECUR_EINVAL, "not a parameter of this set");
    check_refusal(&g, recur_init_uniform(g.ps, w, 1, 0), RECUR_EINVAL, "w");
    check_refusal(&g, recur_init_uniform(g.ps, w, NAN, 0), RECUR_EINVAL, "w must be finite");
    check_refusal(&g, recur_init_normal(g.ps, w, 0, -1), RECUR_EINVAL, "the deviation for w is negative");
    check_refusal(&g, recur_init_normal(g.ps, w, INFINITY, 1), RECUR_EINVAL, "w must be finite");
    check_refusal(&g, recur_init_xavier_uniform(g.ps, b, 1), RECUR_ESHAPE, "b has 1 axes");
    check_refusal(&g, recur_init_kaiming_normal(g.ps, b, 1, RECUR_FAN_IN), RECUR_ESHAPE, "b has 1 axes");
    check_refusal(&g, recur_init_xavier_normal(g.ps, w, -1), RECUR_EINVAL, "the gain for w is negative");
    check_refusal(&g, recur_init_kaiming_uniform(g.ps, w, 1, (recur_fan)2), RECUR_EINVAL, "fan");
    check_refusal(&g, recur_init_orthogonal(g.ps, b, 1), RECUR_ESHAPE, "b has 1 axes");
    check_refusal(&g, recur_init_orthogonal(g.ps, w, NAN), RECUR_EINVAL, "w must be finite");
    check_refusal(&g, recur_init_eye(g.ps, w, 1), RECUR_ESHAPE, "w must be a square matrix");
    graph_close(&other);
    graph_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions), cmocka_unit_test(test_orthogonal), cmocka_unit_test(test_eye),
        cmocka_unit_test(test_streams),       cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
