/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Monocular SLAM without weights: the way of one picture.
 *
 *   rotation    how far the camera turned, from the whole picture        rotation.c
 *   follow      every feature from the last picture into this one        follow.c
 *   localize    the pose, from features of known and of guessed depth    localize.c
 *   local map   features of older keyframes that are in view again       mapping.c
 *   keyframe    new features, depths, bundle adjustment of the window    mapping.c, adjust.c
 *   cull        keyframes that add nothing any more                      cull.c
 *
 * Until there is a map the same steps run without poses and initialise.c looks for a start; when
 * the pose is lost, relocate.c looks for the place, and after a while a new submap begins beside
 * the old one. Everything happens in the caller's thread in a fixed order: the same input gives the
 * same bits.
 */
#define OMMA_MODULE "slam"
#include "classical.h"

#include "complete.h"
#include "resume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    c->world.focal_guess = camera.fx;
    c->cell = cell_for(&camera, c->options.features);
}

/* The first picture, in an empty world or in one that an earlier clip has left. */
static void begin(classical *c, uint32_t r, const omma_frame *frame)
{
    for (int i = 0; i < 9; i++) /* nothing is known of how the camera came here */
        c->world.records[r].turn[i] = i % 4 == 0;
    if (c->home == NO_HOME)
        first_camera(c, frame);
    c->attempt = r;
    if (c->home != NO_HOME && come_home(c, r, frame))
        return;
    start_attempt(c, r, frame);
    keep_sights(c, r);
    c->status = c->home == NO_HOME ? OMMA_STATUS_INITIALISING : OMMA_STATUS_LOST;
}

static void hand_out(classical *c, omma_update *update, const omma_update **out);

/* What old frames saw is not needed before the end, when the finished map poses them once more.
 * Without an end in sight it is let go: their poses stay, hung on their keyframes. */
static void retire(classical *c, uint32_t r)
{
    enum { KEPT_FRAMES = 900 };

    if (r < KEPT_FRAMES)
        return;
    if (c->options.realtime)
        record_free_sights(&c->world.records[r - KEPT_FRAMES]);
    else
        world_archive_sights(&c->world, r - KEPT_FRAMES);
}

/* What the loop thread found moves the world, and the camera with it. */
static void follow_loops(classical *c, uint32_t r)
{
    omma_sim3 moved;
    const int64_t start = stages_begin();

    loops_add(c->loops, &c->world, r, &c->now);
    if (loops_take(c->loops, &c->world, &moved)) {
        const omma_sim3 back = omma_sim3_inverse(&moved);
        const omma_sim3 old = omma_sim3_from_se3(&c->pose, 1), now = omma_sim3_mul(&old, &back);
        memcpy(c->pose.R, now.R, sizeof(now.R));
        for (int i = 0; i < 3; i++) {
            c->pose.t[i] = now.t[i] / now.s;
            c->velocity.t[i] *= moved.s;
        }
    }
    stages_end(&c->stages, STAGE_LOOPS, start);
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
    uint32_t r = world_add_record(w, &(record){.index = frame->index,
                                               .time_ns = frame->time_ns,
                                               .keyframe = NO_INDEX,
                                               .told = NO_INDEX});
    if (r == w->first) {
        begin(c, r, frame);
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
    if (c->loops && c->has_map)
        follow_loops(c, r);
    retire(c, r);
    if (c->dense)
        densify_frame(c->dense, w, r, frame, &c->now);
    tell_depths(c);
    tell_rehung(c);
    tell(c, r, false);
    return OMMA_OK;
}

static omma_error classical_push(void *self, omma_frame *frame, const omma_update **out)
{
    classical *c = self;
    forget_told(c);
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
                            .correction_count = c->correction_count,
                            .removed = c->removed,
                            .removed_count = c->removed_count};
    if (c->loops)
        update->loop_count = loops_news(c->loops, &update->loops);
    *out = update;
}

