/* SPDX-License-Identifier: Apache-2.0 */
/* Noise and mip pyramids; what is on the pictures is in scene_paint.c. */
#include "scene_texture.h"

#include <math.h>
#include <stdlib.h>

/* floorf without a call into the maths library. */
static float whole(float x)
{
    float i = (float)(int)x;
    return i > x ? i - 1 : i;
}

float scene_noise(uint32_t seed, float u, float v, int fu, int fv)
{
    float x = (u - whole(u)) * (float)fu, y = (v - whole(v)) * (float)fv;
    int xi = (int)x < fu ? (int)x : fu - 1, yi = (int)y < fv ? (int)y : fv - 1;
    uint32_t x0 = (uint32_t)xi, x1 = xi + 1 == fu ? 0 : x0 + 1;
    uint32_t y0 = (uint32_t)yi, y1 = yi + 1 == fv ? 0 : y0 + 1;

    float a = x - (float)xi, b = y - (float)yi;
    a = a * a * (3 - 2 * a);
    b = b * b * (3 - 2 * b);
    float top = scene_hash_unit(seed, x0, y0) * (1 - a) + scene_hash_unit(seed, x1, y0) * a;
    float bottom = scene_hash_unit(seed, x0, y1) * (1 - a) + scene_hash_unit(seed, x1, y1) * a;
    return 2 * (top * (1 - b) + bottom * b) - 1;
}

float scene_fractal(uint32_t seed, float u, float v, int fu, int fv, int octaves)
{
    float sum = 0, height = 0.6f;
    for (int i = 0; i < octaves; i++, height *= 0.5f)
        sum += height * scene_noise(seed + (uint32_t)i * 101, u, v, fu << i, fv << i);
    return sum;
}

static float *level_start(float *ycc, int size)
{
    return ycc + 3 * (size_t)size * (size_t)size;
}

static void to_ycc(const float rgb[3], float ycc[3])
{
    ycc[0] = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    ycc[1] = (rgb[2] - ycc[0]) / 1.772f;
    ycc[2] = (rgb[0] - ycc[0]) / 1.402f;
}

typedef struct painter {
    scene_paint paint;
    int variant;
    uint32_t seed;
} painter;

static void sample(const painter *p, float x, float y, float ycc[3])
{
    const float step = 1.0f / SCENE_TEXTURE_SIZE;
    float rgb[3] = {0, 0, 0};
    scene_paint_at(p->paint, p->variant, p->seed, x * step, y * step, rgb);
    for (int c = 0; c < 3; c++)
        rgb[c] = rgb[c] < 0 ? 0 : rgb[c] > 1 ? 1 : rgb[c];
    to_ycc(rgb, ycc);
}

/* The mean of four samples on a rotated grid. */
static void sample_finely(const painter *p, int x, int y, float ycc[3])
{
    static const float grid[4][2] = {
        {.375f, .125f}, {.875f, .375f}, {.125f, .625f}, {.625f, .875f}};
    float sum[3] = {0, 0, 0}, one[3];
    for (int k = 0; k < 4; k++) {
        sample(p, (float)x + grid[k][0], (float)y + grid[k][1], one);
        for (int c = 0; c < 3; c++)
            sum[c] += 0.25f * one[c];
    }
    for (int c = 0; c < 3; c++)
        ycc[c] = sum[c];
}

static bool differ(const float *a, const float *b)
{
    return fabsf(a[0] - b[0]) + fabsf(a[1] - b[1]) + fabsf(a[2] - b[2]) > 0.08f;
}

/* One sample per texel, and four where a drawn shape ends, so that edges are band-limited. */
static void paint_base(float *ycc, const painter *p)
{
    enum { N = SCENE_TEXTURE_SIZE };
    float *to = level_start(ycc, N);
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++)
            sample(p, (float)x + 0.5f, (float)y + 0.5f, to + 3 * (y * N + x));
    /* in row order: neighbours above and to the left may have been refined, which only smooths them
     */
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++) {
            float *here = to + 3 * (y * N + x);
            if ((x > 0 && differ(here, here - 3)) || (x < N - 1 && differ(here, here + 3)) ||
                (y > 0 && differ(here, here - 3 * N)) || (y < N - 1 && differ(here, here + 3 * N)))
                sample_finely(p, x, y, here);
        }
}

static void halve(float *ycc, int size)
{
    const float *from = level_start(ycc, size);
    float *to = level_start(ycc, size / 2);
    for (int y = 0; y < size / 2; y++)
        for (int x = 0; x < size / 2; x++) {
            const float *a = from + 3 * (2 * y * size + 2 * x), *b = a + 3 * size;
            for (int c = 0; c < 3; c++)
                *to++ = 0.25f * (a[c] + a[c + 3] + b[c] + b[c + 3]);
        }
}

static uint32_t pack(const float ycc[3])
{
    uint32_t y = (uint32_t)lrintf(255 * ycc[0]);
    uint32_t cb = (uint32_t)lrintf(128 + 254 * ycc[1]), cr = (uint32_t)lrintf(128 + 254 * ycc[2]);
    return y | cb << 8 | cr << 16;
}

omma_error scene_texture_create(scene_texture *out, scene_paint paint, int variant, uint64_t seed)
{
    const size_t texels = 2 * (size_t)SCENE_TEXTURE_SIZE * SCENE_TEXTURE_SIZE;
    float *ycc = calloc(texels, 3 * sizeof(float));
    uint32_t *packed = calloc(texels, sizeof(uint32_t));
    if (!ycc || !packed) {
        free(ycc);
        free(packed);
        return omma_fail(OMMA_NO_MEMORY, "no memory for a texture");
    }

    uint32_t own_seed =
        scene_hash((uint32_t)(seed ^ (seed >> 32)), (uint32_t)paint, (uint32_t)variant);
    paint_base(ycc, &(painter){paint, variant, own_seed});
    for (int size = SCENE_TEXTURE_SIZE; size > 1; size /= 2)
        halve(ycc, size);
    for (int size = SCENE_TEXTURE_SIZE; size >= 1; size /= 2)
        for (size_t i = 0, n = (size_t)size * (size_t)size; i < n; i++)
            packed[n + i] = pack(ycc + 3 * (n + i));
    free(ycc);
    *out = (scene_texture){.paint = paint, .variant = variant, .texels = packed};
    return OMMA_OK;
}
