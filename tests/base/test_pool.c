// SPDX-License-Identifier: MIT
/* Worker threads: every task once, results of any number of threads, workers that sleep and wake, their mode
 * and signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <float.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/pool.h"

static const int thread_counts[] = {1, 2, 3, 7, 16};
enum { COUNTS = sizeof thread_counts / sizeof *thread_counts, MOST = 2000 };

static recur_ctx *create(int threads)
{
    recur_options opt = {.threads = threads};
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
    return cx;
}

static void pause_ms(long ms)
{
    struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

typedef struct tally {
    int threads;
    int64_t n;
    int count[MOST]; /* plain: one thread runs a task, and the caller reads afterwards */
    _Atomic int wrong;
} tally;

static void count(void *job, int64_t i, int worker)
{
    tally *t = job;
    if (i < 0 || i >= t->n || worker < 0 || worker >= t->threads)
        atomic_fetch_add(&t->wrong, 1);
    else
        t->count[i]++;
}

static void test_each_task_once(void **state)
{
    static const int64_t sizes[] = {0, 1, 2, 3, 5, 64, MOST};
    static tally t;
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        recur_ctx *cx = create(thread_counts[c]);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            t = (tally){.threads = thread_counts[c], .n = sizes[s]};
            rcr_parallel(cx, t.n, count, &t);
            assert_int_equal(t.wrong, 0);
            for (int64_t i = 0; i < MOST; i++)
                assert_int_equal(t.count[i], i < t.n);
        }
        rcr_parallel(cx, -3, count, &t);
        recur_ctx_free(cx);
    }
}

/* Jobs in close succession: nobody takes a task of the next job for one of this job. */
static void test_many_small_jobs(void **state)
{
    static tally t;
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        recur_ctx *cx = create(thread_counts[c]);
        int jobs = c < 3 ? 3000 : 500;
        t = (tally){.threads = thread_counts[c]};
        for (int j = 0; j < jobs; j++) {
            t.n = 1 + j % 40;
            rcr_parallel(cx, t.n, count, &t);
        }
        int64_t total = 0, expected = 0;
        for (int i = 0; i < MOST; i++)
            total += t.count[i];
        for (int j = 0; j < jobs; j++)
            expected += 1 + j % 40;
        assert_int_equal(t.wrong, 0);
        assert_int_equal(total, expected);
        recur_ctx_free(cx);
    }
}

/* Tasks that wait for each other: only with as many workers as tasks do they end. */
typedef struct meeting {
    int expected;
    _Atomic int arrived;
    _Atomic int late;
} meeting;

static void meet(void *job, int64_t i, int worker)
{
    meeting *m = job;
    (void)i;
    (void)worker;
    atomic_fetch_add(&m->arrived, 1);
    for (int ms = 0; atomic_load(&m->arrived) < m->expected; ms++) {
        if (ms == 20000) {
            atomic_fetch_add(&m->late, 1);
            return;
        }
        pause_ms(1);
    }
}

/* All workers take part, at once and after they have fallen asleep. */
static void test_all_take_part(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        recur_ctx *cx = create(thread_counts[c]);
        for (int round = 0; round < 4; round++) {
            meeting m = {.expected = thread_counts[c]};
            rcr_parallel(cx, m.expected, meet, &m);
            assert_int_equal(m.late, 0);
            pause_ms(round); /* longer than workers watch */
        }
        recur_ctx_free(cx);
    }
}

/* The caller's task ends first and it has to sleep; the workers sleep between the jobs. */
static void slow(void *job, int64_t i, int worker)
{
    if (worker != 0)
        pause_ms(2);
    count(job, i, worker);
}

static void test_uneven_tasks(void **state)
{
    static tally t;
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        recur_ctx *cx = create(thread_counts[c]);
        t = (tally){.threads = thread_counts[c], .n = 4};
        for (int j = 0; j < 20; j++) {
            rcr_parallel(cx, t.n, slow, &t);
            pause_ms(j % 3);
        }
        for (int i = 0; i < 4; i++)
            assert_int_equal(t.count[i], 20);
        recur_ctx_free(cx);
    }
}

typedef struct scratch {
    recur_ctx *cx;
    _Atomic int wrong;
} scratch;

