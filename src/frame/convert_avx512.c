/* SPDX-License-Identifier: Apache-2.0 */
/* As convert_avx2.c, twice as wide; see there. Masks read and write the end of a row. */
#include "convert_private.h"

#include <immintrin.h>

static inline __m512i pair(int16_t low, int16_t high)
{
    return _mm512_set1_epi32((uint16_t)low | (int)((uint32_t)(uint16_t)high << 16));
}

/* The lowest n of 32 or 16 lanes. */
static inline __mmask32 first32(int n)
{
    return n >= 32 ? ~0u : (1u << n) - 1;
}

static inline __mmask16 first16(int n)
{
    return n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1);
}

/* For 32 pixels: (n + 1) / 2 samples twice each, as 16-bit numbers around 0. */
static inline __m512i load_chroma(const uint8_t *u, int n)
{
    __m128i bytes = _mm_maskz_loadu_epi8(first16((n + 1) / 2), u);
    __m512i words = _mm512_cvtepu8_epi32(bytes); /* each sample in the low half of its pair */
    words = _mm512_or_si512(words, _mm512_slli_epi32(words, 16));
    return _mm512_sub_epi16(words, _mm512_set1_epi16(128));
}

static inline __m256i to_bytes(__m512i low, __m512i high)
{
    low = _mm512_srai_epi32(low, YUV_SHIFT);
    high = _mm512_srai_epi32(high, YUV_SHIFT);
    __m512i words = _mm512_max_epi16(_mm512_packs_epi32(low, high), _mm512_setzero_si512());
    return _mm512_cvtusepi16_epi8(words);
}

/* 32 pixels' r, g, b as bytes. */
typedef struct rgb32 {
    __m256i r, g, b;
} rgb32;

static inline rgb32 convert32(const uint8_t *y, const uint8_t *u, const uint8_t *v, int n,
                              const yuv_coefficients *c)
{
    const __m512i half = _mm512_set1_epi32(1 << (YUV_SHIFT - 1)), one = _mm512_set1_epi16(1);
    const __m512i r_of_yv = pair(c->y, c->rv), g_of_yu = pair(c->y, c->gu);
    const __m512i g_of_v1 = pair(c->gv, 1 << (YUV_SHIFT - 1)), b_of_yu = pair(c->y, c->bu);
    __m512i Y = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(first32(n), y));
    __m512i U = load_chroma(u, n), V = load_chroma(v, n);

    Y = _mm512_sub_epi16(Y, _mm512_set1_epi16(c->black));
    __m512i yu0 = _mm512_unpacklo_epi16(Y, U), yu1 = _mm512_unpackhi_epi16(Y, U);
    __m512i yv0 = _mm512_unpacklo_epi16(Y, V), yv1 = _mm512_unpackhi_epi16(Y, V);
    __m512i v10 = _mm512_unpacklo_epi16(V, one), v11 = _mm512_unpackhi_epi16(V, one);
    return (rgb32){
        .r = to_bytes(_mm512_add_epi32(_mm512_madd_epi16(yv0, r_of_yv), half),
                      _mm512_add_epi32(_mm512_madd_epi16(yv1, r_of_yv), half)),
        .g = to_bytes(
            _mm512_add_epi32(_mm512_madd_epi16(yu0, g_of_yu), _mm512_madd_epi16(v10, g_of_v1)),
            _mm512_add_epi32(_mm512_madd_epi16(yu1, g_of_yu), _mm512_madd_epi16(v11, g_of_v1))),
        .b = to_bytes(_mm512_add_epi32(_mm512_madd_epi16(yu0, b_of_yu), half),
                      _mm512_add_epi32(_mm512_madd_epi16(yu1, b_of_yu), half)),
    };
}

/* Sixteen pixels as 32-bit r | g << 8 | b << 16 | 255 << 24, from half h of the bytes. */
static inline __m512i join_rgba(rgb32 p, int h)
{
    __m512i r =
        _mm512_cvtepu8_epi32(h ? _mm256_extracti128_si256(p.r, 1) : _mm256_castsi256_si128(p.r));
    __m512i g =
        _mm512_cvtepu8_epi32(h ? _mm256_extracti128_si256(p.g, 1) : _mm256_castsi256_si128(p.g));
    __m512i b =
        _mm512_cvtepu8_epi32(h ? _mm256_extracti128_si256(p.b, 1) : _mm256_castsi256_si128(p.b));
    __m512i rg = _mm512_or_si512(r, _mm512_slli_epi32(g, 8));
    __m512i ba = _mm512_or_si512(_mm512_slli_epi32(b, 16), _mm512_set1_epi32((int)0xff000000));
    return _mm512_or_si512(rg, ba);
}

