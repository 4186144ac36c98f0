// SPDX-License-Identifier: MIT
/* Options: a table that describes a config struct; finding, reading, writing and comparing its fields as
 * text. */
#include "train/option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

/* '-' and '_' are one letter, so that --batch-size and "batch_size" are one name. */
static char fold(char c)
{
    return c == '_' ? '-' : c;
}

static bool same_name(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

const recur_option *recur_option_find(const recur_option_group *groups, const char *name, size_t *offset)
{
    for (const recur_option_group *g = groups; g->title; g++)
        for (const recur_option *o = g->options; o->name; o++)
            if (same_name(o->name, name)) {
                if (offset)
                    *offset = g->offset + o->offset;
                return o;
            }
    return NULL;
}

/* ---- reading ---- */

static recur_status bad(recur_ctx *cx, const char *where, const char *text, const char *wanted)
{
    return rcr_fail(cx, RECUR_EINVAL, "%s: \"%s\" is not %s", where, text, wanted);
}

static recur_status outside(recur_ctx *cx, const recur_option *o, const char *where, const char *text)
{
    char low[RCR_NUMBER_SIZE], high[RCR_NUMBER_SIZE];
    rcr_format_short(low, o->low, 9);
    rcr_format_short(high, o->high, 9);
    if (isinf(o->high))
        return rcr_fail(cx, RECUR_EINVAL, "%s: %s is less than %s", where, text, low);
    return rcr_fail(cx, RECUR_EINVAL, "%s: %s is outside %s .. %s", where, text, low, high);
}

static bool in_range(const recur_option *o, double x)
{
    return o->low >= o->high || (x >= o->low && x <= o->high);
}

static recur_status read_count(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                               const char *text)
{
    int64_t value;
    if (!rcr_parse_int64(text, strlen(text), &value))
        return bad(cx, where, text, "a whole number");
    if (!in_range(o, (double)value))
        return outside(cx, o, where, text);
    memcpy(field, &value, sizeof value);
    return RECUR_OK;
}

static recur_status keep_number(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                                const char *text, double value)
{
    if (!isfinite(value) || !in_range(o, value))
        return outside(cx, o, where, text);
    memcpy(field, &value, sizeof value);
    return RECUR_OK;
}

static recur_status read_number(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                                const char *text)
{
    double value;
    if (!rcr_parse_double(text, strlen(text), &value))
        return bad(cx, where, text, "a number");
    return keep_number(cx, o, field, where, text, value);
}

static recur_status read_time(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                              const char *text)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t n = strlen(text);
    double factor = 1, value;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (n > 1 && text[n - 1] == units[i].unit)
            factor = units[i].seconds;
    if (!rcr_parse_double(text, n > 1 && strchr("smhd", text[n - 1]) ? n - 1 : n, &value))
        return bad(cx, where, text, "a time such as 90s, 30m or 1.5h");
    return keep_number(cx, o, field, where, text, value * factor);
}

