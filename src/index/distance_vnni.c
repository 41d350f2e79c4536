/* SPDX-License-Identifier: Apache-2.0 */
#include "distance_lanes.h"
#include "distance_twins.h"

#include <immintrin.h>

/* The sums of four registers' lanes, side by side. */
static inline __m128i sum_each(__m512i a, __m512i b, __m512i c, __m512i d)
{
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

static inline __m512i multiply_add(__m512i sum, const uint8_t *code, __m512i query)
{
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(code), query);
}

static inline __m128i group_products(const int8_t *query, size_t bytes, const uint8_t *const *code)
{
    __m512i a = {0}, b = {0}, c = {0}, d = {0};

    for (size_t i = 0; i < bytes; i += 64) {
        __m512i q = _mm512_loadu_si512(query + i);
        a = multiply_add(a, code[0] + i, q);
        b = multiply_add(b, code[1] + i, q);
        c = multiply_add(c, code[2] + i, q);
        d = multiply_add(d, code[3] + i, q);
    }
    return sum_each(a, b, c, d);
}

static inline void products(const int8_t *query, size_t bytes, const uint8_t *const *codes,
                            size_t n, int32_t *out)
{
    for (size_t i = 0; i < n; i += DISTANCE_GROUP) {
        for (size_t j = i + DISTANCE_AHEAD; j < i + DISTANCE_AHEAD + DISTANCE_GROUP && j < n; j++)
            prefetch(codes[j], bytes);
        _mm_storeu_si128((__m128i *)(out + i), group_products(query, bytes, codes + i));
    }
}

static void code_products(const int8_t *query, size_t bytes, const uint8_t *const *codes, size_t n,
                          int32_t *out)
{
    if (bytes == 256) /* a usual length: the query stays in registers */
        products(query, 256, codes, n, out);
    else
        products(query, bytes, codes, n, out);
}

static int32_t recode(const uint8_t *code, size_t bytes, int8_t *query)
{
    const __m512i top = _mm512_set1_epi8((char)0x80), one = _mm512_set1_epi8(1);
    __m512i sum = {0};

    for (size_t i = 0; i < bytes; i += 64) {
        __m512i q = _mm512_xor_si512(_mm512_loadu_si512(code + i), top);
        _mm512_storeu_si512(query + i, q);
        sum = _mm512_dpbusd_epi32(sum, one, q);
    }
    return _mm512_reduce_add_epi32(sum);
}

const distance_kernels distance_vnni = {code_products, recode, LANES_KERNELS};
