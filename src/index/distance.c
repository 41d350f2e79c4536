/* SPDX-License-Identifier: Apache-2.0 */
#include "distance.h"

#include <omma/base.h>

#include "distance_lanes.h"
#include "distance_twins.h"

static void code_products_scalar(const int8_t *query, size_t bytes, const uint8_t *const *codes,
                                 size_t n, int32_t *out)
{
    for (size_t c = 0; c < n; c++) {
        int32_t sum = 0;
        for (size_t i = 0; i < bytes; i++)
            sum += query[i] * codes[c][i];
        out[c] = sum;
    }
}

static int32_t recode_scalar(const uint8_t *code, size_t bytes, int8_t *query)
{
    int32_t sum = 0;

    for (size_t i = 0; i < bytes; i++) {
        query[i] = (int8_t)(code[i] ^ 0x80);
        sum += query[i];
    }
    return sum;
}

void distance_kernels_init(distance_kernels *k, unsigned cpu)
{
    *k = (distance_kernels){code_products_scalar, recode_scalar, LANES_KERNELS};
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        *k = distance_avx2;
    if (cpu & OMMA_CPU_VNNI)
        *k = distance_vnni;
#else
    (void)cpu;
#endif
}
