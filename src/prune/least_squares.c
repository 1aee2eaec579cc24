/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normal equations, summed up block by block. */
#include "prune/least_squares.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/operator/matrix.h"

enum { BLOCK = 256 }; /* rows that are added at a time */

/* One group's sums. All are parts of one block of memory. */
struct sums {
    double *xx;                /* unknowns x unknowns, lower triangle */
    double *yx;                /* outputs x unknowns */
    double *x, *y, *yy;        /* sums of x and y, of y*y per output */
    double *block_x, *block_y; /* unknowns x BLOCK, outputs x BLOCK */
};

struct least_squares {
    struct least_squares_size size;
    struct sums *groups;
    double *memory;
    int64_t rows, waiting; /* waiting: of them in the block */
};

static bool group_numbers(const struct least_squares_size *size, size_t *numbers)
{
    const size_t n = (size_t)size->unknowns, m = (size_t)size->outputs;
    if (!matrix_fits(size->unknowns, size->outputs, BLOCK) || n + m > SIZE_MAX / 1024 / (n + m + 1))
        return false;
    *numbers = n * n + m * n + n + 2 * m + (n + m) * BLOCK;
    return true;
}

size_t least_squares_bytes(const struct least_squares_size *size)
{
    size_t numbers, bytes;
    return group_numbers(size, &numbers) && size_multiply(numbers, (size_t)size->groups, &numbers) &&
                   size_multiply(numbers, sizeof(double), &bytes)
               ? bytes
               : SIZE_MAX;
}

struct least_squares *least_squares_new(const struct least_squares_size *size)
{
    const size_t n = (size_t)size->unknowns, m = (size_t)size->outputs;
    size_t numbers = 0;
    struct least_squares *squares = mem_new(1, sizeof *squares);
    if (squares == NULL)
        return NULL;
    squares->size = *size;
    squares->groups = mem_new((size_t)size->groups, sizeof *squares->groups);
    squares->memory =
        group_numbers(size, &numbers) ? mem_aligned(numbers * (size_t)size->groups, sizeof(double)) : NULL;
    if (squares->groups == NULL || squares->memory == NULL) {
        least_squares_free(squares);
        return NULL;
    }
    for (int64_t g = 0; g < size->groups; g++) {
        double *at = squares->memory + (size_t)g * numbers;
        struct sums *sums = &squares->groups[g];
        *sums = (struct sums){.xx = at, .yx = at + n * n};
        sums->x = sums->yx + m * n;
        sums->y = sums->x + n;
        sums->yy = sums->y + m;
        sums->block_x = sums->yy + m;
        sums->block_y = sums->block_x + n * BLOCK;
    }
    return squares;
}

void least_squares_free(struct least_squares *squares)
{
    if (squares == NULL)
        return;
    mem_free(squares->groups);
    mem_free(squares->memory);
    mem_free(squares);
}

/* --- sums ----------------------------------------------------------------------------------------------- */

/* The block into the sums; it is empty then, and zero. */
static void add_block(struct least_squares *squares)
{
    const int n = (int)squares->size.unknowns, m = (int)squares->size.outputs;
    for (int64_t g = 0; squares->waiting > 0 && g < squares->size.groups; g++) {
        struct sums *sums = &squares->groups[g];
        matrix_gram(n, BLOCK, sums->block_x, true, sums->xx);
        matrix_multiply_double(false, true, m, n, BLOCK, 1, sums->block_y, BLOCK, sums->block_x, BLOCK, 1,
                               sums->yx, n);
        memset(sums->block_x, 0, (size_t)(n + m) * BLOCK * sizeof(double));
    }
    squares->waiting = 0;
}

void least_squares_add(struct least_squares *squares, const double *x, const double *y)
{
    const int64_t n = squares->size.unknowns, m = squares->size.outputs, at = squares->waiting;
    for (int64_t g = 0; g < squares->size.groups; g++, x += n, y += m) {
        struct sums *sums = &squares->groups[g];
        for (int64_t i = 0; i < n; i++) {
            sums->block_x[i * BLOCK + at] = x[i];
            sums->x[i] += x[i];
        }
        for (int64_t o = 0; o < m; o++) {
            sums->block_y[o * BLOCK + at] = y[o];
            sums->y[o] += y[o];
            sums->yy[o] += y[o] * y[o];
        }
    }
    squares->rows++;
    if (++squares->waiting == BLOCK)
        add_block(squares);
}

/* --- solving -------------------------------------------------------------------------------------------- */

