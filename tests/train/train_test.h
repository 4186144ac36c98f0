// SPDX-License-Identifier: MIT
/* What the tests of training share: cmocka, contexts, folders, error texts. */
#ifndef TESTS_TRAIN_TRAIN_TEST_H
#define TESTS_TRAIN_TRAIN_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <recur/recur.h>

static inline recur_ctx *context_of(int threads)
{
    recur_ctx *cx;
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = threads}), RECUR_OK);
    return cx;
}

/* The last status must be this one, and its text must hold these words. */
static inline void expect_error(recur_ctx *cx, recur_status got, recur_status want, const char *words)
{
    const char *text;
    assert_int_equal(recur_error(cx, &text), got);
    if (got != want || !strstr(text, words))
        fail_msg("got %s \"%s\", wanted %s \"%s\"", recur_status_name(got), text, recur_status_name(want),
                 words);
    recur_clear(cx);
}

static inline void expect_ok(recur_ctx *cx, recur_status got)
{
    const char *text;
    if (got != RECUR_OK) {
        recur_error(cx, &text);
        fail_msg("%s: %s", recur_status_name(got), text);
    }
}

enum { PATH = 512 };

static inline void make_folder(char folder[PATH])
{
    bool shm = access("/dev/shm", W_OK) == 0; /* where flushing to the disk costs nothing */
    snprintf(folder, PATH, "%s/recur-train-XXXXXX", shm ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
}

static inline void remove_folder(const char *folder)
{
    char command[PATH + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static inline const char *in_folder(char path[PATH], const char *folder, const char *name)
{
    int n = snprintf(path, PATH, "%s/%s", folder, name);
    assert_true(n > 0 && n < PATH);
    return path;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* The whole of a file, to be freed; NULL if it is not there. */
static inline char *read_text(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long n = ftell(file);
    char *text = malloc((size_t)n + 1);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)n, file), n);
    text[n] = '\0';
    fclose(file);
    if (size)
        *size = (size_t)n;
    return text;
}

#endif
