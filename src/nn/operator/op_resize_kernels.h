/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of Resize for one type (typed.h). Interpolation is a product of one-dimensional ones, so it is done
 * axis after axis: a resampling makes y (outer, out, inner) of x (outer, in, inner). */

/* to (inner) = the sample of input (in, inner) */
static void TYPED(resample_row)(const struct resize_sample *sample, int64_t inner, REAL *to,
                                const REAL *input)
{
    const REAL *low = input + sample->low * inner;

    if (sample->count == 1) {
        memcpy(to, low, (size_t)inner * sizeof *to);
    } else if (sample->count == 2) {
        const REAL *high = input + sample->high * inner;
        const REAL weight = (REAL)sample->weight;

        for (int64_t i = 0; i < inner; i++)
            to[i] = (1 - weight) * low[i] + weight * high[i];
    } else {
        memset(to, 0, (size_t)inner * sizeof *to);
        for (int64_t t = 0; t < sample->count; t++) {
            const REAL *from = input + sample->at[t] * inner;
            const REAL weight = (REAL)sample->weights[t];

            for (int64_t i = 0; i < inner; i++)
                to[i] += weight * from[i];
        }
    }
}

/* y[o][k] = the sample k of x[o] */
static void TYPED(resample_forward)(const struct resize *plan, const struct resampling *r, REAL *output,
                                    const REAL *input)
{
    const int64_t inner = r->inner;

    for (int64_t o = 0; o < r->outer; o++, input += r->in * inner)
        for (int64_t k = 0; k < r->out; k++, output += inner) {
            if (r->samples[k].count > 0)
                TYPED(resample_row)(&r->samples[k], inner, output, input);
            else
                for (int64_t i = 0; i < inner; i++)
                    output[i] = (REAL)plan->beyond;
        }
}

/* All resamplings of the plan, one after the other. */
static void TYPED(resize_forward)(const struct kernel_call *call)
{
    const struct resize *plan = call->plan;
    const REAL *from = call->inputs[0].data;
    REAL *const output = call->outputs[0].data;

    if (plan->resampling_count == 0)
        memcpy(output, from, (size_t)shape_elements(&call->outputs[0].shape) * sizeof *output);
    for (int p = 0; p < plan->resampling_count; p++) {
        /* Results between two resamplings change places in the two halves of the workspace. */
        REAL *between = (REAL *)call->workspace + (p % 2 == 0 ? 0 : plan->between);
        REAL *to = p == plan->resampling_count - 1 ? output : between;

        TYPED(resample_forward)(plan, &plan->resamplings[p], to, from);
        from = to;
    }
}

#if HAS_GRADIENT
/* The gradient of resample_row: each row that the sample is made of += its weight * from (inner) */
static void TYPED(spread_row)(const struct resize_sample *sample, int64_t inner, REAL *to, const REAL *from)
{
    if (sample->count == 1 || sample->count == 2) {
        REAL *low = to + sample->low * inner, *high = to + sample->high * inner;
        const REAL weight = (REAL)sample->weight;

        for (int64_t i = 0; i < inner; i++)
            low[i] += (1 - weight) * from[i];
        for (int64_t i = 0; sample->count == 2 && i < inner; i++)
            high[i] += weight * from[i];
        return;
    }
    for (int64_t t = 0; t < sample->count; t++) {
        REAL *row = to + sample->at[t] * inner;
        const REAL weight = (REAL)sample->weights[t];

        for (int64_t i = 0; i < inner; i++)
            row[i] += weight * from[i];
    }
}

/* dx (outer, in, inner)[o] += dy (outer, out, inner)[o] */
static void TYPED(resample_backward)(const struct resampling *r, REAL *to, const REAL *from)
{
    for (int64_t o = 0; o < r->outer; o++, to += r->in * r->inner)
        for (int64_t k = 0; k < r->out; k++, from += r->inner)
            TYPED(spread_row)(&r->samples[k], r->inner, to, from);
}

/* The resamplings in reverse order. */
static void TYPED(resize_backward)(const struct kernel_call *call)
{
    const struct resize *plan = call->plan;
    const REAL *from = call->output_gradients[0].data;
    REAL *const gradient = call->input_gradients[0].data;
    const int64_t count = shape_elements(&call->outputs[0].shape);

    if (from == NULL || gradient == NULL)
        return;
    for (int64_t i = 0; plan->resampling_count == 0 && i < count; i++)
        gradient[i] += from[i];
    for (int p = plan->resampling_count - 1; p >= 0; p--) {
        const struct resampling *r = &plan->resamplings[p];
        REAL *between = (REAL *)call->workspace + (p % 2 == 0 ? 0 : plan->between);
        REAL *to = p == 0 ? gradient : between;

        if (p > 0)
            memset(to, 0, (size_t)(r->outer * r->in * r->inner) * sizeof *to);
        TYPED(resample_backward)(r, to, from);
        from = to;
    }
}
#endif
