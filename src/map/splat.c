/* SPDX-License-Identifier: Apache-2.0 */
#define SPLAT_KERNELS splat_kernels_scalar
#include "splat_kernel.h"

const splat_kernels *splat_kernels_choose(unsigned cpu)
{
#ifdef OMMA_MAP_SIMD
    if (cpu & OMMA_CPU_AVX512)
        return &splat_kernels_avx512;
    if (cpu & OMMA_CPU_AVX2)
        return &splat_kernels_avx2;
#endif
    (void)cpu;
    return &splat_kernels_scalar;
}
