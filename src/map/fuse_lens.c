/* SPDX-License-Identifier: Apache-2.0 */
#include "fuse_lens.h"

#include <stdlib.h>

#define WIDEST 6.f /* rays further off the axis (80 degrees) are left out */

static void make_rays(fuse_lens *l)
{
    float *ray = l->ray;

    for (int y = 0; y < l->height; y++)
        for (int x = 0; x < l->width; x++, ray += 2) {
            double px[2] = {(x + 0.5) * l->camera.width / l->width - 0.5,
                            (y + 0.5) * l->camera.height / l->height - 0.5},
                   n[2];

            ray[0] = ray[1] = NAN;
            if (omma_camera_unproject(&l->camera, px, n) && fabs(n[0]) < WIDEST &&
                fabs(n[1]) < WIDEST) {
                ray[0] = (float)n[0];
                ray[1] = (float)n[1];
            }
        }
}

/* What the rays span, and a cell more on each side. */
static void measure_span(fuse_lens *l)
{
    float least[2] = {WIDEST, WIDEST}, most[2] = {-WIDEST, -WIDEST};

    for (size_t i = 0; i < 2 * (size_t)l->width * (size_t)l->height; i++) {
        least[i % 2] = fminf(least[i % 2], l->ray[i]); /* a NAN is ignored */
        most[i % 2] = fmaxf(most[i % 2], l->ray[i]);
    }
    for (int k = 0; k < 2; k++) {
        float margin = 1e-3f + (most[k] - least[k]) / (float)(k ? l->height : l->width);

        l->least[k] = least[k] - margin;
        l->per_unit[k] = (LENS_NODES - 1) / (most[k] - least[k] + 2 * margin);
    }
}

static void make_cells(fuse_lens *l)
{
    float *cell = l->cell;

    for (int j = 0; j < LENS_NODES; j++)
        for (int i = 0; i < LENS_NODES; i++, cell += 2) {
            double point[3] = {l->least[0] + i / l->per_unit[0], l->least[1] + j / l->per_unit[1],
                               1},
                   px[2];

            cell[0] = cell[1] = NAN;
            if (omma_camera_project(&l->camera, point, px, NULL)) {
                cell[0] = (float)((px[0] + 0.5) * l->width / l->camera.width - 0.5);
                cell[1] = (float)((px[1] + 0.5) * l->height / l->camera.height - 0.5);
            }
        }
}

omma_error fuse_lens_init(fuse_lens *l, const omma_camera *camera, int width, int height)
{
    *l = (fuse_lens){.camera = *camera, .width = width, .height = height};
    l->ray = malloc(2 * (size_t)width * (size_t)height * sizeof *l->ray);
    l->cell = malloc(2 * LENS_NODES * LENS_NODES * sizeof *l->cell);
    if (!l->ray || !l->cell) {
        fuse_lens_finish(l);
        return omma_fail(OMMA_NO_MEMORY, "no memory for the rays of %d x %d cells", width, height);
    }
    l->pixel = (float)(camera->width / (camera->fx * width));
    make_rays(l);
    measure_span(l);
    make_cells(l);
    return OMMA_OK;
}

void fuse_lens_finish(fuse_lens *l)
{
    free(l->ray);
    free(l->cell);
    *l = (fuse_lens){0};
}

bool fuse_lens_fits(const fuse_lens *l, const omma_camera *c, int width, int height)
{
    const omma_camera *o = &l->camera;
    bool same = l->width == width && l->height == height && o->model == c->model &&
                o->width == c->width && o->height == c->height && o->fx == c->fx &&
                o->fy == c->fy && o->cx == c->cx && o->cy == c->cy;

    for (int i = 0; i < 5; i++)
        same = same && o->k[i] == c->k[i];
    return same;
}
