/* SPDX-License-Identifier: Apache-2.0 */
/** The depth of one feature: filtered frame by frame while it is young, solved from keyframes
 * later. */
#pragma once

#include "world.h"

/** A feature of known depth: its inverse depth is certain to this share. */
#define DEPTH_MATURE 0.2

/** Guess for features without parallax: the median inverse depth of what a camera sees, and as
 * unsure. */
double depth_typical(const world *w, const sight *sights, size_t n, const omma_se3 *pose);

/** One more sight of an immature feature from a known pose. Source: Vogiatzis, Hernandez,
 * "Video-based, real-time multi-view stereo", 2011, with a Gaussian only. */
void depth_update(const world *w, feature *f, const omma_se3 *pose, const sight *s);

/** Solves the inverse depth from the anchor's and the other keyframes' sights (Gauss-Newton), sets
 * its sigma, and lets the feature mature. @return false when the sights contradict each other. */
bool depth_solve(const world *w, feature *f);
