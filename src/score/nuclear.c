/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nuclear norms without a row. */
#include "score/nuclear.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "nn/operator/matrix.h"

/* The integral is a sum over POINTS places, at equal steps of log x from BELOW below the logarithm of the
 * largest singular value on. What is left out at both ends is less than 10^-10 of that value. */
enum { POINTS = 132 };
static const double below = 28.0, step = 0.4;
/* Eigenvalues below this share of the largest are rounding: what they stand for is in no row. */
static const double least_share = 1e-13;

bool nuclear_init(struct nuclear_work *work, int64_t channels, int64_t positions)
{
    const int64_t side = channels < positions ? channels : positions;
    const size_t rows = (size_t)channels, n = (size_t)side;
    *work = (struct nuclear_work){.channels = channels, .positions = positions, .side = side};
    if (side > 16384 || !matrix_fits(channels, positions, POINTS))
        return false;
    work->turned = side < channels ? mem_new(rows, (size_t)positions * sizeof(double)) : NULL;
    work->gram = mem_new(n, n * sizeof(double));
    work->values = mem_new(n, sizeof(double));
    work->squares = mem_new(rows, n * sizeof(double));
    work->shares = mem_new(n, POINTS * sizeof(double));
    work->sums = mem_new(rows, POINTS * sizeof(double));
    work->reals = mem_new(1 + 6 * n + 2 * n * n, sizeof(double));
    work->integers = mem_new(3 + 5 * n, sizeof(int));
    return (side == channels || work->turned) && work->gram && work->values && work->squares &&
           work->shares && work->sums && work->reals && work->integers;
}

void nuclear_free(struct nuclear_work *work)
{
    mem_free(work->turned);
    mem_free(work->gram);
    mem_free(work->values);
    mem_free(work->squares);
    mem_free(work->shares);
    mem_free(work->sums);
    mem_free(work->reals);
    mem_free(work->integers);
    *work = (struct nuclear_work){0};
}

/* The product of the maps with themselves along the longer side. False: not finite. */
static bool make_gram(struct nuclear_work *work, const double *maps)
{
    const int64_t channels = work->channels, positions = work->positions;
    for (int64_t p = 0; work->turned && p < positions; p++)
        for (int64_t c = 0; c < channels; c++)
            work->turned[p * channels + c] = maps[c * positions + p];
    matrix_gram((int)work->side, (int)(work->turned ? channels : positions),
                work->turned ? work->turned : maps, false, work->gram);
    double trace = 0.0;
    for (int64_t k = 0; k < work->side; k++)
        trace += work->gram[k * work->side + k];
    return isfinite(trace);
}

/* u_ik^2 of every row i and eigenvalue k. Where rows are the longer side u = A v / sqrt(e). */
static void make_squares(struct nuclear_work *work, const double *maps)
{
    const int64_t channels = work->channels, side = work->side;
    const double least = least_share * work->values[side - 1];
    if (!work->turned) {
        for (int64_t i = 0; i < channels; i++)
            for (int64_t k = 0; k < side; k++)
                work->squares[i * side + k] = work->gram[k * side + i] * work->gram[k * side + i];
        return;
    }
    matrix_multiply_double(false, true, channels, side, work->positions, 1.0, maps, work->positions,
                           work->gram, side, 0.0, work->squares, side);
    for (int64_t i = 0; i < channels; i++)
        for (int64_t k = 0; k < side; k++) {
            double *square = &work->squares[i * side + k];
            *square = work->values[k] > least ? *square * *square / work->values[k] : 0.0;
        }
}

/* Places below the largest singular value: there the ratio of the determinants is summed, above it what it
 * lacks of 1, so that neither end has anything but its own digits. */
static bool is_below(int place)
{
    return step * place < below;
}

/* x^2 / (e_k + x^2), or e_k / (e_k + x^2), at every place of the integral. */
static void make_shares(struct nuclear_work *work, double start)
{
    const double least = least_share * work->values[work->side - 1];
    for (int64_t k = 0; k < work->side; k++) {
        const double value = work->values[k] > least ? work->values[k] : 0.0;
        for (int p = 0; p < POINTS; p++) {
            const double x = exp(start + step * p);
            work->shares[k * POINTS + p] = (is_below(p) ? x * x : value) / (value + x * x);
        }
    }
}

/* Minus the integral over pi, for one row. outside: what of the row is in no eigenvector, which x does not
 * change. */
static double change_of(const double *sums, double outside, double start)
{
    double integral = 0.0;
    for (int p = 0; p < POINTS; p++)
        integral += exp(start + step * p) * (is_below(p) ? log(outside + sums[p]) : log1p(-sums[p]));
    return -integral * step / acos(-1.0);
}

void nuclear_changes(struct nuclear_work *work, const double *maps, double *change)
{
    const int64_t channels = work->channels, side = work->side;
    const bool known = make_gram(work, maps) &&
                       matrix_eigen((int)side, work->gram, work->values, work->reals, work->integers);
    if (known && !(work->values[side - 1] > 0.0))
        return; /* all maps are 0 */
    const double start = known ? log(work->values[side - 1]) / 2 - below : NAN;
    if (known) {
        make_squares(work, maps);
        make_shares(work, start);
        matrix_multiply_double(false, false, channels, POINTS, side, 1.0, work->squares, side, work->shares,
                               POINTS, 0.0, work->sums, POINTS);
    }
    for (int64_t i = 0; i < channels; i++) {
        double inside = 0.0;
        for (int64_t k = 0; k < side; k++)
            inside += work->squares[i * side + k];
        const double fall = known ? change_of(work->sums + i * POINTS, fmax(1.0 - inside, 0.0), start) : NAN;
        change[i] += fall < 0.0 ? 0.0 : fall; /* rounding, where a map is 0 */
    }
}
