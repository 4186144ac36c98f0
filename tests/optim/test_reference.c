// SPDX-License-Identifier: MIT
/* Optimizers and clipping against PyTorch's own results: every file of tests/reference/optim. */
#include "optim_test.h"

#include <dirent.h>

#include <recur/format.h>

#include "base/number.h"

/* What is understood of a file; a test fails on anything else, so that no option is passed over. */
typedef struct file {
    recur_ctx *cx;
    recur_archive *a;
    const char *name;
    double tolerance;
    size_t used; /* tensors that were read or compared */
} file;

static double number(const char *text)
{
    double x;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return text[0] == 't';
    assert_true(rcr_parse_double(text, strlen(text), &x));
    return x;
}

static recur_entry find(file *f, const char *name)
{
    recur_entry e;
    ok(f->cx, recur_archive_find(f->a, name, &e));
    f->used++;
    return e;
}

static double item(const recur_entry *e, int64_t i)
{
    return strcmp(e->dtype, "F32") == 0 ? (double)((const float *)e->data)[i] : ((const double *)e->data)[i];
}

/* NaN must match NaN, an infinity itself. */
static void near(const file *f, const char *what, double got, double expected)
{
    bool same = isnan(expected) ? isnan(got) : got == expected;
    if (!same && !(isfinite(expected) && fabs(got - expected) <= f->tolerance * (1 + fabs(expected))))
        fail_msg("%s: %s is %.17g, expected %.17g", f->name, what, got, expected);
}

/* Compares a tensor with the part `index` of an entry. */
static void compare(const file *f, const char *what, const recur_tensor *t, const recur_entry *e,
                    int64_t index)
{
    for (int64_t i = 0; i < recur_count(t); i++)
        near(f, what, recur_item(t, i), item(e, index * recur_count(t) + i));
}

