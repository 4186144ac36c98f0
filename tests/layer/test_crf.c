// SPDX-License-Identifier: MIT
/* The conditional random field: gradients; enumeration of all paths, with and without rules, of mild and of
 * extreme scores; padding; bits; rules from tag names; refusals; failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "layer/crf_paths.h"
#include "support/fail_alloc.h"
#include "support/graph.h"

/* --- gradients. Parameters: emissions, transitions, start, end; options: batch_first, the outputs that count
 * (1 log likelihood, 2 log Z, 4 log Z alone), B, T, lengths or not. Tags in the padding are nonsense. --- */

enum { MAX_TAGS = 128 };

static void some_tags(int64_t *tag, int64_t K, const recur_crf *l, int64_t B, int64_t T,
                      const int64_t *length)
{
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = 0; t < T; t++)
            tag[l->batch_first ? b * T + t : t * B + b] = t < length[b] ? (5 * b + 3 * t * t) % K : -7;
}

static recur_tensor *likelihood(recur_tape *tp, recur_tensor *const *p, const int64_t *o)
{
    recur_crf l = {
        .transitions = p[1], .start_transitions = p[2], .end_transitions = p[3], .batch_first = o[0] != 0};
    int64_t B = o[2], T = o[3], length[16], tag[MAX_TAGS];
    for (int64_t b = 0; b < B; b++)
        length[b] = o[4] ? (b * 5 + 3) % (T + 1) : T;
    some_tags(tag, recur_dim(p[0], 2), &l, B, T, length);
    recur_tensor *lengths = o[4] ? graph_i64(tp, (dims){1, {B}}, length) : NULL;
    recur_tensor *tags = graph_i64(tp, (dims){2, {recur_dim(p[0], 0), recur_dim(p[0], 1)}}, tag);
    recur_tensor *both = recur_crf_log_likelihood(tp, &l, p[0], tags, lengths), *y = NULL;
    if (o[1] & 1)
        y = both;
    if (o[1] & 2)
        y = y ? recur_add(tp, y, recur_affine(tp, recur_output(both, 1), -0.7, 0.0)) : recur_output(both, 1);
    return o[1] & 4 ? recur_crf_log_partition(tp, &l, p[0], lengths) : y;
}

#define FIELD(name, n0, n1, tags, ...)                                                                      \
    {                                                                                                       \
        name, likelihood, {DIMS(n0, n1, tags), DIMS(tags, tags), DIMS(tags), DIMS(tags)}, 4, {__VA_ARGS__}, \
            -2.0, 2.0, RECUR_EVAL                                                                           \
    }

static void test_gradients(void **state)
{
    (void)state;
    const gradient_case cases[] = {
        FIELD("small", 3, 5, 4, 1, 1, 3, 5, 1),       FIELD("time first", 5, 3, 4, 0, 3, 3, 5, 1),
        FIELD("log Z", 3, 5, 4, 1, 2, 3, 5, 0),       FIELD("alone", 3, 5, 4, 1, 4, 3, 5, 1),
        FIELD("one tag", 3, 5, 1, 1, 3, 3, 5, 1),     FIELD("one step", 3, 1, 5, 1, 3, 3, 1, 1),
        FIELD("no sequence", 0, 5, 4, 1, 3, 0, 5, 1), FIELD("no step", 3, 0, 4, 1, 3, 3, 0, 1),
        FIELD("wide", 3, 4, 37, 1, 1, 3, 4, 1),       FIELD("many", 8, 13, 19, 0, 1, 13, 8, 1),
    };
    check_gradients(cases, sizeof cases / sizeof *cases);
}

/* --- against enumeration --- */

static recur_crf random_layer(graph *g, int64_t K, double scale, unsigned salt)
{
    return (recur_crf){.transitions = graph_param(g, "A", (dims){2, {K, K}}, -scale, scale, salt),
                       .start_transitions = graph_param(g, "s", (dims){1, {K}}, -scale, scale, salt + 1),
                       .end_transitions = graph_param(g, "e", (dims){1, {K}}, -scale, scale, salt + 2),
                       .batch_first = true};
}

/* A layer of K tags with numbers between -scale and scale, and emissions [2, T, K]. */
typedef struct field {
    graph g;
    recur_crf l;
    recur_tensor *e;
    recur_crf_rules *rules;
} field;

