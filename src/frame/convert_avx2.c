/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_private.h"

#include <immintrin.h>

/* Sixteen pixels' r, g, b as bytes. */
typedef struct rgb16 {
    __m128i r, g, b;
} rgb16;

/* For sixteen pixels: u and v twice each, as 16-bit numbers around 0. */
static inline __m256i load_chroma(const uint8_t *u)
{
    __m128i bytes = _mm_loadl_epi64((const __m128i *)u);
    __m256i wide = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(bytes, bytes));
    return _mm256_sub_epi16(wide, _mm256_set1_epi16(128));
}

static inline __m256i pair(int16_t low, int16_t high)
{
    return _mm256_set1_epi32((uint16_t)low | (int)((uint32_t)(uint16_t)high << 16));
}

static inline __m128i to_bytes(__m256i low, __m256i high)
{
    low = _mm256_srai_epi32(low, YUV_SHIFT);
    high = _mm256_srai_epi32(high, YUV_SHIFT);
    __m256i words = _mm256_packs_epi32(low, high);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/* r = (y Y + rv V + 1/2) with one multiply-add of the pair (Y, V), and so on. */
static inline rgb16 convert16(const uint8_t *y, const uint8_t *u, const uint8_t *v,
                              const yuv_coefficients *c)
{
    const __m256i half = _mm256_set1_epi32(1 << (YUV_SHIFT - 1)), one = _mm256_set1_epi16(1);
    const __m256i r_of_yv = pair(c->y, c->rv), g_of_yu = pair(c->y, c->gu);
    const __m256i g_of_v1 = pair(c->gv, 1 << (YUV_SHIFT - 1)), b_of_yu = pair(c->y, c->bu);
    __m256i Y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)y));
    __m256i U = load_chroma(u), V = load_chroma(v);

    Y = _mm256_sub_epi16(Y, _mm256_set1_epi16(c->black));
    __m256i yu0 = _mm256_unpacklo_epi16(Y, U), yu1 = _mm256_unpackhi_epi16(Y, U);
    __m256i yv0 = _mm256_unpacklo_epi16(Y, V), yv1 = _mm256_unpackhi_epi16(Y, V);
    __m256i v10 = _mm256_unpacklo_epi16(V, one), v11 = _mm256_unpackhi_epi16(V, one);
    return (rgb16){
        .r = to_bytes(_mm256_add_epi32(_mm256_madd_epi16(yv0, r_of_yv), half),
                      _mm256_add_epi32(_mm256_madd_epi16(yv1, r_of_yv), half)),
        .g = to_bytes(
            _mm256_add_epi32(_mm256_madd_epi16(yu0, g_of_yu), _mm256_madd_epi16(v10, g_of_v1)),
            _mm256_add_epi32(_mm256_madd_epi16(yu1, g_of_yu), _mm256_madd_epi16(v11, g_of_v1))),
        .b = to_bytes(_mm256_add_epi32(_mm256_madd_epi16(yu0, b_of_yu), half),
                      _mm256_add_epi32(_mm256_madd_epi16(yu1, b_of_yu), half)),
    };
}

/* Bytes r0..r15, g0.., b0.. to r0 g0 b0 r1 ...: byte i of an output is byte i / 3 of colour i % 3.
 */
static inline void store_rgb(uint8_t *to, rgb16 p)
{
    // clang-format off
    const __m128i r0 = _mm_setr_epi8( 0,-1,-1, 1,-1,-1, 2,-1,-1, 3,-1,-1, 4,-1,-1, 5);
    const __m128i g0 = _mm_setr_epi8(-1, 0,-1,-1, 1,-1,-1, 2,-1,-1, 3,-1,-1, 4,-1,-1);
    const __m128i b0 = _mm_setr_epi8(-1,-1, 0,-1,-1, 1,-1,-1, 2,-1,-1, 3,-1,-1, 4,-1);
    const __m128i r1 = _mm_setr_epi8(-1,-1, 6,-1,-1, 7,-1,-1, 8,-1,-1, 9,-1,-1,10,-1);
    const __m128i g1 = _mm_setr_epi8( 5,-1,-1, 6,-1,-1, 7,-1,-1, 8,-1,-1, 9,-1,-1,10);
    const __m128i b1 = _mm_setr_epi8(-1, 5,-1,-1, 6,-1,-1, 7,-1,-1, 8,-1,-1, 9,-1,-1);
    const __m128i r2 = _mm_setr_epi8(-1,11,-1,-1,12,-1,-1,13,-1,-1,14,-1,-1,15,-1,-1);
    const __m128i g2 = _mm_setr_epi8(-1,-1,11,-1,-1,12,-1,-1,13,-1,-1,14,-1,-1,15,-1);
    const __m128i b2 = _mm_setr_epi8(10,-1,-1,11,-1,-1,12,-1,-1,13,-1,-1,14,-1,-1,15);
    // clang-format on
#define MERGE(i)                                                                                   \
    _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(p.r, r##i), _mm_shuffle_epi8(p.g, g##i)),           \
                 _mm_shuffle_epi8(p.b, b##i))
    _mm_storeu_si128((__m128i *)to, MERGE(0));
    _mm_storeu_si128((__m128i *)(to + 16), MERGE(1));
    _mm_storeu_si128((__m128i *)(to + 32), MERGE(2));
#undef MERGE
}

static inline void store_rgba(uint8_t *to, rgb16 p)
{
    const __m128i opaque = _mm_set1_epi8(-1);
    __m128i rg0 = _mm_unpacklo_epi8(p.r, p.g), rg1 = _mm_unpackhi_epi8(p.r, p.g);
    __m128i ba0 = _mm_unpacklo_epi8(p.b, opaque), ba1 = _mm_unpackhi_epi8(p.b, opaque);

    _mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi16(rg0, ba0));
    _mm_storeu_si128((__m128i *)(to + 16), _mm_unpackhi_epi16(rg0, ba0));
    _mm_storeu_si128((__m128i *)(to + 32), _mm_unpacklo_epi16(rg1, ba1));
    _mm_storeu_si128((__m128i *)(to + 48), _mm_unpackhi_epi16(rg1, ba1));
}

static void rgb_from_yuv(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                         int width, const yuv_coefficients *c)
{
    int x = 0;
    for (; x + 16 <= width; x += 16)
        store_rgb(rgb + 3 * x, convert16(y + x, u + x / 2, v + x / 2, c));
    rgb_from_yuv_scalar(rgb + 3 * x, y + x, u + x / 2, v + x / 2, width - x, c);
}

static void rgba_from_yuv(uint8_t *rgba, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                          int width, const yuv_coefficients *c)
{
    int x = 0;
    for (; x + 16 <= width; x += 16)
        store_rgba(rgba + 4 * x, convert16(y + x, u + x / 2, v + x / 2, c));
    rgba_from_yuv_scalar(rgba + 4 * x, y + x, u + x / 2, v + x / 2, width - x, c);
}

/* (d c + 2^12) >> 13 is (4 d c + 2^14) >> 15, which is one pmulhrsw. */
static void gray_from_limited(uint8_t *gray, const uint8_t *y, int width)
{
    const __m256i black = _mm256_set1_epi16(16), scale = _mm256_set1_epi16(LIMITED_STRETCH);
    int x = 0;

    for (; x + 16 <= width; x += 16) {
        __m256i wide = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(y + x)));
        wide = _mm256_slli_epi16(_mm256_sub_epi16(wide, black), 2);
        wide = _mm256_mulhrs_epi16(wide, scale);
        __m128i low = _mm256_castsi256_si128(wide), high = _mm256_extracti128_si256(wide, 1);
        _mm_storeu_si128((__m128i *)(gray + x), _mm_packus_epi16(low, high));
    }
    gray_from_limited_scalar(gray + x, y + x, width - x);
}

