// SPDX-License-Identifier: MIT
/* A small writer of JSON text. */
#include "train/document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "format/json.h"
#include "format/text.h"

void rcr_doc_begin(rcr_doc *j, recur_ctx *cx, bool indent)
{
    *j = (rcr_doc){.cx = cx, .indent = indent};
}

static bool grow(rcr_doc *j, size_t more)
{
    size_t need;
    if (!rcr_add_size(j->size, more, &need) || !rcr_add_size(need, 1, &need)) {
        j->status = rcr_no_memory(j->cx, SIZE_MAX, "JSON text");
        return false;
    }
    if (need <= j->room)
        return true;
    size_t room = need < SIZE_MAX / 2 ? need * 2 : need;
    void *text = j->text;
    j->status = rcr_resize_array(j->cx, &text, room, 1, "JSON text");
    if (j->status != RECUR_OK)
        return false;
    j->text = text;
    j->room = room;
    return true;
}

static void put(rcr_doc *j, const char *text, size_t n)
{
    if (j->status != RECUR_OK || !grow(j, n))
        return;
    memcpy(j->text + j->size, text, n);
    j->size += n;
    j->text[j->size] = '\0';
}

void rcr_doc_raw(rcr_doc *j, const char *text)
{
    put(j, text, strlen(text));
}

static void quote(rcr_doc *j, const char *text)
{
    put(j, "\"", 1);
    for (const char *s = text; *s;) {
        uint32_t code;
        size_t n = rcr_utf8_decode(s, strlen(s), &code);
        if (n == 0) {
            if (j->status == RECUR_OK)
                j->status = rcr_fail(j->cx, RECUR_EINVAL, "\"%s\" is not UTF-8", text);
            return;
        }
        char escaped[RCR_JSON_ESCAPE] = "";
        if (rcr_json_plain(*s))
            put(j, s, n);
        else
            put(j, escaped, rcr_json_escape(escaped, *s));
        s += n;
    }
    put(j, "\"", 1);
}

/* Comma, line end and key before a value. */
static void lead(rcr_doc *j, const char *key)
{
    if (j->depth > 0) {
        bool *more = &j->more[j->depth - 1];
        bool line = j->indent && j->depth <= 2 && key;
        rcr_doc_raw(j, *more ? (line ? "," : ", ") : "");
        if (line)
            rcr_doc_raw(j, j->depth == 1 ? "\n  " : "\n    ");
        *more = true;
    }
    if (key) {
        quote(j, key);
        rcr_doc_raw(j, ": ");
    }
}

static void open_bracket(rcr_doc *j, const char *key, const char *bracket)
{
    lead(j, key);
    rcr_doc_raw(j, bracket);
    if (j->depth < RCR_DOC_DEPTH)
        j->more[j->depth++] = false;
}

void rcr_doc_object(rcr_doc *j, const char *key)
{
    open_bracket(j, key, "{");
}

void rcr_doc_array(rcr_doc *j, const char *key)
{
    open_bracket(j, key, "[");
}

void rcr_doc_end(rcr_doc *j, char bracket)
{
    char text[2] = {bracket, '\0'};
    bool filled = j->more[j->depth - 1];
    if (j->indent && filled && j->depth <= 2 && bracket == '}')
        rcr_doc_raw(j, j->depth == 1 ? "\n" : "\n  ");
    j->depth--;
    rcr_doc_raw(j, text);
}

void rcr_doc_text(rcr_doc *j, const char *key, const char *value)
{
    lead(j, key);
    quote(j, value);
}

void rcr_doc_real(rcr_doc *j, const char *key, double value)
{
    char number[RCR_NUMBER_SIZE];
    lead(j, key);
    rcr_doc_raw(j, isfinite(value) ? rcr_format_double(number, value) : "null");
}

void rcr_doc_int(rcr_doc *j, const char *key, int64_t value)
{
    char number[RCR_NUMBER_SIZE];
    lead(j, key);
    snprintf(number, sizeof number, "%lld", (long long)value);
    rcr_doc_raw(j, number);
}

void rcr_doc_bool(rcr_doc *j, const char *key, bool value)
{
    lead(j, key);
    rcr_doc_raw(j, value ? "true" : "false");
}

void rcr_doc_null(rcr_doc *j, const char *key)
{
    lead(j, key);
    rcr_doc_raw(j, "null");
}

void rcr_doc_free(rcr_doc *j)
{
    rcr_free(j->cx, j->text);
    *j = (rcr_doc){.cx = j->cx, .status = j->status};
}