static void open_field(field *f, int64_t K, int64_t T, double scale, unsigned salt)
{
    graph_open(&f->g, RECUR_F64, NULL);
    f->l = random_layer(&f->g, K, scale, salt);
    f->e = graph_param(&f->g, "x", (dims){3, {2, T, K}}, -scale, scale, salt + 3);
    f->rules = NULL;
}

static void close_field(field *f)
{
    recur_crf_rules_free(f->rules);
    graph_close(&f->g);
}

static void forbid(field *f, int64_t from, int64_t to)
{
    if (!f->rules)
        assert_int_equal(recur_crf_rules_create(&f->rules, f->g.cx, recur_dim(f->e, 2)), RECUR_OK);
    assert_int_equal(recur_crf_forbid(f->rules, from, to), RECUR_OK);
    f->l.rules = f->rules;
    f->l.rules_in_likelihood = true;
}

/* Sequence b by enumeration. */
static found enumerate(const field *f, int64_t b)
{
    int64_t T = recur_dim(f->e, 1), K = recur_dim(f->e, 2);
    paths p = {K,
               T,
               recur_f64(f->e) + b * T * K,
               recur_f64(f->l.transitions),
               recur_f64(f->l.start_transitions),
               recur_f64(f->l.end_transitions),
               f->rules};
    return find_all(&p);
}

static void check_near(const char *what, double got, double want, double scale)
{
    if (got != want && !(fabs(got - want) <= 1e-12 * fmax(1.0, scale)))
        fail_msg("%s is %.17g, but should be %.17g", what, got, want);
}

static void check_answers(const field *f, const found *all, recur_tensor *path, recur_tensor *p)
{
    int64_t T = recur_dim(f->e, 1), K = recur_dim(f->e, 2);
    for (int64_t b = 0; b < 2; b++) {
        check_near("the best score", recur_item(recur_output(path, 1), b), all[b].best, fabs(all[b].best));
        for (int64_t t = 0; t < T; t++)
            assert_int_equal(recur_i64(path)[b * T + t], all[b].best == -INFINITY ? -1 : all[b].path[t]);
        for (int64_t i = 0; i < T * K; i++)
            check_near("a marginal", recur_item(p, b * T * K + i),
                       all[b].best == -INFINITY ? 0.0 : all[b].p[i], fabs(all[b].log_z));
    }
}

/* Gradients of log Z_0 + 2 log Z_1: probabilities of tags and pairs. */
static void check_expectations(const field *f, const found *all)
{
    int64_t T = recur_dim(f->e, 1), K = recur_dim(f->e, 2);
    double scale = fmax(fabs(all[0].log_z), fabs(all[1].log_z));
    for (int64_t i = 0; i < K * K; i++)
        check_near("a transition's gradient", recur_item(recur_grad(f->l.transitions), i),
                   all[0].pairs[i] + 2.0 * all[1].pairs[i], scale);
    for (int64_t k = 0; k < K; k++) {
        check_near("a start's gradient", recur_item(recur_grad(f->l.start_transitions), k),
                   all[0].p[k] + 2.0 * all[1].p[k], scale);
        check_near("an end's gradient", recur_item(recur_grad(f->l.end_transitions), k),
                   all[0].p[(T - 1) * K + k] + 2.0 * all[1].p[(T - 1) * K + k], scale);
    }
    for (int64_t i = 0; i < T * K; i++)
        check_near("an emission's gradient", recur_item(recur_grad(f->e), T * K + i), 2.0 * all[1].p[i],
                   scale);
}

static void check_field(field *f)
{
    found all[2] = {enumerate(f, 0), enumerate(f, 1)};
    recur_tape *tp = f->g.tp;
    recur_tensor *z = recur_crf_log_partition(tp, &f->l, f->e, NULL);
    for (int64_t b = 0; b < 2; b++)
        check_near("log Z", recur_item(z, b), all[b].log_z, fabs(all[b].log_z));
    check_answers(f, all, recur_crf_viterbi(tp, &f->l, f->e, NULL),
                  recur_crf_marginals(tp, &f->l, f->e, NULL));
    recur_tensor *weights = graph_f64(tp, (dims)DIMS(2), (double[]){1, 2});
    recur_tensor *loss = recur_sum(tp, recur_mul(tp, z, weights), 0, false);
    assert_int_equal(recur_backward(tp, loss), RECUR_OK);
    check_expectations(f, all);
}

