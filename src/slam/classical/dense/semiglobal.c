/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "semiglobal_kernel.h"

void semiglobal_row_scalar(const semiglobal_row *row)
{
    step_row(row);
}

void semiglobal_best_scalar(const uint16_t *sum, int width, int planes, semiglobal_best *out)
{
    best_row(sum, width, planes, out);
}

void semiglobal_kernels_init(semiglobal_kernels *k, unsigned cpu)
{
    *k = (semiglobal_kernels){semiglobal_row_scalar, semiglobal_best_scalar};
#ifdef __x86_64__
    if (cpu & OMMA_CPU_AVX2)
        *k = (semiglobal_kernels){semiglobal_row_avx2, semiglobal_best_avx2};
    if (cpu & OMMA_CPU_AVX512)
        *k = (semiglobal_kernels){semiglobal_row_avx512, semiglobal_best_avx512};
#endif
    (void)cpu;
}
