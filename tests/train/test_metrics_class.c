// SPDX-License-Identifier: MIT
/* Metrics of classes and of their probabilities: the reference cases, definitions, edges. */
#include "support/json.h"
#include "train/train_test.h"

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not near %.17g", a, b);
}

/* --- classes --- */

static void expect_prf(recur_prf x, const json_t *expect)
{
    json_near(x.precision, expect, "precision", 1e-12);
    json_near(x.recall, expect, "recall", 1e-12);
    json_near(x.f1, expect, "f1", 1e-12);
}

static void check_classes(const json_t *c)
{
    int64_t n, n_predicted, K = json_whole(c, "num_classes"), matrix[64] = {0};
    int64_t *target = json_wholes(json_member(c, "target"), &n);
    int64_t *predicted = json_wholes(json_member(c, "predicted"), &n_predicted);
    const json_t *expect = json_member(c, "expect");
    recur_prf per_class[8];
    recur_classification r;
    assert_true(K <= 8 && n == n_predicted);
    assert_int_equal(recur_confusion_add(matrix, K, target, predicted, n / 2), n / 2); /* in two parts */
    assert_int_equal(recur_confusion_add(matrix, K, target + n / 2, predicted + n / 2, n - n / 2), n - n / 2);
    recur_classification_metrics(&r, per_class, matrix, K);
    for (int64_t k = 0; k < K; k++) {
        int64_t columns;
        int64_t *row = json_wholes(json_array_get(json_member(expect, "confusion"), (size_t)k), &columns);
        assert_int_equal(columns, K);
        assert_memory_equal(row, matrix + k * K, (size_t)K * sizeof *row);
        expect_prf(per_class[k], json_array_get(json_member(expect, "per_class"), (size_t)k));
        free(row);
    }
    assert_int_equal(r.count, n);
    json_near(r.accuracy, expect, "accuracy", 1e-12);
    expect_prf(r.micro, json_member(expect, "micro"));
    expect_prf(r.macro, json_member(expect, "macro"));
    expect_prf(r.macro_seen, json_member(expect, "macro_over_seen_classes"));
    free(target);
    free(predicted);
}

static void classes_agree_with_the_reference(void **state)
{
    (void)state;
    json_t *root = json_reference("decode/precision_recall_f1.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 5);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_classes(json_array_get(cases, i));
    json_decref(root);
}

static void classes_are_weighted_by_their_targets(void **state)
{
    (void)state;
    const int64_t matrix[9] = {3, 1, 0, 0, 1, 0, 0, 1, 0}; /* recall 3/4, 1, 0; precision 1, 1/3, 0 */
    recur_classification r;
    recur_classification_metrics(&r, NULL, matrix, 3);
    near(r.weighted.recall, 4.0 / 6, 1e-15);
    near(r.weighted.precision, (4 * 1 + 1.0 / 3) / 6, 1e-15);
    near(r.weighted.f1, (4 * 6.0 / 7 + 0.5) / 6, 1e-15);
    near(r.weighted.recall, r.accuracy, 1e-15);
}

static void nothing_to_classify_is_undefined(void **state)
{
    (void)state;
    int64_t matrix[4] = {0};
    recur_prf per_class[2];
    recur_classification r;
    assert_int_equal(recur_confusion_add(matrix, 2, (int64_t[]){-1, 2, 0, 1}, (int64_t[]){0, 0, -1, 2}, 4),
                     0);
    recur_classification_metrics(&r, per_class, matrix, 2);
    assert_int_equal(r.count, 0);
    assert_true(isnan(r.accuracy) && isnan(r.micro.f1) && isnan(r.macro.f1) && isnan(r.macro_seen.recall) &&
                isnan(r.weighted.precision) && isnan(per_class[1].f1));
}

/* --- likelihood --- */

static void perplexity_agrees_with_the_reference(void **state)
{
    (void)state;
    json_t *root = json_reference("decode/perplexity.json");
    const json_t *cases = json_member(root, "cases");
    assert_int_equal(json_array_size(cases), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *c = json_array_get(cases, i), *rows = json_member(c, "token_nll");
        const json_t *expect = json_member(c, "expect");
        double sum = 0;
        int64_t count = 0;
        for (size_t s = 0; s < json_array_size(rows); s++) {
            int64_t n;
            double *nll = json_doubles(json_array_get(rows, s), &n);
            for (int64_t t = 0; t < n; t++)
                sum += nll[t];
            count += n;
            free(nll);
        }
        recur_perplexity p;
        recur_perplexity_metrics(&p, sum, count);
        assert_int_equal(p.count, count);
        json_near(p.mean_nll, expect, "mean_nll", 1e-12);
        json_near(p.perplexity, expect, "perplexity", 1e-12);
        json_near(p.bits, expect, "bits_per_token", 1e-12);
    }
    json_decref(root);
    recur_perplexity none;
    recur_perplexity_metrics(&none, 0, 0);
    assert_true(isnan(none.mean_nll) && isnan(none.perplexity) && isnan(none.bits));
}

/* --- calibration --- */

static void calibration_has_its_definition(void **state)
{
    (void)state;
    /* confidences 0.6 right, 0.8 wrong, 0.5 (a tie) right, 0.9 right, 0.1 of a row that is left out */
    const double p[10] = {0.6, 0.4, 0.2, 0.8, 0.5, 0.5, 0.1, 0.9, 0.1, 0.1};
    const int64_t target[5] = {0, 0, 0, 1, 2};
    recur_reliability bins[5];
    recur_calibration c;
    recur_calibration_metrics(&c, bins, 5, p, target, 5, 2);
    assert_int_equal(c.count, 4);
    near(c.accuracy, 0.75, 1e-15);
    near(c.confidence, 0.7, 1e-15);
    /* (0.4, 0.6]: 0.6, 0.5; (0.6, 0.8]: 0.8; (0.8, 1]: 0.9 */
    assert_true(bins[2].count == 2 && bins[3].count == 1 && bins[4].count == 1 && bins[0].count == 0);
    near(bins[2].confidence, 0.55, 1e-15);
    near(bins[2].accuracy, 1, 1e-15);
    near(bins[3].accuracy, 0, 1e-15);
    assert_true(isnan(bins[0].accuracy) && isnan(bins[1].confidence));
    near(c.ece, (2 * 0.45 + 0.8 + 0.1) / 4, 1e-15);
    near(c.mce, 0.8, 1e-15);
    near(c.nll, -(log(0.6) + log(0.2) + log(0.5) + log(0.9)) / 4, 1e-15);
    near(c.brier, (2 * 0.16 + 2 * 0.64 + 2 * 0.25 + 2 * 0.01) / 4, 1e-15);
}

static void nothing_to_calibrate_is_undefined(void **state)
{
    (void)state;
    recur_reliability bins[2];
    recur_calibration c;
    recur_calibration_metrics(&c, bins, 2, NULL, NULL, 0, 3);
    assert_true(c.count == 0 && isnan(c.ece) && isnan(c.mce) && isnan(c.nll) && isnan(c.brier) &&
                isnan(c.accuracy) && isnan(c.confidence));
    recur_calibration_metrics(&c, bins, 2, (double[]){0, 1}, (int64_t[]){1}, 1, 2);
    assert_int_equal(bins[1].count, 1);
    recur_calibration_metrics(&c, bins, 2, (double[]){0, 0}, (int64_t[]){1}, 1, 2); /* no distribution */
    assert_int_equal(bins[0].count, 1);
    recur_calibration_metrics(&c, bins, 2, (double[]){0, 7}, (int64_t[]){1}, 1, 2);
    assert_int_equal(bins[1].count, 1);
}

/* --- temperature --- */

enum { N = 400, K = 4 };

/* Mean negative log-likelihood at a temperature. */
static double nll_at(double T, const double *logits, const int64_t *target, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * K;
        double all = 0;
        for (int64_t k = 0; k < K; k++)
            all += exp((z[k] - z[target[i]]) / T);
        sum += log(all);
    }
    return sum / (double)n;
}

