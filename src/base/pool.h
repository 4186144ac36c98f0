// SPDX-License-Identifier: MIT
/* Worker threads. Work is cut from the problem, never from the number of threads, so that results cannot
 * depend on it. */
#ifndef RCR_BASE_POOL_H
#define RCR_BASE_POOL_H

#include <recur/context.h>

/* The threads and workspaces of a context (cx->threads is set); nothing is left behind when it fails. */
recur_status rcr_pool_create(recur_ctx *cx);
void rcr_pool_free(recur_ctx *cx);

/* Task `index` of a job; `worker` (0 .. threads - 1) tells whose workspace to use, and nothing else. */
typedef void rcr_task(void *job, int64_t index, int worker);

/* Runs task(job, 0) .. task(job, n - 1), each once, by any worker in any order, and returns when all are
 * done. The caller works too. Not to be nested. Floating-point mode of the workers is that of the context. */
void rcr_parallel(recur_ctx *cx, int64_t n, rcr_task *task, void *job);

/* A worker's scratch memory of RCR_WORKSPACE bytes, aligned; allocated with the context. Valid within a task
 * (and, for worker 0, for the context's own thread between tasks). */
enum { RCR_WORKSPACE = 1 << 20 };
void *rcr_workspace(recur_ctx *cx, int worker);

#endif
