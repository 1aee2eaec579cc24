/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Einsum for one real type (typed.h). Matrices: a (batch, m, k), b (batch, k, n), c (batch, m, n). */

/* c (m, n) = a (m, k) * b (k, n); a is stored as (k, m) where it is transposed, b as (n, k). */
static void TYPED(multiply)(bool plain, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const REAL *a,
                            const REAL *b, REAL *c)
{
    const int64_t a_row = ta ? 1 : k, a_column = ta ? m : 1, b_row = tb ? 1 : n, b_column = tb ? k : 1;

    if (!plain) {
        TYPED(matrix_multiply)(ta, tb, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
        return;
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;

            for (int64_t p = 0; p < k; p++)
                sum += (double)a[i * a_row + p * a_column] * (double)b[p * b_row + j * b_column];
            *c++ = (REAL)sum;
        }
}

/* A tensor as matrices: itself, where it lies in memory as they do, or laid out in `room`. */
static const REAL *TYPED(as_matrices)(const struct layout *layout, const REAL *tensor, REAL *room)
{
    if (layout->same)
        return tensor;
    memset(room, 0, (size_t)layout->elements * sizeof(REAL));
    TYPED(movement_add)(&layout->to, room, tensor);
    return room;
}

static void TYPED(einsum_forward)(const struct kernel_call *call)
{
    const struct einsum *plan = call->plan;
    const struct layout *layouts = plan->layouts;
    REAL *output = call->outputs[0].data, *room = call->workspace;
    const size_t bytes = (size_t)shape_elements(&call->outputs[0].shape) * sizeof(REAL);

    if (bytes == 0)
        return;
    memset(output, 0, bytes);
    if (plan->operands == 1) {
        TYPED(movement_add)(&layouts[0].to, output, call->inputs[0].data);
        return;
    }
    if (plan->k == 0)
        return;
    const REAL *a = TYPED(as_matrices)(&layouts[0], call->inputs[0].data, room);
    const REAL *b = TYPED(as_matrices)(&layouts[1], call->inputs[1].data, room + layouts[0].elements);
    REAL *c = layouts[OUTPUT].same ? output : room + layouts[0].elements + layouts[1].elements;
    for (int64_t i = 0; i < plan->batch; i++)
        TYPED(multiply)(plan->plain, false, false, plan->m, plan->n, plan->k, a + i * plan->m * plan->k,
                        b + i * plan->k * plan->n, c + i * plan->m * plan->n);
    if (!layouts[OUTPUT].same)
        TYPED(movement_add)(&layouts[OUTPUT].back, output, c);
}

/* da += dc * b', db += a' * dc, of each matrix, by way of `room`. */
static void TYPED(einsum_operand)(const struct kernel_call *call, int which, const REAL *other,
                                  const REAL *dc, REAL *room)
{
    const struct einsum *plan = call->plan;
    const int64_t m = plan->m, n = plan->n, k = plan->k;
    REAL *to = call->input_gradients[which].data;

    for (int64_t i = 0; to != NULL && i < plan->batch; i++) {
        if (which == 0)
            TYPED(multiply)(plan->plain, false, true, m, k, n, dc + i * m * n, other + i * k * n,
                            room + i * m * k);
        else
            TYPED(multiply)(plan->plain, true, false, k, n, m, other + i * m * k, dc + i * m * n,
                            room + i * k * n);
    }
    if (to != NULL)
        TYPED(movement_add)(&plan->layouts[which].back, to, room);
}

static void TYPED(einsum_backward)(const struct kernel_call *call)
{
    const struct einsum *plan = call->plan;
    const struct layout *layouts = plan->layouts;
    const REAL *from = call->output_gradients[0].data;
    REAL *room = call->workspace;

    if (from == NULL || shape_elements(&call->outputs[0].shape) == 0)
        return;
    if (plan->operands == 1) {
        if (call->input_gradients[0].data != NULL)
            TYPED(movement_add)(&layouts[0].back, call->input_gradients[0].data, from);
        return;
    }
    if (plan->k == 0)
        return;
    const REAL *a = TYPED(as_matrices)(&layouts[0], call->inputs[0].data, room);
    const REAL *b = TYPED(as_matrices)(&layouts[1], call->inputs[1].data, room + layouts[0].elements);
    const REAL *dc =
        TYPED(as_matrices)(&layouts[OUTPUT], from, room + layouts[0].elements + layouts[1].elements);
    REAL *gradient = room + layouts[0].elements + layouts[1].elements + layouts[OUTPUT].elements;
    TYPED(einsum_operand)(call, 0, b, dc, gradient);
    TYPED(einsum_operand)(call, 1, a, dc, gradient);
}
