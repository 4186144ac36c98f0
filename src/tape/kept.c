// SPDX-License-Identifier: MIT
/* Packed forms of parameters, in a list on the tape: there are few of them. */
#include "tape/kept.h"

#include "tape/tape.h"

struct rcr_panel {
    const recur_tensor *w;
    int form;
    bool packed;
    char *bytes; /* NULL before the second use */
    struct rcr_panel *older;
};

static rcr_panel *find(const recur_tape *keeper, const recur_tensor *w, int form)
{
    rcr_panel *p = keeper->panels;
    while (p && (p->w != w || p->form != form))
        p = p->older;
    return p;
}

recur_status rcr_keep(recur_call *c, const recur_tensor *w, int form, size_t bytes)
{
    recur_tape *keeper = c->tape->keeper;
    if (!w || !w->trainable)
        return RECUR_OK;
    rcr_panel *p = find(keeper, w, form);
    if (p && p->bytes)
        return RECUR_OK;
    if (p) {
        p->bytes = rcr_arena_alloc(&keeper->arena, bytes, "packed weight");
        return p->bytes ? RECUR_OK : RECUR_ENOMEM;
    }
    p = rcr_arena_alloc(&keeper->arena, sizeof *p, "packed weight");
    if (!p)
        return RECUR_ENOMEM;
    *p = (rcr_panel){.w = w, .form = form, .older = keeper->panels};
    keeper->panels = p;
    return RECUR_OK;
}

bool rcr_kept(const recur_call *c, const recur_tensor *w, int form, char **panel)
{
    rcr_panel *p = find(c->tape->keeper, w, form);
    if (!p || !p->bytes)
        return false;
    bool packed = p->packed;
    p->packed = true;
    *panel = p->bytes;
    return packed;
}

void rcr_keep_with(recur_tape *tp, recur_tape *keeper)
{
    tp->keeper = keeper;
}
