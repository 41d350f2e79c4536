/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The inner loops of the renderer, and the blocks of points that they run over. Plain C that
 * compilers vectorise; the twins are the same source (splat_kernel.h) compiled for AVX2 and
 * AVX-512, and as every operation is one of IEEE 754 or on integers they give the same pixels.
 */
#pragma once

#include <omma/map.h>

#define SPLAT_BLOCK  256 /* points */
#define SPLAT_WIDTH  256 /* of a tile, px: one tile fits into the second-level cache */
#define SPLAT_HEIGHT 64

/* Neighbours in space, so that a block covers a small part of the picture. */
typedef struct splat_block {
    _Alignas(64) float x[SPLAT_BLOCK]; /* from the block's centre */
    _Alignas(64) float y[SPLAT_BLOCK];
    _Alignas(64) float z[SPLAT_BLOCK];
    _Alignas(64) uint32_t color[SPLAT_BLOCK];  /* red + 256 green + 65536 blue */
    _Alignas(64) uint32_t normal[SPLAT_BLOCK]; /* signed bytes x, y, z of length 127, or 0 */
    double center[3];                          /* world */
    double radius;                             /* of a sphere around all points */
    int count;
} splat_block;

/* What a block looks like from one camera: point in camera = R x + t. */
typedef struct splat_view {
    float R[9], t[3];
    float focal;       /* px */
    float x0, y0;      /* principal point from the tile's first pixel, px */
    float nearest;     /* z below is not drawn */
    float half;        /* of a splat, world unit */
    float most;        /* half of the largest splat, px */
    float slack;       /* how far behind the nearest a splat still gives its colour */
    bool backs;        /* also what looks away from the camera */
    float facing;      /* by more than this cosine, times 127 */
    int width, height; /* of the tile */
} splat_view;

/* Nearest depth, and four sums of 16 bits: red, green, blue, weight. */
typedef struct splat_tile {
    _Alignas(64) float depth[SPLAT_WIDTH * SPLAT_HEIGHT]; /* INFINITY = nothing there */
    _Alignas(64) uint64_t sum[SPLAT_WIDTH * SPLAT_HEIGHT];
} splat_tile;

typedef struct splat_kernels {
    void (*clear)(splat_tile *t);
    /* Lowers depth to the nearest splat: for all blocks before the first blend. */
    void (*cover)(splat_tile *t, const splat_block *b, const splat_view *v);
    /* Adds the colours of what lies at that depth, weighted by the nearness to the centre. */
    void (*blend)(splat_tile *t, const splat_block *b, const splat_view *v);
    /* n mean colours of sums. */
    void (*resolve)(const uint64_t *sum, uint32_t *color, int n);
    /* out[i] = the smallest or largest of the 2 radius + 1 values around in[i]; in is readable from
     * -radius to n - 1 + radius. */
    void (*lowest)(const float *in, float *out, int n, int radius);
    void (*highest)(const float *in, float *out, int n, int radius);
    /* Value by value the lower or higher of two rows. */
    void (*lower)(float *to, const float *with, int n);
    void (*higher)(float *to, const float *with, int n);
    /* Colour times light, as sRGB from 0 to 1, three values a pixel. row[0..4]: inverse depths of
     * the rows -far, -near, 0, near, far; readable from -far to n - 1 + far; 0 = nothing there. */
    void (*shade)(const uint32_t *color, const float *const row[5], int near, int far,
                  float strength, float *rgb, int n);
} splat_kernels;

extern const splat_kernels splat_kernels_scalar, splat_kernels_avx2, splat_kernels_avx512;

/** The fastest that cpu (omma_cpu_flags) allows. */
const splat_kernels *splat_kernels_choose(unsigned cpu);

typedef struct splat_cloud {
    splat_block *blocks;
    size_t count;
    double spacing; /* median distance to the nearest point */
} splat_cloud;

/** Points that are not finite are left out. @return OMMA_OK (splat_cloud_finish);
 *  OMMA_NO_MEMORY. */
omma_error splat_cloud_init(splat_cloud *out, const omma_cloud_point *points, size_t count);
void splat_cloud_finish(splat_cloud *c);