/* Scores of 1000 make sums that underflow in products; they go the way of logarithms. */
static void test_enumeration(void **state)
{
    static const double scales[] = {1.0, 30.0, 1000.0, 1e4};
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int64_t K = 1; K <= PATH_K; K++)
            for (int64_t T = 1; T <= PATH_T; T += K > 2 ? 2 : 1)
                for (unsigned salt = 0; salt < 50; salt += 10) {
                    field f;
                    open_field(&f, K, T, scales[i], salt);
                    check_field(&f);
                    close_field(&f);
                }
}

static void test_rules(void **state)
{
    static const double scales[] = {1.0, 1000.0};
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int64_t T = 1; T <= PATH_T; T++)
            for (unsigned salt = 0; salt < 50; salt += 10) {
                field f;
                open_field(&f, 4, T, scales[i], salt);
                forbid(&f, 0, 1);
                forbid(&f, 2, 2);
                forbid(&f, 3, 0);
                forbid(&f, RECUR_CRF_START, 1);
                forbid(&f, 2, RECUR_CRF_END);
                check_field(&f);
                close_field(&f);
            }
}

/* Soft rules, as transitions of -10000, are numbers like others. */
static void test_soft_rules(void **state)
{
    (void)state;
    field f;
    open_field(&f, 4, 5, 2.0, 3);
    for (int k = 0; k < 4; k++)
        recur_f64(f.l.transitions)[4 * k] = recur_f64(f.l.transitions)[12 + k] = -10000.0;
    check_field(&f);
    close_field(&f);
}

/* What no path can satisfy: log Z and the best score are -infinity, the tags -1, everything else 0. */
static void test_no_path(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        field f;
        open_field(&f, 3, 4, 1.0, 1);
        for (int64_t i = 0; i < 3; i++)
            for (int64_t j = 0; j < 3; j++)
                forbid(&f, way == 0 ? RECUR_CRF_START : i, way == 1 ? RECUR_CRF_END : j);
        recur_tensor *z = recur_crf_log_partition(f.g.tp, &f.l, f.e, NULL);
        found none[2] = {{.best = -INFINITY}, {.best = -INFINITY}};
        check_answers(&f, none, recur_crf_viterbi(f.g.tp, &f.l, f.e, NULL),
                      recur_crf_marginals(f.g.tp, &f.l, f.e, NULL));
        check_tensor(z, (dims)DIMS(2), (double[]){-INFINITY, -INFINITY});
        assert_int_equal(recur_backward(f.g.tp, recur_sum(f.g.tp, z, 0, false)), RECUR_OK);
        check_tensor(recur_grad(f.l.transitions), (dims)DIMS(3, 3), (double[9]){0});
        check_tensor(recur_grad(f.l.start_transitions), (dims)DIMS(3), (double[3]){0});
        check_tensor(recur_grad(f.e), (dims)DIMS(2, 4, 3), (double[24]){0});
        close_field(&f);
    }
}

/* A sequence without a path beside one with paths adds nothing, whatever the step before has left in memory. */
static void test_no_path_beside(void **state)
{
    (void)state;
    field f;
    open_field(&f, 3, 4, 1.0, 1);
    found all = {0};
    for (int pass = 0; pass < 2; pass++) {
        recur_zero_grad(f.g.ps);
        recur_tape_begin(f.g.tp, RECUR_TRAIN);
        recur_tensor *lengths = graph_i64(f.g.tp, (dims)DIMS(2), (int64_t[]){pass ? 4 : 3, pass ? 1 : 4});
        recur_tensor *e = pass ? f.e : recur_affine(f.g.tp, f.e, NAN, 0.0);
        recur_tensor *z = recur_crf_log_partition(f.g.tp, &f.l, e, lengths);
        assert_int_equal(recur_backward(f.g.tp, recur_sum(f.g.tp, z, 0, false)), RECUR_OK);
        forbid(&f, RECUR_CRF_START, 1);
        forbid(&f, RECUR_CRF_START, 2);
        forbid(&f, 0, RECUR_CRF_END);
        all = enumerate(&f, 0);
    }
    for (int i = 0; i < 9; i++)
        check_near("a transition's gradient", recur_item(recur_grad(f.l.transitions), i), all.pairs[i], 1.0);
    for (int k = 0; k < 3; k++)
        check_near("a start's gradient", recur_item(recur_grad(f.l.start_transitions), k), all.p[k], 1.0);
    close_field(&f);
}

