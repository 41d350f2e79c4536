/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The pose of a picture far from the last one. Following leaves it too few features of known depth;
 * but all corners of the last keyframes together have matches enough: from them the essential
 * matrix tells the motion but for the length of the step, and the corners that two keyframes of
 * known pose saw elect the length (step_vote.h).
 */
#pragma once

#include "known_corners.h"
#include "localize.h"
#include "mapping.h"

enum { WIDE_KEPT = 4 };

/** The last keyframes, newest first. Zeroed is empty. */
typedef struct wide_memory {
    wide_view view[WIDE_KEPT];
    int count;
} wide_memory;

void wide_finish(wide_memory *m);
/** The picture of a new keyframe. */
void wide_remember(wide_memory *m, const world *w, const follower *f, const omma_pyramid *now,
                   uint32_t keyframe);

/** Whether a keyframe of the submap is among them. */
bool wide_knows(const wide_memory *m, const world *w, uint32_t submap);

/**
 * @param here the new picture, frame its colours
 * @param submap whose keyframes may place it
 * @param sights on success what was matched, new features of the world included (result.inliers of
 *        them), before what else was there; otherwise untouched
 */
localization wide_localize(wide_memory *m, world *w, const follower *f, const described *here,
                           const omma_frame *frame, uint32_t submap, uint64_t seed,
                           const omma_log *log, sight_list *sights);
