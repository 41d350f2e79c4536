/* SPDX-License-Identifier: Apache-2.0 */
/* Before there is a map, or while a lost one is looked for: frames wait, and get their poses later.
 */
#define OMMA_MODULE "slam"
#include "depth.h"
#include "initialise.h"
#include "localize.h"
#include "relocate.h"
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void start_attempt(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    c->attempt = r;
    c->last_attempt = r;
    c->pose = omma_se3_identity();
    c->velocity = omma_se3_identity();
    c->last_keyframe = mapping_add_keyframe(w, r, &c->pose, false, &c->sights, &c->now);
    mapping_add_features(w, &c->follower, c->last_keyframe, &c->now, frame, 1e-6, cell_of(c),
                         &c->sights);
}

/* Poses of the frames of this attempt from the map that now exists, outward from the two first
 * ones. */
static void pose_waiting_frames(classical *c, uint32_t now)
{
    world *w = &c->world;
    uint32_t start = c->attempt;

    while (start < now && !w->records[start].posed)
        start++;
    w->records[start].status = OMMA_STATUS_TRACKING;
    for (int direction = 1; direction >= -1; direction -= 2) {
        omma_se3 world_pose = world_record_pose(w, &w->records[start]);
        omma_se3 guess = omma_se3_inverse(&world_pose);
        for (int64_t r = (int64_t)start + direction; r >= c->attempt && r < now; r += direction) {
            record *rec = &w->records[r];
            localization l =
                localize(w, rec->sights, rec->sight_count,
                         &(localize_options){.start = &guess, .seed = c->options.seed});
            if (!l.good)
                continue;
            guess = l.camera_from_world;
            world_set_record_pose(w, rec, (uint32_t)w->records[start].keyframe, &guess);
            rec->status = OMMA_STATUS_TRACKING;
        }
    }
    /* The keyframes that waited take the pose of their frame. */
    for (size_t i = 0; i < w->keyframe_count; i++) {
        keyframe *k = &w->keyframes[i];
        record *rec = &w->records[k->frame];
        if (k->posed || k->culled || k->frame < c->attempt)
            continue;
        if (rec->posed) {
            omma_se3 pose = world_record_pose(w, rec);
            k->camera_from_world = omma_se3_inverse(&pose);
            k->posed = true;
            world_set_record_pose(w, rec, (uint32_t)i, &k->camera_from_world);
        } else {
            k->culled = true;
        }
    }
}

/* Features of the attempt: those held by keyframes that got no pose die, the others get a first
 * depth. */
static void settle_features(classical *c, uint32_t now)
{
    world *w = &c->world;
    double rho = depth_typical(w, c->sights.item, c->sights.count, &c->pose);

    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        if (f->state == FEATURE_DEAD || w->keyframes[f->anchor].frame < c->attempt)
            continue;
        if (!w->keyframes[f->anchor].posed) {
            feature_kill(f);
            continue;
        }
        if (!w->keyframes[f->patch_keyframe].posed)
            f->patch_keyframe = f->anchor;
        if (f->state == FEATURE_IMMATURE)
            f->rho = f->rho_sigma = rho;
    }
    for (uint32_t r = c->attempt; r <= now; r++) {
        const record *rec = &w->records[r];
        if (!rec->posed)
            continue;
        omma_se3 pose = world_record_pose(w, rec);
        pose = omma_se3_inverse(&pose);
        for (uint32_t i = 0; i < rec->sight_count; i++) {
            feature *f = &w->features[rec->sights[i].feature];
            if (f->state == FEATURE_IMMATURE)
                depth_update(w, f, &pose, &rec->sights[i]);
        }
    }
}

static bool try_initialise(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    initialise_options o = {.camera_known = c->camera_known || c->submaps > 0,
                            .focal_hint = c->options.focal_hint_px,
                            .seed = c->options.seed,
                            .log = c->log};
    c->last_attempt = r;
    if (!initialise(w, c->attempt, r, &o))
        return false;
    const uint32_t first = w->keyframes[w->records[r].keyframe].frame;
    pose_waiting_frames(c, r);
    omma_se3 pose = world_record_pose(w, &w->records[r]);
    c->pose = omma_se3_inverse(&pose);
    settle_features(c, r);
    localization l = localize(w, c->sights.item, c->sights.count,
                              &(localize_options){.start = &c->pose, .seed = c->options.seed});
    if (l.good)
        c->pose = l.camera_from_world;
    c->has_map = true;
    c->submaps++;
    c->home = NO_HOME;
    c->status = OMMA_STATUS_TRACKING;
    c->next_global = 4;
    uint32_t k = mapping_add_keyframe(w, r, &c->pose, true, &c->sights, &c->now);
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && w->keyframes[i].submap == w->submap)
            mapping_solve_depths(w, (uint32_t)i);
    adjust_all(c, 15);
    adjust_all(c, 10);
    c->pose = w->keyframes[k].camera_from_world;
    c->last_keyframe = k;
    mapping_add_features(w, &c->follower, k, &c->now, frame,
                         depth_typical(w, c->sights.item, c->sights.count, &c->pose), cell_of(c),
                         &c->sights);
    keep_sights(c, r);
    w->records[r].status = OMMA_STATUS_TRACKING;
    pose_waiting_frames(c, r); /* once more, now that the map is adjusted */
    for (uint32_t i = c->attempt; i < r; i++)
        tell(c, i, true);
    omma_info(c->log, "map begins with frames %u and %u: focal %.1f px", first, r, w->camera.fx);
    return true;
}

