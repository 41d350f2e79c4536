/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Follows features from one picture to the next: from where the predicted pose puts them, coarse
 * levels against the last picture, then the finest against the feature's own patch, warped, so that
 * positions do not drift from frame to frame.
 */
#pragma once

#include "world.h"

typedef struct follower {
    klt_kernels klt;
    descriptor_kernels descriptors;
    descriptor_pattern pattern;
} follower;

void follower_init(follower *f, unsigned cpu);

typedef struct follow_input {
    const omma_pyramid *before, *now;
    const omma_se3 *pose_before, *pose_now; /* camera_from_world: last, and predicted */
    const sight *sights;                    /* of the last picture */
    size_t count;
    int top_level; /* coarsest level used */
} follow_input;

/** @param out room for input->count sights; those that were found. @return how many. */
size_t follow_features(const follower *f, world *w, const follow_input *input, sight *out);

/** The same over wide baselines, by descriptors: for what KLT lost between sparse pictures.
 *  @param found features already found (n), left alone */
size_t follow_by_descriptors(const follower *f, world *w, const follow_input *input,
                             const sight *found, size_t n, float radius, sight *out);

/**
 * Looks for a feature in a picture around (x, y), with its patch as seen from the pose.
 * @param radius px of level 0 it may be away
 * @return false when it is not there.
 */
bool find_feature(const follower *f, const world *w, const feature *target, const omma_pyramid *now,
                  const omma_se3 *pose, float x, float y, float radius, sight *out, float *score);

/** Moves (x, y) nearer to the feature with the coarser copy of its patch, when that fits. */
void approach_feature(const follower *f, const world *w, const feature *target,
                      const omma_pyramid *now, const omma_se3 *pose, float radius, float *x,
                      float *y);

/** A described corner, of any scale. */
typedef struct keypoint {
    float x, y;  /* level-0 px */
    float scale; /* px of level 0 per px of the picture it was found in */
} keypoint;

/** Not refined: worse than a followed patch. */
static inline float keypoint_inverse_sigma(const keypoint *k)
{
    return 1 / (1.2f * k->scale);
}

/** Corners of a whole picture at half octaves, and their descriptors (32 bytes each). @return how
 * many. */
size_t describe_picture(const follower *f, const omma_pyramid *p, int per_cell, keypoint *points,
                        uint8_t *descriptors, size_t capacity);
