/* SPDX-License-Identifier: Apache-2.0 */
#include "reclaim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "relocate.h"

enum { CANDIDATES = 8, MIN_INLIERS = 20 };

static bool was_described(const world *w, uint32_t r)
{
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].frame == r)
            return true;
    return false;
}

/* The keyframe of the submap nearest in place. */
static uint32_t nearest(const world *w, uint32_t submap, const omma_se3 *pose)
{
    uint32_t best = 0;
    double distance = INFINITY;

    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        if (!k->posed || k->culled || k->submap != submap)
            continue;
        omma_se3 back = omma_se3_inverse(&k->camera_from_world);
        omma_se3 between = omma_se3_mul(pose, &back);
        double d = between.t[0] * between.t[0] + between.t[1] * between.t[1] +
                   between.t[2] * between.t[2];
        if (d < distance) {
            distance = d;
            best = (uint32_t)i;
        }
    }
    return best;
}

static void accept(world *w, uint32_t r, uint32_t submap, const omma_se3 *pose)
{
    world_set_record_pose(w, &w->records[r], nearest(w, submap, pose), pose);
    w->records[r].status = OMMA_STATUS_RELOCALISED;
}

/* What was recognised in a frame becomes known in the others that saw it. */
static void name_features(const record *rec, const sight_list *found, uint32_t *alias)
{
    for (size_t i = 0; i < found->count; i++) {
        const sight *s = &found->item[i];
        for (uint32_t j = 0; !s->outlier && j < rec->sight_count; j++)
            if (rec->sights[j].x == s->x && rec->sights[j].y == s->y)
                alias[rec->sights[j].feature] = s->feature;
    }
}

static bool look_up(world *w, const follower *f, uint32_t r, uint32_t submap, uint64_t seed,
                    uint32_t *alias)
{
    sight_list found = {0};
    localization l = relocate_record(w, f, r, submap, CANDIDATES, seed, &found);

    if (l.good) {
        name_features(&w->records[r], &found, alias);
        accept(w, r, submap, &l.camera_from_world);
    }
    free(found.item);
    return l.good;
}

/* Where the neighbour's pose and the turn between the two pictures put a frame. */
static omma_se3 guess_from(const world *w, uint32_t r, uint32_t beside)
{
    omma_se3 pose = world_record_pose(w, &w->records[beside]), turn = {.t = {0}};
    const float *R = w->records[r > beside ? r : beside].turn;

    pose = omma_se3_inverse(&pose);
    for (int i = 0; i < 9; i++)
        turn.R[i] = r > beside ? R[i] : R[i % 3 * 3 + i / 3]; /* going back: the inverse */
    return omma_se3_mul(&turn, &pose);
}

/* A frame beside a posed one: by the features whose names are known, else by what should be near. */
static bool follow_neighbour(world *w, uint32_t r, uint32_t beside, uint32_t submap, uint64_t seed,
                             uint32_t *alias)
{
    const record *rec = &w->records[r];
    const omma_se3 guess = guess_from(w, r, beside);
    sight_list named = {0};
    localization l = {0};

    for (uint32_t i = 0; i < rec->sight_count; i++) {
        sight s = rec->sights[i];
        if (alias[s.feature] != UINT32_MAX)
            s.feature = alias[s.feature];
        const feature *t = &w->features[s.feature];
        if (t->state == FEATURE_MATURE && w->keyframes[t->anchor].submap == submap)
            sight_list_push(&named, &s);
    }
    if (named.count >= MIN_INLIERS)
        l = localize(w, named.item, named.count, &(localize_options){.start = &guess,
                                                      .min_mature = 2 * MIN_INLIERS,
                                                      .seed = seed});
    if (!l.good || l.mature_inliers * 2 < l.mature)
        l = relocate_near(w, r, submap, &guess, seed, &named);
    if (l.good) {
        name_features(rec, &named, alias);
        accept(w, r, submap, &l.camera_from_world);
    }
    free(named.item);
    return l.good;
}

static bool is_home(const record *rec, uint32_t submap)
{
    return rec->posed && rec->submap == submap;
}

uint32_t reclaim(world *w, const follower *f, uint32_t submap, uint64_t seed)
{
    uint32_t *alias = omma_new_array(uint32_t, w->feature_count + 1);
    uint32_t count = 0;

    memset(alias, 0xff, (w->feature_count + 1) * sizeof(*alias));
    for (uint32_t r = 0; r < w->record_count; r++)
        if (!w->records[r].posed && was_described(w, r))
            count += look_up(w, f, r, submap, seed, alias);
    for (uint32_t r = 1; r < w->record_count; r++)
        if (!w->records[r].posed && is_home(&w->records[r - 1], submap))
            count += follow_neighbour(w, r, r - 1, submap, seed, alias);
    for (uint32_t r = (uint32_t)w->record_count; r-- > 1;)
        if (!w->records[r - 1].posed && is_home(&w->records[r], submap))
            count += follow_neighbour(w, r - 1, r, submap, seed, alias);
    free(alias);
    return count;
}
