/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products through OpenBLAS. */
#include "nn/operator/matrix.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void matrix_gram(int count, int width, const double *rows, bool add, double *gram)
{
    pthread_once(&once, one_thread);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, count, width, 1.0, rows, width, add ? 1.0 : 0.0,
                gram, count);
}

/* LAPACK's, which OpenBLAS has but declares in no header of its own. The lengths of texts stand behind, as
 * Fortran wants them. */
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b,
            const int *ldb, int *info, size_t uplo_length);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length,
             size_t uplo_length);

bool matrix_solve(int count, int rows, double *gram, double *b)
{
    int info = 0;
    pthread_once(&once, one_thread);
    if (count > 0 && rows > 0) /* by columns, the lower triangle is the upper one */
        dposv_("U", &count, &rows, gram, &count, b, &count, &info, 1);
    return info == 0;
}

bool matrix_eigen(int count, double *gram, double *values, double *work, int *integers)
{
    const int reals = 1 + 6 * count + 2 * count * count, wholes = 3 + 5 * count;
    int info = 0;
    pthread_once(&once, one_thread);
    if (count > 0)
        dsyevd_("V", "U", &count, gram, &count, values, work, &reals, integers, &wholes, &info, 1, 1);
    return info == 0;
}

#if defined(__x86_64__)
/* Kernels that this processor can run; NULL where those that were taken use its vectors, or it has none. */
static const char *better_kernels(void)
{
    static const char *const with_vectors[] = {"Haswell",  "Zen",        "Excavator",
                                               "SkylakeX", "Cooperlake", "SapphireRapids"};
    const char *taken = openblas_get_corename();
    for (size_t i = 0; i < sizeof with_vectors / sizeof *with_vectors; i++)
        if (strcasecmp(taken, with_vectors[i]) == 0)
            return NULL;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return NULL;
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return wide ? "SkylakeX" : "Haswell";
}
#else
static const char *better_kernels(void)
{
    return NULL;
}
#endif

void matrix_choose_kernels(char *const *argv)
{
    static const char variable[] = "OPENBLAS_CORETYPE";
    const char *better = getenv(variable) ? NULL : better_kernels(); /* set: by the user, or by us */
    char path[4096];                                                 /* the process is named after it */
    const ssize_t length = better ? readlink("/proc/self/exe", path, sizeof path - 1) : -1;
    if (length <= 0 || setenv(variable, better, 1) != 0)
        return;
    path[length] = '\0';
    execv(path, argv);
}
