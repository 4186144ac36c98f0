// SPDX-License-Identifier: MIT
/* Beam search: the reference cases, exhaustive search, greedy decoding, one sentence or many, a language model
 * over a plan. */
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
#include <recur/tape.h>

#include "support/fail_alloc.h"
#include "support/json.h"

enum { ROWS = 4096 };

/* A model whose next token depends on the last one, and on the sentence: log p of `first` [S, V] at the start,
 * then of `next` [V, V]. It checks what the search asks. */
typedef struct chain {
    int64_t V, S, width;
    const double *first, *next;
    double *scores; /* [ROWS, V] */
    int64_t last[ROWS], sentence[ROWS], n;
    int64_t calls, fail_at; /* this call fails, counted from 1; 0: none */
} chain;

static recur_status chain_step(void *user, const recur_beam_rows *rows, const void **scores)
{
    chain *c = user;
    int64_t sentence[ROWS];
    if (++c->calls == c->fail_at)
        return RECUR_EIO;
    assert_int_equal(rows->t, c->calls - 1);
    assert_true(rows->n >= 1 && rows->n <= (rows->t ? c->S * c->width : c->S));
    for (int64_t i = 0; i < rows->n; i++) {
        const double *from;
        if (rows->t == 0) {
            assert_true(rows->from[i] == i && rows->sentence[i] == i && rows->token[i] == 100 + i);
            from = c->first + i * c->V;
        } else {
            assert_true(rows->from[i] >= 0 && rows->from[i] < c->n);
            assert_int_equal(c->sentence[rows->from[i]], rows->sentence[i]);
            assert_true(i == 0 || rows->sentence[i - 1] <= rows->sentence[i]);
            from = c->next + rows->token[i] * c->V;
        }
        memcpy(c->scores + i * c->V, from, (size_t)c->V * sizeof(double));
        sentence[i] = rows->sentence[i];
    }
    memcpy(c->sentence, sentence, sizeof sentence);
    c->n = rows->n;
    *scores = c->scores;
    return RECUR_OK;
}

static recur_status search_with(recur_beams **out, recur_ctx *cx, chain *c, const recur_beam_options *o)
{
    int64_t start[64];
    recur_beam_model model = {.step = chain_step, .user = c, .V = c->V, .dtype = RECUR_F64};
    for (int64_t s = 0; s < 64; s++)
        start[s] = 100 + s;
    c->calls = 0;
    c->width = o->width;
    c->scores = malloc((size_t)(ROWS * c->V) * sizeof(double));
    assert_non_null(c->scores);
    assert_true(o->width * c->S <= ROWS);
    recur_status status = recur_beam_search(out, cx, &model, c->S, start, o);
    free(c->scores);
    return status;
}

static recur_beams *search(recur_ctx *cx, chain *c, recur_beam_options o)
{
    recur_beams *b;
    const char *text;
    recur_status status = search_with(&b, cx, c, &o);
    recur_error(cx, &text);
    if (status != RECUR_OK)
        fail_msg("%s: %s", recur_status_name(status), text);
    return b;
}

/* Log-probabilities of a random model. */
static void random_model(double *log_p, int64_t rows, int64_t V, uint64_t seed)
{
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0;
        for (int64_t v = 0; v < V; v++)
            sum += log_p[r * V + v] = recur_random_uniform(seed, (uint64_t)r, (uint64_t)v);
        for (int64_t v = 0; v < V; v++)
            log_p[r * V + v] = log(log_p[r * V + v] / sum);
    }
}

static bool same(const recur_hypothesis *a, const recur_hypothesis *b)
{
    return a->length == b->length && a->finished == b->finished && a->log_p == b->log_p &&
           a->score == b->score && memcmp(a->token, b->token, (size_t)a->length * sizeof *a->token) == 0;
}

/* --- the reference cases --- */

static double *flatten(const json_t *rows, int64_t V)
{
    double *all = malloc((size_t)(V * V) * sizeof *all);
    for (int64_t i = 0; i < V; i++) {
        int64_t n;
        double *row = json_doubles(json_array_get(rows, (size_t)i), &n);
        assert_int_equal(n, V);
        memcpy(all + i * V, row, (size_t)V * sizeof *row);
        free(row);
    }
    return all;
}