/* The likelihood sums over forbidden paths as well unless it is asked to keep to the rules. */
static void test_rules_in_decoding_alone(void **state)
{
    (void)state;
    field f;
    open_field(&f, 3, 4, 1.0, 1);
    double free = recur_item(recur_crf_log_partition(f.g.tp, &f.l, f.e, NULL), 0);
    forbid(&f, 1, 1);
    f.l.rules_in_likelihood = false;
    assert_true(recur_item(recur_crf_log_partition(f.g.tp, &f.l, f.e, NULL), 0) == free);
    f.l.rules_in_likelihood = true;
    assert_true(recur_item(recur_crf_log_partition(f.g.tp, &f.l, f.e, NULL), 0) < free);
    close_field(&f);
}

static void test_ties(void **state)
{
    (void)state;
    field f;
    open_field(&f, 3, 4, 0.0, 1);
    recur_tensor *path = recur_crf_viterbi(f.g.tp, &f.l, f.e, NULL);
    for (int i = 0; i < 8; i++)
        assert_int_equal(recur_i64(path)[i], 0);
    /* 2 0 and 0 1 score the same: the choice is made at the last step, then back. */
    recur_f64(f.l.transitions)[6] = recur_f64(f.l.transitions)[1] = 1.0;
    check_field(&f);
    close_field(&f);
}

/* --- padding, other sequences, threads, instructions --- */

enum { B = 7, T = 9, K = 21 };
static const int64_t lengths7[B] = {9, 0, 4, 1, 9, 5, 7};

typedef struct answers {
    float likelihood[2 * B], score[B], p[B * T * K], de[B * T * K], dA[K * K], dstart[K], dend[K];
    int64_t path[B * T];
} answers;

static void copy(float *to, recur_tensor *from)
{
    memcpy(to, recur_f32(from), (size_t)recur_count(from) * sizeof *to);
}

/* The padding holds `padding`, in emissions and tags. */
static void fill_padding(float *e, int64_t *tag, float padding)
{
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = 0; t < T; t++) {
            tag[b * T + t] = t < lengths7[b] ? (b + t * t) % K : (int64_t)(padding == 0.0f);
            for (int64_t k = 0; k < K && t >= lengths7[b]; k++)
                e[(b * T + t) * K + k] = padding;
        }
}

static void answer(answers *a, const recur_options *options, float padding)
{
    graph g;
    int64_t tag[B * T];
    graph_open(&g, RECUR_F32, options);
    recur_crf l = random_layer(&g, K, 40.0, 1);
    recur_tensor *e = graph_param(&g, "x", (dims)DIMS(B, T, K), -60.0, 60.0, 4);
    fill_padding(recur_f32(e), tag, padding);
    recur_tensor *lengths = graph_i64(g.tp, (dims)DIMS(B), lengths7),
                 *tags = graph_i64(g.tp, (dims)DIMS(B, T), tag);
    recur_tensor *y = recur_crf_log_likelihood(g.tp, &l, e, tags, lengths),
                 *path = recur_crf_viterbi(g.tp, &l, e, lengths);
    copy(a->likelihood, y);
    copy(a->likelihood + B, recur_output(y, 1));
    copy(a->score, recur_output(path, 1));
    memcpy(a->path, recur_i64(path), sizeof a->path);
    copy(a->p, recur_crf_marginals(g.tp, &l, e, lengths));
    assert_int_equal(recur_backward(g.tp, recur_mean(g.tp, y, 0, false)), RECUR_OK);
    copy(a->de, recur_grad(e));
    copy(a->dA, recur_grad(l.transitions));
    copy(a->dstart, recur_grad(l.start_transitions));
    copy(a->dend, recur_grad(l.end_transitions));
    graph_close(&g);
}

