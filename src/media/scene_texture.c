/* SPDX-License-Identifier: Apache-2.0 */
/* Mip pyramids; what is on the pictures is in scene_paint.c and scene_print.c. */
#include "scene_texture.h"

#include "scene_paint.h"

#include <math.h>
#include <stdlib.h>

static scene_painter *painter_of(scene_paint paint)
{
    static scene_painter *const painters[] = {
        [SCENE_PLASTER] = scene_paint_plaster, [SCENE_WALLPAPER] = scene_paint_wallpaper,
        [SCENE_PLANKS] = scene_paint_planks,   [SCENE_WOOD] = scene_paint_wood,
        [SCENE_FABRIC] = scene_paint_fabric,   [SCENE_BRICKS] = scene_paint_bricks,
        [SCENE_CARPET] = scene_paint_carpet,   [SCENE_TILES] = scene_paint_tiles,
        [SCENE_LEAVES] = scene_paint_leaves,   [SCENE_METAL] = scene_paint_metal,
        [SCENE_RUG] = scene_paint_rug,         [SCENE_SPINES] = scene_paint_spines,
        [SCENE_POSTER] = scene_paint_poster,   [SCENE_DOOR] = scene_paint_door,
        [SCENE_SIGN] = scene_paint_sign,       [SCENE_WINDOW] = scene_paint_window,
        [SCENE_SCREEN] = scene_paint_screen,   [SCENE_BOARD] = scene_paint_board,
    };
    return painters[paint];
}

static int finest_of(scene_paint paint)
{
    return paint == SCENE_POSTER || paint == SCENE_SIGN || paint == SCENE_SCREEN ||
           paint == SCENE_LEAVES;
}

/* One plane per component, so that all loops over texels are plain. */
typedef struct canvas {
    int size;
    float *y, *cb, *cr; /* level of size s at s * s */
    scene_painter *painter;
    scene_dabs dabs;
    int at[SCENE_POINTS]; /* where the dabs go */
} canvas;

static void paint_dabs(canvas *c)
{
    c->painter(&c->dabs);
    for (int i = 0; i < SCENE_POINTS; i++)
        for (int k = 0; k < 3; k++)
            c->dabs.rgb[i][k] = clamp01(c->dabs.rgb[i][k]);
}

static void to_ycc(const float rgb[3], float ycc[3])
{
    ycc[0] = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    ycc[1] = (rgb[2] - ycc[0]) * (1 / 1.772f);
    ycc[2] = (rgb[0] - ycc[0]) * (1 / 1.402f);
}

/* 64 texels of a row, one sample each. */
static void paint_strip(canvas *c, int x, int y)
{
    const float step = 1.0f / (float)c->size;
    const int at = c->size * (c->size + y) + x;
    for (int i = 0; i < SCENE_POINTS; i++) {
        c->dabs.u[i] = ((float)(x + i) + 0.5f) * step;
        c->dabs.v[i] = ((float)y + 0.5f) * step;
    }
    paint_dabs(c);
    for (int i = 0; i < SCENE_POINTS; i++) {
        float ycc[3];
        to_ycc(c->dabs.rgb[i], ycc);
        c->y[at + i] = ycc[0];
        c->cb[at + i] = ycc[1];
        c->cr[at + i] = ycc[2];
    }
}

/* ----------------------------------------------------------------------------------- edges */

#define EDGE_SAMPLES 4
#define EDGE_TEXELS  (SCENE_POINTS / EDGE_SAMPLES)

static bool differ(const canvas *c, int a, int b)
{
    return fabsf(c->y[a] - c->y[b]) + fabsf(c->cb[a] - c->cb[b]) + fabsf(c->cr[a] - c->cr[b]) >
           0.08f;
}

