/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_private.h"
#include "frame_private.h"

#include <math.h>

static int16_t scaled(double x)
{
    return (int16_t)lrint(x * (1 << YUV_SHIFT));
}

/* From the luma weights kr, kb alone (BT.601-7 section 2.5, BT.709-6 section 3): R - Y = 2 (1 - kr)
 * V and so on, with V and U in +-0.5. */
yuv_coefficients yuv_coefficients_of(omma_matrix matrix, bool limited_range)
{
    double kr = matrix == OMMA_MATRIX_BT709 ? 0.2126 : 0.299;
    double kb = matrix == OMMA_MATRIX_BT709 ? 0.0722 : 0.114;
    double kg = 1 - kr - kb;
    double luma = limited_range ? 255.0 / 219 : 1, chroma = limited_range ? 255.0 / 224 : 1;

    return (yuv_coefficients){
        .black = limited_range ? 16 : 0,
        .y = scaled(luma),
        .rv = scaled(2 * (1 - kr) * chroma),
        .gu = scaled(-2 * (1 - kb) * kb / kg * chroma),
        .gv = scaled(-2 * (1 - kr) * kr / kg * chroma),
        .bu = scaled(2 * (1 - kb) * chroma),
    };
}

static inline uint8_t luma(int r, int g, int b)
{
    return (uint8_t)((LUMA_R * r + LUMA_G * g + LUMA_B * b + (1 << (LUMA_SHIFT - 1))) >>
                     LUMA_SHIFT);
}

void gray_from_rgb_scalar(uint8_t *gray, const uint8_t *rgb, int width)
{
    for (int x = 0; x < width; x++, rgb += 3)
        gray[x] = luma(rgb[0], rgb[1], rgb[2]);
}

void gray_from_rgba_scalar(uint8_t *gray, const uint8_t *rgba, int width)
{
    for (int x = 0; x < width; x++, rgba += 4)
        gray[x] = luma(rgba[0], rgba[1], rgba[2]);
}

void gray_from_limited_scalar(uint8_t *gray, const uint8_t *y, int width)
{
    const int half = 1 << (YUV_SHIFT - 1);
    for (int x = 0; x < width; x++)
        gray[x] = clamp_u8((LIMITED_STRETCH * (y[x] - 16) + half) >> YUV_SHIFT);
}

void rgb_from_yuv_scalar(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                         int width, const yuv_coefficients *c)
{
    for (int x = 0; x < width; x++, rgb += 3)
        rgb_of_yuv(rgb, y[x], u[x / 2], v[x / 2], c);
}

void rgba_from_yuv_scalar(uint8_t *rgba, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                          int width, const yuv_coefficients *c)
{
    for (int x = 0; x < width; x++, rgba += 4) {
        rgb_of_yuv(rgba, y[x], u[x / 2], v[x / 2], c);
        rgba[3] = 255;
    }
}

void convert_kernels_scalar(convert_kernels *k)
{
    *k = (convert_kernels){
        .gray_from_rgb = gray_from_rgb_scalar,
        .gray_from_rgba = gray_from_rgba_scalar,
        .gray_from_limited = gray_from_limited_scalar,
        .rgb_from_yuv = rgb_from_yuv_scalar,
        .rgba_from_yuv = rgba_from_yuv_scalar,
    };
}

void convert_kernels_init(convert_kernels *k, unsigned cpu)
{
    convert_kernels_scalar(k);
    (void)cpu;
#if defined(__x86_64__)
    if (cpu & OMMA_CPU_AVX2)
        convert_kernels_avx2(k);
    if (cpu & OMMA_CPU_AVX512)
        convert_kernels_avx512(k);
#endif
}
