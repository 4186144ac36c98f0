// SPDX-License-Identifier: MIT
/*
 * Worker threads. One atomic word says what goes on:
 *
 *     | job number, 32 bits | workers inside, 31 bits | open |
 *
 * The caller opens a job, works, closes it when no task is left to claim, and waits until nobody is inside. A
 * worker enters a job only while it is open, once; who wakes up late finds it closed and delays nobody. So
 * the job's description is written only while nobody can read it, and rcr_parallel() never waits for a thread
 * that has not begun.
 *
 * Whoever waits, a worker for the next job or the caller for the last worker, watches the word for a short
 * while, since it usually changes at once, and then sleeps. Watching leaves the processor to others again and
 * again, so that more threads than processors do no harm.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <time.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/error.h"

enum { OPEN = 1, ONE_INSIDE = 2, SPIN_NS = 100 * 1000 };
#define INSIDE ((uint64_t)0xFFFFFFFE)
#define NUMBER(state) ((uint32_t)((state) >> 32))

typedef struct worker {
    recur_ctx *cx;
    int index;        /* 0 is the caller: it has a workspace and no thread */
    uint32_t entered; /* number of the last job */
    pthread_t thread;
    void *workspace;
} worker;

typedef struct rcr_pool {
    alignas(RCR_ALIGN) _Atomic uint64_t state;
    alignas(RCR_ALIGN) _Atomic int64_t next; /* the first task that nobody has claimed */
    alignas(RCR_ALIGN) int64_t n;            /* the job: written while it is closed and nobody is inside */
    rcr_task *task;
    void *job;
    alignas(RCR_ALIGN) pthread_mutex_t mutex; /* held to fall asleep and to wake up */
    pthread_cond_t opened, left;
    _Atomic int sleepers; /* workers asleep, or about to be */
    _Atomic bool waiting; /* the caller is, or is about to be */
    _Atomic bool quit;
    int started;     /* threads that run */
    worker *workers; /* [threads] */
} rcr_pool;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Watches for `happened` for at most SPIN_NS. */
static bool spin(rcr_pool *p, bool (*happened)(rcr_pool *p, worker *me), worker *me)
{
    int64_t end = now_ns() + SPIN_NS;
    do {
        for (int i = 0; i < 16; i++) {
            if (happened(p, me))
                return true;
            rcr_cpu_relax();
        }
        sched_yield(); /* whoever could work meanwhile may */
    } while (now_ns() < end);
    return false;
}

/* Enters the job that is open, unless this worker has been there. */
static bool enter(rcr_pool *p, worker *me)
{
    uint64_t state = atomic_load(&p->state);
    while ((state & OPEN) && NUMBER(state) != me->entered)
        if (atomic_compare_exchange_weak(&p->state, &state, state + ONE_INSIDE)) {
            me->entered = NUMBER(state);
            return true;
        }
    return false;
}

static bool enter_or_quit(rcr_pool *p, worker *me)
{
    return enter(p, me) || atomic_load(&p->quit);
}

/* Whoever makes the word closed and empty wakes the caller up, if it sleeps. */
static void leave(rcr_pool *p)
{
    uint64_t state = atomic_fetch_sub(&p->state, ONE_INSIDE) - ONE_INSIDE;
    if ((state & (OPEN | INSIDE)) || !atomic_load(&p->waiting))
        return;
    pthread_mutex_lock(&p->mutex);
    pthread_cond_signal(&p->left);
    pthread_mutex_unlock(&p->mutex);
}

/* Sleeps until the next job. `sleepers` grows before the word is looked at and the opener looks at it
 * afterwards, so that one of the two sees the other. */
