// SPDX-License-Identifier: MIT
/* Reference cases (tests/reference/): reading one, running one, comparing with it. README.md there explains
 * the files. */
#ifndef TESTS_SUPPORT_REFERENCE_H
#define TESTS_SUPPORT_REFERENCE_H

#include <recur/format.h>
#include <recur/tape.h>

/* One file, open. Everything in it lives until the case ends. */
typedef struct reference {
    recur_ctx *cx;
    recur_archive *archive;
    recur_params *ps;
    recur_tape *tp; /* begun in RECUR_EVAL mode */
    char name[128];
    recur_dtype dtype;
    double tolerance; /* relative to the largest magnitude of a tensor where that is above `floor` */
    double floor;     /* 1; 0 for the cases that must be compared relatively */
    double slack;     /* absolute: where it is above that limit, a multiple of the file's float32 deviation */
    bool
        elementwise; /* relative to each element's own magnitude instead: |a - b| <= tolerance (floor + |b|) */
    int compared;    /* tensors held against the file so far */
    bool skipped;    /* the case is of a kind that nothing runs yet */
    struct reference_seen *seen; /* what was asked for */
} reference;

typedef void reference_run(reference *r);

/* How the cases of one kind are run; `run` NULL: not yet, they are named and counted. */
typedef struct reference_kind {
    const char *kind;
    reference_run *run;
} reference_kind;

/* Runs every .safetensors file of tests/reference/<folder>/ whose metadata `key` is `value` (key NULL: every
 * file), and fails the test if there is none, or if a case compares nothing. Returns the number of files, those
 * skipped left out. */
int reference_each(const char *folder, const char *key, const char *value, reference_run *run);

/* Runs the case as its `kind` says, and fails the test for a kind that is not in the table, or if anything in
 * the file, an option or a tensor, was not asked for. */
void reference_run_kind(reference *r, const reference_kind *kinds, size_t n);

bool reference_has(const reference *r, const char *name);
/* Metadata; the test fails where it is absent. */
const char *reference_text(const reference *r, const char *key);
bool reference_is(const reference *r, const char *key, const char *value); /* false where absent */
bool reference_flag(const reference *r, const char *key);                  /* "true" */
double reference_number(const reference *r, const char *key);
int64_t reference_whole(const reference *r, const char *key);
/* Fills all parameters and buffers from "param." + name; the test fails where one is absent or unknown. */
void reference_load(reference *r);
/* The same; what the file does not have keeps its values. */
void reference_load_some(reference *r);
/* An input of the file on the tape, tracked if it is floating; NULL where the file has none of that name. */
recur_tensor *reference_input(reference *r, const char *name);
/* A parameter of the set with the values of "param." + name. */
recur_tensor *reference_param(reference *r, const char *name);
/* Fails the test unless `got` has the shape and the values of the file's tensor `name`. */
void reference_expect(reference *r, const char *name, recur_tensor *got);
/* The same, if the file has it. */
void reference_expect_if(reference *r, const char *name, recur_tensor *got);
/* The same for `count` doubles. */
void reference_expect_values(reference *r, const char *name, const double *got, int64_t count);
/* sum over those of the n names that have a "grad_in." tensor: sum(result * grad_in). NULL if none has. */
recur_tensor *reference_scalar(reference *r, const char *const *names, recur_tensor *const *results, int n);
/* Holds the gradients of all parameters, and of the n inputs, against "expect.grad.*". */
void reference_expect_gradients(reference *r, const char *const *names, recur_tensor *const *inputs, int n);
/* Fails the test with the context's error text unless the status is RECUR_OK. */
void reference_ok(const reference *r, recur_status s);

#endif
