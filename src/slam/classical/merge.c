/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "merge.h"

#include "adjust.h"
#include "fuse.h"
#include "relocate.h"
#include "world_move.h"

#include <math.h>
#include <stdlib.h>

enum {
    CANDIDATES = 5,
    MIN_RATIOS = 10,   /* features that both submaps know */
    OVERWHELMING = 40, /* agreeing features that need no second keyframe */
};

/* A keyframe of one submap recognised in another. */
typedef struct bridge {
    uint32_t keyframe, into;
    omma_se3 pose; /* of the keyframe in the other submap */
    double scale;  /* of the other submap / its own */
    uint32_t inliers;
    sight_list found;
} bridge;

/* The feature that the record itself saw at a recognised place. */
static int64_t own_feature(const record *rec, const sight *s)
{
    for (uint32_t i = 0; i < rec->sight_count; i++)
        if (rec->sights[i].x == s->x && rec->sights[i].y == s->y)
            return rec->sights[i].feature;
    return -1;
}

/* Median ratio of the depths that the two submaps give to the same places; 0 when they do not
 * agree. */
static double scale_between(const world *w, const bridge *l)
{
    const keyframe *k = &w->keyframes[l->keyframe];
    const record *rec = &w->records[k->frame];
    double *ratio = omma_new_array(double, l->found.count + 1), scale = 0;
    size_t n = 0;

    for (size_t i = 0; i < l->found.count; i++) {
        const sight *s = &l->found.item[i];
        int64_t own = own_feature(rec, s);
        double px[2], there, here;
        if (s->outlier || own < 0 || w->features[own].state != FEATURE_MATURE ||
            w->keyframes[w->features[own].anchor].submap != k->submap ||
            !feature_project(w, &w->features[s->feature], &l->pose, px, NULL, &there) ||
            !feature_project(w, &w->features[own], &k->camera_from_world, px, NULL, &here))
            continue;
        ratio[n++] = there / here;
    }
    if (n >= MIN_RATIOS) {
        double median = omma_median(ratio, n);
        double spread = (ratio[n * 3 / 4] - ratio[n / 4]) / median;
        if (spread < 0.2) /* interquartile: a tenth either way */
            scale = median;
    }
    free(ratio);
    return scale;
}

/* The similarity that takes the keyframe's submap into the other. */
static omma_sim3 similarity(const world *w, const bridge *l)
{
    omma_se3 there = omma_se3_inverse(&l->pose);
    omma_sim3 other_from_camera = omma_sim3_from_se3(&there, 1);
    omma_sim3 grow = omma_sim3_identity();
    grow.s = l->scale;
    omma_sim3 camera_from_own = omma_sim3_from_se3(&w->keyframes[l->keyframe].camera_from_world, 1);
    omma_sim3 scaled = omma_sim3_mul(&grow, &camera_from_own);
    return omma_sim3_mul(&other_from_camera, &scaled);
}

/* Two bridges that mean the same merge put a third camera of the submap in the same place. */
static bool agree(const world *w, const bridge *a, const bridge *b)
{
    omma_sim3 A = similarity(w, a), B = similarity(w, b);
    omma_se3 back = omma_se3_inverse(&w->keyframes[a->keyframe].camera_from_world);
    double x[3], y[3], px[2], depth = 1;

    omma_sim3_apply(&A, back.t, x);
    omma_sim3_apply(&B, back.t, y);
    for (size_t i = 0; i < a->found.count; i++)
        if (!a->found.item[i].outlier &&
            feature_project(w, &w->features[a->found.item[i].feature], &a->pose, px, NULL, &depth))
            break;
    double d = sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) +
                    (x[2] - y[2]) * (x[2] - y[2]));
    return d < 0.1 * depth && omma_so3_angle(A.R, B.R) < 0.07 && fabs(log(A.s / B.s)) < 0.1;
}

static uint32_t count_keyframes(const world *w, uint32_t submap)
{
    uint32_t n = 0;
    for (size_t i = 0; i < w->keyframe_count; i++)
        n += w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == submap;
    return n;
}

/* The smaller side moves over to the larger one. @return the submap that stays. */
static uint32_t cross(world *w, const bridge *b, const omma_log *log)
{
    const uint32_t own = w->keyframes[b->keyframe].submap;
    const record *rec = &w->records[w->keyframes[b->keyframe].frame];
    const omma_sim3 into_from_own = similarity(w, b);
    const bool stays = count_keyframes(w, own) >= count_keyframes(w, b->into);
    const omma_sim3 back = omma_sim3_inverse(&into_from_own);

    omma_debug(log,
               "submap %u (%u keyframes) and %u (%u) are one, by frame %u: %u features, scale %.3f",
               own, count_keyframes(w, own), b->into, count_keyframes(w, b->into),
               w->keyframes[b->keyframe].frame, b->inliers, b->scale);
    if (stays)
        world_move_submap(w, b->into, own, &back);
    else
        world_move_submap(w, own, b->into, &into_from_own);
    for (size_t i = 0; i < b->found.count; i++) {
        int64_t f = b->found.item[i].outlier ? -1 : own_feature(rec, &b->found.item[i]);
        if (f >= 0 && w->features[f].state != FEATURE_DEAD)
            feature_fuse(w, (uint32_t)f, b->found.item[i].feature);
    }
    const uint32_t one = stays ? own : b->into;
    for (int round = 0; round < 2; round++)
        adjust_submap(w, one, &(adjust_options){.iterations = 10, .drop_outliers = true});
    return one;
}

/* Looks keyframe k up in the other submaps. */
static bool find_bridge(world *w, const follower *f, uint32_t k, uint64_t seed, bridge *out)
{
    const keyframe *key = &w->keyframes[k];
    bridge b = {.keyframe = k};
    localization z = relocate_elsewhere(w, f, key->frame, key->submap, CANDIDATES, seed, &b.found);

    b.pose = z.camera_from_world;
    b.inliers = z.mature_inliers;
    for (size_t i = 0; z.good && i < b.found.count; i++)
        if (!b.found.item[i].outlier)
            b.into = w->keyframes[w->features[b.found.item[i].feature].anchor].submap;
    b.scale = z.good ? scale_between(w, &b) : 0;
    *out = b;
    return b.scale > 0;
}

static bool confirms(const world *w, const bridge *a, const bridge *b)
{
    return a->into == b->into &&
           w->keyframes[a->keyframe].submap == w->keyframes[b->keyframe].submap && agree(w, a, b);
}

uint32_t merge_submaps(world *w, const follower *f, uint64_t seed, const omma_log *log)
{
    bridge *waiting =
        omma_new_array(bridge, w->keyframe_count + 1); /* for a second one to confirm */
    uint32_t merged = 0;
    bool again = true;

    while (again) {
        size_t n = 0;
        again = false;
        for (uint32_t k = 0; k < w->keyframe_count; k++) {
            bridge b;
            if (!w->keyframes[k].posed || w->keyframes[k].culled)
                continue;
            bool found = find_bridge(w, f, k, seed, &b), sure = found && b.inliers >= OVERWHELMING;
            for (size_t i = 0; i < n && found && !sure; i++)
                sure = confirms(w, &waiting[i], &b);
            if (sure) {
                cross(w, &b, log);
                merged++;
                again = true;
                while (n) /* what was found before the move no longer holds */
                    free(waiting[--n].found.item);
            }
            if (found && !sure)
                waiting[n++] = b;
            else
                free(b.found.item);
        }
        for (size_t i = 0; i < n; i++)
            free(waiting[i].found.item);
    }
    free(waiting);
    return merged;
}
