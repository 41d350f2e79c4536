/* SPDX-License-Identifier: Apache-2.0 */
#include "distance.h"

#include <omma/base.h>

#include "distance_lanes.h"
#include "distance_twins.h"

static void code_products_scalar(const int8_t *query, const uint8_t *const codes[DISTANCE_BATCH],
                                 size_t bytes, int32_t out[DISTANCE_BATCH])
{
    for (int c = 0; c < DISTANCE_BATCH; c++) {
        int32_t sum = 0;
        for (size_t i = 0; i < bytes; i++)
            sum += query[i] * codes[c][i];
        out[c] = sum;
    }
}

void distance_kernels_init(distance_kernels *k, unsigned cpu)
{
    *k = (distance_kernels){code_products_scalar, lanes_product, lanes_square};
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        *k = distance_avx2;
    if (cpu & OMMA_CPU_VNNI)
        *k = distance_vnni;
#else
    (void)cpu;
#endif
}
