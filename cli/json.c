// SPDX-License-Identifier: MIT
/* JSON on standard output. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* The fewest digits that read back to the same number; with a ".0" where it would look like a whole number.
 */
static void print_real(double x)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    bool whole = true;
    for (const char *s = text; *s; s++)
        whole = whole && (*s == '-' || (*s >= '0' && *s <= '9'));
    printf("%s%s", text, whole ? ".0" : "");
}

static void print_text(json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    fputs(text ? text : "null", stdout);
    free(text);
}

static void print(json_t *value);

static void print_array(json_t *value)
{
    size_t i;
    json_t *item;
    putchar('[');
    json_array_foreach(value, i, item)
    {
        fputs(i ? ", " : "", stdout);
        print(item);
    }
    putchar(']');
}

static void print_object(json_t *value)
{
    const char *key, *between = "";
    json_t *item;
    putchar('{');
    json_object_foreach(value, key, item)
    {
        json_t *name = json_string(key);
        fputs(between, stdout);
        print_text(name);
        fputs(": ", stdout);
        print(item);
        json_decref(name);
        between = ", ";
    }
    putchar('}');
}

static void print(json_t *value)
{
    if (json_is_object(value))
        print_object(value);
    else if (json_is_array(value))
        print_array(value);
    else if (json_is_real(value))
        print_real(json_real_value(value));
    else
        print_text(value);
}

void cli_print_json(json_t *value)
{
    print(value);
    putchar('\n');
    json_decref(value);
}

json_t *cli_text_json(recur_span text)
{
    json_t *valid = json_stringn(text.text, text.size);
    return valid ? valid : json_null();
}

json_t *cli_score_json(const recur_score *score)
{
    json_t *object = json_object();
    json_object_set_new(object, "count", json_integer(score->count));
    for (int i = 0; i < score->n; i++) {
        double value = score->metric[i].value;
        json_object_set_new(object, score->metric[i].name, isfinite(value) ? json_real(value) : json_null());
    }
    return object;
}

json_t *cli_scores_json(const recur_score *model, const recur_score *baseline)
{
    json_t *object = cli_score_json(model);
    json_object_set_new(object, "baseline", baseline->count > 0 ? cli_score_json(baseline) : json_null());
    return object;
}
