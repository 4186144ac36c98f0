// SPDX-License-Identifier: MIT
/* Schedules: every file of tests/reference/schedule, resuming, edges, wrong options, failing allocations. */
#include "optim_test.h"

#include <dirent.h>

#include <jansson.h>

#include "optim/scalar.h"
#include "support/fail_alloc.h"

static const struct {
    const char *name;
    recur_schedule_kind kind;
} kinds[] = {
    {"step", RECUR_SCHEDULE_STEP},
    {"multi_step", RECUR_SCHEDULE_MULTI_STEP},
    {"exponential", RECUR_SCHEDULE_EXPONENTIAL},
    {"cosine_annealing", RECUR_SCHEDULE_COSINE},
    {"cosine_warm_restarts", RECUR_SCHEDULE_COSINE_RESTARTS},
    {"one_cycle", RECUR_SCHEDULE_ONE_CYCLE},
    {"linear", RECUR_SCHEDULE_LINEAR},
    {"reduce_on_plateau", RECUR_SCHEDULE_PLATEAU},
};

typedef enum type { REAL, WHOLE, FLAG } type;

/* A flag may be a word in PyTorch: the one given means true, `other` false. */
static const struct {
    const char *name;
    size_t offset;
    type type;
    const char *word, *other;
} options[] = {
#define FIELD(name, type)                                              \
    {                                                                  \
#name, offsetof(recur_schedule_config, name), type, NULL, NULL \
    }
#define WORD(name, field, word, other)                                  \
    {                                                                   \
        name, offsetof(recur_schedule_config, field), FLAG, word, other \
    }
    FIELD(gamma, REAL),
    FIELD(step_size, WHOLE),
    FIELD(T_max, WHOLE),
    FIELD(eta_min, REAL),
    FIELD(T_0, WHOLE),
    FIELD(T_mult, WHOLE),
    FIELD(factor, REAL),
    FIELD(patience, WHOLE),
    FIELD(cooldown, WHOLE),
    FIELD(threshold, REAL),
    FIELD(min_lr, REAL),
    FIELD(eps, REAL),
    FIELD(max_lr, REAL),
    FIELD(pct_start, REAL),
    FIELD(div_factor, REAL),
    FIELD(final_div_factor, REAL),
    FIELD(base_momentum, REAL),
    FIELD(max_momentum, REAL),
    FIELD(total_steps, WHOLE),
    FIELD(three_phase, FLAG),
    FIELD(cycle_momentum, FLAG),
    FIELD(start_factor, REAL),
    FIELD(end_factor, REAL),
    FIELD(total_iters, WHOLE),
    WORD("mode", maximize, "max", "min"),
    WORD("threshold_mode", threshold_abs, "abs", "rel"),
    WORD("anneal_strategy", linear_anneal, "linear", "cos"),
};

static bool truth(const json_t *value, const char *word, const char *other)
{
    if (!word) {
        assert_true(json_is_boolean(value));
        return json_is_true(value);
    }
    const char *text = json_string_value(value);
    assert_non_null(text);
    if (strcmp(text, word) != 0)
        assert_string_equal(text, other);
    return strcmp(text, word) == 0;
}

static void set_option(recur_schedule_config *c, const char *key, const json_t *value)
{
    for (size_t i = 0; i < COUNT(options); i++) {
        void *field = (char *)c + options[i].offset;
        if (strcmp(key, options[i].name) != 0)
            continue;
        if (options[i].type == REAL)
            *(double *)field = json_number_value(value);
        else if (options[i].type == WHOLE)
            *(int64_t *)field = (int64_t)json_integer_value(value);
        else
            *(bool *)field = truth(value, options[i].word, options[i].other);
        return;
    }
    fail_msg("unknown option %s", key);
}

/* Whole numbers; returns how many. */
static int read_milestones(const json_t *array, int64_t milestones[8])
{
    size_t n = json_array_size(array);
    assert_in_range(n, 1, 8);
    for (size_t i = 0; i < n; i++)
        milestones[i] = (int64_t)json_integer_value(json_array_get(array, i));
    return (int)n;
}

