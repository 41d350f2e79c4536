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

static inline void group_products(const int8_t *query, size_t bytes, const uint8_t *const *codes,
                                  int32_t *out)
{
    __m256i sum[DISTANCE_GROUP] = {0};

    for (size_t i = 0; i < bytes; i += 16) {
        __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + i)));
        for (int c = 0; c < DISTANCE_GROUP; c++)
            sum[c] = multiply_add(sum[c], q, codes[c] + i);
    }
    for (int c = 0; c < DISTANCE_GROUP; c++)
        out[c] = sum_of(sum[c]);
}

static void code_products(const int8_t *query, size_t bytes, const uint8_t *const *codes, size_t n,
                          int32_t *out)
{
    for (size_t i = 0; i < n; i += DISTANCE_GROUP) {
        for (size_t j = i + DISTANCE_AHEAD; j < i + DISTANCE_AHEAD + DISTANCE_GROUP && j < n; j++)
            prefetch(codes[j], bytes);
        group_products(query, bytes, codes + i, out + i);
    }
}

static int32_t recode(const uint8_t *code, size_t bytes, int8_t *query)
{
    const __m256i top = _mm256_set1_epi8((char)0x80), one = _mm256_set1_epi8(1);
    __m256i sum = {0};

    for (size_t i = 0; i < bytes; i += 32) {
        __m256i q = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(code + i)), top);
        _mm256_storeu_si256((__m256i *)(query + i), q);
        __m256i pairs = _mm256_maddubs_epi16(one, q);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    return sum_of(sum);
}

const distance_kernels distance_avx2 = {code_products, recode, LANES_KERNELS};
