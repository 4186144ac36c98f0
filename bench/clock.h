// SPDX-License-Identifier: MIT
/* The clock: how long a call takes. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

/* Microseconds of a call: the median and the least of many samples, and the median of the processor time that all
 * threads spent together. */
typedef struct times {
    double median, least, processor;
} times;

/* Seconds since some moment. */
double clock_now(void);
/* Seconds that the processor spent on this thread. */
double clock_of_thread(void);

/* Calls run(user) for about `seconds`, at least once. What is too short for the clock is called several times to a
 * sample. */
times clock_call(void (*run)(void *user), void *user, double seconds);

#endif
