/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Monocular SLAM without weights: the way of one picture.
 *
 *   rotation    how far the camera turned, from the whole picture        rotation.c
 *   follow      every feature from the last picture into this one        follow.c
 *   localize    the pose, from features of known and of guessed depth    localize.c
 *   local map   features of older keyframes that are in view again       mapping.c
 *   keyframe    new features, depths, bundle adjustment of the window    mapping.c, adjust.c
 *
 * Until there is a map the same steps run without poses and initialise.c looks for a start; when
 * the pose is lost, relocate.c looks for the place, and after a while a new submap begins beside
 * the old one. Everything happens in the caller's thread in a fixed order: the same input gives the
 * same bits.
 */
#define OMMA_MODULE "slam"
#include "classical.h"

#include "adjust.h"
#include "complete.h"
#include "depth.h"
#include "initialise.h"
#include "localize.h"
#include "mapping.h"
#include "patch.h"
#include "relocate.h"
#include "rotation.h"
#include "stages.h"
#include "two_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    INITIAL_STARTS = 8,
    PATIENCE = 3 /* frames lost before a new map is tried beside the old one */
};
#define NO_HOME UINT32_MAX

typedef struct classical {
    const omma_log *log;
    omma_tracker_options options;
    bool camera_known;
    bool find_camera; /* the intrinsics are adjusted: not given, or given only roughly */
    follower follower;
    world world;
    omma_pyramid before, now;
    sight_list sights;
    omma_se3 pose;     /* camera_from_world of the newest frame, believed or predicted */
    omma_se3 velocity; /* now_from_before */
    float rotation_score;
    float wideness; /* share of recent frames too far apart to be followed */
    omma_status status;
    bool has_map;     /* the living submap is initialised */
    uint32_t submaps; /* initialised so far */
    uint32_t attempt; /* record in which the living submap's attempt began */
    uint32_t last_keyframe;
    uint32_t last_attempt;  /* record of the last costly initialisation */
    uint32_t lost_for;      /* frames */
    uint32_t home;          /* submap to come back to, or NO_HOME */
    uint32_t next_global;   /* keyframes at which the whole submap is adjusted next */
    uint32_t calibrated_on; /* keyframes from which the camera was learnt */
    double focal_sigma, rms_px;
    uint64_t relocalisations;
    int cell; /* px: one feature per cell */
    stages stages;
    /* the update handed out */
    omma_view *views;
    size_t view_count, view_capacity;
    omma_correction *corrections;
    size_t correction_count, correction_capacity;
    omma_se3 *told; /* per keyframe: the pose last handed out */
    size_t told_capacity;
    uint32_t told_count;
    omma_update update;
    omma_camera given_camera;
} classical;

/* ------------------------------------------------------------------------------------- telling */

static void tell(classical *c, uint32_t r, bool retroactive)
{
    const world *w = &c->world;
    const record *rec = &w->records[r];
    omma_view v = {.frame_index = rec->index,
                   .time_ns = rec->time_ns,
                   .status = rec->status,
                   .has_pose = rec->posed,
                   .retroactive = retroactive,
                   .submap = rec->posed ? rec->submap : w->submap,
                   .camera = w->camera,
                   .inliers = 0,
                   .keyframe_from_camera = omma_se3_identity(),
                   .world_from_keyframe = omma_sim3_identity()};
    if (rec->posed) {
        const keyframe *k = &w->keyframes[rec->keyframe];
        omma_se3 world_from_k = omma_se3_inverse(&k->camera_from_world);
        v.keyframe = (uint32_t)rec->keyframe;
        v.keyframe_from_camera = rec->keyframe_from_camera;
        v.world_from_keyframe = omma_sim3_from_se3(&world_from_k, 1);
        v.is_keyframe = k->frame == r;
        for (uint32_t i = 0; i < rec->sight_count; i++)
            v.inliers += !rec->sights[i].outlier;
    }
    omma_grow((void **)&c->views, &c->view_capacity, c->view_count + 1, sizeof(omma_view));
    c->views[c->view_count++] = v;
}

