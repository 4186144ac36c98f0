// SPDX-License-Identifier: MIT
/*
 * RECUR_API marks what the library offers. The library is compiled with every other symbol hidden, so a
 * function without the mark cannot be reached from outside, in the shared library or through it.
 */
#ifndef RECUR_EXPORT_H
#define RECUR_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
#define RECUR_API __attribute__((visibility("default")))
#else
#define RECUR_API
#endif

#endif
