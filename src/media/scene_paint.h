/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the painters share (scene_paint.c: materials, scene_print.c: pictures): 64 points of a
 * texture are painted at once, for noise is what they spend their time on.
 */
#pragma once

#include "scene_noise.h"
#include "scene_texture.h"

/* Points of a texture: u, v in [0, 1), and the colour that they get, 0..1 sRGB. */
typedef struct scene_dabs {
    const scene_noise_kernels *noise;
    uint32_t seed;
    int variant;
    float u[SCENE_POINTS], v[SCENE_POINTS];
    float rgb[SCENE_POINTS][3];
} scene_dabs;

typedef void scene_painter(scene_dabs *d);

/* Materials that tile. */
scene_painter scene_paint_plaster, scene_paint_wallpaper, scene_paint_planks, scene_paint_wood;
scene_painter scene_paint_fabric, scene_paint_bricks, scene_paint_carpet, scene_paint_tiles;
scene_painter scene_paint_leaves, scene_paint_metal, scene_paint_door;
/* Pictures. */
scene_painter scene_paint_rug, scene_paint_spines, scene_paint_poster, scene_paint_sign;
scene_painter scene_paint_window, scene_paint_screen, scene_paint_board;

/* All 64 points with one seed. */
static inline void fractal(const scene_dabs *d, uint32_t seed, int fu, int fv, int octaves,
                           float *out)
{
    uint32_t seeds[SCENE_POINTS];
    for (int i = 0; i < SCENE_POINTS; i++)
        seeds[i] = seed;
    d->noise->fractal(seeds, d->u, d->v, fu, fv, octaves, out);
}

static inline float clamp01(float x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static inline float fraction(float x)
{
    float below = x - (float)(int)x;
    return below < 0 ? below + 1 : below;
}

/* The sine of x turns, to 0.001: a parabola and a touch of its square. */
static inline float wave(float x)
{
    float f = 0.5f - fraction(x), y = 8 * f - 16 * f * (f < 0 ? -f : f);
    return y + 0.225f * (y * (y < 0 ? -y : y) - y);
}

static inline bool inside(float x, float low, float high)
{
    return x >= low && x < high;
}

static inline void set(float rgb[3], float r, float g, float b)
{
    rgb[0] = r;
    rgb[1] = g;
    rgb[2] = b;
}

static inline void scale(float rgb[3], float k)
{
    for (int c = 0; c < 3; c++)
        rgb[c] *= k;
}

static inline void mix(float rgb[3], const float other[3], float share)
{
    for (int c = 0; c < 3; c++)
        rgb[c] += share * (other[c] - rgb[c]);
}

static inline float from_edge(float u, float v)
{
    float a = u < 1 - u ? u : 1 - u, b = v < 1 - v ? v : 1 - v;
    return a < b ? a : b;
}