static recur_schedule_config read_config(const char *kind, json_t *from, int64_t milestones[8])
{
    const char *key;
    json_t *value;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kind, kinds[i].name) != 0)
            continue;
        recur_schedule_config c = recur_schedule_defaults(kinds[i].kind);
        json_object_foreach(from, key, value)
        {
            if (strcmp(key, "milestones") == 0) {
                c.n_milestones = read_milestones(value, milestones);
                c.milestones = milestones;
            } else if (strcmp(key, "kind") != 0) {
                set_option(&c, key, value);
            }
        }
        return c;
    }
    fail_msg("unknown kind %s", kind);
    return (recur_schedule_config){0};
}

static recur_schedule *read_sequence(recur_ctx *cx, const json_t *from, double base_lr)
{
    recur_schedule *s;
    recur_schedule_config parts[8];
    int64_t milestones[8], unused[8];
    json_t *list = json_object_get(from, "schedulers");
    size_t n = json_array_size(list);
    assert_int_equal(json_object_size(from), 2);
    assert_in_range(n, 2, 8);
    for (size_t i = 0; i < n; i++) {
        json_t *part = json_array_get(list, i);
        parts[i] = read_config(json_string_value(json_object_get(part, "kind")), part, unused);
    }
    assert_int_equal(read_milestones(json_object_get(from, "milestones"), milestones), n - 1);
    ok(cx, recur_schedule_sequence(&s, cx, parts, (int)n, milestones, base_lr));
    return s;
}

static recur_schedule *read_schedule(recur_ctx *cx, const json_t *root)
{
    recur_schedule *s;
    int64_t milestones[8];
    const char *kind = json_string_value(json_object_get(root, "kind"));
    json_t *from = json_object_get(root, "options");
    double base_lr = json_number_value(json_object_get(root, "base_lr"));
    if (strcmp(kind, "sequential") == 0)
        return read_sequence(cx, from, base_lr);
    recur_schedule_config c = read_config(kind, from, milestones);
    ok(cx, recur_schedule_create(&s, cx, &c, base_lr));
    return s;
}

static void near(const char *name, size_t k, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * fabs(expected) + 1e-17))
        fail_msg("%s: after %zu steps %.17g, expected %.17g", name, k, got, expected);
}

/* Another schedule made alike, with the state of `from`. */
static recur_schedule *resume(recur_ctx *cx, const json_t *root, const recur_schedule *from)
{
    double state[32];
    recur_schedule *to = read_schedule(cx, root);
    size_t n = recur_schedule_state(from, state, COUNT(state));
    assert_in_range(n, 1, COUNT(state));
    assert_int_equal(recur_schedule_state(from, NULL, 0), n);
    assert_int_equal(recur_schedule_restore(to, state, n + 1), RECUR_EINVAL);
    ok(cx, recur_schedule_restore(to, state, n));
    return to;
}

/* The rates of the file; at step `cut` another object takes over, and then both go on with the same bits. */
static void check_rates(recur_ctx *cx, const char *name, const json_t *root, size_t cut)
{
    json_t *expect = json_object_get(root, "expect"), *lr = json_object_get(expect, "lr");
    json_t *metrics = json_object_get(root, "metrics"), *momentum = json_object_get(expect, "momentum");
    recur_schedule *s = read_schedule(cx, root), *second = NULL;
    size_t n = json_array_size(lr);
    assert_true(n > 3 && json_object_size(expect) == (momentum ? 2 : 1));
    for (size_t k = 0; k < n; k++) {
        double metric = json_number_value(json_array_get(metrics, k));
        if (k == cut)
            second = resume(cx, root, s);
        if (metrics || k > 0) { /* plateau's first rate is after the first metric */
            recur_schedule_step(s, metric);
            if (second)
                recur_schedule_step(second, metric);
        }
        near(name, k, recur_schedule_lr(s), json_number_value(json_array_get(lr, k)));
        if (momentum)
            near(name, k, recur_schedule_momentum(s), json_number_value(json_array_get(momentum, k)));
        else
            assert_true(isnan(recur_schedule_momentum(s)));
        if (second)
            assert_true(recur_schedule_lr(s) == recur_schedule_lr(second));
    }
    recur_schedule_free(s);
    recur_schedule_free(second);
}

