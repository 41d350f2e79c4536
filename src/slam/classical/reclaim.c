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

/* Looks a described frame up; what it recognises becomes known to its neighbours. */
static bool look_up(world *w, const follower *f, uint32_t r, uint32_t submap, uint64_t seed,
                    uint32_t *alias)
{
    sight_list found = {0};
    localization l = relocate_record(w, f, r, submap, CANDIDATES, seed, &found);
    const record *rec = &w->records[r];

    for (size_t i = 0; l.good && i < found.count; i++) {
        if (found.item[i].outlier)
            continue;
        for (uint32_t j = 0; j < rec->sight_count; j++)
            if (rec->sights[j].x == found.item[i].x && rec->sights[j].y == found.item[i].y)
                alias[rec->sights[j].feature] = found.item[i].feature;
    }
    if (l.good)
        accept(w, r, submap, &l.camera_from_world);
    free(found.item);
    return l.good;
}

/* A frame beside a posed one, by the features whose names are known now. */
static bool follow_neighbour(world *w, uint32_t r, uint32_t beside, uint32_t submap, uint64_t seed,
                             const uint32_t *alias)
{
    const record *rec = &w->records[r];
    sight *named = omma_new_array(sight, rec->sight_count + 1u);
    size_t n = 0;

    for (uint32_t i = 0; i < rec->sight_count; i++) {
        uint32_t index = rec->sights[i].feature;
        if (alias[index] != UINT32_MAX)
            index = alias[index];
        const feature *t = &w->features[index];
        if (t->state != FEATURE_MATURE || w->keyframes[t->anchor].submap != submap)
            continue;
        named[n] = rec->sights[i];
        named[n++].feature = index;
    }
    localization l = {0};
    if (n >= MIN_INLIERS) {
        omma_se3 start = world_record_pose(w, &w->records[beside]);
        start = omma_se3_inverse(&start);
        l = localize(w, named, n, &(localize_options){.start = &start,
                                                      .min_mature = MIN_INLIERS,
                                                      .seed = seed});
    }
    free(named);
    if (!l.good || l.mature_inliers * 2 < l.mature)
        return false;
    accept(w, r, submap, &l.camera_from_world);
    return true;
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