static void check_hypothesis(const recur_hypothesis *h, const json_t *expect)
{
    int64_t n;
    int64_t *sequence = json_wholes(json_member(expect, "sequence"), &n);
    assert_int_equal(h->length, n);
    assert_memory_equal(h->token, sequence, (size_t)n * sizeof *sequence);
    json_near(h->log_p, expect, "log_prob", 1e-12);
    json_near(h->score, expect, "score", 1e-12);
    assert_true(h->finished);
    free(sequence);
}

static recur_beam_options options_of(const json_t *model, const json_t *c, int64_t width, int64_t n_best)
{
    return (recur_beam_options){.width = width,
                                .n_best = n_best,
                                .eos = json_whole(model, "eos"),
                                .max_length = json_whole(model, "max_length"),
                                .norm = json_is(c, "norm", "gnmt") ? RECUR_NORM_GNMT : RECUR_NORM_LENGTH,
                                .alpha = json_number(c, "alpha")};
}

/* Every case, then the three best of all sequences by a beam that holds them all. */
static void check_model(recur_ctx *cx, const json_t *model)
{
    int64_t V = json_whole(model, "vocabulary"), n;
    double *first = json_doubles(json_member(model, "start_log_probs"), &n);
    double *next = flatten(json_member(model, "transition_log_probs"), V);
    chain c = {.V = V, .S = 1, .first = first, .next = next};
    const json_t *cases = json_member(model, "cases"), *tops = json_member(model, "exhaustive_top3");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        recur_beams *b = search(cx, &c, options_of(model, one, json_whole(one, "width"), 0));
        assert_int_equal(b->offset[1], 1);
        check_hypothesis(&b->best[0], one);
        recur_beams_free(b);
    }
    for (size_t i = 0; i < json_array_size(tops); i++) {
        const json_t *one = json_array_get(tops, i), *top = json_member(one, "top");
        recur_beams *b = search(cx, &c, options_of(model, one, ROWS, 3));
        assert_int_equal(b->offset[1], 3);
        for (size_t j = 0; j < 3; j++)
            check_hypothesis(&b->best[j], json_array_get(top, j));
        recur_beams_free(b);
    }
    free(first);
    free(next);
}

static void agrees_with_the_reference(void **state)
{
    json_t *root = json_reference("decode/beam_search.json");
    const json_t *models = json_member(root, "models");
    assert_int_equal(json_array_size(models), 3);
    for (size_t i = 0; i < json_array_size(models); i++)
        check_model(*state, json_array_get(models, i));
    json_decref(root);
}

/* --- exhaustive and greedy --- */

enum { V3 = 3, LONG = 5, ALL = 400 };

typedef struct all {
    const chain *c;
    const recur_beam_options *o;
    int64_t token[ALL][LONG];
    recur_hypothesis h[ALL];
    int64_t n;
} all;

/* Every sequence that begins with token[0 .. t) of log-probability log_p. */
static void enumerate(all *a, int64_t *token, int64_t t, double log_p)
{
    const double *x = t ? a->c->next + token[t - 1] * V3 : a->c->first;
    for (int64_t v = 0; v < V3; v++) {
        token[t] = v;
        double p = log_p + x[v], length = (double)(t + 1);
        if (v == a->o->eos || t + 1 == LONG) {
            assert_true(a->n < ALL);
            memcpy(a->token[a->n], token, (size_t)(t + 1) * sizeof *token);
            a->h[a->n] = (recur_hypothesis){.token = a->token[a->n],
                                            .length = t + 1,
                                            .log_p = p,
                                            .score = p / pow(length, a->o->alpha),
                                            .finished = v == a->o->eos};
            a->n++;
        } else {
            enumerate(a, token, t + 1, p);
        }
    }
}

static int better_first(const void *x, const void *y)
{
    const recur_hypothesis *a = x, *b = y;
    if (a->finished != b->finished)
        return a->finished ? -1 : 1;
    return a->score > b->score ? -1 : a->score < b->score;
}

static bool close(const recur_hypothesis *a, const recur_hypothesis *b)
{
    return a->score - b->score < 1e-12;
}

/* In order, and no two alike. */
static void check_n_best(const recur_beams *b, int64_t s)
{
    const recur_hypothesis *h = b->best + b->offset[s];
    int64_t n = b->offset[s + 1] - b->offset[s];
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) {
            assert_true(better_first(&h[i], &h[j]) <= 0);
            assert_false(h[i].length == h[j].length &&
                         memcmp(h[i].token, h[j].token, (size_t)h[i].length * sizeof *h[i].token) == 0);
        }
}

