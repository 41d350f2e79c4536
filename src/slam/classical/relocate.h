/* SPDX-License-Identifier: Apache-2.0 */
/** Finding a lost camera again: descriptors of the picture against every keyframe of a submap, the
 * most alike first. */
#pragma once

#include "localize.h"
#include "mapping.h"

/**
 * @param submap where to look
 * @param max_candidates keyframes tried at most
 * @param sights on success: what was matched and agrees
 * @return a localization that is good, or not
 */
localization relocate(world *w, const follower *f, const omma_pyramid *now, uint32_t record_index,
                      uint32_t submap, size_t max_candidates, uint64_t seed, sight_list *sights);

/** The same for a frame whose picture is gone, from the descriptors of the features it saw, dead
 * ones included. sights: the matched places with the features they turned out to be. */
localization relocate_record(world *w, const follower *f, uint32_t record_index, uint32_t submap,
                             size_t max_candidates, uint64_t seed, sight_list *sights);

/** The same in any submap but one; the sights' features tell which it is. */
localization relocate_elsewhere(world *w, const follower *f, uint32_t record_index, uint32_t submap,
                                size_t max_candidates, uint64_t seed, sight_list *sights);

/** The same for a picture that is no frame, of any camera, in any submap. sights: in pixels of the
 * world's own camera. */
localization relocate_foreign(world *w, const follower *f, const omma_pyramid *picture,
                              const omma_camera *camera, size_t max_candidates, uint64_t seed,
                              sight_list *sights);

/** The same, when it must be near a guessed pose. */
localization relocate_near(world *w, uint32_t record_index, uint32_t submap, const omma_se3 *guess,
                           uint64_t seed, sight_list *sights);
