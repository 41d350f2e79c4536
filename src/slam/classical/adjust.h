/* SPDX-License-Identifier: Apache-2.0 */
/** Bundle adjustment over chosen keyframes of the living submap. */
#pragma once

#include "world.h"

typedef struct adjust_options {
    int iterations;       /* 0 = 8 */
    unsigned free_camera; /* OMMA_BUNDLE_* */
    double focal_prior, focal_prior_sigma;
    bool drop_outliers; /* sights that disagree afterwards are forgotten */
} adjust_options;

typedef struct adjust_result {
    bool done;
    double rms_px, focal_sigma_px;
    size_t poses, points, sights;
} adjust_result;

/** The keyframe and its best neighbours move, everything else that sees their points is held. */
adjust_result adjust_around(world *w, uint32_t keyframe, const adjust_options *options);

/** All keyframes of a submap. */
adjust_result adjust_submap(world *w, uint32_t submap, const adjust_options *options);

/** Keyframes by how many features they share with one, best first. @return how many, at most max.
 */
size_t adjust_neighbours(const world *w, uint32_t keyframe, uint32_t min_shared, uint32_t *out,
                         size_t max);

/**
 * How the sights of a keyframe's neighbourhood would like the shutter's readout changed: one
 * Gauss-Newton step with everything else held, against a prior of no rolling shutter.
 * @return the new readout, s.
 */
double adjust_readout(const world *w, uint32_t keyframe, bool everywhere);

/** The newest posed keyframe of a submap; 0 when it has none. */
uint32_t adjust_newest(const world *w, uint32_t submap);
