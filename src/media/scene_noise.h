/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Value noise (Perlin, Hoffert, "Hypertexture", SIGGRAPH 1989: a lattice of random values, smoothly
 * interpolated): at one point, and at 64 points at once, where textures spend their time. The twins
 * for AVX2 and AVX-512 are the same source and give the same bytes.
 */
#pragma once

#include <omma/base.h>

#define SCENE_POINTS 64

/** A well-mixed hash of three numbers: the finaliser of MurmurHash3 (Appleby, public domain) over a
 *  linear mix of them. */
static inline uint32_t scene_hash(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t h =
        a * 0x9e3779b1u ^ (b * 0x85ebca77u + 0x165667b1u) ^ (c * 0xc2b2ae3du + 0x27d4eb2fu);
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

/** The same as a number in [0, 1). */
static inline float scene_hash_unit(uint32_t a, uint32_t b, uint32_t c)
{
    return (float)(int32_t)(scene_hash(a, b, c) >> 8) * (1.0f / 16777216.0f);
}

/** Octaves of noise on a lattice of fu x fv cells over the unit square, repeating; each has twice
 *  the frequency and half the height of the one before; about [-1, 1]. */
float scene_fractal(uint32_t seed, float u, float v, int fu, int fv, int octaves);

typedef struct scene_noise_kernels {
    /* scene_fractal at 64 points, each with its own seed. */
    void (*fractal)(const uint32_t *seed, const float *u, const float *v, int fu, int fv,
                    int octaves, float *out);
} scene_noise_kernels;

extern const scene_noise_kernels scene_noise_scalar, scene_noise_avx2, scene_noise_avx512;

/** The fastest that cpu (omma_cpu_flags) allows. */
const scene_noise_kernels *scene_noise_choose(unsigned cpu);
