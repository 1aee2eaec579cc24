/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums of one channel of one image for one real type (nn/operator/typed.h): delta, y and u are (count) long.
 */

/* sums (3): sum delta, sum delta * (y - center), sum u * delta. */
ROWS_CLONES static void TYPED(delta_sums)(const REAL *delta, const REAL *y, const REAL *u, double center,
                                          int64_t count, double sums[3])
{
    lanes_double zero = {0}, sum[6] = {zero, zero, zero, zero, zero, zero};
    double rest[3] = {0, 0, 0};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        lanes_double a = ROWS_WIDEN(TYPED(row_quad), delta + i),
                     b = ROWS_WIDEN(TYPED(row_quad), delta + i + 4);
        sum[0] += a;
        sum[1] += b;
        sum[2] += a * (ROWS_WIDEN(TYPED(row_quad), y + i) - center);
        sum[3] += b * (ROWS_WIDEN(TYPED(row_quad), y + i + 4) - center);
        sum[4] += a * ROWS_WIDEN(TYPED(row_quad), u + i);
        sum[5] += b * ROWS_WIDEN(TYPED(row_quad), u + i + 4);
    }
    for (; i < count; i++) {
        rest[0] += (double)delta[i];
        rest[1] += (double)delta[i] * ((double)y[i] - center);
        rest[2] += (double)delta[i] * (double)u[i];
    }
    for (int k = 0; k < 3; k++)
        sums[k] = lanes_sum(&sum[2 * k], &sum[2 * k + 1]) + rest[k];
}

/* sum G * u */
ROWS_CLONES static double TYPED(lift_sum)(const REAL *gradient, const REAL *u, int64_t count)
{
    return TYPED(row_dot)(gradient, u, count);
}

/* The same of all channels, positions x channels, added to what is there. sums: [PROBE_DELTA,
 * PROBE_DELTA_CENTERED, PROBE_GATE][channel]. */
static void TYPED(delta_rows)(const REAL *delta, const REAL *y, const REAL *u, const double *center,
                              int64_t positions, int64_t channels, double *sums)
{
    double *sum = sums, *centered = sums + channels, *gate = sums + 2 * channels;
    for (int64_t p = 0; p < positions; p++, delta += channels, y += channels, u += channels)
        for (int64_t c = 0; c < channels; c++) {
            sum[c] += (double)delta[c];
            centered[c] += (double)delta[c] * ((double)y[c] - (center ? center[c] : 0));
            gate[c] += (double)delta[c] * (double)u[c];
        }
}

static void TYPED(lift_rows)(const REAL *gradient, const REAL *u, int64_t positions, int64_t channels,
                             double *sums)
{
    for (int64_t p = 0; p < positions; p++, gradient += channels, u += channels)
        for (int64_t c = 0; c < channels; c++)
            sums[c] += (double)gradient[c] * (double)u[c];
}
