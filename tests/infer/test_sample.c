// SPDX-License-Identifier: MIT
/* Sampling: the filters against the reference cases and their definitions, the frequencies of what is drawn,
 * the same tokens everywhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/decode.h>

#include "support/json.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A sampler in its own memory and context. */
typedef struct sampling {
    recur_ctx *cx;
    recur_sampler *s;
    void *memory;
} sampling;

static sampling make_with(const recur_options *options, recur_dtype dtype, int64_t V, recur_sampling o)
{
    sampling m = {NULL, NULL, NULL};
    size_t size = recur_sampler_size(V);
    assert_int_equal(recur_ctx_create(&m.cx, options), RECUR_OK);
    m.memory = aligned_alloc(64, size);
    assert_non_null(m.memory);
    assert_int_equal(recur_sampler_init(&m.s, m.memory, size, m.cx, dtype, V, &o), RECUR_OK);
    return m;
}

static sampling make(recur_dtype dtype, int64_t V, recur_sampling o)
{
    return make_with(&(recur_options){.threads = 1}, dtype, V, o);
}

static void drop(sampling *m)
{
    free(m->memory);
    recur_ctx_free(m->cx);
}

/* --- the reference cases --- */

static void check_case(const json_t *c)
{
    int64_t V, n, n_p, id[64];
    double p[64], *logits = json_doubles(json_member(c, "logits"), &V);
    const json_t *expect = json_member(c, "expect");
    int64_t *kept = json_wholes(json_member(expect, "kept"), &n);
    double *wanted = json_doubles(json_member(expect, "probabilities"), &n_p);
    sampling m = make(RECUR_F64, V,
                      (recur_sampling){.temperature = json_number(c, "temperature"),
                                       .top_k = json_whole(c, "top_k"),
                                       .top_p = json_number(c, "top_p"),
                                       .min_p = json_number(c, "min_p")});
    assert_int_equal(recur_sampler_kept(m.s, logits, NULL, 0, id, p), n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(id[i], kept[i]);
        assert_true(fabs(p[i] - wanted[kept[i]]) <= 1e-9);
    }
    drop(&m);
    free(logits);
    free(kept);
    free(wanted);
}

static void filters_agree_with_the_reference(void **state)
{
    (void)state;
    json_t *root = json_reference("decode/sampling_filters.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 128);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
    json_decref(root);
}

/* --- the filters against their definitions, on larger vocabularies --- */

enum { V_LARGE = 3000 };

/* Logits of all shapes: coarse ones have many ties. */
static void random_logits(double *x, int64_t V, uint64_t seed)
{
    for (int64_t i = 0; i < V; i++) {
        double u = recur_random_uniform(seed, 0, (uint64_t)i), spread = (double)(1 + seed % 9);
        x[i] = seed % 3 ? -spread * log(1 - u) : floor(spread * u);
        if (seed % 5 == 0 && i % 7 == 0)
            x[i] = -INFINITY;
    }
}

static const double *sorting; /* what by_rank() sorts by */

static int by_rank(const void *a, const void *b)
{
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    if (sorting[i] != sorting[j])
        return sorting[i] > sorting[j] ? -1 : 1;
    return i < j ? -1 : i > j;
}

/* The ids by decreasing logit, equal ones by id; returns how many can be drawn. */
static int64_t ranking(const double *x, int64_t V, int64_t *order)
{
    int64_t n = 0;
    for (int64_t i = 0; i < V; i++)
        if (x[i] > -INFINITY)
            order[n++] = i;
    sorting = x;
    qsort(order, (size_t)n, sizeof *order, by_rank);
    return n;
}

static double mass(const double *x, const int64_t *order, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[order[i]] - x[order[0]]);
    return sum;
}

/* The kept ids are order[0 .. n), in ascending order. */
static void check_kept(const int64_t *id, int64_t n, const int64_t *order)
{
    static bool in[V_LARGE];
    memset(in, 0, sizeof in);
    for (int64_t i = 0; i < n; i++) {
        in[order[i]] = true;
        assert_true(i == 0 || id[i - 1] < id[i]);
    }
    for (int64_t i = 0; i < n; i++)
        assert_true(in[id[i]]);
}

