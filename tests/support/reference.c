// SPDX-License-Identifier: MIT
#include "support/reference.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <recur/op.h>

enum { MAX_SEEN = 64 };

struct reference_seen {
    bool option[MAX_SEEN], tensor[MAX_SEEN]; /* by position in the file */
};

void reference_ok(const reference *r, recur_status s)
{
    const char *text = NULL;
    recur_error(r->cx, &text);
    if (s)
        print_error("%s: %s: %s\n", r->name, recur_status_name(s), text);
    assert_int_equal(s, RECUR_OK);
}

static const char *option_of(const reference *r, const char *key)
{
    const char *name, *value;
    for (size_t i = 0; recur_archive_meta_at(r->archive, i, &name, &value); i++) {
        assert_true(i < MAX_SEEN);
        if (strcmp(name, key) == 0) {
            r->seen->option[i] = true;
            return value;
        }
    }
    return NULL;
}

static bool find(const reference *r, const char *name, recur_entry *e)
{
    for (size_t i = 0; i < recur_archive_size(r->archive); i++) {
        assert_true(i < MAX_SEEN);
        reference_ok(r, recur_archive_at(r->archive, i, e));
        if (strcmp(e->name, name) == 0) {
            r->seen->tensor[i] = true;
            return true;
        }
    }
    return false;
}

static void find_or_fail(const reference *r, const char *name, recur_entry *e)
{
    if (!find(r, name, e))
        fail_msg("%s has no %s", r->name, name);
}

bool reference_has(const reference *r, const char *name)
{
    recur_entry e;
    return recur_archive_find(r->archive, name, &e) == RECUR_OK;
}

const char *reference_text(const reference *r, const char *key)
{
    const char *value = option_of(r, key);
    if (!value)
        print_error("%s has no %s\n", r->name, key);
    assert_non_null(value);
    return value;
}

bool reference_is(const reference *r, const char *key, const char *value)
{
    const char *is = option_of(r, key);
    return is && strcmp(is, value) == 0;
}

bool reference_flag(const reference *r, const char *key)
{
    return reference_is(r, key, "true");
}

double reference_number(const reference *r, const char *key)
{
    return strtod(reference_text(r, key), NULL);
}

int64_t reference_whole(const reference *r, const char *key)
{
    double number = reference_number(r, key);
    assert_true(number == floor(number));
    return (int64_t)number;
}

static recur_dtype dtype_of(const recur_entry *e)
{
    return strcmp(e->dtype, "F64") == 0 ? RECUR_F64 : strcmp(e->dtype, "F32") == 0 ? RECUR_F32 : RECUR_I64;
}

recur_tensor *reference_input(reference *r, const char *name)
{
    recur_entry e;
    if (!find(r, name, &e))
        return NULL;
    recur_tensor *t = recur_input(r->tp, dtype_of(&e), e.rank, e.shape, e.data);
    reference_ok(r, t ? RECUR_OK : recur_error(r->cx, NULL));
    return recur_track(t);
}

recur_tensor *reference_param(reference *r, const char *name)
{
    char full[256];
    recur_entry e;
    snprintf(full, sizeof full, "param.%s", name);
    find_or_fail(r, full, &e);
    recur_tensor *t = recur_params_find(r->ps, name);
    if (!t)
        t = recur_param(r->ps, name, e.rank, e.shape);
    reference_ok(r, t ? RECUR_OK : recur_error(r->cx, NULL));
    assert_int_equal((size_t)recur_count(t) * (r->dtype == RECUR_F32 ? 4 : 8), e.size);
    if (e.size)
        memcpy(r->dtype == RECUR_F32 ? (void *)recur_f32(t) : (void *)recur_f64(t), e.data, e.size);
    return t;
}

static void load(reference *r, unsigned flags)
{
    recur_entry e;
    reference_ok(r, recur_params_load(r->ps, r->archive, "param.", flags));
    for (size_t i = 0; i < recur_params_size(r->ps); i++) {
        char full[256];
        snprintf(full, sizeof full, "param.%s", recur_name(recur_params_at(r->ps, i)));
        find(r, full, &e);
    }
}

void reference_load(reference *r)
{
    load(r, 0);
}

