/* SPDX-License-Identifier: Apache-2.0 */
/** The end of a run: everything is adjusted once more, and every frame that can gets its final
 * pose. */
#pragma once

#include "follow.h"
#include "world.h"

typedef struct complete_options {
    unsigned free_camera; /* OMMA_BUNDLE_*: what is to be found of the camera */
    uint64_t seed;
    const omma_log *log;
    const follower *follower;
} complete_options;

typedef struct complete_result {
    double rms_px, focal_sigma_px;
} complete_result;

complete_result complete(world *w, const complete_options *options);
