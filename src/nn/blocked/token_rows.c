/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of rows, of columns and for probes, and the way between rows and blocks of channels. */
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
        wide total = {0};
        for (size_t r = 0; r < rows;) {
            const size_t end = rows - r < CHUNK ? rows : r + CHUNK;
            vector sum = vector_all(0);
            for (; r < end; r++)
                sum += row_load(from + r * length + i, left);
            total += __builtin_convertvector(sum, wide);
        }
        row_give(to + i, __builtin_convertvector(total, vector_plain), left, true);
    }
}

LANES_INLINE void add_wide(double *to, wide sum, size_t left)
{
    double lanes[WIDTH];
    memcpy(lanes, &sum, sizeof lanes);
    for (size_t i = 0; i < WIDTH && i < left; i++)
        to[i] += lanes[i];
}

LANES_INLINE void probe_channels(const struct token_sums *s, size_t i, bool all)
{
    const size_t left = s->length - i;
    wide total[3] = {{0}};
    float centers[WIDTH] = {0};
    for (size_t c = 0; all && s->center && c < WIDTH && c < left; c++)
        centers[c] = (float)s->center[i + c];
    const vector center = row_load(centers, WIDTH);
    for (size_t r = 0; r < s->rows;) {
        const size_t end = s->rows - r < CHUNK ? s->rows : r + CHUNK;
        vector delta = vector_all(0), centered = delta, gate = delta;
        for (; r < end; r++) {
            const size_t at = r * s->stride + i;
            const vector d = row_load(s->delta + at, left);
            gate = vector_multiply_add(d, row_load(s->target + at, left), gate);
            if (all) {
                delta += d;
                centered = vector_multiply_add(d, row_load(s->linear + at, left) - center, centered);
            }
        }
        total[0] += __builtin_convertvector(delta, wide);
        total[1] += __builtin_convertvector(centered, wide);
        total[2] += __builtin_convertvector(gate, wide);
    }
    if (!all) {
        add_wide(s->sums + i, total[2], left);
        return;
    }
    /* The center was rounded: what that took from each term comes back. */
    double back[WIDTH];
    memcpy(back, &total[0], sizeof back);
    for (size_t c = 0; c < WIDTH && c < left; c++)
        s->sums[s->length + i + c] += back[c] * ((double)centers[c] - (s->center ? s->center[i + c] : 0));
    for (size_t k = 0; k < 3; k++)
        add_wide(s->sums + k * s->length + i, total[k], left);
}

/* sums (3 or 1, length) of rows (rows, length), `stride` apart. A few rows are summed in float, their sums in
 * double. */
void ISA_NAME(token_sums)(const struct token_sums *sums)
{
    for (size_t i = 0; i < sums->length; i += WIDTH) {
        if (sums->linear)
            probe_channels(sums, i, true);
        else
            probe_channels(sums, i, false);
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