static void top_k_keeps_the_k_first(void **state)
{
    (void)state;
    static double x[V_LARGE], p[V_LARGE];
    static int64_t id[V_LARGE], order[V_LARGE];
    for (uint64_t seed = 0; seed < 30; seed++) {
        int64_t V = seed < 10 ? 5 : V_LARGE, k = 1 + (int64_t)(seed * seed) % V;
        random_logits(x, V, seed);
        int64_t left = ranking(x, V, order);
        sampling m = make(RECUR_F64, V, (recur_sampling){.temperature = 1, .top_k = k});
        int64_t n = recur_sampler_kept(m.s, x, NULL, 0, id, p);
        assert_int_equal(n, k < left ? k : left);
        check_kept(id, n, order);
        drop(&m);
    }
}

static void top_p_keeps_the_shortest_beginning(void **state)
{
    (void)state;
    static double x[V_LARGE], p[V_LARGE];
    static int64_t id[V_LARGE], order[V_LARGE];
    for (uint64_t seed = 0; seed < 30; seed++) {
        int64_t V = seed < 10 ? 5 : V_LARGE;
        double top_p = 0.03 + 0.9 * recur_random_uniform(seed, 1, 0), sum = 0;
        random_logits(x, V, seed);
        double all = mass(x, order, ranking(x, V, order));
        sampling m = make(RECUR_F64, V, (recur_sampling){.temperature = 1, .top_p = top_p});
        int64_t n = recur_sampler_kept(m.s, x, NULL, 0, id, p);
        assert_true(n >= 1);
        check_kept(id, n, order);
        assert_true(mass(x, order, n) >= (top_p - 1e-12) * all);
        if (n > 1)
            assert_true(mass(x, order, n - 1) < (top_p + 1e-12) * all);
        for (int64_t i = 0; i < n; i++)
            sum += p[i];
        assert_true(fabs(sum - 1) < 1e-12);
        drop(&m);
    }
}

/* --- penalty, greedy, edges --- */

static void repetition_lowers_what_was_there(void **state)
{
    (void)state;
    const float x[4] = {2, -1, 1, 0};
    int64_t id[4];
    double p[4];
    const double wanted[4] = {2 / 1.5, -1 * 1.5, 1, 0};
    sampling m = make(RECUR_F32, 4, (recur_sampling){.temperature = 1, .repetition = 1.5});
    for (int round = 0; round < 2; round++) { /* marks of the first round do not stay */
        assert_int_equal(recur_sampler_kept(m.s, x, (int64_t[]){0, 1, 0, 0, 1, -3, 4}, 7, id, p), 4);
        double sum = 0;
        for (int i = 0; i < 4; i++)
            sum += exp(wanted[i]);
        for (int i = 0; i < 4; i++)
            assert_true(fabs(p[i] - exp(wanted[i]) / sum) < 1e-12);
    }
    drop(&m);
    m = make(RECUR_F32, 4, (recur_sampling){.repetition = 3});
    assert_int_equal(recur_sampler_draw(m.s, 0, 0, x, NULL, 0), 0);
    assert_int_equal(recur_sampler_draw(m.s, 0, 1, x, (int64_t[]){0}, 1), 2);
    drop(&m);
}

static void zero_options_are_greedy(void **state)
{
    (void)state;
    sampling m = make(RECUR_F64, 5, (recur_sampling){0});
    assert_int_equal(recur_sampler_draw(m.s, 0, 0, (double[]){1, 3, 2, 3, NAN}, NULL, 0), 1);
    assert_int_equal(recur_sampler_draw(m.s, 0, 0, (double[]){NAN, -INFINITY, -1e300, -1, -2}, NULL, 0), 3);
    drop(&m);
}