/* Keyframes that stand elsewhere than when they were last told. */
static void tell_corrections(classical *c)
{
    const world *w = &c->world;

    omma_grow((void **)&c->told, &c->told_capacity, w->keyframe_count + 1, sizeof(omma_se3));
    for (uint32_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        bool is_new = i >= c->told_count;
        if (k->posed && !k->culled &&
            (is_new || memcmp(&c->told[i], &k->camera_from_world, sizeof(omma_se3)) != 0)) {
            omma_se3 world_from_k = omma_se3_inverse(&k->camera_from_world);
            omma_grow((void **)&c->corrections, &c->correction_capacity, c->correction_count + 1,
                      sizeof(omma_correction));
            c->corrections[c->correction_count++] =
                (omma_correction){i, k->submap, omma_sim3_from_se3(&world_from_k, 1)};
        }
        c->told[i] = k->camera_from_world;
    }
    c->told_count = (uint32_t)w->keyframe_count;
}

/* -------------------------------------------------------------------------------- the new frame */

static void keep_sights(classical *c, uint32_t r)
{
    record *rec = &c->world.records[r];
    free(rec->sights);
    rec->sights = omma_new_array(sight, c->sights.count + 1);
    rec->sight_count = (uint32_t)c->sights.count;
    if (c->sights.count)
        memcpy(rec->sights, c->sights.item, c->sights.count * sizeof(sight));
}

/* Turns and, with a map, moves the last pose to where the camera should be now. */
static omma_se3 predict_pose(classical *c)
{
    rotation_result turn =
        rotation_estimate(&c->before, &c->now, &c->world.camera, c->velocity.R, true);
    omma_se3 motion = {.t = {0}};
    memcpy(motion.R, turn.R, sizeof(turn.R));
    c->rotation_score = turn.score;
    if (c->has_map && c->status != OMMA_STATUS_LOST)
        memcpy(motion.t, c->velocity.t, sizeof(motion.t));
    memcpy(c->velocity.R, turn.R, sizeof(turn.R));
    return omma_se3_mul(&motion, &c->pose);
}

/* Pictures far apart are joined by descriptors, which find a part of the features only: there must
   be more of them, and every picture is a keyframe. */
static bool is_wide(const classical *c)
{
    return c->wideness > 0.3f;
}

static int cell_of(const classical *c)
{
    return is_wide(c) ? (c->cell * 11 + 10) / 20 : c->cell;
}

static void follow(classical *c, const omma_se3 *predicted)
{
    world *w = &c->world;
    sight *found = omma_new_array(sight, 2 * c->sights.count + 1);
    follow_input in = {.before = &c->before,
                       .now = &c->now,
                       .pose_before = &c->pose,
                       .pose_now = predicted,
                       .sights = c->sights.item,
                       .count = c->sights.count,
                       .top_level = c->rotation_score > 0.9f ? 3 : 4};
    if (in.top_level >= c->now.levels)
        in.top_level = c->now.levels - 1;
    size_t n = follow_features(&c->follower, w, &in, found);
    const bool wide = n * 10 < c->sights.count * 4;
    c->wideness += 0.2f * ((float)wide - c->wideness);
    if (wide) {
        size_t before = n;
        n += follow_by_descriptors(&c->follower, w, &in, found, n, 0.15f * (float)w->camera.width,
                                   found + n);
        if (n * 10 < c->sights.count * 2) {
            n = before;
            n += follow_by_descriptors(&c->follower, w, &in, found, n, (float)w->camera.width,
                                       found + n);
        }
    }
    c->sights.count = 0;
    for (size_t i = 0; i < n; i++)
        sight_list_push(&c->sights, &found[i]);
    free(found);
}

/* The turn since the last frame tells how fast the camera turned in this one, if that was not long
 * ago. */
static void unroll(classical *c, int64_t elapsed_ns)
{
    double seconds = 1e-9 * (double)elapsed_ns;

    omma_so3_log(c->velocity.R, c->world.turn);
    for (int i = 0; i < 3; i++)
        c->world.turn[i] *= seconds < 0.08 ? 1 / seconds : 0;
    for (size_t i = 0; i < c->sights.count; i++)
        sight_unroll(&c->world, &c->sights.item[i]);
}

