/* SPDX-License-Identifier: Apache-2.0 */
/** The map's depth as those inside the module need it: for the map file as bytes, for fusion as
 *  codes. */
#pragma once

#include <omma/map.h>

#include "depth_codec.h"
#include "depth_store.h"

/** The store inside; map.c. */
depth_store *map_depth_store(const omma_map *m);

/** Encodes the depth that a keyframe's view brings and keeps it. Views that bring less than they
 *  say bring none. */
void map_keep_depth(omma_map *m, const omma_view *view);

/** The i-th keyframe's depth as depth_codec.h describes it, for a file.
 *  @return OMMA_OK (given: omma_buffer_unref; NULL when it has none); OMMA_IO, OMMA_NO_MEMORY. */
omma_error map_get_depth_blob(const omma_map *m, size_t i, omma_buffer **blob);
/** The same by its id. */
omma_error map_find_depth_blob(const omma_map *m, uint32_t keyframe, omma_buffer **blob);
/** The way back: blob is taken, and checked by decoding it.
 *  @return OMMA_OK; OMMA_FORMAT, OMMA_NO_MEMORY. */
omma_error map_put_depth_blob(omma_map *m, uint32_t keyframe, omma_buffer *blob);
/** The i-th keyframe's depth in codes. @return OMMA_OK (given: depth_grid_finish; width 0 when it
 *  has none); OMMA_IO, OMMA_NO_MEMORY. */
omma_error map_get_depth_grid(const omma_map *m, size_t i, depth_grid *out);
