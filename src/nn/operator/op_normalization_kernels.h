/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNormalization in eval mode for one real type (typed.h). x and u are (N, C, positions), the four
 * parameters (C): u = scale * r * (x - mean) + shift with r = 1 / sqrt(var + epsilon). */

/* out (count) = (in - mean) * factor + shift, in double and rounded once: a ReLU follows, and every input of
 * it that rounding takes across zero changes gradients. */
ROWS_CLONES static void TYPED(normalize_row)(const REAL *in, REAL *out, int64_t count, double mean,
                                             double factor, double shift)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (REAL)(((double)in[i] - mean) * factor + shift);
}

/* out (count) += factor * in */
ROWS_CLONES static void TYPED(scale_row)(const REAL *in, REAL *out, int64_t count, REAL factor)
{
    TYPED(row_add_scaled)(out, in, factor, count);
}

/* u (N, C, positions) from x (N, C, positions). */
static void TYPED(normalization_forward)(const struct kernel_call *call)
{
    const struct normalization *plan = call->plan;
    const REAL *in = call->inputs[NORM_X].data, *scale = call->inputs[NORM_SCALE].data;
    const REAL *shift = call->inputs[NORM_SHIFT].data, *mean = call->inputs[NORM_MEAN].data;
    const REAL *var = call->inputs[NORM_VAR].data;
    REAL *out = call->outputs[0].data;
    for (int64_t n = 0; n < plan->batch; n++) {
        for (int64_t c = 0; c < plan->channels; c++) {
            double r = 1 / sqrt((double)var[c] + plan->epsilon);
            TYPED(normalize_row)(in, out, plan->positions, mean[c], (double)scale[c] * r, shift[c]);
            in += plan->positions;
            out += plan->positions;
        }
    }
}

/* Sums over one channel of in and gradient (N, C, positions): S0 = sum g, Sd = sum g * (x - mean). */
ROWS_CLONES static void TYPED(normalization_sums)(const struct normalization *plan, const REAL *in,
                                                  const REAL *gradient, double mean, double *s0, double *sd)
{
    int64_t image = plan->channels * plan->positions;
    *s0 = *sd = 0;
    for (int64_t n = 0; n < plan->batch; n++) {
        double sum = TYPED(row_sum)(gradient + n * image, plan->positions);
        double dot = 0;
        for (int64_t i = 0; i < plan->positions; i++)
            dot += (double)gradient[n * image + i] * ((double)in[n * image + i] - mean);
        *s0 += sum;
        *sd += dot;
    }
}

/* Gradients of the four parameters, each only where it is wanted. */
static void TYPED(normalization_parameters)(const struct kernel_call *call)
{
    const struct normalization *plan = call->plan;
    const REAL *in = call->inputs[NORM_X].data, *gradient = call->output_gradients[0].data;
    const REAL *scale = call->inputs[NORM_SCALE].data, *mean = call->inputs[NORM_MEAN].data;
    const REAL *var = call->inputs[NORM_VAR].data;
    REAL *dscale = call->input_gradients[NORM_SCALE].data, *dshift = call->input_gradients[NORM_SHIFT].data;
    REAL *dmean = call->input_gradients[NORM_MEAN].data, *dvar = call->input_gradients[NORM_VAR].data;
    if (!dscale && !dshift && !dmean && !dvar)
        return;
    for (int64_t c = 0; c < plan->channels; c++) {
        double s0, sd, r = 1 / sqrt((double)var[c] + plan->epsilon);
        TYPED(normalization_sums)(plan, in + c * plan->positions, gradient + c * plan->positions,
                                  (double)mean[c], &s0, &sd);
        if (dscale)
            dscale[c] += (REAL)(r * sd);
        if (dshift)
            dshift[c] += (REAL)s0;
        if (dmean)
            dmean[c] -= (REAL)((double)scale[c] * r * s0);
        if (dvar)
            dvar[c] -= (REAL)(0.5 * (double)scale[c] * r * r * r * sd);
    }
}

