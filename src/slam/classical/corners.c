/* SPDX-License-Identifier: Apache-2.0 */
#include "corners.h"

#include <omma/base.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARGIN = 6,          /* px of a level kept free of corners at the picture's border */
    MAX_CANDIDATES = 512 /* per cell; more means noise, and the threshold is raised */
};

corner_grid corner_grid_make(int width, int height, int cell)
{
    return (corner_grid){cell, (width + cell - 1) / cell, (height + cell - 1) / cell};
}

int corner_grid_at(const corner_grid *g, float x, float y)
{
    int column = (int)(x / g->cell), row = (int)(y / g->cell);
    column = column < 0 ? 0 : column >= g->columns ? g->columns - 1 : column;
    row = row < 0 ? 0 : row >= g->rows ? g->rows - 1 : row;
    return row * g->columns + column;
}

/* Offsets of the circle of radius 3, clockwise from the top. */
static const int8_t circle[16][2] = {{0, -3}, {1, -3},  {2, -2},  {3, -1}, {3, 0},  {3, 1},
                                     {2, 2},  {1, 3},   {0, 3},   {-1, 3}, {-2, 2}, {-3, 1},
                                     {-3, 0}, {-3, -1}, {-2, -2}, {-1, -3}};

/* Nine neighbouring bits set somewhere on a ring of sixteen. */
static bool has_arc(unsigned ring)
{
    unsigned r = ring | ring << 16;
    unsigned run = r & r >> 1; /* starts of runs of 2 */
    run &= run >> 2;           /* of 4 */
    run &= run >> 4;           /* of 8 */
    return (run & r >> 8 & 0xffff) != 0;
}

static bool is_fast_corner(const uint8_t *p, const int offset[16], int threshold)
{
    int high = *p + threshold, low = *p - threshold;
    unsigned bright = 0, dark = 0;

    for (int i = 0; i < 16; i++) {
        int v = p[offset[i]];
        bright |= (unsigned)(v > high) << i;
        dark |= (unsigned)(v < low) << i;
    }
    return has_arc(bright) || has_arc(dark);
}

/* Nine of sixteen in a row always cover two neighbouring compass points: a cheap first test. */
static inline bool may_be_corner(const uint8_t *p, int stride, int threshold)
{
    int high = *p + threshold, low = *p - threshold;
    int north = p[-3 * stride], south = p[3 * stride], west = p[-3], east = p[3];
    bool bright = ((north > high) | (south > high)) & ((west > high) | (east > high));
    bool dark = ((north < low) | (south < low)) & ((west < low) | (east < low));
    return bright | dark;
}

float corner_strength(const omma_level *level, int x, int y)
{
    int xx = 0, xy = 0, yy = 0;

    for (int r = -3; r <= 3; r++) {
        const uint8_t *p = level->data + (ptrdiff_t)(y + r) * level->stride + x;
        for (int c = -3; c <= 3; c++) {
            int gx = p[c + 1] - p[c - 1];
            int gy = p[c + level->stride] - p[c - level->stride];
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
        }
    }
    float half = 0.5f * (float)(xx + yy), difference = 0.5f * (float)(xx - yy);
    float root = sqrtf(difference * difference + (float)xy * (float)xy);
    return (half - root) / (4 * 49); /* 4: central differences span two pixels */
}

typedef struct cell_box {
    int left, top, right, bottom; /* level px, right and bottom excluded */
} cell_box;

static cell_box box_of_cell(const omma_level *level, const corner_grid *g, int cell, int l)
{
    int x = cell % g->columns * g->cell >> l, y = cell / g->columns * g->cell >> l;
    int side = g->cell >> l;
    cell_box b = {x, y, x + side, y + side};
    b.left = b.left < MARGIN ? MARGIN : b.left;
    b.top = b.top < MARGIN ? MARGIN : b.top;
    b.right = b.right > level->width - MARGIN ? level->width - MARGIN : b.right;
    b.bottom = b.bottom > level->height - MARGIN ? level->height - MARGIN : b.bottom;
    return b;
}

