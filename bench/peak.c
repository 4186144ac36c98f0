// SPDX-License-Identifier: MIT
/* What this machine can do at best: fused multiply-adds of float32 in registers, and reading memory of each level.
 *
 *     peak THREADS
 *
 * Prints a JSON object: {"isa": .., "gflops": [of 1 thread, of 2, ..], "read": {"L1": {"holds": bytes, "gbs": [..]}, ..}}.
 * Each figure is the best of many short runs, by the processor time of each thread: what others do on the machine can only
 * lower it.
 *
 * No intrinsics: the compiler's vector types, for the widest instruction set that the processor has. This file alone is
 * compiled with -ffp-contract=fast, so that `c + a * b` is one operation. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

enum { CHAINS = 12, TRIALS = 40, MOST_THREADS = 64 };
static const double TRIAL = 0.01; /* seconds */
static const size_t FEW_BYTES = 4000000;

typedef struct work {
    double (*run)(const struct work *w); /* amount of work that it did */
    const float *array;
    size_t bytes;
    pthread_barrier_t *start;
    double rate; /* amount per second of this thread */
} work;

/* Chains of independent sums hide the latency of each; the loops are compiled once for each instruction set. */
#define SET baseline
#define BYTES 16
#define ATTRIBUTES
#include "peak.inc"
#ifdef __x86_64__
#define SET avx2
#define BYTES 32
#define ATTRIBUTES __attribute__((target("avx2,fma")))
#include "peak.inc"
#define SET avx512
#define BYTES 64
#define ATTRIBUTES __attribute__((target("avx512f")))
#include "peak.inc"
#endif

typedef struct isa {
    const char *name;
    double (*flops)(const work *w), (*read)(const work *w);
} isa;

static isa widest(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return (isa){"avx512", flops_avx512, read_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (isa){"avx2", flops_avx2, read_avx2};
#endif
    return (isa){"baseline", flops_baseline, read_baseline};
}

static void *work_thread(void *user)
{
    work *w = user;
    double done = 0.0, start, spent;
    w->run(w);
    pthread_barrier_wait(w->start);
    start = clock_of_thread();
    do {
        done += w->run(w);
        spent = clock_of_thread() - start;
    } while (spent < TRIAL);
    w->rate = done / spent;
    return NULL;
}

static float *array_of(size_t bytes)
{
    float *a = aligned_alloc(64, bytes);
    if (!a) {
        fprintf(stderr, "peak: out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < bytes / sizeof *a; i++)
        a[i] = i ? 1e-3f : 0.999f;
    return a;
}

/* Amount per second of all threads together, each with an array of its own. */
static double trial(const work *of, int threads, float *const *arrays)
{
    pthread_t t[MOST_THREADS];
    work w[MOST_THREADS];
    pthread_barrier_t start;
    double rate = 0.0;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        w[i] = *of;
        w[i].array = arrays[i];
        w[i].start = &start;
        if (pthread_create(&t[i], NULL, work_thread, &w[i])) {
            fprintf(stderr, "peak: no thread\n");
            exit(1);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(t[i], NULL);
        rate += w[i].rate;
    }
    pthread_barrier_destroy(&start);
    return rate;
}

/* Prints the best of many trials for 1 .. threads threads, in units of 1e9. */
static void measure(const work *of, int threads)
{
    float *arrays[MOST_THREADS];
    for (int i = 0; i < threads; i++)
        arrays[i] = array_of(of->bytes);
    for (int n = 1; n <= threads; n++) {
        double best = 0.0;
        for (int i = 0; i < TRIALS; i++) {
            double rate = trial(of, n, arrays);
            best = rate > best ? rate : best;
        }
        printf("%s%.2f", n > 1 ? ", " : "[", best * 1e-9);
    }
    printf("]");
    for (int i = 0; i < threads; i++)
        free(arrays[i]);
}

/* Bytes of the first processor's cache, as Linux numbers them (0: data of level 1, 2: level 2, 3: level 3). */
static size_t cache_size(int index, size_t otherwise)
{
    char path[128];
    size_t kib = 0;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
    FILE *f = fopen(path, "r");
    if (!f)
        return otherwise;
    if (fscanf(f, "%zuK", &kib) != 1)
        kib = otherwise / 1024;
    fclose(f);
    return kib * 1024;
}

int main(int argc, char **argv)
{
    int threads = argc == 2 ? atoi(argv[1]) : 0;
    isa best = widest();
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: peak THREADS\n");
        return 2;
    }
    size_t L1 = cache_size(0, 32 << 10), L2 = cache_size(2, 256 << 10), L3 = cache_size(3, 8 << 20);
    /* Half of a cache of one's own; a small part of the one that is shared, with others too. */
    const struct {
        const char *name;
        size_t holds, bytes;
    } levels[] = {{"L1", L1, L1 / 2},
                  {"L2", L2, L2 / 2},
                  {"L3", L3, L3 / 8 / (size_t)threads / 4096 * 4096},
                  {"memory", SIZE_MAX / 2, 4 * L3}};
    printf("{\"isa\": \"%s\", \"gflops\": ", best.name);
    measure(&(work){.run = best.flops, .bytes = 4096}, threads);
    printf(", \"read\": {");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        printf("%s\"%s\": {\"holds\": %zu, \"gbs\": ", i ? ", " : "", levels[i].name, levels[i].holds);
        measure(&(work){.run = best.read, .bytes = levels[i].bytes}, threads);
        printf("}");
    }
    printf("}}\n");
    return 0;
}
