// SPDX-License-Identifier: MIT
/* Schemes of tags that mark spans. */
#include <recur/scheme.h>

#include <stddef.h>
#include <string.h>

/* The letters in which the schemes are written, and those they are read as. */
static char part_of(char letter)
{
    static const char written[] = "BIMELSU", read[] = "BIIEESS";
    const char *p = letter ? strchr(written, letter) : NULL;
    return p ? read[p - written] : 0;
}

recur_span_tag recur_span_tag_of(const char *name)
{
    if (strcmp(name, "O") == 0)
        return (recur_span_tag){'O', name + 1};
    char part = part_of(name[0]);
    if (!part || (name[1] && name[1] != '-'))
        return (recur_span_tag){0, ""};
    return (recur_span_tag){part, name[1] ? name + 2 : name + 1};
}

static bool has_begin(const char *const *names, int64_t K, const char *type)
{
    for (int64_t k = 0; k < K; k++) {
        recur_span_tag t = recur_span_tag_of(names[k]);
        if (t.part == 'B' && strcmp(t.type, type) == 0)
            return true;
    }
    return false;
}

recur_scheme recur_scheme_of(const char *const *names, int64_t K)
{
    bool spans = false, ends = false, orphans = false;
    for (int64_t k = 0; k < K; k++) {
        recur_span_tag t = recur_span_tag_of(names[k]);
        if (!t.part)
            return RECUR_SCHEME_NONE;
        spans |= t.part != 'O';
        ends |= t.part == 'E' || t.part == 'S';
        orphans |= t.part == 'I' && !has_begin(names, K, t.type);
    }
    if (!spans)
        return RECUR_SCHEME_NONE;
    return ends ? RECUR_SCHEME_IOBES : orphans ? RECUR_SCHEME_IOB1 : RECUR_SCHEME_IOB2;
}

/* At the start and the end of a sequence nothing is open, as outside. */
static recur_span_tag tag_or_outside(const char *name)
{
    return name ? recur_span_tag_of(name) : (recur_span_tag){'O', ""};
}

bool recur_scheme_allows(recur_scheme s, const char *from, const char *to)
{
    recur_span_tag f = tag_or_outside(from), t = tag_or_outside(to);
    if (!f.part || !t.part)
        return true;
    bool open = f.part == 'B' || f.part == 'I', goes_on = t.part == 'I' || t.part == 'E';
    bool same = strcmp(f.type, t.type) == 0;
    switch (s) {
    case RECUR_SCHEME_IOB1:
        return t.part != 'B' || (open && same);
    case RECUR_SCHEME_IOB2:
        return !goes_on || (open && same);
    case RECUR_SCHEME_IOBES:
        return open == goes_on && (!open || same);
    default:
        return true;
    }
}

int64_t recur_scheme_break(recur_scheme s, const char *const *names, const int64_t *tags, int64_t T)
{
    const char *from = NULL;
    for (int64_t t = 0; t < T; t++) {
        if (!recur_scheme_allows(s, from, names[tags[t]]))
            return t;
        from = names[tags[t]];
    }
    return recur_scheme_allows(s, from, NULL) ? -1 : T;
}
