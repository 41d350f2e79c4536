/* SPDX-License-Identifier: Apache-2.0 */
/** How the cameras of synthetic scenes walk: like somebody who holds one in the hand. */
#pragma once

#include <omma/geometry.h>

/* One lap of each walk; afterwards it begins again (corridor: goes back the same way). */
#define SCENE_ROOM_LAP_S     10.0
#define SCENE_CORRIDOR_LAP_S 20.0
/* Frame 599 of 30 per second, the last of the default, stands exactly where frame 0 stood. */
#define SCENE_LOOP_LAP_S (599 / 30.0)

/** world_from_camera at a time in s (any, also negative); seed: how the hand sways. */
omma_se3 scene_path_room(double time_s, uint64_t seed);
omma_se3 scene_path_corridor(double time_s, uint64_t seed);
omma_se3 scene_path_loop(double time_s, uint64_t seed);
