/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over feature maps. */
#include "score/activation.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"

bool activation_init(struct activation_statistics *sums, unsigned needs, int64_t channels)
{
    size_t count = (size_t)channels, squared;
    bool complete = true;
    if (needs & NEED_ACTIVATIONS) {
        sums->sum = mem_new(count, sizeof(double));
        sums->squared = mem_new(count, sizeof(double));
        sums->zeros = mem_new(count, sizeof(double));
        complete = sums->sum && sums->squared && sums->zeros;
    }
    if (complete && (needs & NEED_FEATURE_RANKS)) {
        sums->rank = mem_new(count, sizeof(double));
        complete = sums->rank;
    }
    if (complete && (needs & NEED_FEATURE_GRAM)) {
        sums->gram = size_multiply(count, count, &squared) ? mem_new(squared, sizeof(double)) : NULL;
        complete = sums->gram;
    }
    if (complete && (needs & NEED_INDEPENDENCE)) {
        sums->independence = mem_new(count, sizeof(double));
        complete = sums->independence;
    }
    return complete;
}

void activation_free(struct activation_statistics *sums)
{
    mem_free(sums->sum);
    mem_free(sums->squared);
    mem_free(sums->zeros);
    mem_free(sums->rank);
    mem_free(sums->gram);
    mem_free(sums->independence);
    *sums = (struct activation_statistics){0};
}

static void swap_rows(double *matrix, int64_t columns, int64_t a, int64_t b)
{
    for (int64_t j = 0; a != b && j < columns; j++) {
        double value = matrix[a * columns + j];
        matrix[a * columns + j] = matrix[b * columns + j];
        matrix[b * columns + j] = value;
    }
}

/* The row at or below `from` that is longest. */
static int64_t longest_row(const double *matrix, int64_t rows, int64_t columns, int64_t from, double *length)
{
    int64_t longest = from;
    *length = -1.0;
    for (int64_t i = from; i < rows; i++) {
        double squares = 0.0;
        for (int64_t j = 0; j < columns; j++)
            squares += matrix[i * columns + j] * matrix[i * columns + j];
        if (squares > *length) {
            *length = squares;
            longest = i;
        }
    }
    *length = sqrt(*length);
    return longest;
}

/* Gram-Schmidt on the rows, always the longest next: its length is the pivot. */
int64_t matrix_rank(double *matrix, int64_t rows, int64_t columns)
{
    double first = 0.0, tolerance = (double)(rows > columns ? rows : columns) * FLT_EPSILON;
    int64_t most = rows < columns ? rows : columns, rank = 0;
    while (rank < most) {
        double length;
        swap_rows(matrix, columns, rank, longest_row(matrix, rows, columns, rank, &length));
        first = rank == 0 ? length : first;
        if (!(length > tolerance * first))
            break;
        double *pivot = matrix + rank * columns;
        for (int64_t j = 0; j < columns; j++)
            pivot[j] /= length;
        for (int64_t i = rank + 1; i < rows; i++) {
            double *row = matrix + i * columns, dot = 0.0;
            for (int64_t j = 0; j < columns; j++)
                dot += row[j] * pivot[j];
            for (int64_t j = 0; j < columns; j++)
                row[j] -= dot * pivot[j];
        }
        rank++;
    }
    return rank;
}

static void add_moments(struct activation_statistics *sums, const double *map, int64_t positions,
                        int64_t channel)
{
    double sum = 0.0, squared = 0.0;
    int64_t zeros = 0;
    for (int64_t i = 0; i < positions; i++) {
        sum += map[i];
        squared += map[i] * map[i];
        zeros += map[i] == 0.0;
    }
    sums->sum[channel] += sum;
    sums->squared[channel] += squared;
    sums->zeros[channel] += (double)zeros;
}

void activation_add(struct activation_statistics *sums, const struct feature_maps *maps, double *work,
                    struct nuclear_work *nuclear)
{
    const int64_t positions = maps->height * maps->width;
    for (int64_t c = 0; c < maps->channels; c++) {
        const double *map = maps->values + c * positions;
        if (sums->sum)
            add_moments(sums, map, positions, c);
        if (sums->rank) {
            memcpy(work, map, (size_t)positions * sizeof *work);
            sums->rank[c] += (double)matrix_rank(work, maps->height, maps->width);
        }
    }
    if (sums->independence)
        nuclear_changes(nuclear, maps->values, sums->independence);
    if (sums->gram) {
        int count = (int)maps->channels, length = (int)positions;
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, count, length, 1.0, maps->values, length, 1.0,
                    sums->gram, count);
    }
}

void activation_finish(struct activation_statistics *sums, int64_t channels)
{
    for (int64_t i = 0; sums->gram && i < channels; i++) {
        for (int64_t j = 0; j < i; j++)
            sums->gram[i * channels + j] = sums->gram[j * channels + i];
    }
}

static void add_all(double *to, const double *from, int64_t count)
{
    for (int64_t i = 0; to && i < count; i++)
        to[i] += from[i];
}

/* Zeros in the place of NULL where there is something to add. */
static bool add_array(double **to, const double *from, int64_t count)
{
    if (from && !*to)
        *to = mem_new((size_t)count, sizeof **to);
    if (from)
        add_all(*to, from, count);
    return !from || *to;
}

bool activation_add_sums(struct activation_statistics *sums, const struct activation_statistics *other,
                         int64_t channels)
{
    return add_array(&sums->sum, other->sum, channels) &&
           add_array(&sums->squared, other->squared, channels) &&
           add_array(&sums->zeros, other->zeros, channels) && add_array(&sums->rank, other->rank, channels) &&
           add_array(&sums->independence, other->independence, channels);
}

void activation_add_gram(struct activation_statistics *sums, double *gram, int64_t channels)
{
    if (!sums->gram) {
        sums->gram = gram;
        return;
    }
    add_all(sums->gram, gram, channels * channels);
    mem_free(gram);
}
