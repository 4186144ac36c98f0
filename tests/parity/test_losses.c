// SPDX-License-Identifier: MIT
/* Losses against PyTorch: every file of reference/losses. Nothing in a file may stay unread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <recur/loss.h>

#include "support/reference.h"

static recur_reduction reduction_of(const reference *r)
{
    static const char *const names[] = {[RECUR_MEAN] = "mean", [RECUR_SUM] = "sum", [RECUR_NONE] = "none"};
    for (int i = 0; i < 3; i++)
        if (reference_is(r, "reduction", names[i]))
            return (recur_reduction)i;
    fail_msg("%s: unknown reduction %s", r->name, reference_text(r, "reduction"));
    return RECUR_MEAN;
}

/* Where the loss is not finite the file has no gradients. The gradients of BCE at its edges go from 1e-9 to
 * 1e12, so they are held relative to themselves. */
static void check_by(reference *r, recur_tensor *loss, const char *name, recur_tensor *input)
{
    reference_expect(r, "expect.loss", loss);
    recur_tensor *scalar = reference_scalar(r, (const char *[]){"loss"}, &loss, 1);
    if (!scalar)
        return;
    reference_ok(r, recur_backward(r->tp, scalar));
    if (strncmp(r->name, "bce_edge", 8) == 0) {
        r->tolerance = r->dtype == RECUR_F64 ? 1e-8 : 1e-5;
        r->floor = r->slack = 0.0;
    }
    reference_expect_gradients(r, &name, &input, 1);
}

static void check(reference *r, recur_tensor *loss, recur_tensor *input)
{
    check_by(r, loss, "input", input);
}

static void run_pair(reference *r,
                     recur_tensor *f(recur_tape *, recur_tensor *, recur_tensor *, recur_reduction))
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    check(r, f(r->tp, x, t, reduction_of(r)), x);
}

static void run_mse(reference *r)
{
    run_pair(r, recur_mse_loss);
}

static void run_l1(reference *r)
{
    run_pair(r, recur_l1_loss);
}

static void run_bce(reference *r)
{
    run_pair(r, recur_bce_loss);
}

static void run_smooth_l1(reference *r)
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    check(r, recur_smooth_l1_loss(r->tp, x, t, reference_number(r, "beta"), reduction_of(r)), x);
}

static void run_huber(reference *r)
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    check(r, recur_huber_loss(r->tp, x, t, reference_number(r, "delta"), reduction_of(r)), x);
}

static void run_bce_with_logits(reference *r)
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    check(r, recur_bce_with_logits(r->tp, x, t, reference_input(r, "pos_weight"), reduction_of(r)), x);
}

static recur_class_loss class_options(reference *r)
{
    return (recur_class_loss){.weight = reference_input(r, "weight"),
                              .ignore_index = reference_whole(r, "ignore_index"),
                              .reduction = reduction_of(r)};
}

static void run_cross_entropy(reference *r)
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    recur_class_loss options = class_options(r);
    options.label_smoothing = reference_number(r, "label_smoothing");
    check(r, recur_cross_entropy(r->tp, x, t, options), x);
}

static void run_nll(reference *r)
{
    recur_tensor *x = reference_input(r, "input"), *t = reference_input(r, "target");
    check(r, recur_nll_loss(r->tp, x, t, class_options(r)), x);
}

static void run_ctc(reference *r)
{
    recur_tensor *x = reference_input(r, "logits"), *t = reference_input(r, "target"),
                 *T = reference_input(r, "input_lengths"), *L = reference_input(r, "target_lengths");
    recur_ctc options = {.blank = reference_whole(r, "blank"),
                         .reduction = reduction_of(r),
                         .zero_infinity = reference_flag(r, "zero_infinity")};
    check_by(r, recur_ctc_loss(r->tp, recur_log_softmax(r->tp, x, 2), t, T, L, options), "logits", x);
}

static const reference_kind kinds[] = {
    {"bce", run_bce},
    {"bce_with_logits", run_bce_with_logits},
    {"cross_entropy", run_cross_entropy},
    {"ctc", run_ctc},
    {"huber", run_huber},
    {"l1", run_l1},
    {"mse", run_mse},
    {"nll", run_nll},
    {"smooth_l1", run_smooth_l1},
};

static int skipped;

static void run_case(reference *r)
{
    r->elementwise = true;
    reference_run_kind(r, kinds, sizeof kinds / sizeof *kinds);
    skipped += r->skipped;
}

static void losses_agree(void **state)
{
    (void)state;
    int count = reference_each("losses", NULL, NULL, run_case);
    print_message("%d files, %d skipped\n", count, skipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(losses_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
