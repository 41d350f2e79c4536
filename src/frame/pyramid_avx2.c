/* SPDX-License-Identifier: Apache-2.0 */
#include "pyramid_private.h"

#include <immintrin.h>

/* 16 means from 32 pixels of each row, as 16-bit numbers. */
static inline __m256i means(const uint8_t *top, const uint8_t *bottom)
{
    const __m256i ones = _mm256_set1_epi8(1), two = _mm256_set1_epi16(2);
    __m256i t = _mm256_maddubs_epi16(_mm256_loadu_si256((const __m256i *)top), ones);
    __m256i b = _mm256_maddubs_epi16(_mm256_loadu_si256((const __m256i *)bottom), ones);
    return _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(t, b), two), 2);
}

/* The last block overlaps the one before it: the same means once more are harmless. */
static void halve_row(uint8_t *to, const uint8_t *top, const uint8_t *bottom, int width)
{
    if (width < 32) {
        halve_row_scalar(to, top, bottom, width);
        return;
    }
    for (int x = 0; x < width; x += 32) {
        x = x + 32 <= width ? x : width - 32;
        __m256i packed = _mm256_packus_epi16(means(top + 2 * x, bottom + 2 * x),
                                             means(top + 2 * x + 32, bottom + 2 * x + 32));
        _mm256_storeu_si256((__m256i *)(to + x), _mm256_permute4x64_epi64(packed, 0xd8));
    }
}

void pyramid_kernels_avx2(pyramid_kernels *k)
{
    k->halve_row = halve_row;
}
