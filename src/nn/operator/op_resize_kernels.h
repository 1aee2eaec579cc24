/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of Resize for one type. Included by op_resize.c once per type, with REAL and TYPED(name) defined;
 * there is no include guard on purpose.
 *
 * Interpolation is a product of one-dimensional ones, so it is done axis after axis. A resampling sees its
 * data as outer x in x inner and makes outer x out x inner of it. */

static void TYPED(resample_forward)(const struct resampling *r, REAL *output, const REAL *input)
{
    const int64_t inner = r->inner;

    for (int64_t o = 0; o < r->outer; o++, input += r->in * inner) {
        for (int64_t k = 0; k < r->out; k++, output += inner) {
            const struct resize_sample *sample = &r->samples[k];
            const REAL *low = input + sample->low * inner, *high = input + sample->high * inner;
            const REAL weight = (REAL)sample->weight;

            if (sample->weight == 0)
                memcpy(output, low, (size_t)inner * sizeof *output);
            else
                for (int64_t i = 0; i < inner; i++)
                    output[i] = (1 - weight) * low[i] + weight * high[i];
        }
    }
}

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

        TYPED(resample_forward)(&plan->resamplings[p], to, from);
        from = to;
    }
}
