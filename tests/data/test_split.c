// SPDX-License-Identifier: MIT
/* Parts of examples: by share, by number, every so many; groups stay together. */
#include "data/text_test.h"

static recur_parts *split(recur_ctx *cx, int64_t n, const int64_t *group, recur_partition how)
{
    recur_parts *p;
    ok(cx, recur_parts_split(&p, cx, n, group, &how));
    return p;
}

static void sizes(const recur_parts *p, int64_t train, int64_t valid, int64_t test)
{
    assert_int_equal(p->n[RECUR_PART_TRAIN], train);
    assert_int_equal(p->n[RECUR_PART_VALID], valid);
    assert_int_equal(p->n[RECUR_PART_TEST], test);
}

static void splits_in_order(void **state)
{
    recur_parts *p = split(*state, 10, NULL, (recur_partition){.share = {0.6, 0.2, 0.2}});
    sizes(p, 6, 2, 2);
    for (int64_t i = 0; i < 6; i++)
        assert_int_equal(p->index[RECUR_PART_TRAIN][i], i);
    assert_int_equal(p->index[RECUR_PART_TEST][0], 8);
    recur_parts_free(p);
    p = split(*state, 10, NULL, (recur_partition){.share = {3, 0, 4}, .counts = true});
    sizes(p, 3, 0, 4);
    recur_parts_free(p);
}

static void splits_by_seed(void **state)
{
    recur_partition how = {.share = {0.5, 0.25, 0.25}, .shuffle = true, .seed = 3};
    recur_parts *p = split(*state, 1000, NULL, how), *q = split(*state, 1000, NULL, how);
    bool seen[1000] = {false};
    sizes(p, 500, 250, 250);
    for (int part = 0; part < RECUR_PARTS; part++) {
        assert_memory_equal(p->index[part], q->index[part], (size_t)p->n[part] * sizeof(int64_t));
        for (int64_t i = 0; i < p->n[part]; i++) {
            assert_false(seen[p->index[part][i]]);
            seen[p->index[part][i]] = true;
            assert_true(i == 0 || p->index[part][i] > p->index[part][i - 1]);
        }
    }
    recur_parts_free(q);
    how.seed = 4;
    q = split(*state, 1000, NULL, how);
    assert_memory_not_equal(p->index[0], q->index[0], 500 * sizeof(int64_t));
    recur_parts_free(p);
    recur_parts_free(q);
}

static void takes_every_tenth(void **state)
{
    recur_parts *p = split(*state, 25, NULL, (recur_partition){.every = 10, .shuffle = true});
    sizes(p, 23, 0, 2);
    assert_int_equal(p->index[RECUR_PART_TEST][0], 9);
    assert_int_equal(p->index[RECUR_PART_TEST][1], 19);
    recur_parts_free(p);
    p = split(*state, 25, NULL, (recur_partition){.every = 10, .share = {0.8, 0.1, 0.1}});
    sizes(p, 21, 2, 2);
    assert_int_equal(p->index[RECUR_PART_VALID][1], 18);
    recur_parts_free(p);
}

/* No group is torn, in any kind of split; parts are as large as whole groups allow. */
static void keeps_groups_together(void **state)
{
    enum { N = 900 };
    static const recur_partition how[] = {{.share = {0.6, 0.2, 0.2}},
                                          {.share = {0.6, 0.2, 0.2}, .shuffle = true, .seed = 1},
                                          {.share = {500, 100, 100}, .counts = true, .shuffle = true},
                                          {.every = 5}};
    int64_t group[N];
    for (int64_t i = 0; i < N; i++)
        group[i] = i / 300 * 300 + i % 100; /* three, far from each other */
    for (size_t h = 0; h < COUNT(how); h++) {
        unsigned char part[N];
        memset(part, RECUR_PARTS, N);
        recur_parts *p = split(*state, N, group, how[h]);
        for (int q = 0; q < RECUR_PARTS; q++)
            for (int64_t i = 0; i < p->n[q]; i++)
                part[p->index[q][i]] = (unsigned char)q;
        for (int64_t i = 0; i < N; i++)
            assert_int_equal(part[i], part[group[i]]);
        if (how[h].every == 0 && !how[h].counts)
            assert_true(p->n[0] >= 537 && p->n[0] <= 543);
        recur_parts_free(p);
    }
}

static void says_what_is_wrong(void **state)
{
    recur_parts *p;
    refused(*state, recur_parts_split(&p, *state, 3, NULL, &(recur_partition){.share = {0.5, 0.1, 0.4}}),
            RECUR_EINVAL, "the validation part gets no example; there are 3 in all");
    refused(*state, recur_parts_split(&p, *state, 0, NULL, &(recur_partition){.share = {1, 0, 0}}),
            RECUR_EINVAL, "the training part gets no example");
    refused(*state, recur_parts_split(&p, *state, 3, NULL, &(recur_partition){.every = 1}), RECUR_EINVAL,
            "at least every 2");
    refused(*state, recur_parts_split(&p, *state, 3, (int64_t[]){0, 2, 2}, &(recur_partition){.share = {1}}),
            RECUR_EINVAL, "example 1: group 2 is not the number");
    refused(*state,
            recur_parts_split(&p, *state, 3, NULL, &(recur_partition){.share = {2, 2, 0}, .counts = true}),
            RECUR_EINVAL, "the split asks for 4 rows; there are 3");
    refused(*state, recur_parts_whole(&p, *state, 3, 7), RECUR_EINVAL, "part 7 is not in 0 .. 2");
    ok(*state, recur_parts_whole(&p, *state, 3, RECUR_PART_TEST));
    sizes(p, 0, 0, 3);
    recur_parts_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(splits_in_order), TEST(splits_by_seed), TEST(takes_every_tenth),
                                       TEST(keeps_groups_together), TEST(says_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