/* FAST corners of one box with their strengths. */
static size_t scan(const omma_level *level, const cell_box *b, int threshold, corner *out)
{
    int offset[16];
    size_t n = 0;

    for (int i = 0; i < 16; i++)
        offset[i] = circle[i][1] * level->stride + circle[i][0];
    for (int y = b->top; y < b->bottom; y++) {
        const uint8_t *row = level->data + (ptrdiff_t)y * level->stride;
        for (int x = b->left; x < b->right; x++) {
            if (!may_be_corner(row + x, level->stride, threshold) ||
                !is_fast_corner(row + x, offset, threshold))
                continue;
            out[n++] = (corner){(float)x, (float)y, corner_strength(level, x, y), 0};
            if (n == MAX_CANDIDATES)
                return n;
        }
    }
    return n;
}

static int by_score(const void *a, const void *b)
{
    const corner *p = a, *q = b;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    if (p->y != q->y) /* a fixed order: results must repeat */
        return p->y < q->y ? -1 : 1;
    return p->x < q->x ? -1 : p->x > q->x;
}

static bool is_near(const float *points, size_t n, float x, float y, float distance)
{
    for (size_t i = 0; i < n; i++) {
        float dx = points[2 * i] - x, dy = points[2 * i + 1] - y;
        if (dx * dx + dy * dy < distance * distance)
            return true;
    }
    return false;
}

/* Thresholds tried in turn; the last still stands above the noise of a usable picture. */
/* (grey levels / px)^2: below it a corner cannot be told from noise. */
#define MIN_STRENGTH 1.5f

static const int thresholds[] = {24, 12, 6, 4};

static size_t find_in_cell(const omma_pyramid *p, int l, const corner_grid *grid, int cell,
                           int room, const float *keep_away, size_t n_away, float min_distance,
                           corner *out)
{
    const omma_level *level = &p->level[l];
    const cell_box box = box_of_cell(level, grid, cell, l);
    const float scale = (float)(1 << l);
    corner candidate[MAX_CANDIDATES];
    size_t found = 0;

    if (box.left >= box.right || box.top >= box.bottom)
        return 0;
    for (size_t t = 0; t < sizeof(thresholds) / sizeof(*thresholds) && !found; t++) {
        size_t n = scan(level, &box, thresholds[t], candidate);
        qsort(candidate, n, sizeof(*candidate), by_score);
        for (size_t i = 0; i < n && found < (size_t)room; i++) {
            corner *c = &candidate[i];
            float x = (c->x + 0.5f) * scale - 0.5f, y = (c->y + 0.5f) * scale - 0.5f;
            if (c->score < MIN_STRENGTH || is_near(keep_away, n_away, x, y, min_distance))
                continue;
            bool crowded = false;
            for (size_t j = 0; j < found && !crowded; j++)
                crowded = hypotf(out[j].x - c->x, out[j].y - c->y) * scale < min_distance;
            if (crowded)
                continue;
            c->level = (uint8_t)l;
            out[found++] = *c;
        }
    }
    return found;
}

size_t corners_find(const omma_pyramid *p, int levels, const corner_grid *grid, const uint8_t *room,
                    const float *keep_away, size_t n, float min_distance, corner *out,
                    size_t capacity)
{
    const int cells = grid->columns * grid->rows;
    /* Points to keep away from, cell by cell, so that a cell looks at its neighbourhood only. */
    float *near = omma_new_array(float, 2 * n + 2);
    size_t count = 0;

    for (int cell = 0; cell < cells; cell++) {
        if (!room[cell])
            continue;
        float left = (float)(cell % grid->columns * grid->cell) - min_distance;
        float top = (float)(cell / grid->columns * grid->cell) - min_distance;
        float side = grid->cell + 2 * min_distance;
        size_t close = 0;
        for (size_t i = 0; i < n; i++) {
            float x = keep_away[2 * i], y = keep_away[2 * i + 1];
            if (x >= left && x < left + side && y >= top && y < top + side) {
                near[2 * close] = x;
                near[2 * close++ + 1] = y;
            }
        }
        corner found[256];
        size_t got = 0;
        for (int l = 0; l < levels && l < p->levels && !got; l++)
            got = find_in_cell(p, l, grid, cell, room[cell], near, close, min_distance, found);
        for (size_t i = 0; i < got && count < capacity; i++)
            out[count++] = found[i];
    }
    free(near);
    return count;
}
