// SPDX-License-Identifier: MIT
/* Contexts: options, instruction set, failures of creation, threads and signals, several side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <recur/version.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/pool.h"
#include "support/fail_alloc.h"

static recur_status create_and_free(const recur_options *opt)
{
    recur_ctx *cx = (recur_ctx *)(uintptr_t)1;
    recur_status status = recur_ctx_create(&cx, opt);
    assert_true((status == RECUR_OK) == (cx != NULL));
    recur_ctx_free(cx);
    return status;
}

static void test_defaults(void **state)
{
    recur_ctx *cx;
    (void)state;
    unsetenv("RECUR_ISA");
    assert_int_equal(recur_ctx_create(&cx, NULL), RECUR_OK);
    assert_int_equal(recur_ctx_threads(cx), rcr_cpu_count() < 256 ? rcr_cpu_count() : 256);
    assert_string_equal(recur_ctx_isa(cx), rcr_isa_name(rcr_isa_best()));
    const char *text;
    assert_int_equal(recur_error(cx, &text), RECUR_OK);
    assert_string_equal(text, "no error");
    recur_ctx_free(cx);
    recur_ctx_free(NULL);
    assert_string_equal(recur_version(), RECUR_VERSION);
}

static void *no_alloc(void *user, size_t size, size_t align)
{
    (void)user, (void)size, (void)align;
    return NULL;
}

static void test_wrong_options(void **state)
{
    const recur_allocator half = {.alloc = no_alloc};
    const recur_options wrong[] = {
        {.threads = -1},
        {.threads = 257},
        {.isa = "sse9"},
        {.isa = "AVX2"},
        {.threads = 1, .allocator = &half},
    };
    (void)state;
    assert_int_equal(recur_ctx_create(NULL, NULL), RECUR_EINVAL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(create_and_free(&wrong[i]), RECUR_EINVAL);
}

static void test_isa_of_options(void **state)
{
    (void)state;
    for (int i = 0; i < RCR_ISA_COUNT; i++) {
        recur_options opt = {.threads = 1, .isa = rcr_isa_name((rcr_isa)i)};
        recur_status expected = rcr_isa_usable((rcr_isa)i) ? RECUR_OK : RECUR_EUNSUPPORTED;
        assert_int_equal(create_and_free(&opt), expected);
    }
}

static void check_environment(const char *variable, const char *option, recur_status expected,
                              const char *isa)
{
    recur_options opt = {.threads = 1, .isa = option};
    recur_ctx *cx;
    setenv("RECUR_ISA", variable, 1);
    assert_int_equal(recur_ctx_create(&cx, &opt), expected);
    if (cx)
        assert_string_equal(recur_ctx_isa(cx), isa);
    recur_ctx_free(cx);
    unsetenv("RECUR_ISA");
}

static void test_isa_of_environment(void **state)
{
    const char *best = rcr_isa_name(rcr_isa_best());
    (void)state;
    check_environment("portable", NULL, RECUR_OK, "portable");
    check_environment("portable", best, RECUR_OK, best); /* the option wins */
    check_environment("", NULL, RECUR_OK, best);
    check_environment("abacus", NULL, RECUR_EINVAL, NULL);
}

static void test_accounts(void **state)
{
    fail_alloc counted;
    (void)state;
    fail_alloc_init(&counted);
    recur_options opt = {.threads = 3, .allocator = &counted.allocator};
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
    assert_true(counted.outstanding > 0);
    assert_true(rcr_alloc_bytes(cx) >= 3 * (size_t)RCR_WORKSPACE && rcr_alloc_bytes(cx) < counted.bytes);
    recur_ctx_free(cx);
    fail_alloc_check(&counted);
}

static recur_status create_with(const recur_allocator *allocator, void *threads)
{
    recur_options opt = {.threads = *(int *)threads, .allocator = allocator};
    return create_and_free(&opt);
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++)
        assert_true(fail_alloc_each(create_with, &threads) >= 2 + threads);
}

/* Threads of this process; 0 where the system does not tell. */
static int count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void test_number_of_threads(void **state)
{
    int before = count_threads();
    (void)state;
    if (!before)
        skip();
    for (int threads = 1; threads <= 4; threads++) {
        recur_options opt = {.threads = threads};
        recur_ctx *cx;
        assert_int_equal(recur_ctx_create(&cx, &opt), RECUR_OK);
        assert_int_equal(count_threads(), before + threads - 1);
        recur_ctx_free(cx);
    }
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; /* they need the address space that the next test takes away */
#else
enum { SANITIZED = 0 };
#endif

static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f)
        return 0;
    if (fscanf(f, "%lu", &pages) != 1)
        pages = 0;
    fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

enum { NO_LIMIT = 77 };

/* Room for the workspaces of 256 workers, but not for all of their stacks. Exit status 0: creation failed as
 * it should; NO_LIMIT: the limit does not hold here, as under an emulator. */
static int create_without_room(void)
{
    fail_alloc counted;
    recur_ctx *cx;
    fail_alloc_init(&counted);
    recur_options opt = {.threads = 256, .allocator = &counted.allocator};
    struct rlimit limit = {0, 0};
    limit.rlim_cur = limit.rlim_max = address_space() + 400 * (size_t)RCR_WORKSPACE;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return 1;
    void *more = malloc(limit.rlim_cur);
    if (more) {
        free(more);
        return NO_LIMIT;
    }
    if (recur_ctx_create(&cx, &opt) != RECUR_ENOMEM || cx)
        return 2;
    return counted.failed ? 3 : counted.outstanding ? 4 : 0;
}

static void test_threads_cannot_start(void **state)
{
    int status;
    (void)state;
    if (SANITIZED || !address_space())
        skip();
    pid_t child = fork();
    if (child == 0)
        _exit(create_without_room());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_LIMIT)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What one context computes while another one works in another thread: sum of i^2. */
typedef struct side {
    int threads;
    int64_t square[64];
    bool right;
} side;

static void square(void *job, int64_t i, int worker)
{
    (void)worker;
    ((side *)job)->square[i] = i * i;
}

static void *work_beside(void *argument)
{
    side *s = argument;
    recur_options opt = {.threads = s->threads};
    s->right = true;
    for (int round = 0; round < 20; round++) {
        recur_ctx *cx;
        if (recur_ctx_create(&cx, &opt) != RECUR_OK)
            s->right = false;
        for (int repeat = 0; s->right && repeat < 50; repeat++) {
            int64_t sum = 0;
            rcr_parallel(cx, 64, square, s);
            for (int i = 0; i < 64; i++)
                sum += s->square[i];
            rcr_fail(cx, RECUR_EIO, "round %d of %d threads", round, s->threads);
            s->right = sum == 63 * 64 * 127 / 6;
        }
        recur_ctx_free(cx);
    }
    return NULL;
}

static void test_side_by_side(void **state)
{
    static side sides[3] = {{.threads = 1}, {.threads = 2}, {.threads = 3}};
    pthread_t thread[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work_beside, &sides[i]), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        assert_true(sides[i].right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),          cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_isa_of_options),    cmocka_unit_test(test_isa_of_environment),
        cmocka_unit_test(test_accounts),          cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_number_of_threads), cmocka_unit_test(test_threads_cannot_start),
        cmocka_unit_test(test_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
