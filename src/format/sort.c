// SPDX-License-Identifier: MIT
/* Heap sort (Williams 1964, Floyd 1964). */
#include "format/sort.h"

/* Lets v[root] sink until no child is greater: children of i are 2 i + 1 and 2 i + 2. */
static void sink(const void **v, size_t root, size_t n, int (*compare)(const void *a, const void *b))
{
    const void *sinking = v[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare(v[child], v[child + 1]) < 0)
            child++;
        if (compare(sinking, v[child]) >= 0)
            break;
        v[root] = v[child];
    }
    v[root] = sinking;
}

void rcr_sort(const void **v, size_t n, int (*compare)(const void *a, const void *b))
{
    for (size_t root = n / 2; root-- > 0;)
        sink(v, root, n, compare);
    for (size_t last = n; last-- > 1;) {
        const void *greatest = v[0];
        v[0] = v[last];
        v[last] = greatest;
        sink(v, 0, last, compare);
    }
}
