/* SPDX-License-Identifier: Apache-2.0 */
#include "klt.h"

#include <immintrin.h>

static inline __m256 load8(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

static inline float sum8(__m256 v)
{
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}

/* One row of the patch is one register; a row's horizontal blend serves the row above and below. */
void klt_sums_avx2(const klt_template *t, const uint8_t *corner, int stride, float fx, float fy,
                   klt_sums *out)
{
    const __m256 wx = _mm256_set1_ps(fx), wy = _mm256_set1_ps(fy);
    __m256 value = _mm256_setzero_ps(), gx = value, gy = value, sum = value, squares = value;
    __m256 left = load8(corner), right = load8(corner + 1);
    __m256 above = _mm256_fmadd_ps(wx, _mm256_sub_ps(right, left), left);

    for (int y = 0; y < KLT_SIDE; y++) {
        corner += stride;
        left = load8(corner);
        right = load8(corner + 1);
        __m256 below = _mm256_fmadd_ps(wx, _mm256_sub_ps(right, left), left);
        __m256 v = _mm256_fmadd_ps(wy, _mm256_sub_ps(below, above), above);
        above = below;
        value = _mm256_fmadd_ps(v, _mm256_load_ps(t->value + y * KLT_SIDE), value);
        gx = _mm256_fmadd_ps(v, _mm256_load_ps(t->gradient_x + y * KLT_SIDE), gx);
        gy = _mm256_fmadd_ps(v, _mm256_load_ps(t->gradient_y + y * KLT_SIDE), gy);
        sum = _mm256_add_ps(sum, v);
        squares = _mm256_fmadd_ps(v, v, squares);
    }
    *out = (klt_sums){sum8(value), sum8(gx), sum8(gy), sum8(sum), sum8(squares)};
}