static void infinite_logits_have_their_meaning(void **state)
{
    (void)state;
    static const recur_sampling options[] = {{.temperature = 1},
                                             {.temperature = 0},
                                             {.temperature = 0.5, .top_k = 3},
                                             {.temperature = 2, .top_p = 0.99},
                                             {.temperature = 1, .min_p = 0.5}};
    const double none[4] = {NAN, -INFINITY, NAN, -INFINITY}, two[4] = {1, INFINITY, NAN, INFINITY};
    const double even[4] = {NAN, 3, -INFINITY, 3};
    for (size_t o = 0; o < COUNT(options); o++) {
        int64_t id[4], n = options[o].temperature == 0 ? 1 : 2;
        double p[4];
        sampling m = make(RECUR_F64, 4, options[o]);
        assert_int_equal(recur_sampler_draw(m.s, 0, 0, none, NULL, 0), -1);
        assert_int_equal(recur_sampler_kept(m.s, none, NULL, 0, id, p), 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(recur_sampler_kept(m.s, i ? even : two, NULL, 0, id, p), n);
            assert_int_equal(id[0], 1);
            assert_int_equal(id[n - 1], n == 1 ? 1 : 3);
            assert_true(p[0] == 1.0 / (double)n);
        }
        drop(&m);
    }
}

/* What is as probable as the largest stays, whichever filter came before. */
static void min_p_keeps_equals(void **state)
{
    (void)state;
    const double x[5] = {1, 0, 1, 1, -2};
    const recur_sampling options[] = {{.temperature = 1, .min_p = 1},
                                      {.temperature = 1, .top_k = 4, .min_p = 1},
                                      {.temperature = 1, .top_p = 0.99, .min_p = 1}};
    for (size_t o = 0; o < COUNT(options); o++) {
        int64_t id[5];
        double p[5];
        sampling m = make(RECUR_F64, 5, options[o]);
        assert_int_equal(recur_sampler_kept(m.s, x, NULL, 0, id, p), 3);
        assert_true(id[0] == 0 && id[1] == 2 && id[2] == 3);
        drop(&m);
    }
}

/* --- drawing --- */

/* Pearson's statistic of n draws against p [V]. */
static double chi_square(const int64_t *drawn, const double *p, int64_t V, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < V; i++) {
        double expected = p[i] * (double)n, d = (double)drawn[i] - expected;
        if (expected > 0)
            sum += d * d / expected;
        else
            assert_int_equal(drawn[i], 0);
    }
    return sum;
}

static void tokens_come_as_often_as_they_should(void **state)
{
    (void)state;
    enum { V = 8, N = 40000 };
    const double x[V] = {0.3, -1, 2, 1.5, 1.5, -3, 0, 1};
    const recur_sampling options[] = {{.temperature = 1},
                                      {.temperature = 0.7, .top_k = 5},
                                      {.temperature = 1.5, .top_p = 0.9},
                                      {.temperature = 1, .min_p = 0.2, .seed = 5}};
    for (size_t o = 0; o < COUNT(options); o++) {
        int64_t id[V], drawn[V] = {0};
        double kept[V], p[V] = {0};
        sampling m = make(RECUR_F64, V, options[o]);
        int64_t n = recur_sampler_kept(m.s, x, NULL, 0, id, kept);
        for (int64_t i = 0; i < n; i++)
            p[id[i]] = kept[i];
        for (uint64_t i = 0; i < N; i++)
            drawn[recur_sampler_draw(m.s, i % 4, i / 4, x, NULL, 0)]++;
        assert_true(chi_square(drawn, p, V, N) < 24.3); /* 0.1 % of 7 degrees of freedom */
        drop(&m);
    }
}

static void choices_come_as_often_as_they_should(void **state)
{
    (void)state;
    enum { V = 5, N = 20000 };
    const double weight[V] = {2, 0, 5, -1, 1}, p[V] = {0.25, 0, 0.625, 0, 0.125};
    int64_t drawn[V] = {0};
    for (uint64_t i = 0; i < N; i++)
        drawn[recur_random_choice(weight, V, recur_random_uniform(3, 1, i))]++;
    assert_true(chi_square(drawn, p, V, N) < 13.9); /* 0.1 % of 2 degrees of freedom */
    assert_int_equal(recur_random_choice(weight, V, 0), 0);
    assert_int_equal(recur_random_choice(weight, V, 1 - 0x1p-53), 4);
    assert_int_equal(recur_random_choice((double[]){0, NAN, -1}, 3, 0.5), -1);
    assert_int_equal(recur_random_choice(NULL, 0, 0.5), -1);
}