/* Sums around the means, and X'X whole; its trace is returned. */
static double centre(const struct least_squares *squares, struct sums *sums)
{
    const int64_t n = squares->size.unknowns, m = squares->size.outputs;
    const double rows = (double)squares->rows;
    double trace = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k <= i; k++) {
            if (squares->size.constant)
                sums->xx[i * n + k] -= sums->x[i] * sums->x[k] / rows;
            sums->xx[k * n + i] = sums->xx[i * n + k];
        }
        trace += sums->xx[i * n + i];
    }
    for (int64_t o = 0; squares->size.constant && o < m; o++) {
        for (int64_t i = 0; i < n; i++)
            sums->yx[o * n + i] -= sums->y[o] * sums->x[i] / rows;
        sums->yy[o] -= sums->y[o] * sums->y[o] / rows;
    }
    return trace;
}

static double dot(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The squared residuals of w0 and b0, and X'(Y - X w0') in the place of X'Y. */
static double before(const struct least_squares *squares, struct sums *sums, const double *weights,
                     const double *constants)
{
    const int64_t n = squares->size.unknowns, m = squares->size.outputs;
    const double rows = (double)squares->rows;
    double squared = 0;
    for (int64_t o = 0; o < m; o++) /* y'y - 2 w0 x'y + w0 x'x w0, half of it on either side of the product */
        squared += sums->yy[o] - dot(weights + o * n, sums->yx + o * n, n);
    matrix_multiply_double(false, false, m, n, n, -1, weights, n, sums->xx, n, 1, sums->yx, n);
    for (int64_t o = 0; o < m; o++) {
        squared -= dot(weights + o * n, sums->yx + o * n, n);
        const double off = (sums->y[o] - dot(weights + o * n, sums->x, n)) / rows - constants[o];
        squared += squares->size.constant ? rows * off * off : 0;
    }
    return squared;
}

static status solve_group(struct least_squares *squares, struct sums *sums, double ridge, double *weights,
                          double *constants, struct least_squares_fit *fit, struct error *error)
{
    const int64_t n = squares->size.unknowns, m = squares->size.outputs;
    const double trace = centre(squares, sums), lambda = ridge * trace / (double)n;
    for (int64_t o = 0; o < m; o++)
        fit->total += sums->yy[o];
    const double was = before(squares, sums, weights, constants);
    if (!isfinite(trace) || !isfinite(was))
        return error_set(error, STATUS_STATE, "its inputs or outputs are not all numbers");
    fit->before += fmax(was, 0);
    double squared = 0;
    for (int64_t o = 0; squares->size.constant && o < m; o++) {
        const double off =
            (sums->y[o] - dot(weights + o * n, sums->x, n)) / (double)squares->rows - constants[o];
        squared -= (double)squares->rows * off * off; /* b takes it away */
    }
    squared += was;
    double *steps = mem_copy(sums->yx, (size_t)(m * n) * sizeof *steps);
    if (steps == NULL)
        return error_memory(error);
    for (int64_t i = 0; i < n; i++)
        sums->xx[i * n + i] += lambda;
    bool solved = trace > 0 && matrix_solve((int)n, (int)m, sums->xx, steps);
    for (int64_t o = 0; o < m; o++) {
        for (int64_t i = 0; solved && i < n; i++)
            weights[o * n + i] += steps[o * n + i];
        if (solved)
            squared -=
                dot(steps + o * n, sums->yx + o * n, n) + lambda * dot(steps + o * n, steps + o * n, n);
        if (squares->size.constant)
            constants[o] = (sums->y[o] - dot(weights + o * n, sums->x, n)) / (double)squares->rows;
    }
    fit->after += fmax(squared, 0);
    mem_free(steps);
    return solved || !(trace > 0) ? STATUS_OK
                                  : error_set(error, STATUS_STATE,
                                              "its inputs depend on each other on this sample: a ridge over "
                                              "0 (ridge=1e-4) or more images make the weights unique");
}

status least_squares_solve(struct least_squares *squares, double ridge, double *weights, double *constants,
                           struct least_squares_fit *fit, struct error *error)
{
    const int64_t n = squares->size.unknowns, m = squares->size.outputs;
    *fit = (struct least_squares_fit){.rows = squares->rows};
    if (squares->rows == 0)
        return error_set(error, STATUS_STATE, "there are no rows to fit");
    add_block(squares);
    status code = STATUS_OK;
    for (int64_t g = 0; code == STATUS_OK && g < squares->size.groups; g++) {
        code = progress_check(error);
        if (code == STATUS_OK)
            code = solve_group(squares, &squares->groups[g], ridge, weights + g * m * n, constants + g * m,
                               fit, error);
    }
    return code;
}
