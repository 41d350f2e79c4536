/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a pinhole picture the inverse depth of a plane is linear: with the ray (x, y, 1),
 *
 *     1 / z = a x + b y + g   <=>   (a, b, g) . (z x, z y, z) = 1,
 *
 * so differences of inverse depth between neighbours give the plane. The step grows with the
 * expected error, for between close neighbours the noise of 1 / z would be taken for a slope. At a
 * jump or a crease the two sides disagree, and the flatter one is believed.
 */
#include "volume_depth.h"

#include <math.h>
#include <string.h>

#define LEAST_COSINE 0.15f /* more slanted than 81 degrees: nothing to hold on to */

/* A ray that passes just inside an edge leaves the body again soon, and what it says of the voxels
 * behind is wrong then. Views of that other side must be able to answer, so each tells of more
 * before its surface than behind; and behind a surface whose rim is near, no more is told than it
 * is far (exact for edges of 90 degrees), but what a net needs of a surface seen straight. */
#define FRONT        3
#define LEAST_BEHIND 1.75f

typedef struct filler {
    const volume_grid *g;
    const omma_depth_map *d;
    double max_error;
} filler;

static float error_at(const filler *f, size_t i)
{
    return f->d->error ? f->d->error[i] : 0;
}

static bool is_known(const filler *f, size_t i)
{
    float depth = f->d->depth[i], error = error_at(f, i);

    return depth > 0 && depth < 1e30f && error >= 0 && error <= f->max_error &&
           f->g->ray[2 * i] == f->g->ray[2 * i];
}

/* Steps along one axis of the grid: in the ray and in inverse depth. */
typedef struct slope {
    float x, y, q;
} slope;

static slope difference(const filler *f, size_t from, size_t to)
{
    const float *a = f->g->ray + 2 * from, *b = f->g->ray + 2 * to;

    return (slope){b[0] - a[0], b[1] - a[1], 1 / f->d->depth[to] - 1 / f->d->depth[from]};
}

/* place: of the cell along this axis, of size cells that are stride apart. */
static slope slope_at(const filler *f, size_t i, int place, int size, size_t stride, int step)
{
    bool before = place >= step && is_known(f, i - step * stride);
    bool after = place + step < size && is_known(f, i + step * stride);
    slope s = {0}, t = {0};

    if (before)
        s = difference(f, i - step * stride, i);
    if (after)
        t = difference(f, i, i + step * stride);
    if (!before || !after)
        return before ? s : t;
    if (fabsf(s.q - t.q) * f->d->depth[i] <= 4 * error_at(f, i) + 0.002f * (float)step)
        return (slope){s.x + t.x, s.y + t.y, s.q + t.q};
    return fabsf(s.q) <= fabsf(t.q) ? s : t;
}

/* (a, b, g) above; level where a neighbour is missing. */
static void plane_at(const filler *f, int column, int row, float plane[3])
{
    const volume_grid *g = f->g;
    size_t i = (size_t)row * g->width + column;
    const float *ray = g->ray + 2 * i;
    int step = (int)(2 * error_at(f, i) / g->cell_angle + 0.5f);

    step = step < 1 ? 1 : step > 6 ? 6 : step;
    slope u = slope_at(f, i, column, g->width, 1, step);
    slope v = slope_at(f, i, row, g->height, (size_t)g->width, step);

    if (u.x == 0 && u.y == 0)
        u = (slope){.x = v.y, .y = -v.x};
    if (v.x == 0 && v.y == 0)
        v = (slope){.x = -u.y, .y = u.x};
    float area = u.x * v.y - u.y * v.x;

    plane[0] = area != 0 ? (u.q * v.y - v.q * u.y) / area : 0;
    plane[1] = area != 0 ? (u.x * v.q - v.x * u.q) / area : 0;
    plane[2] = 1 / f->d->depth[i] - plane[0] * ray[0] - plane[1] * ray[1];
}

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static depth_cell cell_at(const filler *f, int column, int row, float scale, float weight)
{
    size_t i = (size_t)row * f->g->width + column;
    const float *ray = f->g->ray + 2 * i;
    float plane[3], depth = scale * f->d->depth[i];

    plane_at(f, column, row, plane);
    float size = sqrtf(plane[0] * plane[0] + plane[1] * plane[1] + plane[2] * plane[2]);
    float cosine = 1 / (f->d->depth[i] * size * sqrtf(ray[0] * ray[0] + ray[1] * ray[1] + 1));

    if (!(cosine >= LEAST_COSINE))
        return (depth_cell){0};
    /* Weights are inverse variances of the distance; what is known to better than a quarter voxel
     * counts no more than that, for the voxels hide the difference. */
    float sigma = error_at(f, i) * depth, share = 0.25f / fmaxf(sigma, 0.25f);
    float band = clamp(2 + 3 * sigma, 3, 8);

    return (depth_cell){
        .normal = {plane[0] / size, plane[1] / size, plane[2] / size},
        .offset = scale / size,
        .depth = depth,
        .band = band,
        .before = fminf((band + FRONT) / cosine, 4 * band),
        .behind = fmaxf(band, LEAST_BEHIND / cosine),
        .weight = (uint8_t)(clamp(FULL_WEIGHT * weight * share * share * cosine * cosine, 1,
                                  FULL_WEIGHT) +
                            0.5f),
    };
}

