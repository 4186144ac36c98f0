// SPDX-License-Identifier: MIT
/* Numbers to and from text, whatever the locale. Exact: text that rcr_format_double() wrote reads back to the
 * same bits. */
#ifndef RCR_BASE_NUMBER_H
#define RCR_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole of text[0 .. n) must be a decimal number (optional sign, digits, '.', exponent; "inf", "nan" as
 * well), spaces around it allowed; correctly rounded. False otherwise, *out untouched. */
bool rcr_parse_double(const char *text, size_t n, double *out);
bool rcr_parse_int64(const char *text, size_t n, int64_t *out);

enum { RCR_NUMBER_SIZE = 32 };
/* Shortest decimal that reads back to x (as a double, or as a float), as "0.1", "100000", "1e-05", "-inf",
 * "nan"; ends with a NUL. Returns `buffer`. */
char *rcr_format_double(char buffer[RCR_NUMBER_SIZE], double x);
char *rcr_format_float(char buffer[RCR_NUMBER_SIZE], float x);
/* x with at most `digits` (1 .. 17) significant digits, for messages. */
char *rcr_format_short(char buffer[RCR_NUMBER_SIZE], double x, int digits);

#endif
