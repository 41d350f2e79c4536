/* SPDX-License-Identifier: Apache-2.0 */
/** The grid of a depth map as rays and back: what looks along which cell, and which cell sees a
 * point. Kept from one depth map to the next, for they nearly always share a camera. */
#pragma once

#include <omma/geometry.h>

typedef struct volume_grid {
    omma_camera camera;
    int width, height;
    float *ray;       /* x, y of (x, y, 1) per cell; NAN where there is none */
    float cell_angle; /* of a cell, about: 1 / focal length in cells */
    bool straight;    /* a pinhole camera without distortion: cell = f * (x / z) + c */
    float f[2], c[2];
    /* Otherwise cells as a table over the stereographic projection (x, y) / (z + |p|), in which
     * both camera models are smooth up to 90 degrees off the axis; looked up bilinearly. */
    float *table;
    float origin[2], nodes_per_unit[2];
} volume_grid;

/* Prepares g (zeroed at first) for this camera. @return OMMA_OK; OMMA_INVALID, OMMA_NO_MEMORY. */
omma_error volume_grid_set(volume_grid *g, const omma_camera *camera, int width, int height);
void volume_grid_finish(volume_grid *g);

#define GRID_NODES 256

static inline bool volume_grid_look_up(const volume_grid *g, const float p[3], float at[2])
{
    float scale = 1 / (p[2] + __builtin_sqrtf(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]));
    float s = (p[0] * scale - g->origin[0]) * g->nodes_per_unit[0];
    float t = (p[1] * scale - g->origin[1]) * g->nodes_per_unit[1];

    if (!(s >= 0 && t >= 0 && s < GRID_NODES - 1 && t < GRID_NODES - 1))
        return false;
    int i = (int)s, j = (int)t;
    const float *n = g->table + 2 * (j * GRID_NODES + i);

    s -= (float)i;
    t -= (float)j;
    for (int k = 0; k < 2; k++) {
        float upper = n[k] + s * (n[2 + k] - n[k]);
        float lower =
            n[2 * GRID_NODES + k] + s * (n[2 * GRID_NODES + 2 + k] - n[2 * GRID_NODES + k]);

        at[k] = upper + t * (lower - upper);
    }
    return true;
}

/* The cell that sees point p of the camera, row * width + column; -1 when none does. */
static inline int volume_grid_cell(const volume_grid *g, const float p[3])
{
    float at[2];

    if (!(p[2] > 0))
        return -1;
    if (g->straight) {
        float inverse = 1 / p[2];

        at[0] = g->f[0] * p[0] * inverse + g->c[0];
        at[1] = g->f[1] * p[1] * inverse + g->c[1];
    } else if (!volume_grid_look_up(g, p, at)) {
        return -1;
    }
    if (!(at[0] >= 0 && at[1] >= 0 && at[0] < (float)g->width && at[1] < (float)g->height))
        return -1;
    return (int)at[1] * g->width + (int)at[0];
}
