/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One keyframe recognised in another of a different time: the similarity between the two, from
 * places of known depth that look alike, and the features that turned out to be one.
 */
#pragma once

#include "loop_view.h"

/** Where a keyframe stands by now. */
typedef struct loop_standing {
    omma_se3 camera_from_world;
    uint32_t submap;
    bool posed;
} loop_standing;

typedef struct loop_same {
    uint32_t query, match; /* features */
} loop_same;

typedef struct loop_tie {
    uint32_t query, match;      /* keyframes */
    omma_sim3 match_from_query; /* cameras, in world units of each */
    uint32_t alike, agreeing;   /* places that look alike, and agree with it */
    uint32_t expected;          /* of the match's places: in the query's sight by it */
    loop_same *same;            /* the agreeing ones; owned */
} loop_tie;

void loop_tie_finish(loop_tie *t);

/** The world as it is believed when a question is asked. */
typedef struct loop_belief {
    const omma_camera *camera;
    const loop_standing *standing; /* per keyframe */
    const loop_points *points;
} loop_belief;

/**
 * @param near views that see what the match sees: they tell more of the place
 * @param out loop_tie_finish() releases; its counts are filled in any case
 * @return whether the two show one place, as far as the looks of corners can tell
 */
bool loop_tie_find(const follower *f, const loop_belief *now, const loop_view *query,
                   const loop_view *match, const loop_view *const *near, size_t near_count,
                   uint64_t seed, loop_tie *out);