/* Tokens drawn from logits of a large vocabulary with all filters, in float. */
static void draw_all(const char *isa, int64_t *token, int n)
{
    static float x[V_LARGE];
    static double wide[V_LARGE];
    sampling m = make_with(
        &(recur_options){.threads = 1, .isa = isa}, RECUR_F32, V_LARGE,
        (recur_sampling){
            .temperature = 0.8, .top_k = 2000, .top_p = 0.95, .min_p = 1e-4, .repetition = 1.2, .seed = 11});
    random_logits(wide, V_LARGE, 4);
    for (int64_t i = 0; i < V_LARGE; i++)
        x[i] = (float)wide[i];
    for (int i = 0; i < n; i++)
        token[i] = recur_sampler_draw(m.s, (uint64_t)i, 7, x, token, i);
    drop(&m);
}

static void every_instruction_set_draws_the_same(void **state)
{
    (void)state;
    static const char *const isas[] = {"avx2", "avx512", "neon"};
    int64_t portable[50], token[50];
    draw_all("portable", portable, 50);
    for (size_t i = 0; i < COUNT(isas); i++) {
        recur_ctx *cx;
        if (recur_ctx_create(&cx, &(recur_options){.threads = 1, .isa = isas[i]}) != RECUR_OK)
            continue;
        recur_ctx_free(cx);
        draw_all(isas[i], token, 50);
        assert_memory_equal(token, portable, sizeof token);
    }
}

static void a_draw_depends_on_its_place_alone(void **state)
{
    (void)state;
    const double x[6] = {0, 0.5, 1, 0, -1, 2}, other[6] = {9, 8, 7, 6, 5, 4};
    int64_t first[20];
    sampling m = make(RECUR_F64, 6, (recur_sampling){.temperature = 1.3, .top_p = 0.95, .seed = 1});
    for (uint64_t i = 0; i < 20; i++)
        first[i] = recur_sampler_draw(m.s, i % 3, i, x, NULL, 0);
    for (uint64_t i = 20; i-- > 0;) {
        recur_sampler_draw(m.s, i, i, other, (int64_t[]){1, 2}, 2);
        assert_int_equal(recur_sampler_draw(m.s, i % 3, i, x, NULL, 0), first[i]);
    }
    drop(&m);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    const struct {
        recur_sampling o;
        const char *words;
    } bad[] = {{{.temperature = -1}, "temperature must be 0 or more and finite, not -1"},
               {{.temperature = NAN}, "temperature"},
               {{.top_k = -2}, "top_k must be 0 or more, not -2"},
               {{.top_p = 1.5}, "top_p must be in 0 .. 1, not 1.5"},
               {{.min_p = NAN}, "min_p"},
               {{.repetition = -0.5}, "repetition"}};
    recur_ctx *cx;
    recur_sampler *s;
    const char *text;
    size_t size = recur_sampler_size(9);
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    assert_int_equal(recur_ctx_create(&cx, NULL), RECUR_OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(recur_sampler_init(&s, memory, size, cx, RECUR_F32, 9, &bad[i].o), RECUR_EINVAL);
        assert_null(s);
        recur_error(cx, &text);
        assert_non_null(strstr(text, bad[i].words));
    }
    const recur_sampling good = {0};
    assert_int_equal(recur_sampler_init(&s, memory, size - 1, cx, RECUR_F32, 9, &good), RECUR_EINVAL);
    assert_int_equal(recur_sampler_init(&s, (char *)memory + 8, size, cx, RECUR_F32, 9, &good), RECUR_EINVAL);
    assert_int_equal(recur_sampler_init(&s, memory, size, cx, RECUR_I64, 9, &good), RECUR_EDTYPE);
    assert_int_equal(recur_sampler_size(0), 0);
    assert_int_equal(recur_sampler_size(INT64_MAX), 0);
    free(memory);
    recur_ctx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_agree_with_the_reference),
        cmocka_unit_test(top_k_keeps_the_k_first),
        cmocka_unit_test(top_p_keeps_the_shortest_beginning),
        cmocka_unit_test(repetition_lowers_what_was_there),
        cmocka_unit_test(zero_options_are_greedy),
        cmocka_unit_test(infinite_logits_have_their_meaning),
        cmocka_unit_test(min_p_keeps_equals),
        cmocka_unit_test(tokens_come_as_often_as_they_should),
        cmocka_unit_test(choices_come_as_often_as_they_should),
        cmocka_unit_test(every_instruction_set_draws_the_same),
        cmocka_unit_test(a_draw_depends_on_its_place_alone),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
