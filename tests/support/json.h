// SPDX-License-Identifier: MIT
/* Reference cases in JSON files (tests/reference/decode). A value that is not there fails the test. */
#ifndef TESTS_SUPPORT_JSON_H
#define TESTS_SUPPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* The file tests/reference/<name>; free it with json_decref(). */
json_t *json_reference(const char *name);

/* Members of an object. */
const json_t *json_member(const json_t *object, const char *key);
double json_number(const json_t *object, const char *key);
int64_t json_whole(const json_t *object, const char *key);
const char *json_text(const json_t *object, const char *key);
bool json_is(const json_t *object, const char *key, const char *text);

/* An array of numbers, *n of them; free() it. */
double *json_doubles(const json_t *array, int64_t *n);
int64_t *json_wholes(const json_t *array, int64_t *n);
/* An array of texts, which live in it; free() the array of pointers. */
const char **json_texts(const json_t *array, int64_t *n);

/* |value - member| <= tolerance (1 + |member|) */
void json_near(double value, const json_t *object, const char *key, double tolerance);

#endif
