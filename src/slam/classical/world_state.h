/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The world as bytes, so that another clip can go on in it.
 *
 * Kept: the camera, the shutter, keyframes, the poses of frames, and features of known depth with
 * all their sights. Not kept: what frames saw (the poses of old frames hang on their keyframes),
 * features that are dead or whose depth is a guess, and patches, which are cut out of the
 * keyframes' pictures again (world_cut_patches). Indices of keyframes and records stay.
 */
#pragma once

#include "world.h"

/** Lengths as scale times the world's own. */
void world_put(omma_byte_list *b, const world *w, double scale);

/** Into an empty world. @return OMMA_OK; OMMA_FORMAT (as it is then, world_finish() releases it).
 *  Fuzzed. */
omma_error world_take(world *w, omma_byte_reader *r);

/** Patches of all features that lack one and were seen by keyframe k, from its picture. */
void world_cut_patches(world *w, uint32_t k, const omma_pyramid *picture);
