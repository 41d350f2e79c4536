/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <omma/geometry.h>

/* The up to 2 poses (a plane and its mirror image by the line of sight look alike) from which n >=
 * 4 points near one plane appear at the normalised points x. Returns how many; 0 when not near a
 * plane. */
int planar_pose_solve(const double *world, const double *x, size_t n,
                      omma_se3 camera_from_world[2]);
