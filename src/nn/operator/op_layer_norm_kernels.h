/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the operators that normalise by their own statistics, for one real type (typed.h). x, y and
 * their gradients are (rows, length); mean m and r = 1 / sqrt(variance + epsilon) belong to a row. With
 * z = (x - m) r the output is y = scale * z + shift. Sums and statistics are in double in both types. */

/* Sum over a row of (x - mean)^2, in lanes whose number does not depend on the machine (rows.h). */
ROWS_CLONES static double TYPED(row_squares)(const REAL *x, double mean, int64_t length)
{
    lanes_double s0 = {0}, s1 = {0};
    double rest = 0;
    int64_t i = 0;

    for (; i + 8 <= length; i += 8) {
        const lanes_double a = ROWS_WIDEN(TYPED(row_quad), x + i) - mean;
        const lanes_double b = ROWS_WIDEN(TYPED(row_quad), x + i + 4) - mean;

        s0 += a * a;
        s1 += b * b;
    }
    for (; i < length; i++)
        rest += ((double)x[i] - mean) * ((double)x[i] - mean);
    return lanes_sum(&s0, &s1) + rest;
}

/* Where epsilon is 0 a row of equal numbers (an empty place in the batch) is all mean: its z are 0. */
ROWS_CLONES static void TYPED(row_statistics)(const struct layer_norm *plan, const REAL *x, double *mean,
                                              double *r)
{
    const double length = (double)plan->length;
    double variance;

    *mean = plan->centred ? TYPED(row_sum)(x, plan->length) / length : 0;
    variance = TYPED(row_squares)(x, *mean, plan->length) / length + plan->epsilon;
    *r = variance == 0 ? 0 : 1 / sqrt(variance);
}

/* y = (x - mean) r scale + shift for a stretch along which scale and shift move on by one or stand still. */
ROWS_CLONES static void TYPED(stretch_forward)(const struct stretch *at, const REAL *x, REAL *y, double mean,
                                               double r, const REAL *scale, const REAL *shift)
{
    if (at->scale_step == 1 && at->shift_step == 1)
        for (int64_t i = 0; i < at->count; i++)
            y[i] = (REAL)(((double)x[i] - mean) * r * (double)scale[i] + (double)shift[i]);
    else if (at->scale_step == 0 && at->shift_step == 0)
        for (int64_t i = 0; i < at->count; i++)
            y[i] = (REAL)(((double)x[i] - mean) * (r * (double)scale[0]) + (double)shift[0]);
    else
        for (int64_t i = 0; i < at->count; i++)
            y[i] = (REAL)(((double)x[i] - mean) * r * (double)scale[i * at->scale_step] +
                          (double)shift[i * at->shift_step]);
}

/* y (rows, length), and where they are asked for the rows' means and r (rows), from x (rows, length). */
static void TYPED(layer_norm_forward)(const struct kernel_call *call)
{
    static const REAL one = 1, zero = 0;
    const struct layer_norm *plan = call->plan;
    const REAL *x = call->inputs[0].data;
    const REAL *scale = plan->scale.count > 0 ? call->inputs[LAYER_NORM_SCALE].data : &one;
    const REAL *shift = plan->shift.count > 0 ? call->inputs[LAYER_NORM_SHIFT].data : &zero;
    REAL *y = call->outputs[0].data;
    REAL *means = plan->mean_output > 0 ? call->outputs[plan->mean_output].data : NULL;
    REAL *inverses = plan->inverse_output > 0 ? call->outputs[plan->inverse_output].data : NULL;

    for (int64_t row = 0; row < plan->rows; row++) {
        double mean, r;

        TYPED(row_statistics)(plan, x, &mean, &r);
        if (means != NULL)
            means[row] = (REAL)mean;
        if (inverses != NULL)
            inverses[row] = (REAL)r;
        for (int64_t done = 0; done < plan->length;) {
            const struct stretch at = stretch_at(plan, row, done);

            TYPED(stretch_forward)(&at, x, y, mean, r, scale + at.scale, shift + at.shift);
            x += at.count;
            y += at.count;
            done += at.count;
        }
    }
}

/* Sums over a stretch, with g = dy * scale: of g and of g z. */
ROWS_CLONES static void TYPED(stretch_sums)(const struct stretch *at, const REAL *x, const REAL *dy,
                                            double mean, double r, const REAL *scale, double sums[2])
{
    lanes_double first = {0}, second = {0};
    const lanes_double none = {0}, fixed = none + (double)scale[0];
    int64_t i = 0;

    for (; i + 4 <= at->count; i += 4) {
        const lanes_double factor = at->scale_step != 0 ? ROWS_WIDEN(TYPED(row_quad), scale + i) : fixed;
        const lanes_double g = ROWS_WIDEN(TYPED(row_quad), dy + i) * factor;

        first += g;
        second += g * (ROWS_WIDEN(TYPED(row_quad), x + i) - mean);
    }
    sums[0] += lanes_sum(&first, &none);
    sums[1] += r * lanes_sum(&second, &none);
    for (; i < at->count; i++) {
        const double g = (double)dy[i] * (double)scale[i * at->scale_step];

        sums[0] += g;
        sums[1] += g * (((double)x[i] - mean) * r);
    }
}