/* "a, b or c" */
static void join(char *out, size_t size, const char *const *words)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; words[i] && used < size; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        int n = snprintf(out + used, size - used, "%s%s", between, words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static recur_status read_choice(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                                const char *text)
{
    for (int i = 0; o->choices[i]; i++)
        if (same_name(o->choices[i], text)) {
            memcpy(field, &i, sizeof i);
            return RECUR_OK;
        }
    char words[RCR_OPTION_TEXT];
    join(words, sizeof words, o->choices);
    return rcr_fail(cx, RECUR_EINVAL, "%s: \"%s\" is not one of %s", where, text, words);
}

static recur_status read_flag(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                              const char *text)
{
    bool value = !text || strcmp(text, "true") == 0;
    int pick = (int)o->low;
    if (!value && strcmp(text, "false") != 0)
        return bad(cx, where, text, "true or false");
    if (o->kind == RECUR_OPTION_FLAG)
        memcpy(field, &value, sizeof value);
    else if (value)
        memcpy(field, &pick, sizeof pick);
    return RECUR_OK;
}

static recur_status read_text(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                              const char *text)
{
    (void)o;
    if (text[0] == '\0')
        return rcr_fail(cx, RECUR_EINVAL, "%s: the value is empty", where);
    memcpy(field, &text, sizeof text);
    return RECUR_OK;
}

typedef recur_status reader(recur_ctx *, const recur_option *, void *, const char *, const char *);

static reader *const readers[] = {
    [RECUR_OPTION_FLAG] = read_flag,     [RECUR_OPTION_PICK] = read_flag, [RECUR_OPTION_COUNT] = read_count,
    [RECUR_OPTION_NUMBER] = read_number, [RECUR_OPTION_TIME] = read_time, [RECUR_OPTION_CHOICE] = read_choice,
    [RECUR_OPTION_TEXT] = read_text,
};

recur_status rcr_option_read(recur_ctx *cx, const recur_option *o, void *field, const char *where,
                             const char *text)
{
    if (!text && o->kind > RECUR_OPTION_PICK)
        return rcr_fail(cx, RECUR_EINVAL, "%s needs a value: %s", where, o->value ? o->value : "VALUE");
    return readers[o->kind](cx, o, field, where, text);
}

recur_status recur_option_set(recur_ctx *cx, const recur_option_group *groups, void *config, const char *name,
                              const char *text)
{
    size_t offset;
    const recur_option *o = recur_option_find(groups, name, &offset);
    char where[RCR_OPTION_TEXT];
    if (o) {
        snprintf(where, sizeof where, "--%s", o->name);
        return rcr_option_read(cx, o, (char *)config + offset, where, text);
    }
    const char *near = recur_option_suggest(groups, name);
    return near ? rcr_fail(cx, RECUR_ENOTFOUND, "unknown option --%s: did you mean --%s?", name, near)
                : rcr_fail(cx, RECUR_ENOTFOUND, "unknown option --%s", name);
}

/* ---- writing ---- */

static double number_at(const void *field)
{
    double x;
    memcpy(&x, field, sizeof x);
    return x;
}

static int64_t count_at(const void *field)
{
    int64_t x;
    memcpy(&x, field, sizeof x);
    return x;
}

static int int_at(const void *field)
{
    int x;
    memcpy(&x, field, sizeof x);
    return x;
}

static bool flag_at(const recur_option *o, const void *field)
{
    bool x;
    if (o->kind == RECUR_OPTION_PICK)
        return int_at(field) == (int)o->low;
    memcpy(&x, field, sizeof x);
    return x;
}

static const char *text_at(const void *field)
{
    const char *x;
    memcpy(&x, field, sizeof x);
    return x;
}

void recur_option_get(const recur_option *o, const void *field, char *text, size_t size)
{
    char number[RCR_NUMBER_SIZE] = "";
    const char *value = number;
    if (o->kind == RECUR_OPTION_FLAG || o->kind == RECUR_OPTION_PICK)
        value = flag_at(o, field) ? "true" : "false";
    else if (o->kind == RECUR_OPTION_COUNT)
        snprintf(number, sizeof number, "%lld", (long long)count_at(field));
    else if (o->kind == RECUR_OPTION_CHOICE)
        value = o->choices[int_at(field)];
    else if (o->kind == RECUR_OPTION_TEXT)
        value = text_at(field) ? text_at(field) : "";
    else if (!isnan(number_at(field)))
        rcr_format_double(number, number_at(field));
    snprintf(text, size, "%s", value);
}

/* "batch-size" is "batch_size" in JSON. */
static void json_name(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s", name);
    for (char *s = out; *s; s++)
        *s = *s == '-' ? '_' : *s;
}

static void write_one(rcr_doc *j, const recur_option *o, const void *field)
{
    char key[RCR_OPTION_TEXT];
    json_name(key, sizeof key, o->name);
    if (o->kind == RECUR_OPTION_FLAG || o->kind == RECUR_OPTION_PICK)
        rcr_doc_bool(j, key, flag_at(o, field));
    else if (o->kind == RECUR_OPTION_COUNT)
        rcr_doc_int(j, key, count_at(field));
    else if (o->kind == RECUR_OPTION_CHOICE)
        rcr_doc_text(j, key, o->choices[int_at(field)]);
    else if (o->kind == RECUR_OPTION_TEXT && text_at(field))
        rcr_doc_text(j, key, text_at(field));
    else if (o->kind != RECUR_OPTION_TEXT && isfinite(number_at(field)))
        rcr_doc_real(j, key, number_at(field));
}

void rcr_options_write(rcr_doc *j, const recur_option_group *groups, const void *config)
{
    for (const recur_option_group *g = groups; g->title; g++)
        for (const recur_option *o = g->options; o->name; o++)
            if (!(o->flags & RECUR_OPTION_NO_JSON))
                write_one(j, o, (const char *)config + g->offset + o->offset);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_value(const recur_option *o, const void *a, const void *b)
{
    char s[RCR_OPTION_TEXT], t[RCR_OPTION_TEXT];
    if (o->kind == RECUR_OPTION_TEXT)
        return same_text(text_at(a), text_at(b));
    recur_option_get(o, a, s, sizeof s);
    recur_option_get(o, b, t, sizeof t);
    return strcmp(s, t) == 0;
}

const recur_option *rcr_options_differ(const recur_option_group *groups, const void *a, const void *b)
{
    for (const recur_option_group *g = groups; g->title; g++)
        for (const recur_option *o = g->options; o->name; o++) {
            size_t at = g->offset + o->offset;
            if (!(o->flags & (RECUR_OPTION_LIVE | RECUR_OPTION_NO_JSON)) &&
                !same_value(o, (const char *)a + at, (const char *)b + at))
                return o;
        }
    return NULL;
}

/* ---- checking ---- */

static bool is_choice(const recur_option *o, int value)
{
    for (int i = 0; o->choices[i]; i++)
        if (i == value)
            return true;
    return false;
}

/* A number that is not given is NaN, and in order. */
static bool acceptable(const recur_option *o, const void *field)
{
    if (o->kind == RECUR_OPTION_CHOICE)
        return is_choice(o, int_at(field));
    if (o->kind == RECUR_OPTION_COUNT)
        return in_range(o, (double)count_at(field));
    if (o->kind == RECUR_OPTION_NUMBER || o->kind == RECUR_OPTION_TIME)
        return isnan(number_at(field)) || (isfinite(number_at(field)) && in_range(o, number_at(field)));
    return true;
}

static recur_status refuse(recur_ctx *cx, const recur_option *o, const void *field)
{
    char where[RCR_OPTION_TEXT], text[RCR_OPTION_TEXT], words[RCR_OPTION_TEXT];
    snprintf(where, sizeof where, "--%s", o->name);
    if (o->kind != RECUR_OPTION_CHOICE) {
        recur_option_get(o, field, text, sizeof text);
        return outside(cx, o, where, text);
    }
    join(words, sizeof words, o->choices);
    return rcr_fail(cx, RECUR_EINVAL, "%s: %d is not the place of one of %s", where, int_at(field), words);
}

recur_status rcr_options_check(recur_ctx *cx, const recur_option_group *groups, const void *config)
{
    for (const recur_option_group *g = groups; g->title; g++)
        for (const recur_option *o = g->options; o->name; o++) {
            const void *field = (const char *)config + g->offset + o->offset;
            if (!acceptable(o, field))
                return refuse(cx, o, field);
        }
    return RECUR_OK;
}
