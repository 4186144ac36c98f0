// SPDX-License-Identifier: MIT
/* An allocator for tests that counts, checks and fails. */
#include "support/fail_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Before each block, as large as its alignment. */
typedef struct header {
    size_t size, align;
} header;

static void note(fail_alloc *f, bool wrong, const char *misuse)
{
    if (wrong && !f->misuse)
        f->misuse = misuse;
}

static bool fails(const fail_alloc *f)
{
    return f->fail_at && (f->forever ? f->calls >= f->fail_at : f->calls == f->fail_at);
}

static void *counted_alloc(void *user, size_t size, size_t align)
{
    fail_alloc *f = user;
    void *raw = NULL;
    note(f, align < sizeof(header) || (align & (align - 1)), "alignment is no power of two, or very small");
    f->calls++;
    if (fails(f) || size > PTRDIFF_MAX - align || posix_memalign(&raw, align, size + align) != 0) {
        f->failed++;
        return NULL;
    }
    char *block = (char *)raw + align;
    ((header *)(void *)block)[-1] = (header){size, align};
    memset(block, 0xA5, size); /* nobody may rely on zeros */
    f->outstanding++;
    f->bytes += size;
    f->peak = f->peak < f->bytes ? f->bytes : f->peak;
    return block;
}

static void counted_release(void *user, void *block, size_t size)
{
    fail_alloc *f = user;
    note(f, !block, "NULL was released");
    if (!block)
        return;
    header h = ((header *)block)[-1];
    note(f, h.size != size, "a block was released with another size");
    f->outstanding--;
    f->bytes -= h.size;
    free((char *)block - h.align);
}

void fail_alloc_init(fail_alloc *f)
{
    *f = (fail_alloc){.allocator = {counted_alloc, counted_release, f}};
}

void fail_alloc_check(const fail_alloc *f)
{
    if (f->misuse)
        fail_msg("%s", f->misuse);
    assert_int_equal(f->outstanding, 0);
    assert_int_equal(f->bytes, 0);
}

long fail_alloc_each(recur_status (*work)(const recur_allocator *allocator, void *argument), void *argument)
{
    for (long n = 1;; n++) {
        fail_alloc f;
        fail_alloc_init(&f);
        f.fail_at = n;
        recur_status status = work(&f.allocator, argument);
        fail_alloc_check(&f);
        assert_string_equal(recur_status_name(status), f.failed ? "RECUR_ENOMEM" : "RECUR_OK");
        if (!f.failed)
            return f.calls;
    }
}
