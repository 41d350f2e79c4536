/* SPDX-License-Identifier: Apache-2.0 */
/** A depth map made ready for a volume: each cell becomes a small piece of a plane. */
#pragma once

#include <omma/map.h>

#include "volume_grid.h"

#define FULL_WEIGHT  64 /* of a cell that looks straight at what it knows to a quarter voxel */
#define FARTHEST_RIM 32

/* Lengths in voxels, in the camera's axes. The distance of a point p is offset - normal . p: the
 * plane's own, and so the same from wherever the plane is seen; positive towards the camera. */
typedef struct depth_cell {
    float normal[3], offset;
    float depth;  /* of the plane in the middle of the cell */
    float band;   /* distances are told up to this, and cut off there */
    float before; /* from this far in depth before the surface ... */
    float behind; /* ... to less than this far behind it */
    uint8_t rgb[3];
    uint8_t rim;    /* cells to the nearest jump or unknown cell, at most FARTHEST_RIM */
    uint8_t weight; /* 1..FULL_WEIGHT; 0 = nothing known here */
} depth_cell;

/* @param scale voxels per unit of depth   @param cells g->width x g->height, filled */
void depth_cells_fill(depth_cell *cells, const volume_grid *g, const omma_depth_map *d,
                      double scale, double max_error, double weight);
