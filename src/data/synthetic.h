// SPDX-License-Identifier: MIT
/* What the built-in data sets share. */
#ifndef RCR_DATA_SYNTHETIC_H
#define RCR_DATA_SYNTHETIC_H

#include "data/text.h"

/* A source of random numbers: a counter under a seed and a stream of its own. */
typedef struct rcr_source {
    uint64_t seed, stream, at;
} rcr_source;

int64_t rcr_source_below(rcr_source *s, int64_t n); /* 0 .. n - 1 */

typedef struct rcr_date {
    int year, month, day;
} rcr_date;

int rcr_days(int year, int month);             /* of a month */
void rcr_put_date(rcr_builder *b, rcr_date d); /* 2021-05-03 */

void rcr_write_reviews(rcr_builder *b, rcr_source *s, int64_t n);
void rcr_write_dates(rcr_builder *b, rcr_source *s, int64_t n);
void rcr_write_tags(rcr_builder *b, rcr_source *s, int64_t n);

#endif
