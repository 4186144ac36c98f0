// SPDX-License-Identifier: MIT
/*
 * The version of the library. This file is its one source: the build system reads the three numbers here.
 */
#ifndef RECUR_VERSION_H
#define RECUR_VERSION_H

#define RECUR_VERSION_MAJOR 0
#define RECUR_VERSION_MINOR 1
#define RECUR_VERSION_PATCH 0

#define RECUR_VERSION_QUOTE_(x) #x
#define RECUR_VERSION_TEXT_(a, b, c) \
    RECUR_VERSION_QUOTE_(a) "." RECUR_VERSION_QUOTE_(b) "." RECUR_VERSION_QUOTE_(c)

/* The version of the header as text, "0.1.0", and as one number that grows with each release. */
#define RECUR_VERSION RECUR_VERSION_TEXT_(RECUR_VERSION_MAJOR, RECUR_VERSION_MINOR, RECUR_VERSION_PATCH)
#define RECUR_VERSION_NUMBER (RECUR_VERSION_MAJOR * 10000 + RECUR_VERSION_MINOR * 100 + RECUR_VERSION_PATCH)

#endif
