/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of rows, of columns and for probes, and the way between rows and blocks of channels. */
#include "nn/blocked/blocked.h"
#include "nn/blocked/lanes.h"
#include "nn/blocked/token.h"
#include "nn/blocked/token_math.h"
#include "nn/blocked/token_parts.h"

/* to (count) = a (count) + b (count) */
void ISA_NAME(token_sum)(size_t count, const float *a, const float *b, float *to)
{
    for (size_t i = 0; i < count; i += WIDTH)
        row_store(to + i, row_load(a + i, count - i) + row_load(b + i, count - i), count - i);
}

/* to (count) = from (count), or += */
void ISA_NAME(token_give)(size_t count, const float *from, float *to, bool add)
{
    if (!add)
        memcpy(to, from, count * sizeof *to);
    else
        ISA_NAME(token_sum)(count, from, to, to);
}

/* to (rows, length) = row (length), plus more (rows, length). */
void ISA_NAME(token_spread)(size_t rows, size_t length, const float *row, const float *more, float *to)
{
    for (size_t r = 0; r < rows; r++, to += length) {
        if (more)
            ISA_NAME(token_sum)(length, row, more + r * length, to);
        else
            memcpy(to, row, length * sizeof *to);
    }
}

enum { CHUNK = 8 }; /* rows summed in float */

/* to (length) += sums of from (rows, length) over its rows. */
void ISA_NAME(token_columns)(size_t rows, size_t length, const float *from, float *to)
{
    for (size_t i = 0; i < length; i += WIDTH) {
        const size_t left = length - i;
        double total[WIDTH] __attribute__((aligned(64))) = {0};
        for (size_t r = 0; r < rows;) {
            const size_t end = rows - r < CHUNK ? rows : r + CHUNK;
            vector sum = vector_all(0);
            for (; r < end; r++)
                sum += row_load(from + r * length + i, left);
            vector_add_wide(total, sum);
        }
        row_give(to + i, __builtin_convertvector(*(const wide *)total, vector_plain), left, true);
    }
}

/* (Pointers, because passing such vectors depends on the machine where none of its own is as wide.) */
LANES_INLINE void wide_load(wide *v, const double *from, size_t count)
{
    if (count >= WIDTH) {
        *v = *(const wide_unaligned *)from;
    } else {
        *v = (wide){0};
        memcpy(v, from, count * sizeof *from);
    }
}

LANES_INLINE void wide_add(double *to, const wide *v, size_t count)
{
    wide sum;
    wide_load(&sum, to, count);
    sum += *v;
    if (count >= WIDTH)
        *(wide_unaligned *)to = sum;
    else
        memcpy(to, &sum, count * sizeof *to);
}

/* A vector of channels of `rows` rows from `at` on. The center is rounded for the sum in float; what that
 * takes from each term comes back in double. */
LANES_INLINE void probe_channels(const struct token_sums *s, size_t channel, size_t at, size_t rows, bool all)
{
    const size_t left = s->length - channel;
    wide exact = {0};
    if (all && s->center)
        wide_load(&exact, s->center + channel, left);
    const vector center = __builtin_convertvector(exact, vector_plain);
    vector delta = vector_all(0), centered = delta, gate = delta;
    for (size_t r = 0; r < rows; r++, at += s->stride) {
        const vector d = row_load(s->delta + at, left);
        gate = vector_multiply_add(d, row_load(s->target + at, left), gate);
        if (all) {
            delta += d;
            centered = vector_multiply_add(d, row_load(s->linear + at, left) - center, centered);
        }
    }
    const wide products = __builtin_convertvector(gate, wide);
    if (all) {
        const wide sum = __builtin_convertvector(delta, wide);
        const wide around =
            __builtin_convertvector(centered, wide) + sum * (__builtin_convertvector(center, wide) - exact);
        wide_add(s->sums + channel, &sum, left);
        wide_add(s->sums + s->length + channel, &around, left);
    }
    wide_add(s->sums + (all ? 2 * s->length : 0) + channel, &products, left);
}

/* sums (3 or 1, length) of rows (rows, length), `stride` apart. A few rows are summed in float, their sums in
 * double. */
void ISA_NAME(token_sums)(const struct token_sums *sums)
{
    for (size_t r = 0; r < sums->rows; r += CHUNK) {
        const size_t rows = sums->rows - r < CHUNK ? sums->rows - r : CHUNK;
        for (size_t i = 0; i < sums->length; i += WIDTH) {
            if (sums->linear)
                probe_channels(sums, i, r * sums->stride + i, rows, true);
            else
                probe_channels(sums, i, r * sums->stride + i, rows, false);
        }
    }
}

/* --- rows and blocks ------------------------------------------------------------------------------------ */

/* Positions at a time, so that what is written strided stays in the nearest cache. */
enum { TOGETHER = 16 };

/* rows (N, positions, C) = blocked (N, C/16, positions, 16), or += */
void ISA_NAME(token_from_blocks)(int images, int channels, int positions, const float *blocked, float *rows,
                                 bool add)
{
    const size_t length = (size_t)channels, count = (size_t)positions, blocks = (length + LANES - 1) / LANES;
    for (int n = 0; n < images; n++, rows += count * length, blocked += blocks * count * LANES)
        for (size_t begin = 0; begin < count; begin += TOGETHER) {
            const size_t end = count - begin < TOGETHER ? count : begin + TOGETHER;
            for (size_t at = 0; at < length; at += WIDTH) {
                const float *from = blocked + at / LANES * count * LANES + at % LANES;
                for (size_t i = begin; i < end; i++)
                    row_give(rows + i * length + at, vector_load(from + i * LANES), length - at, add);
            }
        }
}

/* blocked (N, C/16, positions, 16) = rows (N, positions, C), or +=; zeros past the last channel. */
void ISA_NAME(token_to_blocks)(int images, int channels, int positions, const float *rows, float *blocked,
                               bool add)
{
    const size_t length = (size_t)channels, count = (size_t)positions, blocks = (length + LANES - 1) / LANES;
    for (int n = 0; n < images; n++, rows += count * length, blocked += blocks * count * LANES)
        for (size_t begin = 0; begin < count; begin += TOGETHER) {
            const size_t end = count - begin < TOGETHER ? count : begin + TOGETHER;
            for (size_t at = 0; at < blocks * LANES; at += WIDTH) {
                float *to = blocked + at / LANES * count * LANES + at % LANES;
                for (size_t i = begin; i < end; i++) {
                    vector v = vector_all(0);
                    if (at < length)
                        v = row_load(rows + i * length + at, length - at);
                    if (add)
                        v += vector_load(to + i * LANES);
                    vector_store(to + i * LANES, v);
                }
            }
        }
}
