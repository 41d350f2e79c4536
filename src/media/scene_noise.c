/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled three times (scene_noise_avx2.c and scene_noise_avx512.c include it). */
#include "scene_noise.h"

#ifndef SCENE_NOISE
#define SCENE_NOISE scene_noise_scalar
#define SCENE_NOISE_PLAIN
#endif

/* floorf without a call into the maths library. */
static inline float whole(float x)
{
    float i = (float)(int)x;
    return i > x ? i - 1 : i;
}

/* In [-1, 1]. */
static inline float noise(uint32_t seed, float u, float v, int fu, int fv)
{
    float x = (u - whole(u)) * (float)fu, y = (v - whole(v)) * (float)fv;
    int xi = (int)x, yi = (int)y;
    xi = xi < fu ? xi : fu - 1;
    yi = yi < fv ? yi : fv - 1;
    uint32_t x0 = (uint32_t)xi, x1 = xi + 1 == fu ? 0 : x0 + 1;
    uint32_t y0 = (uint32_t)yi, y1 = yi + 1 == fv ? 0 : y0 + 1;

    float a = x - (float)xi, b = y - (float)yi;
    a = a * a * (3 - 2 * a);
    b = b * b * (3 - 2 * b);
    float top = scene_hash_unit(seed, x0, y0) * (1 - a) + scene_hash_unit(seed, x1, y0) * a;
    float bottom = scene_hash_unit(seed, x0, y1) * (1 - a) + scene_hash_unit(seed, x1, y1) * a;
    return 2 * (top * (1 - b) + bottom * b) - 1;
}

static void fractal(const uint32_t *restrict seed, const float *restrict u, const float *restrict v,
                    int fu, int fv, int octaves, float *restrict out)
{
    float height = 0.6f;
    for (int i = 0; i < SCENE_POINTS; i++)
        out[i] = 0;
    for (int k = 0; k < octaves; k++, height *= 0.5f) {
        const uint32_t plus = (uint32_t)k * 101;
        const int columns = fu << k, rows = fv << k;
        for (int i = 0; i < SCENE_POINTS; i++)
            out[i] += height * noise(seed[i] + plus, u[i], v[i], columns, rows);
    }
}

const scene_noise_kernels SCENE_NOISE = {.fractal = fractal};

#ifdef SCENE_NOISE_PLAIN
float scene_fractal(uint32_t seed, float u, float v, int fu, int fv, int octaves)
{
    float sum = 0, height = 0.6f;
    for (int i = 0; i < octaves; i++, height *= 0.5f)
        sum += height * noise(seed + (uint32_t)i * 101, u, v, fu << i, fv << i);
    return sum;
}

const scene_noise_kernels *scene_noise_choose(unsigned cpu)
{
#ifdef OMMA_SCENE_SIMD
    if (cpu & OMMA_CPU_AVX512)
        return &scene_noise_avx512;
    if (cpu & OMMA_CPU_AVX2)
        return &scene_noise_avx2;
#endif
    (void)cpu;
    return &scene_noise_scalar;
}
#endif
