/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights of a layer by least squares.
 *
 * For each group of a layer on its own: rows x (unknowns) and y (outputs) of a sample, and weights w0 that
 * are there already. Of all w = w0 + d and constants b, those with the least
 *
 *     sum over rows |w x + b - y|^2 + lambda |d|^2,   lambda = ridge * mean of the diagonal of X'X,
 *
 * X being centred where there is a constant. The ridge holds w at w0, not at zero: where nothing is to be
 * gained nothing changes. Normal equations in double: (X'X + lambda) d' = X'(Y - X w0'), by Cholesky.
 *
 * Memory: per group unknowns^2 for X'X, unknowns * outputs for X'Y, and a block of 256 rows. */
#ifndef IPPRO_PRUNE_LEAST_SQUARES_H
#define IPPRO_PRUNE_LEAST_SQUARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct least_squares;

struct least_squares_size {
    int64_t groups, unknowns, outputs; /* unknowns and outputs of each group */
    bool constant;                     /* there is a b */
};

/* Bytes that it will hold; SIZE_MAX where that or a dimension is beyond what the library can address. */
size_t least_squares_bytes(const struct least_squares_size *size);
/* NULL when memory is out. The size is one of finite bytes. */
struct least_squares *least_squares_new(const struct least_squares_size *size);
void least_squares_free(struct least_squares *squares); /* NULL is fine */

/* Another row: x has groups * unknowns numbers, y groups * outputs. */
void least_squares_add(struct least_squares *squares, const double *x, const double *y);

/* What the fit came to, over all groups. */
struct least_squares_fit {
    int64_t rows;
    double before, after; /* sum of squared residuals, with w0 and b0, and with w and b */
    double total;         /* of y around its mean (around zero without b) */
};

/* weights (groups * outputs x unknowns) and constants (groups * outputs; without b they stay) are w0 and b0
 * and become w and b. Once for each object. Refused (STATUS_STATE): rows that are not finite, no rows, and
 * with a ridge of 0 inputs that depend on each other. */
status least_squares_solve(struct least_squares *squares, double ridge, double *weights, double *constants,
                           struct least_squares_fit *fit, struct error *error);

#endif