static void a_wide_beam_is_exhaustive(void **state)
{
    static all a;
    int64_t token[LONG];
    double first[V3], next[V3 * V3];
    for (uint64_t seed = 0; seed < 20; seed++) {
        chain c = {.V = V3, .S = 1, .first = first, .next = next};
        recur_beam_options o = {.width = ALL,
                                .n_best = seed % 2 ? ALL : 4,
                                .eos = seed % 3 ? 1 : -1,
                                .max_length = LONG,
                                .alpha = 0.4 * (double)(seed % 4)};
        random_model(first, 1, V3, seed);
        random_model(next, V3, V3, seed + 100);
        a = (all){.c = &c, .o = &o};
        enumerate(&a, token, 0, 0);
        qsort(a.h, (size_t)a.n, sizeof *a.h, better_first);
        recur_beams *b = search(*state, &c, o);
        assert_int_equal(b->offset[1], a.n < o.n_best ? a.n : o.n_best);
        for (int64_t i = 0; i < b->offset[1]; i++) {
            assert_true(fabs(b->best[i].score - a.h[i].score) < 1e-12);
            if ((i > 0 && close(&a.h[i - 1], &a.h[i])) || (i + 1 < a.n && close(&a.h[i], &a.h[i + 1])))
                continue; /* the same pairs of tokens in another order: rounding decides */
            assert_int_equal(b->best[i].length, a.h[i].length);
            assert_memory_equal(b->best[i].token, a.h[i].token, (size_t)a.h[i].length * sizeof *token);
        }
        check_n_best(b, 0);
        recur_beams_free(b);
    }
}

enum { V7 = 7, S6 = 6 };

static int64_t largest(const double *x, int64_t n)
{
    int64_t at = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[at])
            at = i;
    return at;
}

static void a_beam_of_one_is_greedy(void **state)
{
    static double first[V7], next[V7 * V7];
    for (uint64_t seed = 0; seed < 40; seed++) {
        chain c = {.V = V7, .S = 1, .first = first, .next = next};
        recur_beam_options o = {.width = 1, .eos = 2, .max_length = 12, .alpha = seed % 2 ? 1.5 : 0};
        random_model(first, 1, V7, seed);
        random_model(next, V7, V7, seed + 100);
        recur_beams *b = search(*state, &c, o);
        const recur_hypothesis *h = b->best;
        int64_t token = largest(first, V7), t = 0;
        for (; t < h->length; token = largest(next + token * V7, V7))
            assert_int_equal(h->token[t++], token);
        assert_int_equal(b->offset[1], 1);
        assert_true(h->finished ? h->token[t - 1] == 2 : t == 12);
        recur_beams_free(b);
    }
}

/* --- batches --- */

static void random_chain(chain *c, double *first, double *next, uint64_t seed)
{
    *c = (chain){.V = V7, .S = S6, .first = first, .next = next};
    random_model(first, S6, V7, seed);
    random_model(next, V7, V7, seed + 100);
}

/* The search for a sentence does not see the others, nor how many it keeps for the caller. */
static void sentences_do_not_see_each_other(void **state)
{
    static double first[S6 * V7], next[V7 * V7];
    const int64_t longest[S6] = {3, 9, 1, 9, 5, 7};
    for (uint64_t seed = 0; seed < 10; seed++) {
        chain c;
        random_chain(&c, first, next, seed);
        recur_beam_options o = {.width = 4,
                                .n_best = 4,
                                .eos = 0,
                                .max_length = 9,
                                .max_lengths = longest,
                                .norm = RECUR_NORM_GNMT,
                                .alpha = 0.7};
        recur_beams *b = search(*state, &c, o);
        for (int64_t s = 0; s < S6; s++) {
            chain one = {.V = V7, .S = 1, .first = first + s * V7, .next = next};
            o.n_best = 2;
            o.max_lengths = &longest[s];
            recur_beams *alone = search(*state, &one, o);
            assert_int_equal(alone->offset[1], 2);
            for (int64_t i = 0; i < 2; i++)
                assert_true(same(&alone->best[i], &b->best[b->offset[s] + i]));
            for (int64_t i = b->offset[s]; i < b->offset[s + 1]; i++)
                assert_true(b->best[i].length <= longest[s]);
            check_n_best(b, s);
            recur_beams_free(alone);
        }
        recur_beams_free(b);
    }
}