static void TYPED(normalization_backward)(const struct kernel_call *call)
{
    const struct normalization *plan = call->plan;
    const REAL *gradient = call->output_gradients[0].data, *scale = call->inputs[NORM_SCALE].data;
    const REAL *var = call->inputs[NORM_VAR].data;
    REAL *out = call->input_gradients[NORM_X].data;
    if (!gradient)
        return;
    TYPED(normalization_parameters)(call);
    for (int64_t n = 0; out && n < plan->batch; n++) {
        for (int64_t c = 0; c < plan->channels; c++) {
            double r = 1 / sqrt((double)var[c] + plan->epsilon);
            TYPED(scale_row)(gradient, out, plan->positions, (REAL)((double)scale[c] * r));
            gradient += plan->positions;
            out += plan->positions;
        }
    }
}

/* --- training mode (batch_norm.h) ----------------------------------------------------------------- */

/* Sums of one channel's row: of in - center and of its square. */
ROWS_CLONES static void TYPED(moments_row)(const REAL *in, int64_t count, double center, double *first,
                                           double *second)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        const double d = (double)in[i] - center;
        sum += d;
        squares += d * d;
    }
    *first += sum;
    *second += squares;
}

static void TYPED(batch_moments)(const struct kernel_call *call, const struct batch_norm *norm,
                                 int64_t images, double *sums)
{
    const struct normalization *plan = call->plan;
    const REAL *in = call->inputs[NORM_X].data;
    const int64_t channels = plan->channels;
    for (int64_t i = 0; i < 2 * channels; i++)
        sums[i] = 0;
    for (int64_t n = 0; n < images; n++)
        for (int64_t c = 0; c < channels; c++, in += plan->positions)
            TYPED(moments_row)(in, plan->positions, norm->center[c], &sums[c], &sums[channels + c]);
}

/* u (N, C, positions) from x (N, C, positions). */
static void TYPED(batch_apply)(const struct kernel_call *call, const struct batch_norm *norm)
{
    const struct normalization *plan = call->plan;
    const REAL *in = call->inputs[NORM_X].data, *scale = call->inputs[NORM_SCALE].data;
    const REAL *shift = call->inputs[NORM_SHIFT].data;
    REAL *out = call->outputs[0].data;
    for (int64_t n = 0; n < plan->batch; n++)
        for (int64_t c = 0; c < plan->channels; c++) {
            TYPED(normalize_row)(in, out, plan->positions, norm->mean[c], (double)scale[c] * norm->inverse[c],
                                 shift[c]);
            in += plan->positions;
            out += plan->positions;
        }
}

static void TYPED(batch_gradient_sums)(const struct kernel_call *call, const struct batch_norm *norm,
                                       int64_t images, double *sums)
{
    struct normalization plan = *(const struct normalization *)call->plan;
    const REAL *in = call->inputs[NORM_X].data, *gradient = call->output_gradients[0].data;
    plan.batch = images;
    for (int64_t c = 0; c < plan.channels; c++) {
        sums[c] = sums[plan.channels + c] = 0;
        if (gradient)
            TYPED(normalization_sums)(&plan, in + c * plan.positions, gradient + c * plan.positions,
                                      norm->mean[c], &sums[c], &sums[plan.channels + c]);
    }
}

/* dx (N, C, positions) += scale r (g - delta - (x - mean) product) */
static void TYPED(batch_gradient)(const struct kernel_call *call, const struct batch_norm *norm,
                                  int64_t images)
{
    const struct normalization *plan = call->plan;
    const REAL *in = call->inputs[NORM_X].data, *gradient = call->output_gradients[0].data;
    const REAL *scale = call->inputs[NORM_SCALE].data;
    REAL *out = call->input_gradients[NORM_X].data;
    if (!gradient || !out)
        return;
    for (int64_t n = 0; n < images; n++)
        for (int64_t c = 0; c < plan->channels; c++) {
            const double factor = (double)scale[c] * norm->inverse[c];
            for (int64_t i = 0; i < plan->positions; i++, in++, gradient++, out++)
                *out += (REAL)(factor * ((double)*gradient - norm->delta[c] -
                                         ((double)*in - norm->mean[c]) * norm->product[c]));
        }
}
