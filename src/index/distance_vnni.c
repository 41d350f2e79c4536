/* SPDX-License-Identifier: Apache-2.0 */
#include "distance_lanes.h"
#include "distance_twins.h"

#include <immintrin.h>

static void code_products(const int8_t *query, const uint8_t *const codes[DISTANCE_BATCH],
                          size_t bytes, int32_t out[DISTANCE_BATCH])
{
    __m512i sum[DISTANCE_BATCH] = {0};

    for (size_t i = 0; i < bytes; i += 64) {
        __m512i q = _mm512_loadu_si512(query + i);
        for (int c = 0; c < DISTANCE_BATCH; c++)
            sum[c] = _mm512_dpbusd_epi32(sum[c], _mm512_loadu_si512(codes[c] + i), q);
    }
    for (int c = 0; c < DISTANCE_BATCH; c++)
        out[c] = _mm512_reduce_add_epi32(sum[c]);
}

const distance_kernels distance_vnni = {code_products, lanes_product, lanes_square};
