/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lets go of keyframes that say nothing new (Mur-Artal et al., ORB-SLAM, 2015, section VI-E):
 * nearly all of their points are seen by enough others. The map stays as large as the place, not as
 * long as the video.
 */
#pragma once

#include "world.h"

/**
 * Culls among the keyframes that share points with k; k itself, the newest and each submap's first
 * are kept. Features held by a culled keyframe are held by the next one that saw them; frames that
 * hung on it hang on its neighbour in time.
 *
 * @param few a map of at most so many keyframes keeps them all
 * @param out ids of the culled keyframes, rising
 * @return how many, at most max.
 */
size_t cull_around(world *w, uint32_t k, size_t few, uint32_t *out, size_t max);
