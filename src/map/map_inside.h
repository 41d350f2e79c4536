/* SPDX-License-Identifier: Apache-2.0 */
/** What the map file needs to see of a map besides what is public. */
#pragma once

#include <omma/map.h>

/** The view that would make the i-th frame again as it is now: on its keyframe where that lives or
 *  is culled, with every correction. Its camera is not told. */
omma_view map_frame_view(const omma_map *m, size_t i);

/** The keyframe of a view, and its frame where that is not known yet. */
void map_add_keyframe(omma_map *m, const omma_view *v);

/** The keyframe's picture (taken); its name stays. An unknown keyframe is harmless. */
void map_set_jpeg(omma_map *m, uint32_t keyframe, omma_buffer *jpeg);

/** The tracker's memory as it is in the file: one zstd frame (taken), borrowed; NULL = none. */
void map_set_memory_blob(omma_map *m, omma_buffer *blob);
omma_buffer *map_memory_blob(const omma_map *m);

/** Whether a view from outside fits: its frame is known, with this time, or the last so far. */
bool map_may_add(const omma_map *m, const omma_view *v);

/** It was read from a journal. */
void map_set_unfinished(omma_map *m);

bool map_has_keyframe(const omma_map *m, uint32_t id);
