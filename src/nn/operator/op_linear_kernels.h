/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of matrices and their gradients for one real type (typed.h).
 *
 *     Gemm: y (m, n) = alpha * A (m, k) * B (k, n) + beta * C, which broadcasts to (m, n)
 *     MatMul: y (..., m, n) = a (..., m, k) * b (..., k, n), where the dimensions in front broadcast
 *
 * Gemm's A and B may be stored transposed. */

/* c (m, n), rows ldc apart, += alpha * a (m, k) * b (k, n), by plain loops; a and b with any strides. */
ROWS_CLONES static void TYPED(product_plain)(int64_t m, int64_t n, int64_t k, REAL alpha, const REAL *a,
                                             struct strides sa, const REAL *b, struct strides sb, REAL *c,
                                             int64_t ldc)
{
    for (int64_t i = 0; i < m; i++, a += sa.row, c += ldc) {
        if (sb.column == 1) {
            for (int64_t p = 0; p < k; p++)
                TYPED(row_add_scaled)(c, b + p * sb.row, alpha * a[p * sa.column], n);
            continue;
        }
        for (int64_t j = 0; j < n; j++) {
            const REAL *column = b + j * sb.column;
            double sum = 0;
            if (sa.column == 1 && sb.row == 1)
                sum = TYPED(row_dot)(a, column, k);
            else
                for (int64_t p = 0; p < k; p++)
                    sum += (double)a[p * sa.column] * (double)column[p * sb.row];
            c[j] += alpha * (REAL)sum;
        }
    }
}

/* The same, through the library unless `plain`. */
static void TYPED(product)(bool plain, int64_t m, int64_t n, int64_t k, REAL alpha, const REAL *a,
                           struct strides sa, const REAL *b, struct strides sb, REAL *c, int64_t ldc)
{
    if (plain) {
        TYPED(product_plain)(m, n, k, alpha, a, sa, b, sb, c, ldc);
        return;
    }
    bool ta = sa.column != 1, tb = sb.column != 1;
    TYPED(matrix_multiply)(ta, tb, m, n, k, alpha, a, leading(sa, ta, m, k), b, leading(sb, tb, k, n), 1, c,
                           ldc);
}

/* y (m, n) = beta * c, broadcast along rows or columns by strides of 0. c NULL: zeros. */
static void TYPED(product_start)(const struct gemm *plan, const REAL *c, REAL *y)
{
    for (int64_t i = 0; i < plan->m; i++)
        for (int64_t j = 0; j < plan->n; j++)
            *y++ = c ? (REAL)plan->beta * c[i * plan->c.row + j * plan->c.column] : 0;
}

/* y (m, n) = beta * C + alpha * A (m, k) * B (k, n) */
static void TYPED(gemm_forward)(const struct kernel_call *call)
{
    const struct gemm *plan = call->plan;
    REAL *y = call->outputs[0].data;
    TYPED(product_start)(plan, call->input_count > 2 ? call->inputs[2].data : NULL, y);
    TYPED(product)(plan->plain, plan->m, plan->n, plan->k, (REAL)plan->alpha, call->inputs[0].data, plan->a,
                   call->inputs[1].data, plan->b, y, plan->n);
}

/* dA (m, k) += alpha * dy (m, n) * B', dB (k, n) += alpha * A' * dy, dC += beta * dy summed where C
 * broadcasts. */
static void TYPED(gemm_backward)(const struct kernel_call *call)
{
    const struct gemm *plan = call->plan;
    const REAL *dy = call->output_gradients[0].data;
    REAL *da = call->input_gradients[0].data, *db = call->input_gradients[1].data;
    REAL *dc = call->input_count > 2 ? call->input_gradients[2].data : NULL;
    const struct strides sy = {plan->n, 1}, turned = {1, plan->n};
    const REAL *a = call->inputs[0].data, *b = call->inputs[1].data, alpha = (REAL)plan->alpha;
    if (!dy)
        return;
    /* A as stored is m x k or k x m: its gradient is dy * B' or B * dy'; likewise for B. */
    if (da && plan->a.column == 1)
        TYPED(product)(plan->plain, plan->m, plan->k, plan->n, alpha, dy, sy, b, transposed(plan->b), da,
                       plan->k);
    else if (da)
        TYPED(product)(plan->plain, plan->k, plan->m, plan->n, alpha, b, plan->b, dy, turned, da, plan->m);
    if (db && plan->b.column == 1)
        TYPED(product)(plan->plain, plan->k, plan->n, plan->m, alpha, a, transposed(plan->a), dy, sy, db,
                       plan->n);
    else if (db)
        TYPED(product)(plan->plain, plan->n, plan->k, plan->m, alpha, dy, turned, a, plan->a, db, plan->k);
    for (int64_t i = 0; dc && i < plan->m; i++)
        for (int64_t j = 0; j < plan->n; j++)
            dc[i * plan->c.row + j * plan->c.column] += (REAL)plan->beta * dy[i * plan->n + j];
}

/* y (products, m, n) = a (m, k) * b (k, n) of each product. */
static void TYPED(matmul_forward)(const struct kernel_call *call)
{
    const struct matmul *plan = call->plan;
    const REAL *a = call->inputs[0].data, *b = call->inputs[1].data;
    REAL *y = call->outputs[0].data;
    const struct strides sa = {plan->k, 1}, sb = {plan->n, 1};
    int64_t size = plan->m * plan->n;
    for (int64_t i = 0; i < plan->products * size; i++)
        y[i] = 0;
    for (int64_t i = 0; i < plan->products; i++)
        TYPED(product)(plan->plain, plan->m, plan->n, plan->k, 1, a + plan->a_at[i], sa, b + plan->b_at[i],
                       sb, y + i * size, plan->n);
}

/* da (m, k) += dy (m, n) * b', db (k, n) += a' * dy. An operand that is broadcast is met once for each
 * product it takes part in, and adds up all of them. */
static void TYPED(matmul_backward)(const struct kernel_call *call)
{
    const struct matmul *plan = call->plan;
    const REAL *a = call->inputs[0].data, *b = call->inputs[1].data, *dy = call->output_gradients[0].data;
    REAL *da = call->input_gradients[0].data, *db = call->input_gradients[1].data;
    const struct strides sy = {plan->n, 1}, sa = {1, plan->k}, sb = {1, plan->n}; /* a and b transposed */
    if (!dy)
        return;
    for (int64_t i = 0; i < plan->products; i++, dy += plan->m * plan->n) {
        if (da)
            TYPED(product)(plan->plain, plan->m, plan->k, plan->n, 1, dy, sy, b + plan->b_at[i], sb,
                           da + plan->a_at[i], plan->k);
        if (db)
            TYPED(product)(plan->plain, plan->k, plan->n, plan->m, 1, a + plan->a_at[i], sa, dy, sy,
                           db + plan->b_at[i], plan->n);
    }
}
