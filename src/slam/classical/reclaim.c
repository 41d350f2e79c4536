/* SPDX-License-Identifier: Apache-2.0 */
#include "reclaim.h"

#include "adjust.h"
#include "depth.h"
#include "fuse.h"
#include "relocate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
        double d =
            between.t[0] * between.t[0] + between.t[1] * between.t[1] + between.t[2] * between.t[2];
        if (d < distance) {
            distance = d;
            best = (uint32_t)i;
        }
    }
    return best;
}

/* A keyframe that waited in vain becomes one after all: what is anchored there lives again, its
   depth a guess, and carries the pose on to frames that see nothing else. */
static void revive(world *w, uint32_t k, uint32_t submap, const omma_se3 *pose,
                   const uint32_t *alias)
{
    keyframe *key = &w->keyframes[k];
    const record *rec = &w->records[key->frame];
    const double rho = depth_typical(w, rec->sights, rec->sight_count, pose);

    key->posed = true;
    key->culled = false;
    key->submap = submap;
    key->camera_from_world = *pose;
    for (uint32_t i = 0; i < key->feature_count; i++) {
        feature *f = &w->features[key->features[i]];
        if (alias[key->features[i]] != UINT32_MAX) {
            feature_fuse(w, key->features[i], alias[key->features[i]]);
            continue;
        }
        if (f->state != FEATURE_DEAD || (f->anchor != k && w->keyframes[f->anchor].posed) ||
            !feature_hold_by(w, f, k))
            continue;
        f->state = FEATURE_IMMATURE;
        f->rho = f->rho_sigma = rho;
        f->failures = 0;
    }
}

static void accept(world *w, uint32_t r, uint32_t submap, const localization *l,
                   const uint32_t *alias)
{
    record *rec = &w->records[r];
    int32_t own = NO_INDEX;

    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].frame == r && !w->keyframes[i].posed)
            own = (int32_t)i;
    if (own != NO_INDEX)
        revive(w, (uint32_t)own, submap, &l->camera_from_world, alias);
    world_set_record_pose(
        w, rec, own != NO_INDEX ? (uint32_t)own : nearest(w, submap, &l->camera_from_world),
        &l->camera_from_world);
    rec->status = l->good ? OMMA_STATUS_RELOCALISED : OMMA_STATUS_ROTATING;
}

/* What was recognised in a frame becomes known in the others that saw it. */
static void name_features(world *w, const record *rec, const sight_list *found, uint32_t *alias)
{
    for (size_t i = 0; i < found->count; i++) {
        const sight *s = &found->item[i];
        for (uint32_t j = 0; !s->outlier && j < rec->sight_count; j++)
            if (rec->sights[j].x == s->x && rec->sights[j].y == s->y &&
                rec->sights[j].feature != s->feature) {
                alias[rec->sights[j].feature] = s->feature;
                feature_fuse(w, rec->sights[j].feature, s->feature);
            }
    }
}

static bool look_up(world *w, const follower *f, uint32_t r, uint32_t submap, uint64_t seed,
                    uint32_t *alias)
{
    sight_list found = {0};
    localization l = relocate_record(w, f, r, submap, CANDIDATES, seed, &found);

    if (l.good) {
        name_features(w, &w->records[r], &found, alias);
        accept(w, r, submap, &l, alias);
    }
    free(found.item);
    return l.good;
}

/* Where a posed frame's pose and the turns between the pictures put another one. */
static omma_se3 guess_from(const world *w, uint32_t r, uint32_t beside)
{
    omma_se3 pose = world_record_pose(w, &w->records[beside]), turn = {.t = {0}};

    pose = omma_se3_inverse(&pose);
    while (beside != r) {
        const float *R = w->records[r > beside ? beside + 1 : beside].turn;
        for (int i = 0; i < 9; i++)
            turn.R[i] = r > beside ? R[i] : R[i % 3 * 3 + i / 3]; /* going back: the inverse */
        pose = omma_se3_mul(&turn, &pose);
        beside += r > beside ? 1 : -1;
    }
    return pose;
}

/* A frame beside a posed one: by the features whose names are known, else by what should be near.
 */
