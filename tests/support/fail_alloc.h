// SPDX-License-Identifier: MIT
/*
 * An allocator for tests: counts what is outstanding, checks alignment and sizes, and fails where it is told
 * to.
 *
 *     fail_alloc f;
 *     fail_alloc_init(&f);
 *     recur_options opt = {.allocator = &f.allocator};
 *     ... recur_ctx_create(&cx, &opt) ...
 *     f.fail_at = f.calls + 3;        the third allocation from here fails
 *     ...
 *     fail_alloc_check(&f);           nothing outstanding, everything released as it was asked for
 *
 * The object must stay where it is while the allocator is used, by one thread.
 */
#ifndef TESTS_SUPPORT_FAIL_ALLOC_H
#define TESTS_SUPPORT_FAIL_ALLOC_H

#include <recur/context.h>

typedef struct fail_alloc {
    recur_allocator allocator;
    long calls;         /* allocations asked for, failed ones included */
    long fail_at;       /* this one fails, counted from 1; 0: none */
    bool forever;       /* and all that follow */
    long failed;        /* how many have failed */
    long outstanding;   /* blocks not yet released */
    size_t bytes, peak; /* of these, now and at most */
    const char *misuse; /* the first wrong release or request; NULL: none */
} fail_alloc;

void fail_alloc_init(fail_alloc *f);

/* Fails the cmocka test unless everything was released, with its right size. */
void fail_alloc_check(const fail_alloc *f);

/*
 * Runs work(&allocator, argument) with the first allocation failing, then with the second, ... until it runs
 * through. Each failing run must return RECUR_ENOMEM, none may leave a block behind; the last must return
 * RECUR_OK. Returns the number of allocations of that last run. `work` creates and frees everything it uses,
 * context included.
 */
long fail_alloc_each(recur_status (*work)(const recur_allocator *allocator, void *argument), void *argument);

#endif
