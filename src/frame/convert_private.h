/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row kernels of the converter. All arithmetic is in integers that fit one multiply-add of 16-bit
 * pairs (pmaddwd), so that the wide twins give the same bytes as the plain ones.
 */
#pragma once

#include "frame_private.h"

/* ITU-R BT.601-7 / BT.709-6, scaled by 2^13 (the largest, 2.112, still fits 16 bits). */
#define YUV_SHIFT 13

typedef struct yuv_coefficients {
    int16_t black; /* luma of black: 0 or 16 */
    int16_t y, rv, gu, gv,
        bu; /* r = y*(Y - black) + rv*(V - 128), g = ... + gu*(U - 128) + gv*.. */
} yuv_coefficients;

yuv_coefficients yuv_coefficients_of(omma_matrix matrix, bool limited_range);

static inline void rgb_of_yuv(uint8_t *rgb, int y, int u, int v, const yuv_coefficients *c)
{
    int light = c->y * (y - c->black) + (1 << (YUV_SHIFT - 1));
    u -= 128;
    v -= 128;
    rgb[0] = clamp_u8((light + c->rv * v) >> YUV_SHIFT);
    rgb[1] = clamp_u8((light + c->gu * u + c->gv * v) >> YUV_SHIFT);
    rgb[2] = clamp_u8((light + c->bu * u) >> YUV_SHIFT);
}

/* 255 / 219, scaled by 2^YUV_SHIFT. */
#define LIMITED_STRETCH 9539

/* Luma of BT.601, scaled by 2^15; they add up to 1. */
enum { LUMA_SHIFT = 15, LUMA_R = 9798, LUMA_G = 19235, LUMA_B = 3735 };

/* Rows of width pixels; to and from do not overlap; u and v have (width + 1) / 2 samples. */
typedef struct convert_kernels {
    void (*gray_from_rgb)(uint8_t *gray, const uint8_t *rgb, int width);
    void (*gray_from_rgba)(uint8_t *gray, const uint8_t *rgba, int width);
    void (*gray_from_limited)(uint8_t *gray, const uint8_t *y, int width);
    void (*rgb_from_yuv)(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                         int width, const yuv_coefficients *c);
    void (*rgba_from_yuv)(uint8_t *rgba, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                          int width, const yuv_coefficients *c);
} convert_kernels;

/* The fastest that cpu (OMMA_CPU_...) allows. */
void convert_kernels_init(convert_kernels *k, unsigned cpu);

/* Each puts its own over what it finds in k. */
void convert_kernels_scalar(convert_kernels *k);
void convert_kernels_avx2(convert_kernels *k);
void convert_kernels_avx512(convert_kernels *k);

/* What is left at the end of a row. */
void rgb_from_yuv_scalar(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                         int width, const yuv_coefficients *c);
void rgba_from_yuv_scalar(uint8_t *rgba, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                          int width, const yuv_coefficients *c);
void gray_from_rgb_scalar(uint8_t *gray, const uint8_t *rgb, int width);
void gray_from_rgba_scalar(uint8_t *gray, const uint8_t *rgba, int width);
void gray_from_limited_scalar(uint8_t *gray, const uint8_t *y, int width);