static bool follow_neighbour(world *w, uint32_t r, uint32_t beside, uint32_t submap, uint64_t seed,
                             uint32_t *alias)
{
    const record *rec = &w->records[r];
    const omma_se3 guess = guess_from(w, r, beside);
    /* Where only the rotation is seen, the position moves little from frame to frame. */
    const double hold =
        0.02 / depth_typical(w, w->records[beside].sights, w->records[beside].sight_count, &guess);
    sight_list named = {0};
    localization l = {0};

    for (uint32_t i = 0; i < rec->sight_count; i++) {
        sight s = rec->sights[i];
        if (alias[s.feature] != UINT32_MAX)
            s.feature = alias[s.feature];
        const feature *t = &w->features[s.feature];
        if (t->state != FEATURE_DEAD && w->keyframes[t->anchor].posed &&
            w->keyframes[t->anchor].submap == submap)
            sight_list_push(&named, &s);
    }
    if (named.count >= MIN_INLIERS)
        l = localize(w, named.item, named.count,
                     &(localize_options){.start = &guess,
                                         .min_mature = 2 * MIN_INLIERS,
                                         .position_sigma = hold,
                                         .min_share = 0.35,
                                         .seed = seed});
    if (!l.good) {
        sight_list near = {0};
        localization again = relocate_near(w, r, submap, &guess, seed, &near);
        if (again.good) {
            name_features(w, rec, &near, alias);
            l = again;
        }
        free(near.item);
    }
    if (l.good || l.rotation)
        accept(w, r, submap, &l, alias);
    free(named.item);
    return l.good || l.rotation;
}

enum { REACH = 10 /* frames a pose is carried over at most */ };

/* One way through the frames, forward or back, each from the last posed one. */
static uint32_t sweep(world *w, int direction, uint32_t submap, uint64_t seed, uint32_t *alias)
{
    const int64_t n = (int64_t)w->record_count - w->first;
    int64_t last = -1;
    uint32_t count = 0;

    for (int64_t i = 0; i < n; i++) {
        int64_t r = w->first + (direction > 0 ? i : n - 1 - i);
        const record *rec = &w->records[r];
        if (!rec->posed && last >= 0 && llabs(r - last) <= REACH)
            count += follow_neighbour(w, (uint32_t)r, (uint32_t)last, submap, seed, alias);
        if (rec->posed && rec->submap == submap)
            last = r;
    }
    return count;
}

/* Reclaimed frames that hang on guessed depths only: what of the settled map should be near? */
static uint32_t connect(world *w, uint32_t submap, uint64_t seed, uint32_t *alias)
{
    uint32_t count = 0;

    for (uint32_t r = w->first; r < w->record_count; r++) {
        record *rec = &w->records[r];
        sight_list near = {0};
        if (!rec->posed || rec->status != OMMA_STATUS_ROTATING || !was_described(w, r))
            continue;
        omma_se3 guess = world_record_pose(w, rec);
        guess = omma_se3_inverse(&guess);
        localization l = relocate_near(w, r, submap, &guess, seed, &near);
        if (l.good) {
            name_features(w, rec, &near, alias);
            rec->status = OMMA_STATUS_RELOCALISED;
            count++;
        }
        free(near.item);
    }
    return count;
}

uint32_t reclaim(world *w, const follower *f, uint32_t submap, uint64_t seed)
{
    enum { ROUNDS = 6 };
    uint32_t *alias = omma_new_array(uint32_t, w->feature_count + 1);
    uint32_t count = 0, more = 1;

    memset(alias, 0xff, (w->feature_count + 1) * sizeof(*alias));
    for (int round = 0; round < ROUNDS && more; round++) {
        more = 0;
        for (uint32_t r = w->first; r < w->record_count; r++)
            if (!w->records[r].posed && was_described(w, r))
                more += look_up(w, f, r, submap, seed, alias);
        more += sweep(w, 1, submap, seed, alias);
        more += sweep(w, -1, submap, seed, alias);
        count += more;
        /* What was added settles before it carries more; until then its depths are guesses. */
        more += connect(w, submap, seed, alias);
        if (more)
            adjust_submap(w, submap, &(adjust_options){.iterations = 10, .drop_outliers = true});
    }
    free(alias);
    return count;
}
