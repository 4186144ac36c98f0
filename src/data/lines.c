// SPDX-License-Identifier: MIT
/* What the readers share: lines of a text, arrays that grow. */
#include "data/lines.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void rcr_lines_init(rcr_lines *l, const void *bytes, size_t size)
{
    *l = (rcr_lines){.at = bytes, .end = (const char *)bytes + size};
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        l->at += 3;
}

/* The next LF is looked for once, not from every CR before it: a text may have only these. */
bool rcr_lines_next(rcr_lines *l, const char **text, size_t *n)
{
    if (l->at == l->end)
        return false;
    if (!l->lf || l->lf < l->at) {
        l->lf = memchr(l->at, '\n', (size_t)(l->end - l->at));
        l->lf = l->lf ? l->lf : l->end;
    }
    const char *cr = memchr(l->at, '\r', (size_t)(l->lf - l->at));
    const char *stop = cr ? cr : l->lf, *end = cr && cr + 1 != l->lf ? cr : l->lf;
    *text = l->at;
    *n = (size_t)(stop - l->at);
    l->at = end < l->end ? end + 1 : l->end;
    l->line++;
    return true;
}

recur_status rcr_check_text(recur_ctx *cx, const void *bytes, size_t size, const char *name)
{
    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return rcr_fail(cx, RECUR_EFORMAT, "%s:1: this is UTF-16; save the file as UTF-8", name);
    const char *nul = size > 0 ? memchr(bytes, 0, size) : NULL;
    if (!nul)
        return RECUR_OK;
    rcr_lines l;
    rcr_lines_init(&l, bytes, (size_t)(nul - (const char *)bytes) + 1);
    for (const char *text; rcr_lines_next(&l, &text, &size);)
        ;
    return rcr_fail(cx, RECUR_EFORMAT, "%s:%lld: a NUL byte; this is not a text file", name,
                    (long long)l.line);
}

bool rcr_is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return false;
    return true;
}

recur_status rcr_grow(recur_ctx *cx, void **block, size_t *room, size_t n, size_t item, const char *what)
{
    if (n <= *room)
        return RECUR_OK;
    size_t twice = *room <= SIZE_MAX / 2 ? 2 * *room : n;
    size_t more = twice < 64 ? 64 : twice;
    more = more < n ? n : more;
    recur_status s = rcr_resize_array(cx, block, more, item, what);
    if (s == RECUR_OK)
        *room = more;
    return s;
}
