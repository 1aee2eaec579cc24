/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vector of the instruction set that a file is compiled for. A block of LANES channels is PARTS vectors
 * of WIDTH floats.
 *
 * Vectors are written with the compiler's generic extension; only the fused product and sum needs a name,
 * because contraction is switched off for everything else. */
#ifndef IPPRO_NN_BLOCKED_LANES_H
#define IPPRO_NN_BLOCKED_LANES_H

#include "nn/blocked/isa.h"

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { WIDTH = 16 };
#define REGISTERS 32
#elif defined(__AVX2__)
enum { WIDTH = 8 };
#define REGISTERS 16
#else
enum { WIDTH = 4 };
#define REGISTERS 16
#endif
enum { PARTS = LANES / WIDTH };

typedef float vector __attribute__((vector_size(4 * WIDTH), may_alias));
typedef float vector_plain __attribute__((vector_size(4 * WIDTH))); /* what conversions give */
typedef double wide __attribute__((vector_size(8 * WIDTH), may_alias));
typedef double wide_unaligned __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
typedef int vector_mask __attribute__((vector_size(4 * WIDTH)));
typedef float vector_unaligned __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

#define LANES_INLINE static inline __attribute__((always_inline, unused))

/* The loop that follows is written out; its bound is a constant wherever the function is inlined. */
#define LANES_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define LANES_UNROLL LANES_PRAGMA(unroll)
#else
#define LANES_UNROLL LANES_PRAGMA(GCC unroll 64)
#endif

/* Loops over the positions of a block, part by part, go through SEGMENT of them at most before the next part,
 * so that its lines are at hand: how many from `from` on. Sums of eight stay as they are. */
enum { SEGMENT = 128 };
LANES_INLINE int segment_length(int from, int positions)
{
    return positions - from < SEGMENT ? positions - from : SEGMENT;
}

LANES_INLINE vector vector_load(const float *from)
{
    return *(const vector *)from;
}

/* The same for a number that is used several times: kept in a register, where the compiler would load it
 * again for each use. */
LANES_INLINE vector vector_keep(const float *from)
{
    vector v = *(const vector *)from;
#if defined(__AVX512F__)
    __asm__("" : "+v"(v));
#elif defined(__SSE2__)
    __asm__("" : "+x"(v));
#endif
    return v;
}

LANES_INLINE void vector_store(float *to, vector v)
{
    *(vector *)to = v;
}

/* What is not read again for long goes past the caches, where a vector is a whole line of theirs. */
LANES_INLINE void vector_stream(float *to, vector v)
{
#if defined(__AVX512F__)
    _mm512_stream_ps(to, v);
#else
    *(vector *)to = v;
#endif
}

LANES_INLINE vector vector_all(float value)
{
    return value - (vector){0};
}

/* to (WIDTH) += v, in double. By halves, because WIDTH doubles are more than a register holds: what the
 * compiler makes of a conversion of all goes through memory. */
LANES_INLINE void vector_add_wide(double *to, vector v)
{
#if defined(__AVX512F__)
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                  high = _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1)));
    _mm512_storeu_pd(to, _mm512_loadu_pd(to) + low);
    _mm512_storeu_pd(to + WIDTH / 2, _mm512_loadu_pd(to + WIDTH / 2) + high);
#elif defined(__AVX2__)
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v)),
                  high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    _mm256_storeu_pd(to, _mm256_loadu_pd(to) + low);
    _mm256_storeu_pd(to + WIDTH / 2, _mm256_loadu_pd(to + WIDTH / 2) + high);
#else
    *(wide_unaligned *)to += __builtin_convertvector(v, wide);
#endif
}

/* a * b + c */
LANES_INLINE vector vector_multiply_add(vector a, vector b, vector c)
{
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

/* The larger one; a NaN in `a` stays. */
LANES_INLINE vector vector_max(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_max_ps(b, a);
#elif defined(__AVX2__)
    return _mm256_max_ps(b, a);
#else
    const vector_mask larger = b > a;
    return (vector)(((vector_mask)b & larger) | ((vector_mask)a & ~larger));
#endif
}

/* The smaller one; a NaN in `a` stays. */
LANES_INLINE vector vector_min(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_min_ps(b, a);
#elif defined(__AVX2__)
    return _mm256_min_ps(b, a);
#else
    const vector_mask smaller = b < a;
    return (vector)(((vector_mask)b & smaller) | ((vector_mask)a & ~smaller));
#endif
}

/* What lanes hold of `a` (numbers below WIDTH) and `b` (from WIDTH on). Constants, once inlined. */
LANES_INLINE vector vector_mix(vector a, vector b, vector_mask from)
{
#if defined(__clang__)
    vector mixed;
    LANES_UNROLL
    for (int lane = 0; lane < WIDTH; lane++)
        mixed[lane] = from[lane] < WIDTH ? a[from[lane]] : b[from[lane] - WIDTH];
    return mixed;
#else
    return (vector)__builtin_shuffle(a, b, from);
#endif
}

/* Rows become columns: in steps of 1, 2, 4 ... the upper right and the lower left quarter change places. */
LANES_INLINE void vectors_transpose(vector rows[WIDTH])
{
    LANES_UNROLL
    for (int step = 1; step < WIDTH; step *= 2) {
        vector_mask low, high;
        LANES_UNROLL
        for (int lane = 0; lane < WIDTH; lane++) {
            low[lane] = lane & step ? WIDTH + lane - step : lane;
            high[lane] = lane & step ? WIDTH + lane : lane + step;
        }
        LANES_UNROLL
        for (int row = 0; row < WIDTH; row++)
            if (!(row & step)) {
                const vector a = rows[row], b = rows[row + step];
                rows[row] = vector_mix(a, b, low);
                rows[row + step] = vector_mix(a, b, high);
            }
    }
}

#endif
