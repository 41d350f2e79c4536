/* SPDX-License-Identifier: Apache-2.0 */
/** The pose graph of a submap: what holds its keyframes together, and what the loop wants. */
#pragma once

#include "loop_tie.h"

/**
 * Spreads the error of a loop over the keyframes of a submap: a similarity each, over a spanning
 * tree of strongest covisibility, all other strong covisibility, and the ties.
 *
 * @param moved per keyframe: world_new_from_world_old; identity for other submaps'
 */
omma_error loop_graph_solve(const world *w, uint32_t submap, const loop_tie *ties, size_t count,
                            omma_sim3 *moved);

/**
 * The shortest way from one keyframe to another of its submap, from keyframe to keyframe that see
 * the same or follow each other: what drift has had to gather along. World units.
 */
double loop_graph_way(const world *w, uint32_t from, uint32_t to);
