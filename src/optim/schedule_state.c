// SPDX-License-Identifier: MIT
/* The state of a schedule as plain numbers: the count of steps, what its rule remembers, then the same of its
 * parts. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "optim/schedule.h"

static size_t count_state(const recur_schedule *s)
{
    size_t n = 1 + s->rule->n_memory;
    for (int i = 0; i < s->n_parts; i++)
        n += count_state(s->parts[i]);
    return n;
}

static size_t put(double *state, size_t n, size_t at, double value)
{
    if (at < n)
        state[at] = value;
    return at + 1;
}

static size_t write_state(const recur_schedule *s, double *state, size_t n, size_t at)
{
    at = put(state, n, at, (double)s->t);
    for (size_t i = 0; i < s->rule->n_memory; i++)
        at = put(state, n, at, s->memory[i]);
    for (int i = 0; i < s->n_parts; i++)
        at = write_state(s->parts[i], state, n, at);
    return at;
}

size_t recur_schedule_state(const recur_schedule *s, double *state, size_t n)
{
    return write_state(s, state, n, 0);
}

static const double *read_state(recur_schedule *s, const double *state)
{
    s->t = (int64_t)*state++;
    memcpy(s->memory, state, s->rule->n_memory * sizeof *state);
    state += s->rule->n_memory;
    for (int i = 0; i < s->n_parts; i++)
        state = read_state(s->parts[i], state);
    return state;
}

/* Whether every count of steps is one: from 0 to 2^53; `*state` moves past what belongs to `s`. */
static bool is_state(const recur_schedule *s, const double **state)
{
    double t = *(*state)++;
    bool valid = t >= 0 && t <= 0x1p53 && t == floor(t);
    for (size_t i = 0; i < s->rule->n_memory; i++)
        valid = !isnan(*(*state)++) && valid;
    for (int i = 0; i < s->n_parts; i++)
        valid = is_state(s->parts[i], state) && valid;
    return valid;
}

recur_status recur_schedule_restore(recur_schedule *s, const double *state, size_t n)
{
    size_t expected = count_state(s);
    const double *end = state;
    if (n != expected)
        return rcr_fail(s->cx, RECUR_EINVAL, "%s: its state has %zu numbers, got %zu", s->rule->name,
                        expected, n);
    if (!is_state(s, &end))
        return rcr_fail(s->cx, RECUR_EINVAL,
                        "%s: this is no state of it: a count of steps is not whole, or a "
                        "number is NaN",
                        s->rule->name);
    read_state(s, state);
    return RECUR_OK;
}
