// SPDX-License-Identifier: MIT
/* Making and freeing a context: allocator, instruction set, threads. */
#include "base/context.h"

#include <stdlib.h>
#include <string.h>

#include <recur/version.h>

#include "base/alloc.h"
#include "base/pool.h"

enum { MOST_THREADS = 256 };

const char *recur_version(void)
{
    return RECUR_VERSION;
}

/* The instruction set called `name`; without a name the one that RECUR_ISA says, else the best. */
static recur_status choose_isa(const char *name, rcr_isa *isa)
{
    if (!name)
        name = getenv("RECUR_ISA");
    if (!name || !*name) {
        *isa = rcr_isa_best();
        return RECUR_OK;
    }
    for (int i = 0; i < RCR_ISA_COUNT; i++)
        if (strcmp(name, rcr_isa_name((rcr_isa)i)) == 0) {
            *isa = (rcr_isa)i;
            return rcr_isa_usable(*isa) ? RECUR_OK : RECUR_EUNSUPPORTED;
        }
    return RECUR_EINVAL;
}

static recur_status choose_threads(int asked, int *threads)
{
    if (asked < 0 || asked > MOST_THREADS)
        return RECUR_EINVAL;
    *threads = asked ? asked : rcr_cpu_count();
    if (*threads > MOST_THREADS)
        *threads = MOST_THREADS;
    return RECUR_OK;
}

static recur_status choose(recur_ctx *chosen, const recur_options *opt)
{
    chosen->allocator = opt->allocator ? *opt->allocator : rcr_default_allocator;
    chosen->keep_denormals = opt->keep_denormals;
    if (!chosen->allocator.alloc || !chosen->allocator.release)
        return RECUR_EINVAL;
    recur_status status = choose_threads(opt->threads, &chosen->threads);
    return status ? status : choose_isa(opt->isa, &chosen->isa);
}

recur_status recur_ctx_create(recur_ctx **out, const recur_options *opt)
{
    static const recur_options defaults = {0};
    recur_ctx chosen = {0};
    if (!out)
        return RECUR_EINVAL;
    *out = NULL;
    recur_status status = choose(&chosen, opt ? opt : &defaults);
    if (status)
        return status;
    recur_ctx *cx = chosen.allocator.alloc(chosen.allocator.user, sizeof *cx, RCR_ALIGN);
    if (!cx)
        return RECUR_ENOMEM;
    *cx = chosen;
    recur_clear(cx);
    status = rcr_pool_create(cx);
    if (status)
        recur_ctx_free(cx);
    else
        *out = cx;
    return status;
}

void recur_ctx_free(recur_ctx *cx)
{
    if (!cx)
        return;
    rcr_pool_free(cx);
    cx->allocator.release(cx->allocator.user, cx, sizeof *cx);
}

int recur_ctx_threads(const recur_ctx *cx)
{
    return cx->threads;
}

const char *recur_ctx_isa(const recur_ctx *cx)
{
    return rcr_isa_name(cx->isa);
}