static void check_file(recur_ctx *cx, const char *path, const char *name)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s: %s", path, error.text);
    for (size_t cut = 0; cut < json_array_size(json_object_get(json_object_get(root, "expect"), "lr")); cut++)
        check_rates(cx, name, root, cut);
    json_decref(root);
}

static void every_file_agrees(void **state)
{
    (void)state;
    size_t n = 0;
    recur_ctx *cx = context();
    DIR *folder = opendir(RECUR_REFERENCE_DIR "/schedule");
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/schedule/%s", RECUR_REFERENCE_DIR, e->d_name);
        check_file(cx, path, e->d_name);
        n++;
    }
    closedir(folder);
    recur_ctx_free(cx);
    print_message("%zu files\n", n);
    assert_true(n > 25);
}

/* ---- edges ---- */

static recur_schedule *made(recur_ctx *cx, recur_schedule_config c, double base_lr)
{
    recur_schedule *s;
    ok(cx, recur_schedule_create(&s, cx, &c, base_lr));
    return s;
}

static void step(recur_schedule *s, int n)
{
    for (int i = 0; i < n; i++)
        recur_schedule_step(s, 0);
}

static void one_cycle_stays_at_its_end(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_schedule_config c = recur_schedule_defaults(RECUR_SCHEDULE_ONE_CYCLE);
    c.max_lr = 1;
    for (c.total_steps = 1; c.total_steps < 12; c.total_steps++)
        for (c.pct_start = 0; c.pct_start <= 1; c.pct_start += 0.25) {
            recur_schedule *s = made(cx, c, 0.1);
            step(s, (int)c.total_steps - 1);
            double end = recur_schedule_lr(s);
            assert_true(isfinite(end) && end > 0 && end <= 1);
            step(s, 5);
            near("end", 5, recur_schedule_lr(s), end);
            assert_true(recur_schedule_momentum(s) <= 0.95 + 1e-12);
            recur_schedule_free(s);
        }
    recur_ctx_free(cx);
}

static void restarts_with_huge_periods(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_schedule_config c = recur_schedule_defaults(RECUR_SCHEDULE_COSINE_RESTARTS);
    c.T_0 = 2;
    c.T_mult = INT64_MAX / 3;
    recur_schedule *s = made(cx, c, 1);
    step(s, 2);
    assert_true(recur_schedule_lr(s) == 1);
    step(s, 1000);
    assert_true(recur_schedule_lr(s) > 0.999);
    recur_schedule_free(s);
    recur_ctx_free(cx);
}

static void constant_stays(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_schedule *s = made(cx, recur_schedule_defaults(RECUR_SCHEDULE_CONSTANT), 0.3);
    step(s, 7);
    assert_true(recur_schedule_lr(s) == 0.3);
    recur_schedule_free(s);
    recur_ctx_free(cx);
}

/* Milestones need not be sorted; one at 0 counts from the beginning. */
static void milestones_in_any_order(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    int64_t milestones[] = {3, 0, 2};
    recur_schedule_config c = recur_schedule_defaults(RECUR_SCHEDULE_MULTI_STEP);
    c.gamma = 0.5;
    c.milestones = milestones;
    c.n_milestones = 3;
    recur_schedule *s = made(cx, c, 8);
    memset(milestones, 0, sizeof milestones); /* borrowed while it was made only */
    assert_true(recur_schedule_lr(s) == 4);
    step(s, 2);
    assert_true(recur_schedule_lr(s) == 2);
    step(s, 1);
    assert_true(recur_schedule_lr(s) == 1);
    recur_schedule_free(s);
    recur_ctx_free(cx);
}

/* A plateau that is a part observes the metrics of its own steps. */
static void sequences_hand_the_metric_on(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    int64_t milestone = 3;
    recur_schedule *s;
    recur_schedule_config parts[] = {recur_schedule_defaults(RECUR_SCHEDULE_LINEAR),
                                     recur_schedule_defaults(RECUR_SCHEDULE_PLATEAU)};
    parts[1].patience = 0;
    ok(cx, recur_schedule_sequence(&s, cx, parts, 2, &milestone, 1));
    step(s, 3);
    assert_true(recur_schedule_lr(s) == 1);
    recur_schedule_step(s, 5);
    assert_true(recur_schedule_lr(s) == 1);
    recur_schedule_step(s, 5);
    near("plateau", 5, recur_schedule_lr(s), 0.1);
    recur_schedule_free(s);
    recur_ctx_free(cx);
}

