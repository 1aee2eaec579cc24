/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accumulators as many as hide the latency of a multiply-add, in vectors of 8 and of 16 floats. */
#pragma GCC optimize("fp-contract=fast") /* the program's own kernels must not: their sums are fixed */
#include "peak.h"

#include <stdbool.h>
#include "base/progress.h"
#include "base/thread.h"

typedef float vector8 __attribute__((vector_size(32)));
typedef float vector16 __attribute__((vector_size(64)));

enum { ACCUMULATORS = 12, ROUNDS = 20000, MOST_THREADS = 256 };

#ifdef __x86_64__
#define WIDE_8  __attribute__((target_clones("arch=x86-64-v3", "default")))
#define WIDE_16 __attribute__((target_clones("arch=x86-64-v4", "default")))
#else
#define WIDE_8
#define WIDE_16
#endif

/* The factors keep every sum finite; the compiler cannot know them. */
#define ROUNDS_OF(name, vector, lanes, clones)                                                               \
    clones static float name(float factor, float summand)                                                    \
    {                                                                                                        \
        vector sums[ACCUMULATORS], by = (vector){0} + factor, plus = (vector){0} + summand;                  \
        for (int k = 0; k < ACCUMULATORS; k++)                                                               \
            sums[k] = plus + (float)k;                                                                       \
        for (int i = 0; i < ROUNDS; i++) {                                                                   \
            _Pragma("GCC unroll 12") for (int k = 0; k < ACCUMULATORS; k++) sums[k] = sums[k] * by + plus;   \
        }                                                                                                    \
        vector all = sums[0];                                                                                \
        for (int k = 1; k < ACCUMULATORS; k++)                                                               \
            all += sums[k];                                                                                  \
        float total = 0;                                                                                     \
        for (int k = 0; k < lanes; k++)                                                                      \
            total += all[k];                                                                                 \
        return total;                                                                                        \
    }
ROUNDS_OF(rounds_8, vector8, 8, WIDE_8)
ROUNDS_OF(rounds_16, vector16, 16, WIDE_16)

struct probe_thread {
    pthread_t thread;
    float (*rounds)(float factor, float summand);
    double end, done; /* done: rounds */
    volatile float kept;
};

static void *run_rounds(void *argument)
{
    struct probe_thread *probe = argument;
    while (clock_seconds() < probe->end) {
        probe->kept = probe->rounds(0.5f, 0.25f);
        probe->done += ROUNDS;
    }
    return NULL;
}

static double measure(int threads, double seconds, float (*rounds)(float, float), int lanes)
{
    struct probe_thread probes[MOST_THREADS];
    double start = clock_seconds(), done = 0;
    int started = 0;
    while (started < threads) {
        probes[started] = (struct probe_thread){.rounds = rounds, .end = start + seconds};
        if (thread_start(&probes[started].thread, run_rounds, &probes[started]) != 0)
            break;
        started++;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(probes[i].thread, NULL);
        done += probes[i].done;
    }
    return started < threads ? 0 : 2.0 * done * ACCUMULATORS * lanes / (clock_seconds() - start) / 1e9;
}

double peak_measure(int threads, double seconds)
{
    if (threads < 1 || threads > MOST_THREADS)
        return 0;
    double narrow = measure(threads, seconds / 2, rounds_8, 8);
    double wide = measure(threads, seconds / 2, rounds_16, 16);
    return wide > narrow ? wide : narrow;
}