/* The cell is nearer than its neighbour by more than the slope of its plane explains. */
static bool is_rim(const depth_cell *cell, const depth_cell *neighbour, float cell_angle)
{
    if (!neighbour->weight)
        return true;
    return neighbour->depth - cell->depth > cell->before - FRONT + 8 * cell_angle * cell->depth;
}

static void find_rims(depth_cell *cells, const volume_grid *g)
{
    int width = g->width, height = g->height;

    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            depth_cell *c = &cells[(size_t)row * width + column];

            c->rim = FARTHEST_RIM;
            if (!c->weight || (column > 0 && is_rim(c, c - 1, g->cell_angle)) ||
                (column + 1 < width && is_rim(c, c + 1, g->cell_angle)) ||
                (row > 0 && is_rim(c, c - width, g->cell_angle)) ||
                (row + 1 < height && is_rim(c, c + width, g->cell_angle)))
                c->rim = 0;
        }
}

static void lower_rim(depth_cell *cell, const depth_cell *neighbour)
{
    if (neighbour->rim + 1 < cell->rim)
        cell->rim = (uint8_t)(neighbour->rim + 1);
}

/* Distances from the rims, in two passes; steps along the axes only. */
static void spread_rims(depth_cell *cells, int width, int height)
{
    size_t n = (size_t)width * height;

    for (size_t i = 0; i < n; i++) {
        if (i % width)
            lower_rim(&cells[i], &cells[i - 1]);
        if (i >= (size_t)width)
            lower_rim(&cells[i], &cells[i - width]);
    }
    for (size_t i = n; i-- > 0;) {
        if ((i + 1) % width)
            lower_rim(&cells[i], &cells[i + 1]);
        if (i + width < n)
            lower_rim(&cells[i], &cells[i + width]);
    }
}

void depth_cells_fill(depth_cell *cells, const volume_grid *g, const omma_depth_map *d,
                      double scale, double max_error, double weight)
{
    filler f = {g, d, max_error};

    for (int row = 0; row < g->height; row++)
        for (int column = 0; column < g->width; column++) {
            size_t i = (size_t)row * g->width + column;

            cells[i] = (depth_cell){0};
            if (is_known(&f, i))
                cells[i] = cell_at(&f, column, row, (float)scale, (float)weight);
            if (d->rgb)
                memcpy(cells[i].rgb, d->rgb + 3 * i, 3);
            else
                memset(cells[i].rgb, 128, 3);
        }
    find_rims(cells, g);
    spread_rims(cells, g->width, g->height);
    for (size_t i = 0; i < (size_t)g->width * g->height; i++)
        if (cells[i].rim < FARTHEST_RIM)
            cells[i].behind =
                fminf(cells[i].behind,
                      fmaxf(cells[i].rim * g->cell_angle * cells[i].depth, LEAST_BEHIND));
}
