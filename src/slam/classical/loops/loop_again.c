/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_again.h"

#include "adjust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    AROUND = 8,     /* keyframes around the match whose features are looked for */
    MIN_FOUND = 30, /* of them, in a query's picture */
    MIN_SHARE = 25  /* percent of those that should be in sight */
};

static size_t around(const world *w, uint32_t k, uint32_t out[AROUND + 1])
{
    out[0] = k;
    return 1 + adjust_neighbours(w, k, 15, out + 1, AROUND);
}

void loop_again_finish(loop_again *a)
{
    free(a->found.item);
    *a = (loop_again){0};
}

void loop_again_needs(const world *w, const loop_tie *t, uint8_t *patches)
{
    uint32_t near[AROUND + 1];
    const size_t n = around(w, t->match, near);

    for (size_t i = 0; i < n; i++) {
        const keyframe *k = &w->keyframes[near[i]];
        for (uint32_t j = 0; j < k->feature_count; j++)
            patches[k->features[j]] = 1;
    }
}

/* How the camera turned in the query's frame: the sights are straightened by it. */
static void set_turn(world *w, uint32_t r)
{
    const record *rec = &w->records[r];
    const double seconds = r ? 1e-9 * (double)(rec->time_ns - w->records[r - 1].time_ns) : 0;
    double R[9];

    memset(w->turn, 0, sizeof(w->turn));
    if (!(seconds > 0) || seconds >= 0.08)
        return;
    for (int i = 0; i < 9; i++)
        R[i] = rec->turn[i];
    omma_so3_log(R, w->turn);
    for (int i = 0; i < 3; i++)
        w->turn[i] /= seconds;
}

/* The pose of the query in the world of the match. */
static omma_se3 pose_by(const world *w, const loop_tie *t)
{
    const omma_sim3 query_from_match = omma_sim3_inverse(&t->match_from_query);
    const omma_sim3 match = omma_sim3_from_se3(&w->keyframes[t->match].camera_from_world, 1);
    const omma_sim3 S = omma_sim3_mul(&query_from_match, &match);
    omma_se3 T;

    memcpy(T.R, S.R, sizeof(T.R));
    for (int i = 0; i < 3; i++)
        T.t[i] = S.t[i] / S.s;
    return T;
}

/* Features around the match in the query's picture. @return how many should be there. */
static uint32_t look_for(world *w, const follower *f, const loop_tie *t,
                         const omma_pyramid *picture, const omma_se3 *pose, sight_list *out)
{
    uint32_t near[AROUND + 1], expected = 0;
    const size_t n = around(w, t->match, near);
    uint8_t *done = omma_new_array(uint8_t, w->feature_count + 1);

    for (size_t i = 0; i < n; i++) {
        const keyframe *k = &w->keyframes[near[i]];
        for (uint32_t j = 0; j < k->feature_count; j++) {
            const uint32_t index = k->features[j];
            const feature *g = &w->features[index];
            sight s = {.feature = index};
            double px[2];
            float x, y, score;
            if (done[index] || g->state != FEATURE_MATURE || !g->patch ||
                !feature_project(w, g, pose, px, NULL, NULL) || px[0] < 8 || px[1] < 8 ||
                px[0] > w->camera.width - 9 || px[1] > w->camera.height - 9)
                continue;
            done[index] = 1;
            expected++;
            x = (float)px[0];
            y = (float)px[1];
            approach_feature(f, w, g, picture, pose, 12, &x, &y);
            if (!find_feature(f, w, g, picture, pose, x, y, 5, &s, &score) || score < 0.8f)
                continue;
            sight_unroll(w, &s);
            sight_list_push(out, &s);
        }
    }
    free(done);
    return expected;
}

loop_again loop_again_look(world *w, const follower *f, const loop_tie *t,
                           const omma_pyramid *picture, uint64_t seed)
{
    loop_again a = {0};
    const omma_se3 first = pose_by(w, t);

    set_turn(w, w->keyframes[t->query].frame);
    a.expected = look_for(w, f, t, picture, &first, &a.found);
    a.place = localize(w, a.found.item, a.found.count,
                       &(localize_options){.start = &first, .min_mature = MIN_FOUND, .seed = seed});
    return a;
}

bool loop_again_is_sure(const loop_again *a)
{
    const uint32_t agreeing = a->place.mature_inliers;
    return a->place.good && agreeing >= MIN_FOUND && agreeing * 100 >= a->expected * MIN_SHARE &&
           agreeing * 2 >= a->place.mature;
}

void loop_again_sharpen(const world *w, const loop_again *a, loop_tie *t)
{
    const omma_se3 back = omma_se3_inverse(&a->place.camera_from_world);
    const omma_se3 match_from_query =
        omma_se3_mul(&w->keyframes[t->match].camera_from_world, &back);
    const double scale = t->match_from_query.s;

    t->match_from_query = omma_sim3_from_se3(&match_from_query, scale);
}