static void copy(recur_tensor *t, const recur_entry *e, int64_t index)
{
    for (int64_t i = 0; i < recur_count(t); i++)
        set_item(t, i, item(e, index * recur_count(t) + i));
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- options ---- */

static const struct {
    const char *name;
    size_t offset;
    bool flag;
} options[] = {
#define OPTION(name, field)                              \
    {                                                    \
        name, offsetof(recur_optim_config, field), false \
    }
#define FLAG(name)                                      \
    {                                                   \
#name, offsetof(recur_optim_config, name), true \
    }
    OPTION("lr", lr),
    OPTION("weight_decay", weight_decay),
    OPTION("momentum", momentum),
    OPTION("dampening", dampening),
    OPTION("beta1", beta1),
    OPTION("beta2", beta2),
    OPTION("eps", eps),
    OPTION("alpha", alpha),
    OPTION("lr_decay", lr_decay),
    OPTION("initial_accumulator_value", initial_accumulator),
    OPTION("rho", rho),
    OPTION("momentum_decay", momentum_decay),
    FLAG(nesterov),
    FLAG(amsgrad),
    FLAG(centered),
    FLAG(maximize),
};

static const char *const no_options[] = {"call",  "case",          "dtype",          "kind",
                                         "steps", "torch_version", "f32_max_abs_dev"};

static void set_option(const file *f, recur_optim_config *c, const char *key, const char *value)
{
    for (size_t i = 0; i < COUNT(options); i++)
        if (strcmp(key, options[i].name) == 0) {
            char *field = (char *)c + options[i].offset;
            if (options[i].flag)
                *(bool *)field = number(value) != 0;
            else
                *(double *)(void *)field = number(value);
            return;
        }
    fail_msg("%s: unknown option %s", f->name, key);
}

/* The options with this prefix ("" or "group.b."). */
static size_t read_options(const file *f, recur_optim_config *c, const char *prefix)
{
    const char *key, *value;
    size_t n = 0;
    for (size_t i = 0; recur_archive_meta_at(f->a, i, &key, &value); i++) {
        bool skip = !begins(key, prefix) || (!*prefix && begins(key, "group."));
        for (size_t k = 0; k < COUNT(no_options); k++)
            skip = skip || strcmp(key, no_options[k]) == 0;
        if (skip)
            continue;
        set_option(f, c, key + strlen(prefix), value);
        n++;
    }
    return n;
}

/* ---- optimizers ---- */

static const char *const kinds[] = {
    [RECUR_SGD] = "sgd",         [RECUR_ADAM] = "adam",       [RECUR_ADAMW] = "adamw",
    [RECUR_RMSPROP] = "rmsprop", [RECUR_ADAGRAD] = "adagrad", [RECUR_ADADELTA] = "adadelta",
    [RECUR_NADAM] = "nadam"};

/* A parameter for each tensor named prefix + name. */
static recur_params *read_params(file *f, const char *prefix)
{
    recur_params *ps;
    recur_entry e;
    bool f32 = strcmp(recur_archive_meta(f->a, "dtype"), "F32") == 0;
    ok(f->cx, recur_params_create(&ps, f->cx, f32 ? RECUR_F32 : RECUR_F64, 0));
    for (size_t i = 0; recur_archive_at(f->a, i, &e) == RECUR_OK; i++)
        if (begins(e.name, prefix)) {
            recur_tensor *w = recur_param(ps, e.name + strlen(prefix), e.rank, e.shape);
            assert_non_null(w);
            copy(w, &e, 0);
            f->used++;
        }
    assert_true(recur_params_size(ps) > 0);
    return ps;
}

static void check_state(file *f, recur_optim *o)
{
    const char *prefix = "expect.state.";
    recur_entry e;
    for (size_t i = 0; recur_archive_at(f->a, i, &e) == RECUR_OK; i++) {
        char name[64];
        if (!begins(e.name, prefix))
            continue;
        const char *buffer = e.name + strlen(prefix), *dot = strchr(buffer, '.');
        int n = (int)(dot ? dot - buffer : (ptrdiff_t)strlen(buffer));
        snprintf(name, sizeof name, "%s.%.*s", dot ? dot + 1 : "w", n, buffer);
        recur_tensor *t = state_named(o, name);
        if (!t)
            fail_msg("%s: the optimizer has no state %s", f->name, name);
        compare(f, name, t, &e, 0);
        f->used++;
    }
}

static void run_steps(file *f, recur_params *ps, recur_optim *o, int64_t steps)
{
    for (int64_t k = 0; k < steps; k++) {
        for (size_t i = 0; i < recur_params_size(ps); i++) {
            char name[64];
            recur_tensor *w = recur_params_at(ps, i);
            snprintf(name, sizeof name, "grad_in.%s", recur_name(w));
            recur_entry e = find(f, name);
            copy(recur_grad(w), &e, k);
        }
        ok(f->cx, recur_optim_step(o));
        for (size_t i = 0; i < recur_params_size(ps); i++) {
            char name[64];
            recur_tensor *w = recur_params_at(ps, i);
            snprintf(name, sizeof name, "expect.%s", recur_name(w));
            recur_entry e = find(f, name);
            compare(f, name, w, &e, k);
            for (int64_t j = 0; j < recur_count(w); j++)
                assert_true(recur_item(recur_grad(w), j) == 0);
        }
    }
    f->used -= 2 * (size_t)(steps - 1) * recur_params_size(ps);
}

static void check_optimizer(file *f, recur_optim_kind kind)
{
    recur_optim *o;
    recur_params *ps = read_params(f, "param.");
    recur_optim_config c = recur_optim_defaults(kind), group;
    assert_true(read_options(f, &c, "") >= 2);
    ok(f->cx, recur_optim_create(&o, ps, &c));
    group = c;
    if (read_options(f, &group, "group.b.") > 0)
        ok(f->cx, recur_optim_group(o, "b", &group));
    run_steps(f, ps, o, (int64_t)number(recur_archive_meta(f->a, "steps")));
    check_state(f, o);
    recur_optim_free(o);
    recur_params_free(ps);
}

/* ---- clipping ---- */

static void check_gradients(file *f, const recur_params *ps)
{
    for (size_t i = 0; i < recur_params_size(ps); i++) {
        char name[64];
        recur_tensor *w = recur_params_at(ps, i);
        snprintf(name, sizeof name, "expect.grad.%s", recur_name(w));
        recur_entry e = find(f, name);
        compare(f, name, recur_grad(w), &e, 0);
    }
}

/* Parameters whose gradients are the file's. */
static recur_params *read_gradients(file *f)
{
    recur_params *ps = read_params(f, "grad_in.");
    for (size_t i = 0; i < recur_params_size(ps); i++) {
        recur_tensor *w = recur_params_at(ps, i);
        for (int64_t k = 0; k < recur_count(w); k++)
            set_item(recur_grad(w), k, recur_item(w, k));
    }
    return ps;
}

static void check_clip_norm(file *f)
{
    double norm, max = number(recur_archive_meta(f->a, "max_norm")),
                 p = number(recur_archive_meta(f->a, "norm_type"));
    recur_params *ps = read_gradients(f);
    ok(f->cx, recur_clip_grad_norm(ps, max, p, &norm));
    recur_entry e = find(f, "expect.total_norm");
    near(f, "total_norm", norm, item(&e, 0));
    check_gradients(f, ps);
    recur_params_free(ps);
}

static void check_clip_value(file *f)
{
    recur_params *ps = read_gradients(f);
    ok(f->cx, recur_clip_grad_value(ps, number(recur_archive_meta(f->a, "clip_value"))));
    check_gradients(f, ps);
    recur_params_free(ps);
}

/* ---- files ---- */

static void check_kind(file *f, const char *kind)
{
    if (strcmp(kind, "clip_grad_norm") == 0) {
        check_clip_norm(f);
        return;
    }
    if (strcmp(kind, "clip_grad_value") == 0) {
        check_clip_value(f);
        return;
    }
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0) {
            check_optimizer(f, (recur_optim_kind)i);
            return;
        }
    fail_msg("%s: unknown kind %s", f->name, kind);
}

static void check_file(recur_ctx *cx, const char *path, const char *name)
{
    file f = {.cx = cx, .name = name};
    ok(cx, recur_archive_open(&f.a, cx, path));
    f.tolerance = strcmp(recur_archive_meta(f.a, "dtype"), "F32") == 0 ? 2e-7 : 1e-10;
    check_kind(&f, recur_archive_meta(f.a, "kind"));
    if (f.used != recur_archive_size(f.a))
        fail_msg("%s: %zu of %zu tensors were looked at", name, f.used, recur_archive_size(f.a));
    recur_archive_free(f.a);
}

static void every_file_agrees(void **state)
{
    (void)state;
    size_t n = 0;
    recur_ctx *cx = context();
    DIR *folder = opendir(RECUR_REFERENCE_DIR "/optim");
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/optim/%s", RECUR_REFERENCE_DIR, e->d_name);
        check_file(cx, path, e->d_name);
        n++;
    }
    closedir(folder);
    recur_ctx_free(cx);
    print_message("%zu files\n", n);
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