static void test_bits(void **state)
{
    static const recur_options machines[] = {{.threads = 7, .isa = "portable"},
                                             {.threads = 3},
                                             {.threads = 2, .isa = "avx2"},
                                             {.threads = 1, .isa = "avx512"},
                                             {.threads = 1, .isa = "neon"}};
    static answers first, other;
    (void)state;
    answer(&first, &(recur_options){.threads = 1, .isa = "portable"}, 0.0f);
    for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
        recur_ctx *cx;
        if (recur_ctx_create(&cx, machines + m) != RECUR_OK)
            continue;
        recur_ctx_free(cx);
        answer(&other, machines + m, m % 2 ? NAN : 1e30f);
        assert_memory_equal(&first, &other, sizeof first);
    }
    assert_true(first.likelihood[1] == 0.0f && first.likelihood[B + 1] == 0.0f && first.score[1] == 0.0f);
    for (int64_t b = 0; b < B; b++)
        for (int64_t t = 0; t < T; t++)
            assert_true((first.path[b * T + t] == -1) == (t >= lengths7[b]));
}

/* A sequence alone gives the bits that it has in a batch. */
static void test_alone(void **state)
{
    (void)state;
    graph g;
    graph_open(&g, RECUR_F32, &(recur_options){.threads = 2});
    recur_crf l = random_layer(&g, K, 4.0, 1);
    recur_tensor *e = graph_param(&g, "x", (dims)DIMS(B, T, K), -6.0, 6.0, 4);
    recur_tensor *lengths = graph_i64(g.tp, (dims)DIMS(B), lengths7);
    recur_tensor *z = recur_crf_log_partition(g.tp, &l, e, lengths),
                 *p = recur_crf_marginals(g.tp, &l, e, lengths);
    for (int64_t b = 0; b < B; b++) {
        recur_tensor *one = recur_slice(g.tp, e, 0, b, b + 1, 1),
                     *n = recur_slice(g.tp, lengths, 0, b, b + 1, 1);
        assert_true(recur_item(recur_crf_log_partition(g.tp, &l, one, n), 0) == recur_item(z, b));
        assert_memory_equal(recur_f32(recur_crf_marginals(g.tp, &l, one, n)), recur_f32(p) + b * T * K,
                            T * K * sizeof(float));
    }
    graph_close(&g);
}

/* float32 keeps its digits over long sequences: probabilities agree with those of float64. */
static void test_long(void **state)
{
    enum { STEPS = 2000, TAGS = 5 };
    static double want[STEPS * TAGS];
    (void)state;
    for (int type = RECUR_F64; type >= RECUR_F32; type--) {
        graph g;
        graph_open(&g, (recur_dtype)type, NULL);
        recur_crf l = random_layer(&g, TAGS, 2.0, 1);
        l.batch_first = false;
        recur_tensor *e = graph_param(&g, "x", (dims)DIMS(STEPS, 1, TAGS), -3.0, 3.0, 4);
        recur_tensor *p = recur_crf_marginals(g.tp, &l, e, NULL);
        for (int i = 0; i < STEPS * TAGS; i++)
            if (type == RECUR_F64)
                want[i] = recur_item(p, i);
            else
                assert_true(fabs(recur_item(p, i) - want[i]) < 1e-6);
        graph_close(&g);
    }
}

/* --- rules from tag names --- */

static const char *const bio[] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};
static const char *const iobes[] = {"S-PER", "O",     "B-PER", "E-PER", "I-PER",
                                    "B-LOC", "E-LOC", "S-LOC", "I-LOC"};

/* Paths of random scores keep to the scheme, and without the rules some do not. */
static void check_scheme(recur_scheme s, const char *const *names, int64_t n)
{
    int64_t broken = 0;
    for (unsigned salt = 0; salt < 40; salt++) {
        field f;
        open_field(&f, n, 1 + salt % 9, 3.0, salt);
        recur_tensor *any = recur_crf_viterbi(f.g.tp, &f.l, f.e, NULL);
        assert_int_equal(recur_crf_rules_create(&f.rules, f.g.cx, n), RECUR_OK);
        recur_crf_forbid_scheme(f.rules, s, names);
        f.l.rules = f.rules;
        recur_tensor *path = recur_crf_viterbi(f.g.tp, &f.l, f.e, NULL);
        int64_t steps = recur_dim(f.e, 1);
        for (int64_t b = 0; b < 2; b++) {
            assert_int_equal(recur_scheme_break(s, names, recur_i64(path) + b * steps, steps), -1);
            broken += recur_scheme_break(s, names, recur_i64(any) + b * steps, steps) >= 0;
        }
        close_field(&f);
    }
    assert_true(broken > 10);
}

