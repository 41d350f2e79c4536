/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <omma/map.h>

/** Binary little-endian PLY: vertices with normals and colours, triangles. map tells the unit; NULL
 *  = "units". @return as omma_map_write_ply. */
omma_error mesh_write_ply(const omma_mesh *mesh, const omma_map *map, const char *path,
                          const omma_export_options *o);
