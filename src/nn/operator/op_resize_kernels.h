/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of Resize for one type. Included by op_resize.c once per type, with REAL and TYPED(name) defined;
 * there is no include guard on purpose.
 *
 * Interpolation is a product of one-dimensional ones, so it is done axis after axis. A pass sees its data as
 * outer x in x inner and makes outer x out x inner of it. */

static void TYPED(pass_forward)(const struct pass *pass, REAL *output, const REAL *input)
{
    const int64_t inner = pass->inner;

    for (int64_t o = 0; o < pass->outer; o++, input += pass->in * inner) {
        for (int64_t k = 0; k < pass->out; k++, output += inner) {
            const struct resize_sample *sample = &pass->samples[k];
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

    if (plan->pass_count == 0)
        memcpy(output, from, (size_t)shape_elements(&call->outputs[0].shape) * sizeof *output);
    for (int p = 0; p < plan->pass_count; p++) {
        /* Results between two passes change places in the two halves of the workspace. */
        REAL *between = (REAL *)call->workspace + (p % 2 == 0 ? 0 : plan->between);
        REAL *to = p == plan->pass_count - 1 ? output : between;

        TYPED(pass_forward)(&plan->passes[p], to, from);
        from = to;
    }
}