static void threads_do_not_matter(void **state)
{
    static double first[S6 * V7], next[V7 * V7];
    (void)state;
    recur_beams *b[2];
    recur_ctx *cx[2];
    for (int i = 0; i < 2; i++) {
        chain c;
        random_chain(&c, first, next, 5);
        const char *isa = i ? "portable" : NULL;
        assert_int_equal(recur_ctx_create(&cx[i], &(recur_options){.threads = i ? 1 : 4, .isa = isa}),
                         RECUR_OK);
        b[i] = search(cx[i], &c,
                      (recur_beam_options){.width = 5, .n_best = 5, .eos = 1, .max_length = 8, .alpha = 0.6});
    }
    assert_int_equal(b[0]->offset[S6], b[1]->offset[S6]);
    for (int64_t i = 0; i < b[0]->offset[S6]; i++)
        assert_true(same(&b[0]->best[i], &b[1]->best[i]));
    for (int i = 0; i < 2; i++) {
        recur_beams_free(b[i]);
        recur_ctx_free(cx[i]);
    }
}

/* --- edges --- */

static void equals_go_in_order(void **state)
{
    double first[V3], next[V3 * V3];
    for (int i = 0; i < V3 * V3; i++)
        next[i] = first[i % V3] = log(1.0 / 3);
    chain c = {.V = V3, .S = 1, .first = first, .next = next};
    recur_beams *b =
        search(*state, &c, (recur_beam_options){.width = 3, .n_best = 3, .eos = -1, .max_length = 2});
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(b->best[i].token[0], 0);
        assert_int_equal(b->best[i].token[1], i);
        assert_false(b->best[i].finished);
    }
    recur_beams_free(b);
}

static void impossible_tokens_are_never_chosen(void **state)
{
    const double first[V3] = {NAN, -1, -INFINITY},
                 next[V3 * V3] = {0, 0, 0, -INFINITY, -2, NAN, -INFINITY, -3, -4};
    chain c = {.V = V3, .S = 1, .first = first, .next = next};
    recur_beam_options o = {.width = 3, .n_best = 3, .eos = 0, .max_length = 3};
    recur_beams *b = search(*state, &c, o);
    assert_int_equal(b->offset[1], 1);
    assert_memory_equal(b->best[0].token, ((int64_t[]){1, 1, 1}), 3 * sizeof(int64_t));
    assert_true(b->best[0].log_p == -5 && !b->best[0].finished);
    recur_beams_free(b);
    const double none[V3] = {NAN, -INFINITY, NAN};
    c.first = none;
    b = search(*state, &c, o);
    assert_int_equal(b->offset[1], 0);
    recur_beams_free(b);
    c.S = 0;
    b = search(*state, &c, o);
    assert_true(b->sentences == 0 && b->offset[0] == 0 && c.calls == 0);
    recur_beams_free(b);
}

static void eos_waits_for_the_least_length(void **state)
{
    static double first[V7], next[V7 * V7];
    for (int64_t least = 0; least <= 6; least++) {
        chain c = {.V = V7, .S = 1, .first = first, .next = next};
        random_model(first, 1, V7, 3);
        random_model(next, V7, V7, 4);
        recur_beams *b = search(
            *state, &c,
            (recur_beam_options){.width = 5, .n_best = 5, .eos = 4, .max_length = 8, .min_length = least});
        for (int64_t i = 0; i < b->offset[1]; i++)
            assert_true(b->best[i].length >= least);
        recur_beams_free(b);
        first[4] = 0; /* now eos is what the model likes best */
        for (int64_t v = 0; v < V7; v++)
            next[v * V7 + 4] = 0;
        b = search(*state, &c,
                   (recur_beam_options){.width = 1, .eos = 4, .max_length = 8, .min_length = least});
        assert_int_equal(b->best[0].length, least > 1 ? least : 1);
        recur_beams_free(b);
    }
}

/* Nothing that goes on can beat what is finished: the model is not asked again. */
static void it_stops_when_decided(void **state)
{
    const double first[V3] = {-0.1, -2, -3}, next[V3 * V3] = {0, 0, 0, -1, -1, -1, -1, -1, -1};
    chain c = {.V = V3, .S = 1, .first = first, .next = next};
    recur_beams_free(search(*state, &c, (recur_beam_options){.width = 3, .eos = 0, .max_length = 9}));
    assert_int_equal(c.calls, 1);
    /* with a norm the row of -2 may still come to -2 / 9^2 */
    recur_beam_options normed = {.width = 3, .eos = 0, .max_length = 9, .alpha = 2};
    recur_beams_free(search(*state, &c, normed));
    assert_true(c.calls > 1);
}

