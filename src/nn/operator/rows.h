/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inner loops over contiguous rows of numbers, for float and double, written with GCC vector extensions so
 * that they are vectors at every optimisation level.
 *
 * Sums run in double over eight lanes whose number does not depend on the machine, so that a sum's order, and
 * with it its last bit, depends on its length alone. */
#ifndef IPPRO_NN_OPERATOR_ROWS_H
#define IPPRO_NN_OPERATOR_ROWS_H

#include <stdint.h>

/* Functions marked with this are compiled for AVX2 as well; the better one is chosen when the program starts.
 * Both give the same bits: products and sums are never contracted. Sanitizers cannot stand the mechanism. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&    \
    !defined(__SANITIZE_THREAD__)
#define ROWS_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define ROWS_CLONES
#endif

#define ROWS_INLINE static inline __attribute__((always_inline, unused))

typedef double lanes_double __attribute__((vector_size(32)));

ROWS_INLINE double lanes_sum(const lanes_double *a, const lanes_double *b)
{
    lanes_double s = *a + *b;
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Four numbers as double, QUAD being row_quad_float or row_quad_double. (A macro: a function would return a
 * vector, whose calling convention differs between machines.) */
#define ROWS_WIDEN(QUAD, from) __builtin_convertvector(*(const QUAD *)(from), lanes_double)

/* row_add_scaled_T: out[i] += weight * in[i].
 * row_sum_T, row_dot_T: sum of a[i], of a[i] * b[i], in double. */
#define ROWS_DEFINE(T)                                                                                       \
    typedef T row_vector_##T __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));                \
    typedef T row_half_##T __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));                  \
    typedef T row_quad_##T __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T)), may_alias));       \
    ROWS_INLINE void row_add_scaled_##T(T *out, const T *in, T weight, int64_t count)                        \
    {                                                                                                        \
        enum { LANES = 32 / sizeof(T), HALF = LANES / 2 };                                                   \
        int64_t i = 0;                                                                                       \
        for (; i + LANES <= count; i += LANES)                                                               \
            *(row_vector_##T *)(out + i) += weight * *(const row_vector_##T *)(in + i);                      \
        if (i + HALF <= count) {                                                                             \
            *(row_half_##T *)(out + i) += weight * *(const row_half_##T *)(in + i);                          \
            i += HALF;                                                                                       \
        }                                                                                                    \
        for (; i < count; i++)                                                                               \
            out[i] += weight * in[i];                                                                        \
    }                                                                                                        \
    ROWS_INLINE double row_sum_##T(const T *a, int64_t count)                                                \
    {                                                                                                        \
        lanes_double s0 = {0}, s1 = {0};                                                                     \
        double rest = 0;                                                                                     \
        int64_t i = 0;                                                                                       \
        for (; i + 8 <= count; i += 8) {                                                                     \
            s0 += ROWS_WIDEN(row_quad_##T, a + i);                                                           \
            s1 += ROWS_WIDEN(row_quad_##T, a + i + 4);                                                       \
        }                                                                                                    \
        for (; i < count; i++)                                                                               \
            rest += (double)a[i];                                                                            \
        return lanes_sum(&s0, &s1) + rest;                                                                   \
    }                                                                                                        \
    ROWS_INLINE double row_dot_##T(const T *a, const T *b, int64_t count)                                    \
    {                                                                                                        \
        lanes_double s0 = {0}, s1 = {0};                                                                     \
        double rest = 0;                                                                                     \
        int64_t i = 0;                                                                                       \
        for (; i + 8 <= count; i += 8) {                                                                     \
            s0 += ROWS_WIDEN(row_quad_##T, a + i) * ROWS_WIDEN(row_quad_##T, b + i);                         \
            s1 += ROWS_WIDEN(row_quad_##T, a + i + 4) * ROWS_WIDEN(row_quad_##T, b + i + 4);                 \
        }                                                                                                    \
        for (; i < count; i++)                                                                               \
            rest += (double)a[i] * (double)b[i];                                                             \
        return lanes_sum(&s0, &s1) + rest;                                                                   \
    }

ROWS_DEFINE(float)
ROWS_DEFINE(double)

#endif
