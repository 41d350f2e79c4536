/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The pose of a picture from the one before it, when too little of the map is in view to place it
 * alone: the essential matrix of the shared features gives rotation and direction, and the few
 * whose depth is known give the length of the step. Without enough of these, agreeing, there is no
 * pose: the scale is never guessed.
 */
#pragma once

#include "localize.h"

/**
 * @param last  the record before, posed, with its sights
 * @param sights of the new picture; outlier is set by the result when it is good
 */
localization two_view_localize(const world *w, const record *last, sight *sights, size_t n,
                               uint64_t seed);
