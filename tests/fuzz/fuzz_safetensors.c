// SPDX-License-Identifier: MIT
/* Fuzzing the safetensors reader: any bytes are refused with a text, or everything that the archive offers
 * can be read and keeps its promises. */
#include <string.h>

#include <recur/format.h>

#include "base/alloc.h"
#include "format/dtype.h"

/* A broken promise ends the process, which the fuzzer reports. */
static void promise(bool kept)
{
    if (!kept)
        __builtin_trap();
}

/* Reads every byte, whatever the compiler thinks of it. */
static void touch_bytes(const void *data, size_t n)
{
    const volatile unsigned char *bytes = data;
    for (size_t i = 0; i < n; i++)
        (void)bytes[i];
}

static void check_entry(recur_ctx *cx, const recur_archive *a, const recur_entry *e)
{
    const rcr_file_type *type = rcr_file_type_find(e->dtype);
    recur_entry again;
    size_t count, bytes;
    double first;
    promise(type != NULL);
    promise((uintptr_t)e->data % rcr_file_type_align(type) == 0);
    promise(rcr_file_type_bytes(type, e->rank, e->shape, &count, &bytes) && bytes == e->size);
    promise(recur_archive_find(a, e->name, &again) == RECUR_OK && again.data == e->data);
    touch_bytes(e->data, e->size);
    touch_bytes(e->name, strlen(e->name) + 1);
    if (count == 1 && type->real)
        promise(recur_entry_read(cx, e, RECUR_F64, &first, 1) == RECUR_OK);
}

static void check_archive(recur_ctx *cx, const recur_archive *a)
{
    recur_entry e;
    const char *key, *value;
    for (size_t i = 0; i < recur_archive_size(a); i++) {
        promise(recur_archive_at(a, i, &e) == RECUR_OK);
        check_entry(cx, a, &e);
    }
    for (size_t i = 0; recur_archive_meta_at(a, i, &key, &value); i++)
        promise(recur_archive_meta(a, key) == value);
}

static void check_load(recur_ctx *cx, const recur_archive *a)
{
    static const int64_t shape[] = {2};
    recur_params *ps;
    promise(recur_params_create(&ps, cx, RECUR_F32, 1) == RECUR_OK);
    promise(recur_param(ps, "w", 1, shape) && recur_buffer(ps, "b", RECUR_I64, 1, shape));
    recur_params_load(ps, a, "", RECUR_LOAD_CAST);
    recur_params_load(ps, a, "", RECUR_LOAD_CAST | RECUR_LOAD_EXTRA | RECUR_LOAD_MISSING);
    recur_params_free(ps);
}

/* One for all inputs: making a context costs more than reading most of them. */
static recur_ctx *context(void)
{
    static recur_ctx *cx;
    recur_options opt = {.threads = 1};
    if (!cx)
        promise(recur_ctx_create(&cx, &opt) == RECUR_OK);
    recur_clear(cx);
    return cx;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    recur_ctx *cx = context();
    recur_archive *a;
    const char *text;
    size_t held = rcr_alloc_bytes(cx);
    recur_status s = recur_archive_parse(&a, cx, bytes, size, "input");
    if (s == RECUR_OK) {
        check_archive(cx, a);
        check_load(cx, a);
    } else {
        promise(s == RECUR_EFORMAT && recur_error(cx, &text) == s);
        promise(strncmp(text, "input: ", 7) == 0 && !strchr(text, '\n'));
    }
    recur_archive_free(a);
    promise(rcr_alloc_bytes(cx) == held);
    return 0;
}
