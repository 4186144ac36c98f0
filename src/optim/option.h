// SPDX-License-Identifier: MIT
/* Numeric options of configurations: what each may be, as a table, and one function that checks them all. */
#ifndef RCR_OPTIM_OPTION_H
#define RCR_OPTIM_OPTION_H

#include <recur/context.h>

typedef struct rcr_option {
    const char *name; /* NULL ends a table */
    size_t offset;    /* in the configuration */
    double low, high; /* NaN is never between them */
    const char *ends; /* "[]", "[)", "(]", "()": whether low and high themselves are allowed */
    bool whole;       /* an int64_t; else a double */
} rcr_option;

#define RCR_REAL(config, field, low, high, ends)                \
    {                                                           \
#field, offsetof(config, field), low, high, ends, false \
    }
#define RCR_WHOLE(config, field, low)                                       \
    {                                                                       \
#field, offsetof(config, field), low, (double)INT64_MAX, "[]", true \
    }
#define RCR_LAST_OPTION            \
    {                              \
        NULL, 0, 0, 0, NULL, false \
    }

/* RECUR_EINVAL for the first option outside its range: "adam: beta1 must be in [0, 1), got 1.5". */
recur_status rcr_check_options(recur_ctx *cx, const char *owner, const rcr_option *options,
                               const void *config);

/* One number, for arguments that are in no configuration. */
recur_status rcr_check_real(recur_ctx *cx, const char *owner, const rcr_option *option, double value);

#endif
