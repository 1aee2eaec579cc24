/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of CumSum for one type (typed.h). x and y are (outer, length, inner); a row is x[o][.][i]. */

/* Integers wrap around like the unsigned numbers they are computed as. */
#if HAS_GRADIENT
#define RUNNING double
#else
#define RUNNING uint64_t
#endif

/* out_i += sum of in_j over all j in front of i, or behind it when `backwards`, and i itself unless
 * `exclusive`. */
static void TYPED(running_sum)(const struct cumulative *plan, const REAL *in, REAL *out, bool backwards)
{
    for (int64_t row = 0; row < plan->outer * plan->inner; row++) {
        const int64_t start = row / plan->inner * plan->length * plan->inner + row % plan->inner;
        const int64_t first = backwards ? start + (plan->length - 1) * plan->inner : start;
        const int64_t step = backwards ? -plan->inner : plan->inner;
        RUNNING sum = 0;

        for (int64_t i = 0; i < plan->length; i++) {
            const int64_t at = first + i * step;
            const RUNNING with = sum + (RUNNING)in[at];

            out[at] = (REAL)((RUNNING)out[at] + (plan->exclusive ? sum : with));
            sum = with;
        }
    }
}

static void TYPED(cumsum_forward)(const struct kernel_call *call)
{
    const struct cumulative *plan = call->plan;

    memset(call->outputs[0].data, 0, (size_t)shape_elements(&call->outputs[0].shape) * sizeof(REAL));
    TYPED(running_sum)(plan, call->inputs[0].data, call->outputs[0].data, plan->reverse);
}

#if HAS_GRADIENT
/* Every element went into the sums behind it: gradients are summed the other way. */
static void TYPED(cumsum_backward)(const struct kernel_call *call)
{
    const struct cumulative *plan = call->plan;

    if (call->output_gradients[0].data != NULL && call->input_gradients[0].data != NULL)
        TYPED(running_sum)(plan, call->output_gradients[0].data, call->input_gradients[0].data,
                           !plan->reverse);
}
#endif

#undef RUNNING
