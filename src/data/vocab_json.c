// SPDX-License-Identifier: MIT
/* A vocabulary as JSON text: {"specials":true,"units":["the",",",...]} */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/text.h"
#include "data/vocab.h"
#include "format/json.h"
#include "format/text.h"

static void put_quoted(rcr_builder *b, recur_span text)
{
    char escaped[RCR_JSON_ESCAPE];
    rcr_put(b, "\"");
    for (size_t i = 0, from = 0; i <= text.size; i++) {
        bool plain = i < text.size && rcr_json_plain(text.text[i]);
        if (plain)
            continue;
        rcr_put_bytes(b, text.text + from, i - from);
        if (i < text.size)
            rcr_put_bytes(b, escaped, rcr_json_escape(escaped, text.text[i]));
        from = i + 1;
    }
    rcr_put(b, "\"");
}

static recur_status bad_unit(recur_ctx *cx, recur_span unit, const char *why)
{
    char shown[RCR_SHOWN];
    return rcr_fail(cx, RECUR_EINVAL, "the unit \"%s\" %s; it cannot be saved",
                    rcr_show_name(shown, unit.text), why);
}

recur_status recur_vocab_json(recur_text **out, const recur_vocab *v)
{
    rcr_builder b = {.cx = v->names.cx};
    *out = NULL;
    rcr_put(&b, v->specials ? "{\"specials\":true,\"units\":[" : "{\"specials\":false,\"units\":[");
    for (size_t i = 0; b.status == RECUR_OK && i < v->names.n; i++) {
        recur_span unit = rcr_names_text(&v->names, i);
        if (unit.size == 0 || strlen(unit.text) != unit.size)
            b.status = bad_unit(b.cx, unit, unit.size ? "holds a NUL byte" : "is empty");
        else if (!rcr_utf8_valid(unit.text, unit.size))
            b.status = bad_unit(b.cx, unit, "is not UTF-8");
        rcr_put(&b, i > 0 ? "," : "");
        put_quoted(&b, unit);
    }
    rcr_put(&b, "]}");
    return rcr_finish_text(out, &b);
}

/* ---- reading ---- */

static recur_status take_unit(rcr_json *j, recur_vocab *v, char *unit)
{
    size_t size, i, n = v->names.n;
    char shown[RCR_SHOWN];
    const char *at = j->at;
    recur_status s = rcr_json_text(j, "a unit in quotes", unit, &size);
    if (s == RECUR_OK && size == 0) {
        j->at = at;
        return rcr_json_expected(j, "a unit that is not empty");
    }
    if (s == RECUR_OK)
        s = rcr_names_add(&v->names, unit, size, &i);
    if (s == RECUR_OK && i < n)
        return rcr_fail(j->cx, RECUR_EFORMAT, "%s: vocabulary byte %zu: the unit \"%s\" stands twice",
                        j->file, (size_t)(at - j->begin), rcr_show_name(shown, unit));
    return s;
}

static recur_status take_word(rcr_json *j, const char *word)
{
    for (; *word; word++, j->at++)
        if (j->at == j->end || *j->at != *word)
            return rcr_json_expected(j, "true or false");
    return RECUR_OK;
}

static recur_status take_key(rcr_json *j, const char *key, char *room)
{
    const char *at = j->at;
    recur_status s = rcr_json_text(j, key, room, NULL);
    if (s == RECUR_OK && strcmp(room, key) != 0) {
        j->at = at;
        return rcr_json_expected(j, key);
    }
    return s == RECUR_OK ? rcr_json_need(j, ':', "':'") : s;
}

/* `room` holds any text of the JSON. */
static recur_status take_all(rcr_json *j, recur_vocab *v, char *room)
{
    recur_status s = rcr_json_need(j, '{', "'{'");
    if (s == RECUR_OK)
        s = take_key(j, "specials", room);
    if (s != RECUR_OK)
        return s;
    v->specials = rcr_json_take(j, 't');
    if (!v->specials)
        s = rcr_json_need(j, 'f', "true or false");
    if (s == RECUR_OK)
        s = take_word(j, v->specials ? "rue" : "alse");
    if (s == RECUR_OK)
        s = rcr_json_need(j, ',', "','");
    if (s == RECUR_OK)
        s = take_key(j, "units", room);
    if (s == RECUR_OK)
        s = rcr_json_need(j, '[', "'['");
    for (bool more = s == RECUR_OK && !rcr_json_take(j, ']'); s == RECUR_OK && more;) {
        s = take_unit(j, v, room);
        more = rcr_json_take(j, ',');
        if (s == RECUR_OK && !more)
            s = rcr_json_need(j, ']', "',' or ']'");
    }
    if (s == RECUR_OK)
        s = rcr_json_need(j, '}', "'}'");
    return s == RECUR_OK && j->at != j->end ? rcr_json_expected(j, "nothing behind it") : s;
}

recur_status recur_vocab_parse(recur_vocab **out, recur_ctx *cx, const char *json, size_t size,
                               const char *name)
{
    char file[RCR_SHOWN_PATH];
    recur_vocab *v;
    *out = NULL;
    rcr_json j = {cx, rcr_show_path(file, name), json, json, json + size, "vocabulary"};
    recur_status s = rcr_vocab_empty(&v, cx, false);
    char *room = s == RECUR_OK ? rcr_alloc(cx, size + 1, "a unit") : NULL;
    if (s == RECUR_OK)
        s = room ? take_all(&j, v, room) : RECUR_ENOMEM;
    rcr_free(cx, room);
    if (s == RECUR_OK)
        *out = v;
    else
        recur_vocab_free(v);
    return s;
}
