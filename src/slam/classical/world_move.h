/* SPDX-License-Identifier: Apache-2.0 */
/** The world as a whole: copied, and its keyframes moved with all that hangs on them. */
#pragma once

#include "world.h"

/** A world of its own, for another thread. Frames are copied without their sights, and patches only
 * of features with patches[i] (NULL: none). world_finish() releases. */
world world_copy(const world *w, const uint8_t *patches);

/**
 * Moves every keyframe i and its camera's scale through moved[i], world_new_from_world_old:
 * features anchored there keep their pictures; frames and depth maps that hang on it come along.
 */
void world_move(world *w, const omma_sim3 *moved);

/** A whole submap through the similarity into_from_own; its keyframes, depths and frames are the
 *  other's then, which may be the same one. */
void world_move_submap(world *w, uint32_t own, uint32_t into, const omma_sim3 *into_from_own);
/** All of submap `from` belongs to `into`. */
void world_rename_submap(world *w, uint32_t from, uint32_t into);
