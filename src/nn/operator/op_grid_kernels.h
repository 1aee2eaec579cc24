/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GridSample for one real type (typed.h). x (N, C, H, W), grid (N or 1, h, w, 2) with a pair (column, row)
 * for each position, y (N, C, h, w): the sum of x over the points around that place, times their weights. */

/* What stands around one position of an image's grid. */
static struct grid_place TYPED(grid_place)(const struct grid *plan, const REAL *pair)
{
    struct grid_place place;
    grid_axis(plan, plan->width, (double)pair[0], &place.columns);
    grid_axis(plan, plan->height, (double)pair[1], &place.rows);
    return place;
}

/* The sum of weights[r] * x[row][column] * weights[c] over a plane x (H, W). */
static double TYPED(grid_sum)(const struct grid *plan, const REAL *x, const struct grid_points *rows,
                              const double *row_weights, const struct grid_points *columns,
                              const double *column_weights)
{
    double sum = 0;
    for (int r = 0; r < rows->count; r++)
        for (int c = 0; c < columns->count; c++)
            if (rows->at[r] >= 0 && columns->at[c] >= 0)
                sum += row_weights[r] * column_weights[c] *
                       (double)x[rows->at[r] * plan->width + columns->at[c]];
    return sum;
}

static void TYPED(grid_forward)(const struct kernel_call *call)
{
    const struct grid *plan = call->plan;
    const int64_t size = plan->height * plan->width;
    const REAL *x = call->inputs[0].data, *pairs = call->inputs[1].data;
    REAL *y = call->outputs[0].data;
    for (int64_t n = 0; n < plan->batch;
         n++, x += plan->channels * size, y += plan->channels * plan->positions)
        for (int64_t p = 0; p < plan->positions; p++) {
            const struct grid_place at = TYPED(grid_place)(plan, pairs + 2 * (n * plan->grid_step + p));
            for (int64_t c = 0; c < plan->channels; c++)
                y[c * plan->positions + p] = (REAL)TYPED(grid_sum)(
                    plan, x + c * size, &at.rows, at.rows.weights, &at.columns, at.columns.weights);
        }
}

/* dx (H, W) of one plane += dy at one position times the weights. */
static void TYPED(grid_spread)(const struct grid *plan, const struct grid_place *at, double dy, REAL *dx)
{
    for (int r = 0; r < at->rows.count; r++)
        for (int c = 0; c < at->columns.count; c++)
            if (at->rows.at[r] >= 0 && at->columns.at[c] >= 0)
                dx[at->rows.at[r] * plan->width + at->columns.at[c]] +=
                    (REAL)(dy * at->rows.weights[r] * at->columns.weights[c]);
}

/* dx += dy * weights, dpair += the sum over channels of dy * the slopes of x in both directions */
static void TYPED(grid_backward)(const struct kernel_call *call)
{
    const struct grid *plan = call->plan;
    const int64_t size = plan->height * plan->width;
    const REAL *x = call->inputs[0].data, *pairs = call->inputs[1].data, *dy = call->output_gradients[0].data;
    REAL *dx = call->input_gradients[0].data, *dpairs = call->input_gradients[1].data;
    for (int64_t n = 0; dy && n < plan->batch; n++)
        for (int64_t p = 0; p < plan->positions; p++) {
            const int64_t pair = 2 * (n * plan->grid_step + p);
            const struct grid_place at = TYPED(grid_place)(plan, pairs + pair);
            double across = 0, down = 0;
            for (int64_t c = n * plan->channels; c < (n + 1) * plan->channels; c++) {
                const double gradient = (double)dy[c * plan->positions + p];
                const REAL *plane = x + c * size;
                if (dx)
                    TYPED(grid_spread)(plan, &at, gradient, dx + c * size);
                if (!dpairs)
                    continue;
                across += gradient * TYPED(grid_sum)(plan, plane, &at.rows, at.rows.weights, &at.columns,
                                                     at.columns.slopes);
                down += gradient * TYPED(grid_sum)(plan, plane, &at.rows, at.rows.slopes, &at.columns,
                                                   at.columns.weights);
            }
            if (dpairs) {
                dpairs[pair] += (REAL)across;
                dpairs[pair + 1] += (REAL)down;
            }
        }
}
