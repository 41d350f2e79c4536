/* SPDX-License-Identifier: Apache-2.0 */
/** Points by the cubes they lie in, to find who is near. */
#pragma once

#include <omma/map.h>

#include <math.h>

/** The cube that holds a place. @return false when it is 2^20 cubes or more from the origin. */
static inline bool fuse_key(const float world[3], double edge, uint64_t *key)
{
    uint64_t packed = 0;

    for (int k = 0; k < 3; k++) {
        double c = floor(world[k] / edge);

        if (!(c >= -(1 << 20) && c < 1 << 20))
            return false;
        packed = packed << 21 | (uint64_t)(c + (1 << 20));
    }
    *key = packed;
    return true;
}

/** The finaliser of SplitMix64. */
static inline uint64_t fuse_hash(uint64_t key)
{
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 31;
}

typedef struct fuse_cells {
    double edge;
    uint64_t *key;   /* by cube */
    uint32_t *start; /* by cube, and one more: its part of order */
    uint32_t *order; /* indices of points, in rising order within a cube */
    size_t count;    /* cubes */
    uint32_t *slots; /* hashed keys: cube + 1 */
    size_t slot_count;
} fuse_cells;

/** Points that have no cube are in none.
 *  @return OMMA_OK (given: fuse_cells_finish); OMMA_NO_MEMORY. */
omma_error fuse_cells_init(fuse_cells *c, const omma_cloud_point *points, size_t n, double edge);
void fuse_cells_finish(fuse_cells *c);

/** The points of the 27 cubes around a place: up to 27 runs of order, as begin and end.
 *  @return how many runs. */
int fuse_cells_near(const fuse_cells *c, const float world[3], uint32_t runs[27][2]);
/** The same around a cube. */
int fuse_cells_around(const fuse_cells *c, uint64_t key, uint32_t runs[27][2]);
