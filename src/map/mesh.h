/* SPDX-License-Identifier: Apache-2.0 */
/** What is done to meshes. All of it keeps the order of what stays, so equal input gives equal
 * bytes. @return OMMA_OK; OMMA_NO_MEMORY (the mesh is as it was); OMMA_INTERRUPTED where there is a
 * stop (NULL = never; the mesh may be half done). */
#pragma once

#include <omma/map.h>

#include "map_stop.h"

#define NO_HALF_EDGE UINT32_MAX

/* Half-edge 3 t + k goes from corner k of triangle t to the next. */
static inline uint32_t half_edge_next(uint32_t h)
{
    return h % 3 == 2 ? h - 2 : h + 1;
}

/* For each half-edge the one that runs the other way beside it, or NO_HALF_EDGE at a border and
 * where more than two triangles share an edge. Given: free(). */
omma_error mesh_twins(const omma_mesh *m, uint32_t **twins);

/* Room for empty vertices and triangles of a new mesh, counts set. */
omma_error mesh_create(omma_mesh *m, size_t vertices, size_t triangles);

/* Drops triangles with two equal corners, then vertices that no triangle uses. */
omma_error mesh_compact(omma_mesh *m);

/* Every edge is left with one or two triangles that agree on its direction, every vertex with one
 * fan of them. */
omma_error mesh_make_manifold(omma_mesh *m);

/* Drops connected pieces of fewer than least triangles. */
omma_error mesh_drop_pieces(omma_mesh *m, size_t least);

/* Closes holes whose rim is at most as long as this, without new vertices. */
omma_error mesh_close_holes(omma_mesh *m, double longest_rim, const map_stop *stop);

/* Collapses edges until at most this many triangles are left, or no edge can go without folding
 * the surface or changing its topology. Borders stay where they are. */
omma_error mesh_decimate(omma_mesh *m, size_t triangles, const map_stop *stop);
