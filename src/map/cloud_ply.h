/* SPDX-License-Identifier: Apache-2.0 */
/** A cloud as PLY. */
#pragma once

#include <omma/map.h>

/** Binary little-endian PLY of the points: x y z nx ny nz float, red green blue uchar, error float
 *  (expected, in the unit of the file), views uchar.
 *  @param map says the unit
 *  @return OMMA_OK; OMMA_EXISTS, OMMA_DENIED, OMMA_FULL, OMMA_IO. */
omma_error cloud_write_ply(const omma_cloud *c, const omma_map *map, const char *path,
                           const omma_export_options *o);
