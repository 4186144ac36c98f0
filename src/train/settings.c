// SPDX-License-Identifier: MIT
/* A saved configuration: one JSON object, whose members become the fields of a config struct. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/number.h"
#include "train/option.h"

struct recur_settings {
    recur_ctx *cx;
    char *name;   /* for messages */
    json_t *root; /* an object of texts, true, false and null */
};

/* A number becomes the text that reads back to it, so that an option gets a text whatever its kind. */
static json_t *as_text(const json_t *value)
{
    char text[RCR_NUMBER_SIZE];
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else
        rcr_format_double(text, json_real_value(value));
    return json_string(text);
}

static recur_status texts_of(recur_settings *s)
{
    const char *key;
    json_t *value;
    json_object_foreach(s->root, key, value)
    {
        if (json_is_object(value) || json_is_array(value))
            return rcr_fail(s->cx, RECUR_EFORMAT, "%s: \"%s\" must be a text, a number, true or false",
                            s->name, key);
        if (json_is_number(value) && json_object_set_new(s->root, key, as_text(value)) != 0)
            return rcr_no_memory(s->cx, strlen(key), "a configuration");
    }
    return RECUR_OK;
}

static recur_status parse(recur_settings *s, const char *json, size_t size)
{
    json_error_t error;
    s->root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
    if (!s->root)
        return rcr_fail(s->cx, RECUR_EFORMAT, "%s:%d: %s", s->name, error.line, error.text);
    if (!json_is_object(s->root))
        return rcr_fail(s->cx, RECUR_EFORMAT, "%s: a configuration is a JSON object, {\"hidden\": 32, ..}",
                        s->name);
    return texts_of(s);
}

static recur_status create(recur_settings **out, recur_ctx *cx, const char *json, size_t size,
                           const char *name)
{
    recur_settings *s = rcr_alloc_zero(cx, sizeof *s, "a configuration");
    if (!s)
        return RECUR_ENOMEM;
    s->cx = cx;
    s->name = rcr_strdup(cx, name, "a configuration");
    recur_status status = s->name ? parse(s, json, size) : RECUR_ENOMEM;
    if (status != RECUR_OK) {
        recur_settings_free(s);
        return status;
    }
    *out = s;
    return RECUR_OK;
}

recur_status recur_settings_parse(recur_settings **out, recur_ctx *cx, const char *json, const char *name)
{
    *out = NULL;
    return create(out, cx, json, strlen(json), name);
}

recur_status recur_settings_read(recur_settings **out, recur_ctx *cx, const char *path)
{
    *out = NULL;
    rcr_map map;
    recur_status status = rcr_map_open(&map, cx, path);
    if (status != RECUR_OK)
        return status;
    status = create(out, cx, (const char *)map.bytes, map.size, path);
    rcr_map_close(&map, cx);
    return status;
}

void recur_settings_free(recur_settings *s)
{
    if (!s)
        return;
    json_decref(s->root);
    rcr_free(s->cx, s->name);
    rcr_free(s->cx, s);
}

const char *recur_settings_text(const recur_settings *s, const char *name)
{
    return json_string_value(json_object_get(s->root, name));
}

static recur_status unknown(const recur_settings *s, const recur_option_group *groups, const char *key)
{
    const char *near = recur_option_suggest(groups, key);
    return near ? rcr_fail(s->cx, RECUR_EFORMAT, "%s: unknown option \"%s\": did you mean \"%s\"?", s->name,
                           key, near)
                : rcr_fail(s->cx, RECUR_EFORMAT, "%s: unknown option \"%s\"", s->name, key);
}

/* A value that an option does not accept is a mistake in the file here, not in a call. The text stays. */
static recur_status malformed(recur_ctx *cx)
{
    const char *said;
    char text[2 * RCR_OPTION_TEXT];
    recur_error(cx, &said);
    snprintf(text, sizeof text, "%s", said);
    return rcr_fail(cx, RECUR_EFORMAT, "%s", text);
}

static recur_status apply_one(const recur_settings *s, const recur_option_group *groups, void *config,
                              const char *key, const json_t *value)
{
    size_t offset;
    char where[RCR_OPTION_TEXT];
    const recur_option *o = recur_option_find(groups, key, &offset);
    if (!o || (o->flags & RECUR_OPTION_NO_JSON))
        return unknown(s, groups, key);
    const char *text = json_is_string(value) ? json_string_value(value)
                       : json_is_true(value) ? "true"
                                             : "false";
    snprintf(where, sizeof where, "%s: %s", s->name, key);
    recur_status status = rcr_option_read(s->cx, o, (char *)config + offset, where, text);
    return status == RECUR_EINVAL ? malformed(s->cx) : status;
}

recur_status recur_settings_apply(const recur_settings *s, const recur_option_group *groups, void *config)
{
    const char *key;
    json_t *value;
    json_object_foreach(s->root, key, value)
    {
        if (strcmp(key, "task") == 0 || strcmp(key, "recur") == 0 || json_is_null(value))
            continue;
        recur_status status = apply_one(s, groups, config, key, value);
        if (status != RECUR_OK)
            return status;
    }
    return RECUR_OK;
}
