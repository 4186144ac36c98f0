// SPDX-License-Identifier: MIT
/* The conditional random field against enumeration: every crf file of reference/decode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <recur/crf.h>

#include "support/reference.h"

static void run_crf(reference *r)
{
    static const char *const names[] = {"log_likelihood", "log_partition"};
    int64_t K = reference_whole(r, "num_tags");
    recur_crf l;
    reference_ok(r, recur_crf_create(&l, r->ps, "", K, true));
    reference_load(r);
    recur_tensor *e = reference_input(r, "emissions"), *lengths = reference_input(r, "lengths");
    recur_tensor *y[2] = {recur_crf_log_likelihood(r->tp, &l, e, reference_input(r, "tags"), lengths)};
    y[1] = recur_output(y[0], 1);
    reference_expect(r, "expect.log_likelihood", y[0]);
    reference_expect(r, "expect.log_partition", y[1]);
    reference_expect(r, "expect.log_partition", recur_crf_log_partition(r->tp, &l, e, lengths));
    recur_tensor *path = recur_crf_viterbi(r->tp, &l, e, lengths);
    reference_expect(r, "expect.viterbi", path);
    reference_expect(r, "expect.viterbi_score", recur_output(path, 1));
    reference_ok(r, recur_backward(r->tp, reference_scalar(r, names, y, 2)));
    reference_expect_gradients(r, (const char *[]){"emissions"}, &e, 1);
    if (!reference_flag(r, "uses_start_end"))
        for (int64_t k = 0; k < K; k++)
            assert_true(recur_item(l.start_transitions, k) == 0.0 && recur_item(l.end_transitions, k) == 0.0);
}

static const reference_kind kinds[] = {{"crf", run_crf}};

static void run_case(reference *r)
{
    r->elementwise = true;
    reference_run_kind(r, kinds, sizeof kinds / sizeof *kinds);
}

static void crf_agrees(void **state)
{
    (void)state;
    print_message("%d files\n", reference_each("decode", "kind", "crf", run_case));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(crf_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
