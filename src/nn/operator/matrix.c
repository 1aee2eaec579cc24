/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products through OpenBLAS. */
#include "nn/operator/matrix.h"

#include <cblas.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void one_thread(void)
{
    openblas_set_num_threads(1);
}

bool matrix_fits(int64_t m, int64_t n, int64_t k)
{
    return m <= INT32_MAX && n <= INT32_MAX && k <= INT32_MAX;
}

#define MATRIX_MULTIPLY(REAL, gemm)                                                                          \
    void matrix_multiply_##REAL(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,         \
                                REAL alpha, const REAL *a, int64_t lda, const REAL *b, int64_t ldb,          \
                                REAL beta, REAL *c, int64_t ldc)                                             \
    {                                                                                                        \
        pthread_once(&once, one_thread);                                                                     \
        gemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,                                         \
             transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, a, (int)lda, b,         \
             (int)ldb, beta, c, (int)ldc);                                                                   \
    }

MATRIX_MULTIPLY(float, cblas_sgemm)
MATRIX_MULTIPLY(double, cblas_dgemm)