static void powers_and_cosines(void **state)
{
    (void)state;
    for (int i = -4000; i <= 4000; i++) {
        double x = i / 997.0, expected = cos(3.14159265358979323846 * x);
        assert_true(fabs(rcr_cos_pi(x) - expected) < 3e-15);
    }
    assert_true(rcr_cos_pi(0) == 1 && rcr_cos_pi(1) == -1 && rcr_cos_pi(0.5) == 0 &&
                rcr_cos_pi(1e15 + 1) == -1);
    for (int n = 0; n < 3000; n += 7)
        assert_true(fabs(rcr_power(0.999, n) - pow(0.999, n)) < 1e-13);
    assert_true(rcr_power(0, 0) == 1 && rcr_power(0, 3) == 0 && rcr_power(0.5, INT64_MAX) == 0);
}

/* ---- wrong options and states ---- */

static const struct {
    recur_schedule_kind kind;
    size_t offset;
    double value; /* of a real, or of a whole number */
    bool whole;
    const char *text;
} wrong[] = {
#define REAL_WRONG(kind, field, value, text)                                              \
    {                                                                                     \
        RECUR_SCHEDULE_##kind, offsetof(recur_schedule_config, field), value, false, text \
    }
#define WHOLE_WRONG(kind, field, value, text)                                            \
    {                                                                                    \
        RECUR_SCHEDULE_##kind, offsetof(recur_schedule_config, field), value, true, text \
    }
    REAL_WRONG(PLATEAU, factor, 1, "plateau schedule: factor must be in [0, 1), got 1"),
    REAL_WRONG(PLATEAU, factor, -0.5, "factor"),
    REAL_WRONG(PLATEAU, min_lr, -1, "min_lr"),
    REAL_WRONG(PLATEAU, eps, NAN, "eps"),
    WHOLE_WRONG(PLATEAU, patience, -1, "patience must be at least 0, got -1"),
    WHOLE_WRONG(PLATEAU, cooldown, -2, "cooldown"),
    WHOLE_WRONG(STEP, step_size, 0, "step schedule: step_size must be at least 1, got 0"),
    REAL_WRONG(EXPONENTIAL, gamma, -1, "gamma"),
    WHOLE_WRONG(COSINE, T_max, 0, "T_max"),
    WHOLE_WRONG(COSINE_RESTARTS, T_0, 0, "T_0"),
    WHOLE_WRONG(ONE_CYCLE, total_steps, 0, "total_steps"),
    REAL_WRONG(ONE_CYCLE, pct_start, 1.5, "pct_start must be in [0, 1], got 1.5"),
    REAL_WRONG(ONE_CYCLE, div_factor, 0, "div_factor must be in (0, inf), got 0"),
    REAL_WRONG(ONE_CYCLE, max_lr, 0, "max_lr"),
    REAL_WRONG(LINEAR, start_factor, 1.5, "start_factor"),
    REAL_WRONG(LINEAR, end_factor, -0.1, "end_factor"),
    WHOLE_WRONG(LINEAR, total_iters, 0, "total_iters"),
};

/* All that has no default is given. */
static recur_schedule_config complete(recur_schedule_kind kind)
{
    recur_schedule_config c = recur_schedule_defaults(kind);
    c.step_size = c.T_max = c.T_0 = c.total_steps = 10;
    c.max_lr = 1;
    return c;
}

