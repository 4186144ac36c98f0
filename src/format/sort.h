// SPDX-License-Identifier: MIT
/* Heap sort of pointers: in place, n log n whatever the input, no allocation (which qsort() may make). Equal
 * elements end in no particular order: let the comparison have none. */
#ifndef RCR_FORMAT_SORT_H
#define RCR_FORMAT_SORT_H

#include <stddef.h>

void rcr_sort(const void **v, size_t n, int (*compare)(const void *a, const void *b));

#endif
