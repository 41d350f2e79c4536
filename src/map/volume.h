/* SPDX-License-Identifier: Apache-2.0 */
/** The volume from inside: blocks of voxels, and the piece of surface that each has had so far. */
#pragma once

#include <omma/map.h>

#include "block_index.h"
#include "map_stop.h"
#include "volume_depth.h"

enum {
    BLOCK_EDGE = 8,
    BLOCK_VOXELS = 512,
    DISTANCE_ONE = 1024, /* a distance of one voxel, as it is stored */
};

/* Voxel (x, y, z) of a block is [x + 8 y + 64 z] and stands at voxel * (8 place + (x, y, z)).
 * Distances are kept as sums of whole numbers, so that whatever is taken out again leaves exactly
 * what was there, in whichever order. Colours are means (8.8 bits), which rounding may move. */
typedef struct volume_block {
    int32_t sum[BLOCK_VOXELS]; /* of weight * distance */
    uint16_t weight[BLOCK_VOXELS];
    uint16_t rgb[BLOCK_VOXELS][3];
} volume_block;

typedef struct net_vertex {
    float position[3]; /* voxels */
    float normal[3];
    uint8_t rgb[3];
} net_vertex;

/* A block's part of the surface net (volume_net.h). */
typedef struct volume_net {
    net_vertex *vertices;
    uint16_t *edges;
    uint16_t vertex_count, edge_count;
    uint16_t first[BLOCK_VOXELS]; /* vertex of a cell */
    uint8_t signs[BLOCK_VOXELS];  /* of a cell's corners; 0 = no vertices */
} volume_net;

struct omma_volume {
    double voxel;
    size_t max_blocks;
    block_index index;
    volume_block **blocks; /* by number */
    volume_net **nets;     /* by number; NULL = no surface there */
    bool *changed;         /* by number: voxels changed since the last mesh */
    size_t capacity;
    size_t meshed_blocks; /* how many were meshed by the last omma_volume_mesh: for tests */

    volume_grid grid; /* kept between depth maps, as is what follows */
    depth_cell *cells;
    size_t cell_count;
    block_index near;     /* blocks that the depth map at hand may touch */
    block_index expected; /* and those of all that were expected */
    map_stop stop;
};

/* How many blocks there would be with this depth map and those asked about before: a little more
 * than integrating makes. @return OMMA_OK; OMMA_FULL (so many that it is no use to count them);
 * OMMA_INVALID, OMMA_NO_MEMORY. */
omma_error volume_expect(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                         const omma_sim3 *world_from_camera, double max_error, size_t *blocks);

/* The depth map's free space: voxels before what it saw lean to the outside, but where there is no
 * block already nothing is made. Cannot be undone. What fails as omma_volume_integrate does. */
omma_error volume_carve(omma_volume *v, const omma_depth_map *d, const omma_camera *camera,
                        const omma_sim3 *world_from_camera, double max_error);
