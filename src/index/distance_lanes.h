/* SPDX-License-Identifier: Apache-2.0 */
/* Products of floats, in a file of each instruction set: 16 sums side by side, which the compiler
 * keeps in one, two or four registers, then added pair by pair. Nothing is fused. */
#pragma once

#include <stddef.h>

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
