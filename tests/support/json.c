// SPDX-License-Identifier: MIT
/* Reading reference cases. */
#include "support/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

json_t *json_reference(const char *name)
{
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", RECUR_REFERENCE_DIR, name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

const json_t *json_member(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (!member)
        fail_msg("there is no \"%s\"", key);
    return member;
}

double json_number(const json_t *object, const char *key)
{
    const json_t *member = json_member(object, key);
    assert_true(json_is_number(member));
    return json_number_value(member);
}

int64_t json_whole(const json_t *object, const char *key)
{
    const json_t *member = json_member(object, key);
    assert_true(json_is_integer(member));
    return (int64_t)json_integer_value(member);
}

const char *json_text(const json_t *object, const char *key)
{
    const json_t *member = json_member(object, key);
    assert_true(json_is_string(member));
    return json_string_value(member);
}

bool json_is(const json_t *object, const char *key, const char *text)
{
    return strcmp(json_text(object, key), text) == 0;
}

/* Room for the elements of an array, one at least. */
static void *room(const json_t *array, size_t item, int64_t *n)
{
    assert_true(json_is_array(array));
    *n = (int64_t)json_array_size(array);
    void *memory = calloc((size_t)*n + 1, item);
    assert_non_null(memory);
    return memory;
}

double *json_doubles(const json_t *array, int64_t *n)
{
    double *v = room(array, sizeof *v, n);
    for (int64_t i = 0; i < *n; i++)
        v[i] = json_number_value(json_array_get(array, (size_t)i));
    return v;
}

int64_t *json_wholes(const json_t *array, int64_t *n)
{
    int64_t *v = room(array, sizeof *v, n);
    for (int64_t i = 0; i < *n; i++)
        v[i] = (int64_t)json_integer_value(json_array_get(array, (size_t)i));
    return v;
}

const char **json_texts(const json_t *array, int64_t *n)
{
    const char **v = room(array, sizeof *v, n);
    for (int64_t i = 0; i < *n; i++)
        v[i] = json_string_value(json_array_get(array, (size_t)i));
    return v;
}

void json_near(double value, const json_t *object, const char *key, double tolerance)
{
    double wanted = json_number(object, key);
    if (!(fabs(value - wanted) <= tolerance * (1 + fabs(wanted))))
        fail_msg("%s is %.17g, not %.17g", key, value, wanted);
}