bool relocalise(classical *c, uint32_t r, uint32_t submap, size_t candidates)
{
    int64_t start = stages_begin();
    localization l = relocate(&c->world, &c->follower, &c->now, r, submap, candidates,
                              c->options.seed, &c->sights);
    stages_end(&c->stages, STAGE_RELOCATE, start);
    if (!l.good)
        return false;
    c->pose = l.camera_from_world;
    c->velocity = omma_se3_identity();
    c->relocalisations++;
    return true;
}

/* Undoes a placing that was not believed. */
static void take_back(classical *c, size_t features, sight_list *before)
{
    for (size_t i = features; i < c->world.feature_count; i++)
        feature_kill(&c->world.features[i]);
    free(c->sights.item);
    c->sights = *before;
    *before = (sight_list){0};
}

bool place_far(classical *c, uint32_t r, uint32_t submap, uint32_t known, const omma_frame *frame)
{
    const size_t features = c->world.feature_count;
    sight_list before = {0};

    if (!wide_knows(&c->wide, &c->world, submap))
        return false;
    described here = described_make(&c->world, &c->follower, &c->now);
    for (size_t i = 0; i < c->sights.count; i++)
        sight_list_push(&before, &c->sights.item[i]);
    localization far = wide_localize(&c->wide, &c->world, &c->follower, &here, frame, submap,
                                     c->options.seed, c->log, &c->sights);
    localization all = {0};
    if (far.good) /* the pose is known: what was followed may agree after all */
        all = localize(&c->world, c->sights.item, c->sights.count,
                       &(localize_options){.start = &far.camera_from_world,
                                           .min_mature = 12,
                                           .seed = c->options.seed});
    const bool confirmed = all.good && all.mature_inliers > known;
    const bool believed = confirmed || (far.good && !known);
    if (far.good)
        omma_debug(c->log, "frame %u: %s by far keyframes, %u of %u; %u of %u followed ones agree",
                   r, believed ? "placed" : "not placed", far.mature_inliers, far.mature,
                   all.mature_inliers, all.mature);
    if (believed) {
        c->pose = confirmed ? all.camera_from_world : far.camera_from_world;
        for (size_t i = 0; i < c->sights.count && !confirmed; i++)
            c->sights.item[i].outlier = i >= far.inliers;
        c->velocity = omma_se3_identity();
    } else {
        take_back(c, features, &before);
    }
    free(before.item);
    described_finish(&here);
    return believed;
}

/* The attempt at a new submap is given up: the camera is back on known ground. */
static void go_home(classical *c, uint32_t r)
{
    world *w = &c->world;

    for (size_t i = 0; i < w->keyframe_count; i++) {
        keyframe *k = &w->keyframes[i];
        if (!k->posed && !k->culled && k->frame >= c->attempt)
            k->culled = true;
    }
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        if (f->state != FEATURE_DEAD && w->keyframes[f->anchor].culled)
            feature_kill(f);
    }
    w->submap = c->home;
    c->home = NO_HOME;
    c->has_map = true;
    c->last_keyframe = 0;
    for (size_t i = 0; i < w->keyframe_count; i++)
        if (w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == w->submap)
            c->last_keyframe = (uint32_t)i;
    c->status = OMMA_STATUS_RELOCALISED;
    omma_info(c->log, "frame %u: found again", r);
}

bool come_home(classical *c, uint32_t r, const omma_frame *frame)
{
    const omma_se3 guess = c->pose;

    if (!place_far(c, r, c->home, 0, frame) && !relocalise(c, r, c->home, 8)) {
        c->pose = guess;
        return false;
    }
    go_home(c, r);
    after_pose(c, r, frame);
    return true;
}

void wait_for_map(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    const keyframe *last = &w->keyframes[c->last_keyframe];

    if (c->home != NO_HOME && (r - c->attempt < 30 || r % 3 == 0) && come_home(c, r, frame))
        return;
    c->status = c->home == NO_HOME ? OMMA_STATUS_INITIALISING : OMMA_STATUS_LOST;
    for (size_t i = 0; i < c->sights.count; i++)
        c->sights.item[i].outlier = false;
    keep_sights(c, r);
    if (c->sights.count >= 50 && try_initialise(c, r, frame))
        return;
    /* A new start when the old ones are leaving the picture. */
    size_t wanted = last->feature_count;
    if (c->sights.count * 10 < wanted * 7 || r - last->frame > 40 || c->sights.count < 80) {
        c->last_keyframe = mapping_add_keyframe(w, r, &c->pose, false, &c->sights, &c->now);
        mapping_add_features(w, &c->follower, c->last_keyframe, &c->now, frame, 1e-6, cell_of(c),
                             &c->sights);
        /* Too many starts cost time and tell nothing new: the oldest goes. */
        size_t starts = 0, oldest = 0;
        for (size_t i = w->keyframe_count; i-- > 0;)
            if (!w->keyframes[i].posed && !w->keyframes[i].culled) {
                starts++;
                oldest = i;
            }
        if (starts > INITIAL_STARTS)
            w->keyframes[oldest].culled = true;
        keep_sights(c, r);
    }
}
