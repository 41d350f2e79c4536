/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points into blocks of neighbours: sorted along a space-filling curve (Morton, "A computer
 * oriented geodetic data base", IBM 1966) and cut every SPLAT_BLOCK points.
 */
#include "splat.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    uint64_t code;  /* along the curve */
    uint32_t point; /* equal places stay in their order */
} place;

static bool is_finite_point(const omma_cloud_point *p)
{
    return isfinite(p->world[0]) && isfinite(p->world[1]) && isfinite(p->world[2]);
}

/* 21 bits with two zeros between any two. */
static uint64_t spread_bits(uint64_t x)
{
    x &= 0x1fffff;
    x = (x | x << 32) & 0x1f00000000ffff;
    x = (x | x << 16) & 0x1f0000ff0000ff;
    x = (x | x << 8) & 0x100f00f00f00f00f;
    x = (x | x << 4) & 0x10c30c30c30c30c3;
    return (x | x << 2) & 0x1249249249249249;
}

/* Around the medians, four times as wide as what nearly all points are within. What lies farther
 * out shares the last steps: points there cost time, but do not make the steps coarse for others.
 */
typedef struct grid {
    double center[3], step;
} grid;

#define GRID_SAMPLES 4096

static grid choose_grid(const omma_cloud_point *points, const place *places, size_t n)
{
    size_t every = n / GRID_SAMPLES + 1, count = 0;
    double *values = omma_new_array(double, n / every + 1);
    grid g = {.step = 0};

    for (int k = 0; k < 3; k++) {
        count = 0;
        for (size_t i = 0; i < n; i += every)
            values[count++] = (double)points[places[i].point].world[k];
        g.center[k] = omma_median(values, count);
        for (size_t i = 0; i < count; i++)
            values[i] = fabs(values[i] - g.center[k]);
        omma_sort(values, count);
        g.step = fmax(g.step, values[(count - 1) * 49 / 50] / (1 << 18));
    }
    free(values);
    if (!(g.step > 0))
        g.step = 1;
    return g;
}

static uint64_t morton_code(const grid *g, const float world[3])
{
    uint64_t code = 0;

    for (int k = 0; k < 3; k++) {
        double at = ((double)world[k] - g->center[k]) / g->step + (1 << 20);

        code |= spread_bits((uint64_t)fmin(fmax(at, 0), (1 << 21) - 1)) << k;
    }
    return code;
}

/* Least significant digit first: stable. @return which of the two arrays holds the result. */
static place *radix_sort(place *from, place *to, size_t n)
{
    for (int shift = 0; shift < 63; shift += 11) {
        size_t start[2049] = {0};

        for (size_t i = 0; i < n; i++)
            start[(from[i].code >> shift & 2047) + 1]++;
        for (int d = 0; d < 2048; d++)
            start[d + 1] += start[d];
        for (size_t i = 0; i < n; i++)
            to[start[from[i].code >> shift & 2047]++] = from[i];
        place *swap = from;

        from = to;
        to = swap;
    }
    return from;
}

static uint32_t pack_normal(const float n[3])
{
    uint32_t packed = 0;
    float length = sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);

    if (!(length > 1e-6f && length < 1e6f))
        return 0;
    for (int k = 0; k < 3; k++)
        packed |= (uint32_t)(uint8_t)(int8_t)lrintf(127 * n[k] / length) << (8 * k);
    return packed;
}

static void fill_block(splat_block *b, const omma_cloud_point *points, const place *places, int n)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};

    for (int i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) {
            low[k] = fmin(low[k], (double)points[places[i].point].world[k]);
            high[k] = fmax(high[k], (double)points[places[i].point].world[k]);
        }
    for (int k = 0; k < 3; k++)
        b->center[k] = low[k] / 2 + high[k] / 2;
    b->count = n;
    b->radius = 0;
    for (int i = 0; i < n; i++) {
        const omma_cloud_point *p = &points[places[i].point];
        double x[3] = {(double)p->world[0] - b->center[0], (double)p->world[1] - b->center[1],
                       (double)p->world[2] - b->center[2]};

        b->x[i] = (float)x[0];
        b->y[i] = (float)x[1];
        b->z[i] = (float)x[2];
        b->color[i] = p->rgb[0] | (uint32_t)p->rgb[1] << 8 | (uint32_t)p->rgb[2] << 16;
        b->normal[i] = pack_normal(p->normal);
        b->radius = fmax(b->radius, sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]));
    }
    b->radius *= 1 + 1e-6; /* for rounding to float */
}

/* Median over some points of the distance to the nearest other one in the block. */
static double median_spacing(const splat_cloud *c)
{
    size_t step = c->count / 500 + 1, n = 0;
    double *nearest = omma_new_array(double, 4 * (c->count / step + 1));

    for (size_t k = 0; k < c->count; k += step) {
        const splat_block *b = &c->blocks[k];

        for (int i = b->count / 8; i < b->count; i += b->count / 4 + 1) {
            float best = INFINITY;

            for (int j = 0; j < b->count; j++) {
                float x = b->x[j] - b->x[i], y = b->y[j] - b->y[i], z = b->z[j] - b->z[i];
                float d = x * x + y * y + z * z;

                if (j != i && d > 0 && d < best)
                    best = d;
            }
            if (best < INFINITY)
                nearest[n++] = sqrt((double)best);
        }
    }
    double median = omma_median(nearest, n);

    free(nearest);
    return median;
}

omma_error splat_cloud_init(splat_cloud *out, const omma_cloud_point *points, size_t count)
{
    place *places = malloc((2 * count + 1) * sizeof *places);
    size_t n = 0;
    bool enough = places != NULL;

    *out = (splat_cloud){0};
    for (size_t i = 0; enough && i < count; i++)
        if (is_finite_point(&points[i]))
            places[n++].point = (uint32_t)i;
    if (n > 0) {
        grid g = choose_grid(points, places, n);

        for (size_t i = 0; i < n; i++)
            places[i].code = morton_code(&g, points[places[i].point].world);
        const place *sorted = radix_sort(places, places + n, n);

        out->count = (n + SPLAT_BLOCK - 1) / SPLAT_BLOCK;
        out->blocks = aligned_alloc(64, out->count * sizeof *out->blocks);
        enough = out->blocks != NULL;
        for (size_t i = 0; enough && i < out->count; i++) {
            size_t left = n - i * SPLAT_BLOCK;

            fill_block(&out->blocks[i], points, sorted + i * SPLAT_BLOCK,
                       left < SPLAT_BLOCK ? (int)left : SPLAT_BLOCK);
        }
    }
    free(places);
    if (!enough)
        return omma_fail(OMMA_NO_MEMORY, "no memory to draw %zu points", count);
    out->spacing = out->count ? median_spacing(out) : 0;
    return OMMA_OK;
}

void splat_cloud_finish(splat_cloud *c)
{
    free(c->blocks);
    *c = (splat_cloud){0};
}