static size_t count_mature(const classical *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->sights.count; i++)
        n += c->world.features[c->sights.item[i].feature].state == FEATURE_MATURE &&
             !c->sights.item[i].outlier;
    return n;
}

/* -------------------------------------------------------------------------------------- keyframes
 */

/* The camera is learnt from the largest submap only: a small one knows less than what is known
 * already. */
static unsigned camera_freedom(classical *c)
{
    const world *w = &c->world;
    uint32_t count = 0;

    for (size_t i = 0; i < w->keyframe_count; i++)
        count +=
            w->keyframes[i].posed && !w->keyframes[i].culled && w->keyframes[i].submap == w->submap;
    if (!c->find_camera || count < c->calibrated_on)
        return 0;
    c->calibrated_on = count;
    return count >= 12 ? OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1 : OMMA_BUNDLE_FOCAL;
}

static void adjust_all(classical *c, int iterations)
{
    adjust_result r = adjust_submap(&c->world, c->world.submap,
                                    &(adjust_options){.iterations = iterations,
                                                      .free_camera = camera_freedom(c),
                                                      .focal_prior = c->world.camera.fx,
                                                      .focal_prior_sigma = 0.3,
                                                      .drop_outliers = true});
    if (r.done) {
        c->focal_sigma = r.focal_sigma_px;
        c->rms_px = r.rms_px;
        omma_debug(
            c->log,
            "adjusted %zu keyframes, %zu points, %zu sights: rms %.3f px, focal %.1f, k1 %.4f",
            r.poses, r.points, r.sights, r.rms_px, c->world.camera.fx, c->world.camera.k[0]);
    }
}

static void refine_readout(classical *c, uint32_t k, bool everywhere)
{
    double readout = adjust_readout(&c->world, k, everywhere);
    if (fabs(readout - c->world.readout) > 2e-4) {
        world_set_readout(&c->world, readout);
        for (size_t i = 0; i < c->sights.count; i++) {
            sight *s = &c->sights.item[i];
            s->ux = s->x + (float)readout * s->roll_x;
            s->uy = s->y + (float)readout * s->roll_y;
        }
    }
}

static void make_keyframe(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    int64_t start = stages_begin();
    uint32_t k = mapping_add_keyframe(w, r, &c->pose, true, &c->sights, &c->now);
    mapping_solve_depths(w, k);
    stages_end(&c->stages, STAGE_KEYFRAME, start);

    start = stages_begin();
    if (c->find_camera && w->keyframe_count >= c->next_global) {
        adjust_all(c, 10);
        omma_debug(c->log, "readout %.1f ms", 1e3 * w->readout);
        c->next_global = (uint32_t)(w->keyframe_count * 3 / 2 + 1);
    } else {
        adjust_result a =
            adjust_around(w, k, &(adjust_options){.iterations = 6, .drop_outliers = true});
        if (a.done)
            c->rms_px = a.rms_px;
    }
    refine_readout(c, k, false);
    stages_end(&c->stages, STAGE_ADJUST, start);

    start = stages_begin();
    c->pose = w->keyframes[k].camera_from_world;
    double rho = depth_typical(w, c->sights.item, c->sights.count, &c->pose);
    mapping_add_features(w, &c->follower, k, &c->now, frame, rho, cell_of(c), &c->sights);
    c->last_keyframe = k;
    stages_end(&c->stages, STAGE_DETECT, start);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* How far features moved since keyframe k, px; huge when few are left to tell. */
static double median_flow(const classical *c, uint32_t k)
{
    float flow[1024];
    size_t n = 0;

    for (size_t i = 0; i < c->sights.count && n < 1024; i++) {
        const sight *s = &c->sights.item[i];
        float x, y;
        if (!s->outlier && feature_sight_in(&c->world.features[s->feature], k, &x, &y))
            flow[n++] = hypotf(s->ux - x, s->uy - y);
    }
    if (n < 10)
        return 1e9;
    qsort(flow, n, sizeof(*flow), by_size);
    return flow[n / 2];
}

static bool keyframe_is_due(classical *c, uint32_t r, size_t mature)
{
    const world *w = &c->world;
    const keyframe *last = &w->keyframes[c->last_keyframe];
    uint32_t age = r - last->frame;

    if (age < 2 && !is_wide(c))
        return mature < 60 && mature * 10 < last->mature_at_birth * 6;
    double flow = median_flow(c, c->last_keyframe) / w->camera.width;
    if (flow < 0.01 && age < 60)
        return false;
    return mature * 100 < (size_t)last->mature_at_birth * 75 || mature < 50 || flow > 0.06 ||
           age >= 60 || mapping_empty_share(w, &c->sights) > 0.5;
}

/* ------------------------------------------------------------------------------------ before a map
 */

static void start_attempt(classical *c, uint32_t r, const omma_frame *frame)
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
    omma_info(c->log, "map begins at frame %u with frame %u: focal %.1f px",
              w->records[c->attempt].posed ? c->attempt : r, r, w->camera.fx);
    return true;
}

