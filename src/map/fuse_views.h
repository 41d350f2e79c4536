/* SPDX-License-Identifier: Apache-2.0 */
/** The keyframes to fuse: where they are, which of them see the same, and their depth, of which as
 *  much is held decoded as a budget allows. */
#pragma once

#include <omma/map.h>

#include "depth_codec.h"
#include "fuse_lens.h"
#include "map_stop.h"

#include <stdatomic.h>

#define FUSE_SAMPLES    48 /* of each view: 8 x 6 */
#define FUSE_NEIGHBOURS 16 /* that a view is compared with, at most */

typedef struct fuse_view {
    size_t index; /* in the map */
    uint32_t id;
    omma_sim3 world_from_view;
    const fuse_lens *lens;
    depth_grid grid; /* width 0: not decoded now */
    uint64_t used_at;
    _Atomic uint32_t *taken; /* bit per cell: a point of another view speaks for it; NULL: done */
    float farthest;          /* sample */
    float sample[FUSE_SAMPLES][3]; /* world; NAN: none */
    uint32_t neighbour[FUSE_NEIGHBOURS];
    unsigned neighbours;
} fuse_view;

typedef struct fuse_views {
    const omma_map *map;
    map_stop stop;
    fuse_view *views; /* in the order of time */
    size_t count;
    fuse_lens **lenses;
    size_t lens_count, lens_capacity;
    double footprint; /* median size of a cell where it sees something, world unit */
    double error;     /* median of what cells expect, relative */
    size_t held_bytes;
    uint64_t clock;
    float *scale;           /* DEPTH_CODES: what a code is in units of the nearest depth */
    float error_scale[256]; /* relative error of an error's code */
} fuse_views;

/** Those keyframes of the main submap that have depth.
 *  @return OMMA_OK (given: fuse_views_finish); OMMA_NO_MEMORY, OMMA_IO; OMMA_INTERRUPTED. */
omma_error fuse_views_init(fuse_views *v, const omma_map *m, map_stop stop);
void fuse_views_finish(fuse_views *v);
/** Decodes this view and its neighbours; the pointers hold until the next call. */
omma_error fuse_views_hold(fuse_views *v, size_t i);
/** Lets go of all decoded depth. */
void fuse_views_drop(fuse_views *v);
/** How much of the world a cell of view i covers at a place. */
float fuse_view_footprint(const fuse_view *view, const float world[3]);
