/* SPDX-License-Identifier: Apache-2.0 */
/** Where a map stood before another clip went on in it: whatever is adjusted or merged afterwards,
 * it keeps its frame and its unit. */
#pragma once

#include "world.h"

typedef struct old_frame {
    omma_se3 *pose;  /* camera_from_world of each keyframe then; NULL: there was no map */
    uint8_t *counts; /* whether it stood in the submap that is kept */
    uint32_t count;
    uint32_t record; /* one of that submap, which tells where it is now */
} old_frame;

/** The world's keyframes as they stand; old_frame_finish() releases. */
old_frame old_frame_remember(const world *w, uint32_t submap);
void old_frame_finish(old_frame *o);

/** Moves the submap to where its old part was, as well as a similarity can. */
void old_frame_restore(const old_frame *o, world *w);