/* Sixteen lumas of 32 bits in two registers, eight each in order, to bytes. */
static inline __m128i luma_to_bytes(__m256i low, __m256i high)
{
    const __m256i half = _mm256_set1_epi32(1 << (LUMA_SHIFT - 1));

    low = _mm256_srli_epi32(_mm256_add_epi32(low, half), LUMA_SHIFT);
    high = _mm256_srli_epi32(_mm256_add_epi32(high, half), LUMA_SHIFT);
    __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

static inline __m256i luma_of_rgba(const uint8_t *rgba)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)rgba);
    __m256i rb = _mm256_and_si256(bytes, _mm256_set1_epi32(0x00ff00ff));
    __m256i ga = _mm256_srli_epi16(bytes, 8);
    return _mm256_add_epi32(_mm256_madd_epi16(rb, pair(LUMA_R, LUMA_B)),
                            _mm256_madd_epi16(ga, pair(LUMA_G, 0)));
}

static void gray_from_rgba(uint8_t *gray, const uint8_t *rgba, int width)
{
    int x = 0;
    for (; x + 16 <= width; x += 16)
        _mm_storeu_si128((__m128i *)(gray + x), luma_to_bytes(luma_of_rgba(rgba + 4 * x),
                                                              luma_of_rgba(rgba + 4 * x + 32)));
    gray_from_rgba_scalar(gray + x, rgba + 4 * x, width - x);
}

/* Eight pixels; reads 28 bytes. */
static inline __m256i luma_of_rgb(const uint8_t *rgb)
{
    // clang-format off
    const __m256i rg = _mm256_setr_epi8(0,-1,1,-1, 3,-1,4,-1, 6,-1,7,-1, 9,-1,10,-1,
                                        0,-1,1,-1, 3,-1,4,-1, 6,-1,7,-1, 9,-1,10,-1);
    const __m256i b = _mm256_setr_epi8(2,-1,-1,-1, 5,-1,-1,-1, 8,-1,-1,-1, 11,-1,-1,-1,
                                       2,-1,-1,-1, 5,-1,-1,-1, 8,-1,-1,-1, 11,-1,-1,-1);
    // clang-format on
    __m256i bytes = _mm256_loadu2_m128i((const __m128i *)(rgb + 12), (const __m128i *)rgb);
    return _mm256_add_epi32(_mm256_madd_epi16(_mm256_shuffle_epi8(bytes, rg), pair(LUMA_R, LUMA_G)),
                            _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, b), pair(LUMA_B, 0)));
}

static void gray_from_rgb(uint8_t *gray, const uint8_t *rgb, int width)
{
    int x = 0;
    for (; x + 18 <= width; x += 16) /* 16 pixels and the 4 bytes read behind them */
        _mm_storeu_si128((__m128i *)(gray + x),
                         luma_to_bytes(luma_of_rgb(rgb + 3 * x), luma_of_rgb(rgb + 3 * x + 24)));
    gray_from_rgb_scalar(gray + x, rgb + 3 * x, width - x);
}

void convert_kernels_avx2(convert_kernels *k)
{
    k->gray_from_rgb = gray_from_rgb;
    k->gray_from_rgba = gray_from_rgba;
    k->gray_from_limited = gray_from_limited;
    k->rgb_from_yuv = rgb_from_yuv;
    k->rgba_from_yuv = rgba_from_yuv;
}
