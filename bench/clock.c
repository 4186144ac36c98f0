// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <time.h>

#include "clock.h"

enum { SAMPLES = 4096 };
static const double SHORTEST = 50e-6; /* seconds of a sample: a thousand times what the clock takes */

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double clock_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double clock_of_thread(void)
{
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

typedef struct sample {
    double wall, processor; /* microseconds of a call */
} sample;

static sample take(void (*run)(void *), void *user, int calls)
{
    double wall = clock_now(), processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < calls; i++)
        run(user);
    processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - processor;
    return (sample){(clock_now() - wall) / calls * 1e6, processor / calls * 1e6};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

times clock_call(void (*run)(void *user), void *user, double seconds)
{
    double wall[SAMPLES], processor[SAMPLES], end = clock_now() + seconds;
    int calls = 1, n = 0;
    sample s = take(run, user, calls);
    while (calls < 1 << 16 && s.wall * calls < SHORTEST * 1e6) {
        calls *= 2;
        s = take(run, user, calls);
    }
    for (;; s = take(run, user, calls)) {
        wall[n] = s.wall;
        processor[n++] = s.processor;
        if (n == SAMPLES || clock_now() > end)
            break;
    }
    qsort(wall, (size_t)n, sizeof *wall, by_value);
    qsort(processor, (size_t)n, sizeof *processor, by_value);
    return (times){wall[n / 2], wall[0], processor[n / 2]};
}
