/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The start of a map from tracked features and nothing else. Waits for parallax against one of
 * several start keyframes; tries an essential matrix and a homography, for an unknown camera at
 * several focal lengths; every hypothesis must survive a bundle adjustment over frames in between.
 */
#pragma once

#include "world.h"

typedef struct initialise_options {
    bool camera_known;
    double focal_hint; /* px; 0 = none */
    uint64_t seed;
    const omma_log *log;
} initialise_options;

/**
 * @param first  record in which this attempt began
 * @param now    the newest record; its keyframe is made here when the attempt succeeds
 * @return true when there is a map: keyframes and records from first on are posed where possible,
 *         features have depths, the camera may have a new focal length.
 */
bool initialise(world *w, uint32_t first, uint32_t now, const initialise_options *options);