void reference_load_some(reference *r)
{
    load(r, RECUR_LOAD_MISSING);
}

/* --- comparison --- */

static double value_at(const recur_entry *e, int64_t i)
{
    switch (dtype_of(e)) {
    case RECUR_F32:
        return (double)((const float *)e->data)[i];
    case RECUR_F64:
        return ((const double *)e->data)[i];
    case RECUR_I64:
        break;
    }
    return (double)((const int64_t *)e->data)[i];
}

static int64_t count_of(const recur_entry *e)
{
    int64_t n = 1;
    for (int i = 0; i < e->rank; i++)
        n *= e->shape[i];
    return n;
}

static double largest(const recur_entry *e)
{
    double m = 0.0;
    for (int64_t i = 0; i < count_of(e); i++)
        m = isfinite(value_at(e, i)) ? fmax(m, fabs(value_at(e, i))) : m;
    return m;
}

static bool agree(double got, double want, double limit)
{
    if (isnan(want))
        return isnan(got);
    return isfinite(want) ? fabs(got - want) <= limit : got == want;
}

static double got_values(const void *user, int64_t i)
{
    return ((const double *)user)[i];
}

static double got_tensor(const void *user, int64_t i)
{
    return recur_item(user, i);
}

static void expect(reference *r, const char *name, double (*get)(const void *user, int64_t i),
                   const void *user, int64_t count)
{
    recur_entry e;
    find_or_fail(r, name, &e);
    assert_int_equal(count, count_of(&e));
    double all = fmax(r->floor, largest(&e));
    for (int64_t i = 0; i < count; i++) {
        double got = get(user, i), want = value_at(&e, i);
        double limit = fmax(r->slack, r->tolerance * (r->elementwise ? r->floor + fabs(want) : all));
        if (!agree(got, want, limit))
            fail_msg("%s: %s[%lld] is %.17g, not %.17g (limit %g)", r->name, name, (long long)i, got, want,
                     limit);
    }
    r->compared++;
}

void reference_expect_values(reference *r, const char *name, const double *got, int64_t count)
{
    expect(r, name, got_values, got, count);
}

void reference_expect(reference *r, const char *name, recur_tensor *got)
{
    recur_entry e;
    reference_ok(r, got ? RECUR_OK : recur_error(r->cx, NULL));
    assert_non_null(got);
    find_or_fail(r, name, &e);
    if (recur_rank(got) != e.rank)
        print_error("%s: %s has %d axes, not %d\n", r->name, name, recur_rank(got), e.rank);
    assert_int_equal(recur_rank(got), e.rank);
    for (int i = 0; i < e.rank; i++)
        assert_int_equal(recur_dim(got, i), e.shape[i]);
    expect(r, name, got_tensor, got, recur_count(got));
}

void reference_expect_if(reference *r, const char *name, recur_tensor *got)
{
    if (reference_has(r, name))
        reference_expect(r, name, got);
}

recur_tensor *reference_scalar(reference *r, const char *const *names, recur_tensor *const *results, int n)
{
    recur_tensor *sum = NULL;
    for (int i = 0; i < n; i++) {
        char name[160];
        snprintf(name, sizeof name, "grad_in.%s", names[i]);
        recur_tensor *g = reference_input(r, name);
        if (!g)
            continue;
        recur_tensor *term = recur_sum(r->tp, recur_mul(r->tp, results[i], g), RECUR_ALL_AXES, false);
        sum = sum ? recur_add(r->tp, sum, term) : term;
    }
    return sum;
}

static void expect_gradient(reference *r, const char *name, recur_tensor *t)
{
    char full[256];
    snprintf(full, sizeof full, "expect.grad.%s", name);
    if (!reference_has(r, full))
        return;
    if (!recur_grad(t))
        print_error("%s: no gradient for %s\n", r->name, name);
    assert_non_null(recur_grad(t));
    reference_expect(r, full, recur_grad(t));
}

void reference_expect_gradients(reference *r, const char *const *names, recur_tensor *const *inputs, int n)
{
    for (size_t i = 0; i < recur_params_size(r->ps); i++)
        expect_gradient(r, recur_name(recur_params_at(r->ps, i)), recur_params_at(r->ps, i));
    for (int i = 0; i < n; i++)
        if (inputs[i])
            expect_gradient(r, names[i], inputs[i]);
}

