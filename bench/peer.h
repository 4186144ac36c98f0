// SPDX-License-Identifier: MIT
/* The other end of compare.py: a peer is a process that prepares cases and runs them when asked, so that peers can
 * take turns every fraction of a second.
 *
 *     PEER THREADS FOLDER
 *
 * On standard input                     on standard output, a line of JSON each
 *                                       {"version": ".."} before anything else
 *     case kind=layer name=.. ..        {"numbers": {"y": [v, scale], ..}} or {"skip": true}
 *     run 0.2                           {"us": .., "least_us": .., "processor_us": ..}
 *
 * The numbers are what peers must agree on: values, each with the scale that a difference is held against. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "spec.h"

typedef struct report {
    int numbers; /* so far */
} report;

/* A number by itself; of an array a projection, sum a[i] cos(0.37 i), with its norm as the scale. */
void peer_report(report *r, const char *name, double value, double scale);
void peer_report_array(report *r, const char *name, const float *a, int64_t n);

typedef struct peer {
    const char *version;
    /* Makes the case ready and reports its numbers; NULL where this peer has no such thing. FOLDER/NAME.safetensors
     * holds the weights and the batch: recur writes it and is asked first, the others read it. */
    void *(*prepare)(const spec *s, int threads, const char *folder, report *r);
    void (*run)(void *state);
    void (*destroy)(void *state);
} peer;

int peer_serve(const peer *p, int argc, char **argv);

#endif