static omma_error classical_finish(void *self, const omma_update **out)
{
    classical *c = self;
    int64_t start = stages_begin();

    forget_told(c);
    if (c->loops)
        loops_end(c->loops, &c->world);
    complete_result r = complete(&c->world, &(complete_options){.free_camera = c->freedom,
                                                                .seed = c->options.seed,
                                                                .log = c->log,
                                                                .follower = &c->follower});
    if (r.rms_px > 0) {
        c->rms_px = r.rms_px;
        c->focal_sigma = r.focal_sigma_px;
    }
    old_frame_restore(&c->old_frame, &c->world);
    stages_end(&c->stages, STAGE_COMPLETE, start);
    if (c->dense) {
        densify_finish(c->dense, &c->world, !c->options.realtime);
        take_depths(c);
        densify_settle(c->dense, &c->world);
        densify_spent(c->dense, &c->dense_cpu_ns, &c->dense_jobs);
        densifier_destroy(&c->dense); /* what comes next needs the memory */
    }
    tell_all(c);
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
    out->camera_found = c->freedom != 0;
    out->camera = w->camera;
    out->focal_sigma_px = c->freedom ? c->focal_sigma : 0;
    out->rms_px = c->rms_px;
    stages_report(&c->stages, out);
    int64_t ns = c->dense_cpu_ns;
    uint64_t jobs = c->dense_jobs;
    if (c->dense)
        densify_spent(c->dense, &ns, &jobs);
    if (c->loops) {
        int64_t loops_ns;
        uint64_t asked;
        loops_spent(c->loops, &loops_ns, &asked);
        out->stage[out->stages++] =
            (omma_tracker_stage){"loop thread", 1e-9 * (double)loops_ns, asked};
    }
    if (jobs)
        out->stage[out->stages++] = (omma_tracker_stage){"depth", 1e-9 * (double)ns, jobs};
}

static void classical_destroy(void *self)
{
    classical *c = self;
    world_finish(&c->world);
    forget_told(c);
    omma_pyramid_finish(&c->before);
    omma_pyramid_finish(&c->now);
    wide_finish(&c->wide);
    free(c->sights.item);
    free(c->views);
    free(c->corrections);
    loops_destroy(&c->loops);
    densifier_destroy(&c->dense);
    free(c->depths);
    free(c->removed);
    free(c->told);
    old_frame_finish(&c->old_frame);
    free(c);
}

/* The k3 that leaves the least distortion over the picture: with k1 and k2 alone the polynomial
 * runs away towards the corners, where the lens does not. */
static double likely_k3(const omma_camera *c)
{
    enum { STEPS = 16 };
    double known = 0, by_k3 = 0;

    for (int i = 0; i <= STEPS; i++)
        for (int j = 0; j <= STEPS; j++) {
            const double x = (i * (c->width - 1.0) / STEPS - c->cx) / c->fx;
            const double y = (j * (c->height - 1.0) / STEPS - c->cy) / c->fy;
            const double s = x * x + y * y;
            known += s * s * s * s * (c->k[0] * s + c->k[1] * s * s);
            by_k3 += s * s * s * s * s * s * s;
        }
    return by_k3 > 0 ? -known / by_k3 : 0;
}

/* A distortion that folds inside the picture lacks a term (k3, mostly) and is wrong by many pixels
 * long before it folds: a likely k3 is put in its place, and found from the video. */
static void complete_distortion(classical *c)
{
    omma_camera *k = &c->given_camera;
    const double right = k->width - 1, bottom = k->height - 1;
    const double ends[4][2] = {{0, 0}, {right, 0}, {0, bottom}, {right, bottom}};
    bool folds = false;
    double ray[2];

    if (k->model != OMMA_CAMERA_PINHOLE)
        return;
    for (int i = 0; i < 4; i++)
        folds |= !omma_camera_unproject(k, ends[i], ray);
    if (!folds)
        return;
    omma_warn(c->log, "the camera's distortion folds over in the corners (is k3 missing?): k3 is "
                      "found from the video");
    k->k[4] = likely_k3(k);
    c->freedom = OMMA_BUNDLE_K3;
}

omma_error classical_create(void **self, const tracker_backend **backend, const omma_log *log,
                            const omma_tracker_options *options)
{
    static const tracker_backend calls = {.push = classical_push,
                                          .finish = classical_finish,
                                          .points = classical_points,
                                          .get_stats = classical_get_stats,
                                          .save = classical_save,
                                          .restore = classical_restore,
                                          .locate = classical_locate,
                                          .destroy = classical_destroy};
    classical *c = omma_new(classical);

    c->log = log;
    c->options = *options;
    if (options->camera) {
        c->given_camera = *options->camera;
        c->options.camera = &c->given_camera;
        c->camera_known = true;
        complete_distortion(c);
    }
    c->pose = c->velocity = omma_se3_identity();
    c->next_global = 4;
    if (!c->camera_known)
        c->freedom = OMMA_BUNDLE_FOCAL | OMMA_BUNDLE_K1;
    c->home = NO_HOME;
    follower_init(&c->follower, omma_cpu_flags());
    omma_error err = OMMA_OK;
    if (options->dense)
        err = densifier_create(&c->dense, options->depth_every, options->realtime);
    if (!err && !options->no_loops)
        err = loops_create(&c->loops, &c->follower, options->realtime, options->seed, log);
    if (err) {
        classical_destroy(c);
        return err;
    }
    *self = c;
    *backend = &calls;
    return OMMA_OK;
}