/* --- files --- */

/* The files' own measure: a small multiple of the float32 deviation, 1e-10 in float64. Denormals and growth
 * are relative. */
static void set_tolerance(reference *r)
{
    const char *deviation = option_of(r, "f32_max_abs_dev");
    r->tolerance = r->dtype == RECUR_F64 ? 1e-10 : deviation ? 1e-6 : 1e-5;
    r->slack = deviation ? 8.0 * strtod(deviation, NULL) : 0.0;
    r->floor = 1.0;
    if (strstr(r->name, "denormal") || strstr(r->name, "growth")) {
        r->floor = r->slack = 0.0;
        r->tolerance = r->dtype == RECUR_F64 ? 1e-10 : 1e-5;
    }
}

/* --- kinds --- */

/* What says nothing about how to run the case. */
static const char *const remarks[] = {"call", "case", "dtype", "f32_max_abs_dev", "kind", "torch_version"};

static bool is_remark(const char *key)
{
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++)
        if (strcmp(key, remarks[i]) == 0)
            return true;
    return false;
}

static void check_all_seen(const reference *r)
{
    const char *key, *value;
    recur_entry e;
    for (size_t i = 0; recur_archive_meta_at(r->archive, i, &key, &value); i++)
        if (!is_remark(key) && !r->seen->option[i])
            fail_msg("%s: nothing read the option %s = %s", r->name, key, value);
    for (size_t i = 0; i < recur_archive_size(r->archive); i++) {
        reference_ok(r, recur_archive_at(r->archive, i, &e));
        if (!r->seen->tensor[i])
            fail_msg("%s: nothing read the tensor %s", r->name, e.name);
    }
}

void reference_run_kind(reference *r, const reference_kind *kinds, size_t n)
{
    size_t i = 0;
    while (i < n && !reference_is(r, "kind", kinds[i].kind))
        i++;
    if (i == n)
        fail_msg("%s: unknown kind %s", r->name, reference_text(r, "kind"));
    if (kinds[i].run) {
        kinds[i].run(r);
        check_all_seen(r);
    } else {
        print_message("%s: skipped\n", r->name);
        r->skipped = true;
    }
}

static void run_file(const char *path, const char *file, const char *key, const char *value,
                     reference_run *run, int *count)
{
    struct reference_seen seen = {.option = {false}};
    reference r = {.cx = NULL, .seen = &seen};
    recur_options options = {.threads = 1, .keep_denormals = strstr(file, "denormal") != NULL};
    assert_int_equal(recur_ctx_create(&r.cx, &options), RECUR_OK);
    snprintf(r.name, sizeof r.name, "%.127s", file);
    reference_ok(&r, recur_archive_open(&r.archive, r.cx, path));
    if (!key || reference_is(&r, key, value)) {
        r.dtype = reference_is(&r, "dtype", "F32") ? RECUR_F32 : RECUR_F64;
        set_tolerance(&r);
        reference_ok(&r, recur_params_create(&r.ps, r.cx, r.dtype, 1));
        reference_ok(&r, recur_tape_create(&r.tp, r.cx, 1));
        run(&r);
        if (!r.compared && !r.skipped)
            fail_msg("%s: nothing was compared", r.name);
        *count += !r.skipped;
    }
    recur_tape_free(r.tp);
    recur_params_free(r.ps);
    recur_archive_free(r.archive);
    recur_ctx_free(r.cx);
}

static int is_case(const struct dirent *entry)
{
    return strstr(entry->d_name, ".safetensors") != NULL;
}

int reference_each(const char *folder, const char *key, const char *value, reference_run *run)
{
    char path[4096];
    struct dirent **entries = NULL;
    int count = 0;
    snprintf(path, sizeof path, "%s/%s", RECUR_REFERENCE_DIR, folder);
    int n = scandir(path, &entries, is_case, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", RECUR_REFERENCE_DIR, folder, entries[i]->d_name);
        run_file(path, entries[i]->d_name, key, value, run, &count);
        free(entries[i]);
    }
    free(entries);
    assert_true(count > 0);
    return count;
}
