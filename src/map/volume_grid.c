/* SPDX-License-Identifier: Apache-2.0 */
#include "volume_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void volume_grid_finish(volume_grid *g)
{
    free(g->ray);
    free(g->table);
    *g = (volume_grid){0};
}

static bool same_camera(const omma_camera *a, const omma_camera *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height &&
           a->fx == b->fx && a->fy == b->fy && a->cx == b->cx && a->cy == b->cy &&
           memcmp(a->k, b->k, sizeof a->k) == 0;
}

static bool is_straight(const omma_camera *c)
{
    for (int i = 0; i < 5; i++)
        if (c->k[i] != 0)
            return false;
    return c->model == OMMA_CAMERA_PINHOLE;
}

static void fill_rays(volume_grid *g)
{
    const omma_camera *c = &g->camera;

    for (int j = 0; j < g->height; j++)
        for (int i = 0; i < g->width; i++) {
            double px[2] = {(i + 0.5) * c->width / g->width - 0.5,
                            (j + 0.5) * c->height / g->height - 0.5};
            double xy[2];
            float *ray = g->ray + 2 * ((size_t)j * g->width + i);
            bool seen = omma_camera_unproject(c, px, xy);

            ray[0] = seen ? (float)xy[0] : NAN;
            ray[1] = seen ? (float)xy[1] : NAN;
        }
}

/* From the picture's pixels to cells with (0, 0) in the corner of the first one. */
static void cell_from_px(const volume_grid *g, const double px[2], float at[2])
{
    at[0] = (float)((px[0] + 0.5) * g->width / g->camera.width);
    at[1] = (float)((px[1] + 0.5) * g->height / g->camera.height);
}

/* The part of the stereographic plane that the rays fill, and a little more. */
static void bound_table(volume_grid *g)
{
    double low[2] = {1, 1}, high[2] = {-1, -1};

    for (size_t i = 0; i < (size_t)g->width * g->height; i++) {
        double x = g->ray[2 * i], y = g->ray[2 * i + 1], r = 1 + sqrt(1 + x * x + y * y);

        low[0] = fmin(low[0], x / r), high[0] = fmax(high[0], x / r);
        low[1] = fmin(low[1], y / r), high[1] = fmax(high[1], y / r);
    }
    for (int k = 0; k < 2; k++) {
        double margin = 0.01 + 0.02 * fabs(high[k] - low[k]);

        g->origin[k] = (float)(low[k] - margin);
        g->nodes_per_unit[k] =
            (float)((GRID_NODES - 1) / fmax(high[k] - low[k] + 2 * margin, 0.02));
    }
}

static void fill_table(volume_grid *g)
{
    for (int j = 0; j < GRID_NODES; j++)
        for (int i = 0; i < GRID_NODES; i++) {
            double s = g->origin[0] + i / (double)g->nodes_per_unit[0];
            double t = g->origin[1] + j / (double)g->nodes_per_unit[1];
            double p[3] = {2 * s, 2 * t, 1 - s * s - t * t}, px[2];
            float *node = g->table + 2 * ((size_t)j * GRID_NODES + i);

            node[0] = node[1] = NAN;
            if (omma_camera_project(&g->camera, p, px, NULL))
                cell_from_px(g, px, node);
        }
}

omma_error volume_grid_set(volume_grid *g, const omma_camera *camera, int width, int height)
{
    omma_error err = omma_camera_check(camera);

    if (err)
        return err;
    if (width < 1 || height < 1 || width > 16384 || height > 16384)
        return omma_fail(OMMA_INVALID, "a depth map of %d x %d", width, height);
    if (g->ray && g->width == width && g->height == height && same_camera(&g->camera, camera))
        return OMMA_OK;
    volume_grid_finish(g);
    bool straight = is_straight(camera);
    float *ray = malloc(2 * (size_t)width * height * sizeof *ray);
    float *table = straight ? NULL : malloc(2 * GRID_NODES * GRID_NODES * sizeof *table);

    if (!ray || (!straight && !table)) {
        free(ray);
        free(table);
        return omma_fail(OMMA_NO_MEMORY, "no memory for the rays of %d x %d cells", width, height);
    }
    double fx = camera->fx * width / camera->width, fy = camera->fy * height / camera->height;

    *g = (volume_grid){.camera = *camera,
                       .width = width,
                       .height = height,
                       .ray = ray,
                       .table = table,
                       .straight = straight,
                       .cell_angle = (float)(1 / fmin(fx, fy)),
                       .f = {(float)fx, (float)fy}};
    cell_from_px(g, (double[2]){camera->cx, camera->cy}, g->c);
    fill_rays(g);
    if (table) {
        bound_table(g);
        fill_table(g);
    }
    return OMMA_OK;
}
