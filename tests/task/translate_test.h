// SPDX-License-Identifier: MIT
/* What the tests of translation share: pairs that are learnt in a second, a small model, one that learns them. */
#ifndef TESTS_TASK_TRANSLATE_TEST_H
#define TESTS_TASK_TRANSLATE_TEST_H

#include "train/train_test.h"

static char folder[PATH], pairs[PATH], run_folder[PATH];

/* Spelt numbers, and their digits backwards: "four one" -> "1 4". */
static const char *const digits[] = {"zero", "one", "two",   "three", "four",
                                     "five", "six", "seven", "eight", "nine"};

static inline uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static inline void write_pairs(const char *path, int n, uint64_t seed)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < n; i++) {
        int length = 1 + (int)(next_random(&seed) % 4), d[4];
        for (int k = 0; k < length; k++) {
            d[k] = (int)(next_random(&seed) % 10);
            fprintf(file, "%s%s", k ? " " : "", digits[d[k]]);
        }
        for (int k = length - 1; k >= 0; k--)
            fprintf(file, "%c%d", k < length - 1 ? ' ' : '\t', d[k]);
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}

static inline int set_up(void **state)
{
    make_folder(folder);
    in_folder(pairs, folder, "pairs.tsv");
    in_folder(run_folder, folder, "run");
    write_pairs(pairs, 500, 1);
    *state = context_of(1);
    return 0;
}

static inline int tear_down(void **state)
{
    recur_ctx_free(*state);
    remove_folder(folder);
    return 0;
}

static inline recur_translate_config small(void)
{
    recur_translate_config c = recur_translate_defaults();
    c.data = pairs;
    c.text.min_count = 1;
    c.model.hidden = 16;
    c.model.embedding = 8;
    c.model.dropout = c.model.input_dropout = 0;
    c.train.epochs = 2;
    c.train.lr = 0.01;
    c.train.checkpoint_every = 1e9;
    c.beam = 2;
    return c;
}

/* One that learns the numbers. */
static inline recur_translate_config learner(void)
{
    recur_translate_config c = small();
    c.group = false;
    c.model.hidden = 32;
    c.model.embedding = 16;
    c.train.epochs = 25;
    c.train.batch_size = 16;
    return c;
}

static inline recur_run fresh(void)
{
    return (recur_run){.folder = run_folder, .force = true};
}

static inline recur_translate *trained(recur_ctx *cx, const recur_translate_config *c)
{
    recur_translate_result r;
    recur_translate *t;
    recur_run run = fresh();
    expect_ok(cx, recur_translate_train(cx, c, &run, &r));
    expect_ok(cx, recur_translate_open(&t, cx, run_folder));
    return t;
}

#endif