static void test_schemes(void **state)
{
    (void)state;
    check_scheme(RECUR_SCHEME_IOB1, bio, 5);
    check_scheme(RECUR_SCHEME_IOB2, bio, 5);
    check_scheme(RECUR_SCHEME_IOBES, iobes, 9);
}

/* --- refusals --- */

static void test_refusals(void **state)
{
    (void)state;
    field f;
    open_field(&f, 3, 4, 1.0, 1);
    recur_tape *tp = f.g.tp;
    recur_crf l = f.l;
    recur_tensor *tags = graph_i64(tp, (dims)DIMS(2, 4), (int64_t[]){0, 1, 2, 0, 1, 1, 3, -1}),
                 *five = graph_i64(tp, (dims)DIMS(2, 5), NULL),
                 *lengths = graph_i64(tp, (dims)DIMS(2), (int64_t[]){2, 5}),
                 *three = graph_i64(tp, (dims)DIMS(3), NULL), *flat = graph_f64(tp, (dims)DIMS(2, 3), NULL),
                 *wide = graph_f64(tp, (dims)DIMS(2, 4, 5), NULL),
                 *empty = graph_f64(tp, (dims)DIMS(2, 4, 0), NULL);
    check_error(&f.g, recur_crf_log_likelihood(tp, &l, f.e, tags, NULL), RECUR_EINVAL,
                "crf_log_likelihood: tag 3 of sequence 1 at step 2 is outside 0 .. 2");
    check_error(&f.g, recur_crf_log_likelihood(tp, &l, f.e, five, NULL), RECUR_ESHAPE,
                "crf_log_likelihood: the tags must have shape [2, 4], but has [2, 5]");
    check_error(&f.g, recur_crf_log_likelihood(tp, &l, f.e, f.e, NULL), RECUR_EDTYPE,
                "crf_log_likelihood: the tags must be int64, not float64");
    check_error(&f.g, recur_crf_log_likelihood(tp, &l, f.e, NULL, NULL), RECUR_EINVAL,
                "crf_log_likelihood: the tags is NULL");
    check_error(&f.g, recur_crf_log_partition(tp, &l, f.e, lengths), RECUR_EINVAL,
                "crf_log_partition: length 5 of sequence 1 is outside 0 .. 4");
    check_error(&f.g, recur_crf_viterbi(tp, &l, f.e, three), RECUR_ESHAPE,
                "crf_viterbi: lengths must have shape [2], but has [3]");
    check_error(&f.g, recur_crf_marginals(tp, &l, flat, NULL), RECUR_ESHAPE,
                "crf_marginals: the emissions must have 3 axes, but its shape is [2, 3]");
    check_error(&f.g, recur_crf_viterbi(tp, &l, wide, NULL), RECUR_ESHAPE,
                "crf_viterbi: transitions must have shape [5, 5], but has [3, 3]");
    check_error(&f.g, recur_crf_viterbi(tp, &l, empty, NULL), RECUR_ESHAPE,
                "crf_viterbi: the emissions must have 1 .. 16384 tags, not 0");
    check_error(&f.g, recur_crf_viterbi(tp, &l, NULL, NULL), RECUR_EINVAL,
                "crf_viterbi: the emissions is NULL");
    l.end_transitions = NULL;
    check_error(&f.g, recur_crf_viterbi(tp, &l, f.e, NULL), RECUR_EINVAL,
                "crf_viterbi: end_transitions is NULL");
    assert_int_equal(recur_crf_create(&l, f.g.ps, "c", 0, true), RECUR_EINVAL);
    close_field(&f);
}

