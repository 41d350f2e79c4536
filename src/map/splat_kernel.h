/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source of all twins: included by splat.c, splat_avx2.c and splat_avx512.c, which say what
 * SPLAT_KERNELS is called.
 *
 * Two passes over the points (Botsch, Hornung, Zwicker, Kobbelt, "High-quality surface splatting on
 * today's GPUs", PBG 2005): the first finds the nearest depth of every pixel, the second blends the
 * colours of all splats that lie there. Points of one wall then average instead of fighting.
 */
#include "splat.h"

#include <math.h>
#include <string.h>

/* Splats of one block inside the tile: those that count, closed up. */
typedef struct seen {
    _Alignas(64) float u[SPLAT_BLOCK]; /* centre in the tile, px */
    _Alignas(64) float v[SPLAT_BLOCK];
    _Alignas(64) float z[SPLAT_BLOCK];
    _Alignas(64) float half[SPLAT_BLOCK];
    _Alignas(64) int32_t x0[SPLAT_BLOCK]; /* pixels x0..x1, y0..y1, both included */
    _Alignas(64) int32_t x1[SPLAT_BLOCK];
    _Alignas(64) int32_t y0[SPLAT_BLOCK];
    _Alignas(64) int32_t y1[SPLAT_BLOCK];
    _Alignas(64) uint8_t keep[SPLAT_BLOCK];
    int list[SPLAT_BLOCK + 1];
    int count;
} seen;

static inline float clampf(float x, float low, float high)
{
    x = x > low ? x : low; /* NaN becomes low */
    return x < high ? x : high;
}

/* ceil of a value within (-1024, 1024), without SSE 4.1. */
static inline int32_t ceil_near(float x)
{
    return 1024 - (int32_t)(1024.0f - x);
}

/* Half-open intervals: a splat of k px covers k pixels wherever it lies. A normal that points away
 * from the camera has, turned into it, a positive product with the ray. */
static inline void project(seen *restrict s, const splat_block *restrict b, const splat_view v,
                           const bool backs)
{
    const float width = (float)v.width, height = (float)v.height;
    const int n = b->count;

    for (int i = 0; i < n; i++) {
        float x = v.R[0] * b->x[i] + v.R[1] * b->y[i] + v.R[2] * b->z[i] + v.t[0];
        float y = v.R[3] * b->x[i] + v.R[4] * b->y[i] + v.R[5] * b->z[i] + v.t[1];
        float z = v.R[6] * b->x[i] + v.R[7] * b->y[i] + v.R[8] * b->z[i] + v.t[2];
        float scale = v.focal / z;
        float half = clampf(v.half * scale, 0.5f, v.most);
        float px = x * scale + v.x0, py = y * scale + v.y0;
        float left = px - half, right = px + half, top = py - half, bottom = py + half;
        int keep = (z >= v.nearest) & (right > 0) & (bottom > 0) & (left <= width - 1) &
                   (top <= height - 1);

        if (!backs) {
            float a = (float)((int32_t)(b->normal[i] << 24) >> 24),
                  c = (float)((int32_t)(b->normal[i] << 16) >> 24),
                  d = (float)((int32_t)(b->normal[i] << 8) >> 24);
            float nx = v.R[0] * a + v.R[1] * c + v.R[2] * d,
                  ny = v.R[3] * a + v.R[4] * c + v.R[5] * d,
                  nz = v.R[6] * a + v.R[7] * c + v.R[8] * d;

            keep &= nx * x + ny * y + nz * z <= v.facing * z;
        }
        s->u[i] = px;
        s->v[i] = py;
        s->z[i] = z;
        s->half[i] = half;
        s->x0[i] = ceil_near(clampf(left, 0, width));
        s->x1[i] = ceil_near(clampf(right, 0, width)) - 1;
        s->y0[i] = ceil_near(clampf(top, 0, height));
        s->y1[i] = ceil_near(clampf(bottom, 0, height)) - 1;
        s->keep[i] = (uint8_t)keep;
    }
}

static void see(seen *s, const splat_block *b, const splat_view *v)
{
    int count = 0;

    if (v->backs)
        project(s, b, *v, true);
    else
        project(s, b, *v, false);
    for (int i = b->count; i < SPLAT_BLOCK; i++)
        s->keep[i] = 0;
    for (int i = 0; i < SPLAT_BLOCK; i += 8) {
        uint64_t eight;

        memcpy(&eight, s->keep + i, 8);
        if (eight == 0)
            continue;
        for (int k = i; k < i + 8; k++) {
            s->list[count] = k;
            count += s->keep[k];
        }
    }
    s->count = count;
}

/* Large splats are discs. Cuts the row's interval to the disc's chord. */
static inline void cut_to_disc(float u, float half, float dy, int *x0, int *x1, int width)
{
    float rest = half * half - dy * dy, chord = rest > 0 ? sqrtf(rest) : 0;

    *x0 = ceil_near(clampf(u - chord, 0, (float)width));
    *x1 = ceil_near(clampf(u + chord, 0, (float)width)) - 1;
}

#define DISC_FROM 1.5f /* half of the size in px; smaller ones are squares */

static void clear(splat_tile *t)
{
    for (int i = 0; i < SPLAT_WIDTH * SPLAT_HEIGHT; i++) {
        t->depth[i] = INFINITY;
        t->sum[i] = 0;
    }
}

static void cover(splat_tile *t, const splat_block *b, const splat_view *v)
{
    seen s;

    see(&s, b, v);
    for (int k = 0; k < s.count; k++) {
        int i = s.list[k], x0 = s.x0[i], x1 = s.x1[i];
        float z = s.z[i], half = s.half[i];

        for (int y = s.y0[i]; y <= s.y1[i]; y++) {
            float *depth = t->depth + (size_t)y * SPLAT_WIDTH;

            if (half >= DISC_FROM)
                cut_to_disc(s.u[i], half, (float)y - s.v[i], &x0, &x1, v->width);
            for (int x = x0; x <= x1; x++)
                depth[x] = z < depth[x] ? z : depth[x];
        }
    }
}

/* 1 at the rim to 4 in the middle. */
static inline uint64_t weight(float d, float scale)
{
    d *= scale;
    return 1 + (uint64_t)(3.99f * clampf(1 - d * d, 0, 1));
}

#define ENOUGH ((uint64_t)240 << 48) /* sums of 16 bits: 255 * (240 + 16) just fits */

static void blend(splat_tile *t, const splat_block *b, const splat_view *v)
{
    seen s;

    see(&s, b, v);
    for (int k = 0; k < s.count; k++) {
        int i = s.list[k], x0 = s.x0[i], x1 = s.x1[i];
        float z = s.z[i] - v->slack, half = s.half[i], scale = 1 / (half + 0.25f);
        uint64_t c = b->color[i];
        uint64_t color = (c & 255) | (c & 0xff00) << 8 | (c & 0xff0000) << 16 | (uint64_t)1 << 48;

        for (int y = s.y0[i]; y <= s.y1[i]; y++) {
            const float *depth = t->depth + (size_t)y * SPLAT_WIDTH;
            uint64_t *sum = t->sum + (size_t)y * SPLAT_WIDTH;
            float dy = (float)y - s.v[i];
            uint64_t row = color * weight(dy, scale);

            if (half >= DISC_FROM)
                cut_to_disc(s.u[i], half, dy, &x0, &x1, v->width);
            for (int x = x0; x <= x1; x++)
                if ((z <= depth[x]) & (sum[x] < ENOUGH))
                    sum[x] += row * weight((float)x - s.u[i], scale);
        }
    }
}

static void resolve(const uint64_t *restrict sum, uint32_t *restrict color, int n)
{
    for (int i = 0; i < n; i++) {
        int32_t w = (int32_t)(sum[i] >> 48);
        float share = 1 / (float)(w > 0 ? w : 1);
        int32_t r = (int32_t)((float)(int32_t)(sum[i] & 0xffff) * share + 0.5f);
        int32_t g = (int32_t)((float)(int32_t)(sum[i] >> 16 & 0xffff) * share + 0.5f);
        int32_t b = (int32_t)((float)(int32_t)(sum[i] >> 32 & 0xffff) * share + 0.5f);

        color[i] = (uint32_t)(r | g << 8 | b << 16);
    }
}

/* ------------------------------------------------------------------------------ the picture */

static void lower(float *restrict to, const float *restrict with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = with[i] < to[i] ? with[i] : to[i];
}

static void higher(float *restrict to, const float *restrict with, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = with[i] > to[i] ? with[i] : to[i];
}

static void lowest(const float *restrict in, float *restrict out, int n, int radius)
{
    for (int i = 0; i < n; i++)
        out[i] = in[i];
    for (int k = 1; k <= radius; k++) {
        lower(out, in - k, n);
        lower(out, in + k, n);
    }
}

static void highest(const float *restrict in, float *restrict out, int n, int radius)
{
    for (int i = 0; i < n; i++)
        out[i] = in[i];
    for (int k = 1; k <= radius; k++) {
        higher(out, in - k, n);
        higher(out, in + k, n);
    }
}

/* How much nearer the middle of two opposite neighbours is. Inverse depth is linear over a plane:
 * there it is 0 at any slope. */
static inline float dent(float a, float b, float own)
{
    float d = 0.5f * (a + b) - own;

    return d > 0 ? d : 0;
}

/* Eye-dome lighting (Boucheny, "Visualisation scientifique de grands volumes de donnees: pour une
 * approche perceptive", thesis, Grenoble 2009, chapter 4), of inverse depths and opposite
 * neighbours, so that slanted planes stay as bright as others; nothing there (0) adds nothing. */
static void shade(const uint32_t *restrict color, const float *const row[5], int near, int far,
                  float strength, float *restrict rgb, int n)
{
    const float *restrict a = row[0], *restrict b = row[1], *restrict o = row[2],
                          *restrict c = row[3], *restrict d = row[4];

    for (int i = 0; i < n; i++) {
        float own = o[i];
        float close = dent(o[i - near], o[i + near], own) + dent(b[i], c[i], own) +
                      dent(b[i - near], c[i + near], own) + dent(b[i + near], c[i - near], own);
        float wide = dent(o[i - far], o[i + far], own) + dent(a[i], d[i], own) +
                     dent(a[i - far], d[i + far], own) + dent(a[i + far], d[i - far], own);
        float response = own > 0 ? (close + 0.5f * wide) / own : 0;
        float dark = strength * (response < 1 ? response : 1);
        float light = (0.3f + 0.7f / (1 + dark + dark * dark)) * (1.0f / 255);
        uint32_t p = color[i];

        rgb[3 * i] = (float)(int32_t)(p & 255) * light;
        rgb[3 * i + 1] = (float)(int32_t)(p >> 8 & 255) * light;
        rgb[3 * i + 2] = (float)(int32_t)(p >> 16 & 255) * light;
    }
}

const splat_kernels SPLAT_KERNELS = {
    .clear = clear,
    .cover = cover,
    .blend = blend,
    .resolve = resolve,
    .lowest = lowest,
    .highest = highest,
    .lower = lower,
    .higher = higher,
    .shade = shade,
};
