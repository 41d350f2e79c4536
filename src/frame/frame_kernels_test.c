/* SPDX-License-Identifier: Apache-2.0 */
/* Wide kernels give the bytes of the plain ones, at every width, and touch nothing else. Rows are
 * allocated to the byte, so that a sanitizer sees a read behind them. */
#include <omma/frame.h>

#include "check.h"
#include "convert_private.h"
#include "pyramid_private.h"

#define MAX_WIDTH 210
#define CANARY    16

static uint8_t *random_row(size_t bytes, uint64_t *seed)
{
    uint8_t *row = omma_new_array(uint8_t, bytes);
    for (size_t i = 0; i < bytes; i++) {
        uint64_t r = omma_random_u64(seed); /* extremes often: there arithmetic saturates */
        row[i] = (uint8_t)(r & 0x300 ? r : r & 0x400 ? 255 : 0);
    }
    return row;
}

static uint8_t *canary_row(size_t bytes)
{
    uint8_t *row = omma_new_array(uint8_t, bytes + CANARY);
    memset(row, 0xa5, bytes + CANARY);
    return row;
}

/* got and want have bytes of result and the canary behind. */
static void check_rows(uint8_t *got, uint8_t *want, size_t bytes)
{
    CHECK(memcmp(got, want, bytes + CANARY) == 0);
    free(got);
    free(want);
}

typedef void (*gray_kernel)(uint8_t *gray, const uint8_t *from, int width);

static void check_gray(gray_kernel wide, gray_kernel plain, size_t sample, uint64_t *seed)
{
    for (int width = 1; width <= MAX_WIDTH; width++) {
        size_t bytes = (size_t)width;
        uint8_t *from = random_row(bytes * sample, seed);
        uint8_t *got = canary_row(bytes), *want = canary_row(bytes);
        wide(got, from, width);
        plain(want, from, width);
        check_rows(got, want, bytes);
        free(from);
    }
}

static void gray_rows_are_the_same(void)
{
    uint64_t seed = 1;
    convert_kernels wide, plain;

    convert_kernels_init(&wide, omma_cpu_flags());
    convert_kernels_init(&plain, 0);
    check_gray(wide.gray_from_rgb, plain.gray_from_rgb, 3, &seed);
    check_gray(wide.gray_from_rgba, plain.gray_from_rgba, 4, &seed);
    check_gray(wide.gray_from_limited, plain.gray_from_limited, 1, &seed);
}

typedef void (*rgb_kernel)(uint8_t *rgb, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                           int width, const yuv_coefficients *c);

static void check_rgb(rgb_kernel wide, rgb_kernel plain, size_t sample, const yuv_coefficients *c,
                      uint64_t *seed)
{
    for (int width = 1; width <= MAX_WIDTH; width++) {
        size_t bytes = (size_t)width * sample;
        uint8_t *y = random_row((size_t)width, seed);
        uint8_t *u = random_row((size_t)(width + 1) / 2, seed);
        uint8_t *v = random_row((size_t)(width + 1) / 2, seed);
        uint8_t *got = canary_row(bytes), *want = canary_row(bytes);
        wide(got, y, u, v, width, c);
        plain(want, y, u, v, width, c);
        check_rows(got, want, bytes);
        free(y);
        free(u);
        free(v);
    }
}

static void colour_rows_are_the_same(void)
{
    uint64_t seed = 2;
    convert_kernels wide, plain;

    convert_kernels_init(&wide, omma_cpu_flags());
    convert_kernels_init(&plain, 0);
    for (int i = 0; i < 4; i++) {
        yuv_coefficients c =
            yuv_coefficients_of(i & 1 ? OMMA_MATRIX_BT709 : OMMA_MATRIX_BT601, i & 2);
        check_rgb(wide.rgb_from_yuv, plain.rgb_from_yuv, 3, &c, &seed);
        check_rgb(wide.rgba_from_yuv, plain.rgba_from_yuv, 4, &c, &seed);
    }
}

static void halved_rows_are_the_same(void)
{
    uint64_t seed = 3;
    pyramid_kernels wide, plain;

    pyramid_kernels_init(&wide, omma_cpu_flags());
    pyramid_kernels_init(&plain, 0);
    for (int width = 1; width <= MAX_WIDTH; width++) {
        size_t bytes = (size_t)width;
        uint8_t *top = random_row(2 * bytes, &seed), *bottom = random_row(2 * bytes, &seed);
        uint8_t *got = canary_row(bytes), *want = canary_row(bytes);
        wide.halve_row(got, top, bottom, width);
        plain.halve_row(want, top, bottom, width);
        check_rows(got, want, bytes);
        free(top);
        free(bottom);
    }
}

/* 2^24 colours are few enough to try: the plain luma never leaves rounding's half step. */
static void luma_is_right_for_every_colour(void)
{
    convert_kernels k;
    uint8_t rgb[256 * 3], gray[256];
    double worst = 0;

    convert_kernels_init(&k, omma_cpu_flags());
    for (int r = 0; r < 256; r++)
        for (int g = 0; g < 256; g++) {
            for (int b = 0; b < 256; b++) {
                rgb[3 * b] = (uint8_t)r;
                rgb[3 * b + 1] = (uint8_t)g;
                rgb[3 * b + 2] = (uint8_t)b;
            }
            k.gray_from_rgb(gray, rgb, 256);
            for (int b = 0; b < 256; b++)
                worst = fmax(worst, fabs(gray[b] - (0.299 * r + 0.587 * g + 0.114 * b)));
        }
    CHECK(worst < 0.51);
}

int main(void)
{
    TEST(gray_rows_are_the_same);
    TEST(colour_rows_are_the_same);
    TEST(halved_rows_are_the_same);
    TEST(luma_is_right_for_every_colour);
    return check_done();
}
