// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "peer.h"

void peer_report(report *r, const char *name, double value, double scale)
{
    printf("%s\"%s\": [%.9g, %.9g]", r->numbers++ ? ", " : "", name, value, scale);
}

void peer_report_array(report *r, const char *name, const float *a, int64_t n)
{
    double projection = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        projection += (double)a[i] * cos(0.37 * (double)i);
        squares += (double)a[i] * (double)a[i];
    }
    peer_report(r, name, projection, sqrt(squares));
}

static void *prepare(const peer *p, char *line, int threads, const char *folder)
{
    spec s;
    if (!spec_parse(&s, line))
        exit(2);
    report r = {0};
    printf("{\"numbers\": {");
    void *state = p->prepare(&s, threads, folder, &r);
    printf(state ? "}}\n" : "}, \"skip\": true}\n");
    return state;
}

static void run(const peer *p, void *state, double seconds)
{
    times t = clock_call(p->run, state, seconds);
    printf("{\"us\": %.4f, \"least_us\": %.4f, \"processor_us\": %.4f}\n", t.median, t.least, t.processor);
}

int peer_serve(const peer *p, int argc, char **argv)
{
    char line[1024];
    void *state = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: %s THREADS FOLDER, then cases on standard input (see compare.py)\n", argv[0]);
        return 2;
    }
    printf("{\"version\": \"%s\"}\n", p->version);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "case ", 5) == 0) {
            if (state)
                p->destroy(state);
            state = prepare(p, line + 5, atoi(argv[1]), argv[2]);
        } else if (state && strncmp(line, "run ", 4) == 0) {
            run(p, state, atof(line + 4));
        }
        fflush(stdout);
    }
    if (state)
        p->destroy(state);
    return 0;
}
