/* SPDX-License-Identifier: Apache-2.0 */
#include "pyramid_private.h"

#include <immintrin.h>

/* 32 means at a time; masks keep to the end of the row. */
static void halve_row(uint8_t *to, const uint8_t *top, const uint8_t *bottom, int width)
{
    const __m512i ones = _mm512_set1_epi8(1), two = _mm512_set1_epi16(2);

    for (int x = 0; x < width; x += 32) {
        int n = width - x;
        __mmask64 in = n >= 32 ? ~UINT64_C(0) : (UINT64_C(1) << (2 * n)) - 1;
        __mmask32 out = n >= 32 ? ~0u : (1u << n) - 1;
        __m512i t = _mm512_maddubs_epi16(_mm512_maskz_loadu_epi8(in, top + 2 * x), ones);
        __m512i b = _mm512_maddubs_epi16(_mm512_maskz_loadu_epi8(in, bottom + 2 * x), ones);
        __m512i mean = _mm512_srli_epi16(_mm512_add_epi16(_mm512_add_epi16(t, b), two), 2);
        _mm256_mask_storeu_epi8(to + x, out, _mm512_cvtepi16_epi8(mean));
    }
}

void pyramid_kernels_avx512(pyramid_kernels *k)
{
    k->halve_row = halve_row;
}
