// SPDX-License-Identifier: MIT
/* Text that grows while it is written. */
#include "data/text.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "data/lines.h"

void rcr_put_bytes(rcr_builder *b, const char *text, size_t n)
{
    size_t need;
    if (b->status != RECUR_OK)
        return;
    if (!rcr_add_size(b->size, n + 1, &need)) /* with the NUL */
        need = SIZE_MAX;
    b->status = rcr_grow(b->cx, (void **)&b->bytes, &b->room, need, 1, "a text");
    if (b->status != RECUR_OK)
        return;
    memcpy(b->bytes + b->size, text, n);
    b->size += n;
    b->bytes[b->size] = 0;
}

void rcr_put(rcr_builder *b, const char *text)
{
    rcr_put_bytes(b, text, strlen(text));
}

void rcr_put_int(rcr_builder *b, int64_t v, int digits)
{
    char buffer[RCR_NUMBER_SIZE];
    int at = RCR_NUMBER_SIZE;
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    buffer[--at] = 0;
    for (int d = 0; d < digits || left > 0; d++, left /= 10)
        buffer[--at] = (char)('0' + left % 10);
    if (v < 0)
        buffer[--at] = '-';
    rcr_put(b, buffer + at);
}

void rcr_put_fixed(rcr_builder *b, double v, int decimals)
{
    char buffer[RCR_NUMBER_SIZE];
    double unit = 1;
    for (int d = 0; d < decimals; d++)
        unit *= 10;
    double rounded = round(v * unit) / unit;
    rcr_put(b, rcr_format_double(buffer, rounded == 0 ? 0 : rounded)); /* no -0 */
}

recur_status rcr_finish_text(recur_text **out, rcr_builder *b)
{
    *out = NULL;
    recur_text *t = b->status == RECUR_OK ? rcr_alloc_zero(b->cx, sizeof *t, "a text") : NULL;
    if (!t) {
        rcr_free(b->cx, b->bytes);
        return b->status == RECUR_OK ? RECUR_ENOMEM : b->status;
    }
    *t = (recur_text){.cx = b->cx, .bytes = b->bytes, .size = b->size};
    *out = t;
    return RECUR_OK;
}

void recur_text_free(recur_text *t)
{
    if (!t)
        return;
    rcr_free(t->cx, t->bytes);
    rcr_free(t->cx, t);
}

recur_status recur_text_save(const recur_text *t, const char *path)
{
    return rcr_write_file(t->cx, path, t->bytes, t->size);
}
