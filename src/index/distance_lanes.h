/* SPDX-License-Identifier: Apache-2.0 */
/* Products of floats, in a file of each instruction set: 16 sums side by side, which the compiler
 * keeps in one, two or four registers, then added pair by pair. Nothing is fused. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef float lanes __attribute__((vector_size(64), aligned(4)));

static inline float sum_lanes(const lanes *v)
{
    float s[16];

    for (int i = 0; i < 16; i++)
        s[i] = (*v)[i];
    for (int width = 8; width; width /= 2) {
        for (int i = 0; i < width; i++)
            s[i] += s[i + width];
    }
    return s[0];
}

static float lanes_product(const float *a, const float *b, size_t n)
{
    lanes sum = {0};

    for (size_t i = 0; i < n; i += 16)
        sum += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    return sum_lanes(&sum);
}

static float lanes_square(const float *a, const float *b, size_t n)
{
    lanes sum = {0};

    for (size_t i = 0; i < n; i += 16) {
        lanes d = *(const lanes *)(a + i) - *(const lanes *)(b + i);
        sum += d * d;
    }
    return sum_lanes(&sum);
}

static inline int32_t sum_whole(const int32_t *s)
{
    int32_t sum = 0;

    for (int i = 0; i < 16; i++)
        sum += s[i];
    return sum;
}

static float lanes_largest(const float *v, size_t n)
{
    float most[16] = {0}, all = 0;

    for (size_t i = 0; i < n; i += 16) {
        for (int l = 0; l < 16; l++) {
            float size = v[i + l] < 0 ? -v[i + l] : v[i + l];
            most[l] = size > most[l] ? size : most[l];
        }
    }
    for (int l = 0; l < 16; l++)
        all = most[l] > all ? most[l] : all;
    return all;
}

static double lanes_length(const float *v, size_t n)
{
    double sum[16] = {0}, all = 0;

    for (size_t i = 0; i < n; i += 16) {
        for (int l = 0; l < 16; l++)
            sum[l] += (double)v[i + l] * (double)v[i + l];
    }
    for (int l = 0; l < 16; l++)
        all += sum[l];
    return all;
}

/* Adding 1.5 * 2^23 leaves no bits behind the point: rounds to the nearest, ties to even. */
static int32_t lanes_encode(const float *v, size_t n, float per_step, int8_t *query)
{
    const float whole = 12582912.0F;
    int32_t sum[16] = {0};

    for (size_t i = 0; i < n; i += 16) {
        for (int l = 0; l < 16; l++) {
            int32_t step = (int32_t)(v[i + l] * per_step + whole - whole);
            step = step > 127 ? 127 : step < -127 ? -127 : step;
            query[i + l] = (int8_t)step;
            sum[l] += step;
        }
    }
    return sum_whole(sum);
}

#define LANES_KERNELS lanes_product, lanes_square, lanes_largest, lanes_length, lanes_encode
