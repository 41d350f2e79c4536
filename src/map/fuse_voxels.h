/* SPDX-License-Identifier: Apache-2.0 */
/** A cloud with one point in each cube: points that fall into one cube become their mean. */
#pragma once

#include <omma/map.h>

/** Fewer points than this are chosen from so many: a surface needs neighbours to be judged by. */
#define FUSE_FEWEST 500

typedef struct fuse_voxels {
    double edge;
    size_t limit; /* points; beyond it cubes become larger */
    omma_cloud_point *points;
    float *weight;
    uint64_t *key; /* of the cube */
    size_t count, capacity;
    uint32_t *slots; /* hashed keys: index of the point + 1 */
    size_t slot_count;
} fuse_voxels;

void fuse_voxels_init(fuse_voxels *v, double edge, size_t limit);
void fuse_voxels_finish(fuse_voxels *v);
/** Counts with 1 / error^2. Points further than 2^20 cubes from the origin are left out.
 *  @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error fuse_voxels_add(fuse_voxels *v, const omma_cloud_point *p);
/** Puts all points into cubes of this edge: after a change of edge, or of the points' places. */
omma_error fuse_voxels_sort(fuse_voxels *v, double edge);
/** Makes cubes as large as at most so many points need; of fewer than FUSE_FEWEST, leaves others
 * out. */
omma_error fuse_voxels_bound(fuse_voxels *v, size_t limit);