/* Paints up to 16 texels again, each as the mean of four samples on a rotated grid. */
static void refine(canvas *c, const int *edge, int n)
{
    static const float grid[EDGE_SAMPLES][2] = {
        {.375f, .125f}, {.875f, .375f}, {.125f, .625f}, {.625f, .875f}};
    const float step = 1.0f / (float)c->size;
    for (int i = 0; i < SCENE_POINTS; i++) {
        int at = edge[i / EDGE_SAMPLES < n ? i / EDGE_SAMPLES : n - 1] - c->size * c->size;
        c->dabs.u[i] = ((float)(at % c->size) + grid[i % EDGE_SAMPLES][0]) * step;
        c->dabs.v[i] = ((float)(at / c->size) + grid[i % EDGE_SAMPLES][1]) * step;
    }
    paint_dabs(c);
    for (int i = 0; i < n; i++) {
        float rgb[3], ycc[3];
        const float(*s)[3] = (const float(*)[3])c->dabs.rgb + EDGE_SAMPLES * i;
        for (int k = 0; k < 3; k++)
            rgb[k] = 0.25f * (s[0][k] + s[1][k] + s[2][k] + s[3][k]);
        to_ycc(rgb, ycc);
        c->y[edge[i]] = ycc[0];
        c->cb[edge[i]] = ycc[1];
        c->cr[edge[i]] = ycc[2];
    }
}

static void mark_edges(const canvas *c, uint8_t *edge)
{
    const int n = c->size, first = n * n;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            int i = y * n + x, right = x < n - 1 ? i + 1 : i, below = y < n - 1 ? i + n : i;
            bool a = differ(c, first + i, first + right), b = differ(c, first + i, first + below);
            edge[i] |= a | b;
            edge[right] |= a;
            edge[below] |= b;
        }
}

/* One sample per texel, and four where a drawn shape ends, so that edges are band-limited. */
static void paint_base(canvas *c, uint8_t *edge)
{
    const int n = c->size;
    int list[EDGE_TEXELS], count = 0;
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x += SCENE_POINTS)
            paint_strip(c, x, y);
    mark_edges(c, edge);
    for (int i = 0; i < n * n; i++) {
        if (!edge[i])
            continue;
        list[count++] = n * n + i;
        if (count == EDGE_TEXELS) {
            refine(c, list, count);
            count = 0;
        }
    }
    if (count > 0)
        refine(c, list, count);
}

/* --------------------------------------------------------------------------------- pyramid */

static void halve(float *plane, int size)
{
    float *to = plane + size / 2 * (size / 2);
    for (int y = 0; y < size / 2; y++)
        for (int x = 0; x < size / 2; x++) {
            const float *a = plane + size * (size + 2 * y) + 2 * x, *b = a + size;
            *to++ = 0.25f * (a[0] + a[1] + b[0] + b[1]);
        }
}

static void pack(uint32_t *restrict to, const canvas *c)
{
    const float *restrict y = c->y, *restrict cb = c->cb, *restrict cr = c->cr;
    for (int i = 1; i < 2 * c->size * c->size; i++) {
        int32_t a = (int32_t)(255 * y[i] + 0.5f), b = (int32_t)(254 * cb[i] + 128.5f);
        to[i] = (uint32_t)(a | b << 8 | (int32_t)(254 * cr[i] + 128.5f) << 16);
    }
}

omma_error scene_texture_create(scene_texture *out, scene_paint paint, int variant, uint64_t seed)
{
    const int finest = finest_of(paint), size = SCENE_TEXTURE_SIZE >> finest;
    const size_t texels = 2 * (size_t)size * (size_t)size;
    float *ycc = calloc(texels, 3 * sizeof(float));
    uint32_t *packed = calloc(texels, sizeof(uint32_t));
    uint8_t *edge = calloc(texels / 2, 1);
    if (!ycc || !packed || !edge) {
        free(ycc);
        free(packed);
        free(edge);
        return omma_fail(OMMA_NO_MEMORY, "no memory for a texture");
    }

    canvas c = {.size = size, .y = ycc, .cb = ycc + texels, .cr = ycc + 2 * texels};
    c.painter = painter_of(paint);
    c.dabs.noise = scene_noise_choose(omma_cpu_flags());
    c.dabs.seed = scene_hash((uint32_t)(seed ^ (seed >> 32)), (uint32_t)paint, (uint32_t)variant);
    c.dabs.variant = variant;
    paint_base(&c, edge);
    for (int k = 0; k < 3; k++)
        for (int s = size; s > 1; s /= 2)
            halve(ycc + (size_t)k * texels, s);
    pack(packed, &c);
    free(ycc);
    free(edge);
    *out = (scene_texture){.paint = paint, .variant = variant, .finest = finest, .texels = packed};
    return OMMA_OK;
}