static void refuse(recur_ctx *cx, const recur_schedule_config *c, double base_lr, const char *text)
{
    recur_schedule *s;
    const char *got;
    assert_int_equal(recur_schedule_create(&s, cx, c, base_lr), RECUR_EINVAL);
    assert_null(s);
    recur_error(cx, &got);
    if (!strstr(got, text))
        fail_msg("\"%s\" does not say \"%s\"", got, text);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    for (int kind = 0; kind <= RECUR_SCHEDULE_LINEAR; kind++) {
        recur_schedule_config c = complete((recur_schedule_kind)kind);
        recur_schedule_free(made(cx, c, 1));
        refuse(cx, &c, -1, "base_lr");
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        recur_schedule_config c = complete(wrong[i].kind);
        void *field = (char *)&c + wrong[i].offset;
        if (wrong[i].whole)
            *(int64_t *)field = (int64_t)wrong[i].value;
        else
            *(double *)field = wrong[i].value;
        refuse(cx, &c, 1, wrong[i].text);
    }
    recur_schedule_config c = complete(RECUR_SCHEDULE_COSINE_RESTARTS);
    c.T_mult = 0;
    refuse(cx, &c, 1, "T_mult");
    c = recur_schedule_defaults((recur_schedule_kind)77);
    refuse(cx, &c, 1, "77");
    c = recur_schedule_defaults(RECUR_SCHEDULE_MULTI_STEP);
    c.n_milestones = 2;
    refuse(cx, &c, 1, "2 milestones");
    recur_ctx_free(cx);
}

static void wrong_sequences_are_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_schedule *s;
    recur_schedule_config parts[3] = {complete(RECUR_SCHEDULE_LINEAR), complete(RECUR_SCHEDULE_COSINE),
                                      complete(RECUR_SCHEDULE_CONSTANT)};
    static const int64_t bad[][2] = {{5, 5}, {6, 5}, {0, 5}, {-1, 5}}, good[] = {2, 5};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(recur_schedule_sequence(&s, cx, parts, 3, bad[i], 1), RECUR_EINVAL);
    assert_int_equal(recur_schedule_sequence(&s, cx, parts, 0, NULL, 1), RECUR_EINVAL);
    assert_int_equal(recur_schedule_sequence(&s, cx, parts, 3, NULL, 1), RECUR_EINVAL);
    parts[1].T_max = -3;
    assert_int_equal(recur_schedule_sequence(&s, cx, parts, 3, good, 1), RECUR_EINVAL);
    assert_null(s);
    recur_ctx_free(cx);
}

static void wrong_states_are_refused(void **state)
{
    (void)state;
    recur_ctx *cx = context();
    recur_schedule *s = made(cx, complete(RECUR_SCHEDULE_PLATEAU), 1);
    static const double bad[][5] = {{-1, 1, 1, 0, 0},  {1.5, 1, 1, 0, 0}, {1, NAN, 1, 0, 0},
                                    {NAN, 1, 1, 0, 0}, {1, 1, 1, 0, NAN}, {INFINITY, 1, 1, 0, 0}};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(recur_schedule_restore(s, bad[i], 5), RECUR_EINVAL);
    assert_true(recur_schedule_lr(s) == 1);
    recur_schedule_free(s);
    recur_ctx_free(cx);
}

/* ---- allocations ---- */

static recur_status make_in(const recur_allocator *allocator, void *argument)
{
    recur_ctx *cx = NULL;
    recur_schedule *s = NULL;
    recur_options opt = {.threads = 1, .allocator = allocator};
    static const int64_t milestones[] = {2, 5};
    recur_schedule_config parts[3] = {complete(RECUR_SCHEDULE_LINEAR), complete(RECUR_SCHEDULE_MULTI_STEP),
                                      complete(RECUR_SCHEDULE_CONSTANT)};
    (void)argument;
    parts[1].milestones = milestones;
    parts[1].n_milestones = 2;
    recur_status status = recur_ctx_create(&cx, &opt);
    if (status == RECUR_OK)
        status = recur_schedule_sequence(&s, cx, parts, 3, milestones, 1);
    recur_schedule_free(s);
    recur_ctx_free(cx);
    return status;
}

static void failing_allocations_leak_nothing(void **state)
{
    (void)state;
    assert_true(fail_alloc_each(make_in, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_agrees),
        cmocka_unit_test(one_cycle_stays_at_its_end),
        cmocka_unit_test(restarts_with_huge_periods),
        cmocka_unit_test(constant_stays),
        cmocka_unit_test(milestones_in_any_order),
        cmocka_unit_test(sequences_hand_the_metric_on),
        cmocka_unit_test(powers_and_cosines),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(wrong_sequences_are_refused),
        cmocka_unit_test(wrong_states_are_refused),
        cmocka_unit_test(failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
