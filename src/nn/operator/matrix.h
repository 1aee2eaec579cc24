/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products through OpenBLAS, one thread each: parallelism is over images, and a product's rounding
 * must not depend on the number of threads. */
#ifndef IPPRO_NN_OPERATOR_MATRIX_H
#define IPPRO_NN_OPERATOR_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the library can address matrices of these dimensions (its integers have 32 bits). */
bool matrix_fits(int64_t m, int64_t n, int64_t k);

/* c = alpha * a * b + beta * c, row-major; a is m x k (k x m when transposed), b is k x n (n x k when
 * transposed). `lda`, `ldb`, `ldc` are the distances between rows as stored. Dimensions must fit. */
void matrix_multiply_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                           const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                           int64_t ldc);
void matrix_multiply_double(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                            const double *a, int64_t lda, const double *b, int64_t ldb, double beta,
                            double *c, int64_t ldc);

/* gram (count x count, lower triangle) = rows (count x width) * rows^T, or += with `add`. */
void matrix_gram(int count, int width, const double *rows, bool add, double *gram);

/* Solve gram * x = b for every row of b (rows x count), which becomes the solution; gram (count x count, its
 * lower triangle) is destroyed. By Cholesky's decomposition (LAPACK's dposv): false, with nothing of use in
 * b, where gram is not positive definite to rounding. */
bool matrix_solve(int count, int rows, double *gram, double *b);

/* Eigenvalues of gram (count x count, its lower triangle), ascending, and its eigenvectors, which take its
 * place as rows of length 1. By LAPACK's dsyevd, in 1 + 6 count + 2 count^2 doubles and 3 + 5 count integers.
 * False where they are not found; the numbers must be finite. */
bool matrix_eigen(int count, double *gram, double *values, double *work, int *integers);

/* OpenBLAS of a release that does not know this processor takes kernels without its vector instructions, four
 * times slower. Where that is so the program starts itself once more with OPENBLAS_CORETYPE set, before
 * anything else; elsewhere, and where it cannot, nothing happens. */
void matrix_choose_kernels(char *const *argv);

#endif