static inline void store_rgba(uint8_t *to, rgb32 p, int n)
{
    _mm512_mask_storeu_epi32(to, first16(n), join_rgba(p, 0));
    _mm512_mask_storeu_epi32(to + 64, first16(n - 16), join_rgba(p, 1));
}

/* Drops each fourth byte inside the lanes, then closes the gaps between them: 48 bytes. */
static inline void store_rgb16(uint8_t *to, __m512i rgba, int n)
{
    // clang-format off
    const __m512i drop = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i close = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    // clang-format on
    __m512i rgb = _mm512_permutexvar_epi32(close, _mm512_shuffle_epi8(rgba, drop));
    __mmask64 some = n >= 16 ? 0xffffffffffffu : n <= 0 ? 0 : (UINT64_C(1) << (3 * n)) - 1;
    _mm512_mask_storeu_epi8(to, some, rgb);
}

static inline void store_rgb(uint8_t *to, rgb32 p, int n)
{
    store_rgb16(to, join_rgba(p, 0), n);
    store_rgb16(to + 48, join_rgba(p, 1), n - 16);
}

static void rgb_from_yuv(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                         int width, const yuv_coefficients *c)
{
    for (int x = 0; x < width; x += 32) {
        int n = width - x;
        store_rgb(rgb + 3 * x, convert32(y + x, u + x / 2, v + x / 2, n, c), n);
    }
}

static void rgba_from_yuv(uint8_t *rgba, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                          int width, const yuv_coefficients *c)
{
    for (int x = 0; x < width; x += 32) {
        int n = width - x;
        store_rgba(rgba + 4 * x, convert32(y + x, u + x / 2, v + x / 2, n, c), n);
    }
}

static void gray_from_limited(uint8_t *gray, const uint8_t *y, int width)
{
    const __m512i black = _mm512_set1_epi16(16), scale = _mm512_set1_epi16(LIMITED_STRETCH);

    for (int x = 0; x < width; x += 32) {
        __mmask32 some = first32(width - x);
        __m512i wide = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(some, y + x));
        wide = _mm512_slli_epi16(_mm512_sub_epi16(wide, black), 2);
        wide = _mm512_max_epi16(_mm512_mulhrs_epi16(wide, scale), _mm512_setzero_si512());
        _mm256_mask_storeu_epi8(gray + x, some, _mm512_cvtusepi16_epi8(wide));
    }
}

static inline void store_luma(uint8_t *gray, __m512i luma, int n)
{
    luma = _mm512_add_epi32(luma, _mm512_set1_epi32(1 << (LUMA_SHIFT - 1)));
    luma = _mm512_srli_epi32(luma, LUMA_SHIFT);
    _mm512_mask_cvtepi32_storeu_epi8(gray, first16(n), luma);
}

static void gray_from_rgba(uint8_t *gray, const uint8_t *rgba, int width)
{
    const __m512i of_rb = pair(LUMA_R, LUMA_B), of_ga = pair(LUMA_G, 0);

    for (int x = 0; x < width; x += 16) {
        int n = width - x;
        __m512i bytes = _mm512_maskz_loadu_epi32(first16(n), rgba + 4 * x);
        __m512i rb = _mm512_and_si512(bytes, _mm512_set1_epi32(0x00ff00ff));
        __m512i ga = _mm512_srli_epi16(bytes, 8);
        store_luma(gray + x,
                   _mm512_add_epi32(_mm512_madd_epi16(rb, of_rb), _mm512_madd_epi16(ga, of_ga)), n);
    }
}

static void gray_from_rgb(uint8_t *gray, const uint8_t *rgb, int width)
{
    const __m512i of_rg = pair(LUMA_R, LUMA_G), of_b = pair(LUMA_B, 0);
    // clang-format off
    const __m512i open = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
    const __m512i to_rg = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m512i to_b = _mm512_broadcast_i32x4(
        _mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    // clang-format on

    for (int x = 0; x < width; x += 16) {
        int n = width - x;
        __mmask64 some = n >= 16 ? 0xffffffffffffu : (UINT64_C(1) << (3 * n)) - 1;
        __m512i bytes = _mm512_maskz_loadu_epi8(some, rgb + 3 * x);
        bytes = _mm512_permutexvar_epi32(open, bytes);
        store_luma(gray + x,
                   _mm512_add_epi32(_mm512_madd_epi16(_mm512_shuffle_epi8(bytes, to_rg), of_rg),
                                    _mm512_madd_epi16(_mm512_shuffle_epi8(bytes, to_b), of_b)),
                   n);
    }
}

void convert_kernels_avx512(convert_kernels *k)
{
    k->gray_from_rgb = gray_from_rgb;
    k->gray_from_rgba = gray_from_rgba;
    k->gray_from_limited = gray_from_limited;
    k->rgb_from_yuv = rgb_from_yuv;
    k->rgba_from_yuv = rgba_from_yuv;
}
