// SPDX-License-Identifier: MIT
/* A process that rewrites a file over and over is killed at a random moment: the file is then one of those it
 * wrote, whole. */
#include "format/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { TRIALS = 40, NUMBERS = 100000 };

/* Generation g: every number is g, and so is the metadata. */
static recur_status write_generation(recur_ctx *cx, const char *path, int64_t *numbers, int64_t g)
{
    static const int64_t shape[] = {NUMBERS};
    char text[32];
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = g;
    snprintf(text, sizeof text, "%lld", (long long)g);
    const recur_meta meta = {"generation", text};
    /* a tensor whose size changes, so that no two files in a row are equally long */
    const recur_entry entries[] = {{"numbers", "I64", 1, shape, numbers, sizeof *numbers * NUMBERS},
                                   {"rest", "U8", 1, (const int64_t[]){g % 64}, numbers, (size_t)(g % 64)}};
    return recur_archive_write(cx, path, entries, 2, &meta, 1);
}

/* Never returns. Says through `ready` when the first file is complete. */
static void rewrite_for_ever(const char *path, int64_t g, int ready)
{
    recur_ctx *cx;
    recur_options opt = {.threads = 1};
    int64_t *numbers = malloc(NUMBERS * sizeof *numbers);
    if (!numbers || recur_ctx_create(&cx, &opt))
        _exit(1);
    for (bool first = true;; g++, first = false) {
        if (write_generation(cx, path, numbers, g))
            _exit(1);
        if (first && write(ready, "x", 1) != 1)
            _exit(1);
    }
}

/* The generation of a whole file. */
static int64_t check_whole(recur_ctx *cx, const char *path)
{
    recur_archive *a;
    recur_entry numbers, rest;
    expect_status(cx, recur_archive_open(&a, cx, path), RECUR_OK);
    expect_status(cx, recur_archive_find(a, "numbers", &numbers), RECUR_OK);
    expect_status(cx, recur_archive_find(a, "rest", &rest), RECUR_OK);
    int64_t g = strtoll(recur_archive_meta(a, "generation"), NULL, 10);
    assert_int_equal(rest.size, g % 64);
    for (size_t i = 0; i < NUMBERS; i++)
        assert_int_equal(((const int64_t *)numbers.data)[i], g);
    recur_archive_free(a);
    return g;
}

/* Kills a writer that begins with generation g after `microseconds`; returns the generation in the file. */
static int64_t trial(recur_ctx *cx, const char *path, int64_t g, long microseconds)
{
    int ready[2], status;
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        rewrite_for_ever(path, g, ready[1]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    struct timespec t = {0, microseconds * 1000};
    nanosleep(&t, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    int64_t found = check_whole(cx, path);
    assert_true(found >= g);
    return found;
}

/* Removes what killed writers left, and returns how many files that were. */
static int clean(const char *folder)
{
    char path[600];
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            assert_int_equal(unlink(path), 0);
            n++;
        }
    closedir(d);
    assert_int_equal(rmdir(folder), 0);
    return n;
}

static void test_killed(void **state)
{
    (void)state;
    char folder[256], path[320];
    recur_ctx *cx = new_context();
    in_folder(path, make_folder(folder), "m.safetensors");
    unsigned random = (unsigned)time(NULL) ^ (unsigned)getpid();
    int64_t g = 1;
    for (int i = 0; i < TRIALS; i++) {
        random = random * 1664525U + 1013904223U;
        g = trial(cx, path, g + 1, (long)(random >> 8) % 20000);
    }
    print_message("%d writers killed, %lld files written, %d left half-way beside the file\n", TRIALS,
                  (long long)g, clean(folder) - 1);
    recur_ctx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
