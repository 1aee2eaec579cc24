/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logarithms of many points at one lambda, several at a time: with the vector logarithms of the C
 * library, where it and the processor have them. Both logarithms of a score are log(u) of a number u that was
 * rounded once; where u is near 1 the loss of that rounding is given back: log1p(x) = log(u) * x / (u - 1)
 * with u = 1 + x (Kahan). */
#include "score/proscore.h"

#include <math.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GLIBC__)
#include <immintrin.h>

/* libmvec's names of the x86-64 vector ABI; at most 4 units in the last place off. clang wants to be told the
 * instructions that such arguments need. */
__attribute__((target("avx"))) __m256d _ZGVdN4v_log(__m256d x);
__attribute__((target("avx512f"))) __m512d _ZGVeN8v_log(__m512d x);

/* 1 + x and the factor that makes log1p of its logarithm, of WIDTH numbers. For |x| < 1/2. */
#define DEFINE_LOGS(name, isa, WIDTH, vector, mask, vector_log)                                              \
    typedef double vector __attribute__((vector_size(8 * WIDTH), may_alias));                                \
    typedef int64_t mask __attribute__((vector_size(8 * WIDTH)));                                            \
    __attribute__((target(isa))) static inline vector name##_choose(mask which, vector yes, vector no)       \
    {                                                                                                        \
        return (vector)(((mask)yes & which) | ((mask)no & ~which));                                          \
    }                                                                                                        \
    /* log(1 + x) where `near`, log(|far|) elsewhere */                                                      \
    __attribute__((target(isa))) static inline vector name##_log(vector x, vector far)                       \
    {                                                                                                        \
        const mask near = (x < 0.5) & (x > -0.5);                                                            \
        const vector size = (vector)((mask)far & INT64_MAX);                                                 \
        const vector u = name##_choose(near, 1 + x, size), log = vector_log(u), rest = u - 1;                \
        const vector full = name##_choose(rest == 0, x, log * (x / rest));                                   \
        return name##_choose(near, full, log);                                                               \
    }                                                                                                        \
    __attribute__((target(isa))) static void name(const struct proscore_point *points, int64_t count,        \
                                                  double lambda, double *logs)                               \
    {                                                                                                        \
        for (int64_t i = 0; i < count; i += WIDTH) {                                                         \
            const int64_t here = count - i < WIDTH ? count - i : WIDTH;                                      \
            vector along = {0}, across = {0}, lift = {0};                                                    \
            for (int k = 0; k < here; k++) {                                                                 \
                along[k] = points[i + k].along;                                                              \
                across[k] = points[i + k].across;                                                            \
                lift[k] = points[i + k].lift;                                                                \
            }                                                                                                \
            const vector squares = along * along + across * across, left = 1 - lambda * along;               \
            const vector change = lambda * (lambda * squares - 2 * along), side = lambda * across;           \
            const vector length = name##_log(change, left * left + side * side);                             \
            const vector step = lambda * lift;                                                               \
            const vector result = 0.5 * length - name##_log(-step, 1 - step);                                \
            for (int k = 0; k < here; k++)                                                                   \
                logs[i + k] = result[k];                                                                     \
        }                                                                                                    \
    }
DEFINE_LOGS(logs_4, "avx2,fma", 4, vector_4, mask_4, _ZGVdN4v_log)
DEFINE_LOGS(logs_8, "avx512f,avx512dq", 8, vector_8, mask_8, _ZGVeN8v_log)

static bool by_vectors(const struct proscore_point *points, int64_t count, double lambda, double *logs)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        logs_8(points, count, lambda, logs);
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        logs_4(points, count, lambda, logs);
    else
        return false;
    return true;
}
#else
static bool by_vectors(const struct proscore_point *points, int64_t count, double lambda, double *logs)
{
    (void)points, (void)count, (void)lambda, (void)logs;
    return false;
}
#endif

void proscore_logs(const struct proscore_point *points, int64_t count, double lambda, double *logs)
{
    /* A step so far that squares may overflow, or one without end, goes one by one. */
    const double far_step = 1e100;
    const bool done = lambda < far_step && by_vectors(points, count, lambda, logs);
    if (done && count > 0)
        proscore_in_order(points->order, logs, count);
    for (int64_t i = 0; i < count; i++)
        if (!done || points[i].zero || !isfinite(logs[i]))
            logs[i] = proscore_log(&points[i], lambda);
}