/* dscale += dy z, dshift += dy over a stretch, each where it is wanted. */
ROWS_CLONES static void TYPED(stretch_parameters)(const struct stretch *at, const REAL *x, const REAL *dy,
                                                  double mean, double r, double *dscale, double *dshift)
{
    for (int64_t i = 0; dscale != NULL && i < at->count; i++)
        dscale[i * at->scale_step] += (double)dy[i] * (((double)x[i] - mean) * r);
    for (int64_t i = 0; dshift != NULL && i < at->count; i++)
        dshift[i * at->shift_step] += (double)dy[i];
}

/* dx += r g - from[0] - z from[1] over a stretch; dy NULL: g is zero. */
ROWS_CLONES static void TYPED(stretch_backward)(const struct stretch *at, const REAL *x, const REAL *dy,
                                                REAL *dx, double mean, double r, const REAL *scale,
                                                const double from[2])
{
    const double constant = from[0], slope = r * from[1];

    for (int64_t i = 0; dy != NULL && i < at->count; i++)
        dx[i] += (REAL)(r * ((double)dy[i] * (double)scale[i * at->scale_step]) - constant -
                        ((double)x[i] - mean) * slope);
    for (int64_t i = 0; dy == NULL && i < at->count; i++)
        dx[i] -= (REAL)(constant + ((double)x[i] - mean) * slope);
}

/* Where the gradients of one row come from and go to. */
struct TYPED(row_gradients) {
    const REAL *x, *scale, *dy; /* dy NULL: none arrives at y */
    REAL *dx;
    double *dscale, *dshift;
    double dmean, dinverse; /* what arrives at the row's statistics */
};

/* The mean hands every element 1/length of what arrives there, r hands it -r^2 z / length of that. */
static void TYPED(row_backward)(const struct layer_norm *plan, int64_t row,
                                const struct TYPED(row_gradients) *of)
{
    const double length = (double)plan->length;
    double mean, r, sums[2] = {0, 0}, from[2];
    struct stretch at;

    TYPED(row_statistics)(plan, of->x, &mean, &r);
    for (int64_t i = 0; of->dy != NULL && i < plan->length; i += at.count) {
        at = stretch_at(plan, row, i);
        TYPED(stretch_sums)(&at, of->x + i, of->dy + i, mean, r, of->scale + at.scale, sums);
        TYPED(stretch_parameters)(&at, of->x + i, of->dy + i, mean, r,
                                  of->dscale != NULL ? of->dscale + at.scale : NULL,
                                  of->dshift != NULL ? of->dshift + at.shift : NULL);
    }
    from[0] = plan->centred ? (r * sums[0] - of->dmean) / length : 0;
    from[1] = (r * sums[1] + r * r * of->dinverse) / length;
    for (int64_t i = 0; of->dx != NULL && i < plan->length; i += at.count) {
        at = stretch_at(plan, row, i);
        TYPED(stretch_backward)(&at, of->x + i, of->dy != NULL ? of->dy + i : NULL, of->dx + i, mean, r,
                                of->scale + at.scale, from);
    }
}

/* gradient (count) += sums (count) */
static void TYPED(add_parameter)(const struct kernel_call *call, int input, const double *sums, int64_t count)
{
    REAL *gradient = sums != NULL ? call->input_gradients[input].data : NULL;

    for (int64_t i = 0; gradient != NULL && i < count; i++)
        gradient[i] += (REAL)sums[i];
}

/* Zeros in the workspace for the gradient of a parameter, where there is one and somebody wants it. */
static double *TYPED(parameter_sums)(const struct kernel_call *call, int input, double *sums, int64_t count)
{
    if (count == 0 || call->input_gradients[input].data == NULL)
        return NULL;
    memset(sums, 0, (size_t)count * sizeof *sums);
    return sums;
}

/* dx (rows, length), dscale and dshift from dy (rows, length) and what arrives at the statistics (rows). */
static void TYPED(layer_norm_backward)(const struct kernel_call *call)
{
    static const REAL one = 1;
    const struct layer_norm *plan = call->plan;
    const REAL *x = call->inputs[0].data, *dy = call->output_gradients[0].data;
    const REAL *dmeans = plan->mean_output > 0 ? call->output_gradients[plan->mean_output].data : NULL;
    const REAL *dinverses =
        plan->inverse_output > 0 ? call->output_gradients[plan->inverse_output].data : NULL;
    REAL *dx = call->input_gradients[0].data;
    double *sums = call->workspace;
    struct TYPED(row_gradients) of = {
        .scale = plan->scale.count > 0 ? call->inputs[LAYER_NORM_SCALE].data : &one,
        .dscale = TYPED(parameter_sums)(call, LAYER_NORM_SCALE, sums, plan->scale.count),
        .dshift = TYPED(parameter_sums)(call, LAYER_NORM_SHIFT, sums + plan->scale.count, plan->shift.count),
    };

    for (int64_t row = 0; row < plan->rows && (dy || dmeans || dinverses); row++) {
        of.x = x + row * plan->length;
        of.dy = dy != NULL ? dy + row * plan->length : NULL;
        of.dx = dx != NULL ? dx + row * plan->length : NULL;
        of.dmean = dmeans != NULL ? (double)dmeans[row] : 0;
        of.dinverse = dinverses != NULL ? (double)dinverses[row] : 0;
        TYPED(row_backward)(plan, row, &of);
    }
    TYPED(add_parameter)(call, LAYER_NORM_SCALE, of.dscale, plan->scale.count);
    TYPED(add_parameter)(call, LAYER_NORM_SHIFT, of.dshift, plan->shift.count);
}