/* Fills the worker's workspace with the task's number: nobody else writes there meanwhile. */
static void fill_workspace(void *job, int64_t i, int worker)
{
    scratch *s = job;
    int64_t *w = rcr_workspace(s->cx, worker);
    size_t n = RCR_WORKSPACE / sizeof *w;
    for (size_t k = 0; k < n; k++)
        w[k] = i;
    for (size_t k = 0; k < n; k++)
        if (w[k] != i || (uintptr_t)w % RCR_ALIGN)
            atomic_fetch_add(&s->wrong, 1);
}

static void test_workspaces(void **state)
{
    (void)state;
    for (int c = 0; c < COUNTS; c++) {
        scratch s = {.cx = create(thread_counts[c])};
        rcr_parallel(s.cx, 40, fill_workspace, &s);
        assert_int_equal(s.wrong, 0);
        recur_ctx_free(s.cx);
    }
}

/* Each task on a worker of its own, so that every worker is asked. */
typedef struct census {
    meeting meeting;
    bool flushes[16], interruptible[16], faults_blocked[16];
} census;

static void examine(void *job, int64_t i, int worker)
{
    census *c = job;
    volatile double least = DBL_MIN, half = 0.5;
    volatile double denormal = least * half;
    sigset_t blocked;
    meet(&c->meeting, i, worker);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    c->flushes[worker] = denormal == 0;
    c->interruptible[worker] = !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGTERM);
    c->faults_blocked[worker] = sigismember(&blocked, SIGSEGV) || sigismember(&blocked, SIGFPE);
}

static void check_workers(bool keep_denormals)
{
    recur_options opt = {.threads = 4, .keep_denormals = keep_denormals};
    recur_ctx *cx;
    census c = {.meeting.expected = 4};
    assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
    rcr_parallel(cx, 4, examine, &c);
    recur_ctx_free(cx);
    assert_int_equal(c.meeting.late, 0);
    assert_true(c.interruptible[0]);
    assert_false(c.flushes[0]); /* the caller's mode is the caller's */
    for (int i = 1; i < 4; i++) {
#if defined(__x86_64__) || defined(__aarch64__)
        assert_int_equal(c.flushes[i], !keep_denormals);
#endif
        assert_false(c.interruptible[i]);
        assert_false(c.faults_blocked[i]);
    }
}

static void test_mode_and_signals(void **state)
{
    (void)state;
    check_workers(false);
    check_workers(true);
}

/* A chunk's sum goes to the chunk's place, and the chunks are added in order: the bits are those of one
 * thread. */
typedef struct sums {
    double chunk[100];
} sums;

static void sum_chunk(void *job, int64_t i, int worker)
{
    sums *s = job;
    (void)worker;
    for (int k = 1; k <= 1000; k++)
        s->chunk[i] += 1.0 / (double)(1000 * i + k);
}

static double harmonic(int threads)
{
    recur_ctx *cx = create(threads);
    sums s = {{0}};
    double sum = 0;
    rcr_parallel(cx, 100, sum_chunk, &s);
    for (int i = 0; i < 100; i++)
        sum += s.chunk[i];
    recur_ctx_free(cx);
    return sum;
}

static void test_same_bits(void **state)
{
    double one = harmonic(1);
    (void)state;
    for (int c = 1; c < COUNTS; c++) {
        double many = harmonic(thread_counts[c]);
        assert_memory_equal(&one, &many, sizeof one);
    }
}

/* Creation and end in all states of the workers: starting, watching, asleep. */
static void test_short_lives(void **state)
{
    static tally t;
    (void)state;
    for (int i = 0; i < 60; i++) {
        recur_ctx *cx = create(1 + i % 5);
        t = (tally){.threads = 1 + i % 5, .n = 3};
        if (i % 2)
            rcr_parallel(cx, t.n, count, &t);
        if (i % 3 == 0)
            pause_ms(1);
        recur_ctx_free(cx);
        assert_int_equal(t.count[2], i % 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_task_once), cmocka_unit_test(test_many_small_jobs),
        cmocka_unit_test(test_all_take_part),  cmocka_unit_test(test_uneven_tasks),
        cmocka_unit_test(test_workspaces),     cmocka_unit_test(test_mode_and_signals),
        cmocka_unit_test(test_same_bits),      cmocka_unit_test(test_short_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
