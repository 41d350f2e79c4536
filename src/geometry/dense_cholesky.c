/* SPDX-License-Identifier: Apache-2.0 */
#define LANES 2

#include "dense_cholesky.h"

#include <omma/base.h>

#include "dense_cholesky_kernel.h"

bool cholesky_factor_scalar(double *A, size_t n, const uint32_t *first, double *work)
{
    return factor(A, n, first, work);
}

bool cholesky_factor(double *A, size_t n, const uint32_t *first, double *work)
{
#ifdef __x86_64__
    const unsigned cpu = omma_cpu_flags();
    if (cpu & OMMA_CPU_AVX512)
        return cholesky_factor_avx512(A, n, first, work);
    if (cpu & OMMA_CPU_AVX2)
        return cholesky_factor_avx2(A, n, first, work);
#endif
    return cholesky_factor_scalar(A, n, first, work);
}

size_t cholesky_work_size(size_t n)
{
    return n * PANEL;
}

void cholesky_solve(const double *L, size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        double sum[4] = {b[i]}; /* four chains, so that the additions overlap */
        const double *row = L + i * n;
        size_t j = 0;
        for (; j + 4 <= i; j += 4) {
            for (size_t l = 0; l < 4; l++)
                sum[l] -= row[j + l] * b[j + l];
        }
        for (; j < i; j++)
            sum[0] -= row[j] * b[j];
        b[i] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / row[i];
    }
    for (size_t i = n; i-- > 0;) {
        const double *row = L + i * n;
        const double x = b[i] / row[i];
        b[i] = x;
        for (size_t j = 0; j < i; j++)
            b[j] -= row[j] * x;
    }
}
