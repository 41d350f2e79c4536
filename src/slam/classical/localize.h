/* SPDX-License-Identifier: Apache-2.0 */
/** Where a camera is, from what it sees of the map. */
#pragma once

#include "world.h"

typedef struct localization {
    omma_se3 camera_from_world;
    uint32_t mature, mature_inliers; /* features of known depth: tried, agreeing */
    uint32_t inliers;                /* of all */
    bool good;                       /* the pose can be trusted */
    bool rotation;                   /* only the rotation is well observed */
} localization;

typedef struct localize_options {
    const omma_se3 *start; /* predicted camera_from_world */
    bool search;           /* no prediction to trust: PnP first */
    double position_sigma; /* prior on the position around start, world units; 0 = none */
    uint32_t min_mature;   /* fewest agreeing mature features of a trusted pose; 0 = 15 */
    double min_share;      /* of all sights that must agree where only rotation is seen; 0 = 0.6 */
    uint64_t seed;
} localize_options;

/**
 * Robust pose from sights. Features whose depth is only guessed count with the uncertainty that the
 * guess has in this view: across the epipolar line they bind, along it they do not; seen from where
 * they were anchored they bind the rotation alone.
 *
 * @param sights outlier is set by the result
 */
localization localize(const world *w, sight *sights, size_t n, const localize_options *options);