static void temperature_is_the_most_likely(void **state)
{
    (void)state;
    static double z[N * K];
    static int64_t target[N];
    for (uint64_t seed = 0; seed < 6; seed++) {
        double scale = exp((double)seed - 2.5), p[K]; /* the logits are `scale` times too large */
        for (uint64_t i = 0; i < N; i++) {
            for (uint64_t k = 0; k < K; k++) {
                z[i * K + k] = 3 * recur_random_uniform(seed, i, k);
                p[k] = exp(z[i * K + k]);
            }
            target[i] = recur_random_choice(p, K, recur_random_uniform(seed, i, K));
            for (uint64_t k = 0; k < K; k++)
                z[i * K + k] *= scale;
        }
        double T = recur_temperature_fit(z, target, N, K), best = nll_at(T, z, target, N);
        assert_true(fabs(log(T / scale)) < 0.5);
        for (double step = 1e-3; step < 3; step *= 3) {
            assert_true(nll_at(T * (1 + step), z, target, N) > best);
            assert_true(nll_at(T / (1 + step), z, target, N) > best);
        }
        double by_slope =
            (nll_at(T * (1 + 1e-5), z, target, N) - nll_at(T / (1 + 1e-5), z, target, N)) / 2e-5;
        near(by_slope, 0, 1e-8);
    }
}

static void temperature_stays_in_its_range(void **state)
{
    (void)state;
    const double z[8] = {2, 1, 0, 0, 0, -INFINITY, 5, 1};
    near(recur_temperature_fit(z, (int64_t[]){0, 2}, 2, K), 0.01, 1e-15);   /* always right */
    near(recur_temperature_fit(z, (int64_t[]){3, 3}, 2, K), 100, 1e-12);    /* never */
    assert_true(isnan(recur_temperature_fit(z, (int64_t[]){-1, K}, 2, K))); /* no row counts */
    assert_true(isnan(recur_temperature_fit(z, NULL, 0, K)));
    const double two[4] = {1, 0, 1, 0}; /* softmax must be 3/4 of one row in four: at log 3 */
    const double many[8] = {1, 0, 1, 0, 1, 0, 1, 0};
    near(recur_temperature_fit(many, (int64_t[]){0, 1, 0, 0}, 4, 2), 1 / log(3), 1e-12);
    near(recur_temperature_fit(two, (int64_t[]){0, 1}, 2, 2), 100, 1e-11); /* even: the flatter the better */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_agree_with_the_reference),
        cmocka_unit_test(classes_are_weighted_by_their_targets),
        cmocka_unit_test(nothing_to_classify_is_undefined),
        cmocka_unit_test(perplexity_agrees_with_the_reference),
        cmocka_unit_test(calibration_has_its_definition),
        cmocka_unit_test(nothing_to_calibrate_is_undefined),
        cmocka_unit_test(temperature_is_the_most_likely),
        cmocka_unit_test(temperature_stays_in_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
