/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A world seen by a camera: which shapes can be in which tile, rays through the tiles, and smooth
 * edges.
 */
#pragma once

#include <omma/geometry.h>

#include "scene_cast.h"

typedef struct scene_renderer {
    const scene_world *world;
    const scene_kernels *kernels;
    int width, height, stride; /* stride: floats from row to row, width rounded up to tiles */
    double focal, cx, cy;      /* px */
    float *luma, *cb, *cr;     /* height rounded up to tiles x stride: the picture so far */
    int32_t *face;             /* of the latest drawing */
    scene_view *views;         /* nearest first */
    size_t view_count;
    uint16_t *row_list, *tile_list;
} scene_renderer;

/** @return OMMA_OK; OMMA_NO_MEMORY. world is borrowed until finish. */
omma_error scene_renderer_init(scene_renderer *r, const scene_world *world, int width, int height,
                               double focal);
void scene_renderer_finish(scene_renderer *r);

/** Puts the picture into luma, cb, cr, with smooth edges; depth (width x height, 0 = nothing there)
 *  may be NULL. */
void scene_draw(scene_renderer *r, const omma_se3 *world_from_camera, float *depth);

/** The depth alone. */
void scene_measure(scene_renderer *r, const omma_se3 *world_from_camera, float *depth);

/** Adds a share of the picture, seen from offset px beside the pixel centres. */
void scene_add(scene_renderer *r, const omma_se3 *world_from_camera, const float offset[2],
               float share);
/** Makes the picture black. */
void scene_clear(scene_renderer *r);
