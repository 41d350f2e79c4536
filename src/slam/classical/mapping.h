/* SPDX-License-Identifier: Apache-2.0 */
/** Keyframes: when one is due, and what it adds to the world. */
#pragma once

#include "follow.h"
#include "world.h"

/** The sights of the newest frame; grows as features are found again or added. */
typedef struct sight_list {
    sight *item;
    size_t count, capacity;
} sight_list;

void sight_list_push(sight_list *l, const sight *s);

/** Makes the newest record a keyframe that sees the (inlying) sights. */
uint32_t mapping_add_keyframe(world *w, uint32_t record_index, const omma_se3 *pose, bool posed,
                              const sight_list *sights, const omma_pyramid *p);

/** Fills the empty cells of the picture with new features anchored in keyframe k, and adds them to
 * the sights. rho is the guess for their inverse depth. @return how many. */
size_t mapping_add_features(world *w, const follower *f, uint32_t k, const omma_pyramid *p,
                            const omma_frame *frame, double rho, int cell, sight_list *sights);

/** Depths of the keyframe's features from all their sights; those that make no sense die. */
void mapping_solve_depths(world *w, uint32_t k);

/**
 * Finds features of neighbouring keyframes that the picture should show and the sights lack.
 * @param pose  of the picture, good to a few pixels
 * @param limit most features to add
 * @return how many were added.
 */
size_t mapping_search_local(world *w, const follower *f, const omma_pyramid *now,
                            const omma_se3 *pose, uint32_t record_index, int32_t reference,
                            size_t limit, sight_list *sights);

/** Share of the picture's cells without an inlying mature feature. */
double mapping_empty_share(const world *w, const sight_list *sights);