static void logits_are_normalised(void **state)
{
    static double first[S6 * V7], next[V7 * V7];
    chain c;
    random_chain(&c, first, next, 8);
    recur_beam_options o = {.width = 3, .n_best = 3, .eos = 6, .max_length = 7, .alpha = 1};
    recur_beams *want = search(*state, &c, o), *have;
    for (int i = 0; i < S6 * V7; i++)
        first[i] += 3;
    for (int i = 0; i < V7 * V7; i++)
        next[i] -= 40 + i / V7;
    recur_beam_model model = {.step = chain_step, .user = &c, .V = V7, .dtype = RECUR_F64, .logits = true};
    c.calls = 0;
    c.scores = malloc(sizeof(double) * ROWS * V7);
    int64_t start[S6] = {100, 101, 102, 103, 104, 105};
    assert_int_equal(recur_beam_search(&have, *state, &model, S6, start, &o), RECUR_OK);
    free(c.scores);
    assert_int_equal(have->offset[S6], want->offset[S6]);
    for (int64_t i = 0; i < have->offset[S6]; i++) {
        const recur_hypothesis *a = &have->best[i], *b = &want->best[i];
        assert_int_equal(a->length, b->length);
        assert_memory_equal(a->token, b->token, (size_t)a->length * sizeof *a->token);
        assert_true(fabs(a->score - b->score) < 1e-12);
    }
    recur_beams_free(have);
    recur_beams_free(want);
}

static void bad_options_are_refused(void **state)
{
    static double first[V7], next[V7 * V7];
    chain c = {.V = V7, .S = 1, .first = first, .next = next};
    const recur_beam_options bad[] = {
        {.width = 0, .max_length = 3},
        {.width = 2, .n_best = 3, .max_length = 3},
        {.width = 2, .n_best = -1, .max_length = 3},
        {.width = 2, .eos = 7, .max_length = 3},
        {.width = 2, .eos = -2, .max_length = 3},
        {.width = 2, .max_length = 0},
        {.width = 2, .max_length = 3, .alpha = -1},
        {.width = 2, .max_length = 3, .alpha = NAN},
        {.width = 2, .max_length = 3, .max_lengths = (int64_t[]){4}},
        {.width = 2, .max_length = 3, .max_lengths = (int64_t[]){0}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        recur_beams *b = NULL;
        assert_int_equal(search_with(&b, *state, &c, &bad[i]), RECUR_EINVAL);
        assert_null(b);
    }
    recur_beams *b = NULL;
    recur_beam_model model = {.step = chain_step, .user = &c, .V = V7, .dtype = RECUR_F64};
    assert_int_equal(recur_beam_search(&b, *state, &model, 1, (int64_t[]){100},
                                       &(recur_beam_options){.width = INT64_MAX, .max_length = 1}),
                     RECUR_ENOMEM);
}

/* --- failures --- */

static recur_status failing_search(const recur_allocator *allocator, void *argument)
{
    static double first[S6 * V7], next[V7 * V7];
    recur_ctx *cx = NULL;
    recur_beams *b = NULL;
    chain c;
    random_chain(&c, first, next, 1);
    c.fail_at = *(int64_t *)argument;
    recur_status status = recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = allocator});
    if (status == RECUR_OK)
        status = search_with(&b, cx, &c,
                             &(recur_beam_options){.width = 20, .n_best = 20, .eos = 0, .max_length = 10});
    assert_true(status == RECUR_OK || !b);
    recur_beams_free(b);
    recur_ctx_free(cx);
    return status;
}

static void a_failure_leaves_nothing_behind(void **state)
{
    (void)state;
    int64_t fail_at = 0;
    assert_true(fail_alloc_each(failing_search, &fail_at) > 20);
    for (fail_at = 1; fail_at <= 9; fail_at++) {
        fail_alloc f;
        fail_alloc_init(&f);
        assert_int_equal(failing_search(&f.allocator, &fail_at), RECUR_EIO);
        fail_alloc_check(&f);
    }
}

/* --- a language model over a plan --- */

typedef struct language {
    recur_session *session[2];
    float *logits; /* [batch, V7] */
} language;

