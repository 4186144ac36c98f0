// SPDX-License-Identifier: MIT
/* Batches: padding, order, resuming, and that walking allocates nothing. */
#include "data/data_test.h"

#include "support/fail_alloc.h"

static const char seven[] = "1,2,3\n4,5\n6,7,8,9\n10,11\n12,13,14\n15,16\n17,18,19,20,21\n";

typedef struct set {
    recur_rows *r;
    recur_examples *e;
    recur_parts *p;
} set;

static set make_set(recur_ctx *cx)
{
    set k;
    k.r = rows_of(cx, seven);
    ok(cx, recur_examples_rows(&k.e, k.r, false));
    ok(cx, recur_parts_all(&k.p, k.e, 0));
    return k;
}

static void free_set(set *k)
{
    recur_parts_free(k->p);
    recur_examples_free(k->e);
    recur_rows_free(k->r);
}

static recur_batches *batches_of(recur_ctx *cx, const set *k, recur_batch_options opt)
{
    recur_batches *b;
    ok(cx, recur_batches_create(&b, k->e, k->p->index[0], k->p->n[0], NULL, NULL, &opt));
    return b;
}

static void pads_and_keeps_the_rest(void **state)
{
    recur_batch batch;
    set k = make_set(*state);
    recur_batches *b = batches_of(*state, &k, (recur_batch_options){.batch = 3, .dtype = RECUR_F64});
    assert_int_equal(recur_batches_size(b), 3);
    assert_true(recur_batches_next(b, &batch));
    assert_int_equal(batch.B, 3);
    assert_int_equal(batch.T, 3);
    assert_int_equal(batch.units, 6);
    equal(batch.x, (double[]){1, 2, 0, 4, 0, 0, 6, 7, 8}, 9);
    equal(batch.y, (double[]){3, 5, 9}, 3);
    assert_memory_equal(batch.lengths, ((int64_t[]){2, 1, 3}), 24);
    assert_memory_equal(batch.index, ((int64_t[]){0, 1, 2}), 24);
    assert_true(recur_batches_next(b, &batch));
    assert_int_equal(batch.T, 2); /* the longest of this batch */
    assert_true(recur_batches_next(b, &batch));
    assert_int_equal(batch.B, 1);
    equal(batch.x, (double[]){17, 18, 19, 20}, 4);
    assert_false(recur_batches_next(b, &batch));
    assert_false(recur_batches_next(b, &batch));
    recur_batches_seek(b, 1, 0);
    assert_true(recur_batches_next(b, &batch));
    equal(batch.x, (double[]){1, 2, 0, 4, 0, 0, 6, 7, 8}, 9); /* nothing of the batch before shines through */
    equal(batch.y, (double[]){3, 5, 9}, 3);
    recur_batches_free(b);
    recur_batches_free(NULL);
    free_set(&k);
}

static void gives_windows_with_features(void **state)
{
    double v[40];
    recur_series *s;
    recur_examples *e;
    recur_scaler *x, *y;
    recur_batches *b;
    recur_batch batch;
    for (int i = 0; i < 40; i++)
        v[i] = i;
    ok(*state, recur_series_from(&s, *state, v, 20, 2));
    ok(*state, recur_examples_windows(&e, s, &(recur_window){.window = 3, .horizon = 2}));
    ok(*state, recur_scaler_create(&x, *state, RECUR_SCALE_STANDARD, 2, (double[]){1, 0}, (double[]){1, 2}));
    ok(*state, recur_scaler_create(&y, *state, RECUR_SCALE_DIVIDE, 1, (double[]){0}, (double[]){4}));
    const int64_t index[] = {9, 7};
    ok(*state, recur_batches_create(&b, e, index, 2, x, y, &(recur_batch_options){.batch = 99}));
    assert_true(recur_batches_next(b, &batch));
    assert_true(batch.B == 2 && batch.T == 3 && batch.F == 2 && batch.H == 2 && batch.units == 6);
    const float *bx = batch.x, *by = batch.y;
    for (int j = 0; j < 2; j++)
        for (int t = 0; t < 3; t++) {
            assert_true(bx[(j * 3 + t) * 2] == (float)(2 * (index[j] + t) - 1));
            assert_true(bx[(j * 3 + t) * 2 + 1] == (float)(2 * (index[j] + t) + 1) / 2);
        }
    for (int j = 0; j < 2; j++)
        for (int h = 0; h < 2; h++)
            assert_true(by[j * 2 + h] == (float)(2 * (index[j] + 3 + h) + 1) / 4);
    recur_batches_free(b);
    recur_scaler_free(x);
    recur_scaler_free(y);
    recur_examples_free(e);
    recur_series_free(s);
}

/* The numbers of all examples in the order in which the batches give them. */
static void walk(recur_batches *b, uint64_t epoch, int64_t from, int64_t *order)
{
    recur_batch batch;
    int64_t n = 0;
    recur_batches_seek(b, epoch, from);
    while (recur_batches_next(b, &batch))
        for (int64_t j = 0; j < batch.B; j++)
            order[n++] = batch.index[j];
}

