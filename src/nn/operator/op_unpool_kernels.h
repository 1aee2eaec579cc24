/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MaxUnpool for one real type (typed.h). x and places (N, C, p...), y (N, C, P...). A place counts the
 * elements of a tensor (N, C, P'...) as all MaxPools number them, which may have other positions than y:
 * those that y does not have are lost. What is told no place is lost too. */

/* y is 0 but for x at its places */
static void TYPED(unpool_forward)(const struct kernel_call *call)
{
    const struct unpool *plan = call->plan;
    const REAL *x = call->inputs[0].data;
    const int64_t *places = call->inputs[1].data;
    REAL *y = call->outputs[0].data;
    memset(y, 0, (size_t)shape_elements(&call->outputs[0].shape) * sizeof *y);
    for (int64_t i = 0; i < plan->elements; i++) {
        const int64_t to = unpool_place(plan, places[i]);
        if (to >= 0)
            y[to] = x[i];
    }
}

/* dx += dy at the places; of several x at one place the last has it. */
static void TYPED(unpool_backward)(const struct kernel_call *call)
{
    const struct unpool *plan = call->plan;
    const int64_t *places = call->inputs[1].data;
    const REAL *dy = call->output_gradients[0].data;
    REAL *dx = call->input_gradients[0].data;
    int64_t *owner = call->workspace;
    if (!dy || !dx)
        return;
    for (int64_t i = 0; i < plan->elements; i++) {
        const int64_t to = unpool_place(plan, places[i]);
        if (to >= 0)
            owner[to] = i;
    }
    for (int64_t i = 0; i < plan->elements; i++) {
        const int64_t to = unpool_place(plan, places[i]);
        if (to >= 0 && owner[to] == i)
            dx[i] += dy[to];
    }
}
