/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of weights and their gradients, which lie side by side, for one real type of the weights
 * (nn/operator/typed.h). */

/* Four at a time of what is at `i`. */
#define PRODUCT_LANES                                                                                        \
    const lanes_double gradient =                                                                            \
        less ? ROWS_WIDEN(row_quad_double, all + i) - ROWS_WIDEN(row_quad_double, less + i)                  \
             : ROWS_WIDEN(row_quad_double, all + i);                                                         \
    const lanes_double product = ROWS_WIDEN(TYPED(row_quad), weight + i) * gradient
#define PRODUCT_SINGLE                                                                                       \
    const double gradient = less ? all[i] - less[i] : all[i], product = (double)weight[i] * gradient

/* The sums of a run. */
ROWS_CLONES static void TYPED(sum_run)(const REAL *weight, const double *all, const double *less,
                                       int64_t count, double sums[PRODUCT_SUMS])
{
    lanes_double sum[PRODUCT_SUMS] = {{0}};
    const lanes_double nothing = {0};
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        PRODUCT_LANES;
        sum[PRODUCT_DOT] += product;
        sum[PRODUCT_ABSOLUTE] += LANES_ABSOLUTE(product);
        sum[PRODUCT_SQUARED] += product * product;
        sum[GRADIENT_SQUARED] += gradient * gradient;
    }
    for (int k = 0; k < PRODUCT_SUMS; k++)
        sums[k] = lanes_sum(&sum[k], &nothing);
    for (; i < count; i++) {
        PRODUCT_SINGLE;
        sums[PRODUCT_DOT] += product;
        sums[PRODUCT_ABSOLUTE] += fabs(product);
        sums[PRODUCT_SQUARED] += product * product;
        sums[GRADIENT_SQUARED] += gradient * gradient;
    }
}

/* Each of a run to its own place in the arrays; the last may be NULL. */
ROWS_CLONES static void TYPED(spread_run)(const REAL *weight, const double *all, const double *less,
                                          int64_t count, double *const arrays[PRODUCT_SUMS])
{
    double *dot = arrays[PRODUCT_DOT], *absolute = arrays[PRODUCT_ABSOLUTE],
           *squared = arrays[PRODUCT_SQUARED], *length = arrays[GRADIENT_SQUARED];
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        PRODUCT_LANES;
        *(row_quad_double *)(dot + i) += product;
        *(row_quad_double *)(absolute + i) += LANES_ABSOLUTE(product);
        *(row_quad_double *)(squared + i) += product * product;
        if (length)
            *(row_quad_double *)(length + i) += gradient * gradient;
    }
    for (; i < count; i++) {
        PRODUCT_SINGLE;
        dot[i] += product;
        absolute[i] += fabs(product);
        squared[i] += product * product;
        if (length)
            length[i] += gradient * gradient;
    }
}

#undef PRODUCT_LANES
#undef PRODUCT_SINGLE
