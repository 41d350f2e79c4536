/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <omma/geometry.h>

/* The up to 4 poses from which three points (rows of world) appear at the normalised points x. */
int p3p_solve(const double world[9], const double x[6], omma_se3 camera_from_world[4]);
