/* SPDX-License-Identifier: Apache-2.0 */
#include "distance_lanes.h"
#include "distance_twins.h"

#include <immintrin.h>

/* vpmaddubsw would saturate (2 x 255 x 127 > 32,767): both sides are widened to 16 bits. */
static inline __m256i multiply_add(__m256i sum, __m256i query, const uint8_t *code)
{
    __m256i wide = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)code));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(query, wide));
}

static inline int32_t sum_of(__m256i v)
{
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}

static void code_products(const int8_t *query, const uint8_t *const codes[DISTANCE_BATCH],
                          size_t bytes, int32_t out[DISTANCE_BATCH])
{
    __m256i sum[DISTANCE_BATCH] = {0};

    for (size_t i = 0; i < bytes; i += 16) {
        __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + i)));
        for (int c = 0; c < DISTANCE_BATCH; c++)
            sum[c] = multiply_add(sum[c], q, codes[c] + i);
    }
    for (int c = 0; c < DISTANCE_BATCH; c++)
        out[c] = sum_of(sum[c]);
}

const distance_kernels distance_avx2 = {code_products, lanes_product, lanes_square};