static void shuffles_by_seed_and_epoch(void **state)
{
    int64_t first[7], again[7], second[7], resumed[7], other[7];
    set k = make_set(*state);
    recur_batches *b = batches_of(*state, &k, (recur_batch_options){.batch = 2, .shuffle = true, .seed = 3});
    recur_batches *c = batches_of(*state, &k, (recur_batch_options){.batch = 2, .shuffle = true, .seed = 4});
    walk(b, 0, 0, first);
    walk(b, 1, 0, second);
    walk(b, 0, 0, again);
    walk(c, 0, 0, other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    int seen = 0;
    for (int i = 0; i < 7; i++)
        seen |= 1 << first[i];
    assert_int_equal(seen, 127);
    recur_batches_free(c);
    c = batches_of(*state, &k, (recur_batch_options){.batch = 2, .shuffle = true, .seed = 3});
    walk(c, 1, 2, resumed); /* a new iterator goes on where another stopped */
    assert_memory_equal(resumed, second + 4, 3 * sizeof *second);
    recur_batches_free(b);
    recur_batches_free(c);
    free_set(&k);
}

static void tells_where_it_stands(void **state)
{
    recur_batch batch;
    uint64_t epoch;
    int64_t at;
    set k = make_set(*state);
    recur_batches *b = batches_of(*state, &k, (recur_batch_options){.batch = 2});
    recur_batches_tell(b, &epoch, &at);
    assert_true(epoch == 0 && at == 0);
    recur_batches_seek(b, 5, 3);
    assert_true(recur_batches_next(b, &batch) && batch.B == 1);
    recur_batches_tell(b, &epoch, &at);
    assert_true(epoch == 5 && at == 4);
    assert_false(recur_batches_next(b, &batch));
    recur_batches_seek(b, 6, INT64_MAX);
    assert_false(recur_batches_next(b, &batch));
    recur_batches_free(b);
    free_set(&k);
}

static void takes_no_examples(void **state)
{
    recur_batch batch;
    recur_batches *b;
    set k = make_set(*state);
    ok(*state, recur_batches_create(&b, k.e, NULL, 0, NULL, NULL, &(recur_batch_options){.batch = 4}));
    assert_int_equal(recur_batches_size(b), 0);
    assert_false(recur_batches_next(b, &batch));
    recur_batches_free(b);
    free_set(&k);
}

static void refuses_what_does_not_fit(void **state)
{
    recur_batches *b;
    recur_scaler *two;
    recur_examples *e;
    set k = make_set(*state);
    const int64_t *index = k.p->index[0];
    ok(*state, recur_scaler_create(&two, *state, RECUR_SCALE_NONE, 2, (double[]){0, 0}, (double[]){1, 1}));
    refused(*state, recur_batches_create(&b, k.e, index, 7, NULL, NULL, &(recur_batch_options){0}),
            RECUR_EINVAL, "a batch of 0");
    refused(*state, recur_batches_create(&b, k.e, index, 7, two, NULL, &(recur_batch_options){.batch = 1}),
            RECUR_ESHAPE, "2 columns, the inputs have 1");
    refused(*state, recur_batches_create(&b, k.e, index, 7, NULL, two, &(recur_batch_options){.batch = 1}),
            RECUR_ESHAPE, "2 columns, the answers have 1");
    refused(*state,
            recur_batches_create(&b, k.e, index, 7, NULL, NULL,
                                 &(recur_batch_options){.batch = 1, .dtype = RECUR_I64}),
            RECUR_EDTYPE, "float32");
    refused(*state,
            recur_batches_create(&b, k.e, (int64_t[]){7}, 1, NULL, NULL, &(recur_batch_options){.batch = 1}),
            RECUR_EINVAL, "example 7");
    recur_series *s = series_of(*state, (double[]){1, 2, 1e39, 4, 5}, 5);
    ok(*state, recur_examples_windows(&e, s, &(recur_window){.window = 1, .horizon = 1}));
    refused(*state,
            recur_batches_create(&b, e, (int64_t[]){0, 1}, 2, NULL, NULL, &(recur_batch_options){.batch = 1}),
            RECUR_ENUMERIC, "row 2, column 0: a number too large for float32");
    ok(*state,
       recur_batches_create(&b, e, (int64_t[]){0, 3}, 2, NULL, NULL, &(recur_batch_options){.batch = 1}));
    recur_batches_free(b); /* the large number is in no example asked for */
    recur_examples_free(e);
    recur_series_free(s);
    recur_scaler_free(two);
    free_set(&k);
}

static void allocates_nothing_while_walking(void **state)
{
    fail_alloc f;
    recur_ctx *cx;
    recur_batch batch;
    (void)state;
    fail_alloc_init(&f);
    assert_int_equal(recur_ctx_create(&cx, &(recur_options){.threads = 1, .allocator = &f.allocator}),
                     RECUR_OK);
    set k = make_set(cx);
    recur_batches *b = batches_of(cx, &k, (recur_batch_options){.batch = 2, .shuffle = true});
    long calls = f.calls;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        recur_batches_seek(b, epoch, 0);
        while (recur_batches_next(b, &batch))
            ;
    }
    assert_int_equal(f.calls, calls);
    recur_batches_free(b);
    free_set(&k);
    recur_ctx_free(cx);
    fail_alloc_check(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pads_and_keeps_the_rest),
        TEST(gives_windows_with_features),
        TEST(shuffles_by_seed_and_epoch),
        TEST(tells_where_it_stands),
        TEST(takes_no_examples),
        TEST(refuses_what_does_not_fit),
        cmocka_unit_test(allocates_nothing_while_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
