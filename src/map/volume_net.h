/* SPDX-License-Identifier: Apache-2.0 */
/** The surface net of one block: its vertices, and the edges of the grid that the surface crosses.
 */
#pragma once

#include "volume.h"

/* Edge 4 a + b + 2 c of a cell runs along axis a; b and c are its places, 0 or 1, on the axes that
 * follow a. A surface that passes a cell in several sheets has a vertex for each of them. */
typedef struct net_cases {
    uint8_t sheets[256];    /* of a cell by the signs of its corners (bit x + 2 y + 4 z: inside) */
    uint8_t sheet[256][12]; /* the sheet that crosses an edge */
} net_cases;

void net_cases_fill(net_cases *c);

/* An edge in volume_net.edges: its first voxel, its axis, and whether the outside is at its start.
 */
#define NET_EDGE(voxel, axis, turned) ((uint16_t)((voxel) | (axis) << 9 | (turned) << 11))
#define NET_EDGE_VOXEL(edge)          ((edge)&511)
#define NET_EDGE_AXIS(edge)           ((edge) >> 9 & 3)
#define NET_EDGE_TURNED(edge)         ((edge) >> 11)

/* @param around the block and those above it: [x + 2 y + 4 z], NULL = nothing known
 * @param out given: volume_net_destroy; NULL when no surface passes
 * @return OMMA_OK; OMMA_NO_MEMORY. */
omma_error volume_net_create(volume_net **out, const volume_block *const around[8],
                             const int32_t place[3], const net_cases *cases);
void volume_net_destroy(volume_net **net);
