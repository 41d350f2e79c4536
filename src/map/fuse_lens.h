/* SPDX-License-Identifier: Apache-2.0 */
/** A camera on the grid of its depth, in tables: rays of the cells and the way back, so that a lens
 *  with distortion costs no more than one without. */
#pragma once

#include <omma/geometry.h>

#include <math.h>

#define LENS_NODES 192 /* of the table for the way back, on each side */

typedef struct fuse_lens {
    omma_camera camera;
    int width, height;           /* cells */
    float *ray;                  /* width x height x 2, normalised; NAN where there is none */
    float pixel;                 /* angle of a cell in the middle, rad */
    float least[2], per_unit[2]; /* normalised point to place in the table */
    float *cell;                 /* LENS_NODES x LENS_NODES x 2: the cell seen there; NAN: none */
} fuse_lens;

/** @return OMMA_OK (given: fuse_lens_finish); OMMA_NO_MEMORY. */
omma_error fuse_lens_init(fuse_lens *l, const omma_camera *camera, int width, int height);
void fuse_lens_finish(fuse_lens *l);
bool fuse_lens_fits(const fuse_lens *l, const omma_camera *camera, int width, int height);

/** The place on the grid (cells, (0, 0) in the middle of the first one) that sees a point with
 *  z > 0. @return false when none does. */
static inline bool fuse_lens_project(const fuse_lens *l, const float point[3], float cell[2])
{
    float inverse = 1 / point[2];
    float u = (point[0] * inverse - l->least[0]) * l->per_unit[0];
    float v = (point[1] * inverse - l->least[1]) * l->per_unit[1];

    if (!(u >= 0 && v >= 0 && u < LENS_NODES - 1 && v < LENS_NODES - 1))
        return false;
    int i = (int)u, j = (int)v;
    const float *a = l->cell + 2 * (j * LENS_NODES + i), *b = a + 2 * LENS_NODES;
    float s = u - (float)i, t = v - (float)j;

    for (int k = 0; k < 2; k++) {
        float upper = a[k] + s * (a[k + 2] - a[k]), lower = b[k] + s * (b[k + 2] - b[k]);

        cell[k] = upper + t * (lower - upper);
    }
    return cell[0] > -0.5f && cell[1] > -0.5f && cell[0] < (float)l->width - 0.5f &&
           cell[1] < (float)l->height - 0.5f; /* false for NAN */
}
