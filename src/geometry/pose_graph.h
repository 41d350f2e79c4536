/* SPDX-License-Identifier: Apache-2.0 */
/* One edge of a pose graph, for pose_graph.c and its test. */
#pragma once

#include <omma/geometry.h>

/**
 * e = log(measured^-1 b a^-1) with a and b camera_from_world, and, unless NULL, its derivatives
 * (7x7) by left increments of a and b, exact to fourth order in e.
 */
void pose_edge_error(const omma_sim3 *b_from_a, const omma_sim3 *a, const omma_sim3 *b, double e[7],
                     double *by_a, double *by_b);