static recur_status language_step(void *user, const recur_beam_rows *rows, const void **scores)
{
    language *m = user;
    recur_session *last = m->session[(rows->t + 1) & 1], *next = m->session[rows->t & 1];
    assert_int_equal(recur_session_gather(next, last, rows->n, rows->from), RECUR_OK);
    recur_session_step(next, rows->token, m->logits);
    *scores = m->logits;
    return RECUR_OK;
}

static void *new_session(recur_session **out, const recur_plan *plan, int64_t batch)
{
    size_t size = recur_session_size(plan, batch);
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    assert_int_equal(recur_session_init(out, memory, size, plan, batch), RECUR_OK);
    return memory;
}

/* log p of the tokens after `start`, by a session of its own. */
static double score_alone(const recur_plan *plan, int64_t start, const int64_t *token, int64_t n)
{
    recur_session *s;
    float x[V7];
    double log_p = 0;
    void *memory = new_session(&s, plan, 1);
    for (int64_t t = 0; t < n; t++) {
        double sum = 0;
        recur_session_step(s, t ? &token[t - 1] : &start, x);
        for (int v = 0; v < V7; v++)
            sum += exp((double)x[v]);
        log_p += (double)x[token[t]] - log(sum);
    }
    free(memory);
    return log_p;
}

static void a_language_model_is_searched(void **state)
{
    recur_ctx *cx = *state;
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *rnn;
    recur_linear_layer linear;
    recur_plan *plan;
    recur_rnn_config config = {.cell = RECUR_LSTM, .input = 3, .hidden = 9, .layers = 2};
    assert_int_equal(recur_params_create(&ps, cx, RECUR_F32, 5), RECUR_OK);
    assert_int_equal(recur_embedding_create(&embedding, ps, "embedding", V7, 3, RECUR_NO_PADDING), RECUR_OK);
    assert_int_equal(recur_rnn_create(&rnn, ps, "rnn", &config), RECUR_OK);
    assert_int_equal(recur_linear_create(&linear, ps, "linear", 9, V7, true), RECUR_OK);
    for (int64_t i = 0; i < recur_count(linear.weight); i++)
        recur_f32(linear.weight)[i] *= 20;
    assert_int_equal(recur_plan_create(&plan, cx), RECUR_OK);
    assert_int_equal(recur_plan_embedding(plan, &embedding), RECUR_OK);
    assert_int_equal(recur_plan_rnn(plan, rnn), RECUR_OK);
    assert_int_equal(recur_plan_linear(plan, &linear), RECUR_OK);

    float logits[S6 * V7];
    const int64_t start[2] = {1, 4};
    language m = {.logits = logits};
    void *memory[2] = {new_session(&m.session[0], plan, S6), new_session(&m.session[1], plan, S6)};
    recur_beams *b;
    recur_beam_model model = {.step = language_step, .user = &m, .V = V7, .dtype = RECUR_F32, .logits = true};
    recur_beam_options o = {.width = 3, .n_best = 3, .eos = 0, .max_length = 6};
    assert_int_equal(recur_beam_search(&b, cx, &model, 2, start, &o), RECUR_OK);
    assert_int_equal(b->offset[2], 6);
    for (int64_t i = 0; i < 6; i++) {
        const recur_hypothesis *h = &b->best[i];
        assert_true(fabs(h->log_p - score_alone(plan, start[i / 3], h->token, h->length)) < 1e-5);
    }
    recur_beams_free(b);
    free(memory[0]);
    free(memory[1]);
    recur_plan_free(plan);
    recur_rnn_free(rnn);
    recur_params_free(ps);
}

static int make_context(void **state)
{
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = 2}), RECUR_OK);
    *state = cx;
    return 0;
}

static int free_context(void **state)
{
    recur_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_context, free_context)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(agrees_with_the_reference),
        TEST(a_wide_beam_is_exhaustive),
        TEST(a_beam_of_one_is_greedy),
        TEST(sentences_do_not_see_each_other),
        TEST(threads_do_not_matter),
        TEST(equals_go_in_order),
        TEST(impossible_tokens_are_never_chosen),
        TEST(eos_waits_for_the_least_length),
        TEST(it_stops_when_decided),
        TEST(logits_are_normalised),
        TEST(bad_options_are_refused),
        TEST(a_failure_leaves_nothing_behind),
        TEST(a_language_model_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