static void sleep_until_opened(rcr_pool *p, worker *me)
{
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    while (!enter_or_quit(p, me))
        pthread_cond_wait(&p->opened, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void run_tasks(rcr_pool *p, int index)
{
    int64_t i;
    while ((i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->n)
        p->task(p->job, i, index);
}

static void *work(void *argument)
{
    worker *me = argument;
    rcr_pool *p = me->cx->pool;
    rcr_float_enter(me->cx->keep_denormals);
    for (;;) {
        if (!spin(p, enter_or_quit, me))
            sleep_until_opened(p, me);
        if (atomic_load(&p->quit))
            return NULL;
        run_tasks(p, me->index);
        leave(p);
    }
}

static void open_job(rcr_pool *p)
{
    uint64_t state = atomic_load_explicit(&p->state, memory_order_relaxed);
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    atomic_store(&p->state, (uint64_t)(NUMBER(state) + 1) << 32 | OPEN);
    int wake = atomic_load(&p->sleepers);
    if (!wake)
        return;
    pthread_mutex_lock(&p->mutex);
    for (int64_t i = 1; i < p->n && wake > 0; i++, wake--)
        pthread_cond_signal(&p->opened);
    pthread_mutex_unlock(&p->mutex);
}

static bool empty(rcr_pool *p, worker *me)
{
    (void)me;
    return !(atomic_load(&p->state) & INSIDE);
}

static void close_job(rcr_pool *p)
{
    if (!(atomic_fetch_and(&p->state, ~(uint64_t)OPEN) & INSIDE) || spin(p, empty, NULL))
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->waiting, true);
    while (!empty(p, NULL))
        pthread_cond_wait(&p->left, &p->mutex);
    atomic_store(&p->waiting, false);
    pthread_mutex_unlock(&p->mutex);
}

void rcr_parallel(recur_ctx *cx, int64_t n, rcr_task *task, void *job)
{
    rcr_pool *p = cx->pool;
    if (n <= 1 || cx->threads == 1) {
        for (int64_t i = 0; i < n; i++)
            task(job, i, 0);
        return;
    }
    p->n = n;
    p->task = task;
    p->job = job;
    open_job(p);
    run_tasks(p, 0);
    close_job(p);
}

void *rcr_workspace(recur_ctx *cx, int index)
{
    return cx->pool->workers[index].workspace;
}

static recur_status make_workers(recur_ctx *cx, rcr_pool *p)
{
    p->workers = rcr_alloc_array(cx, (size_t)cx->threads, sizeof *p->workers, "worker threads");
    if (!p->workers)
        return RECUR_ENOMEM;
    for (int i = 0; i < cx->threads; i++) {
        p->workers[i] = (worker){.cx = cx, .index = i};
        p->workers[i].workspace = rcr_alloc(cx, RCR_WORKSPACE, "a worker's workspace");
        if (!p->workers[i].workspace)
            return RECUR_ENOMEM;
    }
    return RECUR_OK;
}

/* Signals go to the caller's threads, except those that a worker's own instruction raises. */
static void signals_of_workers(sigset_t *blocked)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigfillset(blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(blocked, own[i]);
}

static recur_status start_threads(recur_ctx *cx, rcr_pool *p)
{
    sigset_t blocked, old;
    int error = 0;
    signals_of_workers(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &old);
    for (int i = 1; i < cx->threads && !error; i++) {
        error = pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]);
        p->started += !error;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error ? rcr_fail(cx, RECUR_ENOMEM, "cannot start %d threads", cx->threads) : RECUR_OK;
}

recur_status rcr_pool_create(recur_ctx *cx)
{
    rcr_pool *p = cx->pool = rcr_alloc_zero(cx, sizeof *p, "the thread pool");
    if (!p)
        return RECUR_ENOMEM;
    pthread_mutex_init(&p->mutex, NULL); /* with default attributes these cannot fail */
    pthread_cond_init(&p->opened, NULL);
    pthread_cond_init(&p->left, NULL);
    recur_status status = make_workers(cx, p);
    return status ? status : start_threads(cx, p);
}

static void stop_threads(rcr_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->quit, true);
    pthread_cond_broadcast(&p->opened);
    pthread_mutex_unlock(&p->mutex);
    for (int i = 1; i <= p->started; i++)
        pthread_join(p->workers[i].thread, NULL);
}

void rcr_pool_free(recur_ctx *cx)
{
    rcr_pool *p = cx->pool;
    if (!p)
        return;
    stop_threads(p);
    for (int i = 0; p->workers && i < cx->threads; i++)
        rcr_free(cx, p->workers[i].workspace);
    rcr_free(cx, p->workers);
    pthread_cond_destroy(&p->left);
    pthread_cond_destroy(&p->opened);
    pthread_mutex_destroy(&p->mutex);
    rcr_free(cx, p);
    cx->pool = NULL;
}
