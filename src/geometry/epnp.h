/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <omma/geometry.h>

enum { EPNP_POSES = 3 };

/* Up to EPNP_POSES first guesses at the pose from n >= 6 points (rows of world) that are not on one
 * plane, seen at the normalised points x. Returns how many. */
int epnp_solve(const double *world, const double *x, size_t n, omma_se3 *camera_from_world);