static void test_rule_refusals(void **state)
{
    (void)state;
    field f;
    open_field(&f, 3, 4, 1.0, 1);
    recur_tape *tp = f.g.tp;
    recur_tensor *tags = graph_i64(tp, (dims)DIMS(2, 4), (int64_t[]){0, 0, 0, 0, 1, 2, 0, 1});
    forbid(&f, 2, 0);
    check_error(&f.g, recur_crf_log_likelihood(tp, &f.l, f.e, tags, NULL), RECUR_EINVAL,
                "crf_log_likelihood: the rules forbid tag 0 after tag 2 (sequence 1, step 2)");
    forbid(&f, 0, RECUR_CRF_END);
    check_error(&f.g, recur_crf_log_likelihood(tp, &f.l, f.e, tags, NULL), RECUR_EINVAL,
                "crf_log_likelihood: the rules forbid that sequence 0 ends with tag 0");
    forbid(&f, RECUR_CRF_START, 0);
    check_error(&f.g, recur_crf_log_likelihood(tp, &f.l, f.e, tags, NULL), RECUR_EINVAL,
                "crf_log_likelihood: the rules forbid that sequence 0 begins with tag 0");
    assert_int_equal(recur_crf_forbid(f.rules, RECUR_CRF_START, RECUR_CRF_END), RECUR_EINVAL);
    assert_int_equal(recur_crf_forbid(f.rules, 0, 3), RECUR_EINVAL);
    assert_int_equal(recur_crf_forbid(f.rules, RECUR_CRF_END, 0), RECUR_EINVAL);
    assert_false(recur_crf_allows(f.rules, 2, 0));
    assert_false(recur_crf_allows(f.rules, 0, 3));
    assert_true(recur_crf_allows(f.rules, 1, RECUR_CRF_END));
    recur_crf_rules *other;
    assert_int_equal(recur_crf_rules_create(&other, f.g.cx, 4), RECUR_OK);
    f.l.rules = other;
    check_error(&f.g, recur_crf_viterbi(tp, &f.l, f.e, NULL), RECUR_ESHAPE,
                "crf_viterbi: the rules are for 4 tags, but the emissions have 3");
    recur_crf_rules_free(other);
    assert_int_equal(recur_crf_rules_create(&other, f.g.cx, 0), RECUR_EINVAL);
    assert_null(other);
    recur_crf_rules_free(NULL);
    close_field(&f);
}

/* --- memory --- */

static recur_status step(recur_tape *tp, const recur_crf *l, recur_mode mode)
{
    recur_tape_begin(tp, mode);
    recur_tensor *e = recur_input(tp, RECUR_F32, 3, (int64_t[]){2, 4, 3}, NULL),
                 *tags = graph_i64(tp, (dims)DIMS(2, 4), (int64_t[8]){0, 2, 2, 1, 0, 0, 2});
    recur_tensor *y = recur_crf_log_likelihood(tp, l, recur_track(e), tags, NULL);
    if (!recur_crf_marginals(tp, l, e, NULL) || !recur_crf_viterbi(tp, l, e, NULL))
        return recur_error(recur_tape_ctx(tp), NULL);
    return mode == RECUR_INFER ? RECUR_OK : recur_backward(tp, recur_sum(tp, y, 0, false));
}

static recur_status work(const recur_allocator *allocator, void *argument)
{
    (void)argument;
    recur_crf l;
    recur_ctx *cx = NULL;
    recur_tape *tp = NULL;
    recur_params *ps = NULL;
    recur_crf_rules *rules = NULL;
    recur_status s = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (!s)
        s = recur_params_create(&ps, cx, RECUR_F32, 1);
    if (!s)
        s = recur_tape_create(&tp, cx, 1);
    if (!s)
        s = recur_crf_create(&l, ps, "crf", 3, true);
    if (!s)
        s = recur_crf_rules_create(&rules, cx, 3);
    if (!s)
        s = recur_crf_forbid(rules, 0, 1);
    l.rules = rules;
    for (int mode = RECUR_INFER; !s && mode <= RECUR_TRAIN; mode++)
        s = step(tp, &l, (recur_mode)mode);
    recur_crf_rules_free(rules);
    recur_tape_free(tp);
    recur_params_free(ps);
    recur_ctx_free(cx);
    return s;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(work, NULL) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_soft_rules),
        cmocka_unit_test(test_no_path),
        cmocka_unit_test(test_no_path_beside),
        cmocka_unit_test(test_rules_in_decoding_alone),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_rule_refusals),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
