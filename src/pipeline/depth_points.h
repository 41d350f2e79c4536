/* SPDX-License-Identifier: Apache-2.0 */
/* Points from the depth of keyframes, for trackers that give depth and no sparse map. */
#pragma once

#include <omma/frame.h>
#include <omma/map.h>

typedef struct depth_points depth_points;

depth_points *depth_points_create(void);
void depth_points_destroy(depth_points **d);

/* Samples the keyframe's depth on a grid and keeps the points in the keyframe's own axes; frame
 * gives the colours and may be NULL (grey). borrowed */
void depth_points_add(depth_points *d, const omma_view *keyframe, const omma_frame *frame);

/* Puts all points into the map, at the places its keyframes have now. */
void depth_points_give(const depth_points *d, omma_map *map);
/* NULL has none. */
size_t depth_points_count(const depth_points *d);