static bool relocalise(classical *c, uint32_t r, uint32_t submap, size_t candidates)
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

static void after_pose(classical *c, uint32_t r, const omma_frame *frame);

static void wait_for_map(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    const keyframe *last = &w->keyframes[c->last_keyframe];

    if (c->home != NO_HOME && (r - c->attempt < 30 || r % 3 == 0)) {
        omma_se3 guess = c->pose;
        if (relocalise(c, r, c->home, 8)) {
            go_home(c, r);
            after_pose(c, r, frame);
            return;
        }
        c->pose = guess;
    }
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

/* --------------------------------------------------------------------------------------- tracking
 */

static void accept_pose(classical *c, const localization *l, const omma_se3 *before)
{
    omma_se3 back = omma_se3_inverse(before);
    c->pose = l->camera_from_world;
    c->velocity = omma_se3_mul(&c->pose, &back);
}

static void after_pose(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    size_t mature = count_mature(c);

    for (size_t i = 0; i < c->sights.count; i++) {
        const sight *s = &c->sights.item[i];
        feature *f = &w->features[s->feature];
        if (s->outlier) {
            if (++f->failures > 3 && f->state == FEATURE_IMMATURE)
                feature_kill(f);
            continue;
        }
        f->failures = 0;
        if (f->state == FEATURE_IMMATURE)
            depth_update(w, f, &c->pose, s);
    }
    world_set_record_pose(w, &w->records[r], c->last_keyframe, &c->pose);
    /* Outliers are not followed further: they are found again if the map believes in them. */
    size_t kept = 0;
    for (size_t i = 0; i < c->sights.count; i++)
        if (!c->sights.item[i].outlier)
            c->sights.item[kept++] = c->sights.item[i];
    c->sights.count = kept;
    keep_sights(c, r);
    if (keyframe_is_due(c, r, mature)) {
        make_keyframe(c, r, frame);
        keep_sights(c, r);
    }
}

static void track(classical *c, uint32_t r, const omma_frame *frame, const omma_se3 *before,
                  const omma_se3 *predicted)
{
    world *w = &c->world;
    const bool was_lost = c->status == OMMA_STATUS_LOST;
    int64_t start = stages_begin();
    localization l = localize(w, c->sights.item, c->sights.count,
                              &(localize_options){.start = predicted,
                                                  .search = was_lost,
                                                  .min_mature = was_lost ? 25 : 12,
                                                  .seed = c->options.seed});
    if (l.good || l.rotation) {
        size_t limit = (size_t)(40 + (l.mature_inliers < 200 ? 200 - l.mature_inliers : 0));
        stages_end(&c->stages, STAGE_LOCALIZE, start);
        start = stages_begin();
        size_t added = mapping_search_local(w, &c->follower, &c->now, &l.camera_from_world, r,
                                            (int32_t)c->last_keyframe, limit, &c->sights);
        stages_end(&c->stages, STAGE_LOCAL_MAP, start);
        start = stages_begin();
        if (added || l.rotation) {
            omma_se3 first = l.camera_from_world;
            l = localize(w, c->sights.item, c->sights.count,
                         &(localize_options){.start = &first,
                                             .min_mature = was_lost ? 25 : 12,
                                             .seed = c->options.seed});
        }
    }
    if (!l.good && !l.rotation && !was_lost && w->records[r - 1].posed) {
        l = two_view_localize(w, &w->records[r - 1], c->sights.item, c->sights.count,
                              c->options.seed);
        if (l.good)
            omma_debug(c->log, "frame %u: placed by frame %u, %u features, %u of known depth", r,
                       r - 1, l.inliers, l.mature_inliers);
    }
    stages_end(&c->stages, STAGE_LOCALIZE, start);
    if (l.good || (l.rotation && !was_lost)) {
        c->status = !l.good    ? OMMA_STATUS_ROTATING
                    : was_lost ? OMMA_STATUS_RELOCALISED
                               : OMMA_STATUS_TRACKING;
        c->relocalisations += was_lost;
        accept_pose(c, &l, before);
        if (was_lost)
            c->velocity = omma_se3_identity();
    } else if (relocalise(c, r, w->submap, was_lost ? 8 : 3)) {
        c->status = OMMA_STATUS_RELOCALISED;
    } else {
        c->status = OMMA_STATUS_LOST;
        c->pose = *predicted;
        memset(c->velocity.t, 0, sizeof(c->velocity.t));
        for (size_t i = 0; i < c->sights.count; i++)
            c->sights.item[i].outlier = false;
        keep_sights(c, r);
        c->lost_for++;
        omma_debug(c->log, "frame %u lost: %u of %u known features agree, %zu sights", r,
                   l.mature_inliers, l.mature, c->sights.count);
        return;
    }
    c->lost_for = 0;
    after_pose(c, r, frame);
}

/* The old submap stays as it is; a new one is tried beside it. */
static void begin_submap(classical *c, uint32_t r, const omma_frame *frame)
{
    world *w = &c->world;
    omma_debug(c->log, "frame %u: lost for %u frames, a new submap is tried", r, c->lost_for);
    c->home = w->submap;
    w->submap = c->submaps;
    c->has_map = false;
    c->lost_for = 0;
    c->sights.count = 0;
    start_attempt(c, r, frame);
    keep_sights(c, r);
}

/* ----------------------------------------------------------------------------------------- calls
 */

static void first_camera(classical *c, const omma_frame *frame)
{
    omma_camera camera = {.width = frame->width, .height = frame->height};
    if (c->options.camera) {
        camera = *c->options.camera;
    } else {
        int side = frame->width > frame->height ? frame->width : frame->height;
        camera.fx = camera.fy =
            c->options.focal_hint_px > 0 ? c->options.focal_hint_px : 0.9 * side;
        camera.cx = 0.5 * (frame->width - 1);
        camera.cy = 0.5 * (frame->height - 1);
    }
    world_set_camera(&c->world, &camera);
    double area = (double)frame->width * frame->height;
    double features = c->options.features ? c->options.features : 350;
    c->cell = (int)lround(sqrt(area / features) * 0.85);
    c->cell = c->cell < 12 ? 12 : c->cell;
}

static void hand_out(classical *c, omma_update *update, const omma_update **out);

/* Without an end in sight, what old frames saw is let go: their poses stay, hung on their
 * keyframes. */
static void forget(world *w, uint32_t r)
{
    enum { KEPT_FRAMES = 900 };
    if (r >= KEPT_FRAMES) {
        record *old = &w->records[r - KEPT_FRAMES];
        free(old->sights);
        old->sights = NULL;
        old->sight_count = 0;
    }
}

static omma_error push_frame(classical *c, omma_frame *frame)
{
    world *w = &c->world;
    int64_t start = stages_begin();
    omma_pyramid swap = c->before;

    c->before = c->now;
    c->now = swap;
    omma_error err = omma_pyramid_build(&c->now, frame, KLT_LEVELS);
    if (err)
        return err;
    stages_end(&c->stages, STAGE_PYRAMID, start);
    uint32_t r = world_add_record(
        w, &(record){.index = frame->index, .time_ns = frame->time_ns, .keyframe = NO_INDEX});
    if (r == 0) {
        first_camera(c, frame);
        start_attempt(c, r, frame);
        keep_sights(c, r);
        c->status = OMMA_STATUS_INITIALISING;
    } else {
        const omma_se3 before = c->pose;
        start = stages_begin();
        omma_se3 predicted = predict_pose(c);
        stages_end(&c->stages, STAGE_ROTATION, start);
        start = stages_begin();
        for (int i = 0; i < 9; i++)
            w->records[r].turn[i] = (float)c->velocity.R[i];
        follow(c, &predicted);
        unroll(c, w->records[r].time_ns - w->records[r - 1].time_ns);
        stages_end(&c->stages, STAGE_FOLLOW, start);
        if (c->has_map) {
            track(c, r, frame, &before, &predicted);
            if (c->lost_for >= (is_wide(c) ? 1 : PATIENCE))
                begin_submap(c, r, frame);
        } else {
            c->pose = predicted;
            start = stages_begin();
            wait_for_map(c, r, frame);
            stages_end(&c->stages, STAGE_INITIALISE, start);
        }
    }
    w->records[r].status = c->status;
    if (c->options.realtime)
        forget(w, r);
    tell(c, r, false);
    return OMMA_OK;
}

static omma_error classical_push(void *self, omma_frame *frame, const omma_update **out)
{
    classical *c = self;
    c->view_count = c->correction_count = 0;
    omma_error err = push_frame(c, frame);
    omma_frame_unref(&frame);
    if (!err)
        hand_out(c, &c->update, out);
    return err;
}

static void hand_out(classical *c, omma_update *update, const omma_update **out)
{
    tell_corrections(c);
    *update = (omma_update){.views = c->views,
                            .view_count = c->view_count,
                            .corrections = c->corrections,
                            .correction_count = c->correction_count};
    *out = update;
}

static omma_error classical_finish(void *self, const omma_update **out)
{
    classical *c = self;
    int64_t start = stages_begin();

    c->view_count = c->correction_count = 0;
    complete_result r = complete(
        &c->world,
        &(complete_options){.free_camera = c->find_camera ? OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1 : 0,
                            .seed = c->options.seed,
                            .log = c->log,
                            .follower = &c->follower});
    if (r.rms_px > 0) {
        c->rms_px = r.rms_px;
        c->focal_sigma = r.focal_sigma_px;
    }
    for (uint32_t i = 0; i < c->world.record_count; i++)
        if (c->world.records[i].posed)
            tell(c, i, true);
    stages_end(&c->stages, STAGE_COMPLETE, start);
    hand_out(c, &c->update, out);
    return OMMA_OK;
}

static omma_error classical_points(void *self, omma_sparse_map *out)
{
    classical *c = self;
    const world *w = &c->world;
    size_t sights = 0, points = 0;

    for (size_t i = 0; i < w->feature_count; i++)
        if (w->features[i].state == FEATURE_MATURE) {
            points++;
            sights += 1 + w->features[i].seen_count;
        }
    out->points = calloc(points + 1, sizeof(*out->points));
    out->observations = calloc(sights + 1, sizeof(*out->observations));
    if (!out->points || !out->observations) {
        omma_sparse_map_finish(out);
        return omma_fail(OMMA_NO_MEMORY, "no memory for %zu points", points);
    }
    for (size_t i = 0; i < w->feature_count; i++) {
        const feature *f = &w->features[i];
        omma_sparse_point p = {.id = i, .submap = w->keyframes[f->anchor].submap};
        if (f->state != FEATURE_MATURE || !f->seen_count || !feature_world(w, f, p.world))
            continue;
        memcpy(p.rgb, f->rgb, 3);
        uint32_t index = (uint32_t)out->point_count;
        double sum = 0;
        out->observations[out->observation_count++] =
            (omma_sparse_observation){f->anchor, index, {f->x, f->y}};
        for (uint32_t j = 0; j < f->seen_count; j++) {
            const observation *o = &f->seen[j];
            double px[2];
            if (w->keyframes[o->keyframe].culled ||
                !feature_project(w, f, &w->keyframes[o->keyframe].camera_from_world, px, NULL,
                                 NULL))
                continue;
            sum += hypot(px[0] - o->x, px[1] - o->y);
            out->observations[out->observation_count++] =
                (omma_sparse_observation){o->keyframe, index, {o->x, o->y}};
        }
        p.error_px = (float)(sum / (1 + f->seen_count));
        out->points[out->point_count++] = p;
    }
    return OMMA_OK;
}

/* Those that still stand alone: some joined others. */
static uint32_t count_submaps(const world *w)
{
    uint8_t *used = omma_new_array(uint8_t, w->keyframe_count + 1);
    uint32_t n = 0;

    for (size_t i = 0; i < w->keyframe_count; i++) {
        const keyframe *k = &w->keyframes[i];
        if (k->posed && !k->culled && !used[k->submap]) {
            used[k->submap] = 1;
            n++;
        }
    }
    free(used);
    return n;
}

static void classical_get_stats(const void *self, omma_tracker_stats *out)
{
    const classical *c = self;
    const world *w = &c->world;

    out->frames = w->record_count;
    for (size_t i = 0; i < w->keyframe_count; i++)
        out->keyframes += w->keyframes[i].posed && !w->keyframes[i].culled;
    for (size_t i = 0; i < w->feature_count; i++)
        out->points += w->features[i].state == FEATURE_MATURE;
    out->submaps = count_submaps(w);
    out->relocalisations = c->relocalisations;
    out->camera_found = c->find_camera;
    out->camera = w->camera;
    out->focal_sigma_px = c->find_camera ? c->focal_sigma : 0;
    out->rms_px = c->rms_px;
    stages_report(&c->stages, out);
}

static void classical_destroy(void *self)
{
    classical *c = self;
    world_finish(&c->world);
    omma_pyramid_finish(&c->before);
    omma_pyramid_finish(&c->now);
    free(c->sights.item);
    free(c->views);
    free(c->corrections);
    free(c->told);
    free(c);
}

/* A distortion that folds inside the picture lacks a term (k3, mostly) and is wrong by many pixels
 * long before it folds: the camera is a first guess only. */
static void doubt_distortion(classical *c)
{
    omma_camera *k = &c->given_camera;
    const double right = k->width - 1, bottom = k->height - 1;
    const double ends[4][2] = {{0, 0}, {right, 0}, {0, bottom}, {right, bottom}};
    double ray[2];

    if (k->model != OMMA_CAMERA_PINHOLE)
        return;
    for (int i = 0; i < 4; i++)
        c->find_camera |= !omma_camera_unproject(k, ends[i], ray);
    if (!c->find_camera)
        return;
    omma_warn(
        c->log,
        "the camera's distortion folds over in the corners (is k3 missing?): the camera is taken "
        "as a first guess, focal length and distortion are found from the video");
    memset(k->k, 0, sizeof(k->k));
}

omma_error classical_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options)
{
    static const tracker_backend calls = {.push = classical_push,
                                          .finish = classical_finish,
                                          .points = classical_points,
                                          .get_stats = classical_get_stats,
                                          .destroy = classical_destroy};
    classical *c = omma_new(classical);

    c->log = log;
    c->options = *options;
    if (options->camera) {
        c->given_camera = *options->camera;
        c->options.camera = &c->given_camera;
        c->camera_known = true;
        doubt_distortion(c);
    }
    c->pose = c->velocity = omma_se3_identity();
    c->next_global = 4;
    c->find_camera |= !c->camera_known;
    c->home = NO_HOME;
    follower_init(&c->follower, omma_cpu_flags());
    *self = c;
    *backend = &calls;
    return OMMA_OK;
}
